//! What somebody who writes events, files or amounts could gain by them, and doesn't.

use access::{
    AccountId, Error, Isolation, Patch, Tenant, account_payout_routes,
    pay_out::{self, PayOut, PayOutStatus},
    payment_share_tracking,
    payment_system_logs::{self, ListLogs, LogLevel},
    stripe_payments::{self, PaymentStatus, StripePayment, StripePaymentPatch},
    system::{self, SystemDb},
    webhook::{self, EventOutcome, WebhookSecrets},
};
use serde_json::{Value, json};
use tests::{
    TestDatabase,
    events::{SECRET, event, object, send, with},
    fixtures::{new_payment, new_payout, new_route},
    lifecycle::{exported, imported},
};

use super::{
    lifecycle::{erased, planned},
    stripe_events,
};

/// The system, and an account whose payee `x` is owed half of a payment of 1,000.
async fn desk() -> (TestDatabase, SystemDb, Tenant) {
    let (database, system, a) = stripe_events::desk().await;
    account_payout_routes::create(&a, new_route("x", 5_000))
        .await
        .unwrap();
    stripe_events::paid(&a, "pi_paid").await;
    (database, system, a)
}

async fn create(tenant: &Tenant, intent: &str) -> StripePayment {
    let mut new = new_payment("buyer", 1_000);
    new.payment_intent = Some(intent.into());
    stripe_payments::create(tenant, new).await.unwrap()
}

async fn link(system: &SystemDb, account: AccountId, connected: &str) {
    let scope = system.scope("ops", "onboarding").unwrap();
    let linked = system::link_connected_account(&scope, account, connected);
    linked.await.unwrap();
}

fn intent(id: &str, fields: Value) -> Value {
    let base = json!({"id": id, "status": "succeeded", "latest_charge": id.replace("pi", "ch"),
                      "amount": 1_000, "amount_received": 1_000, "currency": "usd"});
    with(with(object("payment_intent"), base), fields)
}

async fn warnings(tenant: &Tenant) -> usize {
    let list = ListLogs::default();
    let logs = payment_system_logs::list(tenant, &list)
        .await
        .unwrap()
        .items;
    logs.iter()
        .filter(|entry| entry.level == LogLevel::Warning)
        .count()
}

/// Whoever owns a connected account makes a payment of 50 cents in it that names the platform's payment, and more of the
/// kind. Red when anything but the connected account itself is believed of its events.
#[tokio::test]
async fn what_happens_in_a_connected_account_moves_nothing_of_the_platforms() {
    let (_database, system, a) = desk().await;
    link(&system, a.account(), "acct_a").await;
    let free = stripe_payments::create(&a, new_payment("buyer", 1_000))
        .await
        .unwrap();
    let requested = pay_out::request(&a, new_payout("x", "k")).await.unwrap();
    let all = async || {
        let listed = stripe_payments::list(&a, &Default::default())
            .await
            .unwrap()
            .items;
        let shares = payment_share_tracking::list_by_payment(&a, listed.last().unwrap().id).await;
        (
            listed,
            shares.unwrap(),
            pay_out::get(&a, requested.id).await.unwrap(),
        )
    };
    let before = all().await;
    let meta = json!({"account_id": a.account().to_string(), "payment_id": free.id, "pay_out_id": requested.id});
    let named = json!({"metadata": meta});
    let of_paid = json!({"metadata": meta, "payment_intent": "pi_paid", "charge": "ch_1"});
    let forged = [
        (
            "payment_intent.succeeded",
            intent("pi_forged", named.clone()),
        ),
        ("payment_intent.canceled", intent("pi_paid", named.clone())),
        (
            "charge.refunded",
            with(
                with(object("charge"), of_paid.clone()),
                json!({"id": "ch_1", "amount_refunded": 900, "captured": true}),
            ),
        ),
        (
            "refund.failed",
            with(
                with(object("refund"), named.clone()),
                json!({"status": "failed"}),
            ),
        ),
        (
            "charge.dispute.created",
            with(
                with(object("dispute"), of_paid),
                json!({"amount": 900, "status": "lost"}),
            ),
        ),
        ("transfer.created", with(object("transfer"), named.clone())),
        (
            "transfer.reversed",
            with(with(object("transfer"), named), json!({"reversed": true})),
        ),
    ];
    for (n, (kind, object)) in forged.into_iter().enumerate() {
        let mut forged = event(&format!("evt_{n}"), kind, 10, object);
        forged["account"] = json!("acct_a");
        let received = send(&system, &forged).await;
        assert_eq!(received.account, Some(a.account()), "{kind}");
        assert_eq!(received.outcome, Some(EventOutcome::Ignored), "{kind}");
        assert_eq!(all().await, before, "{kind}");
    }
    // Nor later, when a row names the payment intent that it was about.
    let patch = StripePaymentPatch {
        payment_intent: Patch::Set(Some("pi_forged".into())),
        ..Default::default()
    };
    let after = stripe_payments::update(&a, free.id, patch).await.unwrap();
    assert_eq!(after.status, PaymentStatus::RequiresPaymentMethod);
}

