// control: cannot_call_query_trait_methods_on_a_select

use entity::stripe_payments::StripePayments;
use entity_guard::Select;
#[allow(unused_imports)]
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

fn example(select: fn() -> Select<StripePayments>) {
    let _ = select().limit(1);
    let _ = select().limit(2);
    let _ = select().limit(3);
}

fn main() {}
