// claim: A builder takes no expression of SeaORM or sea-query.
// error[E0308]: mismatched types

use entity::stripe_payments::StripePayments;
use entity_guard::Select;
#[allow(unused_imports)]
use sea_orm::{Condition, QueryFilter, sea_query::Expr};

fn example(select: Select<StripePayments>) -> Select<StripePayments> {
    select.filter(Condition::any().add(Expr::cust("true")))
}

fn main() {}
