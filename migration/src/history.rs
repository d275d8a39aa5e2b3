//! What was applied to a database, as it remembers it: sea-orm-migration's table, and ours beside it.

use sea_orm_migration::{
    MigratorTrait,
    sea_orm::{
        ConnectionTrait, DatabaseConnection, DbBackend, DbErr, QueryResult, Statement,
        TransactionTrait,
    },
};
use serde::Serialize;

use crate::{Migrator, error::Error, registered::Registered, rls::literal};

/// An applied migration.
#[derive(Clone, Debug)]
pub(crate) struct Applied {
    pub(crate) version: String,
    /// None when it was applied by a program that knew no checksums.
    pub(crate) checksum: Option<String>,
    /// Seconds since 1970.
    pub(crate) applied_at: i64,
    /// Whether `up --production` has seen it.
    pub(crate) production: bool,
}

/// How a migration stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// Applied as its file says.
    Applied,
    /// Not applied yet.
    Pending,
    /// Applied, and its file was changed since.
    Edited,
    /// Applied, and this program doesn't have it.
    Missing,
    /// Not applied, and a later one is.
    Inserted,
}

impl State {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Pending => "pending",
            Self::Edited => "edited after it was applied",
            Self::Missing => "applied, but not in this program",
            Self::Inserted => "inserted before an applied one",
        }
    }
}

/// How each migration stands, in order; those that the program doesn't have come last.
pub(crate) fn states<'a>(
    list: &'a [Registered],
    applied: &'a [Applied],
) -> Vec<(&'a str, State, Option<&'a Applied>)> {
    let find = |name: &str| applied.iter().find(|one| one.version == name);
    let last = list.iter().rposition(|one| find(one.name()).is_some());
    let known = list.iter().enumerate().map(|(at, one)| {
        let found = find(one.name());
        let state = match found {
            None if last.is_some_and(|last| at < last) => State::Inserted,
            None => State::Pending,
            Some(Applied {
                checksum: Some(checksum),
                ..
            }) if checksum != one.checksum() => State::Edited,
            Some(_) => State::Applied,
        };
        (one.name(), state, found)
    });
    let missing = applied
        .iter()
        .filter(|one| !list.iter().any(|known| known.name() == one.version));
    let missing = missing.map(|one| (one.version.as_str(), State::Missing, Some(one)));
    known.chain(missing).collect()
}

/// Refuses a history that isn't this program's. Going back, what was inserted is in nobody's way.
pub(crate) fn check(list: &[Registered], applied: &[Applied], forward: bool) -> Result<(), Error> {
    let states = states(list, applied);
    let names = |wanted| -> Vec<String> {
        let of_state = states.iter().filter(|(_, state, _)| *state == wanted);
        of_state.map(|(name, ..)| (*name).to_owned()).collect()
    };
    let (missing, edited, inserted) = (
        names(State::Missing),
        names(State::Edited),
        names(State::Inserted),
    );
    if !missing.is_empty() {
        return Err(Error::Missing(missing));
    }
    if !edited.is_empty() {
        return Err(Error::Edited(edited));
    }
    if forward && !inserted.is_empty() {
        let known = states.iter().filter(|(.., found)| found.is_some());
        let last = known.map(|(name, ..)| *name).next_back();
        return Err(Error::Inserted {
            names: inserted,
            last: last.unwrap_or_default().to_owned(),
        });
    }
    Ok(())
}

/// Makes both tables where they are missing.
pub(crate) async fn install(db: &DatabaseConnection) -> Result<(), DbErr> {
    let transaction = db.begin().await?;
    Migrator::install(&transaction).await?;
    transaction
        .execute_unprepared(
            "CREATE TABLE IF NOT EXISTS migration_checksums (\
             version text PRIMARY KEY, checksum text NOT NULL, production boolean NOT NULL, \
             recorded_at timestamptz NOT NULL DEFAULT now())",
        )
        .await?;
    transaction
        .execute_unprepared("GRANT SELECT ON migration_checksums TO app_backup")
        .await?;
    transaction.commit().await
}

/// Drops both tables.
pub(crate) async fn uninstall(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    let drop = "DROP TABLE IF EXISTS seaql_migrations, migration_checksums";
    db.execute_unprepared(drop).await.map(drop_result)
}

/// What was applied, in the order of the names; nothing when there are no tables yet. Changes nothing.
pub(crate) async fn read(db: &impl ConnectionTrait) -> Result<Vec<Applied>, DbErr> {
    if !exists(db, "seaql_migrations").await? {
        return Ok(Vec::new());
    }
    let (checksum, join) = if exists(db, "migration_checksums").await? {
        let join = "LEFT JOIN migration_checksums USING (version)";
        ("checksum, coalesce(production, false)", join)
    } else {
        ("NULL::text AS checksum, false", "")
    };
    let sql = format!(
        "SELECT version, applied_at, {checksum} AS production FROM seaql_migrations {join} ORDER BY version"
    );
    let rows = db.query_all_raw(statement(sql)).await?;
    rows.iter().map(applied).collect()
}

