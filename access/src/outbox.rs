//! The outbox: calls to Stripe, saved in the transaction of the change that they belong to, and made by a worker afterwards.
//!
//! A payout that was requested becomes a transfer: [`enqueue`] saves the job with the request, [`run`] makes the call and
//! records what came of it. Neither is lost without the other, and no call is made inside a transaction.
//!
//! ```no_run
//! # use access::{Error, PayOutId, Tenant, Transaction, outbox, pay_out};
//! # async fn example(mut tenant: Tenant, request: pay_out::RequestPayOut) -> Result<(), Error> {
//! let tx = tenant.begin().await?;
//! let payout = pay_out::request(&tx, request).await?;
//! outbox::enqueue(&tx, payout.id).await?;
//! tx.commit().await?;
//! # Ok(())
//! # }
//! ```
//!
//! The program that runs the worker connects with the system's login, and calls Stripe by a [`Transport`] of its own:
//!
//! ```no_run
//! # use access::{Config, outbox::{self, Transport, WorkerOptions}, system::SystemDb};
//! # async fn example(stripe: impl Transport, stop: impl Future<Output = ()> + Send)
//! # -> Result<(), Box<dyn std::error::Error>> {
//! let system = SystemDb::connect(Config::from_env("SYSTEM_DATABASE_URL")?).await?;
//! let scope = system.scope("outbox-worker", "transfers of payouts")?;
//! outbox::run(&scope, &stripe, &WorkerOptions::default(), stop).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What is sent once
//!
//! - All tries of a job send the same request under the same idempotency key.
//! - After a call whose answer was lost (a timeout, a worker that died, a lease that ran out) Stripe is asked for the
//!   transfer first. Only when it has none is the call made again.
//! - Stripe forgets an idempotency key [after 24 hours](https://docs.stripe.com/api/idempotent_requests). A job whose key may
//!   be forgotten, and whose transfer isn't there, is not sent again by itself: it is dead, with the error `key_expired`.
//! - Who records the outcome has to hold the job's lease still; who comes late changes nothing.
//!
//! A job that is dead leaves its payout as requested, and its shares reserved: money may have moved. Such jobs are what
//! [`list`] with [`OutboxStatus::Dead`] shows; [`retry`] takes one up again, and it begins by asking. While a call may have
//! been made, its payout can't be canceled ([`Reason::TransferUnderWay`]).
//!
//! # After a move
//!
//! [`lifecycle::import`](crate::lifecycle::import) brings jobs along with an account, and the database that they come from
//! may have a worker still. So an open job arrives dead, with the error `imported`, and each that isn't settled counts as
//! sent: no worker takes it up by itself, and [`retry`] begins by asking Stripe. Retry when the account has stopped where it
//! came from.

mod claim;
mod settle;
mod transport;
mod worker;

use chrono::{DateTime, Utc};
use entity::stripe_outbox::{NewOutboxRow, OutboxRow, StripeOutbox};
use entity_guard::{Insert, Predicate, Select, Update};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    AccountId, Cursor, Error, OutboxJobId, Page, PayOutId, Reason, Tenant, Transaction,
    atomic::{Scope, atomic},
    journal::Entry,
    page::{self, List},
    pay_out::{self, PayOutStatus},
    system::SystemScope,
};

pub use entity::payment_enums::{OutboxKind, OutboxStatus};
pub use transport::{TransferRequest, Transport, TransportError};
pub use worker::WorkerOptions;

/// A call to Stripe, as its account sees it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct OutboxJob {
    /// The job's id.
    pub id: OutboxJobId,
    /// Which call it makes.
    pub kind: OutboxKind,
    /// The payout that it is for.
    pub pay_out_id: PayOutId,
    /// Where it stands.
    pub status: OutboxStatus,
    /// How often it was taken up.
    pub attempts: i32,
    /// When it is taken up next; none when there is nothing to do.
    pub due_at: Option<DateTime<Utc>>,
    /// The code of what went wrong last.
    pub last_error: Option<String>,
    /// What Stripe made: its transfer (`tr_…`).
    pub response_id: Option<String>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// Which jobs a list is about; all of the account's unless a field narrows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(default, deny_unknown_fields)]
pub struct ListOutboxJobs {
    /// Only with this status.
    pub status: Option<OutboxStatus>,
    /// Only for this payout.
    pub pay_out_id: Option<PayOutId>,
    /// How many on a page: 50 unless set, 1 to 500.
    pub limit: Option<i64>,
    /// Where the page begins: the `next` of the page before.
    pub cursor: Option<Cursor>,
}

/// Has the transfer of a payout made once the transaction is committed, and returns the job; asked for twice, it is the same
/// job, as it stands by then.
///
/// # Errors
/// [`Error::NotFound`] when the account has no such payout; [`Error::Rejected`] with [`Reason::IllegalTransition`] when it is
/// no longer requested.
pub async fn enqueue(tx: &Transaction<'_>, pay_out: PayOutId) -> Result<OutboxJob, Error> {
    atomic(tx, move |scope| Box::pin(enqueued(scope, pay_out))).await
}

