//! Whatever the order in which Stripe delivers, and however often.

use access::{
    Tenant, payment_share_tracking, payment_system_logs,
    stripe_payments::{self, PaymentStatus, StripePayment},
    system::SystemDb,
    webhook::EventOutcome,
};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tests::{
    TestDatabase,
    events::{self, event, object, send, with},
    fixtures::{dump, new_payment},
};

/// Every order of the items.
fn orders<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for first in 0..items.len() {
        let mut rest = items.to_vec();
        let item = rest.remove(first);
        for mut order in orders(&rest) {
            order.insert(0, item.clone());
            all.push(order);
        }
    }
    all
}

/// What happens to one payment intent of 1,000, one second after the other; `n` tells payments apart.
fn story(tenant: &Tenant, n: usize) -> Vec<Value> {
    let meta = json!({"account_id": tenant.account().to_string()});
    let intent = |fields: Value| {
        let base = json!({"id": format!("pi_s{n}"), "amount": 1000, "currency": "usd", "metadata": meta,
                          "last_payment_error": null, "latest_charge": null});
        with(with(object("payment_intent"), base), fields)
    };
    let of_charge = json!({"payment_intent": format!("pi_s{n}"), "currency": "usd"});
    let charge = with(
        with(object("charge"), of_charge.clone()),
        json!({"id": format!("ch_s{n}"), "amount": 1000, "amount_refunded": 300, "captured": true, "metadata": meta}),
    );
    let dispute = with(
        with(object("dispute"), of_charge),
        json!({"charge": format!("ch_s{n}"), "amount": 200, "status": "lost", "metadata": meta}),
    );
    let e = |step: i64, kind: &str, object: Value| {
        event(
            &format!("evt_{n}x{step}"),
            kind,
            1_700_000_000 + step,
            object,
        )
    };
    vec![
        e(
            1,
            "payment_intent.created",
            intent(json!({"status": "requires_payment_method"})),
        ),
        e(
            2,
            "payment_intent.processing",
            intent(json!({"status": "processing"})),
        ),
        e(
            3,
            "payment_intent.payment_failed",
            intent(json!({"status": "requires_payment_method",
            "last_payment_error": {"code": "card_declined"}})),
        ),
        e(
            4,
            "payment_intent.succeeded",
            intent(json!({"status": "succeeded", "latest_charge": format!("ch_s{n}")})),
        ),
        e(5, "charge.refunded", charge),
        e(6, "charge.dispute.closed", dispute),
    ]
}

async fn desk() -> (TestDatabase, SystemDb, Tenant) {
    let database = TestDatabase::new().await;
    let system = events::system(&database).await;
    let tenant = database.db().await.tenant(database.account("A").await);
    (database, system, tenant)
}

/// What doesn't depend on which payment it is.
fn state(payment: &StripePayment) -> (PaymentStatus, bool, Option<String>, i64, i64) {
    let error = payment.last_error.clone();
    let charged = payment.charge.is_some();
    (
        payment.status,
        charged,
        error,
        payment.refunded,
        payment.disputed,
    )
}

async fn create(tenant: &Tenant, intent: &str) -> StripePayment {
    let mut new = new_payment("buyer", 1_000);
    new.payment_intent = Some(intent.into());
    stripe_payments::create(tenant, new).await.unwrap()
}

