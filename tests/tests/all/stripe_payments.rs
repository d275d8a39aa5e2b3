use access::{
    Currency, Cursor, Error, Patch, Reason, StripePaymentId,
    stripe_payments::{
        self, ListStripePayments, PaymentStatus, StripePaymentOrder, StripePaymentPatch,
    },
};
use futures_util::TryStreamExt;
use serde_json::json;
use tests::{
    TestDatabase,
    fixtures::{Cast, ROWS, new_payment},
};
use uuid::Uuid;

fn invalid(field: &'static str) -> impl Fn(&Error) -> bool {
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

/// S56
#[tokio::test]
async fn totals_are_exact_beyond_the_largest_bigint() {
    let database = TestDatabase::new().await;
    let db = database.db().await;
    let tenant = db.tenant(database.account("A").await);
    for _ in 0..3 {
        let new = new_payment("buyer", i64::MAX);
        stripe_payments::create(&tenant, new).await.unwrap();
    }
    let totals = stripe_payments::totals(&tenant, &ListStripePayments::default())
        .await
        .unwrap();
    assert_eq!(totals.len(), 1);
    assert_eq!(totals[0].payments, 3);
    assert_eq!(totals[0].amount, 3 * i128::from(i64::MAX));
    assert_eq!(totals[0].fee, 3 * i128::from(i64::MAX / 10));
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

#[tokio::test]
async fn pages_cover_the_list_once_in_order_both_ways() {
    let cast = Cast::new().await;
    for order in [StripePaymentOrder::Newest, StripePaymentOrder::Oldest] {
        let mut request = ListStripePayments {
            limit: Some(7),
            order: Some(order),
            ..Default::default()
        };
        let mut seen = Vec::new();
        let mut pages = 0;
        loop {
            let page = stripe_payments::list(&cast.tenant_a(), &request)
                .await
                .unwrap();
            pages += 1;
            seen.extend(page.items.into_iter().map(|payment| payment.id));
            request.cursor = page.next;
            if request.cursor.is_none() {
                break;
            }
        }
        let mut expected: Vec<_> = cast.payments_a.iter().map(|payment| payment.id).collect();
        if order == StripePaymentOrder::Newest {
            expected.reverse();
        }
        assert_eq!((pages, seen), (3, expected));
    }
}

#[tokio::test]
async fn payments_of_one_instant_are_neither_missed_nor_repeated_across_pages() {
    let cast = Cast::new().await;
    let superuser = cast.database.superuser().await;
    superuser
        .batch_execute("UPDATE stripe_payments SET created_at = '2026-01-01'")
        .await
        .unwrap();
    let tenant = cast.tenant_a();
    let all = stripe_payments::stream(
        &tenant,
        &ListStripePayments {
            limit: Some(3),
            ..Default::default()
        },
    );
    let mut ids: Vec<_> = all
        .map_ok(|payment| payment.id)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(ids.len(), ROWS);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), ROWS);
}

#[tokio::test]
async fn filters_narrow_list_count_and_totals_alike() {
    let cast = Cast::new().await;
    let tenant = cast.tenant_a();
    let by = |change: fn(&mut ListStripePayments)| {
        let mut list = ListStripePayments::default();
        change(&mut list);
        list
    };
    let at = cast.payments_a[10].created_at;
    let range = ListStripePayments {
        created_from: Some(at),
        ..Default::default()
    };
    let before = ListStripePayments {
        created_before: Some(at),
        ..Default::default()
    };
    let cases = [
        (by(|_| {}), 20),
        (by(|l| l.status = Some(PaymentStatus::Succeeded)), 5),
        (by(|l| l.status = Some(PaymentStatus::Canceled)), 0),
        (by(|l| l.pay_for = Some(stripe_payments::PayFor::Tip)), 10),
        (by(|l| l.pay_for_id = Some("course-1".into())), 20),
        (by(|l| l.buyer = Some("buyer-a-3".into())), 1),
        (by(|l| l.buyer = Some("buyer-b-3".into())), 0),
        (range, 10),
        (before, 10),
    ];
    for (list, expected) in cases {
        let page = stripe_payments::list(&tenant, &list).await.unwrap();
        assert_eq!(page.items.len(), expected, "{list:?}");
        let count = stripe_payments::count(&tenant, &list).await.unwrap();
        assert_eq!(count, expected as u64, "{list:?}");
        let totals = stripe_payments::totals(&tenant, &list).await.unwrap();
        let sum: i128 = totals.iter().map(|total| total.amount).sum();
        let items: i128 = page
            .items
            .iter()
            .map(|payment| i128::from(payment.amount))
            .sum();
        assert_eq!(sum, items, "{list:?}");
    }
}

