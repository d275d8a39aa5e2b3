//! What the studio's commands print and write, and how rows are read.

use std::fs;

use dev_server::{Client, DatabaseUrl, Login};

use crate::running::{Running, database, said, xtask};

const A: &str = "00000000-0000-7000-8000-000000000001";
const B: &str = "00000000-0000-7000-8000-000000000002";

#[test]
fn the_schema_is_printed_as_json_with_what_the_checks_find() {
    let scratch = database();
    scratch
        .sql("ALTER TABLE ppu NO FORCE ROW LEVEL SECURITY")
        .unwrap();
    let output = xtask(&scratch, &["studio", "--json"]).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let facts: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let tables = facts["tables"].as_array().unwrap();
    let named = |name: &str| tables.iter().find(|table| table["name"] == name).unwrap();
    let payments = named("stripe_payments");
    assert_eq!(payments["tenant"], "account_id");
    assert_eq!(
        payments["primary_key"],
        serde_json::json!(["account_id", "id"])
    );
    assert_eq!(
        payments["columns"][2]["docs"],
        "The buyer, by the application's own id."
    );
    assert!(
        payments["ddl"]
            .as_str()
            .unwrap()
            .contains("FORCE ROW LEVEL SECURITY")
    );
    let used_by = payments["used_by"].as_array().unwrap();
    assert!(
        used_by
            .iter()
            .any(|function| function == "stripe_payments::list")
    );
    // Of all layers of all tables, the one that was taken away.
    let fallen: Vec<String> = (tables.iter())
        .flat_map(|table| {
            let layers = table["layers"].as_array().unwrap().iter();
            let fallen = layers.filter(|layer| layer["stands"] == false);
            fallen.map(|layer| {
                format!(
                    "{} of {}: {}",
                    layer["name"], table["name"], layer["findings"][0]["mend"]
                )
            })
        })
        .collect();
    assert_eq!(fallen.len(), 1, "{fallen:?}");
    assert!(fallen[0].starts_with("\"force\" of \"ppu\""), "{fallen:?}");
    assert!(fallen[0].contains("FORCE ROW LEVEL SECURITY"), "{fallen:?}");
}

#[test]
fn a_function_is_explained_with_its_policies_plan_and_index() {
    let scratch = database();
    let output = xtask(&scratch, &["explain", "stripe_payments::list"])
        .output()
        .unwrap();
    let text = said(&output);
    assert!(output.status.success(), "{text}");
    for words in [
        "1 round trip",
        "tenant_restrict",
        "stripe_payments_created_at_idx",
        "Index Cond: (account_id = $1)",
    ] {
        assert!(text.contains(words), "{words} isn't in:\n{text}");
    }
    let unknown = xtask(&scratch, &["explain", "stripe_payments::lst"])
        .output()
        .unwrap();
    assert_eq!(unknown.status.code(), Some(1));
    assert!(
        said(&unknown).contains("stripe_payments::list"),
        "{}",
        said(&unknown)
    );
}

#[test]
fn exported_pages_link_to_each_other_and_to_no_server() {
    let scratch = database();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let output = xtask(&scratch, &["studio", "--export", path])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let mut links = 0;
    for page in [
        "index.html",
        "isolation.html",
        "migrations.html",
        "statements.html",
        "table/ppu.html",
        "statements/ppu~3a~3alist.html",
    ] {
        let file = folder.path().join(page);
        let text = fs::read_to_string(&file).unwrap();
        for link in text
            .split("href=\"")
            .chain(text.split("src=\""))
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
        {
            let target = link.split('#').next().unwrap();
            if !target.is_empty() && !target.starts_with('<') {
                assert!(
                    !target.starts_with('/') && !target.contains("://"),
                    "{page}: {target}"
                );
                assert!(
                    file.parent().unwrap().join(target).exists(),
                    "{page}: {target}"
                );
                links += 1;
            }
        }
        assert!(!text.contains("<form method=\"post\""), "{page}");
    }
    assert!(links > 100);
}

