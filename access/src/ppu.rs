//! Purchase codes: whoever has one redeems it for what it is for.
//!
//! A code is 16 characters without look-alikes, 75 bits of which are random ([`PurchaseCode`]). Codes are issued in
//! batches under a name of the caller's, which makes a batch once however often it is asked for. A code is redeemed as
//! often as it may be, whoever asks at once, until it expires, by the clock of the program that asks, or is withdrawn.
//! Codes stand in no log and no error; how often somebody may guess is for the application to bound.

use std::fmt;

use chrono::{DateTime, SubsecRound, Utc};
use entity::{
    ppu::Ppus,
    ppu_redemptions::{NewPpuRedemption, PpuRedemptions},
};
use entity_guard::{Hidden, Insert, Predicate, Select, Update};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    Cursor, Error, Page, PpuId, PpuRedemptionId, PurchaseCode, Reason, Tenant,
    atomic::{Scope, atomic},
    check,
    journal::Entry,
    page::{self, List},
};

mod issue;

pub use entity::{
    payment_enums::PayFor,
    ppu::{Ppu, PpuStatus},
    ppu_redemptions::PpuRedemption,
};
pub use issue::{IssueCodes, IssuedCodes};

/// Which codes a list is about; all of the account's unless a field narrows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(default, deny_unknown_fields)]
pub struct ListPpu {
    /// Only of this batch.
    pub batch: Option<String>,
    /// How many on a page: 50 unless set, 1 to 500.
    pub limit: Option<i64>,
    /// Where the page begins: the `next` of the page before.
    pub cursor: Option<Cursor>,
}

/// Which redemptions a list is about; all of the account's unless a field narrows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(default, deny_unknown_fields)]
pub struct ListRedemptions {
    /// Only of this code.
    pub ppu_id: Option<PpuId>,
    /// How many on a page: 50 unless set, 1 to 500.
    pub limit: Option<i64>,
    /// Where the page begins: the `next` of the page before.
    pub cursor: Option<Cursor>,
}

/// Who redeems which code.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct RedeemCode {
    /// The code.
    pub code: PurchaseCode,
    /// Who redeems it, by the application's own id; 1 to 255 characters.
    pub redeemer: String,
    /// The caller's name for the request: the same one redeems once. 1 to 255 characters.
    pub idempotency_key: String,
}

impl fmt::Debug for RedeemCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedeemCode")
            .field("code", &self.code)
            .field("redeemer", &self.redeemer)
            .field("idempotency_key", &Hidden)
            .finish()
    }
}

/// A redemption, and the code as it stands after it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RedeemedCode {
    /// The code, which tells what the redeemer gets.
    pub ppu: Ppu,
    /// The redemption.
    pub redemption: PpuRedemption,
}

/// Issues a batch of codes, all or none, and says so once all are saved.
///
/// The codes themselves are read by [`list`], which can be asked for the batch: nobody holds a code that isn't
/// saved, none is lost when the answer is, and neither side ever has more than a page of them in memory. The same name
/// with the same content gives the same batch again, so that a call whose outcome is unknown is made again.
///
/// # Errors
/// [`Error::Invalid`] names the field that is out of its bounds, as [`IssueCodes`] states them, or an expiry that has
/// passed; [`Error::Conflict`] when the batch is there with other content.
pub async fn issue_many(tenant: &Tenant, issue: IssueCodes) -> Result<IssuedCodes, Error> {
    issue::issue_many(tenant, issue).await
}

