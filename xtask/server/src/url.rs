use std::fmt;
use std::net::IpAddr;

use crate::{Error, Result, Secret};

/// A PostgreSQL URL in its parts, with the password kept apart.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl {
    /// The role that connects.
    pub user: String,
    /// Its password.
    pub password: Option<Secret>,
    /// Host name, address or socket folder, without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The database.
    pub database: String,
    /// Further parameters, such as `sslmode`.
    pub parameters: Vec<(String, String)>,
}

impl DatabaseUrl {
    /// Reads a URL: `postgres://user:password@host:port/database?name=value`.
    ///
    /// # Errors
    ///
    /// When the text isn't such a URL, or names no user. The error never repeats the text.
    pub fn parse(text: &str) -> Result<Self> {
        let rest = text
            .trim()
            .strip_prefix("postgres://")
            .or_else(|| text.trim().strip_prefix("postgresql://"))
            .ok_or(Error::Url("it must start with postgres://"))?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, address) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = match login.split_once(':') {
            Some((user, password)) => (user, Some(password)),
            None => (login, None),
        };
        if address.contains(',') {
            return Err(Error::Url("it must name one host"));
        }
        let (host, port) = split_address(address)?;

        let mut url = Self {
            user: decode(user)?,
            password: password.map(decode).transpose()?.map(Secret::new),
            host: decode(host)?,
            port,
            database: decode(database)?,
            parameters: Vec::new(),
        };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair
                .split_once('=')
                .ok_or(Error::Url("a parameter has no value"))?;
            let value = decode(value)?;
            match name {
                "user" => url.user = value,
                "password" => url.password = Some(Secret::new(value)),
                "host" => url.host = value,
                "dbname" => url.database = value,
                "port" => url.port = parse_port(&value)?,
                _ => url.parameters.push((decode(name)?, value)),
            }
        }
        if url.user.is_empty() {
            return Err(Error::Url("it names no user"));
        }
        if url.host.is_empty() {
            url.host = "localhost".to_owned();
        }
        if url.database.is_empty() {
            url.database.clone_from(&url.user);
        }
        Ok(url)
    }

    /// The same server and role, another database.
    #[must_use]
    pub fn with_database(&self, database: &str) -> Self {
        Self {
            database: database.to_owned(),
            ..self.clone()
        }
    }

    /// The same server and database, another role.
    #[must_use]
    pub fn with_login(&self, user: &str, password: Secret) -> Self {
        Self {
            user: user.to_owned(),
            password: Some(password),
            ..self.clone()
        }
    }

    /// Whether the server is on this machine: a loopback address, `localhost` or a socket.
    #[must_use]
    pub fn is_local(&self) -> bool {
        let local_host = self.host == "localhost"
            || self.host.starts_with('/')
            || (self.host.parse::<IpAddr>()).is_ok_and(|address| address.is_loopback());
        let elsewhere = ["hostaddr", "service", "servicefile"];
        local_host && !(self.parameters.iter()).any(|(name, _)| elsewhere.contains(&name.as_str()))
    }

    /// The whole URL, with the password.
    #[must_use]
    pub fn expose(&self) -> String {
        self.render(self.password.as_ref())
    }

    fn render(&self, password: Option<&Secret>) -> String {
        let mut text = format!("postgres://{}", encode(&self.user));
        if let Some(password) = password {
            text.push(':');
            text.push_str(&encode(password.expose()));
        }
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            encode(&self.host)
        };
        text.push_str(&format!("@{host}:{}/{}", self.port, encode(&self.database)));
        for (index, (name, value)) in self.parameters.iter().enumerate() {
            text.push(if index == 0 { '?' } else { '&' });
            text.push_str(&format!("{}={}", encode(name), encode(value)));
        }
        text
    }
}

/// The URL without its password.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(None))
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

fn split_address(address: &str) -> Result<(&str, u16)> {
    let (host, port) = match address.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest
                .split_once(']')
                .ok_or(Error::Url("a bracket isn't closed"))?;
            (host, port.strip_prefix(':'))
        }
        None => match address.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (address, None),
        },
    };
    Ok((host, port.map_or(Ok(5432), parse_port)?))
}

fn parse_port(text: &str) -> Result<u16> {
    text.parse()
        .map_err(|_| Error::Url("the port isn't a number"))
}

/// Encodes everything but letters, digits and `-._~`.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

fn decode(text: &str) -> Result<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut parts = text.split('%');
    decoded.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
    for part in parts {
        let byte = part
            .get(..2)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(byte.ok_or(Error::Url("a % isn't followed by two digits"))?);
        decoded.extend_from_slice(part.get(2..).unwrap_or_default().as_bytes());
    }
    String::from_utf8(decoded).map_err(|_| Error::Url("it isn't UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_with_every_delimiter_survives() {
        let url = DatabaseUrl::parse("postgres://me@h/db")
            .unwrap()
            .with_login("app", Secret::new("p@ss:w/rd#1'\"%$ ?&"));
        let text = url.expose();
        assert_eq!(
            text,
            "postgres://app:p%40ss%3Aw%2Frd%231%27%22%25%24%20%3F%26@h:5432/db"
        );
        assert_eq!(DatabaseUrl::parse(&text).unwrap(), url);
    }

    #[test]
    fn a_password_is_shown_neither_by_display_nor_by_debug() {
        let url = DatabaseUrl::parse("postgresql://me:s3cret@h:1/db?password=s3cret").unwrap();
        assert_eq!(url.to_string(), "postgres://me@h:1/db");
        assert_eq!(format!("{url:?}"), "DatabaseUrl(postgres://me@h:1/db)");
    }

    #[test]
    fn parameters_and_defaults_are_read() {
        let url = DatabaseUrl::parse("postgres://me@[::1]/?sslmode=require").unwrap();
        assert_eq!((url.host.as_str(), url.port), ("::1", 5432));
        assert_eq!(url.database, "me");
        assert_eq!(
            url.to_string(),
            "postgres://me@[::1]:5432/me?sslmode=require"
        );

        let socket = DatabaseUrl::parse("postgres:///db?host=/run/pg&user=me&port=6").unwrap();
        assert_eq!((socket.host.as_str(), socket.port), ("/run/pg", 6));
        assert_eq!(DatabaseUrl::parse(&socket.expose()).unwrap(), socket);
    }

    #[test]
    fn what_is_no_url_is_refused_without_repeating_it() {
        for text in [
            "mysql://me:s3cret@h/db",
            "postgres://h/db",
            "postgres://me:s3cret@h:port/db",
            "postgres://me:s3cret%4@h/db",
            "postgres://me:s3cret@[::1/db",
            "postgres://me:s3cret@a,b/db",
        ] {
            let error = DatabaseUrl::parse(text).unwrap_err();
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn only_this_machine_is_local() {
        for (text, local) in [
            ("postgres://me@localhost/db", true),
            ("postgres://me@127.0.0.9/db", true),
            ("postgres://me@[::1]/db", true),
            ("postgres://me@/db?host=/tmp", true),
            ("postgres://me@db.example/db", false),
            ("postgres://me@localhost.example/db", false),
            ("postgres://me@10.0.0.1/db", false),
            ("postgres://me@localhost/db?hostaddr=10.0.0.1", false),
        ] {
            assert_eq!(
                DatabaseUrl::parse(text).unwrap().is_local(),
                local,
                "{text}"
            );
        }
    }
}
