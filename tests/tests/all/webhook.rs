//! What is believed, and whose it is.

use access::{
    Error, Tenant,
    stripe_payments::{self, PaymentStatus},
    system::{self, SystemDb},
    webhook::{self, EventOutcome, WebhookSecrets},
};
use chrono::Utc;
use serde_json::{Value, json};
use tests::{
    TestDatabase,
    events::{self, SECRET, event, object, send, signature, with},
    fixtures::{Cast, dump, new_payment},
};
use uuid::Uuid;

/// A payment intent that succeeded, with this metadata.
fn succeeded(id: &str, intent: &str, metadata: Value) -> Value {
    let fields = json!({"id": intent, "amount": 1_000, "status": "succeeded", "latest_charge": intent.replace("pi", "ch"),
                        "metadata": metadata});
    let intent = with(object("payment_intent"), fields);
    event(id, "payment_intent.succeeded", 1_700_000_000, intent)
}

fn names(tenant: &Tenant) -> Value {
    json!({"account_id": tenant.account().to_string()})
}

async fn create(tenant: &Tenant, intent: &str) -> access::StripePaymentId {
    let mut new = new_payment("buyer", 1_000);
    new.payment_intent = Some(intent.into());
    stripe_payments::create(tenant, new).await.unwrap().id
}

async fn status(tenant: &Tenant, id: access::StripePaymentId) -> PaymentStatus {
    stripe_payments::get(tenant, id).await.unwrap().status
}

