//! The effect of events on what is known of a connected account.

use chrono::{DateTime, Utc};
use entity::{
    connected_accounts::{ConnectedAccount, ConnectedAccounts, NewConnectedAccount},
    payment_enums::{BankPayoutStatus, EventOutcome},
};
use entity_guard::{Select, Upsert};
use serde_json::json;

use super::event::{About, Event};
use crate::{Error, Tenant, atomic::Scope, journal::Entry};

/// Applies an event to the connected account that it is about, unless a later one did.
pub(super) async fn apply(scope: &Scope<'_>, event: &Event) -> Result<EventOutcome, Error> {
    let Some(id) = event.subject() else {
        return Ok(EventOutcome::Ignored); // the platform's own
    };
    let known = find(scope.tenant(), id).await?;
    let mut row = match &known {
        Some(row) => as_new(row),
        None => unknown(id),
    };
    let facts = &event.facts;
    match event.about {
        About::ConnectedAccount => {
            // What was said in one second is told apart by what it says, so that any order ends the same.
            let said = (
                Some(event.created),
                facts.charges_enabled,
                facts.payouts_enabled,
                facts.error.clone(),
            );
            let before = (
                row.described_at,
                row.charges_enabled,
                row.payouts_enabled,
                row.disabled_reason.clone(),
            );
            if said <= before {
                return Ok(EventOutcome::Stale);
            }
            row.described_at = said.0;
            row.charges_enabled = said.1;
            row.payouts_enabled = said.2;
            row.disabled_reason = said.3;
        }
        _ => {
            let status = if event.kind == "payout.failed" {
                BankPayoutStatus::Failed
            } else {
                BankPayoutStatus::Paid
            };
            let said: (Option<DateTime<Utc>>, _, _) =
                (Some(event.created), Some(status), facts.object.clone());
            let before = (
                row.bank_payout_at,
                row.bank_payout_status,
                row.bank_payout.clone(),
            );
            if said <= before {
                return Ok(EventOutcome::Stale);
            }
            row.bank_payout_at = said.0;
            row.bank_payout_status = said.1;
            row.bank_payout = said.2;
            row.bank_payout_amount = facts.amount.filter(|amount| *amount > i64::MIN);
            row.bank_payout_currency = facts.currency();
            row.bank_payout_failure = facts.error.clone();
        }
    }
    let upsert = Upsert::<ConnectedAccounts>::new(row).key(ConnectedAccounts::CONNECTED_ACCOUNT);
    let row = upsert.one(&scope.tenant().guard).await?;
    let failed = event.kind == "payout.failed";
    let entry = entry(&row, &event.id);
    scope.note(if failed { entry.warning() } else { entry });
    Ok(EventOutcome::Applied)
}

/// Makes the row of a connected account, unless it is there.
pub(super) async fn make(scope: &Scope<'_>, id: &str) -> Result<bool, Error> {
    if find(scope.tenant(), id).await?.is_some() {
        return Ok(false);
    }
    let upsert =
        Upsert::<ConnectedAccounts>::new(unknown(id)).key(ConnectedAccounts::CONNECTED_ACCOUNT);
    upsert.one(&scope.tenant().guard).await?;
    Ok(true)
}

async fn find(tenant: &Tenant, id: &str) -> Result<Option<ConnectedAccount>, Error> {
    let own = ConnectedAccounts::CONNECTED_ACCOUNT.eq(id.to_owned());
    let select = Select::<ConnectedAccounts>::new().filter(own).for_update();
    Ok(select.first(&tenant.guard).await?)
}

fn unknown(id: &str) -> NewConnectedAccount {
    NewConnectedAccount {
        connected_account: id.to_owned(),
        charges_enabled: None,
        payouts_enabled: None,
        disabled_reason: None,
        described_at: None,
        bank_payout: None,
        bank_payout_status: None,
        bank_payout_amount: None,
        bank_payout_currency: None,
        bank_payout_failure: None,
        bank_payout_at: None,
    }
}

fn as_new(row: &ConnectedAccount) -> NewConnectedAccount {
    NewConnectedAccount {
        connected_account: row.connected_account.clone(),
        charges_enabled: row.charges_enabled,
        payouts_enabled: row.payouts_enabled,
        disabled_reason: row.disabled_reason.clone(),
        described_at: row.described_at,
        bank_payout: row.bank_payout.clone(),
        bank_payout_status: row.bank_payout_status,
        bank_payout_amount: row.bank_payout_amount,
        bank_payout_currency: row.bank_payout_currency,
        bank_payout_failure: row.bank_payout_failure.clone(),
        bank_payout_at: row.bank_payout_at,
    }
}

fn entry(row: &ConnectedAccount, event: &str) -> Entry {
    let data = json!({
        "event": event,
        "charges_enabled": row.charges_enabled,
        "payouts_enabled": row.payouts_enabled,
        "disabled_reason": row.disabled_reason,
        "bank_payout": row.bank_payout_status,
        "bank_payout_failure": row.bank_payout_failure,
    });
    let subject = format!("connected_accounts/{}", row.connected_account);
    Entry::new("webhook.receive", subject, data)
}