/// The job with this id.
///
/// # Errors
/// [`Error::NotFound`] when the account has none.
pub async fn get(tenant: &Tenant, id: OutboxJobId) -> Result<OutboxJob, Error> {
    let select = Select::<StripeOutbox>::new().filter(StripeOutbox::ID.eq(id));
    Ok(shown(select.one(&tenant.guard).await?))
}

/// A page of jobs, the newest first; 50 unless asked for, at most 500.
///
/// # Errors
/// [`Error::Invalid`] names the field: a limit that isn't 1 to 500, a cursor that isn't of this list.
pub async fn list(tenant: &Tenant, list: &ListOutboxJobs) -> Result<Page<OutboxJob>, Error> {
    let limit = page::page_size(list.limit)?;
    let after = page::after(
        list.cursor.as_ref(),
        List::OutboxJobs,
        OutboxJobId::from_uuid,
    )?;
    let wanted = [
        list.status.map(|status| StripeOutbox::STATUS.eq(status)),
        list.pay_out_id.map(|id| StripeOutbox::PAY_OUT_ID.eq(id)),
    ];
    let rows = Select::<StripeOutbox>::new()
        .filter(Predicate::all(wanted.into_iter().flatten()))
        .keyset((StripeOutbox::CREATED_AT, StripeOutbox::ID), true, after)
        .limit(limit + 1)
        .all(&tenant.guard)
        .await?;
    let jobs: Vec<OutboxJob> = rows.into_iter().map(shown).collect();
    let place = |job: &OutboxJob| Cursor::after(List::OutboxJobs, job.created_at, job.id.as_uuid());
    Ok(page::page(jobs, limit, place))
}

/// Takes a dead job up again, in the system scope, after somebody has looked at it; it begins by asking Stripe when it may
/// have been sent, and its idempotency key counts as new.
///
/// # Errors
/// [`Error::NotFound`] when the account has none; [`Error::Rejected`] with [`Reason::IllegalTransition`] when it isn't dead.
pub async fn retry(
    scope: &SystemScope,
    account: AccountId,
    id: OutboxJobId,
) -> Result<OutboxJob, Error> {
    let tenant = scope.tenant(account)?;
    atomic(&tenant, move |whole| {
        Box::pin(async move {
            let inside = whole.tenant();
            let select = Select::<StripeOutbox>::new()
                .filter(StripeOutbox::ID.eq(id))
                .for_update();
            let row = select.one(&inside.guard).await?;
            if row.status != OutboxStatus::Dead {
                return Err(Error::Rejected(Reason::IllegalTransition {
                    from: row.status.as_str(),
                    to: OutboxStatus::Ready.as_str(),
                }));
            }
            scope.record("outbox::retry", inside).await?;
            let now = Utc::now();
            let status = match row.sent_at {
                Some(_) => OutboxStatus::Unknown,
                None => OutboxStatus::Ready,
            };
            let row = Update::<StripeOutbox>::new()
                .set(StripeOutbox::STATUS, status)
                .set(StripeOutbox::ATTEMPTS, 0)
                .set(StripeOutbox::DUE_AT, Some(now))
                .set(StripeOutbox::SENT_AT, row.sent_at.map(|_| now))
                .filter(StripeOutbox::ID.eq(id))
                .one(&inside.guard)
                .await?;
            whole.note(entry("outbox.retry", &row));
            Ok(shown(row))
        })
    })
    .await
}

/// Makes the calls that are due, for all accounts, until `stop` is ready; then it finishes what is under way, and returns.
///
/// Any number of workers may run at once. Each job is taken up under a lease, with a handle of its account made anew, and
/// accounts take turns, so that one with very many jobs doesn't keep the others waiting. What fails is tried again after
/// growing pauses; while the database can't be reached, the worker waits for it. A worker that is dropped or dies leaves its
/// jobs to the others, who take them up when the lease ends.
///
/// # Errors
/// [`Error::Invalid`] names the option that can't be; what the database refuses for good, such as [`Error::Forbidden`] for any
/// login but the system's; [`Error::Unavailable`] when it can't be reached at the start.
pub async fn run<T: Transport>(
    scope: &SystemScope,
    transport: &T,
    options: &WorkerOptions,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), Error> {
    options.check()?;
    scope.record_alone("outbox::run").await?;
    worker::run(scope, transport, options, stop).await
}

