use access::{
    Tenant,
    pay_out::{self, PayOutStatus},
    payment_share_tracking::{self, ShareStatus},
    payment_system_logs,
    stripe_events::{self, ListStripeEvents},
    stripe_payments::{self, PaymentStatus},
    system::SystemDb,
    webhook::{self, EventOutcome},
};
use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use tests::{
    TestDatabase,
    events::{self, event, object, send, with},
    fixtures::{new_payment, new_payout, new_route, new_settings},
};

/// The system, and an account with settings.
pub(super) async fn desk() -> (TestDatabase, SystemDb, Tenant) {
    let database = TestDatabase::new().await;
    let system = events::system(&database).await;
    let tenant = database.db().await.tenant(database.account("A").await);
    access::account_payment_settings::upsert(&tenant, new_settings(), 0)
        .await
        .unwrap();
    (database, system, tenant)
}

/// A payment of 1,000 that was paid by the charge `ch_1`, and given to its payees.
pub(super) async fn paid(tenant: &Tenant, intent: &str) -> access::StripePaymentId {
    let mut new = new_payment("buyer", 1_000);
    new.payment_intent = Some(intent.into());
    let id = stripe_payments::create(tenant, new).await.unwrap().id;
    stripe_payments::succeed(tenant, id, "ch_1").await.unwrap();
    payment_share_tracking::distribute(tenant, id)
        .await
        .unwrap();
    id
}

fn dispute(id: &str, kind: &str, at: i64, amount: i64, status: &str) -> Value {
    let fields =
        json!({"payment_intent": "pi_1", "charge": "ch_1", "amount": amount, "status": status});
    event(id, kind, at, with(object("dispute"), fields))
}

/// Open, what was reversed directly, and what clawbacks took, over all shares.
async fn sums(tenant: &Tenant, payment: access::StripePaymentId) -> (i128, i64, i64) {
    let shares = payment_share_tracking::list_by_payment(tenant, payment)
        .await
        .unwrap();
    let reversed = shares.iter().map(|share| share.reversed).sum();
    let clawed_back = shares.iter().map(|share| share.clawed_back).sum();
    let open = shares
        .iter()
        .filter(|share| share.status == ShareStatus::Open);
    let open = open
        .map(|share| i128::from(share.amount - share.reversed))
        .sum();
    (open, reversed, clawed_back)
}

#[tokio::test]
async fn a_dispute_that_is_won_gives_back_to_open_shares_what_it_took() {
    let (_database, system, a) = desk().await;
    let payment = paid(&a, "pi_1").await;
    let before = payment_share_tracking::list_by_payment(&a, payment)
        .await
        .unwrap();
    for (amount, kept) in [(1_000, 0), (400, 600)] {
        let at = 10 + amount;
        let id = |n: i64| format!("evt_{amount}x{n}");
        let mut created = dispute(
            &id(1),
            "charge.dispute.created",
            at,
            amount,
            "needs_response",
        );
        let mut closed = dispute(&id(2), "charge.dispute.closed", at + 1, amount, "won");
        for event in [&mut created, &mut closed] {
            event["data"]["object"]["id"] = json!(format!("dp_{amount}"));
        }
        send(&system, &created).await;
        assert_eq!(sums(&a, payment).await.0, kept);
        send(&system, &closed).await;
        assert_eq!(sums(&a, payment).await, (1_000, 0, 0));
    }
    let after = payment_share_tracking::list_by_payment(&a, payment)
        .await
        .unwrap();
    let what = |shares: &[payment_share_tracking::PaymentShare]| -> Vec<_> {
        shares
            .iter()
            .map(|s| (s.id, s.status, s.amount, s.reversed))
            .collect()
    };
    assert_eq!(what(&after), what(&before));
}

