//! The life of an account's data as a whole: taken out, brought back, erased, and thinned out by age.
//!
//! All of it is for the [system scope](crate::system). Which tables there are is read from the database's own catalogue,
//! so that a new one is covered without being named here.
//!
//! What the law wants kept stays when an account is erased: the amounts of payments, shares and payouts, and the chain of
//! the audit log. It stays without what tells whom it was about: texts of the application's are replaced, and what log
//! entries said is gone, while their hashes still prove that none is missing.
//!
//! An import is a copy, and the account may go on where it came from. What would act twice then doesn't act by itself here:
//! open jobs of the [outbox] arrive dead, until somebody calls [`outbox::retry`]. What the account did after
//! the export isn't known here: an account that moves stops where it was before it is exported.

mod prune;

use std::time::Duration;

use entity::{
    accounts::Accounts, pay_out::PayOuts, payment_share_tracking::PaymentShareTracking,
    payment_system_logs::PaymentSystemLogs, stripe_payments::StripePayments,
};
use entity_guard::{
    AccountId, Isolation, Select, TenantScoped, Update, count as rows,
    whole::{self, WholeTable},
};
use futures_util::{Stream, TryStreamExt};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::RawValue};
use uuid::Uuid;

use crate::{
    Error, Reason, Tenant,
    journal::Entry,
    outbox,
    payment_share_tracking::{CREATOR, PLATFORM},
    system::{self, Progress, Sweep, Swept, SystemScope},
    webhook,
};

/// The version of the format that [`export`] writes.
const FORMAT: u64 = 1;
/// How many rows [`import`] writes at once.
const WRITTEN_AT_ONCE: usize = 200;
/// What stands in place of a text that was erased.
pub(crate) const ERASED: &str = "erased";
/// Tables whose rows stay when an account is erased, without personal data.
const KEPT: &[&str] = &[
    Accounts::TABLE.name,
    PayOuts::TABLE.name,
    "payment_log_heads",
    PaymentShareTracking::TABLE.name,
    PaymentSystemLogs::TABLE.name,
    StripePayments::TABLE.name,
];

/// How far [`export`] or [`import`] has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The table that is read or written.
    pub table: String,
    /// How many rows of all tables were moved so far.
    pub rows: u64,
    /// How many there are in all.
    pub of: u64,
}

/// The first line of an export.
#[derive(Debug, Deserialize, Serialize)]
struct Head {
    app_db_export: u64,
    account: Uuid,
    /// The migration that the rows fit.
    migration: String,
    rows: u64,
}

/// The last line of an export, without which it was cut off.
#[derive(Debug, Deserialize, Serialize)]
struct End {
    end: u64,
}

/// A line between them.
#[derive(Debug, Deserialize)]
struct Line {
    table: String,
    /// As it came, to the last digit.
    row: Box<RawValue>,
}

/// Gives all rows of an account to `line`, as lines of JSON without their line feeds: a head, the rows of each table in the
/// order in which [`import`] can write them, and an end that tells a whole export from one that was cut off.
///
/// It is one snapshot, read a few rows at a time. `line` may wait, but not longer than the configured timeout for a
/// transaction that does nothing.
///
/// # Errors
/// [`Error::NotFound`] when there is no such account; [`Error::Rejected`] with [`Reason::OutOfReach`] when the system's
/// login may not read one of the tables; what `line` fails with.
pub async fn export<E: From<Error>>(
    scope: &SystemScope,
    account: AccountId,
    mut progress: impl FnMut(&Moved),
    mut line: impl AsyncFnMut(&str) -> Result<(), E>,
) -> Result<u64, E> {
    let mut tenant = scope.tenant(account)?;
    let tx = tenant.begin_at(Isolation::RepeatableRead).await?;
    crate::accounts::get(&tx).await?;
    scope.record("export", &tx).await?;
    let tables = tables(&tx).await?;
    let mut of = 0;
    for table in &tables {
        of += reachable(table)?
            .count(&tx.guard)
            .await
            .map_err(Error::from)?;
    }
    let head = Head {
        app_db_export: FORMAT,
        account: account.as_uuid(),
        migration: entity::schema::SYSTEM.migration.to_owned(),
        rows: of,
    };
    line(&text(&head)?).await?;
    let mut moved = 0;
    for table in &tables {
        table.open(&tx.guard).await.map_err(Error::from)?;
        loop {
            let rows = table.next(&tx.guard).await.map_err(Error::from)?;
            if rows.is_empty() {
                break;
            }
            let name = text(&table.name())?;
            for row in &rows {
                line(&format!("{{\"table\":{name},\"row\":{row}}}")).await?;
            }
            moved += rows.len() as u64;
            progress(&Moved {
                table: table.name().to_owned(),
                rows: moved,
                of,
            });
        }
    }
    line(&text(&End { end: moved })?).await?;
    tx.commit().await?;
    Ok(moved)
}

