use std::{env, path::PathBuf, process::Command};

/// `access` holds database credentials: its build script refuses a client's target with a sentence of its own.
#[test]
fn access_can_not_be_built_for_a_client() {
    let workspace = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("build-script");
    let compiled = Command::new(env::var("RUSTC").unwrap_or_else(|_| "rustc".into()))
        .arg(workspace.join("access/build.rs"))
        .args(["--edition", "2024", "--crate-name", "build_script", "-o"])
        .arg(&script)
        .status()
        .unwrap();
    assert!(compiled.success());
    let says = |architecture| {
        let output = Command::new(&script)
            .env("CARGO_CFG_TARGET_ARCH", architecture)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    // cargo fails a build whose script prints `cargo::error=`.
    let refused = says("wasm32");
    assert!(
        refused.contains("cargo::error=`access` is the server's data layer"),
        "{refused}"
    );
    assert!(!says("x86_64").contains("cargo::error"));
}

#[test]
fn the_readmes_example_is_the_one_that_runs() {
    let workspace = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let read = |file: &str| std::fs::read_to_string(workspace.join(file)).unwrap();
    let example = read("access/examples/readme.rs");
    let shown = example.split_once("struct App").unwrap().1;
    let shown = shown.split_once("\n#[tokio::main]").unwrap().0;
    let readme = read("README.md");
    assert!(
        readme.contains(&format!("```rust\nstruct App{shown}```")),
        "README.md shows another"
    );
}
