//! What the guard can do beyond what `access` uses, on another team's table.

use std::time::Duration;

use access::{AccountId, Config};
use entity_guard::{
    Constraint, Delete, Error, Insert, InsertMany, Isolation, Patch, Select, Tenant, Update,
    Upsert, count,
};
use tests::{
    TestDatabase,
    notes::{NewNote, Note, NotePatch, Notes, create_table},
};

struct Desk {
    database: TestDatabase,
    guard: entity_guard::Db,
    a: AccountId,
    b: AccountId,
}

impl Desk {
    async fn new() -> Self {
        Self::connected(|config| config).await
    }

    async fn connected(with: impl FnOnce(Config) -> Config) -> Self {
        let database = TestDatabase::new().await;
        create_table(&database.owner_sql().await).await;
        let (a, b) = (database.account("A").await, database.account("B").await);
        let config = with(database.config());
        let guard = entity_guard::Db::connect(config, &entity::schema::APP);
        let guard = guard.await.unwrap();
        let desk = Self {
            database,
            guard,
            a,
            b,
        };
        for account in [desk.a, desk.b] {
            let notes = (0..20).map(|n| note(&format!("n{n}"), n));
            InsertMany::<Notes>::new(notes)
                .all(&desk.guard.tenant(account))
                .await
                .unwrap();
        }
        desk
    }

    fn a(&self) -> Tenant {
        self.guard.tenant(self.a)
    }

    fn b(&self) -> Tenant {
        self.guard.tenant(self.b)
    }

    async fn slugs_of_b(&self) -> Vec<Note> {
        Select::<Notes>::new()
            .order_by(Notes::ID.asc())
            .all(&self.b())
            .await
            .unwrap()
    }
}

fn note(slug: &str, stars: i64) -> NewNote {
    NewNote {
        slug: slug.into(),
        body: format!("body of {slug}"),
        stars,
        tag: (stars % 2 == 0).then(|| "even".to_owned()),
    }
}

#[tokio::test]
async fn many_rows_go_in_at_once_and_come_back_in_order() {
    let desk = Desk::new().await;
    let rows = InsertMany::<Notes>::new((0..1_000).map(|n| note(&format!("m{n}"), n)))
        .set(Notes::VERSION, 3)
        .all(&desk.a())
        .await
        .unwrap();
    assert_eq!(rows.len(), 1_000);
    assert!(
        rows.iter()
            .enumerate()
            .all(|(n, row)| row.slug == format!("m{n}") && row.version == 3)
    );
    assert_eq!(rows[1].tag, None);
    let none = InsertMany::<Notes>::new([]).all(&desk.a()).await.unwrap();
    assert!(none.is_empty());
    let twice = InsertMany::<Notes>::new([note("x", 1), note("x", 1)])
        .all(&desk.a())
        .await;
    assert!(matches!(
        twice,
        Err(Error::Constraint {
            kind: Constraint::Unique,
            ..
        })
    ));
    assert_eq!(
        Select::<Notes>::new().count(&desk.a()).await.unwrap(),
        1_020
    );
    assert_eq!(Select::<Notes>::new().count(&desk.b()).await.unwrap(), 20);
}

/// S16
#[tokio::test]
async fn an_upsert_of_a_key_that_b_has_makes_as_own_row() {
    let desk = Desk::new().await;
    let before = desk.slugs_of_b().await;
    Delete::<Notes>::new()
        .filter(Notes::SLUG.eq("n1".into()))
        .one(&desk.a())
        .await
        .unwrap();
    let upsert = |stars| Upsert::<Notes>::new(note("n1", stars)).key(Notes::SLUG);
    let first = upsert(100).one(&desk.a()).await.unwrap();
    let second = upsert(200).one(&desk.a()).await.unwrap();
    assert_eq!((first.id, first.stars, second.stars), (second.id, 100, 200));
    assert_eq!(desk.slugs_of_b().await, before);
}

