// claim: The guard's handle runs what the guard's builders made, and nothing else.
// error[E0624]: method `run` is private
// error[E0624]: method `statement` is private

use entity::stripe_payments::StripePayments;
use entity_guard::{Select, Tenant};

async fn example(tenant: &Tenant) {
    let select = Select::<StripePayments>::new();
    let _ = tenant.run(select.statement(tenant.account())).await;
}

fn main() {}
