use access::{
    Error, Reason, StripePaymentId, Tenant, account_payout_routes, pay_out,
    payment_share_tracking::{self, ListOpenShares, PaymentShare, ShareKind, ShareStatus},
    stripe_payments,
};
use entity_guard::{Predicate, Select};
use tests::{
    TestDatabase,
    fixtures::{Cast, new_payment, new_payout, new_route},
};

/// A payment that succeeded, of `amount` with a fee.
async fn paid(tenant: &Tenant, amount: i64, fee: i64) -> StripePaymentId {
    let mut new = new_payment("buyer", amount);
    new.fee = fee;
    let id = stripe_payments::create(tenant, new).await.unwrap().id;
    stripe_payments::succeed(tenant, id, "ch_1").await.unwrap();
    id
}

async fn desk(routes: &[(&str, i32)]) -> (TestDatabase, Tenant) {
    let database = TestDatabase::new().await;
    let tenant = database.db().await.tenant(database.account("A").await);
    for (payee, share) in routes {
        account_payout_routes::create(&tenant, new_route(payee, *share))
            .await
            .unwrap();
    }
    let settings = tests::fixtures::new_settings();
    access::account_payment_settings::upsert(&tenant, settings, 0)
        .await
        .unwrap();
    (database, tenant)
}

fn amounts(shares: &[PaymentShare]) -> Vec<(&str, i64, i64)> {
    shares
        .iter()
        .map(|share| (share.payee.as_str(), share.amount, share.reversed))
        .collect()
}

#[tokio::test]
async fn a_payment_is_split_once_fee_first_and_to_the_unit() {
    let (_database, tenant) = desk(&[("x", 3_333), ("y", 3_333)]).await;
    let payment = paid(&tenant, 110, 10).await;
    let shares = payment_share_tracking::distribute(&tenant, payment)
        .await
        .unwrap();
    assert_eq!(
        amounts(&shares),
        [
            ("platform", 10, 0),
            ("x", 33, 0),
            ("y", 33, 0),
            ("creator", 34, 0)
        ]
    );
    account_payout_routes::create(&tenant, new_route("late", 1_000))
        .await
        .unwrap();
    assert_eq!(
        payment_share_tracking::distribute(&tenant, payment)
            .await
            .unwrap(),
        shares
    );
    assert_eq!(
        payment_share_tracking::list_by_payment(&tenant, payment)
            .await
            .unwrap(),
        shares
    );
}

