//! Payments by buyers, as Stripe carries them out.
//!
//! Amounts are in minor units, with their currency beside them. A payment is never deleted: its row is what an account's
//! books, refunds and disputes refer to, and what law wants kept; what is no longer wanted is canceled.

mod change;
mod many;

use chrono::{DateTime, Utc};
use entity::stripe_payments::StripePayments;
use entity_guard::{Insert, Predicate, Select, Update, count as rows};
use futures_util::{Stream, TryStreamExt, stream as streams};
use serde::{Deserialize, Serialize};

use crate::{
    Currency, Cursor, Error, Page, StripePaymentId, Tenant,
    atomic::atomic,
    check,
    page::{self, List},
    payment_share_tracking, webhook,
};
use change::{Back, entry, gone_back, transition};

pub(crate) use change::{get_for_update, record_dispute, write_anew};
pub use entity::{
    payment_enums::{PayFor, PaymentStatus},
    stripe_payments::{NewStripePayment, StripePayment, StripePaymentPatch},
};

/// Which payments a list, a count or a total is about; all of the account's unless a field narrows it.
///
/// Flat, so that axum's and actix's `Query` can read it from a URL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(default, deny_unknown_fields)]
pub struct ListStripePayments {
    /// Only with this status.
    pub status: Option<PaymentStatus>,
    /// Only for this kind of thing.
    pub pay_for: Option<PayFor>,
    /// Only for this thing.
    pub pay_for_id: Option<String>,
    /// Only by this buyer.
    pub buyer: Option<String>,
    /// Only made at this time or later.
    pub created_from: Option<DateTime<Utc>>,
    /// Only made before this time.
    pub created_before: Option<DateTime<Utc>>,
    /// Newest first unless set.
    pub order: Option<StripePaymentOrder>,
    /// How many on a page: 50 unless set, 1 to 500.
    pub limit: Option<i64>,
    /// Where the page begins: the `next` of the page before.
    pub cursor: Option<Cursor>,
}

/// The order of a list of payments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum StripePaymentOrder {
    /// By the time they were made, the latest first.
    #[default]
    Newest,
    /// By the time they were made, the earliest first.
    Oldest,
}

/// Exact sums over payments of one currency, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CurrencyTotal {
    /// The currency.
    pub currency: Currency,
    /// How many payments.
    pub payments: u64,
    /// What buyers paid, or were asked to pay.
    pub amount: i128,
    /// The platform's part.
    pub fee: i128,
    /// What went back to buyers.
    pub refunded: i128,
}

/// Adds a payment in the status `requires_payment_method`, and returns it as stored: with what Stripe has told of its
/// payment intent before, if anything.
///
/// [`webhook::metadata`] says what to put into the payment intent's metadata at Stripe.
///
/// # Errors
/// [`Error::Invalid`] names the field that is out of its bounds, as [`NewStripePayment`] states them;
/// [`Error::Conflict`] when the account has a payment with that payment intent; [`Error::Rejected`] when there is no such
/// account.
pub async fn create(tenant: &Tenant, new: NewStripePayment) -> Result<StripePayment, Error> {
    check_new(&new)?;
    let new = &new;
    atomic(tenant, move |scope| {
        Box::pin(async move {
            let insert = Insert::<StripePayments>::new(new.clone())
                .set(StripePayments::STATUS, PaymentStatus::RequiresPaymentMethod)
                .set(StripePayments::REFUNDED, 0)
                .set(StripePayments::DISPUTED, 0);
            let payment = insert.one(&scope.tenant().guard).await?;
            scope.note(entry("stripe_payments.create", &payment));
            if payment.payment_intent.is_some() {
                return webhook::payments::catch_up(scope, payment).await;
            }
            Ok(payment)
        })
    })
    .await
}

/// Adds payments as [`create`] does, all or none, and returns how many.
///
/// They are taken one by one and held in memory 500 at a time, however many there are. The log gets one entry that tells
/// their number and sums. Names of payment intents come later, by [`update`]: what Stripe has told of each
/// before has to be looked for under a lock, of which a server has too few for very many.
///
/// # Errors
/// [`Error::Invalid`] names the field that is out of its bounds, as [`NewStripePayment`] states them, or `payment_intent`
/// when it is given; [`Error::Rejected`] when there is no such account.
pub async fn create_many(
    tenant: &Tenant,
    payments: impl IntoIterator<Item = NewStripePayment, IntoIter: Send>,
) -> Result<u64, Error> {
    many::create_many(tenant, payments.into_iter()).await
}

