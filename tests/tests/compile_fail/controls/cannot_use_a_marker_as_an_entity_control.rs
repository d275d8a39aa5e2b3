// control: cannot_use_a_marker_as_an_entity

use entity::stripe_payments::StripePayments;
use entity_guard::Select;
#[allow(unused_imports)]
use sea_orm::EntityTrait;

fn example(id: uuid::Uuid) -> Select<StripePayments> {
    let select = Select::new();
    select.filter(StripePayments::ID.eq(entity::StripePaymentId::from_uuid(id)))
}

fn main() {}
