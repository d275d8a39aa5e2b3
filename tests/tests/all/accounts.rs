use access::{
    AccountId, Error, MissingAccount, Patch,
    accounts::{self, AccountPatch, NewAccount},
    system,
};
use tests::{TestDatabase, fixtures::Cast};
use uuid::Uuid;

/// S03
#[test]
fn the_nil_uuid_is_no_account() {
    assert_eq!(
        AccountId::from_authenticated(Uuid::nil()),
        Err(MissingAccount)
    );
}

#[tokio::test]
async fn an_account_sees_and_changes_itself_alone() {
    let cast = Cast::new().await;
    assert_eq!(
        accounts::get(&cast.tenant_a()).await.unwrap().name,
        "Studio of a"
    );
    let patch = AccountPatch {
        name: Patch::Set("A2".into()),
    };
    let changed = accounts::update(&cast.tenant_a(), patch).await.unwrap();
    assert_eq!(
        (changed.id, changed.name.as_str()),
        (cast.a.as_uuid(), "A2")
    );
    let b = accounts::get(&cast.tenant_b()).await.unwrap();
    assert_eq!(b.name, "Studio of b");
}

#[tokio::test]
async fn a_name_has_1_to_200_characters() {
    let cast = Cast::new().await;
    for name in [String::new(), "x".repeat(201), "\0".into()] {
        let patch = AccountPatch {
            name: Patch::Set(name),
        };
        let refused = accounts::update(&cast.tenant_a(), patch).await.unwrap_err();
        assert!(matches!(refused, Error::Invalid { field: "name", .. }));
    }
    let empty = accounts::update(&cast.tenant_a(), AccountPatch::default()).await;
    assert!(matches!(
        empty,
        Err(Error::Invalid {
            code: "empty_patch",
            ..
        })
    ));
}

#[tokio::test]
async fn an_absent_account_is_not_found() {
    let database = TestDatabase::new().await;
    let nobody = AccountId::from_authenticated(Uuid::now_v7()).unwrap();
    let tenant = database.db().await.tenant(nobody);
    assert_eq!(accounts::get(&tenant).await.unwrap_err(), Error::NotFound);
}

#[tokio::test]
async fn making_an_account_is_written_to_the_diary_in_the_same_transaction() {
    let database = TestDatabase::new().await;
    let system = database.system().await;
    let scope = system.scope("ops@example.com", "ticket 7").unwrap();
    system::create_account(&scope, NewAccount { name: "A".into() })
        .await
        .unwrap();
    let refused = system::create_account(
        &scope,
        NewAccount {
            name: String::new(),
        },
    )
    .await;
    assert!(refused.is_err());
    let superuser = database.superuser().await;
    let uses = superuser
        .query("SELECT actor, reason, function FROM system_uses", &[])
        .await
        .unwrap();
    let uses: Vec<[String; 3]> = uses
        .iter()
        .map(|row| [row.get(0), row.get(1), row.get(2)])
        .collect();
    assert_eq!(
        uses,
        [["ops@example.com", "ticket 7", "create_account"].map(String::from)]
    );
    assert!(system.scope("", "why").is_err());
    assert!(system.scope("who", "").is_err());
}

#[tokio::test]
async fn the_diary_can_only_be_added_to_and_the_app_can_not_reach_it() {
    let database = TestDatabase::new().await;
    let system = tests::connect_raw(&database.url(dev_server::Login::System)).await;
    for sql in [
        "SELECT * FROM system_uses",
        "UPDATE system_uses SET actor = 'x'",
        "DELETE FROM system_uses",
    ] {
        assert_eq!(
            system
                .batch_execute(sql)
                .await
                .unwrap_err()
                .code()
                .unwrap()
                .code(),
            "42501"
        );
    }
    let app = database.app_sql().await;
    let insert = "INSERT INTO system_uses (id, actor, reason, function) VALUES (gen_random_uuid(), 'a', 'b', 'c')";
    assert_eq!(
        app.batch_execute(insert)
            .await
            .unwrap_err()
            .code()
            .unwrap()
            .code(),
        "42501"
    );
}
