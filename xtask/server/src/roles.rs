//! The roles that the application, its migrations and its backups connect as.
//!
//! Group roles (`app`, `app_system`, `app_lookup`, `app_backup`) hold rights and can't log in;
//! logins are members, so that a password rotates by adding a second login. None may bypass row
//! level security. The SQL needs only CREATEROLE and the ownership of the database, can be run
//! again at any time, and leaves the passwords of existing logins alone.

use crate::psql::{identifier, literal};
use crate::{Error, Passwords, Result, Secret, scram};

/// A role that can log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Login {
    /// Owns the schema and runs migrations.
    Owner,
    /// The application.
    App,
    /// The application's own work across accounts.
    System,
    /// Reads everything, for `pg_dump`.
    Backup,
}

impl Login {
    /// All logins.
    pub const ALL: [Self; 4] = [Self::Owner, Self::App, Self::System, Self::Backup];

    /// The role's name.
    #[must_use]
    pub fn role(self) -> &'static str {
        match self {
            Self::Owner => "app_owner",
            Self::App => "app_login_1",
            Self::System => "app_system_1",
            Self::Backup => "app_backup_1",
        }
    }
}

/// What making the roles did, by login.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// Logins that are new.
    pub created: Vec<Login>,
    /// Logins that existed and got a new password.
    pub rotated: Vec<Login>,
    /// Logins that existed and kept their password.
    pub kept: Vec<Login>,
}

/// Statements that make the roles where they are missing, and set the given passwords, as one
/// transaction.
///
/// # Errors
///
/// When a password isn't printable ASCII.
pub fn sql(passwords: &[(Login, &Secret)]) -> Result<String> {
    let mut sql = format!("BEGIN;\n{ROLES}");
    for (login, password) in passwords {
        if !scram::can_encode(password) {
            return Err(Error::Password(*login));
        }
        let verifier = literal(&scram::verifier(password));
        let role = identifier(login.role());
        sql.push_str(&format!("ALTER ROLE {role} PASSWORD {verifier};\n"));
    }
    sql.push_str("COMMIT;\n");
    Ok(sql)
}

const ROLES: &str = "\
DO $roles$
DECLARE
  wanted record;
  refused text;
BEGIN
  PERFORM pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('app-db roles'));
  FOR wanted IN
    SELECT * FROM (VALUES
      ('app', false), ('app_system', false), ('app_lookup', false), ('app_backup', false),
      ('app_owner', true), ('app_login_1', true), ('app_system_1', true), ('app_backup_1', true)
    ) AS roles (name, may_login)
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = name)
  LOOP
    EXECUTE format('CREATE ROLE %I %s', wanted.name,
      CASE WHEN wanted.may_login THEN 'LOGIN' ELSE 'NOLOGIN' END);
  END LOOP;

  FOR wanted IN
    SELECT * FROM (VALUES
      ('app', 'app_login_1'), ('app_system', 'app_system_1'), ('app_backup', 'app_backup_1')
    ) AS members (of_role, name)
    WHERE NOT EXISTS (
      SELECT FROM pg_catalog.pg_auth_members
      WHERE roleid = to_regrole(of_role) AND member = to_regrole(name))
  LOOP
    EXECUTE format('GRANT %I TO %I', wanted.of_role, wanted.name);
  END LOOP;
  -- The owner gives functions to app_lookup, but its policies must not apply to the owner.
  GRANT app_lookup TO app_owner WITH INHERIT FALSE, SET TRUE;

  SELECT string_agg(rolname, ', ') INTO refused FROM pg_catalog.pg_roles
  WHERE rolname IN ('app', 'app_system', 'app_lookup', 'app_backup',
                    'app_owner', 'app_login_1', 'app_system_1', 'app_backup_1')
    AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolreplication);
  IF refused IS NOT NULL THEN
    RAISE EXCEPTION 'SUPERUSER, BYPASSRLS, CREATEROLE or REPLICATION must be taken from: %', refused;
  END IF;
END
$roles$;
";

/// Statements to run inside a database: the extension and what each role may do there.
#[must_use]
pub fn database_sql(database: &str) -> String {
    format!(
        "BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vector SCHEMA public;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT CREATE, USAGE ON SCHEMA public TO app_owner;
GRANT USAGE ON SCHEMA public TO app, app_system, app_lookup, app_backup;
{}COMMIT;
",
        database_grants(database)
    )
}

/// The grants that belong to a database and not to what is in it: a clone loses them.
pub(crate) fn database_grants(database: &str) -> String {
    let database = identifier(database);
    format!(
        "REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC;
GRANT CONNECT ON DATABASE {database} TO app_owner, app, app_system, app_backup;
GRANT CREATE ON DATABASE {database} TO app_owner;
"
    )
}

