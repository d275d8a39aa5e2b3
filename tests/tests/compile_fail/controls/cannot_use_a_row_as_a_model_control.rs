// control: cannot_use_a_row_as_a_model

use entity::stripe_payments::StripePayment;
use sea_orm::ModelTrait;

trait Orm {}

// Names what is missing without a list of all that is there.
#[diagnostic::do_not_recommend]
impl<M: ModelTrait> Orm for M {}

trait Plain {}
impl<R: serde::Serialize> Plain for R {}

fn example(row: StripePayment) -> impl Plain {
    row
}

fn main() {}
