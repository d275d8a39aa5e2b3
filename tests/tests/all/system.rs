use std::sync::Mutex;

use access::{
    AccountId, Error, account_payment_settings,
    accounts::NewAccount,
    payment_system_logs::{self, ListLogs},
    stripe_payments,
    system::{self, ListAccounts, Sweep, ViewedRows},
};
use serde_json::json;
use tests::{
    TestDatabase,
    fixtures::{Cast, new_payment},
};
use uuid::Uuid;

async fn accounts(database: &TestDatabase, how_many: usize) -> Vec<AccountId> {
    let mut made = Vec::new();
    for number in 0..how_many {
        made.push(database.account(&format!("account {number}")).await);
    }
    made
}

#[tokio::test]
async fn the_list_of_accounts_has_each_once_in_the_order_in_which_they_were_made() {
    let database = TestDatabase::new().await;
    let made = accounts(&database, 7).await;
    let system = database.system().await;
    let scope = system.scope("ops", "a look round").unwrap();
    let mut list = ListAccounts {
        limit: Some(3),
        cursor: None,
    };
    let mut seen = Vec::new();
    loop {
        let page = system::list_accounts(&scope, &list).await.unwrap();
        assert!(page.items.len() <= 3);
        seen.extend(page.items.into_iter().map(|account| account.id));
        list.cursor = page.next;
        if list.cursor.is_none() {
            break;
        }
    }
    let made: Vec<Uuid> = made.iter().map(AccountId::as_uuid).collect();
    assert_eq!(seen, made);
}

/// S54, S58
#[tokio::test]
async fn a_list_of_accounts_refuses_a_limit_or_a_cursor_that_is_none() {
    let database = TestDatabase::new().await;
    let system = database.system().await;
    let scope = system.scope("ops", "a look round").unwrap();
    for limit in [0, -1, 501, i64::MAX] {
        let list = ListAccounts {
            limit: Some(limit),
            cursor: None,
        };
        let refused = system::list_accounts(&scope, &list).await.unwrap_err();
        assert!(matches!(refused, Error::Invalid { field: "limit", .. }));
    }
    let list = ListAccounts {
        limit: None,
        cursor: Some("bm90IGEgY3Vyc29y".to_owned().into()),
    };
    let refused = system::list_accounts(&scope, &list).await.unwrap_err();
    assert!(matches!(
        refused,
        Error::Invalid {
            field: "cursor",
            ..
        }
    ));
}

#[tokio::test]
async fn a_summary_has_the_sums_of_its_account_alone() {
    let cast = Cast::new().await;
    let system = cast.database.system().await;
    let scope = system.scope("ops", "ticket 12").unwrap();
    let before = system::account_summary(&scope, cast.a).await.unwrap();
    assert_eq!(before.account.name, "Studio of a");
    assert!(!before.succeeded.is_empty() && !before.requested.is_empty());
    for number in 0..30 {
        let new = new_payment(&format!("pi_more{number}"), 1_000);
        stripe_payments::create(&cast.tenant_b(), new)
            .await
            .unwrap();
    }
    let after = system::account_summary(&scope, cast.a).await.unwrap();
    assert_eq!(before, after);
    let nobody = AccountId::from_authenticated(Uuid::now_v7()).unwrap();
    let absent = system::account_summary(&scope, nobody).await.unwrap_err();
    assert_eq!(absent, Error::NotFound);
}

#[tokio::test]
async fn a_sweep_meets_each_account_once_and_gathers_what_failed() {
    let database = TestDatabase::new().await;
    let made = accounts(&database, 9).await;
    let system = database.system().await;
    let scope = system.scope("ops", "settings for all").unwrap();
    for at_once in [1, 4] {
        let met = Mutex::new(Vec::new());
        let mut told = 0;
        let sweep = Sweep {
            after: None,
            at_once: Some(at_once),
        };
        let swept = system::for_each_account(
            &scope,
            sweep,
            |progress| {
                told += 1;
                assert_eq!(progress.done + progress.failed, told);
            },
            async |tenant| {
                let account = tenant.account();
                account_payment_settings::get(&tenant).await?;
                met.lock().unwrap().push(account);
                if account == made[4] {
                    Err(Error::Conflict)
                } else {
                    Ok(())
                }
            },
        )
        .await
        .unwrap();
        let mut met = met.into_inner().unwrap();
        met.sort();
        assert_eq!(met, made);
        assert_eq!(
            (swept.progress.done, swept.progress.failed, told),
            (8, 1, 9)
        );
        assert_eq!(swept.failures, [(made[4], Error::Conflict)]);
    }
}

