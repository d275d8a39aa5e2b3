//! The rest of an account's calls: agents, codes, content, and what Stripe tells.

use access::{
    account_agents::{self, AcceptInvitation},
    connected_accounts, content_embeddings,
    payment_system_logs::{self, ListLogs, LogLevel},
    ppu::{self, ListPpu, ListRedemptions},
    stripe_events::{self, ListStripeEvents},
    webhook,
};
use chrono::Utc;
use serde_json::json;
use tests::{
    embeddings::{find, hashed, new_embedding},
    events::{SECRET, event, object, signature, with},
    fixtures::{new_agent, new_codes, new_redemption},
};
use uuid::Uuid;

use super::{statements::Recorder, statements_calls::Paid};

pub(super) async fn more_calls(r: &mut Recorder, paid: &Paid) {
    let t = r.db.tenant(paid.account);
    let payment = paid.payment;
    let invited = r
        .call(
            "account_agents::invite",
            account_agents::invite(&t, new_agent(10)),
        )
        .await
        .unwrap();
    let agent = invited.agent.id;
    r.call("account_agents::get", account_agents::get(&t, agent))
        .await
        .unwrap();
    r.call(
        "account_agents::list",
        account_agents::list(&t, &Default::default()),
    )
    .await
    .unwrap();
    let by_other = r.db.tenant(paid.other);
    let accept = AcceptInvitation {
        token: invited.token,
        connected_account: "acct_agent".into(),
    };
    let db = r.db.clone();
    r.call(
        "account_agents::accept",
        account_agents::accept(&db, &by_other, accept),
    )
    .await
    .unwrap();
    r.call(
        "account_agents::commission",
        account_agents::commission(&t, agent, payment),
    )
    .await
    .unwrap();
    r.call("account_agents::revoke", account_agents::revoke(&t, agent))
        .await
        .unwrap();

    let batch = Uuid::now_v7().to_string();
    r.long("ppu::issue_many", ppu::issue_many(&t, new_codes(&batch, 3)))
        .await
        .unwrap();
    let list = ListPpu {
        batch: Some(batch),
        ..Default::default()
    };
    let code = r
        .call("ppu::list", ppu::list(&t, &list))
        .await
        .unwrap()
        .items
        .remove(0);
    r.call("ppu::find_by_code", ppu::find_by_code(&t, &code.code))
        .await
        .unwrap()
        .unwrap();
    r.call(
        "ppu::redeem",
        ppu::redeem(&t, new_redemption(code.code, "a key")),
    )
    .await
    .unwrap();
    let list = ListRedemptions {
        ppu_id: Some(code.id),
        ..Default::default()
    };
    r.call("ppu::list_redemptions", ppu::list_redemptions(&t, &list))
        .await
        .unwrap();
    r.call(
        "ppu::list_redemptions",
        ppu::list_redemptions(&t, &Default::default()),
    )
    .await
    .unwrap();
    r.call("ppu::disable", ppu::disable(&t, code.id))
        .await
        .unwrap();

    let written = content_embeddings::upsert_many(
        &t,
        vec![new_embedding("new", 0, "a lesson on statements")],
    );
    r.call("content_embeddings::upsert_many", written)
        .await
        .unwrap();
    let nearest = content_embeddings::nearest(&t, find(hashed("lesson"), 3))
        .await
        .unwrap();
    let mut near = find(hashed("lesson"), 3);
    r.call(
        "content_embeddings::nearest",
        content_embeddings::nearest(&t, near.clone()),
    )
    .await
    .unwrap();
    near.content_kind = Some("lesson".into());
    near.model = Some("words".into());
    near.metadata = Some(json!({"language": "en"}));
    r.call(
        "content_embeddings::nearest",
        content_embeddings::nearest(&t, near),
    )
    .await
    .unwrap();
    r.call(
        "content_embeddings::get",
        content_embeddings::get(&t, nearest[0].id),
    )
    .await
    .unwrap();
    r.call(
        "content_embeddings::count",
        content_embeddings::count(&t, None),
    )
    .await
    .unwrap();
    r.call(
        "content_embeddings::count",
        content_embeddings::count(&t, Some("lesson")),
    )
    .await
    .unwrap();
    r.call(
        "content_embeddings::delete_for_content",
        content_embeddings::delete_for_content(&t, "lesson", "new"),
    )
    .await
    .unwrap();

    r.call("connected_accounts::list", connected_accounts::list(&t))
        .await
        .unwrap();
    r.call(
        "connected_accounts::get",
        connected_accounts::get(&t, "acct_fixture_1"),
    )
    .await
    .unwrap();
    let events = r
        .call(
            "stripe_events::list",
            stripe_events::list(&t, &Default::default()),
        )
        .await
        .unwrap()
        .items;
    let list = ListStripeEvents {
        limit: Some(1),
        ..Default::default()
    };
    r.call("stripe_events::list", stripe_events::list(&t, &list))
        .await
        .unwrap();
    r.call("stripe_events::get", stripe_events::get(&t, events[0].id))
        .await
        .unwrap();
    r.call(
        "stripe_events::catch_up",
        stripe_events::catch_up(&t, payment),
    )
    .await
    .unwrap();
    r.call("webhook::metadata", async {
        webhook::metadata(&t, payment)
    })
    .await;
    r.call("webhook::pay_out_metadata", async {
        webhook::pay_out_metadata(&t, paid.payout)
    })
    .await;
    receives(r, paid).await;
    r.long(
        "stripe_events::erase_payloads",
        stripe_events::erase_payloads(&t, Utc::now()),
    )
    .await
    .unwrap();

    r.call(
        "payment_system_logs::list",
        payment_system_logs::list(&t, &Default::default()),
    )
    .await
    .unwrap();
    let list = ListLogs {
        level: Some(LogLevel::Info),
        event: Some("pay_out.requested".into()),
        subject: Some(format!("pay_out/{}", paid.payout)),
        ..Default::default()
    };
    r.call(
        "payment_system_logs::list",
        payment_system_logs::list(&t, &list),
    )
    .await
    .unwrap();
    r.long(
        "payment_system_logs::verify",
        payment_system_logs::verify(&t),
    )
    .await
    .unwrap();
}

