//! Prints the types that callers of `access` serialize, in TypeScript, for `cargo xtask types --ts`.
//!
//! It is a program of its own, so that neither `xtask` nor an application compiles what it takes.

fn main() {
    print!("{}", access::types::typescript());
}