/// The payment with this id.
///
/// # Errors
/// [`Error::NotFound`] when the account has none.
pub async fn get(tenant: &Tenant, id: StripePaymentId) -> Result<StripePayment, Error> {
    let select = Select::<StripePayments>::new().filter(StripePayments::ID.eq(id));
    Ok(select.one(tenant.alone().await?).await?)
}

/// The payment with this payment intent (`pi_…`), if the account has one.
///
/// # Errors
/// [`Error::Invalid`] when the text is no payment intent's id.
pub async fn find_by_payment_intent(
    tenant: &Tenant,
    payment_intent: &str,
) -> Result<Option<StripePayment>, Error> {
    check::stripe_id("payment_intent", payment_intent, "pi_")?;
    let intent = StripePayments::PAYMENT_INTENT.eq(Some(payment_intent.to_owned()));
    let select = Select::<StripePayments>::new().filter(intent);
    Ok(select.first(tenant.alone().await?).await?)
}

/// A page of payments, newest first unless asked for otherwise; 50 unless asked for, at most 500.
///
/// # Errors
/// [`Error::Invalid`] names the field: a limit that isn't 1 to 500, a cursor that isn't of this list and order.
pub async fn list(
    tenant: &Tenant,
    list: &ListStripePayments,
) -> Result<Page<StripePayment>, Error> {
    page_of(tenant.alone().await?, list).await
}

async fn page_of(
    guard: &entity_guard::Tenant,
    list: &ListStripePayments,
) -> Result<Page<StripePayment>, Error> {
    let limit = page::page_size(list.limit)?;
    let (of, newest) = match list.order.unwrap_or_default() {
        StripePaymentOrder::Newest => (List::StripePaymentsNewest, true),
        StripePaymentOrder::Oldest => (List::StripePaymentsOldest, false),
    };
    let after = page::after(list.cursor.as_ref(), of, StripePaymentId::from_uuid)?;
    let rows = Select::<StripePayments>::new()
        .filter(matching(list)?)
        .keyset(
            (StripePayments::CREATED_AT, StripePayments::ID),
            newest,
            after,
        )
        .limit(limit + 1)
        .all(guard)
        .await?;
    let place = |row: &StripePayment| Cursor::after(of, row.created_at, row.id.as_uuid());
    Ok(page::page(rows, limit, place))
}

/// All matching payments in the list's order, read page by page as they are consumed, in constant memory.
///
/// Each page is a statement of its own: a payment that is made meanwhile may be among them. Inside a transaction at
/// `RepeatableRead` all pages see one snapshot. The list's limit is the size of a page; 500 unless set.
///
/// # Errors
/// As [`list`], as an item; the stream ends after it.
pub fn stream<'t>(
    tenant: &'t Tenant,
    list: &ListStripePayments,
) -> impl Stream<Item = Result<StripePayment, Error>> + Send + use<'t> {
    let mut first = list.clone();
    first.limit = first.limit.or(Some(500));
    let pages = streams::try_unfold(Some(first), async move |next| {
        let Some(mut request) = next else {
            return Ok::<_, Error>(None);
        };
        let page = page_of(&tenant.guard, &request).await?;
        let following = page.next.map(|cursor| {
            request.cursor = Some(cursor);
            request
        });
        Ok(Some((
            streams::iter(page.items.into_iter().map(Ok)),
            following,
        )))
    });
    pages.try_flatten()
}

/// How many payments match; the list's order, limit and cursor are not looked at.
///
/// # Errors
/// [`Error::Invalid`] names a field that can't be searched for.
pub async fn count(tenant: &Tenant, list: &ListStripePayments) -> Result<u64, Error> {
    let select = Select::<StripePayments>::new().filter(matching(list)?);
    Ok(select.count(tenant.alone().await?).await?)
}

