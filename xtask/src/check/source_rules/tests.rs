use super::*;

/// The rules that a file breaks, and on which lines.
fn broken(path: &str, text: &str) -> Vec<(String, String)> {
    let file = SourceFile::parse(path, text).unwrap();
    let findings = findings(&file).into_iter();
    findings
        .map(|finding| (finding.rule, finding.place))
        .collect()
}

#[track_caller]
fn breaks(rule: &str, path: &str, text: &str) {
    let found = broken(path, text);
    assert!(!found.is_empty(), "{text}");
    for (found, place) in found {
        assert_eq!(found, rule, "{text}");
        assert!(place.starts_with(path), "{place}");
    }
}

#[track_caller]
fn keeps(path: &str, text: &str) {
    assert_eq!(broken(path, text), [], "{text}");
}

#[test]
fn what_the_orm_writes_stays_in_its_crate() {
    let path = "entity/src/notes.rs";
    for text in [
        "pub struct Model { pub id: i32 }",
        "pub enum Relation {}",
        "pub type Entity = crate::notes::Inner;",
        "pub use self::inner::Entity;",
        "pub use self::inner::{Note, Column as NoteColumn};",
        "pub use self::inner::{ActiveModel};",
        "pub use self::inner::*;",
    ] {
        breaks("private-entities", path, text);
    }
    keeps(
        path,
        "pub(crate) struct Model {} pub(crate) use inner::Entity; use x::Column;",
    );
    keeps(
        path,
        "pub struct Note {} pub use inner::Note; // pub struct Model",
    );
    keeps("access/src/notes.rs", "pub struct Model {}");
}

#[test]
fn the_guard_is_derived() {
    for text in [
        "impl TenantScoped for Notes {}",
        "impl entity_guard::TenantScoped for Notes {}",
        "mod m { fn f() { impl<T> ::entity_guard::TenantScoped for X<T> {} } }",
        "m! { impl TenantScoped for Notes {} }",
    ] {
        breaks("derived-guard", "entity/src/notes.rs", text);
        breaks("derived-guard", "tests/tests/all/notes.rs", text);
        keeps("entity/derive/src/scoped.rs", text);
        keeps("tests/tests/compile_fail/a_lie.rs", text);
    }
    keeps(
        "entity/src/notes.rs",
        "fn f<T: TenantScoped>() { for x in y {} }",
    );
}

#[test]
fn libraries_believe_no_account() {
    let text = "fn f() { AccountId::from_authenticated(id) }";
    for path in [
        "access/src/notes.rs",
        "entity/src/notes.rs",
        "entity/guard/src/tenant.rs",
    ] {
        breaks("believed-account", path, text);
        breaks(
            "believed-account",
            path,
            "use AccountId as A; fn f() { x.map(A::from_authenticated) }",
        );
        keeps(path, &format!("#[cfg(test)]\nmod tests {{ {text} }}"));
        keeps(
            path,
            &format!("/// {text}\npub fn from_authenticated() {{}}"),
        );
    }
    for path in [
        "access/src/system.rs",
        "access/examples/axum.rs",
        "tests/tests/all/notes.rs",
    ] {
        keeps(path, text);
    }
    let file = SourceFile::parse("access/examples/axum.rs", text).unwrap();
    let places: Vec<_> = accounts(&file).map(|word| file.place(word)).collect();
    assert_eq!(places, ["access/examples/axum.rs:1"]);
}

#[test]
fn sql_is_no_text_outside_the_guard() {
    for text in [
        "fn f() { Expr::cust(\"true\") }",
        "fn f() { sea_query::Expr::cust_with_values(sql, values) }",
        "fn f() { db.execute_unprepared(sql) }",
        "fn f() { m!(raw_sql!(Postgres, r#\"SELECT\"#)) }",
        "fn f() { Statement::from_string(backend, sql) }",
        "fn f() { client.batch_execute(sql) }",
    ] {
        for path in [
            "access/src/notes.rs",
            "entity/src/notes.rs",
            "access/examples/notes.rs",
        ] {
            breaks("raw-sql", path, text);
        }
        for path in [
            "migration/src/m1.rs",
            "entity/guard/src/select.rs",
            "tests/src/notes.rs",
        ] {
            keeps(path, text);
        }
    }
    keeps(
        "access/src/notes.rs",
        "/// Expr::cust\nfn f() { \"raw_sql\" }",
    );
}

#[test]
fn connections_are_made_in_one_place() {
    for text in [
        "fn f() { tokio_postgres::connect(url, NoTls) }",
        "fn f() { Database::connect(url) }",
        "fn f() { PgPool::connect(url) }",
    ] {
        for path in [
            "access/src/notes.rs",
            "entity/src/notes.rs",
            "entity/guard/src/pool.rs",
        ] {
            breaks("one-place-for-connections", path, text);
        }
        for path in [
            "migration/src/session.rs",
            "entity/guard/src/connection.rs",
            "tests/src/a.rs",
        ] {
            keeps(path, text);
        }
    }
    breaks(
        "one-place-for-connections",
        "access/src/notes.rs",
        "use tokio_postgres::Client;",
    );
    keeps(
        "entity/guard/src/gate.rs",
        "use tokio_postgres::error::SqlState;",
    );
    keeps("access/src/notes.rs", "fn f() { Db::connect(config) }");
}

#[test]
fn tests_run_and_files_are_short() {
    breaks(
        "no-ignored-tests",
        "tests/tests/all/a.rs",
        "#[test]\n#[ignore = \"slow\"]\nfn f() {}",
    );
    let long = "\n".repeat(LONGEST) + "fn f() {}";
    breaks("file-length", "access/src/notes.rs", &long);
    breaks("file-length", "tests/tests/compile_fail/a.rs", &long);
    keeps("access/src/notes.rs", &"\n".repeat(LONGEST));
}

#[test]
fn the_line_is_named() {
    let text = "//! Notes.\n\nfn f() {\n    Expr::cust(\"a\");\n}\n";
    let expected = ("raw-sql".to_owned(), "access/src/notes.rs:4".to_owned());
    assert_eq!(broken("access/src/notes.rs", text), [expected]);
}
