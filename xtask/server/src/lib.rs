//! A PostgreSQL with pgvector on any machine, for development and tests.
//!
//! [`Server`] chooses a server (one that the user brings, installed binaries, or a downloaded
//! package), says which and why, and makes the roles of [`roles`] and databases on it.
//! [`TestServer`] is one server that all test processes of a user share, [`Scratch`] a database on
//! it, and [`PrivateServer`] a throw-away server that a test may kill. SQL runs through the server's own `psql`; there is no
//! driver here, so that this crate compiles in seconds.

mod account;
mod binaries;
mod brought;
mod choice;
mod client;
mod cluster;
mod config;
mod database;
mod download;
mod error;
mod find;
mod folder;
mod home;
mod lock;
mod passwords;
mod private;
mod process;
mod psql;
pub mod roles;
mod scram;
mod scratch;
mod secret;
mod server;
mod test_server;
mod url;
mod version;
mod wheel;

pub use crate::choice::Wanted;
pub use crate::client::Client;
pub use crate::error::Error;
pub use crate::passwords::Passwords;
pub use crate::private::{PrivateServer, PrivateServerBuilder};
pub use crate::roles::Login;
pub use crate::scratch::Scratch;
pub use crate::secret::Secret;
pub use crate::server::{Server, Status};
pub use crate::test_server::TestServer;
pub use crate::url::DatabaseUrl;
pub use crate::version::Version;

/// What functions of this crate return.
pub type Result<T, E = Error> = std::result::Result<T, E>;
