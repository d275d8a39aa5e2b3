//! The text of each kind of statement: the account test is in it, outside the caller's parentheses.

mod shapes;

use uuid::Uuid;

use crate::{
    AccountId, Assignment, Cells, Chain, Column, ColumnDef, DecodeError, Delete, Distance, Error,
    Fixed, Insert, InsertMany, Patch, Predicate, Select, Settable, Table, TenantScoped, Update,
    Upsert, UpsertMany, Vector, count,
};

/// A table without the derive, which knows more columns than it says may be written.
struct Notes;

impl Notes {
    const ID: Column<Self, Uuid, Fixed> = Column::declared("id");
    const TEXT: Column<Self, String, Settable> = Column::declared("text");
    const STARS: Column<Self, i64, Settable> = Column::declared("stars");
    const TAG: Column<Self, Option<String>, Settable> = Column::declared("tag");
    const VERSION: Column<Self, i64, Settable> = Column::declared("version");
}

impl TenantScoped for Notes {
    type Row = ();
    type New = Vec<Assignment>;
    type Patch = Patch<String>;
    const TABLE: &'static Table = &Table {
        name: "notes",
        tenant: "account_id",
        id: Some("id"),
        created_at: None,
        updated_at: Some("updated_at"),
        columns: &[
            ColumnDef::of::<Uuid>("id"),
            ColumnDef::of::<String>("text"),
            ColumnDef::of::<i64>("stars"),
            ColumnDef::of::<Option<String>>("tag"),
            ColumnDef::of::<chrono::DateTime<chrono::Utc>>("updated_at"),
        ],
        app: &[],
        system: &[],
    };
    fn decode(_: &mut Cells<'_>) -> Result<(), DecodeError> {
        Ok(())
    }
    fn new_values(new: Vec<Assignment>) -> Vec<Assignment> {
        new
    }
    fn patch_values(patch: Patch<String>) -> Vec<Assignment> {
        let text = patch.set().map(|text| Assignment::new("text", text));
        text.into_iter().collect()
    }
}

/// A second table, which refers to the first.
struct Links;

impl Links {
    const NOTE: Column<Self, Option<Uuid>, Settable> = Column::declared("note");
    const RANK: Column<Self, i64, Settable> = Column::declared("rank");
    const HASH: Column<Self, Vec<u8>, Settable> = Column::declared("hash");
    const DIGEST: Column<Self, Vec<u8>, Settable> = Column::declared("digest");
}

impl TenantScoped for Links {
    type Row = ();
    type New = Vec<Assignment>;
    type Patch = ();
    const TABLE: &'static Table = &Table {
        name: "links",
        tenant: "account_id",
        id: None,
        created_at: None,
        updated_at: None,
        columns: &[
            ColumnDef::of::<Option<Uuid>>("note"),
            ColumnDef::of::<i64>("rank"),
            ColumnDef::of::<Vec<u8>>("digest"),
        ],
        app: &[],
        system: &[],
    };
    fn decode(_: &mut Cells<'_>) -> Result<(), DecodeError> {
        Ok(())
    }
    fn new_values(new: Vec<Assignment>) -> Vec<Assignment> {
        new
    }
    fn patch_values((): ()) -> Vec<Assignment> {
        Vec::new()
    }
}

/// A third table, with a vector.
struct Places;

impl Places {
    const NAME: Column<Self, String, Settable> = Column::declared("name");
    const DATA: Column<Self, serde_json::Value, Settable> = Column::declared("data");
    const VECTOR: Column<Self, Vector, Settable> = Column::declared("vector");
}

impl TenantScoped for Places {
    type Row = ();
    type New = Vec<Assignment>;
    type Patch = ();
    const TABLE: &'static Table = &Table {
        name: "places",
        tenant: "account_id",
        id: Some("id"),
        created_at: None,
        updated_at: None,
        columns: &[
            ColumnDef::of::<Uuid>("id"),
            ColumnDef::of::<Vector>("vector"),
            ColumnDef::of::<serde_json::Value>("data"),
        ],
        app: &[],
        system: &[],
    };
    fn decode(_: &mut Cells<'_>) -> Result<(), DecodeError> {
        Ok(())
    }
    fn new_values(new: Vec<Assignment>) -> Vec<Assignment> {
        new
    }
    fn patch_values((): ()) -> Vec<Assignment> {
        Vec::new()
    }
}