/// Red when `livemode` isn't read: a test card pays.
#[tokio::test]
async fn test_mode_pays_nothing_where_money_is_real() {
    let (database, system, a) = desk().await;
    let payment = create(&a, "pi_1").await;
    let named = json!({"metadata": {"account_id": a.account().to_string()}});
    let mut test = event(
        "evt_1",
        "payment_intent.succeeded",
        10,
        intent("pi_1", named),
    );
    test["livemode"] = json!(false);
    let received = send(&system, &test).await;
    assert_eq!((received.account, received.outcome), (None, None));
    let reroute = async |system: &SystemDb| {
        let scope = system.scope("ops", "reroute").unwrap();
        let counts = system::reroute_unrouted_events(&scope).await.unwrap();
        (counts.routed, counts.unrouted)
    };
    assert_eq!(reroute(&system).await, (0, 1));
    let status = async || stripe_payments::get(&a, payment.id).await.unwrap().status;
    assert_eq!(status().await, PaymentStatus::RequiresPaymentMethod);

    let testing = WebhookSecrets::new([SECRET]).test_mode(true);
    let testing = database.system().await.webhook_secrets(testing);
    assert_eq!(reroute(&testing).await, (1, 0));
    assert_eq!(status().await, PaymentStatus::Succeeded);
    test["livemode"] = json!(true);
    test["id"] = json!("evt_2");
    assert_eq!(
        send(&testing, &test).await.account,
        None,
        "real, among tests"
    );
}

/// A part that was captured, another currency, another amount. Red when the amounts aren't compared: all of it is paid out.
#[tokio::test]
async fn a_payment_succeeds_by_its_own_amount_alone() {
    let (_database, system, a) = desk().await;
    let other = [
        json!({"amount_received": 250}),
        json!({"amount": 50, "amount_received": 50}),
        json!({"amount": 1_001, "amount_received": 1_001}),
        json!({"currency": "jpy"}),
    ];
    for (n, fields) in other.into_iter().enumerate() {
        let (pi, before) = (format!("pi_{n}"), warnings(&a).await);
        let payment = create(&a, &pi).await;
        let named = json!({"metadata": {"account_id": a.account().to_string()}});
        let taken = with(intent(&pi, named), fields.clone());
        let paid = event(&format!("evt_{n}"), "payment_intent.succeeded", 10, taken);
        let received = send(&system, &paid).await;
        assert_eq!(received.outcome, Some(EventOutcome::Ignored), "{fields}");
        let charge = json!({"id": format!("ch_{n}"), "payment_intent": pi, "amount": 1_000, "amount_captured": 250,
                            "amount_refunded": 100, "captured": true});
        let refunded = event(
            &format!("evt_{n}r"),
            "charge.refunded",
            11,
            with(object("charge"), charge),
        );
        send(&system, &refunded).await;
        let after = stripe_payments::get(&a, payment.id).await.unwrap();
        assert_eq!(
            after.status,
            PaymentStatus::RequiresPaymentMethod,
            "{fields}"
        );
        assert!(warnings(&a).await > before, "somebody has to look");
    }
}

/// Two transfers for one payout, and one of something else. Red when the second waits for ever and tells nobody.
#[tokio::test]
async fn a_transfer_that_is_not_the_payouts_own_is_told_and_changes_nothing() {
    let (_database, system, a) = desk().await;
    let payout = pay_out::request(&a, new_payout("x", "k")).await.unwrap();
    let transfer = |id: &str, amount: i64, currency: &str| {
        let fields = json!({"id": id, "amount": amount, "currency": currency,
                            "metadata": webhook::pay_out_metadata(&a, payout.id)});
        event(
            &format!("evt_{id}"),
            "transfer.created",
            10,
            with(object("transfer"), fields),
        )
    };
    let told = async |event: Value| -> (Option<EventOutcome>, PayOut, usize) {
        let outcome = send(&system, &event).await.outcome;
        (
            outcome,
            pay_out::get(&a, payout.id).await.unwrap(),
            warnings(&a).await,
        )
    };
    let ignored = Some(EventOutcome::Ignored);
    assert_eq!(
        told(transfer("tr_less", 1, "usd")).await,
        (ignored, payout.clone(), 1)
    );
    assert_eq!(
        told(transfer("tr_other", payout.amount, "jpy")).await,
        (ignored, payout.clone(), 2)
    );
    let (outcome, paid, _) = told(transfer("tr_1", payout.amount, "usd")).await;
    assert_eq!(
        (outcome, paid.status),
        (Some(EventOutcome::Applied), PayOutStatus::Paid)
    );
    assert_eq!(
        told(transfer("tr_2", payout.amount, "usd")).await,
        (ignored, paid, 3)
    );
}

