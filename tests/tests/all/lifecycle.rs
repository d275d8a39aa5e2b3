use std::{collections::BTreeSet, time::Duration};

use access::{
    AccountId, Error, Reason,
    lifecycle::{self, ErasurePlan, Fate, Retention},
    payment_system_logs::{self, ListLogs},
    stripe_payments, system,
    system::SystemDb,
};
use tests::{
    TestDatabase,
    fixtures::{Cast, dump, new_payment},
    lifecycle::{exported, imported},
};
use tokio_postgres::Client;
use uuid::Uuid;

pub(super) async fn planned(system: &SystemDb, account: AccountId) -> ErasurePlan {
    let scope = system.scope("ops", "the account leaves").unwrap();
    lifecycle::plan_erasure(&scope, account).await.unwrap()
}

pub(super) async fn erased(
    system: &SystemDb,
    account: AccountId,
    plan: &ErasurePlan,
) -> Result<ErasurePlan, Error> {
    let scope = system.scope("ops", "the account leaves").unwrap();
    lifecycle::erase(&scope, account, plan).await
}

/// Closes the calls to Stripe, since open ones don't arrive as they were.
pub(super) async fn close_jobs(superuser: &Client) {
    let close =
        "UPDATE stripe_outbox SET status = 'failed', lease = NULL, due_at = NULL, last_error = 'x'
         WHERE due_at IS NOT NULL OR status = 'dead'";
    superuser.execute(close, &[]).await.unwrap();
}

#[tokio::test]
async fn an_account_is_the_same_in_another_database_after_export_and_import() {
    let cast = Cast::new().await;
    close_jobs(&cast.database.superuser().await).await;
    let lines = exported(&cast.database.system().await, cast.a).await;
    let other = TestDatabase::new().await;
    let system = other.system().await;
    assert_eq!(imported(&system, &lines).await.unwrap(), cast.a);
    let there = dump(&other.superuser().await, cast.a).await;
    assert!(there == dump(&cast.database.superuser().await, cast.a).await);
    let tenant = other.db().await.tenant(cast.a);
    let verified = payment_system_logs::verify(&tenant).await.unwrap();
    assert!(verified.complete && verified.first_broken.is_none() && verified.entries > 20);
    // It lives on there, and can't be brought in twice.
    stripe_payments::create(&tenant, new_payment("b", 7))
        .await
        .unwrap();
    assert_eq!(
        imported(&system, &lines).await.unwrap_err(),
        Error::Conflict
    );
}

#[tokio::test]
async fn an_export_has_every_row_of_its_account_and_nothing_of_another() {
    let cast = Cast::new().await;
    let lines = exported(&cast.database.system().await, cast.a).await;
    let superuser = cast.database.superuser().await;
    let rows = dump(&superuser, cast.a).await.lines().count();
    assert_eq!(lines.len() - 2, rows);
    let text = lines.join("\n");
    assert!(text.contains(&cast.a.to_string()));
    assert!(!text.contains(&cast.b.to_string()) && !text.contains("buyer-b"));
    for payment in &cast.payments_b {
        assert!(!text.contains(&payment.id.to_string()));
    }
}

#[tokio::test]
async fn what_is_no_whole_export_of_one_account_is_refused_and_nothing_is_written() {
    let cast = Cast::new().await;
    let lines = exported(&cast.database.system().await, cast.a).await;
    let other = TestDatabase::new().await;
    let system = other.system().await;
    let (a, b) = (cast.a.to_string(), cast.b.to_string());
    let with = |at: usize, change: &dyn Fn(&str) -> String| {
        let mut lines = lines.clone();
        lines[at] = change(&lines[at]);
        lines
    };
    let last = lines.len() - 1;
    let broken = [
        ("head", vec![]),
        ("head", lines[1..].to_vec()),
        ("head", with(0, &|line| line.replace("m2026", "m2025"))),
        ("end", lines[..last].to_vec()),
        ("end", [&lines[..5], &lines[last..]].concat()),
        ("end", [&lines[..5], &lines[6..]].concat()),
        ("row", with(3, &|line| line.replace(&a, &b))),
        (
            "row",
            with(3, &|line| line.replace("\"created_at\"", "\"made_at\"")),
        ),
        (
            "table",
            with(3, &|line| line.replace("\"table\":\"", "\"table\":\"no_")),
        ),
        (
            "table",
            with(3, &|line| {
                line.replacen("\"table\":\"", "\"table\":\"system_uses; --", 1)
            }),
        ),
        ("line", with(3, &|line| line[..20].to_owned())),
    ];
    for (part, lines) in broken {
        let refused = imported(&system, &lines).await.unwrap_err();
        assert!(
            matches!(refused, Error::Invalid { field, .. } if field == part),
            "{part}: {refused:?}"
        );
    }
    // All rows say B, and so does the head: it is B's export then, and A's keys are not taken over by it.
    let superuser = other.superuser().await;
    for account in [cast.a, cast.b] {
        assert_eq!(dump(&superuser, account).await, "");
    }
}

