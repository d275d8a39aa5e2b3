use std::{collections::BTreeSet, process::Command};

use access::{
    Error, Tenant,
    ppu::{self, IssuedCodes, ListPpu, PayFor},
};
use chrono::{Duration, Utc};
use futures_util::future::join_all;
use tests::{TestDatabase, fixtures::new_codes};
use tokio_postgres::Client;

async fn account() -> (TestDatabase, Tenant) {
    let database = TestDatabase::new().await;
    let tenant = database.db().await.tenant(database.account("A").await);
    (database, tenant)
}

async fn stored(superuser: &Client) -> (i64, i64) {
    let count = "SELECT count(*), count(DISTINCT code) FROM ppu";
    let row = superuser.query_one(count, &[]).await.unwrap();
    (row.get(0), row.get(1))
}

/// The most memory that the process ever had, in KiB; where Linux says so.
pub(super) fn peak() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Whether the process runs nothing but this test, as what memory is measured in has to; else it runs it in one that does.
pub(super) fn is_alone(name: &str) -> bool {
    const ALONE: &str = "TEST_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(ALONE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("1 passed"), "{said}");
    println!("{said}");
    false
}

#[tokio::test]
async fn a_hundred_thousand_codes_are_issued_in_constant_memory() {
    if !is_alone("all::ppu_issue::a_hundred_thousand_codes_are_issued_in_constant_memory") {
        return;
    }
    let (database, tenant) = account().await;
    ppu::issue_many(&tenant, new_codes("few", 5_000))
        .await
        .unwrap();
    let before = peak();
    let issued = ppu::issue_many(&tenant, new_codes("many", 100_000)).await;
    let after = peak();
    let many = IssuedCodes {
        batch: "many".into(),
        count: 100_000,
    };
    assert_eq!(issued, Ok(many));
    let superuser = database.superuser().await;
    assert_eq!(stored(&superuser).await, (105_000, 105_000));
    if let (Some(before), Some(after)) = (before, after) {
        println!(
            "{} KiB more for 100,000 codes than for 5,000",
            after - before
        );
        assert!(after - before < 8 * 1024, "{before} KiB, then {after} KiB");
    }
    // The numbers have no gap, and the pages of the batch hold them.
    let sql =
        "SELECT count(DISTINCT number), min(number), max(number) FROM ppu WHERE batch = 'many'";
    let row = superuser.query_one(sql, &[]).await.unwrap();
    let numbers: (i64, i32, i32) = (row.get(0), row.get(1), row.get(2));
    assert_eq!(numbers, (100_000, 1, 100_000));
    let list = ListPpu {
        batch: Some("many".into()),
        limit: Some(500),
        cursor: None,
    };
    let page = ppu::list(&tenant, &list).await.unwrap();
    assert_eq!(page.items[0].number, 100_000);
    assert_eq!(page.items[499].number, 99_501);
}

#[tokio::test]
async fn a_batch_is_issued_once_and_another_of_its_name_is_a_conflict() {
    let (database, tenant) = account().await;
    let db = database.busy_db(8).await;
    let calls = (0..8).map(|_| {
        let tenant = db.tenant(tenant.account());
        async move { ppu::issue_many(&tenant, new_codes("batch", 1_500)).await }
    });
    let outcomes = join_all(calls).await;
    let one = IssuedCodes {
        batch: "batch".into(),
        count: 1_500,
    };
    assert!(
        outcomes.iter().all(|o| o.as_ref() == Ok(&one)),
        "{outcomes:?}"
    );
    assert_eq!(stored(&database.superuser().await).await.0, 1_500);
    let others = [
        |new: &mut ppu::IssueCodes| new.count = 1_499,
        |new: &mut ppu::IssueCodes| new.pay_for_id = "another".into(),
        |new: &mut ppu::IssueCodes| new.pay_for = PayFor::Event,
        |new: &mut ppu::IssueCodes| new.max_redemptions = 2,
        |new: &mut ppu::IssueCodes| new.expires_at = Some(Utc::now() + Duration::days(1)),
    ];
    for change in others {
        let mut other = new_codes("batch", 1_500);
        change(&mut other);
        let outcome = ppu::issue_many(&tenant, other).await;
        assert_eq!(outcome, Err(Error::Conflict));
    }
    // Another account's batch of the same name is its own.
    let b = db.tenant(database.account("B").await);
    ppu::issue_many(&b, new_codes("batch", 3)).await.unwrap();
    assert_eq!(stored(&database.superuser().await).await, (1_503, 1_503));
}

