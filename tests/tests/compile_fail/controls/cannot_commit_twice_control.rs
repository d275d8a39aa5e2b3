// control: cannot_commit_twice

use access::{Error, Transaction};

async fn example(tx: Transaction<'_>, other: Transaction<'_>) -> Result<(), Error> {
    let _ = &other;
    tx.commit().await?;
    other.commit().await
}

fn main() {}
