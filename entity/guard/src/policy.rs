//! Row level security, as SQL: the second layer, which holds when the first is gone round.
//!
//! The texts are made here alone. Migrations run them; the gate at connect and `cargo xtask check` compare the policies
//! that they find with [`deparsed`].

use std::fmt::Write;

/// The group role of the application's logins.
pub const APP: &str = "app";
/// The group role of the system's logins.
pub const SYSTEM: &str = "app_system";
/// The group role of the backup's logins.
pub const BACKUP: &str = "app_backup";
/// The role that owns the tables and runs migrations.
pub const OWNER: &str = "app_owner";

/// The test that a policy makes.
///
/// The sub-select is evaluated once per statement; after the first transaction-local setting the unset value is `''`,
/// hence `nullif` (PostgreSQL documentation, chapter 5.9, and `current_setting` in 9.28).
#[must_use]
pub fn expression(tenant: &str) -> String {
    format!("{tenant} = (SELECT nullif(current_setting('app.account_id', true), '')::uuid)")
}

/// The same test as `pg_get_expr` prints it.
#[must_use]
pub fn deparsed(tenant: &str) -> String {
    format!(
        "({tenant} = ( SELECT (NULLIF(current_setting('app.account_id'::text, true), ''::text))::uuid AS \"nullif\"))"
    )
}

/// Enables and forces row level security on a table, and makes its policies and grants.
///
/// One permissive and one restrictive policy: permissive ones are OR-ed, so that a loose one added later would open the
/// table if it stood alone. FORCE binds the owner too, who gets a policy for migrations.
#[must_use]
pub fn protect(table: &str, tenant: &str, app: &[&str], system: &[&str]) -> String {
    let test = expression(tenant);
    let migrating = "(SELECT current_setting('app.migrating', true)) = 'on'";
    let mut sql = format!(
        "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;\n\
         ALTER TABLE {table} FORCE ROW LEVEL SECURITY;\n\
         CREATE POLICY tenant_permit ON {table} AS PERMISSIVE FOR ALL TO {APP}, {SYSTEM} USING ({test}) WITH CHECK ({test});\n\
         CREATE POLICY tenant_restrict ON {table} AS RESTRICTIVE FOR ALL TO {APP}, {SYSTEM} USING ({test}) WITH CHECK ({test});\n\
         CREATE POLICY owner_migrates ON {table} TO {OWNER} USING ({migrating}) WITH CHECK ({migrating});\n\
         CREATE POLICY backup_reads ON {table} FOR SELECT TO {BACKUP} USING (true);\n\
         GRANT SELECT ON {table} TO {BACKUP};\n"
    );
    for (role, verbs) in [(APP, app), (SYSTEM, system)] {
        if !verbs.is_empty() {
            let verbs = verbs.join(", ");
            let _ = writeln!(sql, "GRANT {verbs} ON {table} TO {role};");
        }
    }
    sql
}

/// Lets lookups see these columns of a table, in all rows.
#[must_use]
pub fn lookup_sees(table: &str, columns: &[&str]) -> String {
    let columns = columns.join(", ");
    format!(
        "GRANT SELECT ({columns}) ON {table} TO app_lookup;\n\
         DO $$ BEGIN\n\
         \x20 IF NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = '{table}'::regclass AND polname = 'lookup_sees') THEN\n\
         \x20   CREATE POLICY lookup_sees ON {table} FOR SELECT TO app_lookup USING (true);\n\
         \x20 END IF;\n\
         END $$"
    )
}

/// Makes a lookup: a function of the schema `lookup`, which is the system's alone to call.
///
/// The order matters: taken from PUBLIC before it is given away, since afterwards a REVOKE would only warn.
#[must_use]
pub fn lookup_function(name: &str, arguments: &str, returns: &str, body: &str) -> String {
    format!(
        "CREATE FUNCTION lookup.{name}({arguments}) RETURNS {returns}\n\
         LANGUAGE sql STABLE STRICT PARALLEL SAFE SECURITY DEFINER\n\
         SET search_path = pg_catalog, pg_temp SET row_security = on\n\
         BEGIN ATOMIC {body}; END;\n\
         REVOKE ALL ON FUNCTION lookup.{name} FROM PUBLIC;\n\
         GRANT EXECUTE ON FUNCTION lookup.{name} TO app_system;\n\
         GRANT CREATE ON SCHEMA lookup TO app_lookup;\n\
         ALTER FUNCTION lookup.{name} OWNER TO app_lookup;\n\
         REVOKE CREATE ON SCHEMA lookup FROM app_lookup"
    )
}
