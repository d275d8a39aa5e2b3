// claim: There is no filter but of typed columns.
// error[E0277]: the trait bound `Predicate<StripePayments>: From<sea_orm::sea_query::Expr>` is not satisfied

use entity::stripe_payments::StripePayments;
use entity_guard::Predicate;
#[allow(unused_imports)]
use sea_orm::sea_query::Expr;

fn example() -> Predicate<StripePayments> {
    Expr::cust("true) OR (true").into()
}

fn main() {}
