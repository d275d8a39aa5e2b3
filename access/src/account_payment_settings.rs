//! How an account wants its payments and payouts handled.

use chrono::{DateTime, Utc};
use entity::account_payment_settings::AccountPaymentSettings;
use entity_guard::{Select, Upsert};
use serde_json::json;

use crate::{Error, Tenant, atomic::atomic, check, journal::Entry};

pub use entity::{
    account_payment_settings::{NewPaymentSettings, PaymentSettings},
    payment_enums::PayoutSchedule,
};

/// The account's settings; the defaults, with version 0, when it has never set any.
///
/// The defaults: USD, paid out by hand from the first unit on, no fee, no statement descriptor, no connected account.
///
/// # Errors
/// [`Error::Unavailable`] or [`Error::Timeout`], when the database is not there.
pub async fn get(tenant: &Tenant) -> Result<PaymentSettings, Error> {
    let settings = Select::<AccountPaymentSettings>::new()
        .first(tenant.alone().await?)
        .await?;
    match settings {
        Some(settings) => Ok(settings),
        None => defaults(),
    }
}

/// Writes the account's settings as a whole, and returns them as stored, with the next version.
///
/// `version` is the one that they were read with, 0 for the first time, so that nobody's change is lost under another's.
///
/// # Errors
/// [`Error::Conflict`] when they have another version by now; [`Error::Invalid`] names the field that is out of its
/// bounds, as [`NewPaymentSettings`] states them; [`Error::Rejected`] when there is no such account.
pub async fn upsert(
    tenant: &Tenant,
    new: NewPaymentSettings,
    version: i64,
) -> Result<PaymentSettings, Error> {
    check_new(&new)?;
    if version < 0 {
        return Err(Error::invalid("version", "negative"));
    }
    let new = &new;
    atomic(tenant, move |scope| {
        Box::pin(async move {
            let upsert = Upsert::<AccountPaymentSettings>::new(new.clone());
            let upsert = upsert.version(AccountPaymentSettings::VERSION, version);
            let settings = upsert.one(&scope.tenant().guard).await?;
            let data = json!({
                "version": settings.version,
                "default_currency": settings.default_currency,
                "schedule": settings.schedule,
                "minimum_payout": settings.minimum_payout,
                "fee_bp": settings.fee_bp,
            });
            let subject = "account_payment_settings".to_owned();
            scope.note(Entry::new("account_payment_settings.upsert", subject, data));
            Ok(settings)
        })
    })
    .await
}

fn defaults() -> Result<PaymentSettings, Error> {
    Ok(PaymentSettings {
        default_currency: "USD".parse().map_err(|_| Error::Internal)?,
        schedule: PayoutSchedule::Manual,
        minimum_payout: 0,
        fee_bp: 0,
        statement_descriptor: None,
        connected_account: None,
        version: 0,
        updated_at: DateTime::<Utc>::UNIX_EPOCH,
    })
}

fn check_new(new: &NewPaymentSettings) -> Result<(), Error> {
    if new.minimum_payout < 0 {
        return Err(Error::invalid("minimum_payout", "negative"));
    }
    check::basis_points("fee_bp", new.fee_bp, 0)?;
    if let Some(descriptor) = &new.statement_descriptor {
        check::length("statement_descriptor", descriptor, 5..=22)?;
        let letter = descriptor.chars().any(|c| c.is_ascii_alphabetic());
        let plain = |c: char| (' '..='~').contains(&c) && !r#"<>\'"*"#.contains(c);
        if !letter || !descriptor.chars().all(plain) {
            return Err(Error::invalid(
                "statement_descriptor",
                "not_allowed_by_stripe",
            ));
        }
    }
    match &new.connected_account {
        Some(account) => check::stripe_id("connected_account", account, "acct_"),
        None => Ok(()),
    }
}
