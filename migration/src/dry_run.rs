//! The SQL that a migration would run, collected instead of run.

use std::sync::{Arc, Mutex, PoisonError};

use sea_orm_migration::sea_orm::{
    ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, ProxyDatabaseTrait,
    ProxyExecResult, ProxyRow, Statement, from_query_result_to_proxy_row,
};

/// A connection that writes statements down. Questions are put to the real database, as it is now.
pub(crate) struct Recording {
    /// What migrations are given.
    pub(crate) db: DatabaseConnection,
    statements: Arc<Mutex<Vec<String>>>,
}

impl Recording {
    /// Asks what it has to ask of this database.
    pub(crate) async fn of(real: &DatabaseConnection) -> Result<Self, DbErr> {
        let statements = Arc::default();
        let recorder = Recorder {
            real: real.clone(),
            statements: Arc::clone(&statements),
            depth: Mutex::default(),
        };
        let db = Database::connect_proxy(DbBackend::Postgres, Arc::new(Box::new(recorder))).await?;
        Ok(Self { db, statements })
    }

    /// What was to be run until now, in order, each without its semicolon.
    pub(crate) fn statements(&self) -> Vec<String> {
        lock(&self.statements).clone()
    }
}

/// What a question begins with that only a statement before it would let the database answer.
const UNANSWERED: &str = "-- can't be answered yet:";

/// A statement with its semicolon, if it is one.
pub(crate) fn terminated(statement: &str) -> String {
    let last = statement.lines().next_back().unwrap_or_default();
    if statement.starts_with(UNANSWERED) {
        statement.to_owned()
    } else if last.contains("--") {
        // It may end in a comment.
        format!("{statement}\n;")
    } else {
        format!("{statement};")
    }
}

#[derive(Debug)]
struct Recorder {
    real: DatabaseConnection,
    statements: Arc<Mutex<Vec<String>>>,
    depth: Mutex<u32>,
}

impl Recorder {
    fn record(&self, statement: impl Into<String>) {
        lock(&self.statements).push(statement.into());
    }

    fn end(&self, outermost: &str, inner: &str) {
        let mut depth = lock(&self.depth);
        *depth = depth.saturating_sub(1);
        let statement = match *depth {
            0 => outermost.to_owned(),
            depth => format!("{inner} s{depth}"),
        };
        self.record(statement);
    }
}

#[async_trait::async_trait]
impl ProxyDatabaseTrait for Recorder {
    async fn query(&self, statement: Statement) -> Result<Vec<ProxyRow>, DbErr> {
        let text = statement.to_string();
        let asks = |text: &str| {
            let first = text.split_whitespace().next().unwrap_or_default();
            ["select", "show", "with", "values"]
                .iter()
                .any(|word| first.eq_ignore_ascii_case(word))
        };
        if !asks(&text) {
            self.record(text);
            return Ok(Vec::new());
        }
        match self.real.query_all_raw(statement).await {
            Ok(rows) => Ok(rows.iter().map(from_query_result_to_proxy_row).collect()),
            // Of what a statement before it would have made.
            Err(error) => {
                let asked = text.split_whitespace().collect::<Vec<_>>().join(" ");
                let error = error.to_string();
                let error = error.lines().next().unwrap_or_default();
                self.record(format!("{UNANSWERED} {asked}: {error}"));
                Ok(Vec::new())
            }
        }
    }

    /// Says that a row was changed: a data step that changes none would fail.
    async fn execute(&self, statement: Statement) -> Result<ProxyExecResult, DbErr> {
        let text = statement.to_string();
        self.record(text.trim().trim_end_matches(';'));
        Ok(ProxyExecResult::new(0, 1))
    }

    async fn begin(&self) {
        let mut depth = lock(&self.depth);
        let statement = match *depth {
            0 => "BEGIN".to_owned(),
            depth => format!("SAVEPOINT s{depth}"),
        };
        *depth += 1;
        self.record(statement);
    }

    async fn commit(&self) {
        self.end("COMMIT", "RELEASE SAVEPOINT");
    }

    async fn rollback(&self) {
        self.end("ROLLBACK", "ROLLBACK TO SAVEPOINT");
    }

    fn start_rollback(&self) {
        self.end("ROLLBACK", "ROLLBACK TO SAVEPOINT");
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A panic while it was locked left it whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::terminated;

    #[test]
    fn statements_end_where_the_next_begins() {
        assert_eq!(terminated("SELECT 1"), "SELECT 1;");
        assert_eq!(terminated("-- why\nSELECT 1"), "-- why\nSELECT 1;");
        assert_eq!(terminated("SELECT 1 -- why"), "SELECT 1 -- why\n;");
        assert_eq!(
            terminated("-- can't be answered yet: SELECT 1"),
            "-- can't be answered yet: SELECT 1"
        );
    }
}
