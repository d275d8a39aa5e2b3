use super::stripe_payments::invalid;
use access::{
    Cursor,
    stripe_payments::{self, ListStripePayments, PaymentStatus, StripePaymentOrder},
};
use futures_util::TryStreamExt;
use serde_json::json;
use tests::{
    TestDatabase,
    fixtures::{Cast, ROWS, new_payment},
};

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

/// A time that PostgreSQL doesn't know (22008). Red when that is a defect of the program.
#[tokio::test]
async fn a_time_before_all_times_is_the_callers_mistake() {
    let cast = Cast::new().await;
    let long_ago = ListStripePayments {
        created_from: "-200000-01-01T00:00:00Z".parse().ok(),
        ..Default::default()
    };
    assert!(long_ago.created_from.is_some());
    let refused = stripe_payments::list(&cast.tenant_a(), &long_ago).await;
    assert!(
        matches!(refused, Err(access::Error::Invalid { .. })),
        "{refused:?}"
    );
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
