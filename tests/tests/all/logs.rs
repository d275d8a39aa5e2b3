use std::{
    io::{self, Write},
    sync::{Mutex, OnceLock},
    time::Duration,
};

use super::secrets::{self, CANARY};
use access::{
    PurchaseCode, content_embeddings,
    outbox::{self, OutboxStatus, TransferRequest, Transport, TransportError},
    payment_system_logs, ppu, stripe_payments,
    webhook::WebhookSecrets,
};
use tests::{
    embeddings::{find, new_embedding},
    events,
    fixtures::{Cast, new_payment, new_redemption},
    outbox::{Desk, jobs, quick},
};

/// Lines of the log that hold a canary; all tests of the process write to it, at TRACE.
static LEAKS: Mutex<Vec<String>> = Mutex::new(Vec::new());
static LINES: OnceLock<()> = OnceLock::new();

struct Watch;

impl Write for Watch {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.get_or_init(|| ());
        let line = String::from_utf8_lossy(bytes);
        if secrets::says(&line) {
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
    secrets::watch_panics();
    let cast = Cast::new().await;
    let tenant = cast.tenant_a();
    let mut new = new_payment("parakeet-buyer", 5);
    new.payment_intent = Some("pi_parakeet".into());
    new.metadata = Some(serde_json::json!({"secret": "parakeet"}));
    new.description = Some("parakeet".into());
    let made = stripe_payments::create(&tenant, new.clone()).await.unwrap();
    assert!(stripe_payments::create(&tenant, new.clone()).await.is_err());
    stripe_payments::find_by_payment_intent(&tenant, "pi_parakeet")
        .await
        .unwrap();
    stripe_payments::fail_attempt(&tenant, made.id, "parakeet")
        .await
        .unwrap();
    let secret = new_embedding("parakeet", 0, "parakeet");
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
        format!("PARAKEETB1RD000{check}")
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
    let mut redeem = new_redemption(code, "parakeet-key");
    redeem.redeemer = "parakeet-redeemer".into();
    let redeemed = ppu::redeem(&tenant, redeem.clone()).await.unwrap();
    tracing::info!(?redeemed.ppu, ?redeem.code, "what an application may log");
    ppu::disable(&tenant, redeemed.ppu.id).await.unwrap();
    redeem.idempotency_key = "parakeet-other".into();
    let refused = ppu::redeem(&tenant, redeem).await.unwrap_err();
    assert!(
        !format!("{refused} {refused:?}")
            .to_lowercase()
            .contains(CANARY)
    );
    let entries = payment_system_logs::list(&tenant, &Default::default()).await;
    let entries = serde_json::to_string(&entries.unwrap()).unwrap();
    assert!(entries.contains("ppu.redeem") && !entries.to_lowercase().contains(CANARY));
    webhooks_with_canaries(&cast).await;
    Box::pin(the_outbox_says_no_secret()).await;
    Box::pin(super::secret_fields::are_not_shown(&cast)).await;
    let panics = secrets::panics().into_iter();
    let panics: Vec<String> = panics
        .filter(|said| !said.contains(secrets::OF_ITS_OWN))
        .collect();
    assert_eq!(panics, Vec::<String>::new());
    assert!(LINES.get().is_some(), "something was logged");
    assert_eq!(*LEAKS.lock().unwrap(), Vec::<String>::new());
    // The watch itself sees the driver's own log: with a value in it, it would be found.
    log_by_the_driver();
    assert_eq!(LEAKS.lock().unwrap().len(), 1);
}

/// The secret, what it signed and what Stripe sent, believed and not.
async fn webhooks_with_canaries(cast: &Cast) {
    let secrets = WebhookSecrets::new(["whsec_parakeet"]);
    let system = cast.database.system().await.webhook_secrets(secrets);
    assert!(!format!("{system:?}").contains("parakeet"));
    let scope = system.scope("ops", "onboarding").unwrap();
    access::system::link_connected_account(&scope, cast.a, "acct_parakeet")
        .await
        .unwrap();
    for named in [cast.a.to_string(), "nobody".to_owned()] {
        let metadata = serde_json::json!({"account_id": named, "note": "parakeet"});
        let fields =
            serde_json::json!({"id": "pi_parakeet", "status": "processing", "metadata": metadata});
        let intent = events::with(events::object("payment_intent"), fields);
        let kind = "payment_intent.processing";
        let mut event = events::event(&format!("evt_parakeet{}", named.len()), kind, 1, intent);
        event["parakeet"] = serde_json::json!(["parakeet"]);
        let body = event.to_string();
        let now = chrono::Utc::now().timestamp();
        for secret in ["whsec_parakeet", "whsec_parakeet_other"] {
            let header = events::signature(secret, body.as_bytes(), now);
            let received = access::webhook::receive(&system, body.as_bytes(), &header).await;
            assert_eq!(received.is_ok(), secret == "whsec_parakeet");
            if let Err(error) = received {
                assert!(!format!("{error} {error:?}").contains("parakeet"));
            }
        }
    }
}

/// Stripe answers each amount otherwise, and each answer holds the canary.
struct Talkative;

impl Transport for Talkative {
    async fn create_transfer(&self, request: &TransferRequest) -> Result<String, TransportError> {
        assert!(request.destination.contains(CANARY));
        assert!(secrets::says(&request.idempotency_key));
        assert!(secrets::says(&format!("{:?}", request.metadata)));
        tracing::info!(?request, "what an application may log");
        let no_code = "no such destination: acct_parakeet".to_owned();
        match request.amount {
            1 | 2 => Ok("tr_parakeet".into()),
            3 => Ok("parakeet".into()),
            4 => Err(TransportError::Refused(no_code)),
            5 => Err(TransportError::Retry(no_code)),
            _ => Err(TransportError::Unknown(no_code)),
        }
    }