#[tokio::test]
async fn ten_at_once_split_a_payment_once() {
    let (database, tenant) = desk(&[("x", 5_000)]).await;
    let payment = paid(&tenant, 1_000, 0).await;
    let db = database.db().await;
    let splits = (0..10).map(|_| {
        let tenant = db.tenant(tenant.account());
        async move { payment_share_tracking::distribute(&tenant, payment).await }
    });
    let splits = futures_util::future::join_all(splits).await;
    assert!(
        splits
            .iter()
            .all(|split| split.as_ref().unwrap() == splits[0].as_ref().unwrap())
    );
    assert_eq!(
        payment_share_tracking::list_by_payment(&tenant, payment)
            .await
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn only_a_payment_that_succeeded_is_split() {
    let (_database, tenant) = desk(&[]).await;
    let payment = stripe_payments::create(&tenant, new_payment("b", 5))
        .await
        .unwrap()
        .id;
    let early = payment_share_tracking::distribute(&tenant, payment)
        .await
        .unwrap_err();
    assert_eq!(early.code(), "illegal_transition");
    assert!(
        payment_share_tracking::list_by_payment(&tenant, payment)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_refund_takes_back_from_open_shares_in_proportion_and_all_of_it_all() {
    let (_database, tenant) = desk(&[("x", 3_333)]).await;
    let payment = paid(&tenant, 100, 10).await;
    payment_share_tracking::distribute(&tenant, payment)
        .await
        .unwrap();
    stripe_payments::refund(&tenant, payment, 50).await.unwrap();
    let half = payment_share_tracking::list_by_payment(&tenant, payment)
        .await
        .unwrap();
    assert_eq!(
        amounts(&half),
        [("platform", 10, 5), ("x", 30, 15), ("creator", 60, 30)]
    );
    stripe_payments::refund(&tenant, payment, 50).await.unwrap();
    assert_eq!(
        payment_share_tracking::list_by_payment(&tenant, payment)
            .await
            .unwrap(),
        half
    );
    stripe_payments::refund(&tenant, payment, 100)
        .await
        .unwrap();
    let all = payment_share_tracking::list_by_payment(&tenant, payment)
        .await
        .unwrap();
    assert!(
        all.iter()
            .all(|share| share.status == ShareStatus::Reversed && share.reversed == share.amount)
    );
    assert!(
        payment_share_tracking::open_balance(&tenant, "x")
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn what_went_back_before_the_split_is_taken_at_once() {
    let (_database, tenant) = desk(&[]).await;
    let payment = paid(&tenant, 100, 0).await;
    stripe_payments::refund(&tenant, payment, 40).await.unwrap();
    let shares = payment_share_tracking::distribute(&tenant, payment)
        .await
        .unwrap();
    assert_eq!(amounts(&shares), [("creator", 100, 40)]);
}

#[tokio::test]
async fn a_refund_after_the_payout_is_a_clawback_that_the_next_payout_nets() {
    let (_database, tenant) = desk(&[("x", 5_000)]).await;
    let payment = paid(&tenant, 100, 0).await;
    payment_share_tracking::distribute(&tenant, payment)
        .await
        .unwrap();
    let first = pay_out::request(&tenant, new_payout("x", "1"))
        .await
        .unwrap();
    pay_out::record_transfer(&tenant, first.id, "tr_1")
        .await
        .unwrap();
    stripe_payments::refund(&tenant, payment, 60).await.unwrap();

    let balance = payment_share_tracking::open_balance(&tenant, "x")
        .await
        .unwrap();
    assert_eq!((balance[0].shares, balance[0].amount), (1, -30));
    let owed = pay_out::request(&tenant, new_payout("x", "2")).await;
    assert_eq!(owed, Err(Error::Rejected(Reason::InsufficientShares)));
    let second = paid(&tenant, 200, 0).await;
    payment_share_tracking::distribute(&tenant, second)
        .await
        .unwrap();
    let netted = pay_out::request(&tenant, new_payout("x", "3"))
        .await
        .unwrap();
    assert_eq!(netted.amount, 70, "100 less the 30 that were paid too much");
    let of_first = payment_share_tracking::list_by_payment(&tenant, payment)
        .await
        .unwrap();
    let clawback = of_first
        .iter()
        .find(|share| share.kind == ShareKind::Clawback)
        .unwrap();
    assert_eq!(
        (clawback.amount, clawback.status, clawback.pay_out_id),
        (-30, ShareStatus::Reserved, Some(netted.id))
    );
}

#[tokio::test]
async fn a_dispute_is_a_total_beside_the_refunds() {
    let (_database, tenant) = desk(&[]).await;
    let payment = paid(&tenant, 100, 0).await;
    payment_share_tracking::distribute(&tenant, payment)
        .await
        .unwrap();
    stripe_payments::refund(&tenant, payment, 30).await.unwrap();
    let disputed = payment_share_tracking::reverse(&tenant, payment, 20)
        .await
        .unwrap();
    assert_eq!(amounts(&disputed), [("creator", 100, 50)]);
    let again = payment_share_tracking::reverse(&tenant, payment, 20)
        .await
        .unwrap();
    assert_eq!(again, disputed);
    let exceeded = Err(Error::Rejected(Reason::RefundExceedsPayment));
    assert_eq!(
        payment_share_tracking::reverse(&tenant, payment, 71).await,
        exceeded
    );
    assert_eq!(
        stripe_payments::refund(&tenant, payment, 81)
            .await
            .map(drop),
        exceeded.map(drop)
    );
    assert_eq!(
        stripe_payments::get(&tenant, payment)
            .await
            .unwrap()
            .disputed,
        20
    );
}

#[tokio::test]
async fn open_shares_come_page_by_page() {
    let (_database, tenant) = desk(&[]).await;
    for _ in 0..5 {
        let payment = paid(&tenant, 100, 0).await;
        payment_share_tracking::distribute(&tenant, payment)
            .await
            .unwrap();
    }
    let mut list = ListOpenShares {
        payee: "creator".into(),
        currency: "USD".parse().unwrap(),
        limit: Some(2),
        cursor: None,
    };
    let mut seen = Vec::new();
    loop {
        let page = payment_share_tracking::list_open(&tenant, &list)
            .await
            .unwrap();
        seen.extend(page.items.into_iter().map(|share| share.id));
        match page.next {
            Some(next) => list.cursor = Some(next),
            None => break,
        }
    }
    let mut sorted = seen.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!((seen.len(), seen), (5, sorted));
}

/// S07: a share whose payment is B's, which no key of the schema allows, is shown without any payment.
#[tokio::test]
async fn a_joined_row_of_another_account_is_not_there() {
    use entity::{
        payment_share_tracking::PaymentShareTracking as Shares,
        stripe_payments::StripePayments as Payments,
    };
    let cast = Cast::new().await;
    let superuser = cast.database.superuser().await;
    let foreign = cast.foreign_payment().as_uuid();
    let plant = format!(
        "ALTER TABLE payment_share_tracking DROP CONSTRAINT payment_share_tracking_payment_id_fkey;
         UPDATE payment_share_tracking SET payment_id = '{foreign}' WHERE account_id = '{}' AND payee = 'creator'
            AND payment_id = '{}'",
        cast.a, cast.payments_a[0].id
    );
    let guard = cast.database.guard().await;
    superuser.batch_execute(&plant).await.unwrap();
    for off in [false, true] {
        if off {
            superuser
                .batch_execute("ALTER TABLE stripe_payments DISABLE ROW LEVEL SECURITY")
                .await
                .unwrap();
        }
        let joined = Select::<Shares>::new()
            .filter(Shares::PAYEE.eq("creator".into()))
            .order_by(Shares::ID.asc())
            .with(Shares::PAYMENT_ID, Payments::ID)
            .all(&guard.tenant(cast.a))
            .await
            .unwrap();
        assert_eq!(joined.len(), 5);
        for (share, payment) in joined {
            let planted = share.payment_id.as_uuid() == foreign;
            assert_eq!(payment.is_none(), planted, "row level security off: {off}");
        }
    }
}

/// S08: payouts whose payee has a route to a connected account that only B has a route to.
#[tokio::test]
async fn an_exists_over_another_accounts_rows_finds_nothing() {
    use entity::{account_payout_routes::AccountPayoutRoutes as Routes, pay_out::PayOuts};
    let cast = Cast::new().await;
    let mut only_b = new_route("payee-3", 1);
    only_b.connected_account = "acct_onlyb".into();
    let routes = account_payout_routes::list(&cast.tenant_b(), true)
        .await
        .unwrap();
    let earlier = routes
        .iter()
        .find(|route| route.payee == "payee-3")
        .unwrap()
        .id;
    account_payout_routes::deactivate(&cast.tenant_b(), earlier)
        .await
        .unwrap();
    account_payout_routes::create(&cast.tenant_b(), only_b)
        .await
        .unwrap();
    let guard = cast.database.guard().await;
    let superuser = cast.database.superuser().await;
    let leads_there = || {
        let there = Routes::CONNECTED_ACCOUNT.eq("acct_onlyb".into());
        Select::<PayOuts>::new().filter(Predicate::exists(PayOuts::PAYEE, Routes::PAYEE, there))
    };
    for off in [false, true] {
        if off {
            superuser
                .batch_execute("ALTER TABLE account_payout_routes DISABLE ROW LEVEL SECURITY")
                .await
                .unwrap();
        }
        assert_eq!(leads_there().count(&guard.tenant(cast.b)).await.unwrap(), 1);
        assert_eq!(leads_there().count(&guard.tenant(cast.a)).await.unwrap(), 0);
    }
}

/// S17: the keys themselves refuse a reference to another account's row, exactly as one to no row.
#[tokio::test]
async fn a_share_that_points_at_bs_payment_is_an_unknown_reference() {
    use entity::payment_share_tracking::PaymentShareTracking as Shares;
    let cast = Cast::new().await;
    let guard = cast.database.guard().await;
    let mut outcomes = Vec::new();
    for payment in [
        cast.foreign_payment(),
        StripePaymentId::from_uuid(uuid::Uuid::now_v7()),
    ] {
        let share = payment_share_tracking::NewPaymentShare {
            payment_id: payment,
            kind: ShareKind::Share,
            role: payment_share_tracking::PayeeRole::Creator,
            payee: "creator".into(),
            currency: "USD".parse().unwrap(),
            amount: 5,
        };
        let insert = entity_guard::Insert::<Shares>::new(share)
            .set(Shares::REVERSED, 0)
            .set(Shares::CLAWED_BACK, 0)
            .set(Shares::STATUS, ShareStatus::Open);
        let error = insert.one(&guard.tenant(cast.a)).await.unwrap_err();
        outcomes.push(Error::from(error));
    }
    assert_eq!(outcomes[0], Error::Rejected(Reason::UnknownReference));
    assert_eq!(outcomes[0], outcomes[1]);
}