/// What Stripe tells of the payment, of the account, and of what nobody knows.
async fn receives(r: &mut Recorder, paid: &Paid) {
    let Paid {
        account,
        intent,
        charge,
        ..
    } = paid;
    let named = json!({"account_id": account.to_string()});
    let payment =
        json!({"id": intent, "status": "succeeded", "latest_charge": charge, "metadata": named});
    let refund =
        json!({"id": charge, "payment_intent": intent, "amount_refunded": 300, "metadata": {}});
    let told = [
        (
            "payment_intent.succeeded",
            with(object("payment_intent"), payment),
        ),
        ("charge.refunded", with(object("charge"), refund)),
        (
            "charge.refunded",
            with(
                object("charge"),
                json!({"id": "ch_nobodys", "payment_intent": null}),
            ),
        ),
        (
            "charge.dispute.created",
            with(
                object("dispute"),
                json!({"charge": charge, "payment_intent": intent}),
            ),
        ),
        (
            "transfer.created",
            with(object("transfer"), json!({"id": "tr_nobodys"})),
        ),
        ("plan.created", object("payment_intent")),
    ];
    for (kind, object) in told {
        let id = format!("evt_{}", Uuid::now_v7().simple());
        let payload = event(&id, kind, Utc::now().timestamp(), object).to_string();
        let signed = signature(SECRET, payload.as_bytes(), Utc::now().timestamp());
        let system = r.system.clone();
        r.long(
            "webhook::receive",
            webhook::receive(&system, payload.as_bytes(), &signed),
        )
        .await
        .unwrap();
    }
}
