//! Taking up a job: whose turn it is, under which lease, and whether there is still something to do.

use chrono::{DateTime, Utc};
use entity::{
    pay_out::PayOuts,
    stripe_outbox::{OutboxRow, StripeOutbox},
};
use entity_guard::{Select, Update};
use uuid::Uuid;

use super::{OutboxStatus, TransferRequest, WorkerOptions, settle};
use crate::{
    Error, OutboxJobId, PayOutId, Tenant,
    atomic::{Scope, atomic},
    pay_out::{self, PayOutStatus},
};

/// What was found when a job was to be taken up.
pub(super) enum Claim {
    /// No job of the account is due, or others are about those that are.
    Nothing,
    /// A job was closed without a call.
    Closed,
    /// A job, until its lease ends.
    Job(Job),
}

/// A job that was taken up.
pub(super) struct Job {
    pub(super) id: OutboxJobId,
    pub(super) lease: Uuid,
    pub(super) pay_out_id: PayOutId,
    pub(super) attempts: i32,
    /// Since when an earlier call may have had an effect.
    pub(super) sent_before: Option<DateTime<Utc>>,
    pub(super) request: TransferRequest,
}

/// Takes up the account's job that is due the longest and that nobody else is about.
pub(super) async fn next(tenant: &Tenant, options: &WorkerOptions) -> Result<Claim, Error> {
    atomic(tenant, move |scope| Box::pin(claimed(scope, options))).await
}

async fn claimed(scope: &Scope<'_>, options: &WorkerOptions) -> Result<Claim, Error> {
    let guard = &scope.tenant().guard;
    let now = Utc::now();
    // One that is under way is due when its lease ends: whoever had it is dead, or too slow.
    let due = Select::<StripeOutbox>::new()
        .filter(StripeOutbox::DUE_AT.le(Some(now)))
        .order_by(StripeOutbox::DUE_AT.asc())
        .for_update_skip_locked();
    let Some(row) = due.first(guard).await? else {
        return Ok(Claim::Nothing);
    };
    // Locked until the lease is saved, so that the payout can't be canceled between this look and the call.
    let payout = pay_out::get_for_update(scope.tenant(), row.pay_out_id).await?;
    if payout.status == PayOutStatus::Paid {
        settle::done(scope, row.id, payout.transfer).await?;
        return Ok(Claim::Closed);
    }
    if payout.status != PayOutStatus::Requested {
        let error = format!("pay_out_{}", payout.status.as_str());
        match row.sent_at {
            None => settle::failed(scope, row.id, error).await?,
            Some(_) => settle::dead(scope, row.id, error).await?,
        }
        return Ok(Claim::Closed);
    }
    if row.attempts >= options.max_attempts {
        settle::dead(scope, row.id, "attempts_exhausted".into()).await?;
        return Ok(Claim::Closed);
    }
    let (id, lease, sent_before) = (row.id, Uuid::new_v4(), row.sent_at);
    let (pay_out_id, attempts) = (row.pay_out_id, row.attempts.saturating_add(1));
    // Only what the payout says is sent, whatever the job says, which may come from an import.
    let of_payout = TransferRequest::of(scope.tenant().account(), &payout);
    let Some(request) = request_of(row).filter(|request| *request == of_payout) else {
        settle::dead(scope, id, "other_request".into()).await?;
        return Ok(Claim::Closed);
    };
    // Nor by a transaction that began to read before: it doesn't see the lease, and collides with this.
    let written = Update::<PayOuts>::new().anew();
    let written = written.filter(PayOuts::ID.eq(pay_out_id));
    written.execute(guard).await?;
    Update::<StripeOutbox>::new()
        .set(StripeOutbox::STATUS, OutboxStatus::Sending)
        .set(StripeOutbox::LEASE, Some(lease))
        .set(StripeOutbox::DUE_AT, Some(now + options.lease))
        .set(StripeOutbox::ATTEMPTS, attempts)
        .set(StripeOutbox::SENT_AT, sent_before.or(Some(now)))
        .filter(StripeOutbox::ID.eq(id))
        .execute(guard)
        .await?;
    Ok(Claim::Job(Job {
        id,
        lease,
        pay_out_id,
        attempts,
        sent_before,
        request,
    }))
}

fn request_of(row: OutboxRow) -> Option<TransferRequest> {
    TransferRequest::from_json(row.request, row.idempotency_key)
}
