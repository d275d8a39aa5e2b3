//! The parts of payments: whose they are, and whether they were paid out.
//!
//! A payment that succeeded is split once: the fee is the platform's, and what is left is split by the routes and the
//! agents that are active then, to the unit (largest remainder, ties to the lower position, routes before agents); what
//! they leave is the account's own. What
//! goes back to the buyer is taken from all parts in proportion, to the unit: from an open one directly, and for one that
//! a payout holds or has paid by a clawback, a negative share that the payee's next payout nets. A dispute that is won gives
//! back what it took, in the same ways.
//!
//! The payee `creator` stands for the account itself, `platform` for the platform, whose shares are never paid out.

use entity::payment_share_tracking::PaymentShareTracking;
use entity_guard::{Insert, InsertMany, Predicate, Select, Update, count as rows};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    Currency, Cursor, Error, Page, PaymentShareId, Reason, StripePaymentId, Tenant,
    account_agents::{self, AgentStatus},
    account_payout_routes,
    atomic::{Scope, atomic},
    check,
    journal::Entry,
    money::split,
    page::{self, List},
    stripe_payments::{self, PaymentStatus, StripePayment},
    whole,
};

pub use entity::{
    payment_enums::{PayeeRole, ShareKind, ShareStatus},
    payment_share_tracking::{NewPaymentShare, PaymentShare},
};

/// The payee that stands for the account itself.
pub(crate) const CREATOR: &str = "creator";
/// The payee that stands for the platform; its shares are never paid out, the platform has them already.
pub(crate) const PLATFORM: &str = "platform";

/// Which open shares a list is about.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct ListOpenShares {
    /// Whose.
    pub payee: String,
    /// In which currency.
    pub currency: Currency,
    /// How many on a page: 50 unless set, 1 to 500.
    #[serde(default)]
    pub limit: Option<i64>,
    /// Where the page begins: the `next` of the page before.
    #[serde(default)]
    pub cursor: Option<Cursor>,
}

/// What a payee is owed in one currency, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct OpenBalance {
    /// The currency.
    pub currency: Currency,
    /// How many open shares and clawbacks.
    pub shares: u64,
    /// Their exact sum; less than 0 when more is to be taken back than is owed.
    pub amount: i128,
}

/// Splits a payment that succeeded, and returns its shares: the platform's, then by position, then the account's own.
///
/// A payment is split once: later calls return the same shares, as they stand by then. What had gone back to the buyer
/// before is taken from the new shares at once. Parts of 0 units are left out.
///
/// # Errors
/// [`Error::NotFound`] when the account has no such payment; [`Error::Rejected`] with [`Reason::IllegalTransition`] when
/// it has not succeeded.
pub async fn distribute(
    tenant: &Tenant,
    payment: StripePaymentId,
) -> Result<Vec<PaymentShare>, Error> {
    atomic(tenant, move |scope| {
        Box::pin(async move {
            let inside = scope.tenant();
            let payment = stripe_payments::get_for_update(inside, payment).await?;
            if payment.status != PaymentStatus::Succeeded {
                return Err(Error::Rejected(Reason::IllegalTransition {
                    from: payment.status.as_str(),
                    to: "distributed",
                }));
            }
            let earlier = list_by_payment(inside, payment.id).await?;
            if !earlier.is_empty() {
                return Ok(earlier);
            }
            // Locked and not written, it would let a transaction that began to read before go by the shares that it saw: a
            // refund would be taken from none.
            stripe_payments::write_anew(inside, payment.id).await?;
            whole::lock_for_reading(scope).await?;
            let parts = parts(inside, &payment).await?;
            let shares = InsertMany::<PaymentShareTracking>::new(parts)
                .set(PaymentShareTracking::REVERSED, 0)
                .set(PaymentShareTracking::CLAWED_BACK, 0)
                .set(PaymentShareTracking::STATUS, ShareStatus::Open);
            let shares = shares.all(&inside.guard).await?;
            let split: Vec<_> = shares
                .iter()
                .map(|share| json!([share.role, share.amount]))
                .collect();
            let data = json!({ "currency": payment.currency, "split": split });
            let subject = format!("stripe_payments/{}", payment.id);
            scope.note(Entry::new(
                "payment_share_tracking.distribute",
                subject,
                data,
            ));
            take_back(scope, &payment).await?;
            list_by_payment(inside, payment.id).await
        })
    })
    .await
}

