use access::{
    Error, Transaction, account_payment_settings, account_payout_routes, accounts, pay_out,
    payment_share_tracking,
    payment_system_logs::{self, ListLogs, LogEntry, Verified},
    stripe_payments::{self, PaymentStatus},
};
use tests::{
    TestDatabase,
    fixtures::{Cast, new_payment, new_payout, new_route, new_settings},
};

async fn events(tenant: &access::Tenant) -> Vec<String> {
    let list = ListLogs {
        limit: Some(500),
        ..Default::default()
    };
    let page = payment_system_logs::list(tenant, &list).await.unwrap();
    page.items
        .into_iter()
        .rev()
        .map(|entry: LogEntry| entry.event)
        .collect()
}

#[tokio::test]
async fn each_change_of_money_or_settings_writes_its_entry() {
    let database = TestDatabase::new().await;
    let tenant = database
        .db()
        .await
        .tenant(database.account("A").await)
        .acting_for("user-7")
        .unwrap();
    account_payment_settings::upsert(&tenant, new_settings(), 0)
        .await
        .unwrap();
    let route = account_payout_routes::create(&tenant, new_route("x", 5_000))
        .await
        .unwrap()
        .id;
    let patch = account_payout_routes::PayoutRoutePatch {
        share_bp: access::Patch::Set(4_000),
        ..Default::default()
    };
    account_payout_routes::update(&tenant, route, patch)
        .await
        .unwrap();
    account_payout_routes::reorder(&tenant, &[route])
        .await
        .unwrap();
    let payment = stripe_payments::create(&tenant, new_payment("buyer@example.com", 100))
        .await
        .unwrap()
        .id;
    stripe_payments::advance(&tenant, payment, PaymentStatus::Processing)
        .await
        .unwrap();
    stripe_payments::fail_attempt(&tenant, payment, "card_declined")
        .await
        .unwrap();
    stripe_payments::succeed(&tenant, payment, "ch_1")
        .await
        .unwrap();
    stripe_payments::succeed(&tenant, payment, "ch_1")
        .await
        .unwrap();
    payment_share_tracking::distribute(&tenant, payment)
        .await
        .unwrap();
    let payout = pay_out::request(&tenant, new_payout("x", "1"))
        .await
        .unwrap()
        .id;
    pay_out::record_transfer(&tenant, payout, "tr_1")
        .await
        .unwrap();
    stripe_payments::refund(&tenant, payment, 10).await.unwrap();
    payment_share_tracking::reverse(&tenant, payment, 5)
        .await
        .unwrap();
    pay_out::record_reversal(&tenant, payout, "tr_1", "reversed")
        .await
        .unwrap();
    let third = pay_out::request(&tenant, new_payout("x", "3"))
        .await
        .unwrap()
        .id;
    pay_out::mark_failed(&tenant, third, "account_closed")
        .await
        .unwrap();
    let second = pay_out::request(&tenant, new_payout("x", "2"))
        .await
        .unwrap()
        .id;
    pay_out::cancel(&tenant, second).await.unwrap();
    account_payout_routes::deactivate(&tenant, route)
        .await
        .unwrap();
    let other = stripe_payments::create(&tenant, new_payment("b", 5))
        .await
        .unwrap()
        .id;
    stripe_payments::cancel(&tenant, other).await.unwrap();
    insta::assert_snapshot!(events(&tenant).await.join("\n"));

    let all = payment_system_logs::list(&tenant, &ListLogs::default())
        .await
        .unwrap()
        .items;
    let (made, rest) = all.split_last().unwrap();
    assert_eq!(made.event, "system.create_account");
    assert!(rest.iter().all(|entry| entry.actor == "user-7"));
    let text = serde_json::to_string(&all).unwrap();
    for personal in ["buyer@example.com", "acct_", "ch_1", "tr_1", "CREATOR SHOP"] {
        assert!(!text.contains(personal), "{personal}");
    }
    let verified = payment_system_logs::verify(&tenant).await.unwrap();
    assert_eq!(
        verified,
        Verified {
            entries: all.len() as u64,
            first_broken: None,
            complete: true
        }
    );
}

