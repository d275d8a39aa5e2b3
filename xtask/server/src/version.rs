use std::fmt;

/// A version of PostgreSQL or pgvector: two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// The first number.
    pub major: u16,
    /// The second number.
    pub minor: u16,
}

impl Version {
    /// The oldest PostgreSQL that is supported.
    pub const OLDEST_POSTGRES: Self = Self {
        major: 16,
        minor: 0,
    };
    /// The oldest pgvector that is supported.
    pub const OLDEST_PGVECTOR: Self = Self { major: 0, minor: 8 };

    /// Finds the first version in a text such as `postgres (PostgreSQL) 15.13 (Debian …)`,
    /// `0.8.6` or `18beta1`.
    #[must_use]
    pub fn find_in(text: &str) -> Option<Self> {
        let word = text
            .split_whitespace()
            .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
        let mut parts = word.split('.');
        let major = leading_number(parts.next()?)?;
        let minor = parts.next().and_then(leading_number).unwrap_or(0);
        Some(Self { major, minor })
    }

    /// Reads the number that `SHOW server_version_num` gives.
    #[must_use]
    pub fn from_server_version_num(text: &str) -> Option<Self> {
        let number: u32 = text.trim().parse().ok()?;
        Some(Self {
            major: u16::try_from(number / 10_000).ok()?,
            minor: u16::try_from(number % 10_000).ok()?,
        })
    }
}

fn leading_number(text: &str) -> Option<u16> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text.get(..end)?.parse().ok()
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(major: u16, minor: u16) -> Option<Version> {
        Some(Version { major, minor })
    }

    #[test]
    fn versions_are_found_in_what_programs_print() {
        let debian = "postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)";
        assert_eq!(Version::find_in(debian), version(15, 13));
        assert_eq!(Version::find_in("PostgreSQL 18beta1"), version(18, 0));
        assert_eq!(Version::find_in("0.8.6"), version(0, 8));
        assert_eq!(Version::find_in("no number"), None);
        assert_eq!(Version::from_server_version_num("180006\n"), version(18, 6));
    }

    #[test]
    fn pgvector_0_10_is_newer_than_0_8() {
        assert!(Version::find_in("0.10.0") > version(0, 8));
        assert!(Version::find_in("0.7.4") < version(0, 8));
    }
}
