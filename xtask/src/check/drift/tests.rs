//! Drift, planted kind by kind: each is named, and what is said to mend it does.

use super::*;
use schema::Scratch;

/// What a hand does to a database, the rule and the place that name it, and words of the detail.
const PLANTED: &[(&str, &str, &str, &str)] = &[
    (
        "ALTER TABLE pay_out ADD COLUMN note text",
        "column",
        "pay_out",
        "columns note is in no entity",
    ),
    (
        "ALTER TABLE stripe_payments DROP COLUMN description",
        "column",
        "stripe_payments",
        "columns description is missing",
    ),
    (
        "ALTER TABLE accounts ALTER COLUMN name TYPE varchar(80)",
        "type",
        "accounts",
        "columns name sql_type",
    ),
    (
        "ALTER TABLE accounts ALTER COLUMN name DROP NOT NULL",
        "not-null",
        "accounts",
        "columns name not_null is false",
    ),
    (
        "ALTER TABLE accounts ALTER COLUMN name SET DEFAULT 'x'",
        "default",
        "accounts",
        "columns name default",
    ),
    (
        "ALTER TABLE pay_out DROP CONSTRAINT pay_out_idempotency_key",
        "constraint",
        "pay_out",
        "constraints pay_out_idempotency_key is missing",
    ),
    (
        "ALTER TABLE pay_out ADD CONSTRAINT more CHECK (amount < 5)",
        "constraint",
        "pay_out",
        "constraints more is in no entity",
    ),
    (
        "ALTER TABLE payment_share_tracking DROP CONSTRAINT payment_share_tracking_payment_id_fkey",
        "constraint",
        "payment_share_tracking",
        "is missing",
    ),
    (
        "ALTER TABLE pay_out ADD CONSTRAINT later CHECK (amount <> 7) NOT VALID",
        "constraint",
        "pay_out",
        "later",
    ),
    (
        "CREATE INDEX by_hand ON pay_out (created_at)",
        "index",
        "pay_out",
        "indexes by_hand is in no entity",
    ),
    (
        "DROP INDEX stripe_payments_created_at_idx",
        "index",
        "stripe_payments",
        "indexes stripe_payments_created_at_idx is missing",
    ),
    (
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'stripe_payments_created_at_idx'::regclass",
        "invalid-index",
        "stripe_payments",
        "stripe_payments_created_at_idx",
    ),
    (
        "DROP POLICY tenant_restrict ON ppu",
        "policy",
        "ppu",
        "policies tenant_restrict is missing",
    ),
    (
        "CREATE POLICY loose ON ppu TO app USING (true)",
        "policy",
        "ppu",
        "policies loose is in no entity",
    ),
    (
        "ALTER POLICY tenant_permit ON ppu USING (true)",
        "policy",
        "ppu",
        "policies tenant_permit using",
    ),
    (
        "ALTER TABLE ppu NO FORCE ROW LEVEL SECURITY",
        "force",
        "ppu",
        "forced is false",
    ),
    (
        "ALTER TABLE ppu DISABLE ROW LEVEL SECURITY",
        "row-level-security",
        "ppu",
        "row_security is false",
    ),
    (
        "GRANT DELETE ON stripe_payments TO app",
        "grant",
        "stripe_payments",
        "DELETE",
    ),
    (
        "REVOKE INSERT ON stripe_payments FROM app",
        "grant",
        "stripe_payments",
        "INSERT",
    ),
    (
        "GRANT UPDATE (event) ON payment_system_logs TO PUBLIC",
        "grant",
        "payment_system_logs",
        "PUBLIC",
    ),
    (
        "ALTER TABLE ppu OWNER TO CURRENT_USER",
        "owner",
        "ppu",
        "owner is",
    ),
    (
        "SET ROLE app_owner; CREATE TABLE secrets (id int)",
        "unknown-table",
        "secrets",
        "the table is in no entity",
    ),
    (
        "DROP TABLE ppu_redemptions",
        "missing-table",
        "ppu_redemptions",
        "the table is missing",
    ),
    (
        "ALTER TYPE payment_status ADD VALUE 'odd'",
        "enum",
        "payment_status",
        "labels",
    ),
    (
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER t BEFORE INSERT ON ppu FOR EACH ROW EXECUTE FUNCTION f()",
        "trigger",
        "ppu",
        "triggers t is in no entity",
    ),
    (
        "CREATE VIEW all_of_it AS SELECT * FROM ppu",
        "unknown-object",
        "relation all_of_it",
        "is in no entity",
    ),
    ("COMMENT ON TABLE ppu IS 'odd'", "comment", "ppu", "comment"),
    ("CREATE SCHEMA other", "schema", "other", "is in no entity"),
    (
        "CREATE EXTENSION btree_gin",
        "extension",
        "btree_gin",
        "is in no entity",
    ),
    (
        "DROP FUNCTION lookup.accounts_with_due_jobs",
        "function",
        "lookup.accounts_with_due_jobs(uuid,integer)",
        "is missing",
    ),
    ("ALTER ROLE app BYPASSRLS", "role", "app", "BYPASSRLS"),
    (
        "ALTER ROLE app_login_1 SUPERUSER",
        "role",
        "app_login_1",
        "SUPERUSER",
    ),
    ("ALTER ROLE app LOGIN", "role", "app", "may log in"),
    (
        "GRANT app_system TO app_login_1",
        "membership",
        "app_login_1",
        "app_system too",
    ),
    (
        "GRANT app_owner TO app_login_1 WITH INHERIT FALSE, SET TRUE",
        "membership",
        "app_login_1",
        "become app_owner",
    ),
    (
        "GRANT pg_write_all_data TO app",
        "membership",
        "app",
        "pg_write_all_data",
    ),
    (
        "GRANT app_lookup TO app_owner WITH INHERIT TRUE",
        "membership",
        "app_owner",
        "lookups",
    ),
    (
        "DO $$ BEGIN EXECUTE format('GRANT TEMP ON DATABASE %I TO PUBLIC', current_database()); END $$",
        "database-grants",
        "",
        "TEMPORARY",
    ),
    (
        "DO $$ BEGIN EXECUTE format('REVOKE CONNECT ON DATABASE %I FROM PUBLIC, app', current_database()); END $$",
        "database-grants",
        "",
        "app may not CONNECT",
    ),
    (
        "ALTER ROLE app_login_1 SET app.account_id = 'x'",
        "setting",
        "app_login_1",
        "app.account_id",
    ),
];

