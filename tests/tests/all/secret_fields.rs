//! Each field that holds a secret, with the canary in it: `Debug`, the errors and the panics of whoever has it say nothing.

use access::{
    Config, Db, Patch,
    account_agents::{self, AcceptInvitation},
    account_payment_settings,
    account_payout_routes::{self, PayoutRoutePatch},
    connected_accounts, pay_out, payment_share_tracking,
    ppu::{self, ListPpu, ListRedemptions},
    stripe_events,
    stripe_payments::{self, StripePaymentPatch},
    system::SystemDb,
    webhook::WebhookSecrets,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;
use tests::fixtures::{
    Cast, new_agent, new_codes, new_payment, new_payout, new_redemption, new_route, new_settings,
};

use super::{
    migrator::Migrator,
    secrets::{self, panics_with},
};

/// S59: what an application may log, or unwrap.
pub(super) async fn are_not_shown(cast: &Cast) {
    payments(cast).await;
    connected(cast).await;
    invitations(cast).await;
    codes(cast).await;
    connecting(cast).await;
}

/// What a buyer wrote, and what Stripe signed.
async fn payments(cast: &Cast) {
    let tenant = cast.tenant_a();
    let mut new = new_payment("buyer", 10_000);
    new.metadata = Some(json!({"name": "parakeet", "list": [{"parakeet": 1}]}));
    panics_with(&new);
    let made = stripe_payments::create(&tenant, new).await.unwrap();
    panics_with(&made);
    let patch = StripePaymentPatch {
        metadata: Patch::Set(Some(json!({"parakeet": "parakeet"}))),
        ..Default::default()
    };
    panics_with(&patch);
    panics_with(
        stripe_payments::update(&tenant, made.id, patch)
            .await
            .unwrap(),
    );
    let too_much = StripePaymentPatch {
        metadata: Patch::Set(Some(json!({"name": "parakeet\0"}))),
        ..Default::default()
    };
    panics_with(
        stripe_payments::update(&tenant, made.id, too_much)
            .await
            .unwrap_err(),
    );
    // Those that `webhook::receive` was given before.
    let events = stripe_events::list(&tenant, &Default::default())
        .await
        .unwrap();
    for mut told in events.items {
        if told
            .payload
            .as_ref()
            .is_some_and(|payload| secrets::says(&payload.to_string()))
        {
            // Its own id and the payment intent's are no secrets.
            (told.event, told.subject) = ("evt_1".into(), None);
            panics_with(&told);
            return;
        }
    }
    panic!("no event was told");
}

/// Connected accounts and names of requests, wherever they stand.
async fn connected(cast: &Cast) {
    let tenant = cast.tenant_a();
    let mut route = new_route("payee-parrot", 10);
    route.connected_account = "acct_parakeet1".into();
    panics_with(&route);
    let route = account_payout_routes::create(&tenant, route).await.unwrap();
    panics_with(&route);
    let patch = PayoutRoutePatch {
        connected_account: Patch::Set("acct_parakeet2".into()),
        ..Default::default()
    };
    panics_with(&patch);
    panics_with(
        account_payout_routes::update(&tenant, route.id, patch)
            .await
            .unwrap(),
    );
    let mut settings = new_settings();
    settings.connected_account = Some("acct_parakeet3".into());
    panics_with(&settings);
    let version = account_payment_settings::get(&tenant)
        .await
        .unwrap()
        .version;
    let settings = account_payment_settings::upsert(&tenant, settings, version).await;
    panics_with(settings.unwrap());
    // The webhooks' test has linked it.
    panics_with(connected_accounts::list(&tenant).await.unwrap());
    panics_with(
        connected_accounts::get(&tenant, "acct_parakeet_absent")
            .await
            .unwrap_err(),
    );

    let paid = stripe_payments::create(&tenant, new_payment("buyer", 100_000))
        .await
        .unwrap();
    stripe_payments::succeed(&tenant, paid.id, "ch_1")
        .await
        .unwrap();
    payment_share_tracking::distribute(&tenant, paid.id)
        .await
        .unwrap();
    let request = new_payout("payee-parrot", "key-parakeet");
    panics_with(&request);
    let requested = pay_out::request(&tenant, request.clone()).await.unwrap();
    assert!(
        secrets::says(&requested.idempotency_key) && secrets::says(&requested.connected_account)
    );
    panics_with(&requested);
    let other = pay_out::RequestPayOut {
        payee: "payee-2".into(),
        ..request
    };
    panics_with(pay_out::request(&tenant, other).await.unwrap_err());
}

/// The secret of an invitation is made by chance: it is known once it is made.
async fn invitations(cast: &Cast) {
    let invited = account_agents::invite(&cast.tenant_a(), new_agent(1))
        .await
        .unwrap();
    let token = invited.token.expose();
    let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
    // The account comes first, which is no secret.
    secrets::keep(&bytes[16..]);
    secrets::keep(&token.as_bytes()[22..]);
    panics_with(&invited);
    panics_with(invited.token);
    let accept = AcceptInvitation {
        token: invited.token,
        connected_account: "acct_parakeet4".into(),
    };
    panics_with(&accept);
    let own = account_agents::accept(&cast.db, &cast.tenant_a(), accept.clone()).await;
    panics_with(own.unwrap_err());
    panics_with(
        account_agents::accept(&cast.db, &cast.tenant_b(), accept.clone())
            .await
            .unwrap(),
    );
    panics_with(
        account_agents::get(&cast.tenant_a(), invited.agent.id)
            .await
            .unwrap(),
    );
    account_agents::revoke(&cast.tenant_a(), invited.agent.id)
        .await
        .unwrap();
    panics_with(
        account_agents::accept(&cast.db, &cast.tenant_b(), accept)
            .await
            .unwrap_err(),
    );
    let edited = format!("{}!", &token[..63]);
    panics_with(
        edited
            .parse::<account_agents::InvitationToken>()
            .unwrap_err(),
    );
}

/// A code is a secret too, made by chance.
async fn codes(cast: &Cast) {
    let tenant = cast.tenant_a();
    ppu::issue_many(&tenant, new_codes("aviary", 2))
        .await
        .unwrap();
    let list = ListPpu {
        batch: Some("aviary".into()),
        ..Default::default()
    };
    let codes = ppu::list(&tenant, &list).await.unwrap();
    for code in &codes.items {
        secrets::keep(code.code.as_str().as_bytes());
        secrets::keep(code.code.grouped().as_bytes());
    }
    panics_with(&codes);
    let redeem = new_redemption(codes.items[0].code, "parakeet-once");
    panics_with(&redeem);
    panics_with(ppu::redeem(&tenant, redeem).await.unwrap());
    let list = ListRedemptions {
        ppu_id: Some(codes.items[0].id),
        ..Default::default()
    };
    panics_with(ppu::list_redemptions(&tenant, &list).await.unwrap());
    ppu::disable(&tenant, codes.items[1].id).await.unwrap();
    let refused = ppu::redeem(
        &tenant,
        new_redemption(codes.items[1].code, "parakeet-late"),
    );
    panics_with(refused.await.unwrap_err());
    let edited = codes.items[0].code.as_str().replacen(|_| true, "*", 1);
    panics_with(edited.parse::<access::PurchaseCode>().unwrap_err());
}

/// Passwords, in URLs that lead to a server or nowhere; and the secrets by which Stripe is believed.
async fn connecting(cast: &Cast) {
    let server = format!("127.0.0.1:{}", cast.database.server().port());
    let name = cast.database.name();
    for password in [
        "parakeet-password",
        "p%40rakeet:parakeet%2F%23",
        "%70%61%72%61%6b%65%65%74",
    ] {
        for (at, rest) in [
            (server.as_str(), name.to_owned()),
            (&server, "no_such_database".to_owned()),
            (&server, format!("{name}?sslmode=require")),
            ("127.0.0.1:1", name.to_owned()),
            ("no-such-host.invalid", name.to_owned()),
        ] {
            for login in ["app_login_1", "app_system_1", "nobody"] {
                let url = format!("postgres://{login}:{password}@{at}/{rest}");
                let config = Config::from_url(&url).unwrap();
                panics_with(&config);
                if login == "app_system_1" {
                    let refused = SystemDb::connect(config).await.unwrap_err();
                    assert!(!secrets::says(&refused.to_string()), "{refused}");
                    panics_with(refused);
                } else {
                    let refused = Db::connect(config).await.unwrap_err();
                    assert!(!secrets::says(&refused.to_string()), "{refused}");
                    panics_with(refused);
                }
            }
        }
        for bad in [
            format!("postgres://app:{password}@{server}/{name}?sslmode=perhaps"),
            format!("postgres://app:{password}@{server}:x/{name}"),
            format!("mysql://app:{password}@{server}/{name}"),
            format!("postgres://app:{password}@{server}/{name}?sslrootcert=/{password}"),
        ] {
            if let Err(refused) = Config::from_url(&bad) {
                assert!(!secrets::says(&refused.to_string()), "{refused}");
                panics_with(refused);
            }
        }
        let url = format!("postgres://app_owner:{password}@{server}/{name}");
        let migrator = Migrator::of(&cast.database).at(url).run(&["status"]);
        assert_ne!(migrator.code, Some(0));
        assert!(
            !secrets::says(&format!("{}{}", migrator.out, migrator.said)),
            "{}",
            migrator.said
        );
    }
    let secret = WebhookSecrets::new(["whsec_parakeet"]);
    panics_with(&secret);
    panics_with(cast.database.system().await.webhook_secrets(secret));
}