#[test]
fn rows_are_an_accounts_own_and_looking_is_written_into_its_log() {
    let scratch = database();
    let studio = Running::start(&scratch, &[]);
    let page = |form: &str| {
        studio
            .look(&format!("account={A}&table=stripe_payments&{form}"))
            .body
    };
    let first = page("go=look");
    assert!(
        first.contains("buyer-of-Account 1-1<") && !first.contains("Account 2-"),
        "{first}"
    );
    assert!(
        first.contains("10.01") && first.contains("EUR"),
        "money is readable"
    );
    let view = first
        .split("name=\"from\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let second = page(&format!("from={view}&go=next"));
    assert!(
        second.contains("buyer-of-Account 1-51<") && !second.contains("buyer-of-Account 1-50<"),
        "{second}"
    );
    let narrowed = page(&format!("from={view}&go=look&f.amount=%3E%3D1119"));
    assert!(narrowed.contains("<b>2 rows</b>"), "{narrowed}");
    let view_of = |page: &str| {
        let view = page.split("name=\"from\" value=\"").nth(1).unwrap();
        view.split('"').next().unwrap().to_owned()
    };
    // A number is sorted as one: 1001 first, and 1120 once the order is turned.
    let up = page(&format!("from={view}&go=sort%1Famount"));
    let down = page(&format!("from={}&go=sort%1Famount", view_of(&up)));
    let place = |page: &str, amount: &str| page.find(&format!(">{amount} <"));
    assert!(
        place(&up, "10.01").is_some() && place(&up, "10.01") < place(&up, "10.02"),
        "{up}"
    );
    assert!(
        place(&down, "11.20").is_some() && place(&down, "11.20") < place(&down, "11.19"),
        "{down}"
    );
    let refused = page(&format!("from={view}&go=look&f.amount=1+or+1%3D1"));
    assert!(refused.contains("amount: not a number"), "{refused}");
    let nothing = page(&format!("from={view}&go=without"));
    assert!(nothing.contains("0 rows without an account."), "{nothing}");
    let log = "SELECT seq, actor, event, subject, data->>'reason', data->'filtered_by' FROM payment_system_logs ORDER BY seq";
    assert_eq!(
        scratch.sql(log).unwrap(),
        "1|tester|system.record_view|stripe_payments|cargo xtask studio|[]\n\
         2|tester|system.record_view|stripe_payments|cargo xtask studio|[]\n\
         3|tester|system.record_view|stripe_payments|cargo xtask studio|[\"amount\"]\n\
         4|tester|system.record_view|stripe_payments|cargo xtask studio|[]\n\
         5|tester|system.record_view|stripe_payments|cargo xtask studio|[]"
    );
    let others = format!(
        "account={A}&table=stripe_payments&go=follow%1Fstripe_payments%1Fid%1F00000000-0000-7000-8002-000000000001"
    );
    let others = studio.look(&others).body;
    assert!(
        others.contains("No row of this account has that."),
        "{others}"
    );
    let unknown = studio
        .look("account=00000000-0000-7000-8000-000000000009&table=accounts&go=look")
        .body;
    assert!(unknown.contains("There is no such account."), "{unknown}");
    // What can't be logged isn't read.
    scratch
        .sql("REVOKE INSERT ON payment_system_logs FROM app_system")
        .unwrap();
    let unlogged = studio
        .look(&format!("account={B}&table=stripe_payments&go=look"))
        .body;
    assert!(
        unlogged.contains("nothing was read") && !unlogged.contains("buyer-of"),
        "{unlogged}"
    );
}

/// Whatever their number, a page is as many rows of an index as it shows.
#[test]
fn a_page_behind_another_is_a_walk_along_an_index() {
    let scratch = database();
    scratch
        .sql(
            "INSERT INTO stripe_payments (account_id, id, buyer, pay_for, pay_for_id, amount, currency, fee, refunded, disputed, status,
                 created_at, updated_at)
               SELECT a.id, gen_random_uuid(), 'b', 'course', 'c', n, 'EUR', 0, 0, 0, 'requires_payment_method', now() + n * interval '1 s', now()
               FROM accounts a, generate_series(1, 50000) n;
             ANALYZE stripe_payments;",
        )
        .unwrap();
    let app = DatabaseUrl::parse(&scratch.url(Login::App).unwrap()).unwrap();
    let client = Client::of(&app).unwrap();
    let studio = Running::start(&scratch, &[]);
    for (sort, index, compared) in [
        (
            "created_at",
            "stripe_payments_created_at_idx",
            "ROW(created_at, id)",
        ),
        ("id", "stripe_payments_pkey", "(id > "),
    ] {
        let form = |more: &str| format!("account={A}&table=stripe_payments&{more}");
        let mut page = studio.look(&form("go=look")).body;
        for go in [format!("sort%1F{sort}"), "next".to_owned()] {
            let view = page.split("name=\"from\" value=\"").nth(1).unwrap();
            let view = view.split('"').next().unwrap();
            page = studio.look(&form(&format!("from={view}&go={go}"))).body;
        }
        assert!(
            !page.contains("no index leads to a page in this order: slow"),
            "{sort}"
        );
        let query = page
            .split("<summary>The query</summary><pre>")
            .nth(1)
            .unwrap();
        let query = query.split("</pre>").next().unwrap();
        let query = query
            .replace("&gt;", ">")
            .replace("&lt;", "<")
            .replace("&quot;", "\"")
            .replace("&amp;", "&");
        let plan = client
            .run(&format!("EXPLAIN (GENERIC_PLAN) {query}"))
            .unwrap();
        let condition = plan
            .lines()
            .find(|line| line.contains("Index Cond"))
            .unwrap_or_default();
        assert!(
            plan.contains(index)
                && condition.contains("account_id =")
                && condition.contains(compared),
            "{plan}"
        );
        assert!(
            !plan.contains("Sort") && !plan.contains("Seq Scan"),
            "{plan}"
        );
    }
}
