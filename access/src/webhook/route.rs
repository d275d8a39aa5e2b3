//! Which account an event is for.

use entity_guard::{AccountId, Db, Lookup};

use super::{event::Event, signature::WebhookSecrets};
use crate::Error;

/// Why an event of test mode isn't routed by what takes live ones, or the other way round.
pub(super) const OTHER_MODE: &str = "other_mode";

/// Where an event goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// To this account; `signed` when what Stripe signed says so, and no lookup had to.
    Account { account: AccountId, signed: bool },
    /// Nowhere yet, for this reason.
    Nowhere(&'static str),
}

/// Finds the account: by the connected account that it happened in, by what the metadata says, by lookups.
pub(super) async fn route(
    db: &Db,
    secrets: &WebhookSecrets,
    event: &Event,
) -> Result<Route, Error> {
    if secrets.is_other_mode(event.live) {
        return Ok(Route::Nowhere(OTHER_MODE));
    }
    let ask = async |function, id: &str| {
        let found = db.lookup(Lookup::new(function).with(id.to_owned())).await?;
        Ok::<_, Error>(found)
    };
    let named = match event.named {
        Some(account) => AccountId::from_authenticated(account).ok(),
        None => None,
    };
    // Whoever owns a connected account writes its metadata: there the map alone is believed.
    if let Some(connected) = &event.connected_account {
        let linked = ask("accounts_by_connected_account", connected).await?;
        return Ok(match (linked.as_slice(), named) {
            ([account], Some(named)) if named != *account => Route::Nowhere("contradiction"),
            ([account], _) => Route::Account {
                account: *account,
                signed: true,
            },
            _ => Route::Nowhere("unknown_connected_account"),
        });
    }
    if let Some(account) = named {
        return Ok(Route::Account {
            account,
            signed: true,
        });
    }
    let facts = &event.facts;
    let lookups = [
        // Whom Stripe named for an earlier event is not to be blocked by another account's row with the same id.
        ("accounts_by_event_subject", event.subject()),
        (
            "accounts_by_payment_intent",
            facts.payment_intent.as_deref(),
        ),
        ("accounts_by_charge", facts.charge.as_deref()),
        ("accounts_by_transfer", facts.object.as_deref()),
    ];
    for (function, id) in lookups {
        let Some(id) = id else { continue };
        match ask(function, id).await?.as_slice() {
            [] => {}
            [account] => {
                return Ok(Route::Account {
                    account: *account,
                    signed: false,
                });
            }
            _ => return Ok(Route::Nowhere("ambiguous")),
        }
    }
    Ok(Route::Nowhere("unknown_account"))
}