/// A script for `psql` that does all of it on a server where nothing else can run. It holds no
/// password: psql asks for them and sends verifiers.
#[must_use]
pub fn script(database: &str) -> String {
    let create = literal(&format!("CREATE DATABASE {}", identifier(database)));
    let name = literal(database);
    let connect = identifier(database);
    let inside = database_sql(database);
    let passwords: String = (Login::ALL.iter())
        .map(|login| format!("\\password {}\n", login.role()))
        .collect();
    format!(
        "-- For psql 14 or newer, as a role that may create roles, databases and the extension.
-- It can be run again.
\\set ON_ERROR_STOP on
BEGIN;
{ROLES}COMMIT;
SELECT {create} WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = {name}) \\gexec
\\connect {connect}
{inside}
-- psql asks for each login's new password; leave a line out to keep the password as it is.
{passwords}"
    )
}

/// What to do about each login's password.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) set: Vec<(Login, Secret)>,
    pub(crate) made: Made,
    /// The passwords that will be known.
    pub(crate) passwords: Passwords,
}

/// Plans: new logins get a given or generated password, existing ones only when `rotate` says so
/// or when `lost` says that an unknown password is to be replaced.
pub(crate) fn plan(
    existing: &[&str],
    known: &Passwords,
    given: &Passwords,
    rotate: bool,
    lost: bool,
) -> Plan {
    let mut plan = Plan {
        passwords: known.clone(),
        ..Plan::default()
    };
    for login in Login::ALL {
        let role = login.role();
        let exists = existing.contains(&role);
        let usable = given.get(role).or_else(|| known.get(role));
        if exists && !rotate && (usable.is_some() || !lost) {
            plan.made.kept.push(login);
            if let Some(password) = usable {
                plan.passwords.set(role, password.clone());
            }
            continue;
        }
        let reused = if rotate { given.get(role) } else { usable };
        let password = reused.cloned().unwrap_or_else(Secret::generate);
        plan.passwords.set(role, password.clone());
        plan.set.push((login, password));
        let list = if exists {
            &mut plan.made.rotated
        } else {
            &mut plan.made.created
        };
        list.push(login);
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passwords(pairs: &[(&str, &str)]) -> Passwords {
        let mut passwords = Passwords::default();
        for (role, password) in pairs {
            passwords.set(role, Secret::new(*password));
        }
        passwords
    }

    #[test]
    fn the_sql_holds_no_password() {
        let secret = Secret::new("p@ss:w/rd#1'\"\\");
        let sql = sql(&[(Login::App, &secret)]).unwrap();
        assert!(!sql.contains("p@ss"), "{sql}");
        assert!(sql.contains("ALTER ROLE \"app_login_1\" PASSWORD 'SCRAM-SHA-256$4096:"));
    }

    #[test]
    fn a_password_that_would_need_preparation_is_refused() {
        let error = sql(&[(Login::Owner, &Secret::new("pässword"))]).unwrap_err();
        assert!(!error.to_string().contains("pässword"), "{error}");
    }

    #[test]
    fn names_of_databases_are_quoted() {
        assert!(database_sql("a\"b").contains("ON DATABASE \"a\"\"b\" FROM PUBLIC"));
        assert!(script("it's").contains("'CREATE DATABASE \"it''s\"'"));
    }

    #[test]
    fn new_logins_get_passwords_and_old_ones_keep_theirs() {
        let given = passwords(&[("app_owner", "given"), ("app_login_1", "known elsewhere")]);
        let plan = plan(
            &["app_login_1", "app_system_1"],
            &Passwords::default(),
            &given,
            false,
            false,
        );
        assert_eq!(plan.made.created, [Login::Owner, Login::Backup]);
        assert_eq!(plan.made.kept, [Login::App, Login::System]);
        assert_eq!(plan.passwords.get("app_owner").unwrap().expose(), "given");
        assert_eq!(
            plan.passwords.get("app_login_1").unwrap().expose(),
            "known elsewhere"
        );
        assert!(plan.passwords.get("app_system_1").is_none());
    }

    #[test]
    fn rotation_and_loss_replace_passwords() {
        let all: Vec<&str> = Login::ALL.iter().map(|login| login.role()).collect();
        let known = passwords(&[("app_owner", "old")]);
        let none = Passwords::default();
        let rotated = plan(&all, &known, &none, true, false);
        assert_eq!(rotated.made.rotated, Login::ALL);
        assert_ne!(rotated.passwords.get("app_owner").unwrap().expose(), "old");

        let lost = plan(&all, &known, &none, false, true);
        assert_eq!(lost.made.kept, [Login::Owner]);
        assert_eq!(lost.made.rotated.len(), 3);
    }
}