#[tokio::test]
async fn erasing_leaves_amounts_and_the_chain_and_nothing_that_tells_of_whom() {
    let cast = Cast::new().await;
    let superuser = cast.database.superuser().await;
    let system = cast.database.system().await;
    let scope = system.scope("ops", "sums").unwrap();
    let before = system::account_summary(&scope, cast.a).await.unwrap();
    let log = cast.tenant_a();
    let entries = payment_system_logs::verify(&log).await.unwrap().entries;
    let b = dump(&superuser, cast.b).await;
    let personal = personal_texts(&superuser, cast.a).await;
    assert!(personal.len() > 20, "{personal:?}");

    let plan = planned(&system, cast.a).await;
    assert_eq!(
        planned(&system, cast.a).await,
        plan,
        "planning does nothing"
    );
    let left = erased(&system, cast.a, &plan).await.unwrap();

    for table in left.tables {
        let gone = table.fate == Fate::Deleted;
        assert_eq!(gone, table.rows == Some(0), "{table:?}");
    }
    let a = dump(&superuser, cast.a).await;
    for text in personal {
        assert!(!a.contains(&text), "{text} is left");
    }
    let after = system::account_summary(&scope, cast.a).await.unwrap();
    assert_eq!(after.account.name, "erased");
    assert_eq!(
        (after.succeeded, after.owed),
        (before.succeeded, before.owed)
    );
    assert_eq!(
        (after.requested, after.paid),
        (before.requested, before.paid)
    );
    let verified = payment_system_logs::verify(&log).await.unwrap();
    assert!(verified.complete && verified.first_broken.is_none());
    assert_eq!(verified.entries, entries + 1, "what was erased is logged");
    assert!(dump(&superuser, cast.b).await == b);
}

