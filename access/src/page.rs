use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Error;

/// How many items a page has when nothing is asked for.
const DEFAULT_LIMIT: u32 = 50;
/// How many items a page has at most.
const MAX_LIMIT: u32 = 500;

/// A part of a list, and where the next part begins.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Page<T> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// What to pass for the next page; none after the last.
    pub next: Option<Cursor>,
}

/// A place in a list, as text without meaning to callers.
///
/// It is checked where it is used: one that was edited or belongs to another list is `Invalid`. It names no account;
/// used by another one, it shows that one's rows alone.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(type = "string"))]
#[serde(transparent)]
pub struct Cursor(String);

/// Which list a cursor belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    StripePaymentsNewest = 1,
    StripePaymentsOldest = 2,
    OpenShares = 3,
    PayOuts = 4,
    Logs = 5,
    Accounts = 6,
    Ppu = 7,
    PpuRedemptions = 8,
    AccountAgents = 9,
    OutboxJobs = 10,
    StripeEvents = 11,
}

impl Cursor {
    /// The place after the row that was made at `at` and has the id `id`.
    pub(crate) fn after(list: List, at: DateTime<Utc>, id: Uuid) -> Self {
        let mut bytes = vec![list as u8];
        bytes.extend(at.timestamp_micros().to_be_bytes());
        bytes.extend(id.as_bytes());
        bytes.extend(crc32fast::hash(&bytes).to_be_bytes());
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The place after the entry `seq`.
    pub(crate) fn after_seq(list: List, seq: i64) -> Self {
        let mut bytes = vec![list as u8];
        bytes.extend(seq.to_be_bytes());
        bytes.extend(crc32fast::hash(&bytes).to_be_bytes());
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The place after the row with the id `id`.
    pub(crate) fn after_id(list: List, id: Uuid) -> Self {
        let mut bytes = vec![list as u8];
        bytes.extend(id.as_bytes());
        bytes.extend(crc32fast::hash(&bytes).to_be_bytes());
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    pub(crate) fn read_id(&self, list: List) -> Result<Uuid, Error> {
        let place = self.content(list);
        place
            .and_then(|rest| Uuid::from_slice(&rest).ok())
            .ok_or(Error::invalid("cursor", "not_a_cursor_of_this_list"))
    }

    pub(crate) fn read_seq(&self, list: List) -> Result<i64, Error> {
        let place = self.content(list).and_then(|rest| rest.try_into().ok());
        place
            .map(i64::from_be_bytes)
            .ok_or(Error::invalid("cursor", "not_a_cursor_of_this_list"))
    }

    pub(crate) fn read(&self, list: List) -> Result<(DateTime<Utc>, Uuid), Error> {
        self.parts(list)
            .ok_or(Error::invalid("cursor", "not_a_cursor_of_this_list"))
    }

    fn parts(&self, list: List) -> Option<(DateTime<Utc>, Uuid)> {
        let content = self.content(list)?;
        let (at, id) = content.split_first_chunk::<8>()?;
        let at = DateTime::from_timestamp_micros(i64::from_be_bytes(*at))?;
        // The server's years begin at -4712, and nothing was made before 0.
        let at = (at >= DateTime::UNIX_EPOCH).then_some(at)?;
        Some((at, Uuid::from_slice(id).ok()?))
    }

    /// What follows the list's tag, when tag and checksum are right.
    fn content(&self, list: List) -> Option<Vec<u8>> {
        let bytes = URL_SAFE_NO_PAD.decode(&self.0).ok()?;
        let (content, sum) = bytes.split_last_chunk::<4>()?;
        let (tag, rest) = content.split_first()?;
        let whole = crc32fast::hash(content) == u32::from_be_bytes(*sum) && *tag == list as u8;
        whole.then(|| rest.to_vec())
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<String> for Cursor {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// The place after which a list goes on that is sorted by time and id.
pub(crate) fn after<I>(
    cursor: Option<&Cursor>,
    list: List,
    id: impl FnOnce(Uuid) -> I,
) -> Result<Option<(DateTime<Utc>, I)>, Error> {
    let place = cursor.map(|cursor| cursor.read(list)).transpose()?;
    Ok(place.map(|(at, of)| (at, id(of))))
}

/// The id after which a list goes on that is sorted by the id alone.
pub(crate) fn place(cursor: Option<&Cursor>, list: List) -> Result<Option<Uuid>, Error> {
    cursor.map(|cursor| cursor.read_id(list)).transpose()
}

/// The size of a page: 50 unless asked for, 1 to 500.
pub(crate) fn page_size(limit: Option<i64>) -> Result<u32, Error> {
    match limit.map(u32::try_from) {
        None => Ok(DEFAULT_LIMIT),
        Some(Ok(limit @ 1..=MAX_LIMIT)) => Ok(limit),
        Some(_) => Err(Error::invalid("limit", "not_1_to_500")),
    }
}

/// A page of `limit` items from one more row than that, which tells whether there is a next page.
pub(crate) fn page<T>(mut rows: Vec<T>, limit: u32, cursor: impl Fn(&T) -> Cursor) -> Page<T> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(cursor);
    Page { items: rows, next }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S58: well made, checksum and all, but with a time that the server doesn't know.
    #[test]
    fn a_cursor_with_a_time_before_all_times_is_invalid() {
        let id = Uuid::now_v7();
        let good = Cursor::after(List::PayOuts, DateTime::UNIX_EPOCH, id);
        assert_eq!(good.read(List::PayOuts), Ok((DateTime::UNIX_EPOCH, id)));
        let forged = Cursor::after(List::PayOuts, DateTime::<Utc>::MIN_UTC, id);
        assert!(matches!(
            forged.read(List::PayOuts),
            Err(Error::Invalid {
                field: "cursor",
                ..
            })
        ));
    }
}
