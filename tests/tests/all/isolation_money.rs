//! The cases of the isolation test for what moves money.

use super::isolation::{Outcome, Target, refused};
use access::{
    Patch, Tenant, account_payment_settings,
    account_payout_routes::{self, PayoutRoutePatch},
    outbox, pay_out,
    payment_share_tracking::{self, ListOpenShares},
    payment_system_logs::{self, ListLogs},
    stripe_payments::{self},
};
use tests::fixtures::{Cast, new_payment, new_payout, new_route, new_settings};
use uuid::Uuid;

/// The cases of routes, shares, payouts, settings and the log.
pub(super) async fn aim_at_money(
    case: &str,
    cast: &Cast,
    a: &Tenant,
    target: Target,
) -> Option<Outcome> {
    let Target {
        payment,
        route,
        payout,
        job,
        ..
    } = target;
    Some(match case {
        "account_payment_settings::get" => {
            // B's settings have version 1; A's were written twice, and are what A sees.
            let own = account_payment_settings::get(a).await.unwrap();
            account_payment_settings::upsert(a, new_settings(), own.version)
                .await
                .unwrap();
            let after = account_payment_settings::get(a).await.unwrap();
            assert_eq!(after.version, own.version + 1);
            Outcome::OwnRows
        }
        "account_payment_settings::upsert" => {
            let version = account_payment_settings::get(a).await.unwrap().version;
            account_payment_settings::upsert(a, new_settings(), version)
                .await
                .unwrap();
            Outcome::OwnRows
        }
        "account_payout_routes::create" => {
            // B has an active route to this payee, which doesn't stand in A's way.
            let payee = format!("only-{}", Uuid::now_v7());
            account_payout_routes::create(&cast.tenant_b(), new_route(&payee, 1))
                .await
                .unwrap();
            account_payout_routes::create(a, new_route(&payee, 1))
                .await
                .unwrap();
            Outcome::OwnRows
        }
        "account_payout_routes::deactivate" => {
            refused(account_payout_routes::deactivate(a, route).await)
        }
        "account_payout_routes::get" => refused(account_payout_routes::get(a, route).await),
        "account_payout_routes::list" => {
            let routes = account_payout_routes::list(a, false).await.unwrap();
            assert!(!routes.is_empty() && routes.iter().all(|route| route.id != cast.money_b.0));
            Outcome::OwnRows
        }
        "account_payout_routes::reorder" => {
            refused(account_payout_routes::reorder(a, &[route]).await)
        }
        "account_payout_routes::update" => {
            let patch = PayoutRoutePatch {
                share_bp: Patch::Set(1),
                ..Default::default()
            };
            refused(account_payout_routes::update(a, route, patch).await)
        }
        "outbox::enqueue" => {
            let mut a = cast.tenant_a();
            let tx = a.begin().await.unwrap();
            refused(outbox::enqueue(&tx, payout).await)
        }
        "outbox::get" => refused(outbox::get(a, job).await),
        "outbox::list" => {
            let jobs = outbox::list(a, &Default::default()).await.unwrap().items;
            assert!(!jobs.is_empty() && jobs.iter().all(|job| job.id != cast.job_b));
            Outcome::OwnRows
        }
        "outbox::retry" => {
            let scope = cast.system.scope("test", "isolation").unwrap();
            refused(outbox::retry(&scope, cast.a, job).await)
        }
        "pay_out::cancel" => refused(pay_out::cancel(a, payout).await),
        "pay_out::get" => refused(pay_out::get(a, payout).await),
        "pay_out::list" => {
            let page = pay_out::list(a, &Default::default()).await.unwrap();
            assert!(
                !page.items.is_empty()
                    && page.items.iter().all(|payout| payout.id != cast.money_b.1)
            );
            Outcome::OwnRows
        }
        "pay_out::mark_failed" => refused(pay_out::mark_failed(a, payout, "code").await),
        "pay_out::record_reversal" => {
            refused(pay_out::record_reversal(a, payout, "tr_1", "code").await)
        }
        "pay_out::record_transfer" => refused(pay_out::record_transfer(a, payout, "tr_1").await),
        "pay_out::request" => {
            // B owes this payee something, A doesn't: the same answer as for a payee that nobody knows.
            let payee = format!("payee-{}", Uuid::now_v7().simple());
            if target.payout == cast.money_b.1 {
                let b = cast.tenant_b();
                account_payout_routes::create(&b, new_route(&payee, 100))
                    .await
                    .unwrap();
                let paid = stripe_payments::create(&b, new_payment("more", 1_000))
                    .await
                    .unwrap()
                    .id;
                stripe_payments::succeed(&b, paid, "ch_9").await.unwrap();
                payment_share_tracking::distribute(&b, paid).await.unwrap();
                let owed = payment_share_tracking::open_balance(&b, &payee)
                    .await
                    .unwrap();
                assert_eq!(owed[0].amount, 9);
            }
            refused(pay_out::request(a, new_payout(&payee, &payee)).await)
        }
        "payment_share_tracking::distribute" => {
            refused(payment_share_tracking::distribute(a, payment).await)
        }
        "payment_share_tracking::list_by_payment" => {
            refused(payment_share_tracking::list_by_payment(a, payment).await)
        }
        "payment_share_tracking::list_open" => {
            let list = ListOpenShares {
                payee: "creator".into(),
                currency: "USD".parse().unwrap(),
                limit: None,
                cursor: None,
            };
            let shares = payment_share_tracking::list_open(a, &list)
                .await
                .unwrap()
                .items;
            let own = |id| cast.payments_a.iter().any(|payment| payment.id == id);
            assert!(!shares.is_empty() && shares.iter().all(|share| own(share.payment_id)));
            Outcome::OwnRows
        }
        "payment_share_tracking::open_balance" => {
            let before = payment_share_tracking::open_balance(a, "creator")
                .await
                .unwrap();
            let b = cast.tenant_b();
            let more = stripe_payments::create(&b, new_payment("more", 1_000))
                .await
                .unwrap()
                .id;
            stripe_payments::succeed(&b, more, "ch_9").await.unwrap();
            payment_share_tracking::distribute(&b, more).await.unwrap();
            assert_eq!(
                payment_share_tracking::open_balance(a, "creator")
                    .await
                    .unwrap(),
                before
            );
            Outcome::OwnRows
        }
        "payment_share_tracking::reverse" => {
            refused(payment_share_tracking::reverse(a, payment, 1).await)
        }
        "payment_system_logs::list" => {
            let about_b = format!("stripe_payments/{}", cast.foreign_payment());
            let list = ListLogs {
                subject: Some(about_b),
                ..Default::default()
            };
            assert!(
                payment_system_logs::list(a, &list)
                    .await
                    .unwrap()
                    .items
                    .is_empty()
            );
            Outcome::OwnRows
        }
        "payment_system_logs::verify" => {
            let verified = payment_system_logs::verify(a).await.unwrap();
            assert!(verified.complete && verified.first_broken.is_none());
            Outcome::OwnRows
        }
        _ => return None,
    })
}
