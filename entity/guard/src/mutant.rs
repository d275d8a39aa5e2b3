//! The guard with one of its tests left out: what shows that the attack and the tests would notice.
//!
//! Each place of the guard that holds accounts apart, or that keeps what isn't saved from being reported as saved, names
//! itself here, and asks whether it is left out. It never is, unless the program was built with `--cfg app_db_mutant`:
//! that is no feature, which some other crate might turn on, but a flag that whoever builds gives to the compiler. Such a
//! program reads `APP_DB_MUTANT` once. A name that isn't known leaves nothing out, so that a search for its effect fails.

/// A place of the guard that can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// The account test of what reads rows, one by one, counted or grouped.
    SelectAccount,
    /// The account test of UPDATE.
    UpdateAccount,
    /// The account test of DELETE.
    DeleteAccount,
    /// The account test of a joined table.
    JoinAccount,
    /// That both tables' accounts are the same in a join.
    JoinSameAccount,
    /// That both tables' accounts are the same in EXISTS.
    ExistsAccount,
    /// The account test of the outermost part of a search for the nearest.
    NearestAccount,
    /// The account test of what a conflict changes.
    UpsertAccount,
    /// The account test of what a conflict of one of many changes.
    UpsertManyAccount,
    /// The account test of a change that expects a version.
    VersionAccount,
    /// The account test of the end of a chain.
    ChainAccount,
    /// The account test of what counts, reads and deletes an account as a whole.
    WholeAccount,
    /// That rows which are brought back are the account's.
    WholeRows,
    /// That callers can't set the account or the key.
    FixedColumns,
    /// The account in the name of a lock.
    LockAccount,
    /// That the account is set.
    ContextSet,
    /// That the account is set until the transaction ends and no longer.
    ContextLocal,
    /// That a transaction which went wrong isn't committed: COMMIT then answers ROLLBACK, without an error.
    CommitCheck,
    /// That a transaction whose statement was dropped isn't committed.
    DroppedStatement,
    /// That what is under way on a connection is awaited and undone before somebody else gets it.
    Settling,
}

/// Whether the place is left out.
#[cfg(app_db_mutant)]
pub(crate) fn on(mutant: Mutant) -> bool {
    static CHOSEN: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    let chosen = CHOSEN.get_or_init(|| std::env::var("APP_DB_MUTANT").unwrap_or_default());
    *chosen == name(mutant)
}

/// Whether the place is left out: never.
#[cfg(not(app_db_mutant))]
pub(crate) const fn on(_: Mutant) -> bool {
    false
}

/// The name for `APP_DB_MUTANT`: `select-account` for [`Mutant::SelectAccount`].
#[cfg(any(app_db_mutant, test))]
fn name(mutant: Mutant) -> String {
    let mut name = String::new();
    for letter in format!("{mutant:?}").chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_place_in_lower_case() {
        assert_eq!(name(Mutant::SelectAccount), "select-account");
        assert_eq!(name(Mutant::JoinSameAccount), "join-same-account");
    }

    #[test]
    #[cfg(not(app_db_mutant))]
    fn nothing_is_left_out() {
        assert!(!on(Mutant::CommitCheck));
    }
}