/// The exact sums over matching payments, one per currency, sorted by its code; the list's order, limit and cursor are not
/// looked at.
///
/// # Errors
/// [`Error::Invalid`] names a field that can't be searched for.
pub async fn totals(
    tenant: &Tenant,
    list: &ListStripePayments,
) -> Result<Vec<CurrencyTotal>, Error> {
    let sums = (
        rows(),
        StripePayments::AMOUNT.sum(),
        StripePayments::FEE.sum(),
        StripePayments::REFUNDED.sum(),
    );
    let groups = Select::<StripePayments>::new()
        .filter(matching(list)?)
        .group_by(StripePayments::CURRENCY, sums, tenant.alone().await?)
        .await?;
    let total = |(currency, (payments, amount, fee, refunded))| CurrencyTotal {
        currency,
        payments,
        amount,
        fee,
        refunded,
    };
    Ok(groups.into_iter().map(total).collect())
}

/// Changes what callers may change of a payment, and returns it as stored: with what Stripe has told of its payment intent
/// before, if it is given one now.
///
/// # Errors
/// [`Error::NotFound`] when the account has none; [`Error::Invalid`] for an empty patch, or names the field;
/// [`Error::Conflict`] when the account has another payment with that payment intent.
pub async fn update(
    tenant: &Tenant,
    id: StripePaymentId,
    patch: StripePaymentPatch,
) -> Result<StripePayment, Error> {
    if let Some(intent) = check::set(&patch.payment_intent) {
        check::stripe_id("payment_intent", intent, "pi_")?;
    }
    check::optional_length("description", check::set(&patch.description), 0..=1000)?;
    check::metadata("metadata", check::set(&patch.metadata))?;
    let named = check::set(&patch.payment_intent).is_some();
    let patch = &patch;
    let changed = move || {
        let update = Update::<StripePayments>::new().patch(patch.clone());
        update.filter(StripePayments::ID.eq(id))
    };
    if !named {
        return Ok(changed().one(tenant.alone().await?).await?);
    }
    atomic(tenant, move |scope| {
        Box::pin(async move {
            let payment = changed().one(&scope.tenant().guard).await?;
            scope.note(entry("stripe_payments.update", &payment));
            webhook::payments::catch_up(scope, payment).await
        })
    })
    .await
}

/// Takes the payment to a status on the way, and returns it as stored; one that is there already stays as it is.
///
/// The ends have functions of their own: [`succeed`] and [`cancel`]; so has a failed attempt: [`fail_attempt`].
///
/// # Errors
/// [`Error::NotFound`] when the account has none; [`Error::Invalid`] for a final status; [`Error::Rejected`] with
/// [`Reason::IllegalTransition`](crate::Reason::IllegalTransition) when Stripe's lifecycle knows no such change
/// (<https://docs.stripe.com/payments/paymentintents/lifecycle>).
pub async fn advance(
    tenant: &Tenant,
    id: StripePaymentId,
    status: PaymentStatus,
) -> Result<StripePayment, Error> {
    if matches!(status, PaymentStatus::Succeeded | PaymentStatus::Canceled) {
        return Err(Error::invalid("status", "final"));
    }
    transition(tenant, id, status, "stripe_payments.advance", Update::new).await
}

/// Takes the payment back to `requires_payment_method` after an attempt failed, and keeps Stripe's code for why.
///
/// A payment intent has no status `failed`: the buyer may try again.
///
/// # Errors
/// [`Error::NotFound`] when the account has none; [`Error::Invalid`] for a code that isn't 1 to 255 characters;
/// [`Error::Rejected`] with [`Reason::IllegalTransition`](crate::Reason::IllegalTransition) when the payment has ended
/// or its amount is held.
pub async fn fail_attempt(
    tenant: &Tenant,
    id: StripePaymentId,
    code: &str,
) -> Result<StripePayment, Error> {
    check::length("code", code, 1..=255)?;
    let update = || Update::new().set(StripePayments::LAST_ERROR, Some(code.to_owned()));
    let to = PaymentStatus::RequiresPaymentMethod;
    transition(tenant, id, to, "stripe_payments.fail_attempt", update).await
}

