//! Each event once, with its effect, in one transaction of the account; and what belongs to no account that is known.

use entity::{
    accounts::Accounts,
    connected_accounts::ConnectedAccounts,
    payment_enums::EventOutcome,
    stripe_account_links::{ACCOUNT, StripeAccountLinks},
    stripe_events::{NewStripeEvent, StripeEvents},
    unrouted_stripe_events::{PAYLOAD, UnroutedStripeEvent, UnroutedStripeEvents, WHY},
};
use entity_guard::{
    AccountId, Assignment, Db, Insert, Lookup, Select, SystemDelete, SystemInsert, SystemSelect,
    Update,
};
use futures_util::future::join;
use serde_json::{Value, json};

use super::{
    Received, connected,
    event::{About, Event},
    payments, payouts,
    route::{OTHER_MODE, Route, route},
    signature::WebhookSecrets,
};
use crate::{
    Error, Tenant,
    atomic::{Scope, atomic},
    check,
    journal::Entry,
    lifecycle,
    system::SystemScope,
};

/// Who changes what an event changes, in the audit log.
const ACTOR: &str = "stripe";

/// How many of the events that were kept are read with one statement; each may be of a mebibyte.
const BATCH: u32 = 8;

/// What became of the events that were kept for the system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rerouted {
    /// Those that an account has now.
    pub routed: u64,
    /// Those for which no account is known still.
    pub unrouted: u64,
    /// Those whose account could not be reached or changed this time: they are kept.
    pub failed: u64,
}

/// Says that a connected account of Stripe (`acct_…`) belongs to an account, so that events that happen in it are that
/// account's; said twice, it changes nothing. Events that came before are routed by [`reroute_unrouted_events`].
///
/// # Errors
/// [`Error::Invalid`] when the text is no connected account's id; [`Error::NotFound`] when there is no such account;
/// [`Error::Conflict`] when it belongs to another one.
pub async fn link_connected_account(
    scope: &SystemScope,
    account: AccountId,
    connected_account: &str,
) -> Result<(), Error> {
    check::stripe_id("connected_account", connected_account, "acct_")?;
    let tenant = scope.tenant(account)?;
    let linked = atomic(&tenant, move |whole| {
        Box::pin(async move {
            let inside = whole.tenant();
            Select::<Accounts>::new().one(&inside.guard).await?;
            let account = Assignment::new(ACCOUNT, account.as_uuid());
            let link = SystemInsert::<StripeAccountLinks>::new(connected_account.into(), [account]);
            if !link.once_within(&inside.guard).await? {
                return Ok(false);
            }
            connected::make(whole, connected_account).await?;
            scope.record("link_connected_account", inside).await?;
            let subject = format!("connected_accounts/{connected_account}");
            let event = "system.link_connected_account";
            whole.note(Entry::new(event, subject, json!({})));
            Ok(true)
        })
    });
    if linked.await? {
        return Ok(());
    }
    let of = Lookup::new("accounts_by_connected_account");
    let owner = scope.lookup(of.with(connected_account.to_owned())).await?;
    if owner.as_slice() == [account] {
        Ok(())
    } else {
        Err(Error::Conflict)
    }
}

/// Tries anew where each event that was kept for the system belongs, and gives those for which an account is known now to
/// it, with their effect; in constant memory, one transaction per event. Counts what became of them.
///
/// # Errors
/// [`Error::Unavailable`] and [`Error::Timeout`] when the events can't be read; what was routed until then stays so.
pub async fn reroute_unrouted_events(scope: &SystemScope) -> Result<Rerouted, Error> {
    scope.record_alone("reroute_unrouted_events").await?;
    let db = scope.guard();
    let mut counts = Rerouted::default();
    let mut after = String::new();
    loop {
        let kept = kept_after(db, &mut after).await?;
        if kept.is_empty() {
            return Ok(counts);
        }
        for kept in kept {
            let Some(event) = Event::of(kept.payload) else {
                counts.unrouted += 1;
                continue;
            };
            let delivered = match route(db, scope.secrets(), &event).await {
                Ok(Route::Account { account, signed }) => {
                    deliver(db, account, signed, &event, true).await
                }
                Ok(Route::Nowhere(_)) => Ok(None),
                Err(error) => Err(error),
            };
            match delivered {
                Ok(Some(_)) => counts.routed += 1,
                Ok(None) | Err(Error::NotFound) => counts.unrouted += 1,
                Err(_) => counts.failed += 1,
            }
        }
    }
}

/// The next of the events that were kept for the system, none at their end; `after` goes on to the last of them.
async fn kept_after(db: &Db, after: &mut String) -> Result<Vec<UnroutedStripeEvent>, Error> {
    let kept = SystemSelect::<UnroutedStripeEvents>::page(db, after, BATCH).await?;
    if let Some(last) = kept.last() {
        after.clone_from(&last.event);
    }
    Ok(kept)
}

/// The events that were kept for the system and name an account, by their ids.
pub(crate) async fn unrouted_of(
    scope: &SystemScope,
    account: AccountId,
) -> Result<Vec<String>, Error> {
    let (mut of_account, mut after) = (Vec::new(), String::new());
    loop {
        let kept = kept_after(scope.guard(), &mut after).await?;
        if kept.is_empty() {
            return Ok(of_account);
        }
        for kept in kept {
            let named = Event::of(kept.payload).and_then(|event| event.named);
            if named == Some(account.as_uuid()) {
                of_account.push(kept.event);
            }
        }
    }
}

/// Removes these of the events that were kept for the system.
pub(crate) async fn forget_unrouted(tenant: &Tenant, events: &[String]) -> Result<(), Error> {
    for event in events {
        SystemDelete::<UnroutedStripeEvents>::within(&tenant.guard, event).await?;
    }
    Ok(())
}

