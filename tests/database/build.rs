//! Says which migrations the crate is built with: another template for each.

use std::{env, fs, io, path::PathBuf};

use sha2::{Digest, Sha256};

/// The migrations, and the text of the policies, which they share with the guard.
const SOURCES: [&str; 2] = ["../../migration/src", "../../entity/guard/src/policy.rs"];

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let mut files = Vec::new();
    for source in SOURCES {
        println!("cargo::rerun-if-changed={source}");
        let source = root.join(source);
        if source.is_dir() {
            for entry in fs::read_dir(&source)? {
                files.push(entry?.path());
            }
        } else {
            files.push(source);
        }
    }
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        hash.update(fs::read(file)?);
    }
    let hash: String = hash
        .finalize()
        .iter()
        .take(8)
        .map(|b| format!("{b:02x}"))
        .collect();
    println!("cargo::rustc-env=MIGRATIONS={hash}");
    Ok(())
}
