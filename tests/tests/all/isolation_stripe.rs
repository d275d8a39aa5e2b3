//! The cases of the isolation test for what Stripe tells.

use super::isolation::{Outcome, Target, refused};
use access::{StripeEventId, Tenant, connected_accounts, stripe_events, webhook};
use chrono::Utc;
use tests::fixtures::{Cast, ROWS};
use uuid::Uuid;

/// The cases of events, connected accounts and webhooks.
pub(super) async fn aim_at_what_stripe_told(
    case: &str,
    cast: &Cast,
    a: &Tenant,
    target: Target,
) -> Option<Outcome> {
    let of_b = target.payout == cast.money_b.1;
    Some(match case {
        "connected_accounts::get" => {
            // Only B has the one, nobody the other.
            let id = if of_b { "acct_only_b" } else { "acct_nobodys" };
            refused(connected_accounts::get(a, id).await)
        }
        "connected_accounts::list" => {
            let list = connected_accounts::list(a).await.unwrap();
            assert_eq!(list.len(), ROWS);
            Outcome::OwnRows
        }
        "stripe_events::catch_up" => refused(stripe_events::catch_up(a, target.payment).await),
        "stripe_events::erase_payloads" => {
            let now = Utc::now() + chrono::TimeDelta::minutes(1);
            let erased = stripe_events::erase_payloads(a, now).await.unwrap();
            assert_eq!(erased, ROWS as u64);
            Outcome::OwnRows
        }
        "stripe_events::get" => {
            let id = if of_b {
                let b = cast.tenant_b();
                let list = stripe_events::list(&b, &Default::default()).await.unwrap();
                list.items[0].id
            } else {
                StripeEventId::from_uuid(Uuid::now_v7())
            };
            refused(stripe_events::get(a, id).await)
        }
        "stripe_events::list" => {
            let ids = |page: access::Page<stripe_events::StripeEvent>| -> Vec<StripeEventId> {
                page.items.into_iter().map(|event| event.id).collect()
            };
            let all = Default::default();
            let own = ids(stripe_events::list(a, &all).await.unwrap());
            let foreign = ids(stripe_events::list(&cast.tenant_b(), &all).await.unwrap());
            assert_eq!(own.len(), ROWS);
            assert!(own.iter().all(|id| !foreign.contains(id)));
            Outcome::OwnRows
        }
        "webhook::metadata" => {
            let named = webhook::metadata(a, target.payment);
            assert_eq!(named["account_id"], cast.a.to_string());
            Outcome::OwnRows
        }
        "webhook::pay_out_metadata" => {
            let named = webhook::pay_out_metadata(a, target.payout);
            assert_eq!(named["account_id"], cast.a.to_string());
            Outcome::OwnRows
        }
        _ => return None,
    })
}