struct Database {
    scratch: Scratch,
    declared: Declared,
    wanted: Catalogue,
}

impl Database {
    fn new() -> Self {
        let declared = by_the_entities(&crate::workspace()).unwrap();
        let scratch = Scratch::new("drift").unwrap();
        scratch.sql(&declared.ddl()).unwrap();
        let wanted = scratch.catalogue().unwrap();
        Self {
            scratch,
            declared,
            wanted,
        }
    }

    /// What is found after these statements, which are undone.
    fn after(&self, statements: &str) -> anyhow::Result<Vec<Finding>> {
        let read = |sql: &str| {
            let sql = format!("BEGIN;\n{statements};\nRESET ROLE;\n{sql};\nROLLBACK;");
            self.scratch.sql_as_admin(&sql)
        };
        let found = Catalogue::parse(&read(Catalogue::SQL)?)?;
        let mut findings = findings(&found, &self.wanted, &self.declared);
        findings.extend(of_roles(&read(&roles_sql())?)?);
        Ok(findings)
    }
}

/// S44
#[test]
fn each_kind_of_drift_is_named_and_what_is_said_to_mend_it_does() {
    let database = Database::new();
    assert_eq!(database.after("SELECT 1 WHERE false").unwrap(), []);
    let mut wrong = Vec::new();
    for (planted, rule, place, words) in PLANTED {
        let found = match database.after(planted) {
            Ok(found) => found,
            // A package may lack it; then there is nothing to drift to.
            Err(error) if format!("{error:#}").contains("is not available") => {
                println!("skipped, since this server lacks it: {planted}");
                continue;
            }
            Err(error) => {
                wrong.push(format!("{planted}: {error:#}"));
                continue;
            }
        };
        let is_named = (found.iter()).any(|f| {
            f.rule == *rule && f.detail.contains(words) && (f.place == *place || place.is_empty())
        });
        if !is_named {
            wrong.push(format!("{planted}: {found:#?}"));
            continue;
        }
        // What only a person can decide, or do in more than SQL.
        let by_hand = |f: &Finding| {
            !f.mend.ends_with(';')
                && !["membership", "role", "database-grants"].contains(&f.rule.as_str())
        };
        if found.iter().any(by_hand) {
            continue;
        }
        let mends: BTreeSet<&str> = found.iter().map(|f| f.mend.as_str()).collect();
        let is_of_roles = ["membership", "role", "database-grants"].contains(rule);
        let role = if is_of_roles || ["owner", "extension"].contains(rule) {
            ""
        } else {
            "SET ROLE app_owner;"
        };
        let mends: Vec<&str> = mends.into_iter().collect();
        let left = database.after(&format!("{planted};\n{role}\n{}", mends.join(";\n")));
        if !left.as_ref().is_ok_and(Vec::is_empty) {
            wrong.push(format!("{planted}\nmended by {mends:#?}: {left:#?}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        PLANTED.len(),
        wrong.join("\n\n")
    );
}
