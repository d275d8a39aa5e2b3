//! The cases of the isolation test for agents and purchase codes.

use super::isolation::{Outcome, Target, refused};
use access::{
    PurchaseCode, Tenant,
    account_agents::{self, AcceptInvitation, InvitationToken, ListAgents},
    ppu::{self, ListPpu, ListRedemptions},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use tests::fixtures::{Cast, new_agent, new_codes, new_redemption};
use uuid::Uuid;

/// The cases of agents and purchase codes.
pub(super) async fn aim_at_codes(
    case: &str,
    cast: &Cast,
    a: &Tenant,
    target: Target,
) -> Option<Outcome> {
    Some(match case {
        "account_agents::accept" => {
            // A knows B's account, which is no secret, and guesses: as with an account that nobody has.
            let account = if target.agent == cast.agent_b {
                cast.b.as_uuid()
            } else {
                Uuid::now_v7()
            };
            let guess = [account.as_bytes().as_slice(), &[7; 32]].concat();
            let token: InvitationToken = BASE64.encode(guess).parse().unwrap();
            let accept = AcceptInvitation {
                token,
                connected_account: "acct_a".into(),
            };
            refused(account_agents::accept(&cast.db, a, accept).await)
        }
        "account_agents::commission" => {
            let own = cast.payments_a.first().expect("A has payments").id;
            let by_agent = refused(account_agents::commission(a, target.agent, own).await);
            let by_payment =
                refused(account_agents::commission(a, cast.agent_a, target.payment).await);
            assert_eq!(by_agent, by_payment);
            by_agent
        }
        "account_agents::get" => refused(account_agents::get(a, target.agent).await),
        "account_agents::invite" => {
            let invited = account_agents::invite(a, new_agent(1)).await.unwrap();
            account_agents::revoke(a, invited.agent.id).await.unwrap();
            Outcome::OwnRows
        }
        "account_agents::list" => {
            let list = ListAgents {
                limit: Some(500),
                ..Default::default()
            };
            let agents = account_agents::list(a, &list).await.unwrap().items;
            assert!(!agents.is_empty() && agents.iter().all(|agent| agent.id != cast.agent_b));
            Outcome::OwnRows
        }
        "account_agents::revoke" => refused(account_agents::revoke(a, target.agent).await),
        "ppu::disable" => refused(ppu::disable(a, target.ppu).await),
        "ppu::find_by_code" => {
            assert_eq!(
                ppu::find_by_code(a, &code_of(cast, target).await).await,
                Ok(None)
            );
            Outcome::OwnRows
        }
        "ppu::issue_many" => {
            // B has a batch of this name, with other content, which doesn't stand in A's way.
            let name = format!("only-{}", Uuid::now_v7());
            ppu::issue_many(&cast.tenant_b(), new_codes(&name, 2))
                .await
                .unwrap();
            let issued = ppu::issue_many(a, new_codes(&name, 3)).await.unwrap();
            assert_eq!(issued.count, 3);
            Outcome::OwnRows
        }
        "ppu::list" => {
            let list = ListPpu {
                limit: Some(500),
                ..Default::default()
            };
            let codes = ppu::list(a, &list).await.unwrap().items;
            assert!(!codes.is_empty() && codes.iter().all(|code| code.id != cast.ppu_b));
            Outcome::OwnRows
        }
        "ppu::list_redemptions" => {
            let mut list = ListRedemptions::default();
            let all = ppu::list_redemptions(a, &list).await.unwrap().items;
            assert!(!all.is_empty() && all.iter().all(|one| one.ppu_id != cast.ppu_b));
            list.ppu_id = Some(target.ppu);
            let of_code = ppu::list_redemptions(a, &list).await.unwrap();
            assert!(of_code.items.is_empty());
            Outcome::OwnRows
        }
        "ppu::redeem" => {
            let code = code_of(cast, target).await;
            let key = Uuid::now_v7().to_string();
            refused(ppu::redeem(a, new_redemption(code, &key)).await)
        }
        _ => return None,
    })
}

/// B's code, or one that nobody has.
async fn code_of(cast: &Cast, target: Target) -> PurchaseCode {
    if target.ppu != cast.ppu_b {
        return PurchaseCode::from_random([9; 15]);
    }
    let list = ListPpu {
        limit: Some(500),
        ..Default::default()
    };
    let codes = ppu::list(&cast.tenant_b(), &list).await.unwrap().items;
    let found = codes.into_iter().find(|code| code.id == cast.ppu_b);
    found.expect("B has the code").code
}
