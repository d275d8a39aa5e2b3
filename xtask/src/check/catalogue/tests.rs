//! Bad tables, planted one by one: each is named by its table and rule.

use super::*;
use crate::check::declared::{Column, Table};

const TEST: &str =
    "account_id = (SELECT nullif(current_setting('app.account_id', true), '')::uuid)";

/// What a table's migration does, as `rls::protect` does it.
fn protect(table: &str, tenant: &str, app: &str) -> String {
    let test = TEST.replace("account_id =", &format!("{tenant} ="));
    let migrating = "(SELECT current_setting('app.migrating', true)) = 'on'";
    format!(
        "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
         ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
         CREATE POLICY tenant_permit ON {table} TO app, app_system USING ({test}) WITH CHECK ({test});
         CREATE POLICY tenant_restrict ON {table} AS RESTRICTIVE TO app, app_system USING ({test}) WITH CHECK ({test});
         CREATE POLICY owner_migrates ON {table} TO app_owner USING ({migrating}) WITH CHECK ({migrating});
         CREATE POLICY backup_reads ON {table} FOR SELECT TO app_backup USING (true);
         GRANT SELECT ON {table} TO app_backup;
         GRANT {app} ON {table} TO app, app_system;\n"
    )
}

/// Two tables that keep all rules, and one without accounts.
fn clean() -> String {
    "CREATE TABLE accounts (id uuid PRIMARY KEY);
     CREATE TABLE notes (
       account_id uuid NOT NULL REFERENCES accounts, id uuid NOT NULL, about uuid, body text NOT NULL,
       stars bigint NOT NULL CHECK (stars >= 0), PRIMARY KEY (account_id, id),
       FOREIGN KEY (account_id, about) REFERENCES notes);
     CREATE TABLE version (number integer PRIMARY KEY);
     GRANT SELECT ON version TO app, app_system, app_backup;
     CREATE TABLE migration_checksums (version text PRIMARY KEY);
     GRANT SELECT ON migration_checksums TO app_backup;\n"
        .to_owned()
        + &protect("accounts", "id", "SELECT, UPDATE")
        + &protect("notes", "account_id", "SELECT, INSERT, UPDATE")
}

fn declared() -> Declared {
    let table = |name: &str, tenant: &str, verbs: &[&str], columns: &[(&str, &str, bool)]| Table {
        name: name.to_owned(),
        tenant: tenant.to_owned(),
        policy: format!(
            "({tenant} = ( SELECT (NULLIF(current_setting('app.account_id'::text, true), ''::text))::uuid AS \"nullif\"))"
        ),
        columns: (columns.iter())
            .map(|(name, sql_type, nullable)| Column {
                name: (*name).to_owned(),
                sql_type: (*sql_type).to_owned(),
                nullable: *nullable,
            })
            .collect(),
        app: verbs.iter().map(|verb| (*verb).to_owned()).collect(),
        system: verbs.iter().map(|verb| (*verb).to_owned()).collect(),
    };
    Declared {
        tables: vec![
            table(
                "accounts",
                "id",
                &["select", "update"],
                &[("id", "uuid", false)],
            ),
            table(
                "notes",
                "account_id",
                &["select", "insert", "update"],
                &[
                    ("account_id", "uuid", false),
                    ("id", "uuid", false),
                    ("about", "uuid", true),
                    ("body", "text", false),
                    ("stars", "bigint", false),
                ],
            ),
        ],
        unscoped: vec!["version".to_owned(), "migration_checksums".to_owned()],
        migration: "m1".to_owned(),
    }
}

