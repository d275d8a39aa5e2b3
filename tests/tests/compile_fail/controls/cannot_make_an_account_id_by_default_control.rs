// control: cannot_make_an_account_id_by_default

use access::stripe_payments::ListStripePayments as Wanted;

fn example() -> Wanted {
    Wanted::default()
}

fn main() {}
