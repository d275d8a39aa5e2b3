//! access/types.ts, held against what the code serializes.

use std::{
    collections::BTreeSet,
    fmt::Debug,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use access::{
    account_agents, content_embeddings, lifecycle, payment_share_tracking, ppu, system, types::*,
};
use chrono::{DateTime, Utc};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tests::{
    embeddings::{find, new_embedding},
    fixtures::{
        Cast, new_agent, new_codes, new_payment, new_payout, new_redemption, new_route,
        new_settings,
    },
};

/// The compiler that the types are held to.
const TYPESCRIPT: &str = "typescript@5.9.3";

/// Serialized types that aren't data of their own: a patch's field, and the wrappers of a body.
const NO_DATA: [&str; 3] = ["Created", "Json", "Patch"];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn declared() -> BTreeSet<String> {
    let text = fs::read_to_string(workspace().join("access/types.ts")).unwrap();
    let names = text
        .lines()
        .filter_map(|line| line.strip_prefix("export type "));
    let name = |rest: &str| rest.chars().take_while(|c| c.is_alphanumeric()).collect();
    names.map(name).collect()
}

#[test]
fn each_public_type_that_is_serialized_is_declared_in_typescript() {
    let items = fs::read_to_string(workspace().join("access/public-items.txt")).unwrap();
    let declared = declared();
    for line in items
        .lines()
        // What is for tests sends whatever can be serialized, and is sent nowhere itself.
        .filter(|line| line.contains("serde::Serialize") && !line.contains("::testing::"))
    {
        let (path, _) = line.split_once(": impl").unwrap_or((line, ""));
        let name = path.rsplit("::").next().unwrap_or_default();
        assert!(
            declared.contains(name) || NO_DATA.contains(&name),
            "{path}: derive ts_rs::TS with the feature `ts`, name it in access/src/types.rs and \
             access/src/types/typescript.rs, and run `cargo xtask types --ts`"
        );
    }
}

/// One or more values of each type, as serde_json writes them.
#[derive(Default)]
struct Samples(Vec<(String, Value)>);

impl Samples {
    fn add<T: Serialize>(&mut self, name: &str, value: &T) {
        let value = serde_json::to_value(value).unwrap();
        self.0.push((name.to_owned(), value));
    }

    /// Also what is left of it when all that may be left out is.
    fn least<T: Serialize + DeserializeOwned + PartialEq + Debug>(
        &mut self,
        name: &str,
        json: Value,
    ) {
        serde_json::from_value::<T>(json.clone()).unwrap();
        self.0.push((name.to_owned(), json));
    }

    fn each<T: Serialize>(&mut self, name: &str, values: &[T]) {
        for value in values {
            self.add(name, value);
        }
    }
}

/// A program that says of each sample that it has its type.
fn program(samples: &Samples) -> String {
    let mut text = String::from("import type * as t from \"./types\";\n");
    for (number, (name, value)) in samples.0.iter().enumerate() {
        let ty = if name == "Page" {
            "Page<t.Account>"
        } else {
            name
        };
        text.push_str(&format!("export const s{number}: t.{ty} = {value};\n"));
    }
    // What the types must refuse: the compiler says so where one of them is let through.
    for wrong in [
        r#"const a: t.NewAccount = { name: "n", account_id: "b" };"#,
        r#"const b: t.PaymentStatus = "failed";"#,
        r#"const c: t.AccountPatch = { name: null };"#,
        r#"const d: t.OpenBalance = { currency: "USD", shares: 1, amount: "5" };"#,
        r#"const e: t.OpenBalance = { currency: "USD", shares: 1 };"#,
        r#"const f: t.ListPpu = { limits: 5 };"#,
        r#"const g: t.Page<t.Account> = { items: [{ id: "i" }], next: null };"#,
    ] {
        text.push_str(&format!("// @ts-expect-error\nexport {wrong}\n"));
    }
    text
}

async fn samples() -> Samples {
    let cast = Cast::new().await;
    let a = cast.tenant_a();
    let mut samples = Samples::default();
    rows(&cast, &mut samples).await;
    given(&mut samples);
    let scope = cast.database.system().await.scope("test", "types").unwrap();
    let summary = system::account_summary(&scope, cast.a).await.unwrap();
    samples.add("AccountSummary", &summary);
    samples.each("PayOutTotal", &summary.requested);
    samples.each("CurrencyTotal", &summary.succeeded);
    samples.each("OpenBalance", &summary.owed);
    samples.add("Account", &summary.account);
    samples.add("ListAccounts", &ListAccounts::default());
    let page = system::list_accounts(&scope, &ListAccounts::default()).await;
    samples.add("Page", &page.unwrap());
    let plan = lifecycle::plan_erasure(&scope, cast.a).await.unwrap();
    samples.each("ErasedTable", &plan.tables);
    let fates: Vec<Fate> = plan.tables.iter().map(|table| table.fate).collect();
    samples.each("Fate", &fates);
    samples.add("ErasurePlan", &plan);
    let verified = access::payment_system_logs::verify(&a).await.unwrap();
    samples.add("Verified", &verified);
    let job = access::outbox::get(&a, cast.job_a).await.unwrap();
    samples.add("OutboxJobId", &job.id);
    samples.add("OutboxJob", &job);
    let new = new_embedding("lesson", 0, "a text");
    samples.add("Embedding", &new.embedding);
    samples.add("NewContentEmbedding", &new);
    let row = content_embeddings::get(&cast.tenant_b(), cast.embedding_b).await;
    let row = row.unwrap();
    samples.add("ContentEmbeddingId", &row.id);
    samples.add("ContentEmbedding", &row);
    let find = find(new.embedding.clone(), 2);
    samples.add("Metric", &find.metric);
    let found = content_embeddings::nearest(&a, find.clone()).await.unwrap();
    samples.each("Match", &found);
    samples.add("FindNearest", &find);
    let least = json!({"embedding": new.embedding, "k": 1});
    samples.least::<FindNearest>("FindNearest", least);
    samples.add("JsonValue", &json!({"a": [1, null, "x", {"b": false}]}));
    let problem = json!({
        "type": "about:blank", "title": "Not Found", "status": 404, "code": "not_found",
    });
    samples.add("Problem", &problem);
    samples
}

async fn rows(cast: &Cast, samples: &mut Samples) {
    let a = cast.tenant_a();
    for payment in &cast.payments_a {
        samples.add("StripePayment", payment);
        samples.add("StripePaymentId", &payment.id);
        samples.add("Currency", &payment.currency);
    }
    let list = ListStripePayments {
        limit: Some(1),
        ..Default::default()
    };
    let page = access::stripe_payments::list(&a, &list).await.unwrap();
    samples.each("Cursor", page.next.as_slice());
    let settings = access::account_payment_settings::get(&a).await.unwrap();
    samples.add("PaymentSettings", &settings);
    let routes = access::account_payout_routes::list(&a, false)
        .await
        .unwrap();
    samples.each("PayoutRoute", &routes);
    samples.add("PayoutRouteId", &cast.money_a.0);
    let payouts = access::pay_out::list(&a, &Default::default())
        .await
        .unwrap();
    samples.each("PayOut", &payouts.items);
    samples.add("PayOutId", &cast.money_a.1);
    for payment in &cast.payments_a {
        let shares = payment_share_tracking::list_by_payment(&a, payment.id);
        for share in shares.await.unwrap() {
            samples.add("PaymentShareId", &share.id);
            samples.add("PaymentShare", &share);
        }
    }
    let logs = access::payment_system_logs::list(&a, &Default::default()).await;
    samples.each("LogEntry", &logs.unwrap().items);
    let events = access::stripe_events::list(&a, &Default::default()).await;
    let events = events.unwrap().items;
    samples.each("StripeEvent", &events);
    samples.add("StripeEventId", &events[0].id);
    let connected = access::connected_accounts::list(&a).await.unwrap();
    samples.each("ConnectedAccount", &connected);
    let codes = ppu::list(&a, &ListPpu::default()).await.unwrap().items;
    samples.each("Ppu", &codes);
    samples.add("PpuId", &codes[0].id);
    samples.add("PurchaseCode", &codes[0].code);
    samples.add("PpuStatus", &codes[0].status(Utc::now()));
    let redeem = new_redemption(codes[0].code, "types");
    samples.add("RedeemCode", &redeem);
    let redeemed = ppu::redeem(&a, redeem).await.unwrap();
    samples.add("PpuRedemptionId", &redeemed.redemption.id);
    samples.add("PpuRedemption", &redeemed.redemption);
    samples.add("RedeemedCode", &redeemed);
    let issue = new_codes("types", 1);
    samples.add("IssueCodes", &issue);
    samples.add("IssuedCodes", &ppu::issue_many(&a, issue).await.unwrap());
    let invited = account_agents::invite(&a, new_agent(1)).await.unwrap();
    samples.add("NewAccountAgent", &new_agent(1));
    samples.add("InvitedAgent", &invited);
    samples.add("InvitationToken", &invited.token);
    samples.add("AccountAgentId", &invited.agent.id);
    let accept = AcceptInvitation {
        token: invited.token,
        connected_account: "acct_1".into(),
    };
    samples.add("AcceptInvitation", &accept);
    let agent = account_agents::accept(&cast.db, &cast.tenant_b(), accept).await;
    samples.add("AccountAgent", &agent.unwrap());
    let payment = cast.payments_a[0].id;
    let commission = account_agents::commission(&a, invited.agent.id, payment);
    samples.add("Commission", &commission.await.unwrap());
}

/// What callers give: whole, and with all left out that may be.
fn given(samples: &mut Samples) {
    let now: DateTime<Utc> = Utc::now();
    samples.each("AgentStatus", AgentStatus::ALL);
    samples.each("BankPayoutStatus", BankPayoutStatus::ALL);
    samples.each("EventOutcome", EventOutcome::ALL);
    samples.each("LogLevel", LogLevel::ALL);
    samples.each("OutboxKind", OutboxKind::ALL);
    samples.each("OutboxStatus", OutboxStatus::ALL);
    let transfer = TransferRequest {
        idempotency_key: "k".into(),
        amount: 5,
        currency: "USD".parse().unwrap(),
        destination: "acct_1".into(),
        transfer_group: "g".into(),
        metadata: [("account_id".into(), "a".into())].into(),
    };
    samples.add("TransferRequest", &transfer);
    samples.least::<ListOutboxJobs>("ListOutboxJobs", json!({"status": "done"}));
    samples.each("PayFor", PayFor::ALL);
    samples.each("PayOutStatus", PayOutStatus::ALL);
    samples.each("PayeeRole", PayeeRole::ALL);
    samples.each("PaymentStatus", PaymentStatus::ALL);
    samples.each("PayoutSchedule", PayoutSchedule::ALL);
    samples.each("PpuStatus", PpuStatus::ALL);
    samples.each("ShareKind", ShareKind::ALL);
    samples.each("ShareStatus", ShareStatus::ALL);
    let orders = [StripePaymentOrder::Newest, StripePaymentOrder::Oldest];
    samples.each("StripePaymentOrder", &orders);
    samples.add("NewAccount", &NewAccount { name: "n".into() });
    samples.add(
        "AccountPatch",
        &AccountPatch {
            name: Patch::Set("n".into()),
        },
    );
    samples.add("AccountPatch", &AccountPatch::default());
    samples.add("NewPaymentSettings", &new_settings());
    samples.add("NewPayoutRoute", &new_route("p", 1));
    samples.add("PayoutRoutePatch", &PayoutRoutePatch::default());
    let cleared = StripePaymentPatch {
        description: Patch::Set(None),
        metadata: Patch::Set(Some(json!({"a": 1}))),
        ..Default::default()
    };
    samples.add("StripePaymentPatch", &cleared);
    samples.add("StripePaymentPatch", &StripePaymentPatch::default());
    samples.add("NewStripePayment", &new_payment("b", i64::MAX));
    let least = json!({
        "buyer": "b", "pay_for": "tip", "pay_for_id": "x", "amount": 5, "currency": "USD", "fee": 0,
    });
    samples.least::<NewStripePayment>("NewStripePayment", least);
    let issue = json!({
        "batch": "b", "count": 1, "pay_for": "course", "pay_for_id": "x", "max_redemptions": 1,
    });
    samples.least::<IssueCodes>("IssueCodes", issue);
    let open = json!({"payee": "p", "currency": "USD"});
    samples.least::<ListOpenShares>("ListOpenShares", open);
    samples.add("NewPayOut", &new_payout("p", "k"));
    samples.add("RequestPayOut", &new_payout("p", "k"));
    let share = NewPaymentShare {
        payment_id: StripePaymentId::from_uuid(uuid::Uuid::now_v7()),
        kind: ShareKind::Share,
        role: PayeeRole::Agent,
        payee: "p".into(),
        currency: "USD".parse().unwrap(),
        amount: i64::MIN,
    };
    samples.add("NewPaymentShare", &share);
    let list = ListStripePayments {
        created_from: Some(now),
        ..Default::default()
    };
    samples.add("ListStripePayments", &list);
    samples.least::<ListStripePayments>("ListStripePayments", json!({}));
    samples.least::<ListAgents>("ListAgents", json!({}));
    samples.least::<ListStripeEvents>("ListStripeEvents", json!({"outcome": "pending"}));
    samples.least::<ListPayOuts>("ListPayOuts", json!({"limit": 5}));
    samples.least::<ListLogs>("ListLogs", json!({"level": "security"}));
    samples.least::<ListPpu>("ListPpu", json!({}));
    samples.least::<ListRedemptions>("ListRedemptions", json!({}));
}

/// The proof that the two agree: what serde_json writes, or reads, of each type has the type in TypeScript, and what it
/// would refuse has not.
#[tokio::test]
async fn what_is_serialized_has_its_declared_type_in_strict_typescript() {
    let samples = Box::pin(samples()).await;
    let sampled: BTreeSet<String> = samples.0.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(declared(), sampled, "each declared type has a sample here");
    let Some(compiler) = compiler() else { return };
    let folder = tempfile::tempdir().unwrap();
    fs::copy(
        workspace().join("access/types.ts"),
        folder.path().join("types.ts"),
    )
    .unwrap();
    fs::write(folder.path().join("samples.ts"), program(&samples)).unwrap();
    let output = Command::new("node")
        .arg(compiler)
        .args(["--strict", "--noEmit", "--target", "es2022", "samples.ts"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
}

/// TypeScript's compiler, fetched once into the target folder; none, and why, where that can't be.
fn compiler() -> Option<PathBuf> {
    let runs = |program: &str| {
        let version = Command::new(program).arg("--version").output();
        version.is_ok_and(|output| output.status.success())
    };
    if !runs("node") || !runs("npm") {
        println!("SKIPPED: node and npm aren't installed, so that no tsc checks access/types.ts");
        return None;
    }
    let folder = workspace().join("target/typescript");
    let compiler = folder.join("node_modules/typescript/bin/tsc");
    if !compiler.exists() {
        fs::create_dir_all(&folder).unwrap();
        let fetched = Command::new("npm")
            .args(["install", "--no-audit", "--no-fund", "--silent", "--prefix"])
            .args([folder.as_os_str(), TYPESCRIPT.as_ref()])
            .output()
            .unwrap();
        if !fetched.status.success() {
            println!(
                "SKIPPED: npm can't fetch {TYPESCRIPT}, so that no tsc checks access/types.ts"
            );
            return None;
        }
    }
    Some(compiler.canonicalize().unwrap())
}
