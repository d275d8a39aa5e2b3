//! What became of a job, recorded in one transaction with what it means for the payout.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use chrono::Utc;
use entity::stripe_outbox::StripeOutbox;
use entity_guard::{Select, Update};

use super::{OutboxStatus, WorkerOptions, claim::Job, entry};
use crate::{
    Error, OutboxJobId, Reason, Tenant,
    atomic::{self, Scope, atomic},
    pay_out::{self, PayOutStatus},
};

/// What came of a call.
#[derive(Clone)]
pub(super) enum Outcome {
    /// Stripe has made the transfer.
    Made(String),
    /// Stripe has refused it for good.
    Refused(String),
    /// To be tried again, because of this; whether a call may have had an effect.
    Again { error: String, sent: bool },
    /// A person has to look at it.
    Dead(String),
}

/// Records what came of a job, unless its lease was lost to somebody else, who will learn it by asking.
pub(super) async fn settle(
    tenant: &Tenant,
    job: &Job,
    outcome: Outcome,
    options: &WorkerOptions,
) -> Result<(), Error> {
    let mut pauses = atomic::pauses();
    let mut outcome = outcome;
    loop {
        let found = &outcome;
        let saved = atomic(tenant, move |scope| {
            Box::pin(recorded(scope, job, found, options))
        });
        match saved.await {
            Ok(()) => return Ok(()),
            // The transfer is another payout's, or the payout has another one.
            Err(Error::Conflict) => outcome = Outcome::Dead("other_transfer".into()),
            // Recorded already, it is not recorded again: the lease is gone then.
            Err(error) if error.is_retryable() || error == Error::CommitUnknown => {
                match pauses.next() {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => return Err(error),
                }
            }
            Err(error) => return Err(error),
        }
    }
}

async fn recorded(
    scope: &Scope<'_>,
    job: &Job,
    outcome: &Outcome,
    options: &WorkerOptions,
) -> Result<(), Error> {
    if !holds(scope, job).await? {
        tracing::info!(job = %job.id, "the lease of a call to Stripe ran out before its outcome was recorded");
        return Ok(());
    }
    match outcome.clone() {
        Outcome::Made(transfer) => made(scope, job, transfer).await,
        Outcome::Refused(error) => refused(scope, job, error).await,
        Outcome::Again { error, sent } => again(scope, job, error, sent, options).await,
        Outcome::Dead(error) => dead(scope, job.id, error).await,
    }
}

/// Whether the job's lease is still this one; the job is locked then.
async fn holds(scope: &Scope<'_>, job: &Job) -> Result<bool, Error> {
    let leased = Select::<StripeOutbox>::new()
        .filter(
            StripeOutbox::ID
                .eq(job.id)
                .and(StripeOutbox::LEASE.eq(Some(job.lease))),
        )
        .for_update();
    Ok(leased.first(&scope.tenant().guard).await?.is_some())
}

async fn again(
    scope: &Scope<'_>,
    job: &Job,
    error: String,
    sent: bool,
    options: &WorkerOptions,
) -> Result<(), Error> {
    // Taken up, it counted as sent, in case that the worker dies: where nothing was done, it is as before.
    let sent_at = job.sent_before.or_else(|| sent.then(Utc::now));
    if job.attempts >= options.max_attempts {
        let update = closing(OutboxStatus::Dead).set(StripeOutbox::SENT_AT, sent_at);
        return give_up(scope, job.id, error, update).await;
    }
    let status = match sent_at {
        Some(_) => OutboxStatus::Unknown,
        None => OutboxStatus::Ready,
    };
    let due_at = Utc::now() + pause(options, job.attempts);
    let update = Update::<StripeOutbox>::new()
        .set(StripeOutbox::STATUS, status)
        .set(StripeOutbox::LEASE, None)
        .set(StripeOutbox::DUE_AT, Some(due_at))
        .set(StripeOutbox::SENT_AT, sent_at)
        .set(StripeOutbox::LAST_ERROR, Some(error))
        .filter(StripeOutbox::ID.eq(job.id));
    update.execute(&scope.tenant().guard).await?;
    Ok(())
}

