//! Calls of what an account is, how it shares, and what it is paid.

use access::{
    Patch, account_payment_settings,
    account_payout_routes::{self, PayoutRoute, PayoutRoutePatch},
    accounts::{self, AccountPatch},
    stripe_payments::{self, ListStripePayments, PayFor, PaymentStatus, StripePaymentPatch},
};
use chrono::Utc;
use futures_util::TryStreamExt;
use tests::fixtures::{new_payment, new_route, new_settings};

use super::calls::{Calls, Stage, unique};

pub(super) const CALLS: Calls = &[
    ("accounts::get", |s| {
        Box::pin(async move {
            s.call(accounts::get(&s.tenant())).await;
        })
    }),
    ("accounts::update", |s| {
        Box::pin(async move {
            let patch = AccountPatch {
                name: Patch::Set("Another".into()),
            };
            s.call(accounts::update(&s.tenant(), patch)).await;
        })
    }),
    ("account_payment_settings::get", |s| {
        Box::pin(async move {
            s.call(account_payment_settings::get(&s.tenant())).await;
        })
    }),
    ("account_payment_settings::upsert", |s| {
        Box::pin(async move {
            let t = s.tenant();
            let version = account_payment_settings::get(&t).await.unwrap().version;
            s.call(account_payment_settings::upsert(
                &t,
                new_settings(),
                version,
            ))
            .await;
        })
    }),
    ("account_payout_routes::create", |s| {
        Box::pin(async move {
            let new = new_route(&unique("payee"), 1);
            s.call(account_payout_routes::create(&s.tenant(), new))
                .await;
        })
    }),
    ("account_payout_routes::get", |s| {
        Box::pin(async move {
            let id = route(s).await.id;
            s.call(account_payout_routes::get(&s.tenant(), id)).await;
        })
    }),
    ("account_payout_routes::list", |s| {
        Box::pin(async move {
            s.call(account_payout_routes::list(&s.tenant(), true)).await;
            s.call(account_payout_routes::list(&s.tenant(), false))
                .await;
        })
    }),
    ("account_payout_routes::reorder", |s| {
        Box::pin(async move {
            let t = s.tenant();
            let routes = account_payout_routes::list(&t, true).await.unwrap();
            let ids: Vec<_> = routes.iter().rev().map(|route| route.id).collect();
            s.call(account_payout_routes::reorder(&t, &ids)).await;
        })
    }),
    ("account_payout_routes::update", |s| {
        Box::pin(async move {
            let id = route(s).await.id;
            let patch = PayoutRoutePatch {
                share_bp: Patch::Set(2),
                ..Default::default()
            };
            s.call(account_payout_routes::update(&s.tenant(), id, patch))
                .await;
        })
    }),
    ("account_payout_routes::deactivate", |s| {
        Box::pin(async move {
            let id = route(s).await.id;
            s.call(account_payout_routes::deactivate(&s.tenant(), id))
                .await;
        })
    }),
    ("stripe_payments::create_many", |s| {
        Box::pin(async move {
            let many = ["many", "more"].map(|buyer| new_payment(buyer, 5));
            s.call(stripe_payments::create_many(&s.tenant(), many))
                .await;
        })
    }),
    ("stripe_payments::create", |s| {
        Box::pin(async move {
            let t = s.tenant();
            let mut new = new_payment("buyer", 10_000);
            s.call(stripe_payments::create(&t, new.clone())).await;
            new.payment_intent = Some(unique("pi"));
            s.call(stripe_payments::create(&t, new)).await;
        })
    }),
    ("stripe_payments::get", |s| {
        Box::pin(async move {
            let id = payment(s).await;
            s.call(stripe_payments::get(&s.tenant(), id)).await;
        })
    }),
    ("stripe_payments::find_by_payment_intent", |s| {
        Box::pin(async move {
            let (t, intent) = (s.tenant(), s.paid().await.intent);
            let found = stripe_payments::find_by_payment_intent(&t, &intent);
            s.call(async { found.await.map(Option::unwrap) }).await;
        })
    }),
    ("stripe_payments::list", |s| {
        Box::pin(async move {
            let t = s.tenant();
            let (first, filtered) = lists();
            let page = stripe_payments::list(&t, &first).await.unwrap();
            let next = ListStripePayments {
                cursor: page.next,
                ..first.clone()
            };
            s.call(stripe_payments::list(&t, &first)).await;
            s.call(stripe_payments::list(&t, &filtered)).await;
            s.call(stripe_payments::list(&t, &next)).await;
        })
    }),
    ("stripe_payments::count", |s| {
        Box::pin(async move {
            s.call(stripe_payments::count(&s.tenant(), &lists().1))
                .await;
        })
    }),
    ("stripe_payments::totals", |s| {
        Box::pin(async move {
            s.call(stripe_payments::totals(
                &s.tenant(),
                &ListStripePayments::default(),
            ))
            .await;
        })
    }),
    ("stripe_payments::stream", |s| {
        Box::pin(async move {
            let t = s.tenant();
            s.long(stripe_payments::stream(&t, &lists().0).try_collect::<Vec<_>>())
                .await;
        })
    }),
    ("stripe_payments::update", |s| {
        Box::pin(async move {
            let id = payment(s).await;
            let patch = StripePaymentPatch {
                description: Patch::Set(Some("a course".into())),
                ..Default::default()
            };
            s.call(stripe_payments::update(&s.tenant(), id, patch))
                .await;
        })
    }),
    ("stripe_payments::advance", |s| {
        Box::pin(async move {
            let id = payment(s).await;
            s.call(stripe_payments::advance(
                &s.tenant(),
                id,
                PaymentStatus::Processing,
            ))
            .await;
        })
    }),
    ("stripe_payments::fail_attempt", |s| {
        Box::pin(async move {
            let (t, id) = (s.tenant(), processing(s).await);
            s.call(stripe_payments::fail_attempt(&t, id, "card_declined"))
                .await;
        })
    }),
    ("stripe_payments::succeed", |s| {
        Box::pin(async move {
            let (t, id) = (s.tenant(), processing(s).await);
            s.call(stripe_payments::succeed(&t, id, &unique("ch")))
                .await;
            // What Stripe has told of its charge is known to be about it from now on.
            let id = payment(s).await;
            s.call(stripe_payments::succeed(&t, id, &unique("ch")))
                .await;
        })
    }),
    ("stripe_payments::cancel", |s| {
        Box::pin(async move {
            let id = payment(s).await;
            s.call(stripe_payments::cancel(&s.tenant(), id)).await;
        })
    }),
    ("stripe_payments::refund", |s| {
        Box::pin(async move {
            let payment = s.paid_out().await;
            s.call(stripe_payments::refund(&s.tenant(), payment, 200))
                .await;
        })
    }),
];

