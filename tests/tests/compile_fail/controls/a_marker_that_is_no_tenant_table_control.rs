// control: a_marker_that_is_no_tenant_table

use entity_guard::Insert;

use entity::stripe_payments::StripePayments as Wanted;

fn example(insert: &Insert<Wanted>) {
    let _ = insert;
}

fn main() {}