#[tokio::test]
async fn a_sweep_that_was_cut_off_goes_on_where_it_stood() {
    let database = TestDatabase::new().await;
    let made = accounts(&database, 5).await;
    let system = database.system().await;
    let scope = system.scope("ops", "settings for all").unwrap();
    let mut stood = None;
    let stopped = tokio::time::timeout(
        std::time::Duration::from_secs(60),
        system::for_each_account(
            &scope,
            Sweep::default(),
            |progress| stood = progress.at.clone(),
            async |tenant| {
                if tenant.account() == made[2] {
                    std::future::pending::<()>().await;
                }
                Ok::<(), Error>(())
            },
        ),
    );
    let mut stopped = Box::pin(stopped);
    // Polled until it hangs at the third account, then dropped.
    for _ in 0..200 {
        if futures_util::poll!(&mut stopped).is_ready() {
            panic!("it does not end by itself");
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    drop(stopped);
    assert!(stood.is_some());
    let met = Mutex::new(Vec::new());
    let sweep = Sweep {
        after: stood,
        at_once: None,
    };
    let rest = system::for_each_account(
        &scope,
        sweep,
        |_| {},
        async |tenant| {
            met.lock().unwrap().push(tenant.account());
            Ok::<(), Error>(())
        },
    );
    assert_eq!(rest.await.unwrap().progress.done, 3);
    assert_eq!(met.into_inner().unwrap(), made[2..]);
}

#[tokio::test]
async fn each_use_of_the_system_scope_is_one_row_of_the_diary() {
    let cast = Cast::new().await;
    let system = cast.database.system().await;
    let superuser = cast.database.superuser().await;
    superuser
        .batch_execute("DELETE FROM system_uses")
        .await
        .unwrap();
    let scope = system.scope("ops", "an audit").unwrap();
    system::list_accounts(&scope, &ListAccounts::default())
        .await
        .unwrap();
    system::account_summary(&scope, cast.a).await.unwrap();
    system::for_each_account(
        &scope,
        Sweep::default(),
        |_| {},
        async |_| Ok::<(), Error>(()),
    )
    .await
    .unwrap();
    let rows = superuser
        .query(
            "SELECT actor, reason, function FROM system_uses ORDER BY id",
            &[],
        )
        .await
        .unwrap();
    let rows: Vec<[String; 3]> = rows
        .iter()
        .map(|row| [row.get(0), row.get(1), row.get(2)])
        .collect();
    let expected = ["list_accounts", "account_summary", "for_each_account"];
    assert_eq!(
        rows,
        expected.map(|function| ["ops", "an audit", function].map(str::to_owned))
    );
}

/// The log has what changed the account's rows, and nothing of who looked at them.
#[tokio::test]
async fn the_accounts_log_names_who_made_it_and_nobody_who_looked() {
    let database = TestDatabase::new().await;
    let system = database.system().await;
    let scope = system.scope("ops", "ticket 9").unwrap();
    let account = system::create_account(&scope, NewAccount { name: "A".into() })
        .await
        .unwrap();
    let account = AccountId::from_authenticated(account.id).unwrap();
    system::account_summary(&scope, account).await.unwrap();
    system::list_accounts(&scope, &ListAccounts::default())
        .await
        .unwrap();
    let tenant = database.db().await.tenant(account);
    let log = payment_system_logs::list(&tenant, &ListLogs::default())
        .await
        .unwrap();
    let log: Vec<_> = log
        .items
        .iter()
        .map(|entry| (entry.event.as_str(), entry.actor.as_str()))
        .collect();
    assert_eq!(log, [("system.create_account", "ops")]);
}

#[tokio::test]
async fn a_view_of_rows_is_in_the_accounts_log_before_they_are_seen() {
    let cast = Cast::new().await;
    let scope = cast.system.scope("support", "ticket 12").unwrap();
    let rows = ViewedRows {
        table: "stripe_payments".into(),
        filtered_by: vec!["buyer".into()],
    };
    system::record_view(&scope, cast.a, &rows).await.unwrap();
    let list = ListLogs {
        event: Some("system.record_view".into()),
        ..ListLogs::default()
    };
    let log = payment_system_logs::list(&cast.tenant_a(), &list).await;
    let entry = log.unwrap().items.pop().unwrap();
    assert_eq!(
        (entry.subject.as_str(), entry.actor.as_str()),
        ("stripe_payments", "support")
    );
    assert_eq!(
        entry.data,
        Some(json!({ "reason": "ticket 12", "filtered_by": ["buyer"] }))
    );
    let others = payment_system_logs::list(&cast.tenant_b(), &list).await;
    assert!(others.unwrap().items.is_empty());

    let nobody = AccountId::from_authenticated(uuid::Uuid::now_v7()).unwrap();
    let absent = system::record_view(&scope, nobody, &rows).await;
    assert_eq!(absent.unwrap_err(), Error::NotFound);
    let unnamed = ViewedRows::default();
    let refused = system::record_view(&scope, cast.a, &unnamed).await;
    assert!(matches!(
        refused,
        Err(Error::Invalid { field: "table", .. })
    ));
}

/// S74
#[tokio::test]
async fn the_apps_login_may_not_ask_an_account_lookup() {
    let database = TestDatabase::new().await;
    let app = database.app_sql().await;
    let owner = database.superuser().await;
    let lookups = owner
        .query("SELECT oid::regprocedure::text, proname::text FROM pg_proc WHERE pronamespace = 'lookup'::regnamespace", &[])
        .await
        .unwrap();
    assert!(!lookups.is_empty());
    for row in &lookups {
        let (signature, name): (String, String) = (row.get(0), row.get(1));
        let nulls = vec!["NULL"; signature.matches(',').count() + 1].join(", ");
        let call = format!("SELECT lookup.{name}({nulls})");
        let refused = app.simple_query(&call).await.unwrap_err();
        assert_eq!(refused.code().unwrap().code(), "42501", "{signature}");
        // Of the function itself too, not only of its schema.
        owner
            .batch_execute("GRANT USAGE ON SCHEMA lookup TO app")
            .await
            .unwrap();
        let refused = app.simple_query(&call).await.unwrap_err();
        assert_eq!(refused.code().unwrap().code(), "42501", "{signature}");
        owner
            .batch_execute("REVOKE USAGE ON SCHEMA lookup FROM app")
            .await
            .unwrap();
    }
}

/// What a lookup gives is accounts: there is no other type to give, and its owner sees no other column.
#[tokio::test]
async fn a_lookup_gives_accounts_and_its_owner_sees_only_what_it_needs() {
    let database = TestDatabase::new().await;
    let superuser = database.superuser().await;
    let others = superuser
        .query("SELECT proname::text FROM pg_proc WHERE pronamespace = 'lookup'::regnamespace AND prorettype <> 'uuid'::regtype", &[])
        .await
        .unwrap();
    assert!(others.is_empty());
    superuser
        .batch_execute("SET ROLE app_lookup")
        .await
        .unwrap();
    superuser
        .batch_execute("SELECT id FROM accounts")
        .await
        .unwrap();
    for refused in [
        "SELECT name FROM accounts",
        "SELECT * FROM accounts",
        "UPDATE accounts SET id = id",
    ] {
        let error = superuser.batch_execute(refused).await.unwrap_err();
        assert_eq!(error.code().unwrap().code(), "42501", "{refused}");
    }
}
