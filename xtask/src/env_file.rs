//! `.env.local`: the git-ignored settings of one developer.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anyhow::Context;

/// Takes settings from `.env.local`, then `.env`. What the environment has already wins.
pub(crate) fn load(workspace: &Path) {
    for name in [".env.local", ".env"] {
        // A file that isn't there is no error, and one that can't be read shows in its effect.
        let _ = dotenvy::from_path(workspace.join(name));
    }
}

/// Sets variables in a file and keeps its other lines. Only the owner can read it.
pub(crate) fn set(path: &Path, settings: &[(&str, String)]) -> anyhow::Result<()> {
    let context = || format!("{} couldn't be written", path.display());
    let old = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        read => read.with_context(|| format!("{} couldn't be read", path.display()))?,
    };
    let temporary = path.with_extension("local.new");
    write_private(&temporary, &merged(&old, settings)).with_context(context)?;
    fs::rename(&temporary, path).with_context(context)
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    options.open(path)?.write_all(text.as_bytes())
}

fn merged(old: &str, settings: &[(&str, String)]) -> String {
    let mut missing: Vec<_> = settings.iter().collect();
    let mut text = String::new();
    for line in old.lines() {
        let name = variable(line);
        if let Some((name, value)) = settings.iter().find(|(ours, _)| name == Some(*ours)) {
            // A second line of the same name would never be read.
            if let Some(place) = missing.iter().position(|(ours, _)| ours == name) {
                missing.remove(place);
                text.push_str(&format!("{name}={value}\n"));
            }
        } else {
            text.push_str(&format!("{line}\n"));
        }
    }
    for (name, value) in missing {
        text.push_str(&format!("{name}={value}\n"));
    }
    text
}

/// The variable that a line sets.
fn variable(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let line = line.strip_prefix("export ").unwrap_or(line);
    line.split_once('=').map(|(name, _)| name.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_lines_stay_where_they_are() {
        let old =
            "# mine\nSTRIPE_KEY=a=b\nexport DATABASE_URL=old\n\nRUST_LOG=info\nDATABASE_URL=x";
        let settings = [
            ("DATABASE_URL", "new".to_owned()),
            ("OTHER", "o".to_owned()),
        ];
        let expected = "# mine\nSTRIPE_KEY=a=b\nDATABASE_URL=new\n\nRUST_LOG=info\nOTHER=o\n";
        assert_eq!(merged(old, &settings), expected);
        assert_eq!(merged(expected, &settings), expected);
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".env.local");
        fs::write(&path, "A=1\n").unwrap();
        set(&path, &[("B", "2".to_owned())]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "A=1\nB=2\n");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