#[tokio::test]
async fn an_upsert_with_a_stale_version_is_a_conflict() {
    let desk = Desk::new().await;
    let upsert = |version| {
        Upsert::<Notes>::new(note("v", 1))
            .key(Notes::SLUG)
            .version(Notes::VERSION, version)
    };
    assert_eq!(
        upsert(1).one(&desk.a()).await,
        Err(Error::Conflict),
        "there is no row yet"
    );
    assert_eq!(upsert(0).one(&desk.a()).await.unwrap().version, 1);
    assert_eq!(upsert(0).one(&desk.a()).await, Err(Error::Conflict));
    assert_eq!(upsert(1).one(&desk.a()).await.unwrap().version, 2);
    assert_eq!(upsert(1).one(&desk.a()).await, Err(Error::Conflict));
}

/// S14
#[tokio::test]
async fn a_change_of_all_of_an_account_stays_in_the_account() {
    let desk = Desk::new().await;
    let before = desk.slugs_of_b().await;
    let changed = Update::<Notes>::new()
        .increase(Notes::STARS, 5)
        .all_of_account()
        .execute(&desk.a())
        .await;
    assert_eq!(changed.unwrap(), 20);
    let patch = NotePatch {
        tag: Patch::Set(None),
        ..Default::default()
    };
    let some = Update::<Notes>::new()
        .patch(patch)
        .filter(Notes::STARS.lt(10))
        .all(&desk.a())
        .await
        .unwrap();
    assert_eq!(some.len(), 5);
    assert!(some.iter().all(|row| row.tag.is_none()));
    let gone = Delete::<Notes>::new()
        .filter(Notes::TAG.is_null())
        .all(&desk.a())
        .await
        .unwrap();
    assert_eq!(
        Delete::<Notes>::new()
            .all_of_account()
            .execute(&desk.a())
            .await
            .unwrap() as usize,
        20 - gone.len()
    );
    assert_eq!(desk.slugs_of_b().await, before);
}

#[tokio::test]
async fn a_write_that_touches_no_row_is_not_found() {
    let desk = Desk::new().await;
    let foreign = desk.slugs_of_b().await[0].id;
    let update = Update::<Notes>::new()
        .set(Notes::STARS, 1)
        .filter(Notes::ID.eq(foreign));
    assert_eq!(update.one(&desk.a()).await, Err(Error::NotFound));
    let delete = Delete::<Notes>::new().filter(Notes::ID.eq(foreign));
    assert_eq!(delete.one(&desk.a()).await, Err(Error::NotFound));
    assert_eq!(
        Select::<Notes>::new()
            .filter(Notes::ID.eq(foreign))
            .one(&desk.a())
            .await,
        Err(Error::NotFound)
    );
}

/// S09
#[tokio::test]
async fn aggregates_and_groups_are_the_accounts_own() {
    let desk = Desk::new().await;
    let all = (
        count(),
        Notes::STARS.sum(),
        Notes::STARS.min(),
        Notes::STARS.max(),
        Notes::SLUG.max(),
    );
    let found = Select::<Notes>::new()
        .aggregate(all, &desk.a())
        .await
        .unwrap();
    assert_eq!(found, (20, 190, Some(0), Some(19), Some("n9".into())));
    let groups = Select::<Notes>::new()
        .filter(Notes::STARS.gt(9))
        .group_by(
            (Notes::TAG, Notes::VERSION),
            (count(), Notes::STARS.sum()),
            &desk.a(),
        )
        .await
        .unwrap();
    assert_eq!(
        groups,
        [((Some("even".into()), 1), (5, 70)), ((None, 1), (5, 75))]
    );
    let none = Select::<Notes>::new().filter(Notes::STARS.gt(99));
    let empty = none
        .aggregate((count(), Notes::STARS.sum(), Notes::STARS.min()), &desk.a())
        .await
        .unwrap();
    assert_eq!(empty, (0, 0, None));
}

#[tokio::test]
async fn locked_rows_are_passed_over_by_skip_locked() {
    let desk = Desk::new().await;
    let (mut first, mut second) = (desk.a(), desk.a());
    let take = || Select::<Notes>::new().order_by(Notes::STARS.asc()).limit(5);
    let (one, one_end) = first.begin(Isolation::ReadCommitted).await.unwrap();
    let (two, two_end) = second.begin(Isolation::ReadCommitted).await.unwrap();
    let of_one = take().for_update().all(&one).await.unwrap();
    let of_two = take().for_update_skip_locked().all(&two).await.unwrap();
    let stars = |rows: &[Note]| rows.iter().map(|row| row.stars).collect::<Vec<_>>();
    assert_eq!(
        (stars(&of_one), stars(&of_two)),
        (vec![0, 1, 2, 3, 4], vec![5, 6, 7, 8, 9])
    );
    one_end.commit().await.unwrap();
    two_end.rollback().await.unwrap();
}

