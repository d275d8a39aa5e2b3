use access::{
    Currency, Error, Patch, Reason,
    stripe_payments::{self, ListStripePayments, PaymentStatus, StripePaymentPatch},
};
use serde_json::json;
use tests::{
    TestDatabase,
    fixtures::{Cast, new_payment},
};
use uuid::Uuid;

pub(super) fn invalid(field: &'static str) -> impl Fn(&Error) -> bool {
    move |error| matches!(error, Error::Invalid { field: found, .. } if *found == field)
}

#[tokio::test]
async fn a_payment_comes_back_as_it_was_given() {
    let database = TestDatabase::new().await;
    let db = database.db().await;
    let tenant = db.tenant(database.account("A").await);
    let mut new = new_payment("buyer", 1_999);
    new.payment_intent = Some("pi_1".into());
    new.description = Some("Ünïcode ✓".into());
    new.metadata = Some(json!({"order": 7, "nested": {"a": [1, 2]}}));
    let made = stripe_payments::create(&tenant, new.clone()).await.unwrap();

    assert_eq!(made.buyer, new.buyer);
    assert_eq!((made.amount, made.fee, made.refunded), (1_999, 199, 0));
    assert_eq!(made.status, PaymentStatus::RequiresPaymentMethod);
    assert_eq!(made.metadata, new.metadata);
    assert_eq!(made.id.as_uuid().get_version_num(), 7);
    assert_eq!(stripe_payments::get(&tenant, made.id).await.unwrap(), made);
    let found = stripe_payments::find_by_payment_intent(&tenant, "pi_1").await;
    assert_eq!(found.unwrap(), Some(made));
    let none = stripe_payments::find_by_payment_intent(&tenant, "pi_2").await;
    assert_eq!(none.unwrap(), None);
}

#[tokio::test]
async fn a_payment_intent_is_taken_once_per_account() {
    let cast = Cast::new().await;
    let mut new = new_payment("buyer", 5);
    new.payment_intent = Some("pi_0".into());
    let again = stripe_payments::create(&cast.tenant_a(), new).await;
    assert_eq!(again.unwrap_err(), Error::Conflict);
    let patch = StripePaymentPatch {
        payment_intent: Patch::Set(Some("pi_1".into())),
        ..Default::default()
    };
    let moved = stripe_payments::update(&cast.tenant_a(), cast.payments_a[0].id, patch).await;
    assert_eq!(moved.unwrap_err(), Error::Conflict);
}

/// S55
#[tokio::test]
async fn an_amount_is_checked_before_sql_and_its_largest_is_stored_exactly() {
    let database = TestDatabase::new().await;
    let db = database.db().await;
    let tenant = db.tenant(database.account("A").await);
    for amount in [0, -1, i64::MIN] {
        let mut new = new_payment("buyer", 1);
        new.amount = amount;
        let refused = stripe_payments::create(&tenant, new).await.unwrap_err();
        assert!(invalid("amount")(&refused), "{amount}: {refused:?}");
    }
    for (fee, amount) in [(-1, 5), (6, 5), (i64::MIN, 5), (i64::MAX, 5)] {
        let mut new = new_payment("buyer", amount);
        new.fee = fee;
        let refused = stripe_payments::create(&tenant, new).await.unwrap_err();
        assert!(invalid("fee")(&refused), "{fee}: {refused:?}");
    }
    let made = stripe_payments::create(&tenant, new_payment("buyer", i64::MAX)).await;
    assert_eq!(made.unwrap().amount, i64::MAX);
}

/// S57
#[test]
fn only_upper_case_iso_4217_codes_are_currencies() {
    for text in [
        "usd", "US", "USDX", "USD ", " USD", "ÜSD", "", "ABC", "U\0D",
    ] {
        assert!(text.parse::<Currency>().is_err(), "{text:?}");
        assert!(
            serde_json::from_value::<Currency>(json!(text)).is_err(),
            "{text:?}"
        );
    }
    let exponents = ["USD", "JPY", "KWD", "ISK", "UGX"].map(|code| {
        let currency: Currency = code.parse().unwrap();
        assert_eq!(currency.as_str(), code);
        currency.exponent()
    });
    assert_eq!(exponents, [2, 0, 3, 2, 2]);
}

/// S11
#[test]
fn a_body_that_names_an_account_a_key_or_a_guarded_column_does_not_parse() {
    let new = json!({"buyer": "b", "pay_for": "tip", "pay_for_id": "x", "amount": 5, "currency": "USD", "fee": 0});
    assert!(serde_json::from_value::<stripe_payments::NewStripePayment>(new.clone()).is_ok());
    for field in [
        "account_id",
        "id",
        "status",
        "refunded",
        "created_at",
        "charge",
        "other",
    ] {
        let mut body = new.clone();
        body[field] = json!(Uuid::now_v7());
        let parsed = serde_json::from_value::<stripe_payments::NewStripePayment>(body);
        assert!(parsed.is_err(), "{field}");
        let patch = json!({ field: Uuid::now_v7() });
        assert!(
            serde_json::from_value::<StripePaymentPatch>(patch).is_err(),
            "{field}"
        );
    }
}

