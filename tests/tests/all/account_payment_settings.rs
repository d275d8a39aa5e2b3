use access::{
    Error,
    account_payment_settings::{self, PayoutSchedule},
};
use tests::{TestDatabase, fixtures::new_settings};

#[tokio::test]
async fn an_account_that_never_set_any_has_the_defaults() {
    let database = TestDatabase::new().await;
    let tenant = database.db().await.tenant(database.account("A").await);
    let settings = account_payment_settings::get(&tenant).await.unwrap();
    assert_eq!(
        (settings.version, settings.minimum_payout, settings.fee_bp),
        (0, 0, 0)
    );
    assert_eq!(settings.schedule, PayoutSchedule::Manual);
    assert_eq!(settings.default_currency.as_str(), "USD");
}

#[tokio::test]
async fn a_change_with_a_stale_version_is_a_conflict_and_nothing_is_lost() {
    let database = TestDatabase::new().await;
    let tenant = database.db().await.tenant(database.account("A").await);
    let upsert = |new, version| account_payment_settings::upsert(&tenant, new, version);
    assert_eq!(
        upsert(new_settings(), 1).await,
        Err(Error::Conflict),
        "there are none yet"
    );
    assert_eq!(upsert(new_settings(), 0).await.unwrap().version, 1);
    assert_eq!(upsert(new_settings(), 0).await, Err(Error::Conflict));
    let mut later = new_settings();
    later.minimum_payout = 500;
    assert_eq!(upsert(later, 1).await.unwrap().version, 2);
    assert_eq!(upsert(new_settings(), 1).await, Err(Error::Conflict));
    assert_eq!(
        account_payment_settings::get(&tenant)
            .await
            .unwrap()
            .minimum_payout,
        500
    );
}

#[tokio::test]
async fn of_ten_writers_with_one_version_one_succeeds() {
    let database = TestDatabase::new().await;
    let (db, account) = (database.db().await, database.account("A").await);
    let writers = (0..10).map(|_| {
        let tenant = db.tenant(account);
        async move { account_payment_settings::upsert(&tenant, new_settings(), 0).await }
    });
    let outcomes = futures_util::future::join_all(writers).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, Ok(_) | Err(Error::Conflict)))
    );
}

/// Stripe's rules for statement descriptors.
#[tokio::test]
async fn settings_have_bounds() {
    let database = TestDatabase::new().await;
    let tenant = database.db().await.tenant(database.account("A").await);
    let refused = async |change: fn(&mut account_payment_settings::NewPaymentSettings)| {
        let mut new = new_settings();
        change(&mut new);
        match account_payment_settings::upsert(&tenant, new, 0).await {
            Err(Error::Invalid { field, .. }) => field,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(|s| s.minimum_payout = -1).await, "minimum_payout");
    assert_eq!(refused(|s| s.fee_bp = -1).await, "fee_bp");
    assert_eq!(refused(|s| s.fee_bp = 10_001).await, "fee_bp");
    assert_eq!(
        refused(|s| s.connected_account = Some("ac_1".into())).await,
        "connected_account"
    );
    let descriptors = [
        "ABCD",
        "ABCDEFGHIJKLMNOPQRSTUVW",
        "12345",
        "AB<CDE",
        "AB'CDE",
        "AB*CDE",
        "AB\"CDE",
        "AB\\CDE",
        "ÄBCDE",
        "ABCD\0",
    ];
    for bad in descriptors {
        let mut new = new_settings();
        new.statement_descriptor = Some(bad.into());
        let refused = account_payment_settings::upsert(&tenant, new, 0).await;
        assert!(
            matches!(
                refused,
                Err(Error::Invalid {
                    field: "statement_descriptor",
                    ..
                })
            ),
            "{bad:?}"
        );
    }
    let negative = account_payment_settings::upsert(&tenant, new_settings(), -1).await;
    assert!(matches!(
        negative,
        Err(Error::Invalid {
            field: "version",
            ..
        })
    ));
}