/// Writes what [`export`] gave into this database, ids and log as they were, all or nothing, and returns the account.
///
/// Only jobs of the outbox that weren't done are not as they were: they are dead, with the error `imported`, and the log
/// says so.
///
/// # Errors
/// [`Error::Invalid`] names the line's part: no export, one of another schema, one that was cut off, a row of another
/// account, a field that can't be so; [`Error::Conflict`] when the account is there already; what `lines` fails with.
pub async fn import<E: From<Error>>(
    scope: &SystemScope,
    lines: impl Stream<Item = Result<String, E>>,
    mut progress: impl FnMut(&Moved),
) -> Result<AccountId, E> {
    let mut lines = std::pin::pin!(lines);
    let head = lines.try_next().await?;
    let head: Head = parsed(&head.unwrap_or_default(), "head")?;
    if head.app_db_export != FORMAT || head.migration != entity::schema::SYSTEM.migration {
        return Err(Error::invalid("head", "another_schema").into());
    }
    let account = AccountId::from_authenticated(head.account).map_err(Error::from)?;
    let mut tenant = scope.tenant(account)?;
    let tx = tenant.begin().await?;
    scope.record("import", &tx).await?;
    let tables = tables(&tx).await?;
    let mut batch: Vec<String> = Vec::new();
    let mut of_batch: Option<&WholeTable> = None;
    let mut begun = false;
    let mut moved = Moved {
        table: String::new(),
        rows: 0,
        of: head.rows,
    };
    loop {
        let line = lines.try_next().await?;
        let line = line.ok_or(Error::invalid("end", "cut_off"))?;
        let end = serde_json::from_str::<End>(&line).ok();
        let row = match end {
            Some(_) => None,
            None => Some(parsed::<Line>(&line, "line")?),
        };
        let full = batch.len() >= WRITTEN_AT_ONCE;
        let name = row.as_ref().map(|line| line.table.as_str());
        if full || of_batch.map(WholeTable::name) != name {
            if let Some(table) = of_batch.filter(|_| !batch.is_empty()) {
                let rows = std::mem::take(&mut batch);
                moved.rows += rows.len() as u64;
                table.insert(&rows, &tx.guard).await.map_err(Error::from)?;
                table.name().clone_into(&mut moved.table);
                progress(&moved);
            }
            of_batch = tables.iter().find(|table| Some(table.name()) == name);
        }
        // The account's own row comes first, and its key refuses an account that is there already: rows without it would be
        // added to that one's.
        begun |= name == Some(Accounts::TABLE.name);
        if row.is_some() && of_batch.is_some() && !begun {
            return Err(Error::invalid("table", "without_account").into());
        }
        match (row, end) {
            (Some(_), _) if of_batch.is_none() => {
                return Err(Error::invalid("table", "unknown").into());
            }
            (Some(line), _) => batch.push(line.row.get().to_owned()),
            (None, Some(End { end })) if end == moved.rows && end == head.rows => break,
            (None, _) => return Err(Error::invalid("end", "not_all_rows").into()),
        }
    }
    crate::accounts::get(&tx).await?;
    webhook::inbox::disbelieve(&tx).await?;
    let aside = outbox::set_aside(&tx).await?;
    if aside > 0 {
        let data = json!({ "jobs_set_aside": aside });
        let entry = Entry::new("lifecycle.import", format!("accounts/{account}"), data);
        tx.journal().note(entry.warning());
    }
    tx.commit().await?;
    Ok(account)
}

/// What [`erase`] does with the rows of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// They are deleted.
    Deleted,
    /// They stay, without personal data.
    Kept,
    /// The system's login may not delete them, so that nothing can be erased.
    OutOfReach,
}

/// A table in an [`ErasurePlan`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ErasedTable {
    /// The table's name.
    pub table: String,
    /// How many rows the account has in it; none that can be counted when it is out of reach.
    pub rows: Option<u64>,
    /// What happens to them.
    pub fate: Fate,
}

