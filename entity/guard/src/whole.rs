//! An account as a whole, table by table, as the database's own catalogue has them: what is there is found, not named.

use std::{collections::BTreeSet, fmt};

use sea_query::Value as Bound;
use serde_json::Value as Json;

use crate::{
    AccountId, Error, Tenant,
    mutant::{self, Mutant},
    statement::{Operation, Statement, account_value},
    value::{Param, json_has_nul},
};

/// How many rows are fetched at once.
const AT_ONCE: u32 = 200;
/// The name of the one cursor of a transaction.
const CURSOR: &str = "whole_account";
/// What these statements are about, for their spans.
const ABOUT: &str = "accounts";

/// A table that has rows of accounts.
#[derive(Clone, PartialEq, Eq)]
pub struct WholeTable {
    name: String,
    /// The name as SQL, with its schema, quoted by the server.
    sql: String,
    tenant: String,
    tenant_sql: String,
    columns: BTreeSet<String>,
    order: String,
    in_reach: bool,
    can_delete: bool,
    parents: Vec<String>,
}

impl fmt::Debug for WholeTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WholeTable({})", self.name)
    }
}

/// Every table with a column `account_id`, and `root` with its own, parents before the tables that refer to them.
///
/// # Errors
/// As every statement; [`Error::Unreadable`] when tables refer to each other in a circle.
pub async fn tables(
    root: &'static crate::Table,
    tenant: &Tenant,
) -> Result<Vec<WholeTable>, Error> {
    let statement = Statement::new(
        include_str!("whole_tables.sql").to_owned(),
        vec![text(root.name), text(root.tenant)],
        Operation::Select,
        ABOUT,
    );
    let found = tenant.run(statement).await?;
    let mut tables = Vec::with_capacity(found.rows.len());
    for row in &found.rows {
        let table = read(row).map_err(|_| Error::Unreadable)?;
        tables.push(table);
    }
    parents_first(tables)
}

fn read(row: &tokio_postgres::Row) -> Result<WholeTable, tokio_postgres::Error> {
    Ok(WholeTable {
        name: row.try_get(0)?,
        sql: row.try_get(1)?,
        tenant: row.try_get(2)?,
        tenant_sql: row.try_get(3)?,
        columns: row.try_get::<_, Vec<String>>(4)?.into_iter().collect(),
        order: row.try_get(5)?,
        in_reach: row.try_get(6)?,
        can_delete: row.try_get(7)?,
        parents: row.try_get(8)?,
    })
}

fn parents_first(mut left: Vec<WholeTable>) -> Result<Vec<WholeTable>, Error> {
    let mut sorted: Vec<WholeTable> = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let waiting: BTreeSet<String> = left.iter().map(|table| table.sql.clone()).collect();
        let free = |table: &WholeTable| {
            let mut parents = table.parents.iter();
            parents.all(|parent| *parent == table.sql || !waiting.contains(parent))
        };
        let (ready, rest): (Vec<_>, Vec<_>) = left.into_iter().partition(free);
        if ready.is_empty() {
            return Err(Error::Unreadable);
        }
        sorted.extend(ready);
        left = rest;
    }
    Ok(sorted)
}

impl WholeTable {
    /// The table's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the login may read its rows.
    #[must_use]
    pub const fn in_reach(&self) -> bool {
        self.in_reach
    }

    /// Whether the login may delete its rows.
    #[must_use]
    pub const fn can_delete(&self) -> bool {
        self.can_delete
    }

    /// How many rows the handle's account has in it.
    ///
    /// # Errors
    /// As every statement.
    pub async fn count(&self, tenant: &Tenant) -> Result<u64, Error> {
        let sql = format!(
            "SELECT count(*) FROM {} t WHERE {}",
            self.sql,
            self.own_rows()
        );
        let found = tenant
            .run(of_account(sql, Operation::Select, tenant))
            .await?;
        let row = found.rows.first().ok_or(Error::Unreadable)?;
        let count: i64 = row.try_get(0).map_err(|_| Error::Unreadable)?;
        u64::try_from(count).map_err(|_| Error::Unreadable)
    }

