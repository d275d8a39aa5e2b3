//! Files that say what no export says, and accounts that live on while they are erased.

use std::time::Duration;

use access::{Error, stripe_payments};
use tests::{
    TestDatabase,
    fixtures::{Cast, dump, new_payment},
    lifecycle::{exported, imported},
};
use uuid::Uuid;

use super::lifecycle::{close_jobs, erased, planned};

/// A file that says B and leaves out the account's own row, such as a route that sends B's money to whoever wrote it. Red when
/// the account's row may be missing.
#[tokio::test]
async fn rows_without_their_account_are_not_added_to_one_that_is_there() {
    let cast = Cast::new().await;
    let system = cast.database.system().await;
    let superuser = cast.database.superuser().await;
    let before = dump(&superuser, cast.b).await;
    let (a, b) = (cast.a.to_string(), cast.b.to_string());
    let lines = exported(&system, cast.a).await;
    let routes = lines
        .iter()
        .filter(|line| line.starts_with("{\"table\":\"account_payout_routes\""))
        .map(|line| {
            let payee = line.replace("\"payee\": \"payee-", "\"payee\": \"mine-");
            payee.replace(&a, &b)
        });
    let rows: Vec<String> = routes.take(3).collect();
    let head = lines[0].replace(&a, &b);
    let of = lines.len() - 2;
    let head = head.replace(&format!("\"rows\":{of}"), "\"rows\":3");
    // With other ids, so that no key of B's refuses them.
    let rows = rows.iter().map(|row| {
        let mut json: serde_json::Value = serde_json::from_str(row).unwrap();
        json["row"]["id"] = Uuid::now_v7().to_string().into();
        json.to_string()
    });
    let mut forged = vec![head];
    forged.extend(rows);
    forged.push("{\"end\":3}".into());
    assert_eq!(
        imported(&system, &forged).await.unwrap_err(),
        Error::Invalid {
            field: "table",
            code: "without_account"
        }
    );
    // Nor behind an account's row of its own.
    let account = lines[1].replace(&a, &b);
    assert!(account.contains("\"table\":\"accounts\""));
    forged.insert(1, account);
    forged[0] = forged[0].replace("\"rows\":3", "\"rows\":4");
    *forged.last_mut().unwrap() = "{\"end\":4}".into();
    assert_eq!(
        imported(&system, &forged).await.unwrap_err(),
        Error::Conflict
    );
    assert!(dump(&superuser, cast.b).await == before);
}

/// The two readers of JSON have to agree on the account, and on what isn't JSON.
#[tokio::test]
async fn a_row_that_says_its_account_twice_is_the_accounts_or_refused() {
    let cast = Cast::new().await;
    // Open ones would arrive set aside.
    close_jobs(&cast.database.superuser().await).await;
    let lines = exported(&cast.database.system().await, cast.a).await;
    let other = TestDatabase::new().await;
    let (system, superuser) = (other.system().await, other.superuser().await);
    let (a, b) = (cast.a.to_string(), cast.b.to_string());
    let at = lines
        .iter()
        .position(|line| line.starts_with("{\"table\":\"stripe_payments\""))
        .unwrap();
    let with = |row: &str| {
        let mut lines = lines.clone();
        lines[at] = lines[at].replace("\"row\":{", &format!("\"row\":{{{row},"));
        lines
    };
    let nested = format!(
        "\"metadata\":{}1{}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    for (row, refused) in [
        (format!("\"Account_id\":\"{b}\""), true),
        (format!("\"account_id \":\"{b}\""), true),
        (nested, true),
        ("\"amount\":1e999999".to_owned(), true),
        ("\"buyer\":\"\\ud800\"".to_owned(), true),
        // The last one counts, for both.
        (format!("\"account_id\":\"{b}\""), false),
        (format!("\"\\u0061ccount_id\":\"{b}\""), false),
    ] {
        let outcome = imported(&system, &with(&row)).await;
        if refused {
            assert!(
                matches!(
                    outcome,
                    Err(Error::Invalid {
                        field: "row" | "line",
                        ..
                    })
                ),
                "{outcome:?}"
            );
        } else {
            assert_eq!(outcome.unwrap(), cast.a);
            assert!(
                dump(&superuser, cast.a).await
                    == dump(&cast.database.superuser().await, cast.a).await
            );
            let clear = "TRUNCATE accounts CASCADE";
            superuser.batch_execute(clear).await.unwrap();
        }
        assert_eq!(dump(&superuser, cast.b).await, "");
    }
    // Behind the others, another account's is what counts.
    let mut last = lines.clone();
    last[at] = lines[at].replace("}}", &format!(",\"account_id\":\"{b}\"}}}}"));
    assert!(last[at] != lines[at]);
    let refused = imported(&system, &last).await.unwrap_err();
    assert!(matches!(refused, Error::Invalid { field: "row", code } if code == "another_account"));
    assert_eq!(a.len(), b.len());
}

/// Red when erasing works on a snapshot: what was being added when it began stays, with all that it says.
#[tokio::test]
async fn what_was_being_added_when_erasing_began_is_erased_or_stops_it() {
    let cast = Cast::new().await;
    let system = cast.database.system().await;
    let superuser = cast.database.superuser().await;
    let plan = planned(&system, cast.a).await;
    let mut tenant = cast.tenant_a();
    let tx = tenant.begin().await.unwrap();
    stripe_payments::create(&tx, new_payment("late-buyer", 5))
        .await
        .unwrap();
    let (refused, ()) = futures_util::future::join(erased(&system, cast.a, &plan), async {
        let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let until = std::time::Instant::now() + Duration::from_secs(3);
        while std::time::Instant::now() < until {
            let waiting = superuser.query_one(waits, &[]).await.unwrap();
            if waiting.get::<_, i64>(0) > 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tx.commit().await.unwrap();
    })
    .await;
    assert_eq!(refused.unwrap_err(), Error::Conflict);
    // Planned anew, it is gone.
    let plan = planned(&system, cast.a).await;
    erased(&system, cast.a, &plan).await.unwrap();
    assert!(!dump(&superuser, cast.a).await.contains("late-buyer"));
}

/// The first layer alone, where an account is read and deleted as a whole. Red when those statements leave out the account.
#[tokio::test]
async fn without_row_level_security_an_export_and_an_erasure_are_of_one_account() {
    let cast = Cast::new().await;
    let system = cast.database.system().await;
    let superuser = cast.database.superuser().await;
    cast.database.without_row_level_security().await;
    let of_b = dump(&superuser, cast.b).await;

    let lines = exported(&system, cast.a).await;
    let of_a = dump(&superuser, cast.a).await.lines().count();
    assert_eq!(lines.len() - 2, of_a);
    assert!(!lines.join("\n").contains(&cast.b.to_string()));

    let plan = planned(&system, cast.a).await;
    let planned_rows: u64 = plan.tables.iter().filter_map(|table| table.rows).sum();
    let there = dump(&superuser, cast.a).await.lines().count();
    assert_eq!(
        usize::try_from(planned_rows),
        Ok(there),
        "B's rows aren't counted"
    );
    erased(&system, cast.a, &plan).await.unwrap();
    assert!(dump(&superuser, cast.b).await == of_b);
}
