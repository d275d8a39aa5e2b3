use std::fmt;

use sea_query::{
    BinOper, CommonTableExpression, Expr, ExprTrait, Func, Order, Query, SelectStatement,
    UnionType, WithClause,
};
use tracing::{Instrument, field::Empty};

use crate::{
    AccountId, Column, Distance, Error, Predicate, Select, Tenant, TenantScoped, VectorType,
    mutant::Mutant,
    statement::{Operation, Settings, Statement, account_test},
    value::{Cells, DecodeError, Param, Value},
};

/// The rows of `T` whose vectors are nearest to a given one, the nearest first; equally near ones by their key.
///
/// An index of vectors knows no account: it is walked from the nearest vector of all accounts, and what isn't wanted is
/// left out afterwards, so that an account whose vectors lie elsewhere gets too few rows, or none. Therefore
///
/// - when few rows match (see [`Nearest::exact_up_to`]), their distances are all computed, and no index is asked,
/// - else the index is walked on until there are enough rows (`hnsw.iterative_scan`), and what comes is sorted again,
/// - and when they still are too few, all distances are computed after all.
///
/// So there are always as many rows as asked for, or all that match. The first two are one statement, which the server
/// decides between, and one flight. Which one answered is in the span, as `app_db.nearest.path`.
pub struct Nearest<T: TenantScoped> {
    filter: Option<Predicate<T>>,
    column: &'static str,
    to: Value,
    distance: Distance,
    rows: u32,
    exact_up_to: Option<u32>,
}

impl<T: TenantScoped> fmt::Debug for Nearest<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nearest(…)")
    }
}

/// What [`Nearest`] found, and by which way.
struct Found<R> {
    rows: Vec<(R, f64)>,
    exact: bool,
}

impl<T: TenantScoped> Select<T> {
    /// At most `rows` of the rows that match the filter, those whose vector in `column` is nearest to `to`; an order,
    /// limit or lock that was asked for before is of no meaning.
    pub fn nearest<V: VectorType, A>(
        self,
        column: Column<T, V, A>,
        distance: Distance,
        to: V,
        rows: u32,
    ) -> Nearest<T> {
        Nearest {
            filter: self.into_filter(),
            column: column.name(),
            to: to.into_value(),
            distance,
            rows,
            exact_up_to: None,
        }
    }
}

impl<T: TenantScoped> Nearest<T> {
    /// Asks the index when more than so many rows match; unless this is said, no index is asked.
    #[must_use]
    pub const fn exact_up_to(mut self, rows: u32) -> Self {
        self.exact_up_to = Some(rows);
        self
    }

    /// The rows, each with its distance; the vectors themselves are left out, and empty.
    ///
    /// # Errors
    /// [`Error`], as the server or the connection gives it.
    pub async fn all(self, tenant: &Tenant) -> Result<Vec<(T::Row, f64)>, Error> {
        let span = tracing::debug_span!(
            "nearest",
            db.collection.name = T::TABLE.name,
            app_db.nearest.path = Empty,
        );
        let found = self.find(tenant).instrument(span.clone()).await?;
        let path = if found.exact { "exact" } else { "index" };
        span.record("app_db.nearest.path", path);
        Ok(found.rows)
    }

    async fn find(self, tenant: &Tenant) -> Result<Found<T::Row>, Error> {
        if self.exact_up_to.is_some() {
            let found = self.run(self.exact_up_to, tenant).await?;
            if found.exact || found.rows.len() as u64 == u64::from(self.rows) {
                return Ok(found);
            }
        }
        self.run(None, tenant).await
    }

    async fn run(&self, exact_up_to: Option<u32>, tenant: &Tenant) -> Result<Found<T::Row>, Error> {
        let statement = self.statement(exact_up_to, tenant.account())?;
        let result = tenant.run(statement).await?;
        // Without any row it isn't known which way was taken.
        let mut exact = exact_up_to.is_none();
        let mut read = |row| {
            let mut cells = Cells::of(row);
            let row = T::decode(&mut cells)?;
            let distance = cells.number()?;
            exact = cells.read()?;
            Ok((row, distance))
        };
        let rows: Result<Vec<_>, DecodeError> = result.rows.iter().map(&mut read).collect();
        let rows = rows.map_err(|_| Error::Unreadable)?;
        Ok(Found { rows, exact })
    }

