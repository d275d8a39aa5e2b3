//! One call of each public function of an account that comes to something.

use access::{
    AccountId, Patch, account_payment_settings,
    account_payout_routes::{self, PayoutRoutePatch},
    accounts::{self, AccountPatch},
    outbox,
    pay_out::{self, ListPayOuts},
    payment_share_tracking::{self, ListOpenShares},
    stripe_payments::{self, ListStripePayments, PayFor, PaymentStatus, StripePaymentPatch},
};
use chrono::Utc;
use futures_util::TryStreamExt;
use tests::fixtures::{new_payment, new_payout, new_route, new_settings};
use uuid::Uuid;

use super::{statements::Recorder, statements_more::more_calls};

pub(super) async fn calls_of_an_account(r: &mut Recorder, account: AccountId, other: AccountId) {
    let mut t = r.db.tenant(account);
    r.call("accounts::get", accounts::get(&t)).await.unwrap();
    let patch = AccountPatch {
        name: Patch::Set("Another".into()),
    };
    r.call("accounts::update", accounts::update(&t, patch))
        .await
        .unwrap();

    let settings = r
        .call(
            "account_payment_settings::get",
            account_payment_settings::get(&t),
        )
        .await
        .unwrap();
    let upsert = account_payment_settings::upsert(&t, new_settings(), settings.version);
    r.call("account_payment_settings::upsert", upsert)
        .await
        .unwrap();

    let own = format!("payee-{}", Uuid::now_v7().simple());
    let route = r
        .call(
            "account_payout_routes::create",
            account_payout_routes::create(&t, new_route(&own, 50)),
        )
        .await
        .unwrap();
    r.call(
        "account_payout_routes::get",
        account_payout_routes::get(&t, route.id),
    )
    .await
    .unwrap();
    let routes = r
        .call(
            "account_payout_routes::list",
            account_payout_routes::list(&t, true),
        )
        .await
        .unwrap();
    r.call(
        "account_payout_routes::list",
        account_payout_routes::list(&t, false),
    )
    .await
    .unwrap();
    let ids: Vec<_> = routes.iter().rev().map(|route| route.id).collect();
    r.call(
        "account_payout_routes::reorder",
        account_payout_routes::reorder(&t, &ids),
    )
    .await
    .unwrap();
    let patch = PayoutRoutePatch {
        share_bp: Patch::Set(60),
        ..Default::default()
    };
    r.call(
        "account_payout_routes::update",
        account_payout_routes::update(&t, route.id, patch),
    )
    .await
    .unwrap();

    let intent = format!("pi_{}", Uuid::now_v7().simple());
    let mut new = new_payment("buyer", 10_000);
    r.call(
        "stripe_payments::create",
        stripe_payments::create(&t, new.clone()),
    )
    .await
    .unwrap();
    new.payment_intent = Some(intent.clone());
    let payment = r
        .call("stripe_payments::create", stripe_payments::create(&t, new))
        .await
        .unwrap()
        .id;
    let many = stripe_payments::create_many(&t, [new_payment("many", 5)]);
    r.call("stripe_payments::create_many", many).await.unwrap();
    r.call("stripe_payments::get", stripe_payments::get(&t, payment))
        .await
        .unwrap();
    let found = stripe_payments::find_by_payment_intent(&t, &intent);
    r.call("stripe_payments::find_by_payment_intent", found)
        .await
        .unwrap()
        .unwrap();
    let first = ListStripePayments {
        limit: Some(5),
        ..Default::default()
    };
    let page = r
        .call("stripe_payments::list", stripe_payments::list(&t, &first))
        .await
        .unwrap();
    let filtered = ListStripePayments {
        status: Some(PaymentStatus::Succeeded),
        pay_for: Some(PayFor::Course),
        pay_for_id: Some("course-1".into()),
        buyer: Some("buyer".into()),
        created_from: Some(Utc::now()),
        created_before: Some(Utc::now()),
        ..first.clone()
    };
    r.call(
        "stripe_payments::list",
        stripe_payments::list(&t, &filtered),
    )
    .await
    .unwrap();
    let next = ListStripePayments {
        cursor: page.next,
        ..first.clone()
    };
    r.call("stripe_payments::list", stripe_payments::list(&t, &next))
        .await
        .unwrap();
    r.call(
        "stripe_payments::count",
        stripe_payments::count(&t, &filtered),
    )
    .await
    .unwrap();
    r.call(
        "stripe_payments::totals",
        stripe_payments::totals(&t, &ListStripePayments::default()),
    )
    .await
    .unwrap();
    let all = stripe_payments::stream(&t, &first);
    r.long("stripe_payments::stream", all.try_collect::<Vec<_>>())
        .await
        .unwrap();
    let patch = StripePaymentPatch {
        description: Patch::Set(Some("a course".into())),
        ..Default::default()
    };
    r.call(
        "stripe_payments::update",
        stripe_payments::update(&t, payment, patch),
    )
    .await
    .unwrap();
    r.call(
        "stripe_payments::advance",
        stripe_payments::advance(&t, payment, PaymentStatus::Processing),
    )
    .await
    .unwrap();
    r.call(
        "stripe_payments::fail_attempt",
        stripe_payments::fail_attempt(&t, payment, "card_declined"),
    )
    .await
    .unwrap();
    let charge = format!("ch_{}", Uuid::now_v7().simple());
    r.call(
        "stripe_payments::succeed",
        stripe_payments::succeed(&t, payment, &charge),
    )
    .await
    .unwrap();
    let canceled = stripe_payments::create(&t, new_payment("buyer", 5))
        .await
        .unwrap()
        .id;
    r.call(
        "stripe_payments::cancel",
        stripe_payments::cancel(&t, canceled),
    )
    .await
    .unwrap();

    r.call(
        "payment_share_tracking::distribute",
        payment_share_tracking::distribute(&t, payment),
    )
    .await
    .unwrap();
    r.call(
        "payment_share_tracking::list_by_payment",
        payment_share_tracking::list_by_payment(&t, payment),
    )
    .await
    .unwrap();
    let mut open = ListOpenShares {
        payee: "creator".into(),
        currency: "USD".parse().unwrap(),
        limit: Some(1),
        cursor: None,
    };
    let page = r
        .call(
            "payment_share_tracking::list_open",
            payment_share_tracking::list_open(&t, &open),
        )
        .await
        .unwrap();
    open.cursor = page.next;
    r.call(
        "payment_share_tracking::list_open",
        payment_share_tracking::list_open(&t, &open),
    )
    .await
    .unwrap();
    r.call(
        "payment_share_tracking::open_balance",
        payment_share_tracking::open_balance(&t, &own),
    )
    .await
    .unwrap();

    let mut payouts = Vec::new();
    for payee in [own.as_str(), "payee-1", "payee-2"] {
        let request = pay_out::request(&t, new_payout(payee, &Uuid::now_v7().to_string()));
        payouts.push(r.call("pay_out::request", request).await.unwrap().id);
    }
    r.call("pay_out::get", pay_out::get(&t, payouts[0]))
        .await
        .unwrap();
    let first = ListPayOuts {
        limit: Some(1),
        ..Default::default()
    };
    let page = r
        .call("pay_out::list", pay_out::list(&t, &first))
        .await
        .unwrap();
    let next = ListPayOuts {
        cursor: page.next,
        ..first
    };
    r.call("pay_out::list", pay_out::list(&t, &next))
        .await
        .unwrap();
    let transfer = format!("tr_{}", Uuid::now_v7().simple());
    r.call(
        "pay_out::record_transfer",
        pay_out::record_transfer(&t, payouts[0], &transfer),
    )
    .await
    .unwrap();
    r.call(
        "pay_out::mark_failed",
        pay_out::mark_failed(&t, payouts[1], "account_closed"),
    )
    .await
    .unwrap();
    r.call("pay_out::cancel", pay_out::cancel(&t, payouts[2]))
        .await
        .unwrap();
    r.call(
        "payment_share_tracking::reverse",
        payment_share_tracking::reverse(&t, payment, 100),
    )
    .await
    .unwrap();
    r.call(
        "stripe_payments::refund",
        stripe_payments::refund(&t, payment, 200),
    )
    .await
    .unwrap();
    r.call(
        "account_payout_routes::deactivate",
        account_payout_routes::deactivate(&t, route.id),
    )
    .await
    .unwrap();

    let again = pay_out::request(&t, new_payout("payee-1", &Uuid::now_v7().to_string()))
        .await
        .unwrap()
        .id;
    let tx = t.begin().await.unwrap();
    let job = r
        .call("outbox::enqueue", outbox::enqueue(&tx, again))
        .await
        .unwrap()
        .id;
    tx.commit().await.unwrap();
    r.call("outbox::get", outbox::get(&t, job)).await.unwrap();
    r.call("outbox::list", outbox::list(&t, &Default::default()))
        .await
        .unwrap();
    let payment = Paid {
        account,
        other,
        payment,
        payout: payouts[0],
        intent,
        charge,
    };
    more_calls(r, &payment).await;
}

/// What the calls were about.
pub(super) struct Paid {
    pub(super) account: AccountId,
    pub(super) other: AccountId,
    pub(super) payment: access::StripePaymentId,
    pub(super) payout: access::PayOutId,
    pub(super) intent: String,
    pub(super) charge: String,
}