    async fn find_transfer(
        &self,
        request: &TransferRequest,
    ) -> Result<Option<String>, TransportError> {
        match request.amount {
            6 => Ok(None),
            _ => Err(TransportError::Unknown("no answer for parakeet".into())),
        }
    }
}

/// Jobs that end in each way there is: done, a transfer that is another payout's, no transfer, refused, given up after every
/// kind of failure, unreadable; one whose outcome the database refuses to save, with all of its row in the error.
async fn the_outbox_says_no_secret() {
    let desk = Desk::new(0).await;
    desk.plant(desk.account, 8).await;
    // The superuser's own session logs what it runs: the word is put together there.
    let sql = |sql: &str| sql.replace(CANARY, "para' || 'keet");
    let plant = sql("UPDATE pay_out SET connected_account = 'acct_parakeet_' || amount");
    desk.superuser.batch_execute(&plant).await.unwrap();
    // What is sent has to be what the payout says: its key and metadata are known by their beginnings.
    let account = desk.account;
    for known in [
        format!("transfer-{account}"),
        format!("\"account_id\": \"{account}\""),
        format!("\"account_id\":\"{account}\""),
    ] {
        secrets::keep(known.as_bytes());
    }
    desk.enqueue(account).await;
    let plant = sql("UPDATE stripe_outbox SET request = to_jsonb('parakeet')
         WHERE pay_out_id = (SELECT id FROM pay_out WHERE amount = 7);
         UPDATE stripe_outbox SET sent_at = now(), status = 'unknown'
         WHERE pay_out_id = (SELECT id FROM pay_out WHERE amount = 8);
         CREATE FUNCTION talk() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN RAISE EXCEPTION 'can not be: %', NEW USING ERRCODE = 'check_violation', DETAIL = NEW::text; END $$;
         CREATE TRIGGER talk BEFORE UPDATE ON stripe_outbox FOR EACH ROW
             WHEN (NEW.request->>'amount' = '5' AND NEW.last_error IS NOT NULL) EXECUTE FUNCTION talk()");
    desk.superuser.batch_execute(&plant).await.unwrap();
    let ends = [("done", 1), ("failed", 1), ("dead", 5), ("sending", 1)];
    let ended = async {
        for (status, count) in ends {
            while desk.count(status).await != count {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    };
    let ended = async { tokio::time::timeout(Duration::from_secs(60), ended).await };
    let ended = async { ended.await.expect("each job ends as it should") };
    outbox::run(&desk.scope(), &Talkative, &quick(), ended)
        .await
        .unwrap();
    let tenant = desk.tenant();
    for status in [OutboxStatus::Dead, OutboxStatus::Failed] {
        for job in jobs(&tenant, status).await {
            tracing::info!(?job, "what an application may log");
        }
    }
    let dead = jobs(&tenant, OutboxStatus::Dead).await;
    let retried = desk.retry(dead[0].id).await;
    tracing::info!(?retried, "what an application may log");
    let again = outbox::retry(&desk.scope(), desk.account, retried.id).await;
    assert!(!format!("{again:?}").contains(CANARY));
    let entries = payment_system_logs::list(&tenant, &Default::default()).await;
    let entries = serde_json::to_string(&entries.unwrap()).unwrap();
    assert!(entries.contains("outbox.run") && !entries.contains(CANARY));
}

fn log_by_the_driver() {
    log::debug!(target: "tokio_postgres::query", "executing statement with parameters: parakeet");
}
