//! Thinning out by age: what was said goes, that it was said stays.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use entity::{payment_system_logs::PaymentSystemLogs, stripe_events::StripeEvents};
use entity_guard::{Select, Update};

use super::{Retention, without_content};
use crate::{Error, Tenant, stripe_events};

/// How many rows are changed in one transaction.
const AT_ONCE: u32 = 1_000;

/// Before which times the log's entries and the events lose what they say.
#[derive(Clone, Copy)]
pub(super) struct Before {
    logs: Option<DateTime<Utc>>,
    events: Option<DateTime<Utc>>,
}

pub(super) fn before(retention: Retention) -> Result<Before, Error> {
    let time = |age: Option<Duration>, field| age.map(|age| ago(age, field)).transpose();
    Ok(Before {
        logs: time(retention.logs, "logs")?,
        events: time(retention.events, "events")?,
    })
}

fn ago(age: Duration, field: &'static str) -> Result<DateTime<Utc>, Error> {
    let age = TimeDelta::from_std(age).ok();
    let before = age.and_then(|age| Utc::now().checked_sub_signed(age));
    before.ok_or(Error::invalid(field, "too_long_ago"))
}

/// Thins out one account, part by part.
pub(super) async fn account(tenant: &Tenant, before: Before) -> Result<(), Error> {
    if let Some(before) = before.logs {
        while logs(tenant, before).await? == u64::from(AT_ONCE) {}
    }
    if let Some(before) = before.events {
        while events(tenant, before).await? == u64::from(AT_ONCE) {}
    }
    Ok(())
}

async fn events(tenant: &Tenant, before: DateTime<Utc>) -> Result<u64, Error> {
    let old = || stripe_events::with_payload_before(before);
    let part = Select::<StripeEvents>::new()
        .filter(old())
        .order_by(StripeEvents::ID.asc())
        .limit(AT_ONCE)
        .all(&tenant.guard)
        .await?;
    let ids = part.iter().map(|event| event.id);
    let update = Update::<StripeEvents>::new()
        .set(StripeEvents::PAYLOAD, None)
        .filter(StripeEvents::ID.is_in(ids).and(old()));
    Ok(update.execute(&tenant.guard).await?)
}

async fn logs(tenant: &Tenant, before: DateTime<Utc>) -> Result<u64, Error> {
    let old = || {
        PaymentSystemLogs::CREATED_AT
            .lt(before)
            .and(PaymentSystemLogs::SALT.is_not_null())
    };
    let part = Select::<PaymentSystemLogs>::new()
        .filter(old())
        .order_by(PaymentSystemLogs::SEQ.asc())
        .limit(AT_ONCE)
        .all(&tenant.guard)
        .await?;
    let Some(last) = part.last() else {
        return Ok(0);
    };
    let update = without_content().filter(PaymentSystemLogs::SEQ.le(last.seq).and(old()));
    Ok(update.execute(&tenant.guard).await?)
}