#[tokio::test]
async fn codes_that_are_taken_are_drawn_anew() {
    let (database, tenant) = account().await;
    let superuser = database.superuser().await;
    // Every third code that is drawn is the same one.
    superuser
        .batch_execute(
            "CREATE SEQUENCE draws;
             CREATE FUNCTION collide() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql AS $$ BEGIN
                 IF nextval('public.draws') % 3 = 0 THEN NEW.code := '0000000000000000'; END IF;
                 RETURN NEW;
             END $$;
             CREATE TRIGGER collide BEFORE INSERT ON ppu FOR EACH ROW EXECUTE FUNCTION collide()",
        )
        .await
        .unwrap();
    ppu::issue_many(&tenant, new_codes("batch", 2_500))
        .await
        .unwrap();
    assert_eq!(stored(&superuser).await, (2_500, 2_500));
    let drawn: i64 = superuser
        .query_one("SELECT last_value FROM draws", &[])
        .await
        .unwrap()
        .get(0);
    assert!(drawn > 3_500, "{drawn} were drawn");
    let mut list = ListPpu {
        limit: Some(500),
        ..Default::default()
    };
    let mut numbers = BTreeSet::new();
    loop {
        let page = ppu::list(&tenant, &list).await.unwrap();
        numbers.extend(page.items.iter().map(|code| code.number));
        let Some(next) = page.next else { break };
        list.cursor = Some(next);
    }
    assert!(numbers.into_iter().eq(1..=2_500));

    // When every code is taken, it gives up and saves nothing.
    superuser
        .batch_execute("ALTER SEQUENCE draws INCREMENT 3 RESTART 3")
        .await
        .unwrap();
    let outcome = ppu::issue_many(&tenant, new_codes("none", 10)).await;
    assert_eq!(outcome, Err(Error::Internal));
    assert_eq!(stored(&superuser).await.0, 2_500);
}

#[tokio::test]
async fn an_issue_that_fails_or_is_dropped_halfway_saves_nothing() {
    let (database, tenant) = account().await;
    let superuser = database.superuser().await;
    superuser
        .batch_execute("ALTER TABLE ppu ADD CONSTRAINT half CHECK (number < 5000)")
        .await
        .unwrap();
    let outcome = ppu::issue_many(&tenant, new_codes("batch", 10_000)).await;
    assert!(outcome.is_err(), "{outcome:?}");
    assert_eq!(stored(&superuser).await.0, 0);
    superuser
        .batch_execute("ALTER TABLE ppu DROP CONSTRAINT half")
        .await
        .unwrap();
    let issue = ppu::issue_many(&tenant, new_codes("batch", 100_000));
    let dropped = tokio::time::timeout(std::time::Duration::from_millis(300), issue).await;
    assert!(dropped.is_err(), "it takes longer");
    // The name is free again: the next one waits until the dropped one is undone.
    ppu::issue_many(&tenant, new_codes("batch", 2))
        .await
        .unwrap();
    assert_eq!(stored(&superuser).await.0, 2);
    let logged: i64 = superuser
        .query_one(
            "SELECT count(*) FROM payment_system_logs WHERE event = 'ppu.issue_many'",
            &[],
        )
        .await
        .unwrap()
        .get(0);
    assert_eq!(logged, 1);
}

/// S53, S11
#[tokio::test]
async fn batches_have_bounds() {
    let (database, tenant) = account().await;
    let refused = async |change: &dyn Fn(&mut ppu::IssueCodes)| {
        let mut new = new_codes("batch", 1);
        change(&mut new);
        match ppu::issue_many(&tenant, new).await {
            Err(Error::Invalid { field, .. }) => field,
            other => panic!("{other:?}"),
        }
    };
    for count in [0, -1, i32::MIN, 100_001, i32::MAX] {
        assert_eq!(refused(&|new| new.count = count).await, "count");
    }
    for max in [0, -1, i64::MIN] {
        let field = refused(&|new| new.max_redemptions = max).await;
        assert_eq!(field, "max_redemptions");
    }
    for pay_for in [PayFor::Tip, PayFor::Ppu] {
        assert_eq!(refused(&|new| new.pay_for = pay_for).await, "pay_for");
    }
    for text in ["", "\0", &"x".repeat(256)] {
        assert_eq!(refused(&|new| new.batch = text.into()).await, "batch");
        let field = refused(&|new| new.pay_for_id = text.into()).await;
        assert_eq!(field, "pay_for_id");
    }
    let past = Some(Utc::now());
    assert_eq!(refused(&|new| new.expires_at = past).await, "expires_at");
    let long = "ü".repeat(255);
    let mut new = new_codes(&long, 1);
    new.max_redemptions = i64::MAX;
    ppu::issue_many(&tenant, new).await.unwrap();
    let list = ListPpu {
        batch: Some(long),
        ..Default::default()
    };
    let page = ppu::list(&tenant, &list).await.unwrap();
    assert_eq!(page.items[0].max_redemptions, i64::MAX);
    assert_eq!(stored(&database.superuser().await).await.0, 1);
    let mut json = serde_json::to_value(new_codes("batch", 1)).unwrap();
    assert!(serde_json::from_value::<ppu::IssueCodes>(json.clone()).is_ok());
    json["account_id"] = serde_json::json!("b");
    assert!(serde_json::from_value::<ppu::IssueCodes>(json).is_err());
}
