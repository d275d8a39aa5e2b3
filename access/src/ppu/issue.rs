//! Issuing codes by the hundred thousand, all or none, in constant memory.

use std::{collections::BTreeSet, ops::RangeInclusive};

use chrono::{DateTime, SubsecRound, Utc};
use entity::ppu::{NewPpu, Ppus};
use entity_guard::{InsertMany, Select, count};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::PayFor;
use crate::{
    Error, PurchaseCode, Tenant,
    atomic::{Scope, atomic},
    check,
    journal::Entry,
};

/// How many codes a batch has at most.
const MAX_CODES: i32 = 100_000;

/// How many codes one statement inserts.
const AT_ONCE: i32 = 1_000;

/// How often a statement is made again for the codes that were taken: with 75 random bits once is too often.
const TRIES: u32 = 8;

/// What makes a batch of codes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct IssueCodes {
    /// The batch, by the caller's own name: the same one is issued once. 1 to 255 characters.
    pub batch: String,
    /// How many codes; 1 to 100,000.
    pub count: i32,
    /// The kind of thing that each code gives; not a tip, and not another code.
    pub pay_for: PayFor,
    /// The thing that each code gives, by the application's own id; 1 to 255 characters.
    pub pay_for_id: String,
    /// How often each code can be redeemed; 1 or more.
    pub max_redemptions: i64,
    /// From when on they can't be redeemed any more, to the microsecond; none for ever.
    #[serde(default)]
    pub expires_at: Option<DateTime<Utc>>,
}

/// A batch that was issued.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct IssuedCodes {
    /// The batch, by the caller's own name.
    pub batch: String,
    /// How many codes it has.
    pub count: i32,
}

/// As [`issue_many`](super::issue_many).
pub(super) async fn issue_many(tenant: &Tenant, issue: IssueCodes) -> Result<IssuedCodes, Error> {
    check::length("batch", &issue.batch, 1..=255)?;
    check::length("pay_for_id", &issue.pay_for_id, 1..=255)?;
    if !(1..=MAX_CODES).contains(&issue.count) {
        return Err(Error::invalid("count", "not_1_to_100000"));
    }
    if matches!(issue.pay_for, PayFor::Tip | PayFor::Ppu) {
        return Err(Error::invalid("pay_for", "not_for_codes"));
    }
    if issue.max_redemptions < 1 {
        return Err(Error::invalid("max_redemptions", "not_positive"));
    }
    let expires_at = issue.expires_at.map(|at| at.trunc_subsecs(6));
    if expires_at.is_some_and(|at| at <= Utc::now()) {
        return Err(Error::invalid("expires_at", "has_passed"));
    }
    let issue = IssueCodes {
        expires_at,
        ..issue
    };
    let wanted = &issue;
    match atomic(tenant, move |scope| Box::pin(issued(scope, wanted))).await {
        // Somebody issued the same batch meanwhile.
        Err(Error::Conflict) => earlier(tenant, &issue).await?.ok_or(Error::Conflict),
        other => other,
    }
}

async fn issued(scope: &Scope<'_>, issue: &IssueCodes) -> Result<IssuedCodes, Error> {
    if let Some(issued) = earlier(scope.tenant(), issue).await? {
        return Ok(issued);
    }
    let mut first = 1;
    while first <= issue.count {
        let last = issue.count.min(first + AT_ONCE - 1);
        insert(scope.tenant(), issue, first..=last).await?;
        first = last + 1;
    }
    let data = json!({
        "count": issue.count,
        "pay_for": issue.pay_for,
        "pay_for_id": issue.pay_for_id,
        "max_redemptions": issue.max_redemptions,
        "expires_at": issue.expires_at,
        "batch": issue.batch,
    });
    scope.note(Entry::new("ppu.issue_many", "ppu".to_owned(), data));
    Ok(IssuedCodes {
        batch: issue.batch.clone(),
        count: issue.count,
    })
}

/// Inserts the codes with these numbers; a code that is taken is drawn anew.
async fn insert(
    tenant: &Tenant,
    issue: &IssueCodes,
    numbers: RangeInclusive<i32>,
) -> Result<(), Error> {
    let mut missing: Vec<i32> = numbers.collect();
    for _ in 0..TRIES {
        let new: Vec<NewPpu> = missing
            .iter()
            .map(|number| new(issue, *number))
            .collect::<Result<_, _>>()?;
        let saved = InsertMany::<Ppus>::new(new)
            .set(Ppus::REDEEMED, 0)
            .set(Ppus::DISABLED, false)
            .unless_taken(Ppus::CODE)
            .all(&tenant.guard)
            .await?;
        let saved: BTreeSet<i32> = saved.iter().map(|code| code.number).collect();
        missing.retain(|number| !saved.contains(number));
        if missing.is_empty() {
            return Ok(());
        }
    }
    Err(Error::Internal)
}

fn new(issue: &IssueCodes, number: i32) -> Result<NewPpu, Error> {
    let mut random = [0; 15];
    getrandom::fill(&mut random).map_err(|_| Error::Internal)?;
    Ok(NewPpu {
        batch: issue.batch.clone(),
        number,
        code: PurchaseCode::from_random(random),
        pay_for: issue.pay_for,
        pay_for_id: issue.pay_for_id.clone(),
        max_redemptions: issue.max_redemptions,
        expires_at: issue.expires_at,
    })
}

/// The batch, when it was issued before.
async fn earlier(tenant: &Tenant, issue: &IssueCodes) -> Result<Option<IssuedCodes>, Error> {
    let of_batch = || Ppus::BATCH.eq(issue.batch.clone());
    let first = Select::<Ppus>::new().filter(of_batch().and(Ppus::NUMBER.eq(1)));
    let Some(first) = first.first(&tenant.guard).await? else {
        return Ok(None);
    };
    let (codes,) = Select::<Ppus>::new()
        .filter(of_batch())
        .aggregate((count(),), &tenant.guard)
        .await?;
    let same = u64::try_from(issue.count) == Ok(codes)
        && first.pay_for == issue.pay_for
        && first.pay_for_id == issue.pay_for_id
        && first.max_redemptions == issue.max_redemptions
        && first.expires_at == issue.expires_at;
    if same {
        Ok(Some(IssuedCodes {
            batch: first.batch,
            count: issue.count,
        }))
    } else {
        Err(Error::Conflict)
    }
}