    /// Begins to read the account's rows, in the order of the key; inside a transaction alone, one table after the other.
    ///
    /// # Errors
    /// As every statement.
    pub async fn open(&self, tenant: &Tenant) -> Result<(), Error> {
        let sql = format!(
            "DECLARE {CURSOR} NO SCROLL CURSOR FOR SELECT to_jsonb(t)::text FROM {} t WHERE {} ORDER BY {}",
            self.sql,
            self.own_rows(),
            self.order
        );
        let declare = of_account(sql, Operation::Select, tenant);
        tenant.run(declare).await.map(drop)
    }

    /// The next rows as JSON objects, columns by name; none after the last, which ends the reading.
    ///
    /// # Errors
    /// As every statement.
    pub async fn next(&self, tenant: &Tenant) -> Result<Vec<String>, Error> {
        let found = tenant
            .run(plain(format!("FETCH {AT_ONCE} FROM {CURSOR}")))
            .await?;
        if found.rows.is_empty() {
            tenant.run(plain(format!("CLOSE {CURSOR}"))).await?;
        }
        let texts = found.rows.iter().map(|row| row.try_get(0));
        texts
            .collect::<Result<_, _>>()
            .map_err(|_| Error::Unreadable)
    }

    /// Adds rows as [`WholeTable::next`] gave them, keys and all; they have to be the handle's account's.
    ///
    /// They travel as the text that they came in: read as numbers of this program, some would lose digits.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a row of another account, or of a table with other columns.
    pub async fn insert(&self, rows: &[impl AsRef<str>], tenant: &Tenant) -> Result<u64, Error> {
        let mut all = String::from("[");
        for row in rows {
            self.check(row.as_ref(), tenant.account())?;
            if all.len() > 1 {
                all.push(',');
            }
            all.push_str(row.as_ref());
        }
        all.push(']');
        let statement = Statement::new(
            format!(
                "INSERT INTO {0} SELECT r.* FROM jsonb_populate_recordset(NULL::{0}, $1::text::jsonb) r WHERE r.{1} = $2",
                self.sql, self.tenant_sql
            ),
            vec![text(&all), Param(account_value(tenant.account()))],
            Operation::Insert,
            ABOUT,
        );
        Ok(tenant.run(statement).await?.affected)
    }

    /// Deletes all of the account's rows, and returns how many there were.
    ///
    /// # Errors
    /// As every statement.
    pub async fn delete(&self, tenant: &Tenant) -> Result<u64, Error> {
        let sql = format!("DELETE FROM {} t WHERE {}", self.sql, self.own_rows());
        let deleted = tenant
            .run(of_account(sql, Operation::Delete, tenant))
            .await?;
        Ok(deleted.affected)
    }

    /// The account test of the table `t`.
    fn own_rows(&self) -> String {
        if mutant::on(Mutant::WholeAccount) {
            return "$1::uuid IS NOT NULL".to_owned();
        }
        format!("t.{} = $1", self.tenant_sql)
    }

    fn check(&self, row: &str, account: AccountId) -> Result<(), Error> {
        let row: Json = serde_json::from_str(row).map_err(|_| invalid("not_json"))?;
        if json_has_nul(&row) {
            return Err(invalid("nul_character"));
        }
        let row = row.as_object().ok_or(invalid("not_an_object"))?;
        let known = row.keys().all(|column| self.columns.contains(column));
        if row.len() != self.columns.len() || !known {
            return Err(invalid("other_columns"));
        }
        let of = row.get(&self.tenant).and_then(Json::as_str);
        match of.map(uuid::Uuid::parse_str) {
            _ if mutant::on(Mutant::WholeRows) => Ok(()),
            Some(Ok(of)) if of == account.as_uuid() => Ok(()),
            _ => Err(invalid("another_account")),
        }
    }
}

const fn invalid(code: &'static str) -> Error {
    Error::Invalid { field: "row", code }
}

fn text(text: &str) -> Param {
    Param(Bound::String(Some(text.to_owned())))
}

fn plain(sql: String) -> Statement {
    Statement::new(sql, Vec::new(), Operation::Select, ABOUT)
}

fn of_account(sql: String, operation: Operation, tenant: &Tenant) -> Statement {
    Statement::new(
        sql,
        vec![Param(account_value(tenant.account()))],
        operation,
        ABOUT,
    )
}
