//! Payouts: what is paid to a payee at once, in one currency.
//!
//! A payout takes all of a payee's open shares and clawbacks, so that each is paid once, whoever asks how often. It is a
//! transfer at Stripe, which the [outbox] makes, or the application itself: what became of it is recorded
//! here.

use entity::{
    account_payout_routes::AccountPayoutRoutes, pay_out::PayOuts,
    payment_share_tracking::PaymentShareTracking,
};
use entity_guard::{Insert, Predicate, Select, Update};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    Cursor, Error, Page, PayOutId, Reason, Tenant, account_agents, account_payment_settings,
    atomic::{Scope, atomic},
    check,
    journal::Entry,
    outbox,
    page::{self, List},
    payment_share_tracking::{CREATOR, PLATFORM, PaymentShare, ShareStatus, may_become, open},
    webhook,
};

pub use entity::{
    pay_out::{NewPayOut as RequestPayOut, PayOut},
    payment_enums::PayOutStatus,
};

/// Which payouts a list is about; all of the account's unless a field narrows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(default, deny_unknown_fields)]
pub struct ListPayOuts {
    /// Only to this payee.
    pub payee: Option<String>,
    /// Only with this status.
    pub status: Option<PayOutStatus>,
    /// How many on a page: 50 unless set, 1 to 500.
    pub limit: Option<i64>,
    /// Where the page begins: the `next` of the page before.
    pub cursor: Option<Cursor>,
}

/// Reserves all open shares of a payee in a currency for a payout of their sum, and returns it.
///
/// The same idempotency key with the same payee and currency gives the same payout again, as it stands by then
/// (<https://docs.stripe.com/api/idempotent_requests>). The account's own shares (payee `creator`) go to the connected
/// account of its settings, an agent's (payee `agent/…`) to the one that the agent gave when it accepted, another payee's to
/// that of the payee's newest route.
///
/// # Errors
/// [`Error::Invalid`] names the field; [`Error::Conflict`] when the key stands for another request; [`Error::Rejected`]
/// with [`Reason::InsufficientShares`] when nothing is owed, or less than the settings' minimum, with
/// [`Reason::NoConnectedAccount`] when it isn't known where to pay to.
pub async fn request(tenant: &Tenant, request: RequestPayOut) -> Result<PayOut, Error> {
    check::length("payee", &request.payee, 1..=255)?;
    check::length("idempotency_key", &request.idempotency_key, 1..=255)?;
    if request.payee == PLATFORM {
        return Err(Error::invalid("payee", "reserved"));
    }
    let wanted = &request;
    let requested = atomic(tenant, move |scope| Box::pin(requested(scope, wanted))).await;
    match requested {
        // Somebody with the same key was faster; its payout is there by now.
        Err(Error::Conflict | Error::Rejected(Reason::InsufficientShares)) => {
            match earlier(tenant, &request).await? {
                Some(payout) => Ok(payout),
                None => requested,
            }
        }
        other => other,
    }
}

/// The payout with this id.
///
/// # Errors
/// [`Error::NotFound`] when the account has none.
pub async fn get(tenant: &Tenant, id: PayOutId) -> Result<PayOut, Error> {
    let select = Select::<PayOuts>::new().filter(PayOuts::ID.eq(id));
    Ok(select.one(&tenant.guard).await?)
}

/// A page of payouts, the newest first; 50 unless asked for, at most 500.
///
/// # Errors
/// [`Error::Invalid`] names the field: a limit that isn't 1 to 500, a cursor that isn't of this list.
pub async fn list(tenant: &Tenant, list: &ListPayOuts) -> Result<Page<PayOut>, Error> {
    check::optional_length("payee", list.payee.as_ref(), 1..=255)?;
    let limit = page::page_size(list.limit)?;
    let after = page::after(list.cursor.as_ref(), List::PayOuts, PayOutId::from_uuid)?;
    let wanted = [
        list.payee.clone().map(|payee| PayOuts::PAYEE.eq(payee)),
        list.status.map(|status| PayOuts::STATUS.eq(status)),
    ];
    let payouts = Select::<PayOuts>::new()
        .filter(Predicate::all(wanted.into_iter().flatten()))
        .keyset((PayOuts::CREATED_AT, PayOuts::ID), true, after)
        .limit(limit + 1)
        .all(&tenant.guard)
        .await?;
    let place =
        |payout: &PayOut| Cursor::after(List::PayOuts, payout.created_at, payout.id.as_uuid());
    Ok(page::page(payouts, limit, place))
}

