//! The commands: what is refused, what is done, and in which order.

use sea_orm_migration::sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, Statement, TransactionTrait,
};
use serde::Serialize;

use crate::{
    command::{Command, Options},
    dry_run::Recording,
    error::Error,
    history::{self, Applied, State},
    lock,
    losses::{self, Loss},
    registered::Registered,
    session,
    step::{Direction, Done, Steps},
};

/// What was done, also by a command that failed in the end.
#[derive(Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// What was reverted, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reverted: Vec<Done>,
    /// What was applied, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub applied: Vec<Done>,
    /// Migrations that a program without checksums had applied, whose checksums are now remembered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub adopted: Vec<String>,
    /// How each migration stands, for `status`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub migrations: Vec<Standing>,
    /// Whether the database was marked by `up --production`.
    pub production: bool,
    /// What the SQL would destroy, as far as its text says, when it wasn't run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub losses: Vec<Loss>,
    /// The SQL, when it wasn't run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub statements: Vec<String>,
}

/// How a migration stands.
#[derive(Debug, Serialize)]
#[non_exhaustive]
pub struct Standing {
    /// The migration.
    pub name: String,
    pub(crate) state: State,
    /// When it was applied, in seconds since 1970.
    pub applied_at: Option<i64>,
}

/// Does it, and writes into the report what was done.
///
/// # Errors
/// [`Error`], which says what to do about it. What was done before it stays done, one migration at a time.
pub async fn run(
    list: &[Registered],
    command: Command,
    options: &Options,
    report: &mut Report,
) -> Result<(), Error> {
    let driver = session::options(&options.url)?;
    if command != Command::Status && !options.dry_run {
        let is_here = session::is_on_this_machine(&driver).await?;
        if command.drops_everything() && !is_here {
            return Err(production(command, "the database isn't on this machine"));
        }
        if !is_here && !options.production {
            return Err(Error::NotThisMachine(driver.get_host().to_owned()));
        }
    }
    let db = session::open(&driver, options.schema.as_deref()).await?;
    let outcome = match command {
        Command::Status => status(list, &db, report).await,
        _ if options.dry_run => dry_run(list, command, options, &db, report).await,
        _ => locked(list, command, options, &db, report).await,
    };
    let closed = db.close().await;
    outcome?;
    Ok(closed?)
}

async fn locked(
    list: &[Registered],
    command: Command,
    options: &Options,
    db: &DatabaseConnection,
    report: &mut Report,
) -> Result<(), Error> {
    lock::take(db, options.wait).await?;
    let applied = history::read(db).await?;
    report.production = applied.iter().any(|one| one.production);
    if report.production && command.drops_everything() {
        return Err(production(
            command,
            "`up --production` has marked this database",
        ));
    }
    if report.production && matches!(command, Command::Down(_)) && !options.production {
        return Err(Error::Marked);
    }
    change(list, command, options, db, applied, report).await
}

async fn dry_run(
    list: &[Registered],
    command: Command,
    options: &Options,
    db: &DatabaseConnection,
    report: &mut Report,
) -> Result<(), Error> {
    let read_only = "SET default_transaction_read_only = on";
    db.execute_unprepared(read_only).await?;
    let applied = history::read(db).await?;
    report.production = applied.iter().any(|one| one.production);
    let recording = Recording::of(db).await?;
    let outcome = change(list, command, options, &recording.db, applied, report).await;
    report.statements = session::settings(options.schema.as_deref());
    report.statements.extend(recording.statements());
    outcome?;
    let dropped = losses::dropped_by(&report.statements);
    report.losses = losses::count(db, &dropped).await?;
    Ok(())
}

/// What the command changes, on a connection that runs it or writes it down.
async fn change(
    list: &[Registered],
    command: Command,
    options: &Options,
    db: &DatabaseConnection,
    mut applied: Vec<Applied>,
    report: &mut Report,
) -> Result<(), Error> {
    history::install(db).await?;
    report.production |= options.production && matches!(command, Command::Up(_));
    let steps = Steps {
        db,
        dry_run: options.dry_run,
        allow_destructive: options.allow_destructive || command.drops_everything(),
        lock_retries: options.lock_retries,
        production: report.production,
    };
    if command == Command::Fresh {
        steps.retried("fresh", || drop_everything(db)).await?;
        history::install(db).await?;
        return up(list, &[], None, steps, report).await;
    }
    for name in &options.accept_edited {
        accept(list, &mut applied, name, steps).await?;
    }
    let forward = matches!(command, Command::Up(_));
    history::check(list, &applied, forward)?;
    adopt(list, &applied, steps, report).await?;
    match command {
        Command::Up(number) => {
            if options.production {
                history::mark(db).await?;
            }
            up(list, &applied, number, steps, report).await
        }
        Command::Down(number) => down(list, &applied, Some(number), steps, report).await,
        Command::Refresh => {
            down(list, &applied, None, steps, report).await?;
            up(list, &[], None, steps, report).await
        }
        _ => {
            down(list, &applied, None, steps, report).await?;
            Ok(history::uninstall(db).await?)
        }
    }
}

