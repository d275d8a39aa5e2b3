//! A migration, and the checksum by which a database remembers it.

use std::fmt;

use sea_orm_migration::MigrationTrait;
use sha2::{Digest, Sha256};

/// A migration that this program knows.
pub struct Registered {
    migration: Box<dyn MigrationTrait>,
    checksum: String,
}

impl Registered {
    /// A migration with the text of its file.
    #[must_use]
    pub fn new(migration: Box<dyn MigrationTrait>, source: &str) -> Self {
        let checksum = checksum(source);
        Self {
            migration,
            checksum,
        }
    }

    /// The migration's name, which is its file's.
    #[must_use]
    pub fn name(&self) -> &str {
        self.migration.name()
    }

    /// The SHA-256 of the file, in hexadecimal digits.
    #[must_use]
    pub fn checksum(&self) -> &str {
        &self.checksum
    }

    pub(crate) fn migration(&self) -> &dyn MigrationTrait {
        self.migration.as_ref()
    }

    /// Whether the whole migration is one transaction.
    pub(crate) fn is_one_transaction(&self) -> bool {
        self.migration.use_transaction().unwrap_or(true)
    }

    pub(crate) fn into_migration(self) -> Box<dyn MigrationTrait> {
        self.migration
    }
}

impl fmt::Debug for Registered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registered")
            .field("name", &self.name())
            .field("checksum", &self.checksum)
            .finish()
    }
}

/// Of the file as it is, comments too, but whichever way its lines end: git may turn them round.
fn checksum(source: &str) -> String {
    let hash = Sha256::digest(source.replace("\r\n", "\n"));
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::checksum;

    #[test]
    fn a_checksum_is_of_the_text_and_not_of_its_line_endings() {
        let unix = checksum("one\ntwo\n");
        assert_eq!(unix, checksum("one\r\ntwo\r\n"));
        assert_ne!(unix, checksum("one\n two\n"));
        // As `sha256sum` prints it.
        let printed = "c3f9c8c283a2b1f2f1896f27a01cbe3cddc0c9d93f752e4639035a0f5b36f6e8";
        assert_eq!(unix, printed);
    }
}
