//! `cargo run -p migration -- up|down|fresh|refresh|reset|status`

fn main() -> std::process::ExitCode {
    migration::program::main(&migration::Migrator::registered())
}