/// Refuses when a payout's transfer may have been made, or may still be made by a call that is under way.
///
/// To be asked while the payout's row is locked: a worker locks it too before it sends.
pub(crate) async fn nothing_sent(tenant: &Tenant, pay_out: PayOutId) -> Result<(), Error> {
    match of_pay_out(tenant, pay_out).await? {
        Some(row) if row.sent_at.is_some() && row.status != OutboxStatus::Failed => {
            Err(Error::Rejected(Reason::TransferUnderWay))
        }
        _ => Ok(()),
    }
}

/// Refuses when any transfer of the account may have been made that isn't recorded yet, and closes the others, so that no
/// worker takes one up until the transaction ends.
pub(crate) async fn none_under_way(tenant: &Tenant) -> Result<(), Error> {
    Update::<StripeOutbox>::new()
        .set(StripeOutbox::STATUS, OutboxStatus::Failed)
        .set(StripeOutbox::DUE_AT, None)
        .filter(StripeOutbox::STATUS.eq(OutboxStatus::Ready))
        .execute(&tenant.guard)
        .await?;
    let open = [
        OutboxStatus::Sending,
        OutboxStatus::Unknown,
        OutboxStatus::Dead,
    ];
    let sent = StripeOutbox::SENT_AT
        .is_not_null()
        .and(StripeOutbox::STATUS.is_in(open));
    match Select::new().filter(sent).first(&tenant.guard).await? {
        Some(_) => Err(Error::Rejected(Reason::TransferUnderWay)),
        None => Ok(()),
    }
}

/// Leaves the jobs of an account that was imported to a person: where it came from, they may be made as well. Returns how
/// many were open.
pub(crate) async fn set_aside(tenant: &Tenant) -> Result<u64, Error> {
    let now = Utc::now();
    let open = [
        OutboxStatus::Ready,
        OutboxStatus::Sending,
        OutboxStatus::Unknown,
    ];
    let aside = Update::<StripeOutbox>::new()
        .set(StripeOutbox::STATUS, OutboxStatus::Dead)
        .set(StripeOutbox::LEASE, None)
        .set(StripeOutbox::DUE_AT, None)
        .set(StripeOutbox::LAST_ERROR, Some("imported".into()))
        .filter(StripeOutbox::STATUS.is_in(open))
        .execute(&tenant.guard)
        .await?;
    // Nobody knows here what was sent there: whoever takes one up asks first, and none is given up unasked.
    let unsent = StripeOutbox::STATUS
        .eq(OutboxStatus::Dead)
        .and(StripeOutbox::SENT_AT.is_null());
    Update::<StripeOutbox>::new()
        .set(StripeOutbox::SENT_AT, Some(now))
        .filter(unsent)
        .execute(&tenant.guard)
        .await?;
    Ok(aside)
}

async fn enqueued(scope: &Scope<'_>, pay_out: PayOutId) -> Result<OutboxJob, Error> {
    let tenant = scope.tenant();
    // Locked, so that two who ask at once wait for each other.
    let payout = pay_out::get_for_update(tenant, pay_out).await?;
    if let Some(earlier) = of_pay_out(tenant, pay_out).await? {
        return Ok(shown(earlier));
    }
    if payout.status != PayOutStatus::Requested {
        return Err(Error::Rejected(Reason::IllegalTransition {
            from: payout.status.as_str(),
            to: PayOutStatus::Paid.as_str(),
        }));
    }
    let request = TransferRequest::of(tenant.account(), &payout);
    let insert = Insert::<StripeOutbox>::new(NewOutboxRow {
        kind: OutboxKind::Transfer,
        pay_out_id: pay_out,
        idempotency_key: request.idempotency_key.clone(),
        request: request.to_json()?,
        status: OutboxStatus::Ready,
        attempts: 0,
        due_at: Some(Utc::now()),
    });
    let row = insert.one(&tenant.guard).await?;
    scope.note(entry("outbox.enqueue", &row));
    Ok(shown(row))
}

async fn of_pay_out(tenant: &Tenant, pay_out: PayOutId) -> Result<Option<OutboxRow>, Error> {
    let of_payout = StripeOutbox::KIND
        .eq(OutboxKind::Transfer)
        .and(StripeOutbox::PAY_OUT_ID.eq(pay_out));
    let select = Select::<StripeOutbox>::new().filter(of_payout);
    Ok(select.first(&tenant.guard).await?)
}

fn entry(event: &'static str, row: &OutboxRow) -> Entry {
    let data = json!({
        "kind": row.kind,
        "pay_out_id": row.pay_out_id,
        "status": row.status,
        "error": row.last_error,
    });
    Entry::new(event, format!("stripe_outbox/{}", row.id), data)
}

/// The job as its account sees it: without what is sent, the key and the lease.
fn shown(row: OutboxRow) -> OutboxJob {
    OutboxJob {
        id: row.id,
        kind: row.kind,
        pay_out_id: row.pay_out_id,
        status: row.status,
        attempts: row.attempts,
        due_at: row.due_at,
        last_error: row.last_error,
        response_id: row.response_id,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}
