// control: cannot_project_the_entity_from_the_marker

use entity::stripe_payments::StripePayments;
use entity_guard::TenantScoped;

type Found = <StripePayments as TenantScoped>::Row;

fn example(_: Found) {}

fn main() {}
