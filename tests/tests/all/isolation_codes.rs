//! The cases of the isolation test for purchase codes.

use super::isolation::{Outcome, Target, refused};
use access::{
    PurchaseCode, Tenant,
    ppu::{self, ListPpu, ListRedemptions},
};
use tests::fixtures::{Cast, new_codes, new_redemption};
use uuid::Uuid;

/// The cases of purchase codes.
pub(super) async fn aim_at_codes(
    case: &str,
    cast: &Cast,
    a: &Tenant,
    target: Target,
) -> Option<Outcome> {
    Some(match case {
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