/// Redeems a code once, and returns the redemption and the code.
///
/// The same idempotency key with the same code and redeemer gives the same redemption again, with the code as it stands
/// by then.
///
/// # Errors
/// [`Error::NotFound`] when the account has no such code; [`Error::Rejected`] with [`Reason::CodeDisabled`],
/// [`Reason::CodeExpired`] or [`Reason::CodeExhausted`], in this order when more than one holds; [`Error::Invalid`] names
/// the field that is out of its bounds; [`Error::Conflict`] when the key stands for another redemption.
pub async fn redeem(tenant: &Tenant, redeem: RedeemCode) -> Result<RedeemedCode, Error> {
    check::length("redeemer", &redeem.redeemer, 1..=255)?;
    check::length("idempotency_key", &redeem.idempotency_key, 1..=255)?;
    let wanted = &redeem;
    let redeemed = atomic(tenant, move |scope| Box::pin(redeemed(scope, wanted))).await;
    match redeemed {
        // Somebody with the same key was faster; its redemption is there by now.
        Err(Error::Conflict) => match earlier(tenant, &redeem).await? {
            Some(redeemed) => Ok(redeemed),
            None => Err(Error::Conflict),
        },
        other => other,
    }
}

/// The account's code with these characters, if it has one.
///
/// # Errors
/// [`Error::Unavailable`] or [`Error::Timeout`], when the database is not there.
pub async fn find_by_code(tenant: &Tenant, code: &PurchaseCode) -> Result<Option<Ppu>, Error> {
    let select = Select::<Ppus>::new().filter(Ppus::CODE.eq(*code));
    Ok(select.first(&tenant.guard).await?)
}

/// A page of codes, the newest first; 50 unless asked for, at most 500.
///
/// # Errors
/// [`Error::Invalid`] names the field: a limit that isn't 1 to 500, a cursor that isn't of this list.
pub async fn list(tenant: &Tenant, list: &ListPpu) -> Result<Page<Ppu>, Error> {
    check::optional_length("batch", list.batch.as_ref(), 1..=255)?;
    let limit = page::page_size(list.limit)?;
    let before = page::place(list.cursor.as_ref(), List::Ppu)?;
    let wanted = [
        list.batch.clone().map(|batch| Ppus::BATCH.eq(batch)),
        before.map(|id| Ppus::ID.lt(PpuId::from_uuid(id))),
    ];
    let codes = Select::<Ppus>::new()
        .filter(Predicate::all(wanted.into_iter().flatten()))
        .order_by(Ppus::ID.desc())
        .limit(limit + 1)
        .all(&tenant.guard)
        .await?;
    let place = |code: &Ppu| Cursor::after_id(List::Ppu, code.id.as_uuid());
    Ok(page::page(codes, limit, place))
}

/// A page of redemptions, the newest first; 50 unless asked for, at most 500.
///
/// # Errors
/// [`Error::Invalid`] names the field: a limit that isn't 1 to 500, a cursor that isn't of this list.
pub async fn list_redemptions(
    tenant: &Tenant,
    list: &ListRedemptions,
) -> Result<Page<PpuRedemption>, Error> {
    let limit = page::page_size(list.limit)?;
    let before = page::place(list.cursor.as_ref(), List::PpuRedemptions)?;
    let wanted = [
        list.ppu_id.map(|id| PpuRedemptions::PPU_ID.eq(id)),
        before.map(|id| PpuRedemptions::ID.lt(PpuRedemptionId::from_uuid(id))),
    ];
    let redemptions = Select::<PpuRedemptions>::new()
        .filter(Predicate::all(wanted.into_iter().flatten()))
        .order_by(PpuRedemptions::ID.desc())
        .limit(limit + 1)
        .all(&tenant.guard)
        .await?;
    let place = |redemption: &PpuRedemption| {
        let id = redemption.id.as_uuid();
        Cursor::after_id(List::PpuRedemptions, id)
    };
    Ok(page::page(redemptions, limit, place))
}

/// Withdraws a code for good; what was redeemed stays redeemed. One that was withdrawn stays as it is.
///
/// # Errors
/// [`Error::NotFound`] when the account has none.
pub async fn disable(tenant: &Tenant, id: PpuId) -> Result<Ppu, Error> {
    atomic(tenant, move |scope| {
        Box::pin(async move {
            let guard = &scope.tenant().guard;
            let of_id = || Ppus::ID.eq(id);
            let update = Update::<Ppus>::new()
                .set(Ppus::DISABLED, true)
                .filter(of_id().and(Ppus::DISABLED.eq(false)));
            match update.all(guard).await?.pop() {
                Some(code) => {
                    scope.note(entry("ppu.disable", &code));
                    Ok(code)
                }
                None => Ok(Select::<Ppus>::new().filter(of_id()).one(guard).await?),
            }
        })
    })
    .await
}

