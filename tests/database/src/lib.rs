//! A migrated database for a test, on the server that all tests share.
//!
//! The migrations are applied once, to a template; each test gets a clone of it. Nothing here is asynchronous: a program
//! of asynchronous tests calls it in a thread of its own.

use dev_server::{Login, Scratch, TestServer};

/// Why there is no database.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no usable server, or it refuses.
    #[error(transparent)]
    Server(#[from] dev_server::Error),
    /// A migration can't be applied.
    #[error("the migrations can't be applied: {0}")]
    Migration(#[from] migration::Error),
    /// The system gives no runtime to apply them in.
    #[error("the migrations can't be applied: {0}")]
    Runtime(#[from] std::io::Error),
}

/// A database with all migrations applied and no rows, dropped when it goes out of scope.
///
/// # Errors
/// [`Error::Server`] says what was tried and how to get a server; [`Error::Migration`] which one failed.
pub fn migrated() -> Result<Scratch, Error> {
    let server = TestServer::shared()?;
    let template = template(&server)?;
    Ok(Scratch::new(&server, "test", Some(&template))?)
}

/// The name of the database that has all migrations applied, and no rows: to clone, not to change.
///
/// # Errors
/// As [`migrated`].
pub fn template(server: &TestServer) -> Result<String, Error> {
    server.template(env!("MIGRATIONS"), |database| {
        migrate(server.url(Login::Owner, database)?)
    })
}

fn migrate(url: String) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    Ok(runtime.block_on(migration::up(url))?)
}