    /// All distances, or, when more than `exact_up_to` rows match, what the index says.
    pub(crate) fn statement(
        &self,
        exact_up_to: Option<u32>,
        account: AccountId,
    ) -> Result<Statement, Error> {
        let table = T::TABLE;
        let key = table.id.ok_or(Error::Unreadable)?;
        let mut with = WithClause::new();
        let mut own = self.distances(key, account)?;
        let mut found = Query::select();
        found.columns([key, DISTANCE]).from("own");
        let mut exact = Expr::cust("TRUE");
        if let Some(most) = exact_up_to {
            exact = few();
            with.cte(materialized("few", self.are_few(most, account)?));
            own.and_where(few());
            let mut near = self.distances(key, account)?;
            near.and_where(few().not())
                .order_by(DISTANCE, Order::Asc)
                .limit(self.rows.into());
            with.cte(materialized("near", near));
            let mut near = Query::select();
            near.columns([key, DISTANCE]).from("near");
            found.union(UnionType::All, near);
        }
        with.cte(materialized("own", own));
        found
            .order_by(DISTANCE, Order::Asc)
            .order_by(key, Order::Asc)
            .limit(self.rows.into());

        let mut query = Query::select();
        for column in table.columns {
            if column.name == self.column {
                query.expr(Expr::cust("NULL").cast_as("vector"));
            } else {
                query.column((table.name, column.name));
            }
        }
        query
            .column(("found", DISTANCE))
            .expr(exact)
            .from_subquery(found, "found")
            .inner_join(
                table.name,
                Expr::col((table.name, key)).eq(Expr::col(("found", key))),
            )
            .and_where(account_test(table, account, Mutant::NearestAccount))
            .order_by(("found", DISTANCE), Order::Asc)
            .order_by(("found", key), Order::Asc);
        let statement = Statement::of(&query.with(with), Operation::Select, table);
        Ok(statement.with_settings(exact_up_to.map(|_| self.settings())))
    }

    fn matching(&self) -> Select<T> {
        match &self.filter {
            Some(filter) => Select::new().filter(filter.clone()),
            None => Select::new(),
        }
    }

    /// Key and distance of each matching row.
    fn distances(&self, key: &'static str, account: AccountId) -> Result<SelectStatement, Error> {
        let mut query = self.matching().query(account)?;
        query
            .column((T::TABLE.name, key))
            .expr_as(self.distance(), DISTANCE);
        Ok(query)
    }

    fn distance(&self) -> Expr {
        let operator = BinOper::Custom(self.distance.operator());
        let to = Expr::val(self.to.0.clone()).cast_as("vector");
        Expr::col((T::TABLE.name, self.column)).binary(operator, to)
    }

    /// Whether at most so many rows match, of which no more are looked at.
    fn are_few(&self, most: u32, account: AccountId) -> Result<SelectStatement, Error> {
        let mut bounded = self.matching().query(account)?;
        bounded
            .expr(Expr::cust("1"))
            .limit(u64::from(most).saturating_add(1));
        let mut few = Query::select();
        let rows = Expr::from(Func::count(Expr::col(sea_query::Asterisk)));
        few.expr_as(rows.lte(i64::from(most)), "few")
            .from_subquery(bounded, "bounded");
        Ok(few)
    }

    /// What lets the server walk an index on, until the transaction ends.
    fn settings(&self) -> Settings {
        // The wider the walk, the better is what it finds: at most 1,000, as pgvector allows.
        let breadth = self.rows.saturating_mul(2).clamp(200, 1_000);
        Settings {
            sql: SETTINGS,
            params: vec![Param(sea_query::Value::String(Some(breadth.to_string())))],
        }
    }
}

/// The walk goes on while rows are wanted; 20,000 rows are looked at, in memory for as many. Each call is planned anew: a
/// plan for any account knows nothing of how many rows the account has.
const SETTINGS: &str = "SELECT set_config('hnsw.ef_search', $1, true), \
     set_config('hnsw.iterative_scan', 'relaxed_order', true), \
     set_config('hnsw.max_scan_tuples', '20000', true), \
     set_config('hnsw.scan_mem_multiplier', '4', true), \
     set_config('plan_cache_mode', 'force_custom_plan', true)";

const DISTANCE: &str = "distance";

fn few() -> Expr {
    Expr::from(Query::select().column("few").from("few").take())
}

fn materialized(name: &'static str, query: SelectStatement) -> CommonTableExpression {
    CommonTableExpression::new()
        .query(query)
        .table_name(name)
        .materialized(true)
        .to_owned()
}
