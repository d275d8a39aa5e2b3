//! Several reads in one flight.

use access::{
    Db, Error, Isolation, account_payment_settings, account_payout_routes, accounts, pay_out,
    stripe_payments::{self, ListStripePayments},
};
use tests::{
    fixtures::{Cast, ROWS, new_payment},
    proxy::Proxy,
};

use super::pool_checks::{count, describe, the_pool_is_whole};

async fn behind(cast: &Cast, fast: bool) -> (Db, Proxy) {
    let port = cast.database.server().port();
    let proxy = Proxy::before(port).await.unwrap();
    let url = proxy.url(&cast.database.url(dev_server::Login::App), port);
    let config = tests::config(&url).pool_size(1).fast_form(fast);
    (Db::connect(config).await.unwrap(), proxy)
}

#[tokio::test]
async fn five_reads_take_one_round_trip_and_come_back_each_in_its_place() {
    for fast in [true, false] {
        let cast = Cast::new().await;
        let (db, proxy) = behind(&cast, fast).await;
        let tenant = db.tenant(cast.a);
        let id = cast.payments_a[0].id;
        let foreign = cast.payments_b[0].id;
        for round in 0..3 {
            proxy.round_trips();
            let list = ListStripePayments::default();
            let (own, other, page, routes, account) = tenant
                .batch((
                    stripe_payments::get(&tenant, id),
                    stripe_payments::get(&tenant, foreign),
                    stripe_payments::list(&tenant, &list),
                    account_payout_routes::list(&tenant, false),
                    accounts::get(&tenant),
                ))
                .await;
            assert_eq!(own.unwrap().id, id);
            assert_eq!(other, Err(Error::NotFound), "one failure is not another's");
            assert_eq!(page.unwrap().items.len(), ROWS);
            assert!(!routes.unwrap().is_empty());
            assert_eq!(account.unwrap().id, cast.a.as_uuid());
            if round > 0 {
                assert_eq!(proxy.round_trips(), 1, "fast: {fast}");
            }
        }
        let (a, b) = (db.tenant(cast.a), db.tenant(cast.b));
        let list = ListStripePayments::default();
        let both = a.batch((
            stripe_payments::list(&a, &list),
            stripe_payments::list(&b, &list),
        ));
        let (of_a, of_b) = both.await;
        assert_eq!(of_a.unwrap().items[0].id, cast.payments_a[ROWS - 1].id);
        assert_eq!(of_b.unwrap().items[0].id, cast.payments_b[ROWS - 1].id);
        the_pool_is_whole(&cast, &db, 1).await;
    }
}

#[tokio::test]
async fn a_batch_in_a_transaction_sees_its_rows_in_one_flight_with_begin() {
    let cast = Cast::new().await;
    let (db, proxy) = behind(&cast, true).await;
    let mut tenant = db.tenant(cast.a);
    let id = cast.payments_a[0].id;
    for round in 0..2 {
        let transaction = tenant.begin_at(Isolation::RepeatableRead).await.unwrap();
        proxy.round_trips();
        let (payment, settings) = transaction
            .batch((
                stripe_payments::get(&transaction, id),
                account_payment_settings::get(&transaction),
            ))
            .await;
        assert_eq!((payment.unwrap().id, settings.is_ok()), (id, true));
        if round > 0 {
            assert_eq!(proxy.round_trips(), 1);
        }
        transaction.commit().await.unwrap();
    }
}

/// A pool of one connection: what a change needs is given back by the reads before it.
#[tokio::test]
async fn a_change_in_a_batch_runs_as_it_would_alone() {
    let cast = Cast::new().await;
    let db = Db::connect(cast.database.config().pool_size(1))
        .await
        .unwrap();
    let tenant = db.tenant(cast.a);
    let list = pay_out::ListPayOuts::default();
    let (read, made, changed, payouts) = tenant
        .batch((
            stripe_payments::get(&tenant, cast.payments_a[0].id),
            stripe_payments::create(&tenant, new_payment("b", 5)),
            stripe_payments::update(&tenant, cast.payments_a[1].id, describe("x")),
            pay_out::list(&tenant, &list),
        ))
        .await;
    assert!(read.is_ok() && made.is_ok() && changed.is_ok() && payouts.is_ok());
    assert_eq!(count(&tenant).await, ROWS as u64 + 1);
    the_pool_is_whole(&cast, &db, 1).await;
}

#[tokio::test]
async fn a_batch_dropped_in_the_middle_leaves_a_whole_pool() {
    let cast = Cast::new().await;
    let db = Db::connect(cast.database.config().pool_size(2))
        .await
        .unwrap();
    let tenant = db.tenant(cast.a);
    let superuser = cast.database.superuser().await;
    let id = cast.payments_a[0].id;
    for _ in 0..3 {
        superuser
            .batch_execute("BEGIN; LOCK TABLE account_payment_settings IN ACCESS EXCLUSIVE MODE")
            .await
            .unwrap();
        let batch = tenant.batch((
            stripe_payments::get(&tenant, id),
            account_payment_settings::get(&tenant),
        ));
        let late = tokio::time::timeout(std::time::Duration::from_millis(50), batch).await;
        assert!(late.is_err(), "it waits for the lock");
        superuser.batch_execute("ROLLBACK").await.unwrap();
        the_pool_is_whole(&cast, &db, 2).await;
    }
}