/// S65
#[tokio::test]
async fn all_orders_of_all_events_end_the_same() {
    let (_database, system, tenant) = desk().await;
    let expected = (PaymentStatus::Succeeded, true, None, 300, 200);
    let steps: Vec<usize> = (0..6).collect();
    let told = orders(&steps).into_iter().enumerate().map(|(n, order)| {
        let (system, tenant, expected) = (&system, &tenant, &expected);
        async move {
            let (story, intent) = (story(tenant, n), format!("pi_s{n}"));
            // The row is there from the start, or comes midway, or at the end.
            let row_at = [0, 6, 3][n % 3];
            for (sent, step) in order.iter().enumerate() {
                if sent == row_at {
                    create(tenant, &intent).await;
                }
                send(system, &story[*step]).await;
            }
            if row_at == 6 {
                create(tenant, &intent).await;
            }
            let payment = stripe_payments::find_by_payment_intent(tenant, &intent).await;
            let payment = payment.unwrap().unwrap();
            assert_eq!(state(&payment), *expected, "{order:?}, row at {row_at}");
        }
    });
    let told = futures_util::stream::iter(told).buffer_unordered(6);
    assert_eq!(told.count().await, 720);
    let verified = payment_system_logs::verify(&tenant).await.unwrap();
    assert!(verified.complete && verified.first_broken.is_none());
}

/// S65: what was told stops midway, in any order: the payment is what the latest of it says.
#[tokio::test]
async fn all_orders_of_a_part_of_the_events_end_the_same() {
    let (_database, system, tenant) = desk().await;
    let failed = Some("card_declined".to_owned());
    let parts: [(&[usize], _); 3] = [
        (&[0, 1], (PaymentStatus::Processing, false, None, 0, 0)),
        (
            &[0, 1, 2],
            (PaymentStatus::RequiresPaymentMethod, false, failed, 0, 0),
        ),
        (
            &[0, 1, 2, 4],
            (PaymentStatus::Succeeded, true, None, 300, 0),
        ),
    ];
    let mut n = 10_000;
    for (part, expected) in parts {
        for order in orders(part) {
            for early in [true, false] {
                n += 1;
                let story = story(&tenant, n);
                let intent = format!("pi_s{n}");
                if early {
                    create(&tenant, &intent).await;
                }
                for step in &order {
                    send(&system, &story[*step]).await;
                }
                if !early {
                    create(&tenant, &intent).await;
                }
                let payment = stripe_payments::find_by_payment_intent(&tenant, &intent).await;
                assert_eq!(state(&payment.unwrap().unwrap()), expected, "{order:?}");
            }
        }
    }
}

/// S65: refunds that fail, and disputes that are won, with the shares as they were split.
#[tokio::test]
async fn all_orders_of_refunds_and_disputes_end_with_the_same_sums() {
    let (_database, system, tenant) = desk().await;
    let steps: Vec<usize> = (0..5).collect();
    for (n, order) in orders(&steps).into_iter().enumerate() {
        let intent = format!("pi_r{n}");
        let payment = create(&tenant, &intent).await;
        stripe_payments::succeed(&tenant, payment.id, "ch_1")
            .await
            .unwrap();
        payment_share_tracking::distribute(&tenant, payment.id)
            .await
            .unwrap();
        let of = json!({"payment_intent": intent, "charge": "ch_1", "currency": "usd"});
        let charge = |total: i64| {
            let fields = json!({"id": "ch_1", "amount_refunded": total, "captured": true});
            with(with(object("charge"), of.clone()), fields)
        };
        let refund = with(
            with(object("refund"), of.clone()),
            json!({"amount": 500, "status": "failed"}),
        );
        let dispute = |status: &str| {
            let fields = json!({"amount": 400, "status": status});
            with(with(object("dispute"), of.clone()), fields)
        };
        let events = [
            (1, "charge.refunded", charge(500)),
            (2, "refund.failed", refund),
            (3, "charge.refunded", charge(300)),
            (4, "charge.dispute.created", dispute("needs_response")),
            (5, "charge.dispute.closed", dispute("won")),
        ];
        for step in &order {
            let (at, kind, object) = events[*step].clone();
            send(
                &system,
                &event(&format!("evt_r{n}x{at}"), kind, 1_700_000_000 + at, object),
            )
            .await;
        }
        let after = stripe_payments::get(&tenant, payment.id).await.unwrap();
        assert_eq!((after.refunded, after.disputed), (300, 0), "{order:?}");
        let shares = payment_share_tracking::list_by_payment(&tenant, payment.id)
            .await
            .unwrap();
        let left: i64 = shares
            .iter()
            .map(|share| share.amount - share.reversed)
            .sum();
        assert_eq!(left, 700, "{order:?}");
    }
}

