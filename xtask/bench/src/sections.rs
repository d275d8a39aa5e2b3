//! BENCHMARKS.md: what each measure has written stays until it is measured anew.

use std::{fs, path::PathBuf};

use anyhow::Context;

/// What a measure writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    /// The peers against each other.
    Peers,
    Growth,
    Vectors,
    Memory,
    /// Of one account's load on another's calls.
    Neighbours,
}

impl Section {
    const ALL: [Self; 5] = [
        Self::Peers,
        Self::Growth,
        Self::Vectors,
        Self::Memory,
        Self::Neighbours,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Peers => "peers",
            Self::Growth => "growth",
            Self::Vectors => "vectors",
            Self::Memory => "memory",
            Self::Neighbours => "neighbours",
        }
    }

    /// What stands between its marks in BENCHMARKS.md.
    fn of(self, text: &str) -> Option<&str> {
        let (begin, end) = self.marks();
        let (_, rest) = text.split_once(&begin)?;
        Some(rest.split_once(&end)?.0.trim())
    }

    fn marks(self) -> (String, String) {
        let name = self.name();
        (format!("<!-- {name} -->"), format!("<!-- /{name} -->"))
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Writes BENCHMARKS.md with this section anew, and the others as they were.
pub(crate) fn write(section: Section, content: &str) -> anyhow::Result<()> {
    let path = root().join("BENCHMARKS.md");
    let before = fs::read_to_string(&path).unwrap_or_default();
    let text = with(include_str!("benchmarks.md"), &before, section, content);
    fs::write(path, text).context("BENCHMARKS.md")
}

fn with(template: &str, before: &str, section: Section, content: &str) -> String {
    let mut text = template.to_owned();
    for other in Section::ALL {
        let inner = if other == section {
            content.trim()
        } else {
            other.of(before).unwrap_or_default()
        };
        let unmeasured = format!(
            "Not measured yet: `cargo xtask bench --{} --write`.",
            other.name()
        );
        let inner = if inner.is_empty() { &unmeasured } else { inner };
        let (begin, end) = other.marks();
        let marked = format!("{begin}\n{inner}\n{end}");
        text = text.replace(&format!("{{{{{}}}}}", other.name()), &marked);
    }
    text
}

/// Writes a plot for BENCHMARKS.md.
pub(crate) fn plot(file: &str, svg: &str) -> anyhow::Result<()> {
    let folder = root().join("docs/benchmarks");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(file), svg).with_context(|| file.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_measured_before_stays_and_what_is_measured_now_takes_its_place() {
        let template = "# B\n\n{{peers}}\n\n{{growth}}\n";
        let first = with(template, "", Section::Peers, "tables");
        assert_eq!(
            first,
            "# B\n\n<!-- peers -->\ntables\n<!-- /peers -->\n\n<!-- growth -->\n\
             Not measured yet: `cargo xtask bench --growth --write`.\n<!-- /growth -->\n"
        );
        let second = with(template, &first, Section::Growth, "lines\n");
        assert_eq!(Section::Peers.of(&second), Some("tables"));
        assert_eq!(Section::Growth.of(&second), Some("lines"));
        let third = with(template, &second, Section::Peers, "other tables");
        assert_eq!(Section::Peers.of(&third), Some("other tables"));
        assert_eq!(Section::Growth.of(&third), Some("lines"));
        assert!(include_str!("benchmarks.md").contains("{{neighbours}}"));
    }
}