#[tokio::test]
async fn a_dispute_that_is_won_gives_back_what_was_paid_out_by_the_next_payout() {
    let (_database, system, a) = desk().await;
    let payment = paid(&a, "pi_1").await;
    send(
        &system,
        &dispute("evt_1", "charge.dispute.created", 1, 100, "needs_response"),
    )
    .await;
    let payout = pay_out::request(&a, new_payout("creator", "k1"))
        .await
        .unwrap();
    pay_out::record_transfer(&a, payout.id, "tr_1")
        .await
        .unwrap();
    send(
        &system,
        &dispute("evt_2", "charge.dispute.updated", 2, 300, "needs_response"),
    )
    .await;
    let owed = || async {
        let owed = payment_share_tracking::open_balance(&a, "creator")
            .await
            .unwrap();
        owed.first().map(|balance| balance.amount)
    };
    assert_eq!(owed().await, Some(-180));
    send(
        &system,
        &dispute("evt_3", "charge.dispute.closed", 3, 300, "won"),
    )
    .await;
    assert_eq!(
        owed().await,
        Some(90),
        "what was taken before the payout, and no more"
    );
    let again = pay_out::request(&a, new_payout("creator", "k2"))
        .await
        .unwrap();
    assert_eq!(payout.amount + again.amount, 900);
    // Lost all over again, it takes all of it.
    let mut lost = dispute("evt_4", "charge.dispute.closed", 4, 1_000, "lost");
    lost["data"]["object"]["id"] = json!("dp_2");
    send(&system, &lost).await;
    assert_eq!(owed().await, Some(-900));
    assert_eq!(
        stripe_payments::get(&a, payment).await.unwrap().disputed,
        1_000
    );
    assert!(payment_system_logs::verify(&a).await.unwrap().complete);
}

#[tokio::test]
async fn an_inquiry_takes_nothing_and_sums_never_exceed_the_payment() {
    let (_database, system, a) = desk().await;
    let payment = paid(&a, "pi_1").await;
    send(
        &system,
        &dispute(
            "evt_1",
            "charge.dispute.created",
            1,
            500,
            "warning_needs_response",
        ),
    )
    .await;
    assert_eq!(stripe_payments::get(&a, payment).await.unwrap().disputed, 0);
    send(
        &system,
        &dispute("evt_2", "charge.dispute.closed", 2, i64::MAX, "lost"),
    )
    .await;
    assert_eq!(
        stripe_payments::get(&a, payment).await.unwrap().disputed,
        1_000
    );
    let fields = json!({"id": "ch_1", "payment_intent": "pi_1", "amount_refunded": i64::MAX, "captured": true});
    send(
        &system,
        &event(
            "evt_3",
            "charge.refunded",
            3,
            with(object("charge"), fields),
        ),
    )
    .await;
    let after = stripe_payments::get(&a, payment).await.unwrap();
    assert_eq!(
        (after.refunded, after.disputed),
        (1_000, 0),
        "refunds first"
    );
}

/// An authorization that is given up is "refunded" by Stripe, and nothing was paid.
#[tokio::test]
async fn a_charge_that_was_never_captured_is_no_payment() {
    let (_database, system, a) = desk().await;
    let mut new = new_payment("buyer", 1_000);
    new.payment_intent = Some("pi_1".into());
    let payment = stripe_payments::create(&a, new).await.unwrap().id;
    let fields = json!({"id": "ch_1", "payment_intent": "pi_1", "amount_refunded": 1_000, "captured": false});
    send(
        &system,
        &event(
            "evt_1",
            "charge.refunded",
            1,
            with(object("charge"), fields),
        ),
    )
    .await;
    let fields = json!({"id": "pi_1", "status": "canceled"});
    send(
        &system,
        &event(
            "evt_2",
            "payment_intent.canceled",
            1,
            with(object("payment_intent"), fields),
        ),
    )
    .await;
    let after = stripe_payments::get(&a, payment).await.unwrap();
    assert_eq!((after.status, after.refunded), (PaymentStatus::Canceled, 0));
}