async fn payment(s: &Stage) -> access::StripePaymentId {
    let tenant = s.tenant();
    let made = stripe_payments::create(&tenant, new_payment("buyer", 10_000));
    made.await.unwrap().id
}

/// One that Stripe has begun with.
async fn processing(s: &Stage) -> access::StripePaymentId {
    let tenant = s.tenant();
    let mut new = new_payment("buyer", 10_000);
    new.payment_intent = Some(unique("pi"));
    let id = stripe_payments::create(&tenant, new).await.unwrap().id;
    let begun = stripe_payments::advance(&tenant, id, PaymentStatus::Processing);
    begun.await.unwrap().id
}

async fn route(s: &Stage) -> PayoutRoute {
    let tenant = s.tenant();
    let made = account_payout_routes::create(&tenant, new_route(&unique("payee"), 1));
    made.await.unwrap()
}

/// A first page, and one that all filters hold for.
fn lists() -> (ListStripePayments, ListStripePayments) {
    let first = ListStripePayments {
        limit: Some(5),
        ..Default::default()
    };
    let filtered = ListStripePayments {
        status: Some(PaymentStatus::Succeeded),
        pay_for: Some(PayFor::Course),
        pay_for_id: Some("course-1".into()),
        buyer: Some("buyer".into()),
        created_from: Some(Utc::now()),
        created_before: Some(Utc::now()),
        ..first.clone()
    };
    (first, filtered)
}
