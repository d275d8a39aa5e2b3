// control: cannot_exchange_the_transaction_of_an_attempt

use access::{Error, Transaction};

async fn example<'t>(tx: &mut Transaction<'t>, other: &mut Transaction<'t>) -> Result<(), Error> {
    tx.attempt(async |tx: &mut Transaction<'_>| {
        let _ = (&tx, &other);
        Ok(())
    })
    .await
}

fn main() {}