#[tokio::test]
async fn a_patch_keeps_sets_and_clears() {
    let cast = Cast::new().await;
    let (tenant, id) = (cast.tenant_a(), cast.payments_a[0].id);
    let parse = |body| serde_json::from_value::<StripePaymentPatch>(body).unwrap();

    let set = parse(json!({"description": "first", "metadata": {"a": 1}}));
    let set = stripe_payments::update(&tenant, id, set).await.unwrap();
    assert_eq!(set.description.as_deref(), Some("first"));
    assert!(set.updated_at > cast.payments_a[0].updated_at);

    let kept = stripe_payments::update(&tenant, id, parse(json!({"metadata": null})))
        .await
        .unwrap();
    assert_eq!(kept.description.as_deref(), Some("first"));
    assert_eq!(kept.metadata, None);
    assert_eq!(kept.payment_intent.as_deref(), Some("pi_0"));

    let empty = stripe_payments::update(&tenant, id, parse(json!({}))).await;
    assert!(matches!(
        empty,
        Err(Error::Invalid {
            code: "empty_patch",
            ..
        })
    ));
}

#[test]
fn null_on_a_column_that_needs_a_value_is_an_error_and_not_keep() {
    let parse = serde_json::from_value::<access::accounts::AccountPatch>;
    assert!(parse(json!({"name": null})).is_err());
    assert_eq!(parse(json!({})).unwrap().name, Patch::Keep);
    assert_eq!(
        parse(json!({"name": "x"})).unwrap().name,
        Patch::Set("x".into())
    );
}

/// S53
#[tokio::test]
async fn a_nul_character_anywhere_is_invalid_before_sql() {
    let cast = Cast::new().await;
    let tenant = cast.tenant_a();
    let base = || new_payment("buyer", 5);
    let mut buyer = base();
    buyer.buyer = "a\0b".into();
    let mut thing = base();
    thing.pay_for_id = "\0".into();
    let mut description = base();
    description.description = Some("\0".into());
    let mut value = base();
    value.metadata = Some(json!({"a": ["x\0"]}));
    let mut key = base();
    key.metadata = Some(json!({"a\0": 1}));
    let mut intent = base();
    intent.payment_intent = Some("pi_\0".into());
    let cases = [
        ("buyer", buyer),
        ("pay_for_id", thing),
        ("description", description),
        ("metadata", value),
        ("metadata", key),
        ("payment_intent", intent),
    ];
    for (field, new) in cases {
        let refused = stripe_payments::create(&tenant, new).await.unwrap_err();
        assert!(invalid(field)(&refused), "{field}: {refused:?}");
    }
    let list = ListStripePayments {
        buyer: Some("\0".into()),
        ..Default::default()
    };
    assert!(invalid("buyer")(
        &stripe_payments::list(&tenant, &list).await.unwrap_err()
    ));
    let found = stripe_payments::find_by_payment_intent(&tenant, "pi_\0").await;
    assert!(invalid("payment_intent")(&found.unwrap_err()));
    let patch = StripePaymentPatch {
        metadata: Patch::Set(Some(json!({"\0": 1}))),
        ..Default::default()
    };
    let refused = stripe_payments::update(&tenant, cast.payments_a[0].id, patch)
        .await
        .unwrap_err();
    assert!(invalid("metadata")(&refused));
    let failed = stripe_payments::fail_attempt(&tenant, cast.payments_a[2].id, "\0").await;
    assert!(invalid("code")(&failed.unwrap_err()));
}

#[tokio::test]
async fn texts_have_bounds() {
    let cast = Cast::new().await;
    let tenant = cast.tenant_a();
    let mut empty = new_payment("", 5);
    let refused = stripe_payments::create(&tenant, empty.clone())
        .await
        .unwrap_err();
    assert!(invalid("buyer")(&refused));
    empty.buyer = "ä".repeat(255);
    assert!(
        stripe_payments::create(&tenant, empty.clone())
            .await
            .is_ok()
    );
    empty.buyer = "ä".repeat(256);
    assert!(invalid("buyer")(
        &stripe_payments::create(&tenant, empty).await.unwrap_err()
    ));
    let mut long = new_payment("b", 5);
    long.description = Some("x".repeat(1_001));
    assert!(invalid("description")(
        &stripe_payments::create(&tenant, long.clone())
            .await
            .unwrap_err()
    ));
    long.description = None;
    long.metadata = Some(json!([1]));
    assert!(invalid("metadata")(
        &stripe_payments::create(&tenant, long.clone())
            .await
            .unwrap_err()
    ));
    long.metadata = Some(json!({"x": "y".repeat(20_000)}));
    assert!(invalid("metadata")(
        &stripe_payments::create(&tenant, long).await.unwrap_err()
    ));
}

#[tokio::test]
async fn an_account_that_was_never_made_can_not_have_payments() {
    let database = TestDatabase::new().await;
    let db = database.db().await;
    let nobody = access::AccountId::from_authenticated(Uuid::now_v7()).unwrap();
    let made = stripe_payments::create(&db.tenant(nobody), new_payment("b", 5)).await;
    assert_eq!(made.unwrap_err(), Error::Rejected(Reason::UnknownReference));
}
