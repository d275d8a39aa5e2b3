use access::{
    Error, Patch, Reason,
    account_payout_routes::{self, PayeeRole, PayoutRoute, PayoutRoutePatch},
};
use tests::{TestDatabase, fixtures::new_route};

fn share(share_bp: i32) -> PayoutRoutePatch {
    PayoutRoutePatch {
        share_bp: Patch::Set(share_bp),
        ..Default::default()
    }
}

fn payees(routes: &[PayoutRoute]) -> Vec<&str> {
    routes.iter().map(|route| route.payee.as_str()).collect()
}

#[tokio::test]
async fn active_routes_never_give_away_more_than_the_whole() {
    let database = TestDatabase::new().await;
    let tenant = database.db().await.tenant(database.account("A").await);
    let exceeded = Err(Error::Rejected(Reason::SharesExceedWhole));
    let first = account_payout_routes::create(&tenant, new_route("one", 6_000))
        .await
        .unwrap();
    assert_eq!(
        account_payout_routes::create(&tenant, new_route("two", 4_001)).await,
        exceeded
    );
    let second = account_payout_routes::create(&tenant, new_route("two", 4_000))
        .await
        .unwrap();
    assert_eq!(
        account_payout_routes::update(&tenant, first.id, share(6_001)).await,
        exceeded
    );
    assert_eq!(
        account_payout_routes::get(&tenant, first.id)
            .await
            .unwrap()
            .share_bp,
        6_000
    );
    account_payout_routes::deactivate(&tenant, second.id)
        .await
        .unwrap();
    assert_eq!(
        account_payout_routes::update(&tenant, first.id, share(10_000))
            .await
            .unwrap()
            .share_bp,
        10_000
    );
    let ended = account_payout_routes::deactivate(&tenant, second.id)
        .await
        .unwrap();
    assert!(!ended.active, "ended twice is ended");
}

#[tokio::test]
async fn ten_thousand_basis_points_hold_with_twenty_writers_at_once() {
    let database = TestDatabase::new().await;
    let db = database.busy_db(20).await;
    let account = database.account("A").await;
    let writers = (0..20).map(|number| {
        let tenant = db.tenant(account);
        async move {
            account_payout_routes::create(&tenant, new_route(&format!("p{number}"), 900)).await
        }
    });
    let outcomes = futures_util::future::join_all(writers).await;
    assert_eq!(
        outcomes.iter().filter(|outcome| outcome.is_ok()).count(),
        11,
        "{outcomes:?}"
    );
    let refused = outcomes.into_iter().filter_map(Result::err);
    assert!(
        refused
            .into_iter()
            .all(|error| error == Error::Rejected(Reason::SharesExceedWhole))
    );
    let routes = account_payout_routes::list(&db.tenant(account), true)
        .await
        .unwrap();
    assert_eq!(
        routes.iter().map(|route| route.share_bp).sum::<i32>(),
        9_900
    );
    // Raising what is there, by twenty at once, finds the same bound.
    let writers = routes.iter().cycle().take(20).map(|route| {
        let tenant = db.tenant(account);
        async move { account_payout_routes::update(&tenant, route.id, share(1_000)).await }
    });
    futures_util::future::join_all(writers).await;
    let routes = account_payout_routes::list(&db.tenant(account), true)
        .await
        .unwrap();
    assert_eq!(
        routes.iter().map(|route| route.share_bp).sum::<i32>(),
        10_000
    );
}

#[tokio::test]
async fn a_payee_has_one_active_route() {
    let database = TestDatabase::new().await;
    let tenant = database.db().await.tenant(database.account("A").await);
    let first = account_payout_routes::create(&tenant, new_route("one", 100))
        .await
        .unwrap();
    let twice = account_payout_routes::create(&tenant, new_route("one", 100)).await;
    assert_eq!(twice, Err(Error::Conflict));
    account_payout_routes::deactivate(&tenant, first.id)
        .await
        .unwrap();
    account_payout_routes::create(&tenant, new_route("one", 100))
        .await
        .unwrap();
    assert_eq!(
        account_payout_routes::list(&tenant, false)
            .await
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        account_payout_routes::list(&tenant, true)
            .await
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn routes_are_listed_in_the_order_they_are_put_into() {
    let database = TestDatabase::new().await;
    let tenant = database.db().await.tenant(database.account("A").await);
    let mut ids = Vec::new();
    for payee in ["a", "b", "c", "d"] {
        ids.push(
            account_payout_routes::create(&tenant, new_route(payee, 100))
                .await
                .unwrap()
                .id,
        );
    }
    let ordered = account_payout_routes::reorder(&tenant, &[ids[2], ids[0]])
        .await
        .unwrap();
    assert_eq!(payees(&ordered), ["c", "a", "b", "d"]);
    let listed = account_payout_routes::list(&tenant, false).await.unwrap();
    assert_eq!(payees(&listed), ["c", "a", "b", "d"]);
    assert_eq!(
        listed
            .iter()
            .map(|route| route.position)
            .collect::<Vec<_>>(),
        [0, 1, 2, 3]
    );
    let twice = account_payout_routes::reorder(&tenant, &[ids[0], ids[0]]).await;
    assert!(matches!(twice, Err(Error::Invalid { field: "ids", .. })));
}

#[tokio::test]
async fn routes_have_bounds() {
    let database = TestDatabase::new().await;
    let tenant = database.db().await.tenant(database.account("A").await);
    let refused = async |new| match account_payout_routes::create(&tenant, new).await {
        Err(Error::Invalid { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    for share_bp in [0, -1, 10_001, i32::MAX] {
        assert_eq!(refused(new_route("p", share_bp)).await, "share_bp");
    }
    for payee in ["", "creator", "platform", "\0"] {
        assert_eq!(refused(new_route(payee, 1)).await, "payee");
    }
    for role in [PayeeRole::Creator, PayeeRole::Platform] {
        assert_eq!(
            refused(account_payout_routes::NewPayoutRoute {
                role,
                ..new_route("p", 1)
            })
            .await,
            "role"
        );
    }
    let mut account = new_route("p", 1);
    account.connected_account = "someone".into();
    assert_eq!(refused(account).await, "connected_account");
}