/// S18
#[tokio::test]
async fn neither_the_change_nor_its_entry_is_there_without_the_other() {
    let cast = Cast::new().await;
    let mut tenant = cast.tenant_a();
    let before = events(&tenant).await.len();
    let transaction = tenant.begin().await.unwrap();
    stripe_payments::create(&transaction, new_payment("b", 5))
        .await
        .unwrap();
    transaction.rollback().await.unwrap();
    assert_eq!(events(&tenant).await.len(), before);

    let mut transaction = tenant.begin().await.unwrap();
    stripe_payments::create(&transaction, new_payment("kept", 5))
        .await
        .unwrap();
    let undone = transaction.attempt(async |tx: &mut Transaction<'_>| -> Result<(), Error> {
        stripe_payments::create(tx, new_payment("undone", 5)).await?;
        Err(Error::Conflict)
    });
    assert!(undone.await.is_err());
    stripe_payments::create(&transaction, new_payment("kept", 5))
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(events(&tenant).await.len(), before + 2);
    let refused = stripe_payments::refund(&tenant, cast.payments_a[2].id, 1).await;
    assert!(refused.is_err());
    assert_eq!(events(&tenant).await.len(), before + 2);
    assert!(payment_system_logs::verify(&tenant).await.unwrap().complete);
    // What is neither money nor settings writes none.
    let name = accounts::AccountPatch {
        name: access::Patch::Set("x".into()),
    };
    accounts::update(&tenant, name).await.unwrap();
    assert_eq!(events(&tenant).await.len(), before + 2);
}

/// S18, S75
#[tokio::test]
async fn entries_can_only_be_added() {
    let cast = Cast::new().await;
    let app = cast.database.app_sql().await;
    for sql in [
        "UPDATE payment_system_logs SET data = NULL",
        "DELETE FROM payment_system_logs",
        "TRUNCATE payment_system_logs",
        "DELETE FROM accounts",
    ] {
        app.batch_execute(&format!("BEGIN; SET LOCAL app.account_id = '{}'", cast.a))
            .await
            .unwrap();
        let error = app.batch_execute(sql).await.unwrap_err();
        assert_eq!(error.code().unwrap().code(), "42501", "{sql}");
        app.batch_execute("ROLLBACK").await.unwrap();
    }
}

#[tokio::test]
async fn verify_names_the_first_broken_entry_and_whether_the_end_is_there() {
    let cast = Cast::new().await;
    let superuser = cast.database.superuser().await;
    let (a, tenant) = (cast.a, cast.tenant_a());
    let whole = payment_system_logs::verify(&tenant).await.unwrap();
    assert!(whole.complete && whole.first_broken.is_none() && whole.entries > 40);
    let broken = [
        (
            "UPDATE payment_system_logs SET event = 'other' WHERE seq = 7",
            Some(7),
        ),
        (
            "UPDATE payment_system_logs SET data = '{}' WHERE seq = 9",
            Some(9),
        ),
        (
            "UPDATE payment_system_logs SET actor = 'other' WHERE seq = 3",
            Some(3),
        ),
        (
            "UPDATE payment_system_logs SET created_at = now() WHERE seq = 4",
            Some(4),
        ),
        (
            "UPDATE payment_system_logs SET digest = sha256('x') WHERE seq = 5",
            Some(5),
        ),
        (
            "UPDATE payment_system_logs SET hash = sha256('x') WHERE seq = 6",
            Some(6),
        ),
        (
            "UPDATE payment_system_logs SET data = NULL WHERE seq = 8",
            Some(8),
        ),
        ("DELETE FROM payment_system_logs WHERE seq = 10", Some(11)),
        ("DELETE FROM payment_system_logs WHERE seq = 1", Some(2)),
        ("DELETE FROM payment_system_logs WHERE seq > 20", None),
        ("UPDATE payment_log_heads SET seq = seq + 1", None),
        ("DELETE FROM payment_system_logs", None),
    ];
    superuser.batch_execute("CREATE TABLE kept AS TABLE payment_system_logs; CREATE TABLE kept_heads AS TABLE payment_log_heads").await.unwrap();
    for (tamper, first_broken) in broken {
        let own = format!(
            "{tamper}{} account_id = '{a}'",
            if tamper.contains("WHERE") {
                " AND"
            } else {
                " WHERE"
            }
        );
        superuser.batch_execute(&own).await.unwrap();
        let verified = payment_system_logs::verify(&tenant).await.unwrap();
        assert_eq!(
            (verified.first_broken, verified.complete),
            (first_broken, false),
            "{tamper}"
        );
        superuser
            .batch_execute(
                "DELETE FROM payment_system_logs; INSERT INTO payment_system_logs TABLE kept;
                 DELETE FROM payment_log_heads; INSERT INTO payment_log_heads TABLE kept_heads",
            )
            .await
            .unwrap();
        assert_eq!(payment_system_logs::verify(&tenant).await.unwrap(), whole);
    }
}