fn account() -> AccountId {
    AccountId::from_authenticated(Uuid::from_u128(0xA)).expect("it is not nil")
}

fn text(text: &str) -> Vec<Assignment> {
    vec![Assignment::new("text", text.to_owned())]
}

fn select(filter: Predicate<Notes>) -> String {
    let select = Select::new().filter(filter);
    select
        .statement(account())
        .expect("it is a statement")
        .text()
}

/// S04
#[test]
fn the_account_test_stands_outside_the_callers_or() {
    let mut lines: Vec<String> = Vec::new();
    let filter = Notes::TEXT.eq("paid".into()).or(Notes::STARS.ge(0));
    lines.push(select(filter));
    insta::assert_snapshot!(lines.join("\n"));
}

/// S04
#[test]
fn the_account_test_stands_outside_a_not_and_nested_any_and_all() {
    let mut lines: Vec<String> = Vec::new();
    let nested = Predicate::any([
        Predicate::all([Notes::STARS.gt(1), Notes::STARS.lt(5)]),
        Notes::TAG.is_null(),
    ]);
    lines.push(select(nested.clone()));
    lines.push(select(nested.not()));
    insta::assert_snapshot!(lines.join("\n"));
}

/// S04
#[test]
fn an_empty_any_is_no_rows_and_an_empty_all_is_every_row_of_the_account() {
    let lines = [
        select(Predicate::any([])),
        select(Predicate::any([]).not()),
        select(Predicate::all([])),
        select(Notes::STARS.is_in([])),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_comparison_with_null_means_what_it_says() {
    let lines = [
        select(Notes::TAG.eq(None)),
        select(Notes::TAG.ne(None)),
        select(Notes::TAG.ne(Some("x".into()))),
        select(Notes::TAG.lt(None)),
        select(Notes::STARS.lt_column(Notes::VERSION)),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_page_compares_two_columns_as_one_and_binds_its_limit() {
    let mut lines: Vec<String> = Vec::new();
    let after = Some(("m".to_owned(), Uuid::nil()));
    let page = Select::<Notes>::new()
        .filter(Notes::STARS.is_in([1, 2]))
        .keyset((Notes::TEXT, Notes::ID), true, after)
        .limit(51)
        .for_update_skip_locked();
    let statement = page.statement(account()).expect("it is a statement");
    lines.push(statement.text());
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn an_aggregate_carries_the_account_and_no_order_or_limit() {
    let mut lines: Vec<String> = Vec::new();
    let select = || {
        let all = Select::<Notes>::new().filter(Notes::STARS.gt(0));
        all.order_by(Notes::TEXT.asc()).limit(3)
    };
    let list = (
        count(),
        Notes::STARS.sum(),
        Notes::TEXT.min(),
        Notes::TEXT.max(),
    );
    let one = select().aggregate_statement(&list, account());
    lines.push(one.expect("it is a statement").text());
    let groups = select().group_statement(&(Notes::TEXT, Notes::TAG), &list, account());
    lines.push(groups.expect("it is a statement").text());
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn an_insert_sets_the_account_itself() {
    let mut lines: Vec<String> = Vec::new();
    let one = Insert::<Notes>::new(text("a")).statement(account());
    lines.push(one.expect("it is a statement").text());
    let many = InsertMany::<Notes>::new([text("a"), text("b")]).set(Notes::STARS, 1);
    let many = many.statement(account());
    lines.push(many.expect("it is a statement").text());
    let some = InsertMany::<Notes>::new([text("a")]).unless_taken(Notes::TEXT);
    let some = some.statement(account());
    lines.push(some.expect("it is a statement").text());
    insta::assert_snapshot!(lines.join("\n"));
}

/// A hand-written `TenantScoped` can't put a row into another account or choose its key.
#[test]
fn a_value_for_the_account_or_the_key_is_dropped() {
    let foreign = vec![
        Assignment::new("account_id", Uuid::from_u128(0xB)),
        Assignment::new("id", Uuid::from_u128(0xB)),
        Assignment::new("text", "a".to_owned()),
    ];
    let statement = Insert::<Notes>::new(foreign.clone()).statement(account());
    let params = statement.expect("it is a statement").params;
    let foreign_id = sea_query::Value::Uuid(Some(Uuid::from_u128(0xB)));
    assert!(params.iter().all(|param| param.0 != foreign_id));
    assert_eq!(
        params[0].0,
        sea_query::Value::Uuid(Some(account().as_uuid()))
    );
}

#[test]
fn an_upsert_puts_the_account_at_the_front_of_the_conflict() {
    let mut lines: Vec<String> = Vec::new();
    let tag = || Some("t".to_owned());
    let upsert = || {
        Upsert::<Notes>::new(text("a"))
            .key(Notes::TAG)
            .set(Notes::TAG, tag())
    };
    lines.push(upsert().statement(account()).expect("a statement").text());
    let first = upsert().version(Notes::VERSION, 0).statement(account());
    lines.push(first.expect("a statement").text());
    let later = upsert().version(Notes::VERSION, 7).statement(account());
    lines.push(later.expect("a statement").text());
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_change_carries_the_account_beside_its_filter() {
    let mut lines: Vec<String> = Vec::new();
    let some = Update::<Notes>::new()
        .patch(Patch::Set("b".into()))
        .increase(Notes::STARS, 1)
        .filter(Notes::TEXT.eq("a".into()).or(Notes::TEXT.eq("c".into())));
    lines.push(some.statement(account()).expect("a statement").text());
    let all = Update::<Notes>::new().set(Notes::STARS, 0).all_of_account();
    lines.push(all.statement(account()).expect("a statement").text());
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_delete_carries_the_account_beside_its_filter() {
    let mut lines: Vec<String> = Vec::new();
    let some = Delete::<Notes>::new().filter(Notes::STARS.lt(1).or(Notes::TAG.is_null()));
    lines.push(some.statement(account()).expect("a statement").text());
    let all = Delete::<Notes>::new().all_of_account();
    lines.push(all.statement(account()).expect("a statement").text());
    insta::assert_snapshot!(lines.join("\n"));
}

/// Without the whole key a version test would reach more rows than one.
#[test]
fn an_upsert_without_its_whole_key_is_invalid() {
    let upsert = || Upsert::<Notes>::new(text("a")).key(Notes::TAG);
    let refused = Some(Error::Invalid {
        field: "tag",
        code: "missing_key",
    });
    assert_eq!(upsert().statement(account()).err(), refused);
    let null = upsert().set(Notes::TAG, None).version(Notes::VERSION, 1);
    assert_eq!(null.statement(account()).err(), refused);
}

#[test]
fn an_empty_patch_is_invalid() {
    let empty = Update::<Notes>::new().patch(Patch::Keep).all_of_account();
    let error = empty.statement(account()).err();
    assert_eq!(
        error,
        Some(Error::Invalid {
            field: "",
            code: "empty_patch"
        })
    );
}

/// S53
#[test]
fn a_nul_character_is_refused_before_any_sql() {
    let refused = Some(Error::Invalid {
        field: "text",
        code: "nul_character",
    });
    assert_eq!(
        Insert::<Notes>::new(text("a\0")).statement(account()).err(),
        refused
    );
    let filter = Notes::STARS.eq(1).or(Notes::TEXT.eq("\0".into()).not());
    assert_eq!(
        Select::new().filter(filter).statement(account()).err(),
        refused
    );
}

/// S07
#[test]
fn a_joined_table_carries_the_account_test_too() {
    let join = Select::<Links>::new()
        .filter(Links::RANK.gt(1).or(Links::RANK.lt(0)))
        .order_by(Links::RANK.desc())
        .limit(5)
        .with(Links::NOTE, Notes::ID);
    insta::assert_snapshot!(join.statement(account()).expect("a statement").text());
}

/// S08
#[test]
fn an_exists_equates_the_accounts_of_both_tables() {
    let linked = Predicate::exists(
        Notes::ID,
        Links::NOTE,
        Links::RANK.gt(1).or(Links::RANK.lt(0)),
    );
    let lines = [
        select(linked.clone().and(Notes::STARS.ge(0))),
        select(linked.not()),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn an_exists_over_the_same_table_is_refused_since_its_columns_could_not_be_told_apart() {
    let own = Predicate::exists(Notes::ID, Notes::ID, Predicate::everything());
    let statement = Select::<Notes>::new().filter(own).statement(account());
    assert_eq!(statement.err(), Some(Error::Unreadable));
}

#[test]
fn a_chain_is_appended_to_in_one_statement() {
    let chain = Chain::<Links, Notes> {
        seq: Links::RANK,
        digest: Links::DIGEST,
        hash: Links::HASH,
        head_seq: Notes::STARS,
        head_hash: Column::declared("hash"),
    };
    let append = chain.statement(Vec::new(), vec![1], account());
    insta::assert_snapshot!(append.expect("a statement").text());
}

#[test]
fn many_upserts_are_one_statement_of_as_many_parameters_as_columns() {
    let row = |body: &str| {
        let tag = Assignment::new("tag", Some("t".to_owned()));
        text(body).into_iter().chain([tag]).collect::<Vec<_>>()
    };
    let many = UpsertMany::<Notes>::new([row("a"), row("b")]).key(Notes::TAG);
    insta::assert_snapshot!(many.statement(account()).expect("a statement").text());
    let unkeyed = UpsertMany::<Notes>::new([row("a"), text("b")]).key(Notes::TAG);
    let refused = Error::Invalid {
        field: "tag",
        code: "missing_key",
    };
    assert_eq!(unkeyed.statement(account()).err(), Some(refused));
}

#[test]
fn a_row_that_is_written_anew_keeps_what_it_says_and_when_it_changed() {
    let anew = Update::<Notes>::new().anew().all_of_account();
    let sql = anew.statement(account()).expect("a statement").text();
    assert!(
        sql.starts_with(r#"UPDATE "notes" SET "updated_at" = "notes"."updated_at" WHERE"#),
        "{sql}"
    );
    // Beside a change it is that change.
    let changed = Update::<Notes>::new().anew().set(Notes::STARS, 1);
    let sql = changed.all_of_account().statement(account());
    let sql = sql.expect("a statement").text();
    assert!(sql.contains(r#"SET "updated_at" = $1"#), "{sql}");
}

/// Even a column made by hand, which only the derive should do, can't name the account, the key or SQL.
#[test]
fn a_column_made_by_hand_writes_neither_account_nor_key() {
    let account_id: Column<Notes, i64, Settable> = Column::declared("account_id");
    let id: Column<Notes, i64, Settable> = Column::declared("id");
    let change = Update::<Notes>::new()
        .increase(account_id, 1)
        .increase(id, 1);
    let nothing = change
        .set(account_id, 1)
        .all_of_account()
        .statement(account());
    assert!(matches!(
        nothing.err(),
        Some(Error::Invalid {
            code: "empty_patch",
            ..
        })
    ));
    let upsert = Upsert::<Notes>::new(text("a")).version(id, 7);
    let statement = upsert.statement(account()).expect("a statement").text();
    assert!(!statement.contains(r#""id" ="#), "{statement}");
}

/// S38: each part that reads the table carries the account test, outside the caller's or.
#[test]
fn each_part_of_a_search_for_the_nearest_carries_the_account() {
    let data = serde_json::json!({"a": 1});
    let near = Select::<Places>::new()
        .filter(Places::DATA.contains(data).or(Places::NAME.ge("a".into())))
        .order_by(Places::NAME.asc())
        .limit(3)
        .nearest(
            Places::VECTOR,
            Distance::Cosine,
            Vector::new(vec![1.0]).expect("it is one"),
            10,
        )
        .exact_up_to(100);
    let statement = |most| near.statement(most, account()).expect("a statement");
    let (index, exact) = (statement(Some(100)), statement(None));
    let settings = index.settings.as_ref().map(|settings| settings.sql);
    assert!(exact.settings.is_none(), "no index is walked");
    let lines = [
        index.text(),
        settings.expect("it has some").into(),
        exact.text(),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_search_for_the_nearest_needs_a_key_and_no_nul_character() {
    const VECTOR: Column<Links, Vector, Settable> = Column::declared("vector");
    let to = || Vector::new(vec![1.0]).expect("it is one");
    let keyless = Select::<Links>::new().nearest(VECTOR, Distance::L2, to(), 1);
    let refused = keyless.statement(None, account()).err();
    assert_eq!(refused, Some(Error::Unreadable));
    let nul = Places::DATA.contains(serde_json::json!({"a\0": 1}));
    let nul = Select::new()
        .filter(nul)
        .nearest(Places::VECTOR, Distance::L2, to(), 1);
    let refused = nul.statement(None, account()).err();
    assert!(matches!(
        refused,
        Some(Error::Invalid {
            code: "nul_character",
            ..
        })
    ));
}
