// claim: A table's marker has none of an entity's functions.
// error[E0599]: no function or associated item named `find_by_id` found for struct `StripePayments` in the current scope

use entity::stripe_payments::StripePayments;
use entity_guard::Select;
#[allow(unused_imports)]
use sea_orm::EntityTrait;

fn example(id: uuid::Uuid) -> Select<StripePayments> {
    let select = StripePayments::find_by_id(id);
    select.filter(StripePayments::ID.eq(entity::StripePaymentId::from_uuid(id)))
}

fn main() {}