/// Plants, each with the rule that it breaks and the table that is named.
const PLANTED: &[(&str, &str, &str)] = &[
    ("CREATE TABLE bad (account_id uuid PRIMARY KEY)", "rls-enabled", "bad"),
    ("CREATE TABLE bad (account_id uuid PRIMARY KEY)", "both-policies", "bad"),
    ("CREATE TABLE bad (account_id uuid PRIMARY KEY)", "declared-tables", "bad"),
    ("CREATE TABLE bad (id uuid PRIMARY KEY)", "account-or-listed", "bad"),
    ("CREATE TABLE bad (account_id uuid, id uuid)", "tenant-not-null", "bad"),
    ("CREATE TABLE bad (account_id uuid NOT NULL)", "primary-key", "bad"),
    ("CREATE TABLE bad (account_id text PRIMARY KEY)", "tenant-is-uuid", "bad"),
    ("DROP TABLE notes", "declared-tables", "notes"),
    ("ALTER TABLE notes DISABLE ROW LEVEL SECURITY", "rls-enabled", "notes"),
    ("ALTER TABLE notes NO FORCE ROW LEVEL SECURITY", "rls-forced", "notes"),
    ("CREATE POLICY loose ON notes USING (true)", "policy-text", "notes"),
    ("CREATE POLICY loose ON notes FOR SELECT TO app USING (id IS NOT NULL)", "policy-text", "notes"),
    ("CREATE POLICY loose ON notes TO app_lookup USING (true)", "declared-policies", "notes"),
    ("CREATE POLICY loose ON notes TO app_backup USING (true)", "declared-policies", "notes"),
    ("DROP POLICY owner_migrates ON notes", "declared-policies", "notes"),
    ("DROP POLICY tenant_restrict ON notes", "both-policies", "notes"),
    ("ALTER POLICY tenant_permit ON notes TO app", "both-policies", "notes"),
    (
        "DROP POLICY tenant_permit ON notes; CREATE POLICY tenant_permit ON notes TO app, app_system
           USING (account_id = (SELECT nullif(current_setting('app.account_id', true), '')::uuid))",
        "both-policies",
        "notes",
    ),
    ("CREATE UNIQUE INDEX bad ON notes (body)", "keys-begin-with-tenant", "notes"),
    ("ALTER TABLE notes ADD UNIQUE (body, account_id)", "keys-begin-with-tenant", "notes"),
    ("ALTER TABLE notes DROP CONSTRAINT notes_pkey CASCADE", "primary-key", "notes"),
    ("CREATE INDEX bad ON notes (account_id, lower(body))", "plain-indexes", "notes"),
    (
        "ALTER TABLE notes ADD other uuid, ADD FOREIGN KEY (other, about) REFERENCES notes",
        "foreign-keys-pair-tenants",
        "notes",
    ),
    (
        "ALTER TABLE notes ADD FOREIGN KEY (account_id, about) REFERENCES notes ON DELETE SET NULL (about)",
        "foreign-keys-restrict",
        "notes",
    ),
    (
        "ALTER TABLE notes ADD FOREIGN KEY (account_id, about) REFERENCES notes ON DELETE CASCADE",
        "cascades-need-delete",
        "notes",
    ),
    (
        "ALTER TABLE version ADD account uuid REFERENCES accounts",
        "foreign-keys-from-outside",
        "version",
    ),
    ("ALTER TABLE notes ADD CHECK (stars < 9) NOT VALID", "valid-constraints", "notes"),
    (
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
         CREATE TRIGGER bad BEFORE UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION f()",
        "no-trigger",
        "notes",
    ),
    ("CREATE RULE bad AS ON DELETE TO notes DO INSTEAD NOTHING", "no-rule", "notes"),
    ("CREATE VIEW bad AS SELECT * FROM notes", "security-invoker", "bad"),
    ("CREATE MATERIALIZED VIEW bad AS SELECT * FROM notes", "no-materialised-view", "bad"),
    (
        "CREATE FUNCTION bad() RETURNS bigint LANGUAGE sql SECURITY DEFINER RETURN 1",
        "no-security-definer",
        "bad()",
    ),
    ("GRANT TRUNCATE ON notes TO app", "declared-grants", "notes"),
    ("GRANT DELETE ON notes TO app_system", "declared-grants", "notes"),
    ("REVOKE INSERT ON notes FROM app", "declared-grants", "notes"),
    ("REVOKE SELECT ON notes FROM app_backup", "declared-grants", "notes"),
    ("GRANT SELECT ON notes TO PUBLIC", "nothing-to-public", "notes"),
    ("GRANT SELECT (id) ON notes TO PUBLIC", "nothing-to-public", "notes"),
    ("GRANT UPDATE (account_id) ON notes TO app", "column-grants", "notes"),
    ("GRANT SELECT ON notes TO app WITH GRANT OPTION", "grant-option", "notes"),
    ("GRANT UPDATE ON version TO app_system", "unscoped-grants", "version"),
    ("GRANT SELECT ON migration_checksums TO app_system", "unscoped-grants", "migration_checksums"),
    ("REVOKE SELECT ON version FROM app_backup", "unscoped-grants", "version"),
    ("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO app", "default-privileges", "all schemas"),
    (
        "CREATE TABLE bad (account_id uuid, id uuid, PRIMARY KEY (account_id, id)) PARTITION BY HASH (account_id);
         CREATE TABLE bad_0 PARTITION OF bad FOR VALUES WITH (MODULUS 1, REMAINDER 0)",
        "partitions-have-rls",
        "bad_0",
    ),
    ("CREATE TABLE bad () INHERITS (notes)", "partitions-have-rls", "bad"),
    (
        "CREATE SCHEMA other; CREATE TABLE other.bad (account_id uuid PRIMARY KEY)",
        "rls-enabled",
        "other.bad",
    ),
    (
        "CREATE SCHEMA other; CREATE VIEW other.bad AS SELECT body FROM notes; GRANT SELECT ON other.bad TO app",
        "security-invoker",
        "other.bad",
    ),
    ("CREATE SCHEMA other", "one-schema", "other"),
    ("ALTER TABLE notes DROP body", "declared-columns", "notes"),
    ("ALTER TABLE notes ADD more text", "declared-columns", "notes"),
    ("ALTER TABLE notes ALTER body DROP NOT NULL", "declared-columns", "notes"),
    ("ALTER TABLE notes ALTER stars TYPE integer", "declared-columns", "notes"),
    ("ALTER TABLE notes ADD at timestamp", "column-types", "notes"),
    ("ALTER TABLE notes ADD amount bigint", "checked-amounts", "notes"),
    ("ALTER TABLE notes ADD currency text", "checked-amounts", "notes"),
];

