//! `cargo xtask push` on databases that differ from what the entities declare.
//!
//! Here an `unwrap` is a test's assertion that its surroundings work.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::process::Command;
use std::sync::OnceLock;

use dev_server::Login;
use schema::Scratch;

/// A database with all migrations and one account's row.
fn migrated() -> Scratch {
    static TEMPLATE: OnceLock<Scratch> = OnceLock::new();
    let template = TEMPLATE.get_or_init(|| {
        let scratch = Scratch::new("push").unwrap();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["run", "--quiet", "--package=migration", "--", "up"]);
        cargo.env_remove("DATABASE_URL");
        cargo.env("MIGRATION_DATABASE_URL", scratch.url(Login::Owner).unwrap());
        assert!(cargo.status().unwrap().success());
        let row = "INSERT INTO accounts (id, name, created_at, updated_at) VALUES (gen_random_uuid(), 'A', now(), now())";
        scratch.sql(row).unwrap();
        scratch
    });
    template.copy("pushed").unwrap()
}

struct Said {
    code: Option<i32>,
    text: String,
}

fn xtask(scratch: &Scratch, arguments: &[&str]) -> Said {
    let url = scratch.url(Login::Owner).unwrap();
    xtask_on(&url, arguments)
}

fn xtask_on(url: &str, arguments: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(arguments).args(["--database-url", url]);
    // What the environment names is never opened when a database is given.
    command.env(
        "MIGRATION_DATABASE_URL",
        "postgres://nobody@127.0.0.1:1/none",
    );
    command.stdin(std::process::Stdio::null());
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    Said {
        code: output.status.code(),
        text: text.concat(),
    }
}

#[track_caller]
fn assert_said(said: &Said, code: i32, words: &[&str]) {
    assert_eq!(said.code, Some(code), "{}", said.text);
    for word in words {
        assert!(said.text.contains(word), "{word} isn't in:\n{}", said.text);
    }
}

fn accounts(scratch: &Scratch) -> String {
    scratch
        .sql("SELECT count(*), min(name) FROM accounts")
        .unwrap()
}

#[test]
fn what_differs_is_brought_back_with_the_rows_kept_and_then_nothing_is_to_do() {
    let scratch = migrated();
    scratch
        .sql(
            "ALTER TABLE ppu NO FORCE ROW LEVEL SECURITY; DROP POLICY tenant_restrict ON pay_out;
             GRANT DELETE ON accounts TO app; ALTER TABLE accounts ALTER COLUMN name DROP NOT NULL;
             ALTER TABLE accounts ALTER COLUMN name SET DEFAULT 'x'; DROP TABLE ppu_redemptions;
             DROP INDEX stripe_payments_created_at_idx;",
        )
        .unwrap();
    let asked = xtask(&scratch, &["push"]);
    assert_said(&asked, 1, &["FORCE ROW LEVEL SECURITY", "--yes"]);
    let shown = xtask(&scratch, &["push", "--dry-run", "--yes", "--json"]);
    assert_said(&shown, 1, &["\"statements\"", "CREATE TABLE"]);
    assert_said(&xtask(&scratch, &["check", "--drift"]), 1, &["ppu: force"]);

    assert_said(&xtask(&scratch, &["push", "--yes"]), 0, &["done"]);
    assert_said(&xtask(&scratch, &["check", "--drift"]), 0, &["ok"]);
    assert_said(
        &xtask(&scratch, &["push"]),
        0,
        &["it is what the entities declare"],
    );
    assert_eq!(accounts(&scratch), "1|A");
}

#[test]
fn what_holds_values_is_lost_only_where_it_is_named() {
    let scratch = migrated();
    scratch
        .sql(
            "CREATE TABLE empty (id int); CREATE TABLE kept (id int); INSERT INTO kept VALUES (1), (2);
             ALTER TABLE accounts ADD COLUMN nick text; UPDATE accounts SET nick = 'a'",
        )
        .unwrap();
    let refused = xtask(&scratch, &["push", "--yes"]);
    let words = [
        "kept holds values in 2 rows",
        "accounts.nick holds values in 1 rows",
        "nothing was done",
    ];
    assert_said(&refused, 1, &words);
    let half = xtask(&scratch, &["push", "--yes", "--drop", "kept"]);
    assert_said(&half, 1, &["accounts.nick"]);
    assert_eq!(scratch.sql("SELECT count(*) FROM kept").unwrap(), "2");
    let named = ["push", "--yes", "--drop", "kept", "--drop", "accounts.nick"];
    assert_said(&xtask(&scratch, &named), 0, &["done"]);
    assert_said(&xtask(&scratch, &["check", "--drift"]), 0, &[]);
    assert_eq!(accounts(&scratch), "1|A");
}

#[test]
fn a_type_that_may_not_hold_what_is_there_is_a_loss_too() {
    let scratch = migrated();
    scratch
        .sql("ALTER TABLE accounts DROP CONSTRAINT accounts_name_length; ALTER TABLE accounts ALTER COLUMN name TYPE jsonb USING to_jsonb(name)")
        .unwrap();
    assert_said(
        &xtask(&scratch, &["push", "--yes"]),
        1,
        &["accounts.name holds values"],
    );
}

#[test]
fn a_rename_is_asked_for_and_keeps_the_values() {
    let scratch = migrated();
    scratch
        .sql("ALTER TABLE accounts RENAME COLUMN name TO title")
        .unwrap();
    let asked = xtask(&scratch, &["push", "--yes"]);
    assert_said(
        &asked,
        1,
        &[
            "--rename accounts.title=accounts.name",
            "--drop accounts.title",
        ],
    );
    let told = ["push", "--yes", "--rename", "accounts.title=name"];
    assert_said(&xtask(&scratch, &told), 0, &["done"]);
    assert_eq!(accounts(&scratch), "1|A");
}

#[test]
fn what_no_step_changes_is_told_and_nothing_is_done() {
    let scratch = migrated();
    scratch
        .sql("CREATE VIEW names AS SELECT name FROM accounts; CREATE TABLE empty (id int)")
        .unwrap();
    let refused = xtask(&scratch, &["push", "--yes"]);
    assert_said(&refused, 1, &["nothing was done", "relation names"]);
    assert_eq!(scratch.sql("SELECT count(*) FROM empty").unwrap(), "0");
}

#[test]
fn a_database_that_production_has_marked_is_not_pushed_to() {
    let scratch = migrated();
    scratch
        .sql("DROP INDEX stripe_payments_created_at_idx; UPDATE migration_checksums SET production = true")
        .unwrap();
    assert_said(
        &xtask(&scratch, &["push", "--yes"]),
        1,
        &["marked as production"],
    );
    assert_said(&xtask(&scratch, &["check", "--drift"]), 1, &["index"]);
}

#[test]
fn neither_another_machine_nor_an_empty_database_is_pushed_to() {
    for url in [
        "postgres://app_owner@db.example/app",
        "postgres://app_owner@localhost/app?hostaddr=192.0.2.1",
    ] {
        let refused = xtask_on(url, &["push", "--yes"]);
        assert_said(&refused, 1, &["isn't on this machine"]);
    }
    let empty = Scratch::new("empty").unwrap();
    assert_said(&xtask(&empty, &["push", "--yes"]), 1, &["migration -- up"]);
}