/// Takes an account that is erased out of the map, so that nothing that happens in its connected accounts comes to it any
/// more.
pub(crate) async fn unlink_all(tenant: &Tenant) -> Result<(), Error> {
    let known = Select::<ConnectedAccounts>::new().all(&tenant.guard);
    for known in known.await? {
        let id = &known.connected_account;
        let own = Assignment::new(ACCOUNT, tenant.account().as_uuid());
        SystemDelete::<StripeAccountLinks>::within_if(&tenant.guard, id, own).await?;
    }
    Ok(())
}

/// Takes Stripe's word from events that came by a file: who wrote it could claim the events of another account by them.
pub(crate) async fn disbelieve(tenant: &Tenant) -> Result<(), Error> {
    let claimed = Update::<StripeEvents>::new().set(StripeEvents::SIGNED, false);
    let claimed = claimed.filter(StripeEvents::SIGNED.eq(true));
    claimed.execute(&tenant.guard).await?;
    Ok(())
}

/// Stores an event that Stripe has signed, with its effect or for the system.
pub(super) async fn accept(
    db: &Db,
    secrets: &WebhookSecrets,
    event: Event,
) -> Result<Received, Error> {
    let why = match route(db, secrets, &event).await? {
        Route::Account { account, signed } => {
            match deliver(db, account, signed, &event, false).await? {
                Some(received) => return Ok(received),
                None => "no_such_account",
            }
        }
        Route::Nowhere(why) => why,
    };
    if why == OTHER_MODE {
        tracing::warn!(
            "an event of Stripe's other mode is kept aside: STRIPE_TEST_MODE says which is taken"
        );
    }
    let (id, kind) = (event.id.clone(), event.kind.clone());
    let duplicate = !keep(db, event.id, event.payload, why).await?;
    Ok(Received {
        event: id,
        kind,
        account: None,
        outcome: None,
        duplicate,
    })
}

/// Keeps an event for the system; whether it wasn't kept before.
pub(super) async fn keep(db: &Db, id: String, payload: Value, why: &str) -> Result<bool, Error> {
    let values = [
        Assignment::new(PAYLOAD, payload),
        Assignment::new(WHY, why.to_owned()),
    ];
    let insert = SystemInsert::<UnroutedStripeEvents>::new(id, values);
    Ok(insert.once(db).await?)
}

/// Gives an event to an account; nothing when there is no such account.
async fn deliver(
    db: &Db,
    account: AccountId,
    signed: bool,
    event: &Event,
    kept: bool,
) -> Result<Option<Received>, Error> {
    let tenant = Tenant::new(db.tenant(account)).acting_for(ACTOR)?;
    let once = || {
        atomic(&tenant, move |scope| {
            Box::pin(store_and_apply(scope, signed, event, kept))
        })
    };
    match once().await {
        // Another delivery of it was faster, under another lock: it is there by now.
        Err(Error::Conflict) => once().await,
        other => other,
    }
}

async fn store_and_apply(
    scope: &Scope<'_>,
    signed: bool,
    event: &Event,
    kept: bool,
) -> Result<Option<Received>, Error> {
    let tenant = scope.tenant();
    let subject = event.subject().unwrap_or(&event.id);
    tenant.guard.lock(subject).await?;
    if kept {
        SystemDelete::<UnroutedStripeEvents>::within(&tenant.guard, &event.id).await?;
    }
    let received = |outcome, duplicate| Received {
        event: event.id.clone(),
        kind: event.kind.clone(),
        account: Some(tenant.account()),
        outcome: Some(outcome),
        duplicate,
    };
    let earlier = StripeEvents::EVENT.eq(event.id.clone());
    let earlier = Select::<StripeEvents>::new().filter(earlier);
    let (earlier, exists) = join(
        earlier.first(&tenant.guard),
        Select::<Accounts>::new().first(&tenant.guard),
    )
    .await;
    let (earlier, exists) = (earlier?, exists?);
    if let Some(earlier) = earlier {
        return Ok(Some(received(earlier.outcome, true)));
    }
    let Some(of) = exists else {
        return if kept {
            Err(Error::NotFound) // it stays where it is
        } else {
            Ok(None)
        };
    };
    // What Stripe tells of an account that was erased is kept as facts alone.
    let is_erased = of.name == lifecycle::ERASED;
    let outcome = match event.about {
        about if about.is_payment() && event.subject().is_some() => {
            payments::apply(scope, event).await?
        }
        About::Transfer => payouts::apply(scope, event).await?,
        About::BankPayout | About::ConnectedAccount => connected::apply(scope, event).await?,
        _ => EventOutcome::Ignored,
    };
    if outcome == EventOutcome::Pending {
        // Whoever makes the row that it waits for from an older snapshot, which doesn't show the event, can't write an entry
        // of their own after this one, and has to look again.
        let data = json!({ "event": event.id, "outcome": outcome });
        let subject = format!("stripe_events/{}", event.id);
        scope.note(Entry::new("webhook.receive", subject, data));
    }
    let facts = serde_json::to_value(&event.facts).map_err(|_| Error::Internal)?;
    let new = NewStripeEvent {
        event: event.id.clone(),
        kind: event.kind.clone(),
        api_version: event.api_version.clone(),
        created: event.created,
        subject: event.subject().map(str::to_owned),
        signed,
        facts,
        outcome,
        payload: (!is_erased).then(|| event.payload.clone()),
    };
    Insert::<StripeEvents>::new(new).one(&tenant.guard).await?;
    Ok(Some(received(outcome, false)))
}