/// What erasing an account does, table by table, in the order in which it is done.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ErasurePlan {
    /// The account.
    pub account: Uuid,
    /// Every table with rows of accounts.
    pub tables: Vec<ErasedTable>,
}

/// Says what [`erase`] would do, and does nothing.
///
/// # Errors
/// [`Error::NotFound`] when there is no such account.
pub async fn plan_erasure(scope: &SystemScope, account: AccountId) -> Result<ErasurePlan, Error> {
    let mut tenant = scope.tenant(account)?;
    let tx = tenant.begin_at(Isolation::RepeatableRead).await?;
    scope.record("plan_erasure", &tx).await?;
    crate::accounts::get(&tx).await?;
    let plan = plan(&tx, &tables(&tx).await?).await?;
    tx.commit().await?;
    Ok(plan)
}

/// Erases an account as planned, all or nothing, and returns what [`plan_erasure`] gives from then on.
///
/// Rows are deleted, those that refer to others first; what has to be kept loses what tells whom it was about. Before
/// anything is saved, every table of the database that has a column for the account is asked again: none but the kept
/// ones has a row left. Whoever adds a row meanwhile waits until it is done. The account's name is gone too; that
/// nobody works with it any more is the application's to see to.
///
/// # Errors
/// [`Error::Conflict`] when the account has other rows by now than the plan says, or it is another's: plan again.
/// [`Error::Rejected`] with [`Reason::OutOfReach`] when the system's login may not delete from one of the tables, with
/// [`Reason::TransferUnderWay`] when a transfer may have been made that isn't recorded yet. [`Error::NotFound`] when
/// there is no such account.
pub async fn erase(
    scope: &SystemScope,
    account: AccountId,
    planned: &ErasurePlan,
) -> Result<ErasurePlan, Error> {
    // Before the transaction, which may have the pool's only connection.
    let unrouted = webhook::inbox::unrouted_of(scope, account).await?;
    let mut tenant = scope.tenant(account)?;
    let tx = tenant.begin().await?;
    scope.record("erase", &tx).await?;
    // Every row refers to the account: held like this, none is added until the end, and those that were being added are
    // waited for. The statements after it see them, which a snapshot of before would not.
    let account_row = Select::<Accounts>::new().for_update();
    account_row.one(&tx.guard).await.map_err(Error::from)?;
    outbox::none_under_way(&tx).await?;
    let tables = tables(&tx).await?;
    let now = plan(&tx, &tables).await?;
    if now != *planned {
        return Err(Error::Conflict);
    }
    if now
        .tables
        .iter()
        .any(|table| table.fate == Fate::OutOfReach)
    {
        return Err(Error::Rejected(Reason::OutOfReach));
    }
    webhook::inbox::unlink_all(&tx).await?;
    webhook::inbox::forget_unrouted(&tx, &unrouted).await?;
    let deleted = || tables.iter().rev().filter(|table| !is_kept(table));
    for table in deleted() {
        table.delete(&tx.guard).await?;
    }
    depersonalize(&tx).await?;
    for table in deleted() {
        if table.count(&tx.guard).await? != 0 {
            return Err(Error::Internal);
        }
    }
    let left = plan(&tx, &tables).await?;
    let counts = now
        .tables
        .iter()
        .map(|table| (table.table.clone(), json!(table.rows)));
    let data = Value::Object(counts.collect());
    let entry = Entry::new("lifecycle.erase", format!("accounts/{account}"), data);
    tx.journal().note(entry.warning());
    tx.commit().await?;
    Ok(left)
}

/// What is older than this goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// What entries of the audit log say; their place in the chain stays. Kept for ever unless set.
    pub logs: Option<Duration>,
    /// What Stripe sent of events; that they came, and what follows from them, stays. Kept for ever unless set.
    pub events: Option<Duration>,
}

/// Thins out all accounts by age, a thousand rows in a transaction, and returns how it went; `progress` is told after each
/// account. Done again, it goes on where it stood.
///
/// # Errors
/// [`Error::Invalid`] names an age that no time lies back; else as [`system::for_each_account`].
pub async fn prune(
    scope: &SystemScope,
    retention: Retention,
    progress: impl FnMut(&Progress),
) -> Result<Swept<Error>, Error> {
    let before = prune::before(retention)?;
    system::for_each_account(scope, Sweep::default(), progress, async |tenant: Tenant| {
        prune::account(&tenant, before).await
    })
    .await
}

