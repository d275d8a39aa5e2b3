use sea_query::{
    CommonTableExpression, Expr, ExprTrait, Func, OnConflict, Query, Value, WithClause, WithQuery,
};

use crate::{
    AccountId, Assignment, Column, Error, Settable, Tenant, TenantScoped,
    mutant::Mutant,
    rendered::{Kind, Shape},
    statement::{Operation, Statement, account_test, account_value},
    table::checked,
};

/// A row to be appended to a chain.
pub struct Append(pub(crate) Statement);

impl std::fmt::Debug for Append {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Append(…)")
    }
}

/// An append-only table whose rows are chained, and the table that holds each account's end of the chain.
///
/// Each row's hash is `sha256(hash of the row before ‖ digest of this row)`; the first follows the empty text.
#[derive(Clone, Copy, Debug)]
pub struct Chain<L: TenantScoped, H: TenantScoped> {
    /// The row's place, from 1 without gaps.
    pub seq: Column<L, i64, Settable>,
    /// The row's own digest.
    pub digest: Column<L, Vec<u8>, Settable>,
    /// The row's hash.
    pub hash: Column<L, Vec<u8>, Settable>,
    /// The last row's place.
    pub head_seq: Column<H, i64, Settable>,
    /// The last row's hash.
    pub head_hash: Column<H, Vec<u8>, Settable>,
}

impl<L: TenantScoped, H: TenantScoped> Chain<L, H> {
    /// A row to append as a transaction's last statement, by
    /// [`TransactionEnd::commit_with`](crate::TransactionEnd::commit_with).
    ///
    /// # Errors
    /// [`Error::Invalid`] for a value that can't be stored.
    pub fn last(&self, new: L::New, digest: Vec<u8>, account: AccountId) -> Result<Append, Error> {
        self.statement(new, digest, account).map(Append)
    }

    /// Appends a row in one statement, which holds the account's end of the chain until the transaction ends.
    ///
    /// Let it be a transaction's last statement: taken early, the end of the chain makes others wait, and deadlocks.
    ///
    /// # Errors
    /// [`Error`], as the server or the connection gives it.
    pub async fn append(&self, new: L::New, digest: Vec<u8>, tenant: &Tenant) -> Result<(), Error> {
        let statement = self.statement(new, digest, tenant.account())?;
        tenant.run(statement).await.map(drop)
    }

    pub(crate) fn statement(
        &self,
        new: L::New,
        digest: Vec<u8>,
        account: AccountId,
    ) -> Result<Statement, Error> {
        let (log, head) = (L::TABLE, H::TABLE);
        let own = [Assignment::new(self.digest.name(), digest.clone())];
        let row = checked(log, L::new_values(new).into_iter().chain(own))?;
        let mut shape = Shape::of(Kind::Append, log);
        shape.table(head);
        let names = [self.seq.name(), self.hash.name()];
        let ends = [self.head_seq.name(), self.head_hash.name()];
        shape.names([names, ends].concat().into_iter());
        shape.names(row.iter().map(|value| value.column));
        let digest: Value = digest.into();
        let text = shape.text(|| self.query(row.clone(), &digest, account))?;
        let account = account_value(account);
        let one: Value = 1_i64.into();
        let end = [&account, &one, &digest, &one, &digest, &account, &account];
        let mut values: Vec<Value> = end.into_iter().cloned().collect();
        values.extend(row.into_iter().map(|value| value.value.0));
        let mut statement = text.bind(values, Operation::Insert, log);
        // Its account stands first in the end of the chain, not in the row: it has no fast form.
        statement.gated = None;
        Ok(statement)
    }

    fn query(
        &self,
        values: Vec<Assignment>,
        digest: &Value,
        account: AccountId,
    ) -> Result<WithQuery, Error> {
        let (log, head) = (L::TABLE, H::TABLE);
        let (head_seq, head_hash) = (self.head_seq.name(), self.head_hash.name());
        let sha256 = |of: Expr| Expr::from(Func::cust("sha256").arg(of));
        let step = |before: Expr| {
            let digest = Expr::val(digest.clone()).cast_as("bytea");
            sha256(before.binary(sea_query::BinOper::Custom("||"), digest))
        };
        let mut advance = OnConflict::column(head.tenant);
        advance
            .value(head_seq, self.head_seq.expr().add(1_i64))
            .value(head_hash, step(self.head_hash.expr()))
            .action_and_where(account_test(head, account, Mutant::ChainAccount));
        let mut end = Query::insert();
        end.into_table(head.name)
            .columns([head.tenant, head_seq, head_hash])
            .values_panic([
                Expr::val(account_value(account)),
                Expr::val(1_i64),
                step(Expr::cust("''::bytea")),
            ])
            .on_conflict(advance)
            .returning(Query::returning().columns([head_seq, head_hash]));

        let mut columns = vec![log.tenant];
        let mut row = Query::select();
        row.expr(Expr::val(account_value(account)).cast_as("uuid"));
        for Assignment { column, value } in values {
            let ty = log.sql_type(column).ok_or(Error::Unreadable)?;
            columns.push(column);
            row.expr(Expr::val(value.0).cast_as(ty));
        }
        for (column, of) in [(self.seq.name(), head_seq), (self.hash.name(), head_hash)] {
            columns.push(column);
            row.column(("chain_end", of));
        }
        row.from("chain_end");
        let mut insert = Query::insert();
        insert.into_table(log.name).columns(columns);
        insert.select_from(row).map_err(|_| Error::Unreadable)?;
        let end = CommonTableExpression::new()
            .query(end)
            .table_name("chain_end")
            .to_owned();
        Ok(insert.with(WithClause::new().cte(end).to_owned()))
    }
}