#[tokio::test]
async fn a_lock_holds_up_its_own_account_alone() {
    let desk = Desk::connected(|config| config.lock_timeout(Duration::from_millis(200))).await;
    let (mut holding, mut waiting, mut other) = (desk.a(), desk.a(), desk.b());
    let (holds, held) = holding.begin(Isolation::ReadCommitted).await.unwrap();
    let (waits, waited) = waiting.begin(Isolation::ReadCommitted).await.unwrap();
    let (others, of_other) = other.begin(Isolation::ReadCommitted).await.unwrap();
    holds.lock("ch_1").await.unwrap();
    assert_eq!(waits.lock("ch_1").await, Err(Error::Timeout));
    others
        .lock("ch_1")
        .await
        .expect("B's lock of that name is another one");
    of_other.commit().await.unwrap();
    waited.rollback().await.unwrap();
    held.commit().await.unwrap();
}

/// S77
#[tokio::test]
async fn a_deferred_constraint_that_fails_at_commit_is_an_error_although_the_row_came_back() {
    for fast in [true, false] {
        a_deferred_constraint_that_fails_at_commit_is_an_error_although_the_row_came_back_in(fast)
            .await;
    }
}

async fn a_deferred_constraint_that_fails_at_commit_is_an_error_although_the_row_came_back_in(
    fast: bool,
) {
    let desk = Desk::connected(|config| config.fast_form(fast)).await;
    let owner = desk.database.owner_sql().await;
    owner
        .batch_execute(
            "ALTER TABLE notes DROP CONSTRAINT notes_account_id_fkey;
             ALTER TABLE notes ADD FOREIGN KEY (account_id) REFERENCES accounts (id) DEFERRABLE INITIALLY DEFERRED",
        )
        .await
        .unwrap();
    let nobody = AccountId::from_authenticated(uuid::Uuid::now_v7()).unwrap();
    let mut tenant = desk.guard.tenant(nobody);
    let alone = Insert::<Notes>::new(note("x", 1)).one(&tenant).await;
    assert!(
        matches!(
            alone,
            Err(Error::Constraint {
                kind: Constraint::ForeignKey,
                ..
            })
        ),
        "{alone:?}"
    );
    let (inside, end) = tenant.begin(Isolation::ReadCommitted).await.unwrap();
    assert!(
        Insert::<Notes>::new(note("x", 1))
            .one(&inside)
            .await
            .is_ok()
    );
    assert!(matches!(
        end.commit().await,
        Err(Error::Constraint {
            kind: Constraint::ForeignKey,
            ..
        })
    ));
}

#[tokio::test]
async fn a_handle_that_outlives_its_transaction_is_refused() {
    let desk = Desk::new().await;
    let mut tenant = desk.a();
    let (inside, end) = tenant.begin(Isolation::ReadCommitted).await.unwrap();
    Select::<Notes>::new().count(&inside).await.unwrap();
    end.commit().await.unwrap();
    assert_eq!(
        Select::<Notes>::new().count(&inside).await,
        Err(Error::Abandoned)
    );
}

#[tokio::test]
async fn a_row_that_can_not_be_read_after_it_was_saved_is_no_plain_failure() {
    let desk = Desk::new().await;
    let owner = desk.database.owner_sql().await;
    owner
        .batch_execute("ALTER TABLE notes ALTER version TYPE integer")
        .await
        .unwrap();
    let saved = Insert::<Notes>::new(note("saved", 1)).one(&desk.a()).await;
    assert_eq!(saved, Err(Error::SavedUnreadable));
    let by_slug = Select::<Notes>::new().filter(Notes::SLUG.eq("saved".into()));
    assert_eq!(by_slug.count(&desk.a()).await.unwrap(), 1);
    assert_eq!(
        Select::<Notes>::new().all(&desk.a()).await,
        Err(Error::Unreadable)
    );
}
