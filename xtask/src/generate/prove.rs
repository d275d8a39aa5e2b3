//! Compiles the migrations that are to be written, outside the sources, and applies them.

use std::fs;
use std::path::Path;

use anyhow::Context;
use dev_server::Login;
use generate::{file::File, register};
use schema::{Catalogue, Difference, Scratch};

use crate::check::{build_folder, cargo, output_of};

/// What applying the files and going back leave different.
#[derive(Debug)]
pub(super) struct Proof {
    /// From what the entities declare, after going forward.
    pub(super) left: Vec<Difference>,
    /// From what was there, after going back.
    pub(super) not_undone: Vec<Difference>,
}

/// Where the program is built that has the new migrations too.
const FOLDER: &str = "target/generate";

pub(super) fn prove(
    root: &Path,
    migrated: &Scratch,
    files: &[File],
    found: &Catalogue,
    wanted: &Catalogue,
) -> anyhow::Result<Proof> {
    program(root, files).with_context(|| format!("{FOLDER} can't be written"))?;
    migrate(root, migrated, &["up"]).context("what would be written can't be applied")?;
    let left = migrated.catalogue()?.differences(wanted);
    let mut not_undone = Vec::new();
    if left.is_empty() {
        let number = files.len().to_string();
        migrate(root, migrated, &["down", "--num", &number])
            .context("what would be written can't be reverted")?;
        not_undone = migrated.catalogue()?.differences(found);
    }
    Ok(Proof { left, not_undone })
}

/// The migration program with these files, as a workspace of its own that builds into the same folder.
fn program(root: &Path, files: &[File]) -> anyhow::Result<()> {
    let folder = root.join(FOLDER);
    let source = folder.join("migration/src");
    if source.exists() {
        fs::remove_dir_all(&source)?;
    }
    fs::create_dir_all(&source)?;
    for entry in fs::read_dir(root.join("migration/src"))? {
        let path = entry?.path();
        if let (true, Some(name)) = (path.is_file(), path.file_name()) {
            fs::copy(&path, source.join(name))?;
        }
    }
    for file in files {
        fs::write(source.join(format!("{}.rs", file.stem)), &file.text)?;
    }
    let stems: Vec<String> = files.iter().map(|file| file.stem.clone()).collect();
    let list = fs::read_to_string(root.join("migration/src/lib.rs"))?;
    fs::write(source.join("lib.rs"), register::in_the_list(&list, &stems)?)?;

    let manifest = fs::read_to_string(root.join("migration/Cargo.toml"))?;
    let manifest = manifest.replacen("name = \"migration\"", "name = \"migration-to-be\"", 1);
    let lib = "\n[lib]\nname = \"migration\"\n\n[[bin]]\nname = \"migration-to-be\"\npath = \"src/main.rs\"\n";
    fs::write(folder.join("migration/Cargo.toml"), manifest + lib)?;
    let workspace = fs::read_to_string(root.join("Cargo.toml"))?;
    fs::write(
        folder.join("Cargo.toml"),
        workspace_of_one(&workspace, root),
    )?;
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"))?;
    Ok(())
}

/// The workspace's manifest with one member, and the others by their full paths.
fn workspace_of_one(manifest: &str, root: &Path) -> String {
    let path = format!("path = \"{}/", root.display());
    let manifest = manifest.replace("path = \"", &path);
    match manifest.split_once("members = [") {
        Some((before, rest)) => {
            let after = rest.split_once(']').map_or("", |(_, after)| after);
            format!("{before}members = [\"migration\"]{after}")
        }
        None => manifest,
    }
}

fn migrate(root: &Path, scratch: &Scratch, command: &[&str]) -> anyhow::Result<()> {
    let manifest = root.join(FOLDER).join("Cargo.toml");
    let mut cargo = cargo(root, ["run", "--quiet", "--package=migration-to-be"]);
    cargo
        .arg("--manifest-path")
        .arg(&manifest)
        .arg("--")
        .args(command);
    // The migrations' other crates are built there already.
    cargo.env("CARGO_TARGET_DIR", build_folder(root));
    cargo.env_remove("DATABASE_URL");
    cargo.env("MIGRATION_DATABASE_URL", scratch.url(Login::Owner)?);
    output_of(&mut cargo).map(drop)
}
