// claim: A transaction ends once.
// error[E0382]: use of moved value: `tx`

use access::{Error, Transaction};

async fn example(tx: Transaction<'_>, other: Transaction<'_>) -> Result<(), Error> {
    let _ = &other;
    tx.commit().await?;
    tx.commit().await
}

fn main() {}
