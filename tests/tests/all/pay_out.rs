use access::{
    Error, Reason, Tenant, account_payment_settings, account_payout_routes,
    pay_out::{self, ListPayOuts, PayOutStatus},
    payment_share_tracking::{self, ShareStatus},
    stripe_payments,
};
use tests::{
    TestDatabase,
    fixtures::{new_payment, new_payout, new_route, new_settings},
};

const NOTHING_OWED: Error = Error::Rejected(Reason::InsufficientShares);

/// An account whose payee `x` is owed half of each amount.
async fn owing(amounts: &[i64]) -> (TestDatabase, Tenant) {
    let database = TestDatabase::new().await;
    let tenant = database.db().await.tenant(database.account("A").await);
    account_payment_settings::upsert(&tenant, new_settings(), 0)
        .await
        .unwrap();
    account_payout_routes::create(&tenant, new_route("x", 5_000))
        .await
        .unwrap();
    for amount in amounts {
        owe(&tenant, *amount).await;
    }
    (database, tenant)
}

async fn owe(tenant: &Tenant, amount: i64) {
    let mut new = new_payment("buyer", amount);
    new.fee = 0;
    let id = stripe_payments::create(tenant, new).await.unwrap().id;
    stripe_payments::succeed(tenant, id, "ch_1").await.unwrap();
    payment_share_tracking::distribute(tenant, id)
        .await
        .unwrap();
}

/// S66
#[tokio::test]
async fn of_fifty_requests_at_once_one_pays_and_the_others_learn_why_not() {
    let (database, tenant) = owing(&[100, 60, 40]).await;
    let db = database.busy_db(16).await;
    let requests = (0..50).map(|number| {
        let tenant = db.tenant(tenant.account());
        async move { pay_out::request(&tenant, new_payout("x", &format!("key-{number}"))).await }
    });
    let outcomes = futures_util::future::join_all(requests).await;
    let paid: Vec<_> = outcomes.iter().flatten().collect();
    assert_eq!(paid.len(), 1, "{outcomes:?}");
    assert_eq!(paid[0].amount, 100);
    assert!(
        outcomes
            .iter()
            .all(|o| o.is_ok() || *o == Err(NOTHING_OWED)),
        "{outcomes:?}"
    );
    assert!(
        payment_share_tracking::open_balance(&tenant, "x")
            .await
            .unwrap()
            .is_empty()
    );
}

/// S68
#[tokio::test]
async fn one_key_gives_one_payout_and_another_body_a_conflict() {
    let (database, tenant) = owing(&[100]).await;
    let first = pay_out::request(&tenant, new_payout("x", "key"))
        .await
        .unwrap();
    assert_eq!(
        pay_out::request(&tenant, new_payout("x", "key"))
            .await
            .unwrap(),
        first
    );
    assert_eq!(
        pay_out::request(&tenant, new_payout("creator", "key")).await,
        Err(Error::Conflict)
    );
    let mut euros = new_payout("x", "key");
    euros.currency = "EUR".parse().unwrap();
    assert_eq!(pay_out::request(&tenant, euros).await, Err(Error::Conflict));
    assert_eq!(
        pay_out::list(&tenant, &ListPayOuts::default())
            .await
            .unwrap()
            .items,
        [first]
    );

    owe(&tenant, 100).await;
    let db = database.busy_db(10).await;
    let requests = (0..20).map(|_| {
        let tenant = db.tenant(tenant.account());
        async move { pay_out::request(&tenant, new_payout("x", "at once")).await }
    });
    let outcomes = futures_util::future::join_all(requests).await;
    let ids: Vec<_> = outcomes
        .into_iter()
        .map(|outcome| outcome.unwrap().id)
        .collect();
    assert!(ids.iter().all(|id| *id == ids[0]));
}

