//! Small crates with the names of ours, so that each rule is broken for real.

mod crates;

use super::*;
use crates::Crates;

const CLEAN: &str = "
    //! What applications see.
    mod db { pub struct Db { pool: u8 } impl Db { pub async fn connect(url: &str) -> Result<Self, Error> { todo!() } } use super::Error; }
    pub mod notes {
        pub use entity::notes::Note;
        /// The note.
        pub async fn get<'t>(db: &'t crate::Db, id: [u8; 16]) -> Result<Option<Note>, crate::Error> { todo!() }
        pub fn map<F>(f: F) -> impl Iterator<Item = Note> + use<F> where F: for<'a> Fn(&'a mut Note) -> (u8, bool) { std::iter::empty() }
        fn query() -> entity_guard::select::Select<entity::notes::Notes> { todo!() }
    }
    pub mod axum { pub trait Resolver: Send { type Reason; fn account(&self) -> Result<crate::AccountId, Self::Reason>; } }
    pub use db::Db;
    pub use entity_guard::AccountId;
    #[derive(Clone, Debug)] #[non_exhaustive]
    pub enum Error { NotFound, Invalid { field: &'static str }, Other(u8) }
    impl From<entity_guard::error::Error> for Error { fn from(_: entity_guard::error::Error) -> Self { todo!() } }
    pub struct Page<T> { pub items: Vec<T> }
    pub struct NoteId([u8; 16]);
";

#[test]
fn public_items_are_listed_one_a_line() {
    let docs = Crates::new().docs(CLEAN);
    let listing = listing::of(&docs, &Exported::of(&docs));
    let expected = "\
access::AccountId: impl Clone
access::AccountId: struct (_)
access::Db: struct { _ }
access::Db::connect: async fn(url: &str) -> Result<Self, Error>
access::Error: enum #[non_exhaustive]
access::Error: impl Clone, Debug, From<entity_guard::Error>
access::Error::Invalid: variant { field: &'static str }
access::Error::NotFound: variant
access::Error::Other: variant (u8)
access::NoteId: struct (_)
access::Page: struct<T> { .. }
access::Page::items: Vec<T>
access::axum::Resolver: trait: Send
access::axum::Resolver::Reason: type
access::axum::Resolver::account: fn(&self) -> Result<AccountId, Self::Reason>
access::notes::Note: impl Clone, entity_guard::ColumnType
access::notes::Note: struct { .. }
access::notes::Note::body: String
access::notes::get: async fn<'t>(db: &'t Db, id: [u8; 16]) -> Result<Option<Note>, Error>
access::notes::map: fn<F>(f: F) -> impl Iterator<Item = Note> + use<F> where F: for<'a> Fn(&'a mut Note) -> (u8, bool)";
    assert_eq!(listing.join("\n"), expected);
}

#[test]
fn types_of_the_orm_and_of_the_guard_are_found_wherever_they_are() {
    let crates = Crates::new();
    assert_eq!(crates.broken(CLEAN), [""; 0]);
    let orm = "it names sea_orm::Select";
    let cases = [
        (
            "pub fn f() -> Option<sea_orm::Select<u8>> { None }",
            "access::f",
            orm,
        ),
        ("pub fn f(x: &[sea_orm::Select<u8>]) {}", "access::f", orm),
        ("pub fn f(x: fn(sea_orm::Select<u8>)) {}", "access::f", orm),
        (
            "pub fn f() -> impl Iterator<Item = sea_orm::Select<u8>> { std::iter::empty() }",
            "access::f",
            orm,
        ),
        (
            "pub fn f<E: sea_orm::EntityTrait>(e: E) {}",
            "access::f",
            "it names sea_orm::EntityTrait",
        ),
        (
            "pub fn f<E>(e: E) where Vec<E>: sea_orm::EntityTrait {}",
            "access::f",
            "it names sea_orm::EntityTrait",
        ),
        (
            "pub struct S { pub x: sea_orm::Select<u8> }",
            "access::S",
            orm,
        ),
        (
            "pub enum E { A { x: sea_orm::Select<u8> } }",
            "access::E",
            orm,
        ),
        (
            "pub enum E { A(Box<sea_orm::Select<u8>>) }",
            "access::E",
            orm,
        ),
        (
            "pub struct S; impl S { pub fn f(&self) -> sea_orm::Select<u8> { todo!() } }",
            "access::S",
            orm,
        ),
        (
            "pub struct S; impl sea_orm::EntityTrait for S {}",
            "access::S",
            "it names sea_orm::EntityTrait",
        ),
        (
            "pub struct S; impl From<sea_orm::Select<u8>> for S { fn from(_: sea_orm::Select<u8>) -> S { S } }",
            "access::S",
            orm,
        ),
        (
            "pub struct S; impl Iterator for S { type Item = sea_orm::Select<u8>; fn next(&mut self) -> Option<Self::Item> { None } }",
            "access::S",
            orm,
        ),
        (
            "pub struct S; impl From<S> for sea_orm::Select<u8> { fn from(_: S) -> Self { todo!() } }",
            "access",
            orm,
        ),
        (
            "pub mod actix { pub trait T { fn f(&self) -> sea_orm::Select<u8>; } }",
            "access::actix::T",
            orm,
        ),
        (
            "#[doc(hidden)] pub fn f(x: sea_orm::Select<u8>) {}",
            "access::f",
            orm,
        ),
        (
            "mod m { pub fn f(x: sea_orm::Select<u8>) {} } pub use m::f as g;",
            "access::g",
            orm,
        ),
        ("pub use sea_orm::Select;", "access::Select", orm),
        (
            "pub fn f() -> entity_guard::select::Select<u8> { todo!() }",
            "access::f",
            "it names entity_guard::select::Select",
        ),
        (
            "pub fn f(x: entity::notes::Notes) {}",
            "access::f",
            "it names entity::notes::Notes",
        ),
        (
            "pub fn f(x: entity_guard::error::Error) {}",
            "access::f",
            "it names entity_guard::error::Error",
        ),
        (
            "pub fn f() -> entity_guard::value::Value { todo!() }",
            "access::f",
            "it names entity_guard::value::Value",
        ),
    ];
    for (text, place, detail) in cases {
        let expected = format!("no-inner-types {place}: {detail}");
        let broken = crates.broken(&format!("{CLEAN}\n{text}"));
        assert!(broken.contains(&expected), "{text}\n{broken:#?}");
    }
}

#[test]
fn other_kinds_of_items_are_found() {
    let crates = Crates::new();
    let cases = [
        (
            "pub struct Pool { inner: u8 }",
            "access::Pool: a struct with private fields that is none of the handles",
        ),
        ("pub trait Scoped {}", "access::Scoped: a public trait"),
        ("pub const X: u8 = 1;", "access::X: a public constant"),
        ("pub static X: u8 = 1;", "access::X: a public static"),
        ("pub type X = u8;", "access::X: a public typealias"),
        (
            "#[macro_export] macro_rules! m { () => {} }",
            "access::m: a public macro",
        ),
        (
            "pub use entity::notes::*;",
            "access: pub use entity::notes::* shows whatever is there",
        ),
    ];
    for (text, expected) in cases {
        let broken = crates.broken(&format!("{CLEAN}\n{text}"));
        assert_eq!(broken, [format!("kinds-of-items {expected}")], "{text}");
    }
}

#[test]
fn a_change_is_shown_with_the_command_that_accepts_it() {
    let lines = |text: &str| -> Vec<String> { text.lines().map(str::to_owned).collect() };
    let old = format!("{HEAD}access::a: fn()\naccess::b: fn()\n");
    assert_eq!(
        changes(&old, &lines("access::a: fn()\naccess::b: fn()")),
        None
    );
    let found = changes(
        &old,
        &lines("access::a: fn()\naccess::b: fn(u8)\naccess::c: fn()"),
    )
    .unwrap();
    assert_eq!(
        found.detail,
        "- access::b: fn()\n+ access::b: fn(u8)\n+ access::c: fn()"
    );
    assert!(found.mend.starts_with("cargo xtask check --bless"));
    assert!(changes("", &lines("access::a: fn()")).is_some());
}