/// Records Stripe's transfer (`tr_…`) for a payout, whose shares are paid with it; recorded twice, it changes nothing.
///
/// # Errors
/// [`Error::NotFound`] when the account has none; [`Error::Invalid`] when the text is no transfer's id;
/// [`Error::Conflict`] when the payout has another transfer, or the transfer another payout; [`Error::Rejected`] with
/// [`Reason::IllegalTransition`] when the payout has failed or was canceled.
pub async fn record_transfer(
    tenant: &Tenant,
    id: PayOutId,
    transfer: &str,
) -> Result<PayOut, Error> {
    check::stripe_id("transfer", transfer, "tr_")?;
    atomic(tenant, move |scope| {
        Box::pin(async move {
            let payout = get_for_update(scope.tenant(), id).await?;
            if payout.status == PayOutStatus::Paid {
                return if payout.transfer.as_deref() == Some(transfer) {
                    Ok(payout)
                } else {
                    Err(Error::Conflict)
                };
            }
            let payout = paid(scope, &payout, transfer).await?;
            scope.note(entry("pay_out.record_transfer", &payout));
            webhook::payouts::catch_up(scope, payout).await
        })
    })
    .await
}

/// Records why a payout failed before its transfer was made; its shares are open again. One that has failed stays as it is.
///
/// # Errors
/// [`Error::NotFound`] when the account has none; [`Error::Invalid`] for a code that isn't 1 to 255 characters;
/// [`Error::Rejected`] with [`Reason::IllegalTransition`] when it is paid (see [`record_reversal`]) or was canceled, with
/// [`Reason::TransferUnderWay`] when the [outbox] may have made a transfer that isn't recorded yet.
pub async fn mark_failed(tenant: &Tenant, id: PayOutId, code: &str) -> Result<PayOut, Error> {
    check::length("code", code, 1..=255)?;
    atomic(tenant, move |scope| {
        Box::pin(async move {
            let payout = get_for_update(scope.tenant(), id).await?;
            match payout.status {
                PayOutStatus::Failed => return Ok(payout),
                // Its money has moved: its shares may not be paid once more.
                PayOutStatus::Paid => return Err(may_not_become(&payout, PayOutStatus::Failed)),
                PayOutStatus::Requested => outbox::nothing_sent(scope.tenant(), id).await?,
                PayOutStatus::Canceled => {}
            }
            fail(scope, &payout, code).await
        })
    })
    .await
}

/// Records why a payout's transfer (`tr_…`) was reversed as a whole: the payout has failed, and its shares are open again.
/// Recorded twice, it changes nothing.
///
/// Stripe's event says the same by itself, see [`crate::webhook`].
///
/// # Errors
/// [`Error::NotFound`] when the account has none; [`Error::Invalid`] when the text is no transfer's id, or for a code that
/// isn't 1 to 255 characters; [`Error::Conflict`] when the payout has another transfer or none; [`Error::Rejected`] with
/// [`Reason::IllegalTransition`] when it was canceled.
pub async fn record_reversal(
    tenant: &Tenant,
    id: PayOutId,
    transfer: &str,
    code: &str,
) -> Result<PayOut, Error> {
    check::stripe_id("transfer", transfer, "tr_")?;
    check::length("code", code, 1..=255)?;
    atomic(tenant, move |scope| {
        Box::pin(async move {
            let payout = get_for_update(scope.tenant(), id).await?;
            if payout.transfer.as_deref() != Some(transfer) {
                return Err(Error::Conflict);
            }
            if payout.status == PayOutStatus::Failed {
                return Ok(payout);
            }
            let payout = failed(scope, &payout, code, None).await?;
            scope.note(entry("pay_out.record_reversal", &payout).warning());
            Ok(payout)
        })
    })
    .await
}

