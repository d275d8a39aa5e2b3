//! Accounts that are taken out of a database and brought into another.

use access::{AccountId, Error, lifecycle, system::SystemDb};
use futures_util::stream;

/// The lines of an account's export.
pub async fn exported(system: &SystemDb, account: AccountId) -> Vec<String> {
    let scope = system.scope("ops", "the account asks for its data");
    let scope = scope.expect("both are given");
    let mut lines = Vec::new();
    let rows = lifecycle::export(
        &scope,
        account,
        |_| {},
        async |line| {
            lines.push(line.to_owned());
            Ok::<(), Error>(())
        },
    );
    let rows = rows.await.expect("it can be read");
    assert_eq!(usize::try_from(rows), Ok(lines.len() - 2));
    lines
}

/// Brings these lines in.
///
/// # Errors
/// As [`lifecycle::import`].
pub async fn imported(system: &SystemDb, lines: &[String]) -> Result<AccountId, Error> {
    let scope = system.scope("ops", "a move").expect("both are given");
    let lines = stream::iter(lines.iter().cloned().map(Ok::<_, Error>));
    lifecycle::import(&scope, lines, |_| {}).await
}