/// All shares and clawbacks of a payment, the earliest first; none when it was not split.
///
/// # Errors
/// [`Error::NotFound`] when the account has no such payment.
pub async fn list_by_payment(
    tenant: &Tenant,
    payment: StripePaymentId,
) -> Result<Vec<PaymentShare>, Error> {
    tenant.not_alone();
    let shares = Select::<PaymentShareTracking>::new()
        .filter(PaymentShareTracking::PAYMENT_ID.eq(payment))
        .order_by(PaymentShareTracking::ID.asc())
        .all(&tenant.guard)
        .await?;
    if shares.is_empty() {
        stripe_payments::get(tenant, payment).await?;
    }
    Ok(shares)
}

/// A page of the shares that a payee's next payout in a currency is made of, the earliest first, each with its payment's
/// id; 50 unless asked for, at most 500.
///
/// # Errors
/// [`Error::Invalid`] names the field: a payee that isn't 1 to 255 characters, a limit that isn't 1 to 500, a cursor that
/// isn't of this list.
pub async fn list_open(
    tenant: &Tenant,
    list: &ListOpenShares,
) -> Result<Page<PaymentShare>, Error> {
    check::length("payee", &list.payee, 1..=255)?;
    let limit = page::page_size(list.limit)?;
    let after = page::after(
        list.cursor.as_ref(),
        List::OpenShares,
        PaymentShareId::from_uuid,
    )?;
    let key = (PaymentShareTracking::CREATED_AT, PaymentShareTracking::ID);
    let shares = Select::<PaymentShareTracking>::new()
        .filter(open(&list.payee, list.currency))
        .keyset(key, false, after)
        .limit(limit + 1)
        .all(&tenant.guard)
        .await?;
    let place = |share: &PaymentShare| {
        Cursor::after(List::OpenShares, share.created_at, share.id.as_uuid())
    };
    Ok(page::page(shares, limit, place))
}

/// What a payee's open shares and clawbacks come to, one balance per currency, sorted by its code.
///
/// # Errors
/// [`Error::Invalid`] for a payee that isn't 1 to 255 characters.
pub async fn open_balance(tenant: &Tenant, payee: &str) -> Result<Vec<OpenBalance>, Error> {
    check::length("payee", payee, 1..=255)?;
    let open = PaymentShareTracking::PAYEE
        .eq(payee.to_owned())
        .and(PaymentShareTracking::STATUS.eq(ShareStatus::Open));
    balances(tenant, open).await
}

/// What the account owes to all but the platform, one sum per currency.
pub(crate) async fn owed(tenant: &Tenant) -> Result<Vec<OpenBalance>, Error> {
    let owed = PaymentShareTracking::PAYEE
        .ne(PLATFORM.to_owned())
        .and(PaymentShareTracking::STATUS.eq(ShareStatus::Open));
    balances(tenant, owed).await
}

async fn balances(
    tenant: &Tenant,
    which: Predicate<PaymentShareTracking>,
) -> Result<Vec<OpenBalance>, Error> {
    let sums = (
        rows(),
        PaymentShareTracking::AMOUNT.sum(),
        PaymentShareTracking::REVERSED.sum(),
    );
    let groups = Select::<PaymentShareTracking>::new()
        .filter(which)
        .group_by(PaymentShareTracking::CURRENCY, sums, &tenant.guard)
        .await?;
    let balance = |(currency, (shares, amount, reversed))| OpenBalance {
        currency,
        shares,
        amount: amount - reversed,
    };
    Ok(groups.into_iter().map(balance).collect())
}

/// Records what disputes have withdrawn from a payment *in total* so far, takes it back from the payment's shares, and
/// returns them all.
///
/// A refund does the same by itself ([`stripe_payments::refund`]). Being a total and not a step, it can be recorded twice,
/// and a smaller one than is stored comes late and changes nothing.
///
/// # Errors
/// [`Error::NotFound`] when the account has no such payment; [`Error::Invalid`] for a total under 1; [`Error::Rejected`]
/// with [`Reason::RefundExceedsPayment`] when with the refunds it is more than the amount, with
/// [`Reason::IllegalTransition`] when the payment has not succeeded.
pub async fn reverse(
    tenant: &Tenant,
    payment: StripePaymentId,
    total: i64,
) -> Result<Vec<PaymentShare>, Error> {
    atomic(tenant, move |scope| {
        Box::pin(async move {
            let payment = stripe_payments::record_dispute(scope, payment, total).await?;
            take_back(scope, &payment).await?;
            list_by_payment(scope.tenant(), payment.id).await
        })
    })
    .await
}