#[tokio::test]
async fn erasing_data_and_salt_keeps_the_log_verifiable() {
    let cast = Cast::new().await;
    let system = tests::connect_raw(&cast.database.url(dev_server::Login::System)).await;
    let erase = format!(
        "BEGIN; SET LOCAL app.account_id = '{}'; UPDATE payment_system_logs SET data = NULL, salt = NULL; COMMIT",
        cast.a
    );
    system.batch_execute(&erase).await.unwrap();
    let tenant = cast.tenant_a();
    let verified = payment_system_logs::verify(&tenant).await.unwrap();
    assert!(verified.complete && verified.first_broken.is_none());
    let page = payment_system_logs::list(&tenant, &ListLogs::default())
        .await
        .unwrap();
    assert!(page.items.iter().all(|entry| entry.data.is_none()));
    let of_b = payment_system_logs::list(&cast.tenant_b(), &ListLogs::default())
        .await
        .unwrap();
    assert!(
        of_b.items.iter().all(|entry| entry.data.is_some()),
        "B's are untouched"
    );
}

/// S76
#[tokio::test]
async fn eight_writers_append_1200_times_mixed_with_other_work_without_a_failure() {
    let database = TestDatabase::new().await;
    let db = database.busy_db(8).await;
    let account = database.account("A").await;
    let setup = db.tenant(account);
    let ids = [
        stripe_payments::create(&setup, new_payment("b", 1_000_000))
            .await
            .unwrap()
            .id,
        stripe_payments::create(&setup, new_payment("b", 1_000_000))
            .await
            .unwrap()
            .id,
    ];
    for id in ids {
        stripe_payments::succeed(&setup, id, "ch_1").await.unwrap();
    }
    let writers = (0..8_usize).map(|writer| {
        let mut tenant = db.tenant(account);
        async move {
            for round in 0..75_i64 {
                stripe_payments::create(&tenant, new_payment("b", 5)).await?;
                // The same rows in opposite orders, between audited changes: the end of the log comes last all the same.
                let (one, two) = (ids[writer % 2], ids[1 - writer % 2]);
                let amount = round * 8 + i64::try_from(writer).unwrap_or_default() + 1;
                tenant
                    .transaction(async move |tx: &mut Transaction<'_>| {
                        stripe_payments::get(tx, one).await?;
                        stripe_payments::create(tx, new_payment("b", amount)).await?;
                        stripe_payments::get(tx, two).await.map(drop)
                    })
                    .await?;
            }
            Ok::<_, Error>(())
        }
    });
    for outcome in futures_util::future::join_all(writers).await {
        outcome.expect("no writer fails");
    }
    let verified = payment_system_logs::verify(&setup).await.unwrap();
    assert_eq!(
        verified,
        Verified {
            entries: 1_205,
            first_broken: None,
            complete: true
        }
    );
}

#[tokio::test]
async fn the_log_is_filtered_and_paged_from_its_end() {
    let cast = Cast::new().await;
    let tenant = cast.tenant_a();
    let subject = format!("stripe_payments/{}", cast.payments_a[0].id);
    let of_one = ListLogs {
        subject: Some(subject),
        ..Default::default()
    };
    let about: Vec<_> = payment_system_logs::list(&tenant, &of_one)
        .await
        .unwrap()
        .items;
    let about: Vec<_> = about.iter().map(|entry| entry.event.as_str()).collect();
    assert_eq!(
        about,
        [
            "payment_share_tracking.distribute",
            "stripe_payments.succeed",
            "stripe_payments.create"
        ]
    );
    let mut list = ListLogs {
        limit: Some(7),
        event: Some("pay_out.request".into()),
        ..Default::default()
    };
    let mut places = Vec::new();
    loop {
        let page = payment_system_logs::list(&tenant, &list).await.unwrap();
        places.extend(page.items.iter().map(|entry| entry.seq));
        match page.next {
            Some(next) => list.cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(places.len(), 20);
    assert!(places.is_sorted_by(|a, b| a > b));
    list.cursor = Some("x".to_owned().into());
    let refused = payment_system_logs::list(&tenant, &list).await;
    assert!(matches!(
        refused,
        Err(Error::Invalid {
            field: "cursor",
            ..
        })
    ));
}
