//! Refuses targets that have no server: the data layer never goes into a client's package.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Set for the targets in `fuzz` alone.
    println!("cargo::rustc-check-cfg=cfg(fuzzing)");
    let architecture = std::env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    if architecture.starts_with("wasm") {
        println!(
            "cargo::error=`access` is the server's data layer and holds database credentials: it is never built for \
             {architecture}. Call your server's HTTP API from the client instead."
        );
    }
}
