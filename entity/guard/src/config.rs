use std::{env, fmt, path::PathBuf, str::FromStr, time::Duration};

/// How to reach the database, and the bounds on what a caller can ask of it.
///
/// `Debug` masks the password.
#[derive(Clone)]
#[must_use]
pub struct Config {
    pub(crate) driver: tokio_postgres::Config,
    pub(crate) ssl_mode: SslMode,
    pub(crate) ssl_root_cert: Option<PathBuf>,
    pub(crate) pool_size: usize,
    account_share: Option<usize>,
    pub(crate) acquire_timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) statement_timeout: Duration,
    pub(crate) lock_timeout: Duration,
    pub(crate) idle_in_transaction_timeout: Duration,
    pub(crate) statement_cache: usize,
    pub(crate) slow_statement: Duration,
    pub(crate) trace_account: bool,
    pub(crate) citus: bool,
    pub(crate) fast_form: bool,
}

/// The meanings of libpq's `sslmode` (PostgreSQL documentation, "SSL Support", table 32.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SslMode {
    /// Never encrypted.
    Disable,
    /// Encrypted if the server offers it; the default, as in libpq.
    Prefer,
    /// Encrypted; the certificate is checked only when a root certificate is given, as in libpq.
    Require,
    /// Encrypted, with a certificate that a trusted root signed.
    VerifyCa,
    /// Encrypted, with a certificate that a trusted root signed for this host's name.
    VerifyFull,
}

/// The isolation level of a transaction (PostgreSQL documentation, chapter 13.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isolation {
    /// Each statement sees what was committed before it.
    #[default]
    ReadCommitted,
    /// All statements see one snapshot.
    RepeatableRead,
    /// As if transactions ran one after the other.
    Serializable,
}

/// The configuration can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The environment variable is not set.
    #[error("{0} is not set")]
    Missing(&'static str),
    /// Not of the form `postgres://user:password@host:port/database?sslmode=…`.
    #[error(
        "the database URL can't be read: it has to be postgres://user:password@host:port/database"
    )]
    Url,
    /// An unknown `sslmode`.
    #[error("sslmode has to be disable, prefer, require, verify-ca or verify-full")]
    SslMode,
    /// The root certificates can't be read.
    #[error("the root certificates can't be read: {0}")]
    RootCertificates(String),
}

impl Config {
    /// From `postgres://user:password@host:port/database`, with libpq's parameters after a `?`.
    ///
    /// # Errors
    /// [`ConfigError`] when the URL or its `sslmode` can't be read; the URL itself is not repeated.
    pub fn from_url(url: &str) -> Result<Self, ConfigError> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(ConfigError::Url);
        }
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let mut ssl_mode = SslMode::Prefer;
        let mut ssl_root_cert = None;
        let mut rest = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", mode)) => ssl_mode = mode.parse()?,
                Some(("sslrootcert", path)) => ssl_root_cert = Some(percent_decoded(path)?.into()),
                _ => rest.push(pair),
            }
        }
        let url = format!("{base}?{}", rest.join("&"));
        let mut driver: tokio_postgres::Config = url.parse().map_err(|_| ConfigError::Url)?;
        if driver.get_hosts().is_empty() || driver.get_user().is_none() {
            return Err(ConfigError::Url);
        }
        if driver.get_application_name().is_none() {
            driver.application_name("app-db");
        }
        driver.tcp_user_timeout(Duration::from_secs(30));
        Ok(Self {
            driver,
            ssl_mode,
            ssl_root_cert,
            pool_size: 10,
            account_share: None,
            acquire_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(5),
            idle_in_transaction_timeout: Duration::from_secs(30),
            statement_cache: 256,
            slow_statement: Duration::from_millis(500),
            trace_account: false,
            citus: false,
            fast_form: true,
        })
    }

    /// From a variable that holds a URL: of the environment, else of the file `.env.local`, else of `.env`.
    ///
    /// # Errors
    /// [`ConfigError::Missing`] when it is not set, else as [`Config::from_url`].
    pub fn from_env(variable: &'static str) -> Result<Self, ConfigError> {
        let url = self::variable(variable);
        Self::from_url(&url.ok_or(ConfigError::Missing(variable))?)
    }

    /// How many connections at most; 10 unless set, at least 1.
    pub fn pool_size(mut self, connections: usize) -> Self {
        self.pool_size = connections.max(1);
        self
    }

    /// How many of the connections one account has at a time at most, at least 1, so that its slow calls leave some to the
    /// others; three quarters of the pool unless set, and all of a pool of less than four. A call beyond it waits as for a
    /// connection, and is `Unavailable` when that takes longer than [`Config::acquire_timeout`].
    pub fn account_share(mut self, connections: usize) -> Self {
        self.account_share = Some(connections.max(1));
        self
    }

    /// How many connections an account's share is.
    pub(crate) fn share(&self) -> usize {
        let others = self.pool_size / 4;
        let unless_set = self.pool_size - others;
        self.account_share.unwrap_or(unless_set)
    }

    /// How long a call waits for a connection; 5 seconds unless set.
    pub fn acquire_timeout(mut self, limit: Duration) -> Self {
        self.acquire_timeout = limit;
        self
    }

    /// How long connecting takes at most; 5 seconds unless set.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// How long one statement runs at most; 30 seconds unless set, zero for no limit.
    pub fn statement_timeout(mut self, limit: Duration) -> Self {
        self.statement_timeout = limit;
        self
    }

    /// How long one statement waits for a lock at most; 5 seconds unless set, zero for no limit.
    pub fn lock_timeout(mut self, limit: Duration) -> Self {
        self.lock_timeout = limit;
        self
    }

    /// How long a transaction may do nothing; 30 seconds unless set, zero for no limit.
    pub fn idle_in_transaction_timeout(mut self, limit: Duration) -> Self {
        self.idle_in_transaction_timeout = limit;
        self
    }

    /// The name that `pg_stat_activity` shows; `app-db` unless set here or in the URL.
    pub fn application_name(mut self, name: &str) -> Self {
        self.driver.application_name(name);
        self
    }

    /// How many prepared statements each connection keeps; 256 unless set, at least 16.
    pub fn statement_cache(mut self, statements: usize) -> Self {
        self.statement_cache = statements.max(16);
        self
    }

    /// How long a statement takes before it is logged at WARN, without its values; half a second unless set, zero for
    /// never.
    pub fn slow_statement(mut self, limit: Duration) -> Self {
        self.slow_statement = limit;
        self
    }

    /// Whether spans say for which account a call was; they don't unless set.
    pub fn trace_account(mut self, shown: bool) -> Self {
        self.trace_account = shown;
        self
    }

    /// Whether the server is a coordinator of Citus, on which the account is set by SET LOCAL, with
    /// `citus.propagate_set_commands = 'local'`: it isn't unless set.
    pub fn citus(mut self, is_coordinator: bool) -> Self {
        self.citus = is_coordinator;
        self
    }

    /// Whether a statement that runs alone may set the account itself, without BEGIN and COMMIT, where the server proves by
    /// EXPLAIN that it does so before any row is looked at; it may unless set. Otherwise it travels as a transaction, as
    /// everything does on Citus.
    pub fn fast_form(mut self, allowed: bool) -> Self {
        self.fast_form = allowed;
        self
    }
}

