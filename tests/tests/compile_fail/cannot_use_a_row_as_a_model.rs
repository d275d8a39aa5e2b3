// claim: A row isn't SeaORM's model, which would lead to its entity.
// error[E0277]: the trait bound `StripePayment: Orm` is not satisfied

use entity::stripe_payments::StripePayment;
use sea_orm::ModelTrait;

trait Orm {}

// Names what is missing without a list of all that is there.
#[diagnostic::do_not_recommend]
impl<M: ModelTrait> Orm for M {}

trait Plain {}
impl<R: serde::Serialize> Plain for R {}

fn example(row: StripePayment) -> impl Orm {
    row
}

fn main() {}
