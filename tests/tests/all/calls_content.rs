//! Calls of agents, codes and content.

use access::{
    AccountAgentId,
    account_agents::{self, AcceptInvitation},
    content_embeddings,
    ppu::{self, ListPpu, ListRedemptions, Ppu},
};
use serde_json::json;
use tests::{
    embeddings::{find, hashed, new_embedding},
    fixtures::{new_agent, new_codes, new_redemption},
};

use super::calls::{Calls, Stage, unique};

pub(super) const CALLS: Calls = &[
    ("account_agents::invite", |s| {
        Box::pin(async move {
            s.call(account_agents::invite(&s.tenant(), new_agent(1)))
                .await;
        })
    }),
    ("account_agents::get", |s| {
        Box::pin(async move {
            let (agent, _) = invited(s).await;
            s.call(account_agents::get(&s.tenant(), agent)).await;
        })
    }),
    ("account_agents::list", |s| {
        Box::pin(async move {
            s.call(account_agents::list(&s.tenant(), &Default::default()))
                .await;
        })
    }),
    ("account_agents::accept", |s| {
        Box::pin(async move {
            // An account is an agent once.
            let (agent, accept) = invited(s).await;
            let by_other = s.db.tenant(s.other);
            s.call(account_agents::accept(&s.db, &by_other, accept))
                .await;
            account_agents::revoke(&s.tenant(), agent).await.unwrap();
        })
    }),
    ("account_agents::commission", |s| {
        Box::pin(async move {
            let payment = s.distributed().await.id;
            let (agent, accept) = invited(s).await;
            let by_other = s.db.tenant(s.other);
            account_agents::accept(&s.db, &by_other, accept)
                .await
                .unwrap();
            s.call(account_agents::commission(&s.tenant(), agent, payment))
                .await;
            account_agents::revoke(&s.tenant(), agent).await.unwrap();
        })
    }),
    ("account_agents::revoke", |s| {
        Box::pin(async move {
            let (agent, accept) = invited(s).await;
            let by_other = s.db.tenant(s.other);
            account_agents::accept(&s.db, &by_other, accept)
                .await
                .unwrap();
            s.call(account_agents::revoke(&s.tenant(), agent)).await;
            // Whatever came of it: the next accepts another invitation.
            let _ = account_agents::revoke(&s.tenant(), agent).await;
        })
    }),
    ("ppu::issue_many", |s| {
        Box::pin(async move {
            s.long(ppu::issue_many(&s.tenant(), new_codes(&unique("batch"), 3)))
                .await;
        })
    }),
    ("ppu::list", |s| {
        Box::pin(async move {
            let list = ListPpu {
                batch: Some(code(s).await.batch),
                ..Default::default()
            };
            s.call(ppu::list(&s.tenant(), &list)).await;
        })
    }),
    ("ppu::find_by_code", |s| {
        Box::pin(async move {
            let code = code(s).await.code;
            s.call(ppu::find_by_code(&s.tenant(), &code)).await;
        })
    }),
    ("ppu::redeem", |s| {
        Box::pin(async move {
            let code = code(s).await.code;
            s.call(ppu::redeem(
                &s.tenant(),
                new_redemption(code, &unique("key")),
            ))
            .await;
        })
    }),
    ("ppu::list_redemptions", |s| {
        Box::pin(async move {
            let list = ListRedemptions {
                ppu_id: Some(code(s).await.id),
                ..Default::default()
            };
            s.call(ppu::list_redemptions(&s.tenant(), &list)).await;
            s.call(ppu::list_redemptions(&s.tenant(), &Default::default()))
                .await;
        })
    }),
    ("ppu::disable", |s| {
        Box::pin(async move {
            let id = code(s).await.id;
            s.call(ppu::disable(&s.tenant(), id)).await;
        })
    }),
    ("content_embeddings::upsert_many", |s| {
        Box::pin(async move {
            let new = vec![new_embedding("new", 0, "a lesson on statements")];
            s.call(content_embeddings::upsert_many(&s.tenant(), new))
                .await;
        })
    }),
    ("content_embeddings::nearest", |s| {
        Box::pin(async move {
            let t = s.tenant();
            let mut near = find(hashed("lesson"), 3);
            s.call(content_embeddings::nearest(&t, near.clone())).await;
            near.content_kind = Some("lesson".into());
            near.model = Some("words".into());
            near.metadata = Some(json!({"language": "en"}));
            s.call(content_embeddings::nearest(&t, near)).await;
        })
    }),
    ("content_embeddings::get", |s| {
        Box::pin(async move {
            let t = s.tenant();
            let nearest = content_embeddings::nearest(&t, find(hashed("lesson"), 3)).await;
            s.call(content_embeddings::get(&t, nearest.unwrap()[0].id))
                .await;
        })
    }),
    ("content_embeddings::count", |s| {
        Box::pin(async move {
            s.call(content_embeddings::count(&s.tenant(), None)).await;
            s.call(content_embeddings::count(&s.tenant(), Some("lesson")))
                .await;
        })
    }),
    ("content_embeddings::delete_for_content", |s| {
        Box::pin(async move {
            s.call(content_embeddings::delete_for_content(
                &s.tenant(),
                "lesson",
                "new",
            ))
            .await;
        })
    }),
];

async fn invited(s: &Stage) -> (AccountAgentId, AcceptInvitation) {
    let invited = account_agents::invite(&s.tenant(), new_agent(1))
        .await
        .unwrap();
    let accept = AcceptInvitation {
        token: invited.token,
        connected_account: "acct_agent".into(),
    };
    (invited.agent.id, accept)
}

/// One of a batch.
async fn code(s: &Stage) -> Ppu {
    let t = s.tenant();
    let batch = unique("batch");
    ppu::issue_many(&t, new_codes(&batch, 3)).await.unwrap();
    let list = ListPpu {
        batch: Some(batch),
        ..Default::default()
    };
    ppu::list(&t, &list).await.unwrap().items.remove(0)
}