#[tokio::test]
async fn transfers_pay_payouts_and_reversals_fail_them_in_any_order() {
    let (_database, system, a) = desk().await;
    for (n, order) in [[0, 1], [1, 0]].into_iter().enumerate() {
        access::account_payout_routes::create(&a, new_route(&format!("p{n}"), 1_000))
            .await
            .unwrap();
        paid(&a, &format!("pi_{n}")).await;
        let payout = pay_out::request(&a, new_payout(&format!("p{n}"), &format!("k{n}")))
            .await
            .unwrap();
        let metadata = webhook::pay_out_metadata(&a, payout.id);
        let transfer = with(
            object("transfer"),
            json!({"id": format!("tr_{n}"), "amount": payout.amount, "metadata": metadata}),
        );
        let reversed = with(
            transfer.clone(),
            json!({"reversed": true, "amount_reversed": payout.amount}),
        );
        let partly = with(
            transfer.clone(),
            json!({"reversed": false, "amount_reversed": 1}),
        );
        let events = [
            event(&format!("evt_{n}x1"), "transfer.created", 1, transfer),
            event(&format!("evt_{n}x2"), "transfer.reversed", 2, reversed),
        ];
        let ignored = send(
            &system,
            &event(&format!("evt_{n}x3"), "transfer.reversed", 1, partly),
        )
        .await;
        assert_eq!(ignored.outcome, Some(EventOutcome::Ignored));
        for step in order {
            send(&system, &events[step]).await;
        }
        let after = pay_out::get(&a, payout.id).await.unwrap();
        assert_eq!(after.status, PayOutStatus::Failed);
        assert_eq!(after.transfer, Some(format!("tr_{n}")));
        let owed = payment_share_tracking::open_balance(&a, &payout.payee)
            .await
            .unwrap();
        assert_eq!(owed[0].amount, i128::from(payout.amount));
    }
}

/// A reversal that comes before anybody has recorded the transfer.
#[tokio::test]
async fn recording_a_transfer_applies_what_waits() {
    let (_database, system, a) = desk().await;
    paid(&a, "pi_1").await;
    let payout = pay_out::request(&a, new_payout("creator", "k"))
        .await
        .unwrap();
    let fields = json!({"id": "tr_9", "reversed": true, "metadata": {"account_id": a.account().to_string()}});
    let reversed = event(
        "evt_1",
        "transfer.reversed",
        2,
        with(object("transfer"), fields),
    );
    assert_eq!(
        send(&system, &reversed).await.outcome,
        Some(EventOutcome::Pending)
    );
    let after = pay_out::record_transfer(&a, payout.id, "tr_9")
        .await
        .unwrap();
    assert_eq!(
        (after.status, after.failure.as_deref()),
        (PayOutStatus::Failed, Some("transfer_reversed"))
    );
    assert_eq!(pay_out::get(&a, payout.id).await.unwrap(), after);
}

#[tokio::test]
async fn events_are_listed_and_their_payloads_erased() {
    let (_database, system, a) = desk().await;
    paid(&a, "pi_1").await;
    for n in 0..3 {
        send(
            &system,
            &dispute(
                &format!("evt_{n}"),
                "charge.dispute.created",
                n,
                10,
                "needs_response",
            ),
        )
        .await;
    }
    let mut request = ListStripeEvents {
        subject: Some("pi_1".into()),
        limit: Some(2),
        ..Default::default()
    };
    let first = stripe_events::list(&a, &request).await.unwrap();
    request.cursor = first.next.clone();
    let second = stripe_events::list(&a, &request).await.unwrap();
    let ids: Vec<&str> = first
        .items
        .iter()
        .chain(&second.items)
        .map(|e| e.event.as_str())
        .collect();
    assert_eq!(ids, ["evt_2", "evt_1", "evt_0"]);
    assert_eq!(
        stripe_events::get(&a, first.items[0].id).await.unwrap(),
        first.items[0]
    );
    let soon = Utc::now() + TimeDelta::seconds(5);
    assert_eq!(stripe_events::erase_payloads(&a, soon).await.unwrap(), 3);
    assert_eq!(stripe_events::erase_payloads(&a, soon).await.unwrap(), 0);
    // What it said still counts.
    send(
        &system,
        &dispute("evt_9", "charge.dispute.closed", 9, 10, "won"),
    )
    .await;
    let payment = stripe_payments::find_by_payment_intent(&a, "pi_1")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(payment.disputed, 0);
    for cursor in ["", "x", &"A".repeat(500)] {
        request.cursor = Some(cursor.to_owned().into());
        assert_eq!(
            stripe_events::list(&a, &request).await.unwrap_err().code(),
            "invalid"
        );
    }
}