/// S54
#[tokio::test]
async fn a_limit_is_50_unless_given_and_1_to_500() {
    let database = TestDatabase::new().await;
    let db = database.db().await;
    let tenant = db.tenant(database.account("A").await);
    for number in 0..51 {
        stripe_payments::create(&tenant, new_payment("b", number + 1))
            .await
            .unwrap();
    }
    let page = stripe_payments::list(&tenant, &ListStripePayments::default())
        .await
        .unwrap();
    assert_eq!(page.items.len(), 50);
    assert!(page.next.is_some());
    for limit in [0, -1, 501, i64::MAX, i64::MIN] {
        let list = ListStripePayments {
            limit: Some(limit),
            ..Default::default()
        };
        let refused = stripe_payments::list(&tenant, &list).await.unwrap_err();
        assert!(invalid("limit")(&refused), "{limit}");
    }
    let most = ListStripePayments {
        limit: Some(500),
        ..Default::default()
    };
    assert_eq!(
        stripe_payments::list(&tenant, &most)
            .await
            .unwrap()
            .items
            .len(),
        51
    );
    let over = serde_json::from_value::<ListStripePayments>(json!({"limit": u64::MAX}));
    assert!(over.is_err());
}

/// S58
#[tokio::test]
async fn a_cursor_that_was_edited_or_belongs_elsewhere_is_invalid() {
    let cast = Cast::new().await;
    let tenant = cast.tenant_a();
    let list = |cursor: Cursor, order| ListStripePayments {
        cursor: Some(cursor),
        order: Some(order),
        limit: Some(3),
        ..Default::default()
    };
    let first = ListStripePayments {
        limit: Some(3),
        ..Default::default()
    };
    let good = stripe_payments::list(&tenant, &first)
        .await
        .unwrap()
        .next
        .unwrap();
    let text = good.to_string();
    let mut bad = vec![
        String::new(),
        "x".into(),
        "💥".into(),
        text[..text.len() - 1].into(),
        format!("{text}A"),
    ];
    for at in 0..text.len() {
        let mut edited = text.clone().into_bytes();
        edited[at] = if edited[at] == b'A' { b'B' } else { b'A' };
        bad.push(String::from_utf8(edited).unwrap());
    }
    for cursor in bad {
        let request = list(Cursor::from(cursor.clone()), StripePaymentOrder::Newest);
        let refused = stripe_payments::list(&tenant, &request).await.unwrap_err();
        assert!(invalid("cursor")(&refused), "{cursor}");
    }
    let other_order = list(good.clone(), StripePaymentOrder::Oldest);
    let refused = stripe_payments::list(&tenant, &other_order)
        .await
        .unwrap_err();
    assert!(invalid("cursor")(&refused));
    let as_b = list(good, StripePaymentOrder::Newest);
    let page = stripe_payments::list(&cast.tenant_b(), &as_b)
        .await
        .unwrap();
    assert!(
        page.items
            .iter()
            .all(|payment| cast.payments_b.iter().any(|b| b.id == payment.id))
    );
}

