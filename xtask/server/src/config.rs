//! The settings of a server, as a file that its `postgresql.conf` includes.

use std::path::Path;

use crate::{Error, Result};

/// The file's name in the data folder.
pub(crate) const FILE: &str = "app-db.conf";

/// A setting's name and value.
pub(crate) type Setting = (String, String);

/// Settings of servers whose data may be lost.
pub(crate) const THROW_AWAY: [(&str, &str); 4] = [
    ("fsync", "off"),
    ("synchronous_commit", "off"),
    ("full_page_writes", "off"),
    ("max_connections", "200"),
];

/// The text of the file. Later settings win over earlier ones.
pub(crate) fn text(port: u16, socket_folder: &Path, settings: &[Setting]) -> Result<String> {
    let socket = socket_setting(socket_folder);
    let port = port.to_string();
    let fixed = [
        ("listen_addresses", "127.0.0.1"),
        ("port", &port),
        ("unix_socket_directories", &socket),
        ("timezone", "UTC"),
        ("log_timezone", "UTC"),
        ("lc_messages", "C"),
    ];
    let given = settings.iter().map(|(n, v)| (n.as_str(), v.as_str()));
    let mut text = "# Written at each start of the server.\n".to_owned();
    for (name, value) in fixed.into_iter().chain(given) {
        text.push_str(&line(name, value)?);
    }
    Ok(text)
}

fn line(name: &str, value: &str) -> Result<String> {
    let is_name = !name.is_empty()
        && (name.bytes()).all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.');
    if !is_name || value.chars().any(char::is_control) {
        return Err(Error::Setting {
            name: name.escape_default().to_string(),
            reason: "not a setting of PostgreSQL".to_owned(),
        });
    }
    let value = value.replace('\\', "\\\\").replace('\'', "''");
    Ok(format!("{name} = '{value}'\n"))
}

/// The socket's folder, or none where sockets don't exist or their path would be too long (the
/// limit is 103 bytes on macOS). A comma would mean two folders.
fn socket_setting(folder: &Path) -> String {
    let Some(path) = folder.to_str() else {
        return String::new();
    };
    let longest = path.len() + "/.s.PGSQL.65535.lock".len();
    if cfg!(unix) && longest <= 103 && !path.contains(',') {
        path.to_owned()
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(name: &str, value: &str) -> Result<String> {
        let settings = [(name.to_owned(), value.to_owned())];
        text(5000, Path::new("/s"), &settings)
    }

    #[test]
    fn values_are_quoted() {
        let text = setting("application_name", r"it's a \").unwrap();
        assert!(
            text.ends_with("application_name = 'it''s a \\\\'\n"),
            "{text}"
        );
        assert!(text.contains("listen_addresses = '127.0.0.1'\nport = '5000'\n"));
    }

    #[test]
    fn what_would_add_another_setting_is_refused() {
        assert!(setting("wal_level", "logical\nfsync = off").is_err());
        assert!(setting("fsync = off #", "x").is_err());
        assert!(setting("", "x").is_err());
    }

    #[test]
    fn a_long_path_means_no_socket() {
        assert_eq!(socket_setting(Path::new(&"/x".repeat(50))), "");
    }
}