#[tokio::test]
async fn a_transfer_pays_the_shares_and_is_recorded_once() {
    let (_database, tenant) = owing(&[100]).await;
    let payout = pay_out::request(&tenant, new_payout("x", "1"))
        .await
        .unwrap();
    let paid = pay_out::record_transfer(&tenant, payout.id, "tr_1")
        .await
        .unwrap();
    assert_eq!(
        (paid.status, paid.transfer.as_deref()),
        (PayOutStatus::Paid, Some("tr_1"))
    );
    assert_eq!(
        pay_out::record_transfer(&tenant, payout.id, "tr_1")
            .await
            .unwrap(),
        paid
    );
    assert_eq!(
        pay_out::record_transfer(&tenant, payout.id, "tr_2").await,
        Err(Error::Conflict)
    );
    let canceled = pay_out::cancel(&tenant, payout.id).await.unwrap_err();
    assert_eq!(canceled.code(), "illegal_transition");
    owe(&tenant, 100).await;
    let next = pay_out::request(&tenant, new_payout("x", "2"))
        .await
        .unwrap();
    assert_eq!(next.amount, 50, "what is paid is not paid again");
    assert_eq!(
        pay_out::record_transfer(&tenant, next.id, "tr_1").await,
        Err(Error::Conflict)
    );
    let bad = pay_out::record_transfer(&tenant, next.id, "po_1").await;
    assert!(matches!(
        bad,
        Err(Error::Invalid {
            field: "transfer",
            ..
        })
    ));
}

#[tokio::test]
async fn a_failure_or_a_cancel_opens_the_shares_again() {
    let (_database, tenant) = owing(&[100]).await;
    for (key, paid_before, fails) in [("1", false, true), ("2", true, true), ("3", false, false)] {
        let payout = pay_out::request(&tenant, new_payout("x", key))
            .await
            .unwrap();
        assert_eq!(payout.amount, 50);
        if paid_before {
            pay_out::record_transfer(&tenant, payout.id, "tr_9")
                .await
                .unwrap();
        }
        let end = async |code: &str| match (fails, paid_before) {
            (true, true) => pay_out::record_reversal(&tenant, payout.id, "tr_9", code).await,
            (true, false) => pay_out::mark_failed(&tenant, payout.id, code).await,
            (false, _) => pay_out::cancel(&tenant, payout.id).await,
        };
        let ended = end("account_closed").await.unwrap();
        let again = end("another").await.unwrap();
        assert_eq!(ended, again, "ended twice is ended");
        assert_eq!(
            payment_share_tracking::open_balance(&tenant, "x")
                .await
                .unwrap()[0]
                .amount,
            50
        );
        let late = pay_out::record_transfer(&tenant, payout.id, "tr_8")
            .await
            .unwrap_err();
        assert_eq!(late.code(), "illegal_transition");
    }
}

/// Red when a paid payout can be failed: whoever gives one up, and is overtaken by its transfer, pays its shares twice.
#[tokio::test]
async fn what_was_paid_is_open_again_only_when_its_own_transfer_was_reversed() {
    let (_database, tenant) = owing(&[100]).await;
    let payout = pay_out::request(&tenant, new_payout("x", "1"))
        .await
        .unwrap()
        .id;
    let early = pay_out::record_reversal(&tenant, payout, "tr_1", "reversed").await;
    assert_eq!(early, Err(Error::Conflict), "no transfer was made");
    pay_out::record_transfer(&tenant, payout, "tr_1")
        .await
        .unwrap();
    let given_up = pay_out::mark_failed(&tenant, payout, "by_hand").await;
    assert_eq!(
        given_up,
        Err(Error::Rejected(Reason::IllegalTransition {
            from: "paid",
            to: "failed"
        }))
    );
    let other = pay_out::record_reversal(&tenant, payout, "tr_2", "reversed").await;
    assert_eq!(other, Err(Error::Conflict), "another transfer");
    let open = async || {
        payment_share_tracking::open_balance(&tenant, "x")
            .await
            .unwrap()
    };
    assert_eq!(open().await, []);
    let reversed = pay_out::record_reversal(&tenant, payout, "tr_1", "reversed")
        .await
        .unwrap();
    assert_eq!(reversed.status, PayOutStatus::Failed);
    assert_eq!(open().await[0].amount, 50);
}

