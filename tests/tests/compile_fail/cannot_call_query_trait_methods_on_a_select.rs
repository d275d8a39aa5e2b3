// claim: A builder has none of SeaORM's traits, which hand out the statement.
// error[E0624]: method `query` is private
// error[E0599]: no method named `as_query` found for struct `entity_guard::Select<T>` in the current scope
// error[E0599]: no method named `into_query` found for struct `entity_guard::Select<T>` in the current scope

use entity::stripe_payments::StripePayments;
use entity_guard::Select;
#[allow(unused_imports)]
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

fn example(select: fn() -> Select<StripePayments>) {
    let _ = select().query();
    let _ = select().as_query();
    let _ = select().into_query();
}

fn main() {}