/// A file can name a connected account that is another's. Red when the link goes whosever it is.
#[tokio::test]
async fn erasing_an_account_leaves_the_links_of_others() {
    let (database, system, a) = desk().await;
    let c = database.account("C").await;
    link(&system, c, "acct_c").await;
    let superuser = database.superuser().await;
    let planted =
        "INSERT INTO connected_accounts (account_id, connected_account, created_at, updated_at)
                   VALUES ($1, 'acct_c', now(), now())";
    superuser
        .execute(planted, &[&a.account().as_uuid()])
        .await
        .unwrap();
    let plan = planned(&system, a.account()).await;
    erased(&system, a.account(), &plan).await.unwrap();
    let mut updated = event(
        "evt_1",
        "account.updated",
        10,
        with(object("account"), json!({"id": "acct_c"})),
    );
    updated["account"] = json!("acct_c");
    assert_eq!(send(&system, &updated).await.account, Some(c));
}

/// What Stripe goes on to tell of an erased account. Red when the payload is stored all the same, or stays where it waits.
#[tokio::test]
async fn an_erased_account_gathers_no_more_payloads() {
    let (database, system, a) = desk().await;
    let named = json!({"metadata": {"account_id": a.account().to_string()}});
    let mut test = event(
        "evt_kept",
        "payment_intent.created",
        1,
        intent("pi_paid", named.clone()),
    );
    test["livemode"] = json!(false);
    send(&system, &test).await;
    let plan = planned(&system, a.account()).await;
    erased(&system, a.account(), &plan).await.unwrap();
    let superuser = database.superuser().await;
    let kept = superuser
        .query("SELECT FROM unrouted_stripe_events", &[])
        .await
        .unwrap();
    assert_eq!(kept.len(), 0);
    let dispute = with(
        with(object("dispute"), named),
        json!({"charge": "ch_1", "amount": 10, "status": "lost"}),
    );
    let received = send(
        &system,
        &event("evt_1", "charge.dispute.created", 10, dispute),
    )
    .await;
    assert_eq!(received.outcome, Some(EventOutcome::Applied));
    let stored = access::stripe_events::list(&a, &Default::default())
        .await
        .unwrap()
        .items;
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].payload, None);
}

/// S73, by a file that says that Stripe has named its account. Red when a file is believed as Stripe is.
#[tokio::test]
async fn an_imported_event_claims_no_other_events() {
    let (database, system, a) = desk().await;
    let b = database.db().await.tenant(database.account("B").await);
    let named = json!({"metadata": {"account_id": b.account().to_string()}});
    send(
        &system,
        &event("evt_1", "payment_intent.created", 1, intent("pi_b", named)),
    )
    .await;
    let lines = exported(&system, b.account()).await;
    let new = AccountId::from_authenticated(uuid::Uuid::now_v7()).unwrap();
    let forged = lines
        .iter()
        .map(|line| line.replace(&b.account().to_string(), &new.to_string()));
    let forged: Vec<String> = forged.collect();
    assert!(
        forged.iter().any(|line| line.contains("\"signed\": true")),
        "{forged:?}"
    );
    imported(&system, &forged).await.unwrap();
    let payment = create(&b, "pi_b").await;
    stripe_payments::succeed(&b, payment.id, "ch_b")
        .await
        .unwrap();
    let charge = json!({"id": "ch_b", "payment_intent": "pi_b", "amount": 1_000, "amount_refunded": 100, "captured": true});
    let refunded = event(
        "evt_2",
        "charge.refunded",
        11,
        with(object("charge"), charge),
    );
    assert_eq!(send(&system, &refunded).await.account, Some(b.account()));
    drop(a);
}

/// An event that arrives after a transaction has taken its snapshot and before it makes the row. Red when what waits writes
/// nothing that the transaction writes too: the payment stays unpaid for ever.
#[tokio::test]
async fn an_event_is_not_lost_to_an_older_snapshot() {
    for isolation in [Isolation::RepeatableRead, Isolation::Serializable] {
        for by_update in [false, true] {
            let (_database, system, mut a) = desk().await;
            let account = a.account().to_string();
            let unnamed = stripe_payments::create(&a, new_payment("buyer", 1_000))
                .await
                .unwrap();
            let tx = a.begin_at(isolation).await.unwrap();
            access::accounts::get(&tx).await.unwrap();
            let object = intent("pi_late", json!({"metadata": {"account_id": account}}));
            let paid = event("evt_1", "payment_intent.succeeded", 10, object);
            assert_eq!(
                send(&system, &paid).await.outcome,
                Some(EventOutcome::Pending)
            );
            let patch = StripePaymentPatch {
                payment_intent: Patch::Set(Some("pi_late".into())),
                ..Default::default()
            };
            let made = if by_update {
                stripe_payments::update(&tx, unnamed.id, patch).await
            } else {
                let mut new = new_payment("buyer", 1_000);
                new.payment_intent = Some("pi_late".into());
                stripe_payments::create(&tx, new).await
            };
            let saved = tx.commit().await;
            assert_eq!(made.and(saved), Err(Error::Unavailable));
            let again = create(&a, "pi_late").await;
            assert_eq!(again.status, PaymentStatus::Succeeded);
        }
    }
}
