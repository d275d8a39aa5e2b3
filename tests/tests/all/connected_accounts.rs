use access::{
    Error, Tenant,
    connected_accounts::{self, BankPayoutStatus},
    system::{self, SystemDb, SystemScope},
    webhook::EventOutcome,
};
use serde_json::{Value, json};
use tests::{
    TestDatabase,
    events::{self, event, object, send, with},
};

async fn desk() -> (TestDatabase, SystemDb, SystemScope, Tenant) {
    let database = TestDatabase::new().await;
    let system = events::system(&database).await;
    let scope = system.scope("ops", "onboarding").unwrap();
    let tenant = database.db().await.tenant(database.account("A").await);
    (database, system, scope, tenant)
}

/// An event that happened in a connected account.
fn in_account(id: &str, kind: &str, created: i64, fields: Value) -> Value {
    let about = if kind == "account.updated" {
        "account"
    } else {
        "payout"
    };
    let mut event = event(id, kind, created, with(object(about), fields));
    event["account"] = json!("acct_1");
    event
}

#[tokio::test]
async fn a_connected_account_belongs_to_one_account() {
    let (database, _, scope, a) = desk().await;
    let b = database.account("B").await;
    let link = |account, id| system::link_connected_account(&scope, account, id);
    for _ in 0..2 {
        link(a.account(), "acct_1").await.unwrap();
    }
    assert_eq!(link(b, "acct_1").await.unwrap_err(), Error::Conflict);
    assert_eq!(link(b, "ch_1").await.unwrap_err().code(), "invalid");
    let nobody = access::AccountId::from_authenticated(uuid::Uuid::now_v7()).unwrap();
    assert_eq!(link(nobody, "acct_2").await.unwrap_err(), Error::NotFound);
    let known = connected_accounts::list(&a).await.unwrap();
    assert_eq!(known.len(), 1);
    assert_eq!(
        (
            known[0].connected_account.as_str(),
            known[0].charges_enabled
        ),
        ("acct_1", None)
    );
    let of_b = database.db().await.tenant(b);
    let absent = connected_accounts::get(&of_b, "acct_1").await.unwrap_err();
    assert_eq!(absent, Error::NotFound);
    let superuser = database.superuser().await;
    let uses = "SELECT count(*) FROM system_uses WHERE function = 'link_connected_account'";
    let uses: i64 = superuser.query_one(uses, &[]).await.unwrap().get(0);
    assert_eq!(uses, 1);
}

/// S65, for what Stripe says of a connected account.
#[tokio::test]
async fn the_latest_description_stands_whatever_comes_last() {
    let (_database, system, scope, a) = desk().await;
    system::link_connected_account(&scope, a.account(), "acct_1")
        .await
        .unwrap();
    let described = |id: &str, at, charges, reason: Value| {
        let fields = json!({"id": "acct_1", "charges_enabled": charges, "payouts_enabled": true,
                            "requirements": {"disabled_reason": reason}});
        in_account(id, "account.updated", at, fields)
    };
    let events = [
        described("evt_1", 10, false, json!("requirements.past_due")),
        described("evt_2", 20, true, json!(null)),
        described("evt_3", 20, false, json!("listed")),
        in_account(
            "evt_4",
            "payout.paid",
            11,
            json!({"id": "po_1", "status": "paid"}),
        ),
        in_account(
            "evt_5",
            "payout.failed",
            11,
            json!({"id": "po_1", "failure_code": "account_closed"}),
        ),
    ];
    let mut states = Vec::new();
    for turn in 0..events.len() {
        for (n, event) in events
            .iter()
            .cycle()
            .skip(turn)
            .take(events.len())
            .enumerate()
        {
            let mut event = event.clone();
            let later = i64::try_from(turn).unwrap() * 100;
            event["created"] = json!(event["created"].as_i64().unwrap() + later);
            event["id"] = json!(format!("evt_{turn}x{n}"));
            send(&system, &event).await;
        }
        let known = connected_accounts::get(&a, "acct_1").await.unwrap();
        assert_eq!(known.bank_payout_status, Some(BankPayoutStatus::Failed));
        assert_eq!(known.bank_payout_failure.as_deref(), Some("account_closed"));
        states.push((
            known.charges_enabled,
            known.payouts_enabled,
            known.disabled_reason,
        ));
    }
    assert!(states.iter().all(|state| *state == states[0]), "{states:?}");
    assert_eq!(states[0].0, Some(true));
    let late = send(&system, &events[0]).await;
    assert_eq!(late.outcome, Some(EventOutcome::Stale));
}

/// Events that came before the link are not lost.
#[tokio::test]
async fn what_came_before_the_link_is_rerouted() {
    let (_database, system, scope, a) = desk().await;
    let early = in_account(
        "evt_1",
        "account.updated",
        10,
        json!({"id": "acct_1", "charges_enabled": true}),
    );
    assert_eq!(send(&system, &early).await.account, None);
    system::link_connected_account(&scope, a.account(), "acct_1")
        .await
        .unwrap();
    let counts = system::reroute_unrouted_events(&scope).await.unwrap();
    assert_eq!((counts.routed, counts.unrouted), (1, 0));
    let known = connected_accounts::get(&a, "acct_1").await.unwrap();
    assert_eq!(known.charges_enabled, Some(true));
    assert!(send(&system, &early).await.duplicate);
}