/// Gives a payout up before its transfer was made; its shares are open again. One that was canceled stays as it is.
///
/// # Errors
/// [`Error::NotFound`] when the account has none; [`Error::Rejected`] with [`Reason::IllegalTransition`] when it is paid or
/// has failed, with [`Reason::TransferUnderWay`] when the [outbox] may have made its transfer.
pub async fn cancel(tenant: &Tenant, id: PayOutId) -> Result<PayOut, Error> {
    atomic(tenant, move |scope| {
        Box::pin(async move {
            let payout = get_for_update(scope.tenant(), id).await?;
            if payout.status == PayOutStatus::Canceled {
                return Ok(payout);
            }
            if payout.status == PayOutStatus::Requested {
                outbox::nothing_sent(scope.tenant(), id).await?;
            }
            let payout = transition(scope, &payout, PayOutStatus::Canceled, Update::new()).await?;
            reopen(scope, id).await?;
            scope.note(entry("pay_out.cancel", &payout));
            Ok(payout)
        })
    })
    .await
}

/// Takes a payout to paid by a transfer, and its shares with it.
pub(crate) async fn paid(
    scope: &Scope<'_>,
    payout: &PayOut,
    transfer: &str,
) -> Result<PayOut, Error> {
    let update = Update::new().set(PayOuts::TRANSFER, Some(transfer.to_owned()));
    let payout = transition(scope, payout, PayOutStatus::Paid, update).await?;
    let shares = Update::<PaymentShareTracking>::new()
        .set(PaymentShareTracking::STATUS, ShareStatus::Paid)
        .filter(
            PaymentShareTracking::PAY_OUT_ID
                .eq(Some(payout.id))
                .and(may_become(ShareStatus::Paid)),
        );
    shares.execute(&scope.tenant().guard).await?;
    Ok(payout)
}

/// Takes a payout to failed, and opens its shares again.
pub(crate) async fn failed(
    scope: &Scope<'_>,
    payout: &PayOut,
    code: &str,
    transfer: Option<&str>,
) -> Result<PayOut, Error> {
    let mut update = Update::new().set(PayOuts::FAILURE, Some(code.to_owned()));
    if let Some(transfer) = transfer {
        update = update.set(PayOuts::TRANSFER, Some(transfer.to_owned()));
    }
    let payout = transition(scope, payout, PayOutStatus::Failed, update).await?;
    reopen(scope, payout.id).await?;
    Ok(payout)
}

/// Keeps the transfer of a payout that had failed or was canceled, and whose money has moved all the same.
pub(crate) async fn moved_after_all(
    scope: &Scope<'_>,
    payout: &PayOut,
    transfer: &str,
) -> Result<PayOut, Error> {
    let update = Update::<PayOuts>::new().set(PayOuts::TRANSFER, Some(transfer.to_owned()));
    let one = update.filter(PayOuts::ID.eq(payout.id));
    Ok(one.one(&scope.tenant().guard).await?)
}

/// The payout of an earlier request with the same key.
async fn earlier(tenant: &Tenant, request: &RequestPayOut) -> Result<Option<PayOut>, Error> {
    let key = PayOuts::IDEMPOTENCY_KEY.eq(request.idempotency_key.clone());
    let found = Select::<PayOuts>::new()
        .filter(key)
        .first(&tenant.guard)
        .await?;
    match found {
        Some(payout) if payout.payee == request.payee && payout.currency == request.currency => {
            Ok(Some(payout))
        }
        Some(_) => Err(Error::Conflict),
        None => Ok(None),
    }
}