async fn up(
    list: &[Registered],
    applied: &[Applied],
    number: Option<u32>,
    steps: Steps<'_>,
    report: &mut Report,
) -> Result<(), Error> {
    let pending = list.iter().filter(|one| !is_applied(applied, one));
    let pending = pending.take(limit(number));
    let (direction, done) = (Direction::Up, &mut report.applied);
    each(pending.collect(), direction, "pending", steps, done).await
}

async fn down(
    list: &[Registered],
    applied: &[Applied],
    number: Option<u32>,
    steps: Steps<'_>,
    report: &mut Report,
) -> Result<(), Error> {
    let last = list.iter().rev().filter(|one| is_applied(applied, one));
    let last = last.take(limit(number));
    let (direction, done) = (Direction::Down, &mut report.reverted);
    each(last.collect(), direction, "applied", steps, done).await
}

fn is_applied(applied: &[Applied], migration: &Registered) -> bool {
    applied.iter().any(|one| one.version == migration.name())
}

/// Runs these, and adds each to `done` as it is; `what` they would be, when there are none.
async fn each(
    migrations: Vec<&Registered>,
    direction: Direction,
    what: &str,
    steps: Steps<'_>,
    done: &mut Vec<Done>,
) -> Result<(), Error> {
    if migrations.is_empty() {
        tracing::info!("nothing is {what}");
    }
    for (at, migration) in migrations.iter().enumerate() {
        let place = (at + 1, migrations.len());
        done.push(steps.run(migration, direction, place).await?);
    }
    Ok(())
}

fn limit(number: Option<u32>) -> usize {
    let number = number.map(|number| usize::try_from(number).unwrap_or(usize::MAX));
    number.unwrap_or(usize::MAX)
}

/// Remembers a file as it is now, of a migration that was applied as it was then.
async fn accept(
    list: &[Registered],
    applied: &mut [Applied],
    name: &str,
    steps: Steps<'_>,
) -> Result<(), Error> {
    let found = applied.iter_mut().find(|one| one.version == name);
    let known = list.iter().find(|one| one.name() == name);
    let (Some(found), Some(known)) = (found, known) else {
        return Err(Error::NotApplied(name.to_owned()));
    };
    if found.checksum.as_deref() != Some(known.checksum()) {
        history::remember(steps.db, known, steps.production).await?;
        found.checksum = Some(known.checksum().to_owned());
        tracing::info!("accepted {name} as it is now");
    }
    Ok(())
}

/// Remembers the files of what was applied by a program that knew no checksums.
async fn adopt(
    list: &[Registered],
    applied: &[Applied],
    steps: Steps<'_>,
    report: &mut Report,
) -> Result<(), Error> {
    let unknown = |name: &str| {
        applied
            .iter()
            .any(|one| one.version == name && one.checksum.is_none())
    };
    for migration in list.iter().filter(|one| unknown(one.name())) {
        history::remember(steps.db, migration, steps.production).await?;
        report.adopted.push(migration.name().to_owned());
    }
    if !report.adopted.is_empty() {
        let number = report.adopted.len();
        tracing::info!("{number} migrations were applied without checksums: taken as they are now");
    }
    Ok(())
}

async fn status(
    list: &[Registered],
    db: &DatabaseConnection,
    report: &mut Report,
) -> Result<(), Error> {
    let applied = history::read(db).await?;
    report.production = applied.iter().any(|one| one.production);
    let states = history::states(list, &applied).into_iter();
    let standing = states.map(|(name, state, found)| Standing {
        name: name.to_owned(),
        state,
        applied_at: found.map(|found| found.applied_at),
    });
    report.migrations = standing.collect();
    Ok(())
}

fn production(command: Command, why: &'static str) -> Error {
    Error::Production {
        command: command.name(),
        why,
    }
}

/// Drops all tables and enums of the schema, as the stock `fresh` does, ours too.
async fn drop_everything(db: &DatabaseConnection) -> Result<(), Error> {
    let transaction = db.begin().await?;
    let drops = Statement::from_string(DbBackend::Postgres, DROPS);
    for row in transaction.query_all_raw(drops).await? {
        let drop: String = row.try_get("", "sql")?;
        transaction.execute_unprepared(&drop).await?;
    }
    Ok(transaction.commit().await?)
}

/// What an extension brought stays.
const DROPS: &str = "
    SELECT format('DROP TABLE IF EXISTS %I CASCADE', relname) AS sql FROM pg_class c
     WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e')
    UNION ALL SELECT format('DROP TYPE IF EXISTS %I CASCADE', typname) FROM pg_type t
     WHERE typnamespace = current_schema()::regnamespace AND typtype = 'e'
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = t.oid AND d.classid = 'pg_type'::regclass AND d.deptype = 'e')";