async fn made(scope: &Scope<'_>, job: &Job, transfer: String) -> Result<(), Error> {
    match pay_out::record_transfer(scope.tenant(), job.pay_out_id, &transfer).await {
        Ok(_) => done(scope, job.id, Some(transfer)).await,
        Err(Error::Invalid { .. }) => dead(scope, job.id, "not_a_transfer".into()).await,
        Err(Error::Rejected(Reason::IllegalTransition { from, .. })) => {
            let payout = pay_out::get(scope.tenant(), job.pay_out_id).await?;
            if payout.transfer.as_ref() == Some(&transfer) {
                // Recorded and reversed meanwhile.
                return done(scope, job.id, Some(transfer)).await;
            }
            dead(scope, job.id, format!("pay_out_{from}")).await
        }
        Err(error) => Err(error),
    }
}

async fn refused(scope: &Scope<'_>, job: &Job, error: String) -> Result<(), Error> {
    let payout = pay_out::get_for_update(scope.tenant(), job.pay_out_id).await?;
    match payout.status {
        PayOutStatus::Requested => {
            pay_out::fail(scope, &payout, &error).await?;
            failed(scope, job.id, error).await
        }
        // An event of Stripe's was faster, and knows of a transfer.
        PayOutStatus::Paid => done(scope, job.id, payout.transfer).await,
        PayOutStatus::Failed | PayOutStatus::Canceled => failed(scope, job.id, error).await,
    }
}

pub(super) async fn done(
    scope: &Scope<'_>,
    id: OutboxJobId,
    transfer: Option<String>,
) -> Result<(), Error> {
    let update = closing(OutboxStatus::Done)
        .set(StripeOutbox::LAST_ERROR, None)
        .set(StripeOutbox::RESPONSE_ID, transfer)
        .filter(StripeOutbox::ID.eq(id));
    update.execute(&scope.tenant().guard).await?;
    Ok(())
}

pub(super) async fn failed(scope: &Scope<'_>, id: OutboxJobId, error: String) -> Result<(), Error> {
    let update = closing(OutboxStatus::Failed)
        .set(StripeOutbox::LAST_ERROR, Some(error))
        .filter(StripeOutbox::ID.eq(id));
    update.execute(&scope.tenant().guard).await?;
    Ok(())
}

pub(super) async fn dead(scope: &Scope<'_>, id: OutboxJobId, error: String) -> Result<(), Error> {
    give_up(scope, id, error, closing(OutboxStatus::Dead)).await
}

async fn give_up(
    scope: &Scope<'_>,
    id: OutboxJobId,
    error: String,
    update: Update<StripeOutbox>,
) -> Result<(), Error> {
    tracing::warn!(job = %id, error, "a call to Stripe needs somebody to look at it");
    let update = update
        .set(StripeOutbox::LAST_ERROR, Some(error))
        .filter(StripeOutbox::ID.eq(id));
    let row = update.one(&scope.tenant().guard).await?;
    scope.note(entry("outbox.run", &row).warning());
    Ok(())
}

fn closing(status: OutboxStatus) -> Update<StripeOutbox> {
    Update::new()
        .set(StripeOutbox::STATUS, status)
        .set(StripeOutbox::LEASE, None)
        .set(StripeOutbox::DUE_AT, None)
}

/// How long a job waits after so many tries: twice as long each time, and up to as much again by chance.
fn pause(options: &WorkerOptions, attempts: i32) -> Duration {
    let before = usize::try_from(attempts.saturating_sub(1)).unwrap_or(0);
    let mut pauses = ExponentialBuilder::default()
        .with_jitter()
        .with_min_delay(options.first_pause)
        .with_max_delay(options.longest_pause)
        .with_max_times(before.saturating_add(1))
        .build();
    pauses.nth(before).unwrap_or(options.longest_pause)
}