fn scratch() -> Scratch {
    let scratch = Scratch::new().unwrap();
    scratch.sql(Login::Owner, &clean()).unwrap();
    scratch
}

#[test]
fn a_clean_schema_has_no_findings() {
    let findings = inspect(&scratch(), "SELECT", &declared()).unwrap();
    assert_eq!(findings, []);
}

#[test]
fn each_bad_table_is_named_with_its_rule_and_what_mends_it() {
    let scratch = scratch();
    let declared = declared();
    let mut missed = Vec::new();
    for (plant, rule, object) in PLANTED {
        let findings = inspect(&scratch, plant, &declared).unwrap();
        let named = (findings.iter())
            .find(|found| found.rule == *rule && found.place == *object)
            .is_some_and(|found| !found.mend.contains("ARCHITECTURE"));
        if !named {
            missed.push((plant, rule, findings));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
    assert_eq!(inspect(&scratch, "SELECT", &declared).unwrap(), []);
}

#[test]
fn an_index_that_could_not_be_built_is_named() {
    let scratch = scratch();
    let plant = "SET app.migrating = 'on';
        INSERT INTO accounts VALUES ('00000000-0000-0000-0000-000000000001');
        INSERT INTO notes SELECT id, gen_random_uuid(), NULL, 'same', 0 FROM accounts, generate_series(1, 2);
        CREATE UNIQUE INDEX CONCURRENTLY bad ON notes (account_id, body);";
    let refused = scratch.sql(Login::Owner, plant).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("could not create unique index"),
        "{refused}"
    );
    let findings = inspect(&scratch, "SELECT", &declared()).unwrap();
    let rules: Vec<&str> = findings.iter().map(|found| found.rule.as_str()).collect();
    assert_eq!(rules, ["valid-indexes"]);
}

#[test]
fn a_login_with_too_many_rights_is_named() {
    let scratch = scratch();
    assert_eq!(scratch.startup_gate(Login::App, "app").unwrap(), [""; 0]);
    assert_eq!(
        scratch.startup_gate(Login::System, "app_system").unwrap(),
        [""; 0]
    );
    let grant = "GRANT TRUNCATE ON notes TO app; GRANT REFERENCES (id) ON notes TO app;";
    scratch.sql(Login::Owner, grant).unwrap();
    let expected = [
        "the login may REFERENCE columns of notes",
        "the login may TRUNCATE notes",
    ];
    assert_eq!(scratch.startup_gate(Login::App, "app").unwrap(), expected);
    let wrong = scratch
        .startup_gate(Login::App, "app_system")
        .unwrap()
        .join("\n");
    assert!(wrong.contains("not a member of app_system"), "{wrong}");
}

#[test]
fn what_a_migration_leaves_behind_is_named() {
    let scratch = scratch();
    let before = scratch.snapshot().unwrap();
    let left: Vec<String> = left_over(&before)
        .into_iter()
        .map(|found| found.detail)
        .collect();
    assert_eq!(left.len(), 4, "{left:#?}");
    scratch
        .sql(
            Login::Owner,
            "CREATE TYPE mood AS ENUM ('sad'); REVOKE INSERT ON notes FROM app",
        )
        .unwrap();
    let after = scratch.snapshot().unwrap();
    let found: Vec<String> = changed(&before, &after)
        .into_iter()
        .map(|f| f.detail)
        .collect();
    assert_eq!(
        found,
        [
            "no longer: grant notes app INSERT f",
            "new: type mood of app_owner sad ",
        ]
    );
}
