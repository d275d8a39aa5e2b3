use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::{Error, Result, Secret, folder};

/// Passwords by role, kept in a file of lines `role=password` that only its owner can read.
#[derive(Clone, Debug, Default)]
pub struct Passwords(BTreeMap<String, Secret>);

impl Passwords {
    /// Reads a file of lines `role=password`; empty lines and lines that start with `#` don't
    /// count. A file that doesn't exist holds no passwords.
    ///
    /// # Errors
    ///
    /// When the file can't be read, or a line has no `=`. The error doesn't repeat the line.
    pub fn read(path: &Path) -> Result<Self> {
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(&text).map_err(|number| Error::Setting {
                name: path.display().to_string(),
                reason: format!("line {number} isn't role=password"),
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(Error::file(path)(error)),
        }
    }

    fn parse(text: &str) -> Result<Self, usize> {
        let mut passwords = Self::default();
        for (index, line) in text.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (role, password) = line.split_once('=').ok_or(index + 1)?;
            passwords.set(role.trim(), Secret::new(password));
        }
        Ok(passwords)
    }

    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        if let Some(parent) = path.parent() {
            folder::create(parent)?;
        }
        let lines =
            (self.0.iter()).map(|(role, password)| format!("{role}={}\n", password.expose()));
        folder::write_private(path, &lines.collect::<String>())
    }

    /// The password of a role.
    #[must_use]
    pub fn get(&self, role: &str) -> Option<&Secret> {
        self.0.get(role)
    }

    /// Sets the password of a role.
    pub fn set(&mut self, role: &str, password: Secret) {
        self.0.insert(role.to_owned(), password);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_with_equals_signs_and_spaces_survive_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new/passwords");
        assert!(Passwords::read(&path).unwrap().get("app").is_none());
        let mut passwords = Passwords::default();
        passwords.set("app", Secret::new(" a=b#c "));
        passwords.write(&path).unwrap();
        let read = Passwords::read(&path).unwrap();
        assert_eq!(read.get("app").unwrap().expose(), " a=b#c ");
    }

    #[test]
    fn a_bad_line_is_named_but_not_repeated() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("passwords");
        fs::write(&path, "# comment\napp=x\ns3cret\n").unwrap();
        let error = Passwords::read(&path).unwrap_err().to_string();
        assert!(error.ends_with("line 3 isn't role=password"), "{error}");
    }
}
