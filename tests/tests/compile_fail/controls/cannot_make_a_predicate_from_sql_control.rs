// control: cannot_make_a_predicate_from_sql

use entity::stripe_payments::StripePayments;
use entity_guard::Predicate;
#[allow(unused_imports)]
use sea_orm::sea_query::Expr;

fn example() -> Predicate<StripePayments> {
    Predicate::everything()
}

fn main() {}