async fn redeemed(scope: &Scope<'_>, redeem: &RedeemCode) -> Result<RedeemedCode, Error> {
    let guard = &scope.tenant().guard;
    let now = Utc::now().trunc_subsecs(6);
    let by_this_request = PpuRedemptions::IDEMPOTENCY_KEY.eq(redeem.idempotency_key.clone());
    // All that must hold stands in the one statement that counts: whoever waits for the row judges it anew.
    let redeemable = Predicate::all([
        Ppus::CODE.eq(redeem.code),
        Ppus::DISABLED.eq(false),
        Ppus::EXPIRES_AT
            .is_null()
            .or(Ppus::EXPIRES_AT.gt(Some(now))),
        Ppus::REDEEMED.lt_column(Ppus::MAX_REDEMPTIONS),
        Predicate::exists(Ppus::ID, PpuRedemptions::PPU_ID, by_this_request).not(),
    ]);
    let count = Update::<Ppus>::new()
        .increase(Ppus::REDEEMED, 1)
        .filter(redeemable);
    let Some(ppu) = count.all(guard).await?.pop() else {
        return match earlier(scope.tenant(), redeem).await? {
            Some(redeemed) => Ok(redeemed),
            None => Err(why_not(scope.tenant(), redeem.code, now).await?),
        };
    };
    let new = NewPpuRedemption {
        ppu_id: ppu.id,
        redeemer: redeem.redeemer.clone(),
        idempotency_key: redeem.idempotency_key.clone(),
    };
    let redemption = Insert::<PpuRedemptions>::new(new).one(guard).await?;
    scope.note(entry("ppu.redeem", &ppu));
    Ok(RedeemedCode { ppu, redemption })
}

/// The redemption of an earlier request with the same key.
async fn earlier(tenant: &Tenant, redeem: &RedeemCode) -> Result<Option<RedeemedCode>, Error> {
    let key = PpuRedemptions::IDEMPOTENCY_KEY.eq(redeem.idempotency_key.clone());
    let found = Select::<PpuRedemptions>::new().filter(key);
    let Some(redemption) = found.first(&tenant.guard).await? else {
        return Ok(None);
    };
    let of_id = Ppus::ID.eq(redemption.ppu_id);
    let ppu = Select::<Ppus>::new()
        .filter(of_id)
        .one(&tenant.guard)
        .await?;
    if ppu.code == redeem.code && redemption.redeemer == redeem.redeemer {
        Ok(Some(RedeemedCode { ppu, redemption }))
    } else {
        Err(Error::Conflict)
    }
}

/// Why a code wasn't redeemed. None of the reasons ever ends to hold, so that one that held before is found.
async fn why_not(tenant: &Tenant, code: PurchaseCode, now: DateTime<Utc>) -> Result<Error, Error> {
    let Some(ppu) = find_by_code(tenant, &code).await? else {
        return Ok(Error::NotFound);
    };
    Ok(match ppu.status(now) {
        PpuStatus::Disabled => Error::Rejected(Reason::CodeDisabled),
        PpuStatus::Expired => Error::Rejected(Reason::CodeExpired),
        PpuStatus::Exhausted => Error::Rejected(Reason::CodeExhausted),
        PpuStatus::Redeemable => Error::Conflict,
    })
}

/// The log never holds the code itself.
fn entry(event: &'static str, ppu: &Ppu) -> Entry {
    let data = json!({
        "batch": ppu.batch,
        "number": ppu.number,
        "redeemed": ppu.redeemed,
        "max_redemptions": ppu.max_redemptions,
        "disabled": ppu.disabled,
    });
    Entry::new(event, format!("ppu/{}", ppu.id), data)
}