/// Open shares and clawbacks of a payee in a currency.
pub(crate) fn open(payee: &str, currency: Currency) -> Predicate<PaymentShareTracking> {
    Predicate::all([
        PaymentShareTracking::PAYEE.eq(payee.to_owned()),
        PaymentShareTracking::CURRENCY.eq(currency),
        PaymentShareTracking::STATUS.eq(ShareStatus::Open),
    ])
}

/// Shares that may go to this status.
pub(crate) fn may_become(status: ShareStatus) -> Predicate<PaymentShareTracking> {
    let from = ShareStatus::ALL.iter().copied();
    PaymentShareTracking::STATUS.is_in(from.filter(|from| from.may_become(status)))
}

/// The fee first, then the rest by basis points: routes by their position, agents from the earliest, the account's own.
async fn parts(tenant: &Tenant, payment: &StripePayment) -> Result<Vec<NewPaymentShare>, Error> {
    let routes = account_payout_routes::list(tenant, true).await?;
    let agents = account_agents::live(tenant).await?;
    let routed = routes
        .into_iter()
        .map(|route| (route.role, route.payee, route.share_bp));
    let active = agents
        .into_iter()
        .filter(|agent| agent.status == AgentStatus::Active);
    let commissions = active.filter_map(|agent| {
        let payee = agent.agent_account.map(account_agents::payee)?;
        Some((agent.role, payee, agent.commission_bp))
    });
    let taken: Vec<_> = routed.chain(commissions).collect();
    let mut weights: Vec<i64> = taken.iter().map(|(.., bp)| i64::from(*bp)).collect();
    weights.push(whole::ALL - weights.iter().sum::<i64>());
    let amounts = split(payment.amount - payment.fee, &weights).ok_or(Error::Internal)?;
    let taken = taken.into_iter().map(|(role, payee, _)| (role, payee));
    let own = std::iter::once((PayeeRole::Creator, CREATOR.to_owned()));
    let fee = ((PayeeRole::Platform, PLATFORM.to_owned()), payment.fee);
    let share = |((role, payee), amount)| NewPaymentShare {
        payment_id: payment.id,
        kind: ShareKind::Share,
        role,
        payee,
        currency: payment.currency,
        amount,
    };
    let all = std::iter::once(fee).chain(taken.chain(own).zip(amounts));
    Ok(all.filter(|(_, amount)| *amount > 0).map(share).collect())
}

/// What a payee gets of a payment.
pub(crate) struct PartOf {
    pub(crate) currency: Currency,
    pub(crate) amount: i64,
    pub(crate) taken_back: i64,
    /// Whether the payment is split already; else it is what the payee would get now.
    pub(crate) distributed: bool,
}

/// A payee's part of a payment, as it was split or would be now.
pub(crate) async fn part_of(
    tenant: &Tenant,
    payment: StripePaymentId,
    payee: &str,
) -> Result<PartOf, Error> {
    tenant.not_alone();
    let payment = stripe_payments::get(tenant, payment).await?;
    let shares = list_by_payment(tenant, payment.id).await?;
    let (amount, taken_back) = if shares.is_empty() {
        let parts = parts(tenant, &payment).await?;
        let own = parts.into_iter().find(|part| part.payee == payee);
        (own.map_or(0, |part| part.amount), 0)
    } else {
        let own = |share: &&PaymentShare| share.kind == ShareKind::Share && share.payee == payee;
        shares.iter().find(own).map_or((0, 0), |share| {
            (share.amount, share.reversed + share.clawed_back)
        })
    };
    Ok(PartOf {
        currency: payment.currency,
        amount,
        taken_back,
        distributed: !shares.is_empty(),
    })
}