#[tokio::test]
async fn a_payout_needs_something_owed_the_minimum_and_a_place_to_pay_to() {
    let (_database, tenant) = owing(&[100]).await;
    assert_eq!(
        pay_out::request(&tenant, new_payout("nobody", "1")).await,
        Err(NOTHING_OWED)
    );
    let mut settings = new_settings();
    settings.minimum_payout = 51;
    settings.connected_account = None;
    account_payment_settings::upsert(&tenant, settings.clone(), 1)
        .await
        .unwrap();
    assert_eq!(
        pay_out::request(&tenant, new_payout("x", "1")).await,
        Err(NOTHING_OWED)
    );
    settings.minimum_payout = 50;
    account_payment_settings::upsert(&tenant, settings, 2)
        .await
        .unwrap();
    pay_out::request(&tenant, new_payout("x", "1"))
        .await
        .unwrap();
    let nowhere = pay_out::request(&tenant, new_payout("creator", "2")).await;
    assert_eq!(nowhere, Err(Error::Rejected(Reason::NoConnectedAccount)));
    let platform = pay_out::request(&tenant, new_payout("platform", "3")).await;
    assert!(matches!(
        platform,
        Err(Error::Invalid { field: "payee", .. })
    ));
    let keyless = pay_out::request(&tenant, new_payout("x", "")).await;
    assert!(matches!(
        keyless,
        Err(Error::Invalid {
            field: "idempotency_key",
            ..
        })
    ));
}

#[tokio::test]
async fn each_currency_is_a_payout_of_its_own() {
    let (_database, tenant) = owing(&[100]).await;
    let mut yen = new_payment("buyer", 500);
    yen.currency = "JPY".parse().unwrap();
    yen.fee = 0;
    let id = stripe_payments::create(&tenant, yen).await.unwrap().id;
    stripe_payments::succeed(&tenant, id, "ch_1").await.unwrap();
    payment_share_tracking::distribute(&tenant, id)
        .await
        .unwrap();
    let dollars = pay_out::request(&tenant, new_payout("x", "usd"))
        .await
        .unwrap();
    assert_eq!(dollars.amount, 50);
    let balance = payment_share_tracking::open_balance(&tenant, "x")
        .await
        .unwrap();
    assert_eq!(
        (
            balance.len(),
            balance[0].currency.as_str(),
            balance[0].amount
        ),
        (1, "JPY", 250)
    );
}

#[tokio::test]
async fn a_refused_change_after_a_write_makes_the_callers_transaction_refuse() {
    let (_database, mut tenant) = owing(&[100]).await;
    let transaction = tenant.begin().await.unwrap();
    account_payout_routes::create(&transaction, new_route("y", 1_000))
        .await
        .unwrap();
    let exceeded = account_payout_routes::create(&transaction, new_route("z", 9_000)).await;
    assert_eq!(exceeded, Err(Error::Rejected(Reason::SharesExceedWhole)));
    let committed = transaction.commit().await;
    assert_eq!(
        committed,
        Err(Error::Rejected(Reason::TransactionAbandoned))
    );
    assert_eq!(
        account_payout_routes::list(&tenant, true)
            .await
            .unwrap()
            .len(),
        1
    );
    // One that was refused before it wrote anything leaves the transaction as it was.
    let transaction = tenant.begin().await.unwrap();
    assert_eq!(
        pay_out::request(&transaction, new_payout("nobody", "1")).await,
        Err(NOTHING_OWED)
    );
    let payout = pay_out::request(&transaction, new_payout("x", "2"))
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    let shares = payment_share_tracking::list_by_payment(
        &tenant,
        stripe_payments::list(&tenant, &Default::default())
            .await
            .unwrap()
            .items[0]
            .id,
    );
    let reserved = shares
        .await
        .unwrap()
        .into_iter()
        .find(|share| share.payee == "x")
        .unwrap();
    assert_eq!(
        (reserved.status, reserved.pay_out_id),
        (ShareStatus::Reserved, Some(payout.id))
    );
}
