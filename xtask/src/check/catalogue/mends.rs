//! The names of the guard's schema rules, and what mends each.

/// The beginning of what `schema_rules.sql` says, and the rule's name.
const RULES: &[(&str, &str)] = &[
    ("the table is missing", "declared-tables"),
    ("the tenant column may be null", "tenant-not-null"),
    ("the tenant column is not uuid", "tenant-is-uuid"),
    ("row level security is off", "rls-enabled"),
    ("row level security is not forced", "rls-forced"),
    ("foreign table", "plain-tables"),
    ("no permissive policy", "both-policies"),
    ("no restrictive policy", "both-policies"),
    ("policy ", "policy-text"),
    ("primary key ", "keys-begin-with-tenant"),
    ("unique key ", "keys-begin-with-tenant"),
    ("no primary key", "primary-key"),
    ("invalid or unready index", "valid-indexes"),
    ("index on an expression", "plain-indexes"),
    ("foreign key from outside", "foreign-keys-from-outside"),
    ("foreign key ", "foreign-keys-pair-tenants"),
    ("constraint ", "valid-constraints"),
    ("cascade ", "cascades-need-delete"),
    ("partition or child", "partitions-have-rls"),
    ("view without security_invoker", "security-invoker"),
    ("materialised view", "no-materialised-view"),
    ("trigger ", "no-trigger"),
    ("rule ", "no-rule"),
    ("granted to PUBLIC", "nothing-to-public"),
    ("security definer function", "no-security-definer"),
    ("logged by the publication", "no-publication"),
    ("holds no account", "account-or-listed"),
];

/// The name of a rule, from what the guard says of a table that breaks it.
pub(super) fn rule_of(said: &str) -> &'static str {
    if said.starts_with("foreign key ") && said.contains(" sets null") {
        return "foreign-keys-restrict";
    }
    let known = RULES
        .iter()
        .find(|(beginning, _)| said.starts_with(beginning));
    known.map_or("schema-rule", |(_, rule)| rule)
}

/// What to do about a table that breaks a rule.
pub(super) fn mend_of(rule: &str, object: &str) -> String {
    const PROTECT: &str = "call rls::protect for it in a migration";
    let mend = match rule {
        "declared-tables" => {
            "declare the table's entity in entity::schema::TABLES, list it in UNSCOPED, or drop it"
        }
        "tenant-not-null" => return format!("ALTER TABLE {object} ALTER account_id SET NOT NULL"),
        "tenant-is-uuid" => "make the column that holds the account a uuid",
        "rls-enabled" => {
            return format!("ALTER TABLE {object} ENABLE ROW LEVEL SECURITY; or {PROTECT}");
        }
        "rls-forced" => {
            return format!("ALTER TABLE {object} FORCE ROW LEVEL SECURITY; or {PROTECT}");
        }
        "plain-tables" => "keep the accounts' rows in a plain table",
        "both-policies" | "declared-policies" | "policy-text" => {
            "make the policies by rls::protect, and drop others (DROP POLICY)"
        }
        "keys-begin-with-tenant" => "put the account's column first in the key",
        "primary-key" => "add PRIMARY KEY (account_id, id)",
        "valid-indexes" => "drop the index and make it again (REINDEX INDEX CONCURRENTLY)",
        "plain-indexes" => "store the canonical form in a column, and index that",
        "foreign-keys-from-outside" => {
            "give the referring table the account's column, or keep the id without a foreign key"
        }
        "foreign-keys-pair-tenants" => {
            "FOREIGN KEY (account_id, x_id) REFERENCES x (account_id, id)"
        }
        "foreign-keys-restrict" => "ON DELETE RESTRICT, and no ON UPDATE",
        "valid-constraints" => return format!("ALTER TABLE {object} VALIDATE CONSTRAINT ..."),
        "cascades-need-delete" => {
            "ON DELETE RESTRICT: what may not be deleted isn't deleted by a cascade"
        }
        "partitions-have-rls" => return format!("call rls::protect for {object} too"),
        "security-invoker" => return format!("ALTER VIEW {object} SET (security_invoker = true)"),
        "no-materialised-view" => {
            "drop it: it holds all accounts' rows, and has no row level security"
        }
        "no-trigger" => "drop it, and do the work in the function that makes the change",
        "no-rule" => return format!("DROP RULE ... ON {object}"),
        "nothing-to-public" => return format!("REVOKE ALL ON {object} FROM PUBLIC"),
        "no-security-definer" => {
            "drop it, or make it a lookup: schema lookup, owner app_lookup, SET search_path, EXECUTE not for PUBLIC"
        }
        "no-publication" => "take the table out of the publication",
        "account-or-listed" => {
            "give the table account_id and rls::protect, or list it in entity::schema::UNSCOPED"
        }
        "table-owner" => return format!("ALTER TABLE {object} OWNER TO app_owner"),
        "declared-columns" => {
            "write a migration that makes the table as its entity says, or change the entity"
        }
        "declared-grants" => {
            "GRANT or REVOKE in a migration, or change `app` and `system` of #[tenant(...)]"
        }
        "unscoped-grants" => {
            "REVOKE it in a migration: app reads, app_system reads and adds, app_backup reads"
        }
        "grant-option" => "REVOKE GRANT OPTION FOR it in a migration",
        "column-grants" => {
            "REVOKE it in a migration, or have it reviewed in xtask/src/check/catalogue.sql"
        }
        "default-privileges" => {
            "ALTER DEFAULT PRIVILEGES ... REVOKE it; each table's migration grants"
        }
        "column-types" => "timestamptz, bigint of minor units, text with a CHECK, jsonb",
        "checked-amounts" => "add a CHECK that bounds the column",
        "one-schema" => "keep the tables in the schema public",
        _ => "change the migration, see ARCHITECTURE.md",
    };
    mend.to_owned()
}