async fn unrouted(database: &TestDatabase) -> Vec<(String, String)> {
    let superuser = database.superuser().await;
    let sql = "SELECT event, why FROM unrouted_stripe_events ORDER BY 1";
    let rows = superuser.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

async fn reroute(system: &SystemDb) -> (u64, u64, u64) {
    let scope = system.scope("ops", "reroute").unwrap();
    let counts = system::reroute_unrouted_events(&scope).await.unwrap();
    (counts.routed, counts.unrouted, counts.failed)
}

/// Two accounts, and the system.
async fn pair() -> (TestDatabase, SystemDb, Tenant, Tenant) {
    let database = TestDatabase::new().await;
    let system = events::system(&database).await;
    let db = database.db().await;
    let a = db.tenant(database.account("A").await);
    let b = db.tenant(database.account("B").await);
    (database, system, a, b)
}

#[tokio::test]
async fn only_what_stripe_signed_just_now_is_stored() {
    let (database, system, a, _) = pair().await;
    let payment = create(&a, "pi_1").await;
    let superuser = database.superuser().await;
    let before = dump(&superuser, a.account()).await;
    let payload = succeeded("evt_1", "pi_1", names(&a)).to_string();
    let now = Utc::now().timestamp();
    let good = signature(SECRET, payload.as_bytes(), now);
    let edited = payload.replace("succeeded", "canceled");
    let refused = [
        (
            payload.as_str(),
            signature("whsec_other", payload.as_bytes(), now),
        ),
        (
            payload.as_str(),
            signature(SECRET, payload.as_bytes(), now - 301),
        ),
        (
            payload.as_str(),
            signature(SECRET, payload.as_bytes(), now + 400),
        ),
        (payload.as_str(), good.replace("v1=", "v0=")),
        (payload.as_str(), String::new()),
        (edited.as_str(), good.clone()),
    ];
    for (payload, header) in refused {
        let refused = webhook::receive(&system, payload.as_bytes(), &header).await;
        assert_eq!(refused.unwrap_err(), Error::BadSignature);
    }
    let large = vec![b' '; 1024 * 1024 + 1];
    let header = signature(SECRET, &large, now);
    let refused = webhook::receive(&system, &large, &header)
        .await
        .unwrap_err();
    assert_eq!(
        refused,
        Error::Invalid {
            field: "payload",
            code: "too_large"
        }
    );
    assert_eq!(dump(&superuser, a.account()).await, before);
    assert_eq!(unrouted(&database).await, []);

    let nobodys = database.system().await;
    let refused = webhook::receive(&nobodys, payload.as_bytes(), &good).await;
    assert_eq!(refused.unwrap_err(), Error::BadSignature, "without secrets");
    let rotating = nobodys.webhook_secrets(WebhookSecrets::new(["whsec_next", SECRET]));
    webhook::receive(&rotating, payload.as_bytes(), &good)
        .await
        .unwrap();
    assert_eq!(status(&a, payment).await, PaymentStatus::Succeeded);
}

/// S73: A has a payment with B's payment intent; B's webhooks go to B, and go on.
#[tokio::test]
async fn a_row_with_anothers_payment_intent_neither_takes_nor_blocks_its_events() {
    let (database, system, a, b) = pair().await;
    let (of_a, of_b) = (create(&a, "pi_b").await, create(&b, "pi_b").await);
    stripe_payments::succeed(&a, of_a, "ch_b").await.unwrap();
    let superuser = database.superuser().await;
    let before = dump(&superuser, a.account()).await;
    let received = send(&system, &succeeded("evt_1", "pi_b", names(&b))).await;
    assert_eq!(received.account, Some(b.account()));
    assert_eq!(status(&b, of_b).await, PaymentStatus::Succeeded);
    // A refund carries no metadata of the payment's: whom Stripe named before decides.
    let charge =
        json!({"id": "ch_b", "payment_intent": "pi_b", "amount_refunded": 100, "captured": true});
    let refunded = event(
        "evt_2",
        "charge.refunded",
        1_700_000_001,
        with(object("charge"), charge),
    );
    assert_eq!(send(&system, &refunded).await.account, Some(b.account()));
    assert_eq!(stripe_payments::get(&b, of_b).await.unwrap().refunded, 100);
    assert_eq!(dump(&superuser, a.account()).await, before);
}

/// S73: without anything signed, two matches are as good as none, and nothing is lost.
#[tokio::test]
async fn an_event_that_could_be_two_accounts_waits_for_the_system() {
    let (database, system, a, b) = pair().await;
    let (of_a, of_b) = (create(&a, "pi_b").await, create(&b, "pi_b").await);
    let nameless = succeeded("evt_1", "pi_b", json!({}));
    let received = send(&system, &nameless).await;
    assert_eq!((received.account, received.outcome), (None, None));
    assert!(send(&system, &nameless).await.duplicate);
    assert_eq!(
        unrouted(&database).await,
        [("evt_1".into(), "ambiguous".into())]
    );
    assert_eq!(reroute(&system).await, (0, 1, 0));
    // The next event names B.
    send(
        &system,
        &event(
            "evt_2",
            "payment_intent.created",
            1_600_000_000,
            with(
                object("payment_intent"),
                json!({"id": "pi_b", "metadata": names(&b)}),
            ),
        ),
    )
    .await;
    assert_eq!(reroute(&system).await, (1, 0, 0));
    assert_eq!(unrouted(&database).await, []);
    assert_eq!(status(&b, of_b).await, PaymentStatus::Succeeded);
    assert_eq!(status(&a, of_a).await, PaymentStatus::RequiresPaymentMethod);
}

#[tokio::test]
async fn an_event_that_names_nobody_is_found_by_its_ids() {
    let (_database, system, a, b) = pair().await;
    let payment = create(&a, "pi_a").await;
    create(&b, "pi_other").await;
    let received = send(
        &system,
        &succeeded("evt_1", "pi_a", json!({"account_id": "7"})),
    )
    .await;
    assert_eq!(received.account, Some(a.account()));
    assert_eq!(status(&a, payment).await, PaymentStatus::Succeeded);
    let dispute = with(
        object("dispute"),
        json!({"charge": "ch_a", "amount": 10, "status": "needs_response"}),
    );
    let received = send(
        &system,
        &event("evt_2", "charge.dispute.created", 1, dispute),
    )
    .await;
    assert_eq!(received.account, Some(a.account()));
    assert_eq!(
        stripe_payments::get(&a, payment).await.unwrap().disputed,
        10
    );
}

#[tokio::test]
async fn an_account_that_does_not_exist_gets_nothing_until_it_does() {
    let (database, system, _, _) = pair().await;
    for (n, nobody) in [Uuid::now_v7(), Uuid::nil()].into_iter().enumerate() {
        let named = json!({"account_id": nobody.to_string()});
        let received = send(&system, &succeeded(&format!("evt_{n}"), "pi_1", named)).await;
        assert_eq!(received.account, None);
    }
    let kept = unrouted(&database).await;
    assert_eq!(kept[0], ("evt_0".into(), "no_such_account".into()));
    assert_eq!(kept[1], ("evt_1".into(), "unknown_account".into()));
    assert_eq!(reroute(&system).await, (0, 2, 0));
    assert_eq!(unrouted(&database).await, kept);
}

/// Metadata that names A and a payment of B's: the account is A, where there is no such payment.
#[tokio::test]
async fn an_event_never_reaches_past_the_account_that_it_names() {
    let cast = Cast::new().await;
    let system = events::system(&cast.database).await;
    let superuser = cast.database.superuser().await;
    let before = dump(&superuser, cast.b).await;
    let foreign = cast.foreign_payment();
    let meta = json!({"account_id": cast.a.to_string(), "payment_id": foreign, "pay_out_id": cast.money_b.1});
    let received = send(&system, &succeeded("evt_1", "pi_new", meta.clone())).await;
    assert_eq!(
        (received.account, received.outcome),
        (Some(cast.a), Some(EventOutcome::Pending))
    );
    let transfer = with(object("transfer"), json!({"metadata": meta}));
    for (id, kind) in [
        ("evt_2", "transfer.created"),
        ("evt_3", "transfer.reversed"),
    ] {
        let received = send(&system, &event(id, kind, 1, transfer.clone())).await;
        assert_eq!(
            (received.account, received.outcome),
            (Some(cast.a), Some(EventOutcome::Pending))
        );
    }
    assert_eq!(dump(&superuser, cast.b).await, before);
}

/// Whoever owns a connected account can write any metadata into it.
#[tokio::test]
async fn a_connected_accounts_metadata_does_not_say_whose_its_events_are() {
    let (database, system, a, b) = pair().await;
    let payment = create(&a, "pi_a").await;
    let scope = system.scope("ops", "onboarding").unwrap();
    system::link_connected_account(&scope, b.account(), "acct_b")
        .await
        .unwrap();
    let superuser = database.superuser().await;
    let before = dump(&superuser, a.account()).await;
    for (n, connected) in ["acct_b", "acct_nobody"].into_iter().enumerate() {
        let mut forged = succeeded(&format!("evt_{n}"), "pi_a", names(&a));
        forged["account"] = json!(connected);
        assert_eq!(send(&system, &forged).await.account, None);
    }
    let whys: Vec<String> = unrouted(&database)
        .await
        .into_iter()
        .map(|(_, why)| why)
        .collect();
    assert_eq!(whys, ["contradiction", "unknown_connected_account"]);
    assert_eq!(dump(&superuser, a.account()).await, before);
    // Without a contradiction it is B's, whoever else has the payment intent.
    let mut own = succeeded("evt_9", "pi_a", json!({}));
    own["account"] = json!("acct_b");
    assert_eq!(send(&system, &own).await.account, Some(b.account()));
    assert_eq!(
        status(&a, payment).await,
        PaymentStatus::RequiresPaymentMethod
    );
}

/// The payment's row doesn't know its payment intent yet when the first event comes.
#[tokio::test]
async fn an_event_gives_the_payment_that_it_names_its_payment_intent() {
    let (_database, system, a, _) = pair().await;
    let payment = stripe_payments::create(&a, new_payment("buyer", 1_000))
        .await
        .unwrap();
    let metadata = webhook::metadata(&a, payment.id);
    send(&system, &succeeded("evt_1", "pi_late", metadata)).await;
    let after = stripe_payments::get(&a, payment.id).await.unwrap();
    assert_eq!(after.payment_intent.as_deref(), Some("pi_late"));
    assert_eq!(after.status, PaymentStatus::Succeeded);
}

/// What a payment's row is told before it names its payment intent is applied when it does.
#[tokio::test]
async fn naming_the_payment_intent_applies_what_waits() {
    let (_database, system, a, _) = pair().await;
    let received = send(&system, &succeeded("evt_1", "pi_late", names(&a))).await;
    assert_eq!(received.outcome, Some(EventOutcome::Pending));
    let payment = stripe_payments::create(&a, new_payment("buyer", 1_000))
        .await
        .unwrap();
    let patch = stripe_payments::StripePaymentPatch {
        payment_intent: access::Patch::Set(Some("pi_late".into())),
        ..Default::default()
    };
    let after = stripe_payments::update(&a, payment.id, patch)
        .await
        .unwrap();
    assert_eq!(after.status, PaymentStatus::Succeeded);
    assert!(
        !access::stripe_events::catch_up(&a, payment.id)
            .await
            .unwrap()
    );
}

/// S53
#[tokio::test]
async fn what_cannot_be_read_is_kept_as_it_is() {
    let (database, system, _, _) = pair().await;
    let bodies: [&[u8]; 7] = [
        b"",
        b"\0",
        b"no",
        b"[]",
        b"{\"id\":1}",
        b"\xff\xfe",
        b"{\"id\":\"evt_1\",\"n\":1e999}",
    ];
    for body in bodies {
        let header = signature(SECRET, body, Utc::now().timestamp());
        for duplicate in [false, true] {
            let received = webhook::receive(&system, body, &header).await.unwrap();
            assert!(received.event.starts_with("sha256:"));
            assert_eq!((received.account, received.duplicate), (None, duplicate));
        }
    }
    assert_eq!(unrouted(&database).await.len(), bodies.len());
    assert_eq!(reroute(&system).await, (0, bodies.len() as u64, 0));
}

/// S58-like: more than one page of events that wait.
#[tokio::test]
async fn rerouting_goes_through_all_of_many() {
    let (database, system, a, _) = pair().await;
    for n in 0..230 {
        send(
            &system,
            &succeeded(&format!("evt_{n}"), &format!("pi_{n}"), json!({})),
        )
        .await;
    }
    for n in (0..230).step_by(2) {
        create(&a, &format!("pi_{n}")).await;
    }
    assert_eq!(reroute(&system).await, (115, 115, 0));
    assert_eq!(unrouted(&database).await.len(), 115);
    let paid = stripe_payments::ListStripePayments {
        status: Some(PaymentStatus::Succeeded),
        ..Default::default()
    };
    assert_eq!(stripe_payments::count(&a, &paid).await.unwrap(), 115);
}

/// S74
#[tokio::test]
async fn lookups_and_the_systems_tables_are_the_systems_alone() {
    let database = TestDatabase::new().await;
    let app = database.app_sql().await;
    let superuser = database.superuser().await;
    let sql = "SELECT proname FROM pg_proc WHERE pronamespace = 'lookup'::regnamespace AND proname LIKE 'accounts_by%'";
    let lookups = superuser.query(sql, &[]).await.unwrap();
    assert_eq!(lookups.len(), 5);
    let mut refused: Vec<String> = lookups
        .iter()
        .map(|row| format!("SELECT lookup.{}('x')", row.get::<_, String>(0)))
        .collect();
    for table in ["stripe_account_links", "unrouted_stripe_events"] {
        refused.push(format!("SELECT FROM {table}"));
        refused.push(format!("INSERT INTO {table} DEFAULT VALUES"));
        refused.push(format!("DELETE FROM {table}"));
    }
    refused.push("INSERT INTO stripe_events DEFAULT VALUES".into());
    for sql in refused {
        let error = app.batch_execute(&sql).await.unwrap_err();
        assert_eq!(error.code().unwrap().code(), "42501", "{sql}");
    }
    let guard = database.guard().await;
    let asked = guard
        .lookup(entity_guard::Lookup::new("accounts_by_charge").with("ch_1".to_owned()))
        .await;
    assert_eq!(asked.unwrap_err(), entity_guard::Error::Forbidden);
    type Kept = entity::unrouted_stripe_events::UnroutedStripeEvents;
    let read = entity_guard::SystemSelect::<Kept>::page(&guard, "", 1).await;
    assert_eq!(read.unwrap_err(), entity_guard::Error::Forbidden);
}

/// The second layer holds without the first: a description that names a tenant table finds none of its rows.
#[tokio::test]
async fn a_lying_description_of_a_system_table_is_refused() {
    struct Lie;
    impl entity_guard::SystemScoped for Lie {
        type Row = String;
        const TABLE: &'static entity_guard::SystemTable = &entity_guard::SystemTable {
            name: "stripe_payments",
            key: "buyer",
            columns: &[entity_guard::ColumnDef::of::<String>("buyer")],
        };
        fn decode(
            cells: &mut entity_guard::Cells<'_>,
        ) -> Result<String, entity_guard::DecodeError> {
            cells.read()
        }
    }
    let database = TestDatabase::new().await;
    let config = tests::config(&database.url(dev_server::Login::System));
    let guard = entity_guard::Db::connect(config, &entity::schema::SYSTEM)
        .await
        .unwrap();
    let read = entity_guard::SystemSelect::<Lie>::page(&guard, "", 1).await;
    assert_eq!(read.unwrap_err(), entity_guard::Error::Forbidden);
}