/// What a program chose to say of people and things in A's rows.
async fn personal_texts(superuser: &Client, account: AccountId) -> BTreeSet<String> {
    let sql = "SELECT buyer FROM stripe_payments WHERE account_id = $1
         UNION SELECT pay_for_id FROM stripe_payments WHERE account_id = $1
         UNION SELECT payee FROM payment_share_tracking WHERE account_id = $1 AND payee NOT IN ('creator', 'platform')
         UNION SELECT connected_account FROM pay_out WHERE account_id = $1
         UNION SELECT connected_account FROM account_payout_routes WHERE account_id = $1
         UNION SELECT idempotency_key FROM pay_out WHERE account_id = $1 AND length(idempotency_key) > 3";
    let rows = superuser.query(sql, &[&account.as_uuid()]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn a_plan_that_is_out_of_date_erases_nothing() {
    let cast = Cast::new().await;
    let system = cast.database.system().await;
    let plan = planned(&system, cast.a).await;
    stripe_payments::create(&cast.tenant_a(), new_payment("late", 5))
        .await
        .unwrap();
    let superuser = cast.database.superuser().await;
    let before = dump(&superuser, cast.a).await;
    let refused = erased(&system, cast.a, &plan).await.unwrap_err();
    assert_eq!(refused, Error::Conflict);
    let of_another = planned(&system, cast.b).await;
    let refused = erased(&system, cast.a, &of_another).await.unwrap_err();
    assert_eq!(refused, Error::Conflict);
    assert!(dump(&superuser, cast.a).await == before);
    let nobody = AccountId::from_authenticated(Uuid::now_v7()).unwrap();
    let scope = system.scope("ops", "a typo").unwrap();
    let absent = lifecycle::plan_erasure(&scope, nobody).await;
    assert_eq!(absent.unwrap_err(), Error::NotFound);
}

/// A table that nobody named in this crate or in `access`, as the next migration may bring it.
async fn add_table(database: &TestDatabase, system: &[&str], accounts: &[AccountId]) {
    let owner = database.owner_sql().await;
    let table = "CREATE TABLE diaries (account_id uuid NOT NULL REFERENCES accounts (id), id uuid NOT NULL,
        payment_id uuid NOT NULL, words text NOT NULL, bytes bytea, at timestamptz, tags text[], n numeric,
        PRIMARY KEY (account_id, id),
        FOREIGN KEY (account_id, payment_id) REFERENCES stripe_payments (account_id, id));";
    let protect = entity_guard::policy::protect("diaries", "account_id", &["select"], system);
    owner
        .batch_execute(&format!("{table}{protect}"))
        .await
        .unwrap();
    let superuser = database.superuser().await;
    for account in accounts {
        let sql = "INSERT INTO diaries SELECT account_id, id, id, 'dear \"diary\" \\ ' || id, '\\x00ff', now(), '{a,\"b c\"}',
                   12345678901234567890.5 FROM stripe_payments WHERE account_id = $1";
        superuser.execute(sql, &[&account.as_uuid()]).await.unwrap();
    }
}

#[tokio::test]
async fn a_table_that_nobody_named_is_exported_imported_and_erased_too() {
    let cast = Cast::new().await;
    let verbs = ["select", "insert", "delete"];
    add_table(&cast.database, &verbs, &[cast.a, cast.b]).await;
    let system = cast.database.system().await;
    let superuser = cast.database.superuser().await;
    close_jobs(&superuser).await;
    let lines = exported(&system, cast.a).await;
    let other = TestDatabase::new().await;
    add_table(&other, &verbs, &[]).await;
    imported(&other.system().await, &lines).await.unwrap();
    let before = dump(&superuser, cast.a).await;
    assert!(before.contains("diaries: "));
    assert!(dump(&other.superuser().await, cast.a).await == before);

    let b = dump(&superuser, cast.b).await;
    let plan = planned(&system, cast.a).await;
    let diaries = plan
        .tables
        .iter()
        .find(|table| table.table == "diaries")
        .unwrap();
    assert_eq!((diaries.rows, diaries.fate), (Some(20), Fate::Deleted));
    erased(&system, cast.a, &plan).await.unwrap();
    assert!(!dump(&superuser, cast.a).await.contains("diaries: "));
    assert!(dump(&superuser, cast.b).await == b);
}

#[tokio::test]
async fn a_table_out_of_the_systems_reach_stops_erasing_and_exporting_before_anything_is_lost() {
    for verbs in [&["select"] as &[&str], &[]] {
        let cast = Cast::new().await;
        add_table(&cast.database, verbs, &[cast.a]).await;
        let system = cast.database.system().await;
        let superuser = cast.database.superuser().await;
        let before = dump(&superuser, cast.a).await;
        let plan = planned(&system, cast.a).await;
        let diaries = plan
            .tables
            .iter()
            .find(|table| table.table == "diaries")
            .unwrap();
        assert_eq!(diaries.fate, Fate::OutOfReach);
        let out_of_reach = Error::Rejected(Reason::OutOfReach);
        assert_eq!(
            erased(&system, cast.a, &plan).await.unwrap_err(),
            out_of_reach
        );
        assert!(dump(&superuser, cast.a).await == before);
        if verbs.is_empty() {
            let scope = system.scope("ops", "a copy").unwrap();
            let export = lifecycle::export(&scope, cast.a, |_| {}, async |_| Ok::<(), Error>(()));
            assert_eq!(export.await.unwrap_err(), out_of_reach);
        }
    }
}

/// Each text of a table that stays is either taken out by erasing or known to say nothing of a person.
#[tokio::test]
async fn no_text_column_of_a_kept_table_was_forgotten() {
    let cast = Cast::new().await;
    let system = cast.database.system().await;
    let superuser = cast.database.superuser().await;
    let plan = planned(&system, cast.a).await;
    let kept = plan.tables.iter().filter(|table| table.fate == Fate::Kept);
    let kept: Vec<&str> = kept.map(|table| table.table.as_str()).collect();
    let sql = "SELECT c.relname || '.' || a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
         WHERE c.relname = ANY($1) AND c.relkind = 'r' AND attnum > 0 AND NOT attisdropped
           AND atttypid IN ('text'::regtype, 'jsonb'::regtype) ORDER BY 1";
    let rows = superuser.query(sql, &[&kept]).await.unwrap();
    let columns: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    insta::assert_snapshot!(columns.join("\n"));
}

#[tokio::test]
async fn pruning_takes_what_old_entries_said_and_leaves_the_chain() {
    let cast = Cast::new().await;
    let system = cast.database.system().await;
    let superuser = cast.database.superuser().await;
    let old = "UPDATE payment_system_logs SET created_at = created_at - interval '400 days' WHERE account_id = $1 AND seq <= 10";
    superuser.execute(old, &[&cast.a.as_uuid()]).await.unwrap();
    let b = dump(&superuser, cast.b).await;
    let scope = system.scope("ops", "retention").unwrap();
    let year = Retention {
        logs: Some(Duration::from_secs(365 * 24 * 3_600)),
        events: Some(Duration::from_secs(365 * 24 * 3_600)),
    };
    let old = "UPDATE stripe_events SET received_at = received_at - interval '400 days'
               WHERE account_id = $1 AND event LIKE '%1%'";
    let aged = superuser.execute(old, &[&cast.a.as_uuid()]).await.unwrap();
    for _ in 0..2 {
        let swept = lifecycle::prune(&scope, year, |_| {}).await.unwrap();
        assert_eq!((swept.progress.done, swept.progress.failed), (2, 0));
    }
    let empty = "SELECT count(*) FILTER (WHERE payload IS NULL), count(*) FILTER (WHERE received_at < now() - interval '1 year' AND payload IS NOT NULL)
                 FROM stripe_events";
    let empty = superuser.query_one(empty, &[]).await.unwrap();
    let counts = (empty.get::<_, i64>(0), empty.get::<_, i64>(1));
    assert_eq!(
        counts,
        (i64::try_from(aged).unwrap(), 0),
        "the old ones alone"
    );
    let all = ListLogs {
        limit: Some(500),
        ..ListLogs::default()
    };
    let log = payment_system_logs::list(&cast.tenant_a(), &all)
        .await
        .unwrap();
    for entry in &log.items {
        assert_eq!(entry.data.is_none(), entry.seq <= 10, "{entry:?}");
    }
    assert!(dump(&superuser, cast.b).await == b);
    let refused = lifecycle::prune(
        &scope,
        Retention {
            logs: Some(Duration::MAX),
            ..Retention::default()
        },
        |_| {},
    )
    .await;
    assert!(matches!(refused, Err(Error::Invalid { field: "logs", .. })));
}

/// As many rows as are fetched at once, and some more, so that more than one part is read and written.
#[tokio::test]
async fn a_large_account_is_moved_in_parts_and_told_of_as_it_goes() {
    let database = TestDatabase::new().await;
    let account = database.account("A").await;
    let superuser = database.superuser().await;
    let rows = "INSERT INTO stripe_payments (account_id, id, buyer, pay_for, pay_for_id, amount, currency, fee, refunded,
            disputed, status, created_at, updated_at)
        SELECT $1, gen_random_uuid(), 'b', 'tip', 't', n, 'USD', 0, 0, 0, 'canceled', now(), now()
        FROM generate_series(1, 2050) n";
    superuser
        .execute(rows, &[&account.as_uuid()])
        .await
        .unwrap();
    let system = database.system().await;
    let scope = system.scope("ops", "a copy").unwrap();
    let mut told = Vec::new();
    let mut lines = Vec::new();
    let export = lifecycle::export(
        &scope,
        account,
        |moved| told.push(moved.rows),
        async |line| {
            lines.push(line.to_owned());
            Ok::<(), Error>(())
        },
    );
    let rows = export.await.unwrap();
    assert!(told.len() > 10 && told.is_sorted() && told.last() == Some(&rows));
    let other = TestDatabase::new().await;
    imported(&other.system().await, &lines).await.unwrap();
    assert!(dump(&other.superuser().await, account).await == dump(&superuser, account).await);
}
