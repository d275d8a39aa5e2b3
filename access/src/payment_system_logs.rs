//! The audit log: what changed an account's money or settings.
//!
//! Each change writes its entry itself, in its own transaction, so that neither is there without the other. Entries can
//! only be added, and are chained by SHA-256: a changed, missing or inserted one breaks the chain at its place. An
//! account's audited changes queue for the end of its chain while they commit.

use chrono::{DateTime, Utc};
use entity::{
    payment_log_heads::PaymentLogHeads,
    payment_system_logs::{LogRow, PaymentSystemLogs},
};
use entity_guard::{Predicate, Select};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Cursor, Error, Page, Tenant, check, journal,
    page::{self, List},
};

pub use entity::payment_enums::LogLevel;

/// One entry of the audit log.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct LogEntry {
    /// The place in the account's log, from 1 without gaps.
    pub seq: i64,
    /// How much it matters.
    pub level: LogLevel,
    /// What happened: the function that changed something, such as `pay_out.request`.
    pub event: String,
    /// The row that it happened to: its table and id.
    pub subject: String,
    /// Who did it, as [`Tenant::acting_for`] named them.
    pub actor: String,
    /// What changed; none once erased.
    pub data: Option<Value>,
    /// When it happened.
    pub created_at: DateTime<Utc>,
}

/// Which entries a list is about; all of the account's unless a field narrows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(default, deny_unknown_fields)]
pub struct ListLogs {
    /// Only of this level.
    pub level: Option<LogLevel>,
    /// Only of this event.
    pub event: Option<String>,
    /// Only about this row, as [`LogEntry::subject`] names it.
    pub subject: Option<String>,
    /// How many on a page: 50 unless set, 1 to 500.
    pub limit: Option<i64>,
    /// Where the page begins: the `next` of the page before.
    pub cursor: Option<Cursor>,
}

/// What [`verify`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Verified {
    /// How many entries were read, up to the first broken one.
    pub entries: u64,
    /// The place of the first entry that was changed, or stands where one is missing.
    pub first_broken: Option<i64>,
    /// Whether the end of the log is the one that was written last: nothing was cut off.
    pub complete: bool,
}

/// A page of the account's log, the latest first; 50 unless asked for, at most 500.
///
/// # Errors
/// [`Error::Invalid`] names the field: a limit that isn't 1 to 500, a cursor that isn't of this list.
pub async fn list(tenant: &Tenant, list: &ListLogs) -> Result<Page<LogEntry>, Error> {
    check::optional_length("event", list.event.as_ref(), 1..=255)?;
    check::optional_length("subject", list.subject.as_ref(), 1..=255)?;
    let limit = page::page_size(list.limit)?;
    let before = match &list.cursor {
        Some(cursor) => Some(cursor.read_seq(List::Logs)?),
        None => None,
    };
    let wanted = [
        list.level.map(|level| PaymentSystemLogs::LEVEL.eq(level)),
        list.event
            .clone()
            .map(|event| PaymentSystemLogs::EVENT.eq(event)),
        list.subject
            .clone()
            .map(|subject| PaymentSystemLogs::SUBJECT.eq(subject)),
        before.map(|seq| PaymentSystemLogs::SEQ.lt(seq)),
    ];
    let rows = Select::<PaymentSystemLogs>::new()
        .filter(Predicate::all(wanted.into_iter().flatten()))
        .order_by(PaymentSystemLogs::SEQ.desc())
        .limit(limit + 1)
        .all(&tenant.guard)
        .await?;
    let entries = rows.into_iter().map(shown).collect();
    Ok(page::page(entries, limit, |entry: &LogEntry| {
        Cursor::after_seq(List::Logs, entry.seq)
    }))
}

/// Reads the whole log and checks each entry's digest and place in the chain; in constant memory.
///
/// An entry whose content was erased is checked by its digest alone, which stays.
///
/// # Errors
/// [`Error::Unavailable`] or [`Error::Timeout`], when the database is not there.
pub async fn verify(tenant: &Tenant) -> Result<Verified, Error> {
    const AT_ONCE: u32 = 500;
    // Read first: entries that are appended meanwhile come after it, and are no break.
    let end = Select::<PaymentLogHeads>::new()
        .first(&tenant.guard)
        .await?;
    let (last, end_hash) = end.map_or((0, Vec::new()), |head| (head.seq, head.hash));
    let mut verified = Verified {
        entries: 0,
        first_broken: None,
        complete: last == 0,
    };
    let (mut seq, mut hash) = (0_i64, Vec::new());
    loop {
        let rows = Select::<PaymentSystemLogs>::new()
            .filter(PaymentSystemLogs::SEQ.gt(seq))
            .order_by(PaymentSystemLogs::SEQ.asc())
            .limit(AT_ONCE)
            .all(&tenant.guard)
            .await?;
        if rows.is_empty() {
            return Ok(verified);
        }
        for row in rows {
            if row.seq != seq + 1 || !is_whole(&row, &hash) {
                verified.first_broken = Some(row.seq);
                verified.complete = false;
                return Ok(verified);
            }
            (seq, hash) = (row.seq, row.hash);
            verified.entries += 1;
            verified.complete |= seq == last && hash == end_hash;
        }
    }
}

/// The digest is that of the content, unless the content was erased, and the hash follows the one before.
fn is_whole(row: &LogRow, before: &[u8]) -> bool {
    let content = match (&row.data, &row.salt) {
        (Some(data), Some(salt)) => {
            let texts = [row.event.as_str(), &row.subject, &row.actor];
            journal::digest_of(row.level, texts, row.created_at, data, salt) == row.digest
        }
        (None, None) => true,
        _ => false,
    };
    content && journal::link(before, &row.digest) == row.hash
}

fn shown(row: LogRow) -> LogEntry {
    LogEntry {
        seq: row.seq,
        level: row.level,
        event: row.event,
        subject: row.subject,
        actor: row.actor,
        data: row.data,
        created_at: row.created_at,
    }
}
