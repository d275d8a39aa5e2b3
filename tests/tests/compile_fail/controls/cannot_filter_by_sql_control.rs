// control: cannot_filter_by_sql

use entity::stripe_payments::StripePayments;
use entity_guard::Select;
#[allow(unused_imports)]
use sea_orm::{Condition, QueryFilter, sea_query::Expr};

fn example(select: Select<StripePayments>) -> Select<StripePayments> {
    select.filter(StripePayments::AMOUNT.gt(0))
}

fn main() {}
