//! The audit log as changes write it: noted where the change is made, appended as the last thing before COMMIT.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, SubsecRound, Utc};
use entity::{
    payment_enums::LogLevel,
    payment_log_heads::PaymentLogHeads,
    payment_system_logs::{NewLogRow, PaymentSystemLogs},
};
use entity_guard::{Append, Chain};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::Tenant;

/// The account's chain of entries.
const CHAIN: Chain<PaymentSystemLogs, PaymentLogHeads> = Chain {
    seq: PaymentSystemLogs::SEQ,
    digest: PaymentSystemLogs::DIGEST,
    hash: PaymentSystemLogs::HASH,
    head_seq: PaymentLogHeads::SEQ,
    head_hash: PaymentLogHeads::HASH,
};

/// One thing that happened, without personal data and without secrets.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    level: LogLevel,
    event: &'static str,
    subject: String,
    data: Value,
}

impl Entry {
    /// `event` is named after the function; `subject` is the table and the row's id.
    pub(crate) fn new(event: &'static str, subject: String, data: Value) -> Self {
        Self {
            level: LogLevel::Info,
            event,
            subject,
            data,
        }
    }

    pub(crate) fn warning(self) -> Self {
        Self {
            level: LogLevel::Warning,
            ..self
        }
    }
}

/// What a transaction has to write to the log before it commits.
#[derive(Debug, Default)]
pub(crate) struct Journal(Mutex<Vec<Entry>>);

impl Journal {
    pub(crate) fn note(&self, entry: Entry) {
        self.entries().push(entry);
    }

    /// How many entries there are, to go back to by [`Journal::forget_after`].
    pub(crate) fn len(&self) -> usize {
        self.entries().len()
    }

    /// Forgets what a part of the transaction noted that was undone.
    pub(crate) fn forget_after(&self, len: usize) {
        self.entries().truncate(len);
    }

    /// Appends what was noted, but for the last entry, which is returned to go with COMMIT. The end of the chain is taken
    /// here, and held until COMMIT: taken earlier, it makes others wait and deadlocks.
    pub(crate) async fn write(
        &self,
        tenant: &Tenant,
    ) -> Result<Option<Append>, entity_guard::Error> {
        let mut entries = std::mem::take(&mut *self.entries());
        let last = entries.pop();
        for entry in entries {
            let (new, digest) = row(entry, tenant.actor());
            CHAIN.append(new, digest, &tenant.guard).await?;
        }
        last.map(|entry| {
            let (new, digest) = row(entry, tenant.actor());
            CHAIN.last(new, digest, tenant.account())
        })
        .transpose()
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The row that an entry becomes, and its digest.
fn row(entry: Entry, actor: &str) -> (NewLogRow, Vec<u8>) {
    // Random, since an erased entry's digest must not tell what it said.
    let salt = Uuid::new_v4().into_bytes();
    let at = Utc::now().trunc_subsecs(6);
    let texts = [entry.event, entry.subject.as_str(), actor];
    let digest = digest_of(entry.level, texts, at, &entry.data, &salt);
    let new = NewLogRow {
        level: entry.level,
        event: entry.event.to_owned(),
        subject: entry.subject,
        actor: actor.to_owned(),
        data: Some(entry.data),
        salt: Some(salt.into()),
        created_at: at,
    };
    (new, digest)
}

/// SHA-256 over the entry as a JSON array with sorted keys, and the salt.
pub(crate) fn digest_of(
    level: LogLevel,
    texts: [&str; 3],
    at: DateTime<Utc>,
    data: &Value,
    salt: &[u8],
) -> Vec<u8> {
    let canonical = json!([level, texts, at.timestamp_micros(), data]).to_string();
    let mut hash = Sha256::new();
    hash.update(canonical);
    hash.update(salt);
    hash.finalize().to_vec()
}

/// The hash of the entry that follows one with the hash `before`.
pub(crate) fn link(before: &[u8], digest: &[u8]) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update(digest);
    hash.finalize().to_vec()
}
