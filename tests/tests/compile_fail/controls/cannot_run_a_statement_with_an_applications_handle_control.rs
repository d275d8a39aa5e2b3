// control: cannot_run_a_statement_with_an_applications_handle

use access::Tenant;
use entity::stripe_payments::{StripePayment, StripePayments};
use entity_guard::{Error, Select};

async fn example(
    application: &Tenant,
    own: &entity_guard::Tenant,
) -> Result<Vec<StripePayment>, Error> {
    let _ = (application, own);
    Select::<StripePayments>::new().all(own).await
}

fn main() {}