/// Brings the shares of a payment, which the caller holds, in line with what went back to the buyer.
pub(crate) async fn take_back(scope: &Scope<'_>, payment: &StripePayment) -> Result<(), Error> {
    let guard = &scope.tenant().guard;
    let of_payment = PaymentShareTracking::PAYMENT_ID
        .eq(payment.id)
        .and(PaymentShareTracking::KIND.eq(ShareKind::Share));
    let shares = Select::<PaymentShareTracking>::new()
        .filter(of_payment)
        .order_by(PaymentShareTracking::ID.asc())
        .for_update()
        .all(guard)
        .await?;
    let left: Vec<i64> = shares
        .iter()
        .map(|s| s.amount - s.reversed - s.clawed_back)
        .collect();
    let taken: i64 = payment.amount - left.iter().sum::<i64>();
    let due = payment.refunded + payment.disputed - taken;
    if shares.is_empty() || due == 0 {
        return Ok(());
    }
    let (amounts, what) = if due > 0 {
        (split(due, &left), "taken_back")
    } else {
        let taken = shares.iter().map(|s| s.reversed + s.clawed_back);
        (split(-due, &taken.collect::<Vec<_>>()), "given_back")
    };
    let amounts = amounts.ok_or(Error::Internal)?;
    let mut moved = Vec::new();
    for (share, amount) in shares.iter().zip(amounts).filter(|(_, amount)| *amount > 0) {
        if due > 0 {
            take(scope.tenant(), share, amount).await?;
        } else {
            give(scope.tenant(), share, amount).await?;
        }
        moved.push(json!([share.role, amount]));
    }
    let data = json!({ "currency": payment.currency, what: moved });
    let subject = format!("stripe_payments/{}", payment.id);
    scope.note(Entry::new("payment_share_tracking.reverse", subject, data));
    Ok(())
}

/// Takes from an open share directly, from another one by a clawback.
async fn take(tenant: &Tenant, share: &PaymentShare, amount: i64) -> Result<(), Error> {
    let update = Update::<PaymentShareTracking>::new();
    let update = if share.status == ShareStatus::Open {
        let all = share.reversed + amount == share.amount;
        let status = if all {
            ShareStatus::Reversed
        } else {
            ShareStatus::Open
        };
        update
            .increase(PaymentShareTracking::REVERSED, amount)
            .set(PaymentShareTracking::STATUS, status)
    } else {
        claw_back(tenant, share, amount).await?;
        update.increase(PaymentShareTracking::CLAWED_BACK, amount)
    };
    let one = update.filter(PaymentShareTracking::ID.eq(share.id));
    one.one(&tenant.guard).await?;
    Ok(())
}

/// Gives back what was taken: to a share that no payout holds directly, as far as it was taken so; the rest by a clawback's
/// opposite, which the payee's next payout pays.
async fn give(tenant: &Tenant, share: &PaymentShare, amount: i64) -> Result<(), Error> {
    let held = matches!(share.status, ShareStatus::Reserved | ShareStatus::Paid);
    let directly = if held { 0 } else { amount.min(share.reversed) };
    let mut update = Update::<PaymentShareTracking>::new();
    if directly > 0 {
        update = update
            .increase(PaymentShareTracking::REVERSED, -directly)
            .set(PaymentShareTracking::STATUS, ShareStatus::Open);
    }
    if amount > directly {
        claw_back(tenant, share, directly - amount).await?;
        update = update.increase(PaymentShareTracking::CLAWED_BACK, directly - amount);
    }
    let one = update.filter(PaymentShareTracking::ID.eq(share.id));
    one.one(&tenant.guard).await?;
    Ok(())
}

/// A negative share that takes `amount` back; less than 0 gives it back.
async fn claw_back(tenant: &Tenant, share: &PaymentShare, amount: i64) -> Result<(), Error> {
    let clawback = NewPaymentShare {
        payment_id: share.payment_id,
        kind: ShareKind::Clawback,
        role: share.role,
        payee: share.payee.clone(),
        currency: share.currency,
        amount: -amount,
    };
    let insert = Insert::<PaymentShareTracking>::new(clawback)
        .set(PaymentShareTracking::REVERSED, 0)
        .set(PaymentShareTracking::CLAWED_BACK, 0)
        .set(PaymentShareTracking::STATUS, ShareStatus::Open);
    insert.one(&tenant.guard).await?;
    Ok(())
}
