//! A shape is rendered once, and what is bound to it is each call's own.

use super::*;
use crate::statement::Statement;

fn known(made: impl Fn(i64) -> Result<Statement, Error>) -> [Statement; 2] {
    let [first, second] = [1, 2].map(|n| made(n).expect("a statement"));
    assert!(
        std::ptr::eq(&*first.sql, &*second.sql),
        "rendered twice: {}",
        &*first.sql
    );
    [first, second]
}

fn stars(statement: &Statement, value: i64) -> bool {
    let bound = sea_query::Value::BigInt(Some(value));
    statement.params.iter().any(|param| match &param.0 {
        sea_query::Value::Array(_, Some(items)) => items.contains(&bound),
        other => *other == bound,
    })
}

#[test]
fn each_kind_of_statement_is_rendered_once() {
    let a = account();
    let some = |n: i64| Notes::STARS.ge(n).and(Notes::TAG.is_null().not());
    let linked = |n: i64| Predicate::exists(Notes::ID, Links::NOTE, Links::RANK.eq(n));
    let every = [
        known(|n| Select::new().filter(some(n)).statement(a)),
        known(|n| Select::new().filter(linked(n).or(some(n))).statement(a)),
        known(|n| Select::new().filter(Notes::STARS.is_in([n])).statement(a)),
        known(|n| {
            let order = (Notes::STARS, Notes::ID);
            let select = Select::new().keyset(order, true, Some((n, Uuid::from_u128(1))));
            select.limit(3).for_update().statement(a)
        }),
        known(|n| {
            let select = Select::<Notes>::new().filter(some(n));
            select.aggregate_statement(&(count(), Notes::STARS.max()), a)
        }),
        known(|n| {
            let select = Select::<Notes>::new().filter(some(n));
            select.group_statement(&Notes::TAG, &(Notes::STARS.sum(),), a)
        }),
        known(|n| {
            let select = Select::<Links>::new().filter(Links::RANK.lt(n));
            select
                .with::<Notes, _, _, _, _>(Links::NOTE, Notes::ID)
                .statement(a)
        }),
        known(|n| {
            Insert::<Notes>::new(text("x"))
                .set(Notes::STARS, n)
                .statement(a)
        }),
        known(|n| {
            let update = Update::<Notes>::new().set(Notes::TEXT, "x".into());
            update
                .increase(Notes::STARS, n)
                .filter(some(n))
                .statement(a)
        }),
        known(|n| Delete::<Notes>::new().filter(some(n)).statement(a)),
        known(|n| {
            Upsert::<Notes>::new(text("x"))
                .key(Notes::TEXT)
                .set(Notes::STARS, n)
                .statement(a)
        }),
    ];
    for [first, second] in &every {
        assert!(stars(first, 1) && !stars(first, 2), "{}", &*first.sql);
        assert!(stars(second, 2) && !stars(second, 1), "{}", &*second.sql);
    }
    let upsert = || Upsert::<Notes>::new(text("x")).key(Notes::TEXT);
    known(|_| upsert().version(Notes::VERSION, 0).statement(a));
    let [first, second] = known(|n| upsert().version(Notes::VERSION, n + 6).statement(a));
    assert!(stars(&first, 7) && stars(&second, 8));
    let chain = Chain::<Links, Notes> {
        seq: Links::RANK,
        digest: Links::DIGEST,
        hash: Links::HASH,
        head_seq: Notes::STARS,
        head_hash: Column::declared("hash"),
    };
    known(|n| chain.statement(Vec::new(), vec![n.to_le_bytes()[0]], a));
}

/// Whatever the text depends on is in its shape.
#[test]
fn what_differs_in_its_text_differs_in_its_shape() {
    let a = account();
    let stars = Notes::STARS;
    let filters = || {
        [
            stars.eq(1),
            stars.ne(1),
            stars.lt(1),
            stars.le(1),
            stars.gt(1),
            stars.ge(1),
            stars.is_in([1]),
            stars.eq(1).not(),
            stars.eq(1).and(stars.eq(2)),
            stars.eq(1).or(stars.eq(2)),
            stars.lt_column(Notes::VERSION),
            Notes::VERSION.lt_column(stars),
            Notes::TAG.is_null(),
            Notes::TAG.is_not_null(),
            Predicate::everything(),
            Predicate::any([]),
            Predicate::any([stars.eq(1).and(stars.eq(2)), stars.eq(3)]),
            Predicate::all([stars.eq(1), stars.eq(2), stars.eq(3)]),
            Predicate::exists(Notes::ID, Links::NOTE, Links::RANK.eq(1)),
            Predicate::exists(Notes::ID, Links::NOTE, Links::RANK.ne(1)),
        ]
    };
    let mut texts = Vec::new();
    for _ in 0..2 {
        for filter in filters() {
            let selects = [
                Select::new(),
                Select::new().order_by(stars.asc()),
                Select::new().order_by(stars.desc()),
                Select::new().order_by(Notes::ID.asc()),
                Select::new().keyset((stars, Notes::ID), true, None),
                Select::new().keyset((stars, Notes::ID), true, Some((1, Uuid::from_u128(1)))),
                Select::new().keyset((stars, Notes::ID), false, Some((1, Uuid::from_u128(1)))),
                Select::new().limit(1),
                Select::new().for_update(),
                Select::new().for_share(),
                Select::new().for_no_key_update(),
                Select::new().for_update_skip_locked(),
            ];
            for select in selects {
                texts.push(
                    select
                        .filter(filter.clone())
                        .statement(a)
                        .expect("a statement")
                        .text(),
                );
            }
            texts.push(
                Delete::<Notes>::new()
                    .filter(filter.clone())
                    .statement(a)
                    .expect("one")
                    .text(),
            );
            let update = Update::<Notes>::new().set(stars, 1).filter(filter.clone());
            texts.push(update.statement(a).expect("one").text());
            let update = Update::<Notes>::new().increase(stars, 1).filter(filter);
            texts.push(update.statement(a).expect("one").text());
        }
    }
    let half = texts.len() / 2;
    let (first, second) = texts.split_at(half);
    assert_eq!(first, second, "found again as they were rendered");
    let distinct: std::collections::BTreeSet<_> = first.iter().collect();
    assert_eq!(distinct.len(), half, "each shape has a text of its own");
}