/// Takes out of what is kept what tells whom it was about.
async fn depersonalize(tenant: &Tenant) -> Result<(), Error> {
    let erased = || ERASED.to_owned();
    let guard = &tenant.guard;
    Update::<Accounts>::new()
        .set(Accounts::NAME, erased())
        .all_of_account()
        .execute(guard)
        .await?;
    Update::<StripePayments>::new()
        .set(StripePayments::BUYER, erased())
        .set(StripePayments::PAY_FOR_ID, erased())
        .set(StripePayments::DESCRIPTION, None)
        .set(StripePayments::METADATA, None)
        .all_of_account()
        .execute(guard)
        .await?;
    Update::<PayOuts>::new()
        .set(PayOuts::CONNECTED_ACCOUNT, erased())
        .set_to_id(PayOuts::IDEMPOTENCY_KEY)
        .all_of_account()
        .execute(guard)
        .await?;
    pseudonyms(tenant).await?;
    without_content().all_of_account().execute(guard).await?;
    Ok(())
}

/// Each payee by a number: the sums per payee stay, the payee's name doesn't.
async fn pseudonyms(tenant: &Tenant) -> Result<(), Error> {
    let guard = &tenant.guard;
    let shares = Select::<PaymentShareTracking>::new();
    let shares = shares.group_by(PaymentShareTracking::PAYEE, (rows(),), guard);
    let mut payees: Vec<String> = shares.await?.into_iter().map(|(payee, _)| payee).collect();
    let payouts = Select::<PayOuts>::new().group_by(PayOuts::PAYEE, (rows(),), guard);
    payees.extend(payouts.await?.into_iter().map(|(payee, _)| payee));
    payees.retain(|payee| payee != CREATOR && payee != PLATFORM);
    payees.sort();
    payees.dedup();
    for (number, payee) in payees.into_iter().enumerate() {
        // Made of a UUID, so that it is no other payee's name.
        let pseudonym = format!("{ERASED}-{}-{number}", Uuid::now_v7().simple());
        Update::<PaymentShareTracking>::new()
            .set(PaymentShareTracking::PAYEE, pseudonym.clone())
            .filter(PaymentShareTracking::PAYEE.eq(payee.clone()))
            .execute(guard)
            .await?;
        Update::<PayOuts>::new()
            .set(PayOuts::PAYEE, pseudonym)
            .filter(PayOuts::PAYEE.eq(payee))
            .execute(guard)
            .await?;
    }
    Ok(())
}

fn without_content() -> Update<PaymentSystemLogs> {
    Update::<PaymentSystemLogs>::new()
        .set(PaymentSystemLogs::DATA, None)
        .set(PaymentSystemLogs::SALT, None)
}

async fn tables(tenant: &Tenant) -> Result<Vec<WholeTable>, Error> {
    Ok(whole::tables(Accounts::TABLE, &tenant.guard).await?)
}

async fn plan(tenant: &Tenant, tables: &[WholeTable]) -> Result<ErasurePlan, Error> {
    let mut planned = Vec::with_capacity(tables.len());
    for table in tables.iter().rev() {
        let fate = match (is_kept(table), table.can_delete()) {
            (true, _) => Fate::Kept,
            (false, true) => Fate::Deleted,
            (false, false) => Fate::OutOfReach,
        };
        let rows = match table.in_reach() {
            true => Some(table.count(&tenant.guard).await?),
            false => None,
        };
        planned.push(ErasedTable {
            table: table.name().to_owned(),
            rows,
            fate,
        });
    }
    Ok(ErasurePlan {
        account: tenant.account().as_uuid(),
        tables: planned,
    })
}

fn is_kept(table: &WholeTable) -> bool {
    KEPT.contains(&table.name())
}

fn reachable(table: &WholeTable) -> Result<&WholeTable, Error> {
    match table.in_reach() {
        true => Ok(table),
        false => Err(Error::Rejected(Reason::OutOfReach)),
    }
}

fn text(line: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(line).map_err(|_| Error::Internal)
}

fn parsed<'l, T: Deserialize<'l>>(line: &'l str, part: &'static str) -> Result<T, Error> {
    serde_json::from_str(line).map_err(|_| Error::invalid(part, "not_of_an_export"))
}