/// S05
#[test]
fn only_known_filters_and_orders_are_accepted() {
    for order in [
        "amount_minor; drop table x",
        "\"",
        "account_id",
        "unknown",
        "",
    ] {
        let parsed = serde_json::from_value::<ListStripePayments>(json!({"order": order}));
        assert!(parsed.is_err(), "{order}");
        let parsed = serde_json::from_value::<ListStripePayments>(json!({order: "x"}));
        assert!(parsed.is_err(), "{order}");
    }
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

/// Every pair of Stripe's statuses, against the table of the documentation written out once more.
#[tokio::test]
async fn a_payment_takes_the_ways_of_stripes_lifecycle_only() {
    use PaymentStatus::{
        Canceled, Processing, RequiresAction, RequiresCapture, RequiresConfirmation,
        RequiresPaymentMethod, Succeeded,
    };
    let legal = |from: PaymentStatus| -> &[PaymentStatus] {
        match from {
            RequiresPaymentMethod => &[
                RequiresConfirmation,
                RequiresAction,
                Processing,
                RequiresCapture,
                Succeeded,
                Canceled,
            ],
            RequiresConfirmation => &[
                RequiresPaymentMethod,
                RequiresAction,
                Processing,
                RequiresCapture,
                Succeeded,
                Canceled,
            ],
            RequiresAction => &[
                RequiresPaymentMethod,
                RequiresConfirmation,
                Processing,
                RequiresCapture,
                Succeeded,
                Canceled,
            ],
            Processing => &[
                RequiresPaymentMethod,
                RequiresAction,
                RequiresCapture,
                Succeeded,
                Canceled,
            ],
            RequiresCapture => &[Processing, Succeeded, Canceled],
            Canceled | Succeeded => &[],
        }
    };
    let database = TestDatabase::new().await;
    let db = database.db().await;
    let tenant = db.tenant(database.account("A").await);
    let superuser = database.superuser().await;
    for from in PaymentStatus::ALL.iter().copied() {
        for to in PaymentStatus::ALL.iter().copied() {
            let id = stripe_payments::create(&tenant, new_payment("b", 5))
                .await
                .unwrap()
                .id;
            let place = format!("UPDATE stripe_payments SET status = '{from}' WHERE id = '{id}'");
            superuser.batch_execute(&place).await.unwrap();
            let moved = match to {
                Succeeded => stripe_payments::succeed(&tenant, id, "ch_1").await,
                Canceled => stripe_payments::cancel(&tenant, id).await,
                _ => stripe_payments::advance(&tenant, id, to).await,
            };
            if from == to || legal(from).contains(&to) {
                assert_eq!(moved.unwrap().status, to, "{from} -> {to}");
            } else {
                let illegal = Reason::IllegalTransition {
                    from: from.as_str(),
                    to: to.as_str(),
                };
                assert_eq!(
                    moved.unwrap_err(),
                    Error::Rejected(illegal),
                    "{from} -> {to}"
                );
                assert_eq!(
                    stripe_payments::get(&tenant, id).await.unwrap().status,
                    from
                );
            }
        }
    }
}

#[tokio::test]
async fn a_failed_attempt_keeps_its_code_until_the_payment_succeeds() {
    let cast = Cast::new().await;
    let (tenant, id) = (cast.tenant_a(), cast.payments_a[1].id);
    let failed = stripe_payments::fail_attempt(&tenant, id, "card_declined")
        .await
        .unwrap();
    assert_eq!(failed.status, PaymentStatus::RequiresPaymentMethod);
    assert_eq!(failed.last_error.as_deref(), Some("card_declined"));
    let paid = stripe_payments::succeed(&tenant, id, "py_1").await.unwrap();
    assert_eq!(
        (paid.last_error, paid.charge.as_deref()),
        (None, Some("py_1"))
    );
    let failed = stripe_payments::fail_attempt(&tenant, id, "late")
        .await
        .unwrap_err();
    assert_eq!(failed.code(), "illegal_transition");
    for charge in ["", "ch_", "pi_1", "ch_1'; --"] {
        let refused = stripe_payments::succeed(&tenant, id, charge)
            .await
            .unwrap_err();
        assert!(invalid("charge")(&refused), "{charge}");
    }
    let ended = stripe_payments::advance(&tenant, id, PaymentStatus::Succeeded).await;
    assert!(invalid("status")(&ended.unwrap_err()));
}

#[tokio::test]
async fn a_refund_is_a_total_that_only_grows_and_never_exceeds_the_payment() {
    let cast = Cast::new().await;
    let (tenant, paid) = (cast.tenant_a(), cast.payments_a[0].clone());
    let refund = |total| stripe_payments::refund(&tenant, paid.id, total);
    assert_eq!(refund(400).await.unwrap().refunded, 400);
    assert_eq!(refund(400).await.unwrap().refunded, 400);
    assert_eq!(refund(100).await.unwrap().refunded, 400);
    assert_eq!(refund(paid.amount).await.unwrap().refunded, paid.amount);
    let over = refund(paid.amount + 1).await.unwrap_err();
    assert_eq!(over, Error::Rejected(Reason::RefundExceedsPayment));
    for total in [0, -1, i64::MIN] {
        assert!(invalid("total")(&refund(total).await.unwrap_err()));
    }
    let unpaid = stripe_payments::refund(&tenant, cast.payments_a[1].id, 1)
        .await
        .unwrap_err();
    assert_eq!(unpaid.code(), "illegal_transition");
    let absent = StripePaymentId::from_uuid(Uuid::now_v7());
    assert_eq!(
        stripe_payments::refund(&tenant, absent, 1)
            .await
            .unwrap_err(),
        Error::NotFound
    );
}

#[tokio::test]
async fn an_account_that_was_never_made_can_not_have_payments() {
    let database = TestDatabase::new().await;
    let db = database.db().await;
    let nobody = access::AccountId::from_authenticated(Uuid::now_v7()).unwrap();
    let made = stripe_payments::create(&db.tenant(nobody), new_payment("b", 5)).await;
    assert_eq!(made.unwrap_err(), Error::Rejected(Reason::UnknownReference));
}
