// claim: A table's marker doesn't lead to its entity.
// error[E0576]: cannot find associated type `Entity` in trait `TenantScoped`

use entity::stripe_payments::StripePayments;
use entity_guard::TenantScoped;

type Found = <StripePayments as TenantScoped>::Entity;

fn example(_: Found) {}

fn main() {}
