//! Plans the migration between what the migrations make and what the entities declare, and writes it as Rust.
//!
//! Both are catalogues, read by one introspector. [`renames`] says what has another name now, [`plan()`] what is to be done
//! in which order, [`class`] what a deploy has to know of it, and [`files`] writes it. Whether it is right is not for this
//! crate to say: `cargo xtask generate` compiles what it wrote, applies it, and compares again.

pub mod class;
pub mod file;
pub mod plan;
pub mod register;
pub mod renames;
mod render;
pub mod sql;
pub mod step;

pub use class::{Class, Note};
pub use file::{Reasons, files};
pub use plan::plan;
pub use step::Step;