async fn requested(scope: &Scope<'_>, request: &RequestPayOut) -> Result<PayOut, Error> {
    let tenant = scope.tenant();
    if let Some(payout) = earlier(tenant, request).await? {
        return Ok(payout);
    }
    let settings = account_payment_settings::get(tenant).await?;
    let connected_account = if request.payee == CREATOR {
        settings.connected_account
    } else if request.payee.starts_with(account_agents::PAYEE) {
        account_agents::connected_account(tenant, &request.payee).await?
    } else {
        connected_account_of(tenant, &request.payee).await?
    };
    // Held in one order by all, so that two requests wait for each other and don't deadlock.
    let shares = Select::<PaymentShareTracking>::new()
        .filter(open(&request.payee, request.currency))
        .order_by(PaymentShareTracking::ID.asc())
        .for_update()
        .all(&tenant.guard)
        .await?;
    let owed: i128 = shares.iter().map(payable).sum();
    if owed < 1 || owed < i128::from(settings.minimum_payout) {
        return Err(Error::Rejected(Reason::InsufficientShares));
    }
    let amount = i64::try_from(owed).map_err(|_| Error::Rejected(Reason::TooMany))?;
    let connected_account = connected_account.ok_or(Error::Rejected(Reason::NoConnectedAccount))?;
    let insert = Insert::<PayOuts>::new(request.clone())
        .set(PayOuts::CONNECTED_ACCOUNT, connected_account)
        .set(PayOuts::AMOUNT, amount)
        .set(PayOuts::STATUS, PayOutStatus::Requested);
    let payout = insert.one(&tenant.guard).await?;
    let ids = shares.iter().map(|share| share.id);
    let reserved = Update::<PaymentShareTracking>::new()
        .set(PaymentShareTracking::STATUS, ShareStatus::Reserved)
        .set(PaymentShareTracking::PAY_OUT_ID, Some(payout.id))
        .filter(
            PaymentShareTracking::ID
                .is_in(ids)
                .and(may_become(ShareStatus::Reserved)),
        );
    if reserved.execute(&tenant.guard).await? != shares.len() as u64 {
        return Err(Error::Internal);
    }
    scope.note(entry("pay_out.request", &payout));
    Ok(payout)
}

fn payable(share: &PaymentShare) -> i128 {
    i128::from(share.amount) - i128::from(share.reversed)
}

async fn connected_account_of(tenant: &Tenant, payee: &str) -> Result<Option<String>, Error> {
    let newest = Select::<AccountPayoutRoutes>::new()
        .filter(AccountPayoutRoutes::PAYEE.eq(payee.to_owned()))
        .order_by(AccountPayoutRoutes::ACTIVE.desc())
        .order_by(AccountPayoutRoutes::ID.desc());
    Ok(newest
        .first(&tenant.guard)
        .await?
        .map(|route| route.connected_account))
}

/// Fails a payout whose row is locked; its shares are open again.
pub(crate) async fn fail(scope: &Scope<'_>, payout: &PayOut, code: &str) -> Result<PayOut, Error> {
    let payout = failed(scope, payout, code, None).await?;
    scope.note(entry("pay_out.mark_failed", &payout).warning());
    Ok(payout)
}

/// The payout, locked until the transaction ends.
pub(crate) async fn get_for_update(tenant: &Tenant, id: PayOutId) -> Result<PayOut, Error> {
    let select = Select::<PayOuts>::new()
        .filter(PayOuts::ID.eq(id))
        .for_update();
    Ok(select.one(&tenant.guard).await?)
}

async fn transition(
    scope: &Scope<'_>,
    payout: &PayOut,
    to: PayOutStatus,
    update: Update<PayOuts>,
) -> Result<PayOut, Error> {
    if !payout.status.may_become(to) {
        return Err(may_not_become(payout, to));
    }
    let update = update
        .set(PayOuts::STATUS, to)
        .filter(PayOuts::ID.eq(payout.id));
    Ok(update.one(&scope.tenant().guard).await?)
}

fn may_not_become(payout: &PayOut, to: PayOutStatus) -> Error {
    Error::Rejected(Reason::IllegalTransition {
        from: payout.status.as_str(),
        to: to.as_str(),
    })
}

async fn reopen(scope: &Scope<'_>, id: PayOutId) -> Result<(), Error> {
    let shares = Update::<PaymentShareTracking>::new()
        .set(PaymentShareTracking::STATUS, ShareStatus::Open)
        .set(PaymentShareTracking::PAY_OUT_ID, None)
        .filter(
            PaymentShareTracking::PAY_OUT_ID
                .eq(Some(id))
                .and(may_become(ShareStatus::Open)),
        );
    shares.execute(&scope.tenant().guard).await?;
    Ok(())
}

pub(crate) fn entry(event: &'static str, payout: &PayOut) -> Entry {
    let data = json!({
        "status": payout.status,
        "amount": payout.amount,
        "currency": payout.currency,
    });
    Entry::new(event, format!("pay_out/{}", payout.id), data)
}
