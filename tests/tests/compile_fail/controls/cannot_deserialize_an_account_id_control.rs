// control: cannot_deserialize_an_account_id

use access::StripePaymentId as Wanted;
use serde::de::DeserializeOwned;

trait Body: Sized {
    fn read(json: &str) -> serde_json::Result<Self>;
}

// Names what is missing without a list of all that is there.
#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> Body for T {
    fn read(json: &str) -> serde_json::Result<Self> {
        serde_json::from_str(json)
    }
}

fn example(json: &str) -> serde_json::Result<Wanted> {
    <Wanted as Body>::read(json)
}

fn main() {}