/// S64
#[tokio::test]
async fn one_event_twenty_times_ten_at_once_is_one_effect_and_one_entry() {
    let (database, system, tenant) = desk().await;
    let payment = create(&tenant, "pi_s0").await;
    let before = payment_system_logs::list(&tenant, &Default::default())
        .await
        .unwrap()
        .items
        .len();
    let succeeded = story(&tenant, 0).swap_remove(3);
    for _ in 0..2 {
        let ten = (0..10).map(|_| send(&system, &succeeded));
        let received = futures_util::future::join_all(ten).await;
        assert!(
            received
                .iter()
                .all(|one| one.outcome == Some(EventOutcome::Applied))
        );
        assert!(received.iter().filter(|one| !one.duplicate).count() <= 1);
    }
    let after = stripe_payments::get(&tenant, payment.id).await.unwrap();
    assert_eq!(after.status, PaymentStatus::Succeeded);
    let logs = payment_system_logs::list(&tenant, &Default::default())
        .await
        .unwrap()
        .items;
    assert_eq!(logs.len(), before + 1);
    assert_eq!(
        (logs[0].event.as_str(), logs[0].actor.as_str()),
        ("webhook.receive", "stripe")
    );
    let superuser = database.superuser().await;
    let count = superuser
        .query_one("SELECT count(*) FROM stripe_events", &[])
        .await
        .unwrap();
    assert_eq!(count.get::<_, i64>(0), 1);
}

/// S64, S65: all at once, while the row is being made.
#[tokio::test]
async fn events_that_race_with_their_row_are_not_lost() {
    let (_database, system, tenant) = desk().await;
    for n in 0..40 {
        let story = story(&tenant, n);
        let intent = format!("pi_s{n}");
        let sent = async {
            futures_util::future::join_all(story.iter().map(|event| send(&system, event))).await
        };
        let (_, _) = futures_util::future::join(sent, create(&tenant, &intent)).await;
        let payment = stripe_payments::find_by_payment_intent(&tenant, &intent).await;
        let payment = payment.unwrap().unwrap();
        let expected = (PaymentStatus::Succeeded, true, None, 300, 200);
        assert_eq!(state(&payment), expected);
    }
    let pending = access::stripe_events::ListStripeEvents {
        outcome: Some(EventOutcome::Pending),
        ..Default::default()
    };
    let pending = access::stripe_events::list(&tenant, &pending)
        .await
        .unwrap();
    assert_eq!(pending.items, []);
}

/// An event isn't answered as received before its COMMIT is.
#[tokio::test]
async fn what_could_not_be_committed_is_not_received() {
    let (database, system, tenant) = desk().await;
    let payment = create(&tenant, "pi_s0").await;
    let superuser = database.superuser().await;
    let before = dump(&superuser, tenant.account()).await;
    let plant = "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
         CREATE CONSTRAINT TRIGGER no AFTER INSERT ON stripe_events DEFERRABLE INITIALLY DEFERRED
         FOR EACH ROW EXECUTE FUNCTION no()";
    superuser.batch_execute(plant).await.unwrap();
    let succeeded = story(&tenant, 0).swap_remove(3);
    assert!(events::try_send(&system, &succeeded).await.is_err());
    assert_eq!(dump(&superuser, tenant.account()).await, before);
    superuser
        .batch_execute("DROP TRIGGER no ON stripe_events")
        .await
        .unwrap();
    send(&system, &succeeded).await;
    let after = stripe_payments::get(&tenant, payment.id).await.unwrap();
    assert_eq!(after.status, PaymentStatus::Succeeded);
}
