use access::{
    Error, Reason, Tenant,
    payment_system_logs::{self, ListLogs},
    stripe_payments::{self, ListStripePayments, NewStripePayment},
};
use serde_json::json;
use tests::{TestDatabase, fixtures::new_payment};

use super::{
    pool_checks::count,
    ppu_issue::{is_alone, peak},
};

async fn account() -> (TestDatabase, Tenant) {
    let database = TestDatabase::new().await;
    let tenant = database.db().await.tenant(database.account("A").await);
    (database, tenant)
}

fn many(number: i64) -> impl Iterator<Item = NewStripePayment> + Send {
    (1..=number).map(|amount| NewStripePayment {
        description: Some(format!(
            "the payment of {amount}, with a text of some length"
        )),
        ..new_payment(&format!("buyer-{amount}"), amount)
    })
}

/// In KiB, of the one connection.
async fn server_peak(database: &TestDatabase) -> Option<i64> {
    let sql = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'app-db'
         ORDER BY backend_start DESC LIMIT 1";
    let superuser = database.superuser().await;
    let pid: i32 = superuser.query_one(sql, &[]).await.unwrap().get(0);
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("RssAnon:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[tokio::test]
async fn a_hundred_thousand_payments_are_made_in_constant_memory() {
    if !is_alone(
        "all::stripe_payments_many::a_hundred_thousand_payments_are_made_in_constant_memory",
    ) {
        return;
    }
    let (database, tenant) = account().await;
    stripe_payments::create_many(&tenant, many(5_000))
        .await
        .unwrap();
    let before = (peak(), server_peak(&database).await);
    let made = stripe_payments::create_many(&tenant, many(100_000)).await;
    let after = (peak(), server_peak(&database).await);
    assert_eq!(made, Ok(100_000));
    for (who, before, after) in [("client", before.0, after.0), ("server", before.1, after.1)] {
        if let (Some(before), Some(after)) = (before, after) {
            println!(
                "{who}: {} KiB more for 100,000 than for 5,000",
                after - before
            );
            assert!(
                after - before < 8 * 1024,
                "{who}: {before} KiB, then {after} KiB"
            );
        }
    }
    assert_eq!(count(&tenant).await, 105_000);
    let totals = stripe_payments::totals(&tenant, &ListStripePayments::default()).await;
    let sum = |n: i128| n * (n + 1) / 2;
    assert_eq!(totals.unwrap()[0].amount, sum(5_000) + sum(100_000));
    payment_system_logs::verify(&tenant).await.unwrap();
}

#[tokio::test]
async fn many_payments_are_as_if_each_was_created_and_the_log_tells_of_them_once() {
    let (_database, tenant) = account().await;
    let one = stripe_payments::create(&tenant, new_payment("b", 5))
        .await
        .unwrap();
    let mut euro = new_payment("b", 7);
    euro.currency = "EUR".parse().unwrap();
    let three = [new_payment("b", 5), new_payment("b", 6), euro];
    assert_eq!(stripe_payments::create_many(&tenant, three).await, Ok(3));
    let page = stripe_payments::list(&tenant, &ListStripePayments::default())
        .await
        .unwrap();
    let twin = page
        .items
        .iter()
        .find(|payment| payment.amount == 5)
        .unwrap();
    let mut like_one = one.clone();
    (like_one.id, like_one.created_at, like_one.updated_at) =
        (twin.id, twin.created_at, twin.updated_at);
    assert_eq!(*twin, like_one);
    let logs = payment_system_logs::list(&tenant, &ListLogs::default())
        .await
        .unwrap();
    // The account's own, the one payment's, and one of all three.
    assert_eq!(logs.items.len(), 3);
    let entry = &logs.items[0];
    assert_eq!(
        (entry.event.as_str(), entry.subject.as_str()),
        ("stripe_payments.create_many", "stripe_payments")
    );
    let sums = json!([
        {"currency": "EUR", "payments": 1, "amount": "7", "fee": "0"},
        {"currency": "USD", "payments": 2, "amount": "11", "fee": "0"},
    ]);
    assert_eq!(entry.data, Some(json!({"count": 3, "sums": sums})));
    payment_system_logs::verify(&tenant).await.unwrap();
    // None at all leaves no trace.
    assert_eq!(stripe_payments::create_many(&tenant, []).await, Ok(0));
    let logs = payment_system_logs::list(&tenant, &ListLogs::default())
        .await
        .unwrap();
    assert_eq!(logs.items.len(), 3);
}

#[tokio::test]
async fn one_bad_payment_among_many_undoes_them_all() {
    let (database, mut tenant) = account().await;
    let bad = |new: NewStripePayment| many(1_200).chain([new]);
    let out_of_bounds = stripe_payments::create_many(&tenant, bad(new_payment("b", 0))).await;
    assert_eq!(
        out_of_bounds,
        Err(Error::Invalid {
            field: "amount",
            code: "not_positive"
        })
    );
    let mut named = new_payment("b", 5);
    named.payment_intent = Some("pi_1".into());
    let named = stripe_payments::create_many(&tenant, bad(named)).await;
    assert_eq!(
        named,
        Err(Error::Invalid {
            field: "payment_intent",
            code: "not_for_many"
        })
    );
    assert_eq!(count(&tenant).await, 0);
    let logs = payment_system_logs::list(&tenant, &ListLogs::default())
        .await
        .unwrap();
    assert_eq!(logs.items.len(), 1, "the account's own");

    // Inside a caller's transaction that passes over the error, nothing is saved either.
    let tx = tenant.begin().await.unwrap();
    let swallowed = stripe_payments::create_many(&tx, bad(new_payment("b", 0))).await;
    assert!(swallowed.is_err());
    assert_eq!(
        tx.commit().await,
        Err(Error::Rejected(Reason::TransactionAbandoned))
    );
    let tx = tenant.begin().await.unwrap();
    assert_eq!(stripe_payments::create_many(&tx, many(3)).await, Ok(3));
    assert_eq!(count(&tx).await, 3);
    drop(tx);
    assert_eq!(count(&tenant).await, 0);

    let nobody = access::AccountId::from_authenticated(uuid::Uuid::now_v7()).unwrap();
    let nobody = database.db().await.tenant(nobody);
    let made = stripe_payments::create_many(&nobody, many(1)).await;
    assert_eq!(made, Err(Error::Rejected(Reason::UnknownReference)));
}
