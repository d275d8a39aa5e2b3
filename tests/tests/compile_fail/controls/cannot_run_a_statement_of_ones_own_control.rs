// control: cannot_run_a_statement_of_ones_own

use entity::stripe_payments::StripePayments;
use entity_guard::{Select, Tenant};

async fn example(tenant: &Tenant) {
    let select = Select::<StripePayments>::new();
    let _ = select.all(tenant).await;
}

fn main() {}
