//! The server of `cargo xtask studio`, which starts it.

fn main() -> std::process::ExitCode {
    studio::main()
}
