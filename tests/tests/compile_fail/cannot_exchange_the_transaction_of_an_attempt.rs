// claim: The transaction of an attempt isn't exchanged for another one.
// error: lifetime may not live long enough
// error: lifetime may not live long enough

use access::{Error, Transaction};

async fn example<'t>(tx: &mut Transaction<'t>, other: &mut Transaction<'t>) -> Result<(), Error> {
    tx.attempt(async |tx: &mut Transaction<'t>| {
        std::mem::swap(tx, other);
        Ok(())
    })
    .await
}

fn main() {}