fn applied(row: &QueryResult) -> Result<Applied, DbErr> {
    Ok(Applied {
        version: row.try_get("", "version")?,
        checksum: row.try_get("", "checksum")?,
        applied_at: row.try_get("", "applied_at")?,
        production: row.try_get("", "production")?,
    })
}

async fn exists(db: &impl ConnectionTrait, table: &str) -> Result<bool, DbErr> {
    let sql = format!("SELECT 1 WHERE to_regclass('{table}') IS NOT NULL");
    Ok(db.query_one_raw(statement(sql)).await?.is_some())
}

fn statement(sql: String) -> Statement {
    Statement::from_string(DbBackend::Postgres, sql)
}

/// Remembers that a migration is applied.
pub(crate) async fn add(
    db: &impl ConnectionTrait,
    migration: &Registered,
    production: bool,
) -> Result<(), DbErr> {
    let name = literal(migration.name());
    db.execute_unprepared(&format!(
        "INSERT INTO seaql_migrations (version, applied_at) VALUES ({name}, extract(epoch FROM now())::bigint)"
    ))
    .await?;
    remember(db, migration, production).await
}

/// Remembers the file of a migration that is applied.
pub(crate) async fn remember(
    db: &impl ConnectionTrait,
    migration: &Registered,
    production: bool,
) -> Result<(), DbErr> {
    let (name, checksum) = (literal(migration.name()), literal(migration.checksum()));
    db.execute_unprepared(&format!(
        "INSERT INTO migration_checksums (version, checksum, production) VALUES ({name}, {checksum}, {production}) \
         ON CONFLICT (version) DO UPDATE SET checksum = excluded.checksum, recorded_at = now()"
    ))
    .await
    .map(drop_result)
}

/// Forgets a migration that was reverted.
pub(crate) async fn remove(db: &impl ConnectionTrait, name: &str) -> Result<(), DbErr> {
    for table in ["seaql_migrations", "migration_checksums"] {
        let sql = format!("DELETE FROM {table} WHERE version = {}", literal(name));
        db.execute_unprepared(&sql).await?;
    }
    Ok(())
}

/// Says of all that is applied that it is in production.
pub(crate) async fn mark(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    let mark = "UPDATE migration_checksums SET production = true WHERE NOT production";
    db.execute_unprepared(mark).await.map(drop_result)
}

fn drop_result<T>(_: T) {}

#[cfg(test)]
mod tests {
    use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

    use super::*;

    struct Named(&'static str);

    impl MigrationName for Named {
        fn name(&self) -> &str {
            self.0
        }
    }

    #[async_trait::async_trait]
    impl MigrationTrait for Named {
        async fn up(&self, _: &SchemaManager) -> Result<(), DbErr> {
            Ok(())
        }
    }

    fn list(names: &[&'static str]) -> Vec<Registered> {
        let registered = |name: &&'static str| Registered::new(Box::new(Named(name)), name);
        names.iter().map(registered).collect()
    }

    fn applied(list: &[Registered]) -> Vec<Applied> {
        let applied = |one: &Registered| Applied {
            version: one.name().to_owned(),
            checksum: Some(one.checksum().to_owned()),
            applied_at: 0,
            production: false,
        };
        list.iter().map(applied).collect()
    }

    #[test]
    fn what_comes_after_the_last_applied_one_is_pending() {
        let (list, applied) = (list(&["m1", "m2", "m3"]), applied(&list(&["m1"])));
        let states: Vec<_> = states(&list, &applied)
            .iter()
            .map(|(_, state, _)| *state)
            .collect();
        assert_eq!(states, [State::Applied, State::Pending, State::Pending]);
        assert!(check(&list, &applied, true).is_ok());
    }

    #[test]
    fn another_history_is_refused_by_name() {
        let known = list(&["m1", "m2", "m3"]);
        let refused = |applied: &[Applied]| check(&known, applied, true).unwrap_err().to_string();
        let inserted = applied(&list(&["m1", "m3"]));
        assert!(refused(&inserted).starts_with("inserted before m3, which is applied: m2"));
        assert!(check(&known, &inserted, false).is_ok());
        let missing = applied(&list(&["m1", "m1b"]));
        assert!(refused(&missing).starts_with("applied, but not in this program: m1b"));
        let mut edited = applied(&list(&["m1", "m2"]));
        edited[1].checksum = Some("other".to_owned());
        assert!(refused(&edited).starts_with("edited after it was applied: m2"));
        edited[1].checksum = None;
        assert!(check(&known, &edited, true).is_ok(), "it is adopted");
    }
}
