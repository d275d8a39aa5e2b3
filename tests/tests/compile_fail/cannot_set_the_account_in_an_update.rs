// claim: The account's column can't be named, so that no change moves a row.
// error[E0599]: no associated item named `ACCOUNT_ID` found for struct `StripePayments` in the current scope

use entity::stripe_payments::StripePayments;
use entity_guard::Update;

fn example(update: Update<StripePayments>) -> Update<StripePayments> {
    update.set(StripePayments::ACCOUNT_ID, uuid::Uuid::nil())
}

fn main() {}
