use std::{
    io::{self, Write},
    sync::{Mutex, OnceLock},
};

use access::{
    Config, Db, PurchaseCode, content_embeddings, payment_system_logs, ppu, stripe_payments,
    webhook::WebhookSecrets,
};
use tests::{
    embeddings::{find, new_embedding},
    events,
    fixtures::{Cast, new_payment, new_redemption},
};

/// Lines of the log that hold a canary; all tests of the process write to it, at TRACE.
static LEAKS: Mutex<Vec<String>> = Mutex::new(Vec::new());
static LINES: OnceLock<()> = OnceLock::new();

struct Watch;

impl Write for Watch {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.get_or_init(|| ());
        let line = String::from_utf8_lossy(bytes);
        if line.to_ascii_lowercase().contains("canary") {
            LEAKS.lock().unwrap().push(line.into_owned());
        }
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// S59
#[tokio::test]
async fn no_log_at_trace_shows_a_value_or_a_password() {
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(|| Watch)
        .init();
    let cast = Cast::new().await;
    let tenant = cast.tenant_a();
    let mut new = new_payment("canary-buyer", 5);
    new.payment_intent = Some("pi_canary".into());
    new.metadata = Some(serde_json::json!({"secret": "canary"}));
    new.description = Some("canary".into());
    let made = stripe_payments::create(&tenant, new.clone()).await.unwrap();
    assert!(stripe_payments::create(&tenant, new.clone()).await.is_err());
    stripe_payments::find_by_payment_intent(&tenant, "pi_canary")
        .await
        .unwrap();
    stripe_payments::fail_attempt(&tenant, made.id, "canary")
        .await
        .unwrap();
    let secret = new_embedding("canary", 0, "canary");
    let near_it = find(secret.embedding.clone(), 5);
    content_embeddings::upsert_many(&tenant, vec![secret])
        .await
        .unwrap();
    content_embeddings::nearest(&tenant, near_it).await.unwrap();
    let mut tenant = cast.tenant_a();
    let in_transaction = tenant.transaction(async move |tx: &mut access::Transaction<'_>| {
        stripe_payments::create(tx, new.clone()).await
    });
    assert!(in_transaction.await.is_err());
    // A purchase code is upper-case, and no word of it is said either.
    let code = (0..32).find_map(|check| {
        let check = char::from_digit(check, 32)?;
        format!("CANARYCANARY000{check}")
            .parse::<PurchaseCode>()
            .ok()
    });
    let code = code.unwrap();
    // The superuser's own session logs what it runs: the code is put together there.
    let (first, rest) = code.as_str().split_at(7);
    let (head, tail) = first.split_at(1);
    let plant = format!(
        "UPDATE ppu SET code = '{head}' || '{tail}' || '{rest}' WHERE id = '{}'",
        cast.ppu_a
    );
    let superuser = cast.database.superuser().await;
    superuser.batch_execute(&plant).await.unwrap();
    let tenant = cast.tenant_a();
    let mut redeem = new_redemption(code, "canary-key");
    redeem.redeemer = "canary-redeemer".into();
    let redeemed = ppu::redeem(&tenant, redeem.clone()).await.unwrap();
    tracing::info!(?redeemed.ppu, ?redeem.code, "what an application may log");
    ppu::disable(&tenant, redeemed.ppu.id).await.unwrap();
    redeem.idempotency_key = "canary-other".into();
    let refused = ppu::redeem(&tenant, redeem).await.unwrap_err();
    assert!(
        !format!("{refused} {refused:?}")
            .to_lowercase()
            .contains("canary")
    );
    let entries = payment_system_logs::list(&tenant, &Default::default()).await;
    let entries = serde_json::to_string(&entries.unwrap()).unwrap();
    assert!(entries.contains("ppu.redeem") && !entries.to_lowercase().contains("canary"));
    webhooks_with_canaries(&cast).await;
    let port = cast.database.server().port();
    let url = format!(
        "postgres://app_login_1:canary-password@127.0.0.1:{port}/{}",
        cast.database.name()
    );
    let refused = Db::connect(Config::from_url(&url).unwrap())
        .await
        .unwrap_err();
    assert!(!format!("{refused} {refused:?}").contains("canary"));

    assert!(LINES.get().is_some(), "something was logged");
    assert_eq!(*LEAKS.lock().unwrap(), Vec::<String>::new());
    // The watch itself sees the driver's own log: with a value in it, it would be found.
    log_by_the_driver();
    assert_eq!(LEAKS.lock().unwrap().len(), 1);
}

/// The secret, what it signed and what Stripe sent, believed and not.
async fn webhooks_with_canaries(cast: &Cast) {
    let secrets = WebhookSecrets::new(["whsec_canary"]);
    let system = cast.database.system().await.webhook_secrets(secrets);
    assert!(!format!("{system:?}").contains("canary"));
    let scope = system.scope("ops", "onboarding").unwrap();
    access::system::link_connected_account(&scope, cast.a, "acct_canary")
        .await
        .unwrap();
    for named in [cast.a.to_string(), "nobody".to_owned()] {
        let metadata = serde_json::json!({"account_id": named, "note": "canary"});
        let fields =
            serde_json::json!({"id": "pi_canary", "status": "processing", "metadata": metadata});
        let intent = events::with(events::object("payment_intent"), fields);
        let kind = "payment_intent.processing";
        let mut event = events::event(&format!("evt_canary{}", named.len()), kind, 1, intent);
        event["canary"] = serde_json::json!(["canary"]);
        let body = event.to_string();
        let now = chrono::Utc::now().timestamp();
        for secret in ["whsec_canary", "whsec_canary_other"] {
            let header = events::signature(secret, body.as_bytes(), now);
            let received = access::webhook::receive(&system, body.as_bytes(), &header).await;
            assert_eq!(received.is_ok(), secret == "whsec_canary");
            if let Err(error) = received {
                assert!(!format!("{error} {error:?}").contains("canary"));
            }
        }
    }
}

fn log_by_the_driver() {
    log::debug!(target: "tokio_postgres::query", "executing statement with parameters: canary");
}
