use crate::{
    Db, Error,
    statement::{Operation, Statement},
    value::Param,
};

/// How an index stands over all accounts, as the server estimates it. No row is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexState {
    /// Rows of its table that are there.
    pub rows: u64,
    /// Rows that were removed or changed, and not vacuumed yet.
    pub dead_rows: u64,
    /// Its size.
    pub bytes: u64,
    /// How many pages that is.
    pub pages: u64,
    /// Whether it is used; not where making it was interrupted.
    pub valid: bool,
}

const STATE: &str = "SELECT greatest(s.n_live_tup, 0), greatest(s.n_dead_tup, 0), pg_relation_size(i.indexrelid),
    pg_relation_size(i.indexrelid) / current_setting('block_size')::bigint, i.indisvalid
  FROM pg_index i JOIN pg_stat_user_tables s ON s.relid = i.indrelid WHERE i.indexrelid = to_regclass($1)";

impl IndexState {
    /// The state of an index; nothing when there is none of that name.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for any login but the system's, since it tells of all accounts together.
    pub async fn of(index: &'static str, db: &Db) -> Result<Option<Self>, Error> {
        let name = Param(sea_query::Value::String(Some(index.to_owned())));
        let statement = Statement::new(STATE.to_owned(), vec![name], Operation::Select, "pg_index");
        let found = db.run_of_catalogue(statement).await?;
        let read = |row: &tokio_postgres::Row| {
            let number = |at| Ok(u64::try_from(row.try_get::<_, i64>(at)?).unwrap_or_default());
            Ok::<_, tokio_postgres::Error>(Self {
                rows: number(0)?,
                dead_rows: number(1)?,
                bytes: number(2)?,
                pages: number(3)?,
                valid: row.try_get(4)?,
            })
        };
        let state = found.rows.first().map(read).transpose();
        state.map_err(|_| Error::Unreadable)
    }
}
