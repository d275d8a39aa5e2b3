// claim: A crate that builds its own statement can't run it with the application's handle.
// error[E0308]: mismatched types

use access::Tenant;
use entity::stripe_payments::{StripePayment, StripePayments};
use entity_guard::{Error, Select};

async fn example(
    application: &Tenant,
    own: &entity_guard::Tenant,
) -> Result<Vec<StripePayment>, Error> {
    let _ = (application, own);
    Select::<StripePayments>::new().all(application).await
}

fn main() {}