/// Ends the payment as paid by this charge (`ch_…` or `py_…`), and returns it as stored; one that has succeeded already
/// stays as it is.
///
/// # Errors
/// [`Error::NotFound`] when the account has none; [`Error::Invalid`] when the text is no charge's id; [`Error::Rejected`]
/// with [`Reason::IllegalTransition`](crate::Reason::IllegalTransition) when it was canceled.
pub async fn succeed(
    tenant: &Tenant,
    id: StripePaymentId,
    charge: &str,
) -> Result<StripePayment, Error> {
    let checked = check::stripe_id("charge", charge, "ch_");
    checked.or_else(|_| check::stripe_id("charge", charge, "py_"))?;
    let update = || {
        Update::new()
            .set(StripePayments::CHARGE, Some(charge.to_owned()))
            .set(StripePayments::LAST_ERROR, None)
    };
    let to = PaymentStatus::Succeeded;
    transition(tenant, id, to, "stripe_payments.succeed", update).await
}

/// Gives the payment up, and returns it as stored; one that was canceled already stays as it is.
///
/// # Errors
/// [`Error::NotFound`] when the account has none; [`Error::Rejected`] with
/// [`Reason::IllegalTransition`](crate::Reason::IllegalTransition) when it has succeeded.
pub async fn cancel(tenant: &Tenant, id: StripePaymentId) -> Result<StripePayment, Error> {
    transition(
        tenant,
        id,
        PaymentStatus::Canceled,
        "stripe_payments.cancel",
        Update::new,
    )
    .await
}

/// Records what went back to the buyer *in total* so far, and returns the payment as stored.
///
/// The total is what a charge of Stripe says in `amount_refunded` (<https://docs.stripe.com/api/charges/object>). Being a
/// total and not a step, it can be recorded twice, and a smaller one than is stored comes late and changes nothing. What
/// goes back is taken from the payment's shares, when it was split.
///
/// # Errors
/// [`Error::NotFound`] when the account has none; [`Error::Invalid`] for a total under 1; [`Error::Rejected`] with
/// [`Reason::RefundExceedsPayment`](crate::Reason::RefundExceedsPayment) when with what disputes withdrew it is more
/// than the amount, with [`Reason::IllegalTransition`](crate::Reason::IllegalTransition) when the payment has not
/// succeeded.
pub async fn refund(
    tenant: &Tenant,
    id: StripePaymentId,
    total: i64,
) -> Result<StripePayment, Error> {
    atomic(tenant, move |scope| {
        Box::pin(async move {
            let payment = gone_back(scope, id, Back::Refunded, total).await?;
            payment_share_tracking::take_back(scope, &payment).await?;
            Ok(payment)
        })
    })
    .await
}

fn matching(list: &ListStripePayments) -> Result<Predicate<StripePayments>, Error> {
    check::optional_length("pay_for_id", list.pay_for_id.as_ref(), 1..=255)?;
    check::optional_length("buyer", list.buyer.as_ref(), 1..=255)?;
    let wanted = [
        list.status.map(|v| StripePayments::STATUS.eq(v)),
        list.pay_for.map(|v| StripePayments::PAY_FOR.eq(v)),
        list.pay_for_id
            .clone()
            .map(|v| StripePayments::PAY_FOR_ID.eq(v)),
        list.buyer.clone().map(|v| StripePayments::BUYER.eq(v)),
        list.created_from.map(|v| StripePayments::CREATED_AT.ge(v)),
        list.created_before
            .map(|v| StripePayments::CREATED_AT.lt(v)),
    ];
    Ok(Predicate::all(wanted.into_iter().flatten()))
}

fn check_new(new: &NewStripePayment) -> Result<(), Error> {
    check::length("buyer", &new.buyer, 1..=255)?;
    check::length("pay_for_id", &new.pay_for_id, 1..=255)?;
    if new.amount < 1 {
        return Err(Error::invalid("amount", "not_positive"));
    }
    if !(0..=new.amount).contains(&new.fee) {
        return Err(Error::invalid("fee", "not_0_to_amount"));
    }
    if let Some(intent) = &new.payment_intent {
        check::stripe_id("payment_intent", intent, "pi_")?;
    }
    check::optional_length("description", new.description.as_ref(), 0..=1000)?;
    check::metadata("metadata", new.metadata.as_ref())
}