/// A variable's value: of the environment, else of the file `.env.local`, else of `.env`.
#[must_use]
pub fn variable(name: &str) -> Option<String> {
    let in_file = |file| {
        let lines = dotenvy::from_filename_iter(file).ok()?;
        let mut set = lines.flatten().filter(|(set, _)| set == name);
        set.next().map(|(_, value)| value)
    };
    let set = env::var(name).ok();
    set.or_else(|| [".env.local", ".env"].into_iter().find_map(in_file))
}

impl FromStr for SslMode {
    type Err = ConfigError;

    fn from_str(mode: &str) -> Result<Self, ConfigError> {
        match mode {
            "disable" => Ok(Self::Disable),
            "prefer" | "allow" => Ok(Self::Prefer),
            "require" => Ok(Self::Require),
            "verify-ca" => Ok(Self::VerifyCa),
            "verify-full" => Ok(Self::VerifyFull),
            _ => Err(ConfigError::SslMode),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("user", &self.driver.get_user())
            .field("password", &self.driver.get_password().map(|_| "…"))
            .field("hosts", &self.driver.get_hosts())
            .field("ports", &self.driver.get_ports())
            .field("dbname", &self.driver.get_dbname())
            .field("application_name", &self.driver.get_application_name())
            .field("ssl_mode", &self.ssl_mode)
            .field("ssl_root_cert", &self.ssl_root_cert)
            .field("pool_size", &self.pool_size)
            .field("account_share", &self.share())
            .field("acquire_timeout", &self.acquire_timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("statement_timeout", &self.statement_timeout)
            .field("lock_timeout", &self.lock_timeout)
            .field(
                "idle_in_transaction_timeout",
                &self.idle_in_transaction_timeout,
            )
            .field("statement_cache", &self.statement_cache)
            .field("slow_statement", &self.slow_statement)
            .field("trace_account", &self.trace_account)
            .field("citus", &self.citus)
            .field("fast_form", &self.fast_form)
            .finish()
    }
}

fn percent_decoded(text: &str) -> Result<String, ConfigError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|b| char::from(b).to_digit(16));
        match (digit(), digit()) {
            (Some(high), Some(low)) => {
                bytes.push(u8::try_from(high * 16 + low).unwrap_or_default())
            }
            _ => return Err(ConfigError::Url),
        }
    }
    String::from_utf8(bytes).map_err(|_| ConfigError::Url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_that_is_set_nowhere_is_named() {
        let missing = Config::from_env("APP_DB_SET_NOWHERE").map(drop);
        assert_eq!(missing, Err(ConfigError::Missing("APP_DB_SET_NOWHERE")));
    }

    #[test]
    fn every_word_of_sslmode_is_known_and_no_other() {
        let mode = |word: &str| word.parse::<SslMode>();
        assert_eq!(mode("verify-full"), Ok(SslMode::VerifyFull));
        assert_eq!(mode("verify-ca"), Ok(SslMode::VerifyCa));
        assert_eq!(mode("require"), Ok(SslMode::Require));
        assert_eq!(mode("prefer"), Ok(SslMode::Prefer));
        assert_eq!(mode("disable"), Ok(SslMode::Disable));
        assert_eq!(mode("verify"), Err(ConfigError::SslMode));
    }
}
