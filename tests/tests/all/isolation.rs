use std::{collections::BTreeSet, fs, path::Path};

use super::{
    isolation_codes::aim_at_codes, isolation_content::aim_at_content,
    isolation_money::aim_at_money, isolation_stripe::aim_at_what_stripe_told,
};
use access::{
    AccountAgentId, ContentEmbeddingId, Currency, Error, OutboxJobId, Patch, PayOutId,
    PayoutRouteId, PpuId, StripePaymentId, Tenant,
    account_payout_routes::{self},
    accounts::{self, AccountPatch},
    pay_out,
    stripe_payments::{self, ListStripePayments, PaymentStatus, StripePaymentPatch},
};
use futures_util::TryStreamExt;
use tests::fixtures::{Cast, ROWS, dump, new_payment};
use uuid::Uuid;

/// What a call by A, aimed at B's row, came to.
#[derive(Debug, PartialEq)]
pub(super) enum Outcome {
    /// It answers exactly as for a row that nobody has.
    AsAbsent(String),
    /// It touched A's own rows alone.
    OwnRows,
}

/// The public functions that work on an account's rows, each aimed at B by A.
const CASES: &[&str] = &[
    "account_agents::accept",
    "account_agents::commission",
    "account_agents::get",
    "account_agents::invite",
    "account_agents::list",
    "account_agents::revoke",
    "account_payment_settings::get",
    "account_payment_settings::upsert",
    "account_payout_routes::create",
    "account_payout_routes::deactivate",
    "account_payout_routes::get",
    "account_payout_routes::list",
    "account_payout_routes::reorder",
    "account_payout_routes::update",
    "accounts::get",
    "accounts::update",
    "connected_accounts::get",
    "connected_accounts::list",
    "outbox::enqueue",
    "outbox::get",
    "outbox::list",
    "outbox::retry",
    "content_embeddings::count",
    "content_embeddings::delete_for_content",
    "content_embeddings::get",
    "content_embeddings::nearest",
    "content_embeddings::upsert_many",
    "pay_out::cancel",
    "pay_out::get",
    "pay_out::list",
    "pay_out::mark_failed",
    "pay_out::record_transfer",
    "pay_out::request",
    "payment_share_tracking::distribute",
    "payment_share_tracking::list_by_payment",
    "payment_share_tracking::list_open",
    "payment_share_tracking::open_balance",
    "payment_share_tracking::reverse",
    "payment_system_logs::list",
    "payment_system_logs::verify",
    "ppu::disable",
    "ppu::find_by_code",
    "ppu::issue_many",
    "ppu::list",
    "ppu::list_redemptions",
    "ppu::redeem",
    "stripe_events::catch_up",
    "stripe_events::erase_payloads",
    "stripe_events::get",
    "stripe_events::list",
    "stripe_payments::advance",
    "stripe_payments::cancel",
    "stripe_payments::count",
    "stripe_payments::create",
    "stripe_payments::create_many",
    "stripe_payments::fail_attempt",
    "stripe_payments::find_by_payment_intent",
    "stripe_payments::get",
    "stripe_payments::list",
    "stripe_payments::refund",
    "stripe_payments::stream",
    "stripe_payments::succeed",
    "stripe_payments::totals",
    "stripe_payments::update",
    "webhook::metadata",
    "webhook::pay_out_metadata",
];

/// Functions that are not for one account's members, and so have no other account to be aimed at.
const EXEMPT: &[&str] = &[
    "content_embeddings::reindex_advice",
    "lifecycle::erase",
    "lifecycle::export",
    "lifecycle::import",
    "lifecycle::plan_erasure",
    "lifecycle::prune",
    "outbox::run",
    "system::account_summary",
    "system::create_account",
    "system::for_each_account",
    "system::list_accounts",
    "system::record_view",
    "webhook::receive",
];

/// The public functions of `access`, as `module::function`.
pub(super) fn public_functions() -> BTreeSet<String> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../access/src");
    let mut functions = BTreeSet::new();
    for entry in fs::read_dir(sources).unwrap() {
        let path = entry.unwrap().path();
        let Some(module) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        let Some(module) = module.strip_suffix(".rs") else {
            continue;
        };
        for line in fs::read_to_string(&path).unwrap().lines() {
            let declared = line
                .strip_prefix("pub async fn ")
                .or(line.strip_prefix("pub fn "));
            if let Some(rest) = declared {
                let name: String = rest
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                functions.insert(format!("{module}::{name}"));
            }
        }
    }
    functions
}

#[test]
fn every_public_function_has_a_case_and_no_exemption_is_stale() {
    let functions = public_functions();
    let covered: BTreeSet<String> = CASES
        .iter()
        .chain(EXEMPT)
        .map(|name| (*name).to_owned())
        .collect();
    assert_eq!(
        functions, covered,
        "each public function has a case here, or an exemption"
    );
}

/// Ids that a case is aimed at: those of B's rows, or of none.
#[derive(Clone, Copy)]
pub(super) struct Target {
    pub(super) payment: StripePaymentId,
    pub(super) route: PayoutRouteId,
    pub(super) payout: PayOutId,
    pub(super) ppu: PpuId,
    pub(super) agent: AccountAgentId,
    pub(super) job: OutboxJobId,
    pub(super) embedding: ContentEmbeddingId,
}

impl Target {
    fn of_b(cast: &Cast) -> Self {
        let (route, payout) = cast.money_b;
        Self {
            payment: cast.foreign_payment(),
            route,
            payout,
            ppu: cast.ppu_b,
            agent: cast.agent_b,
            job: cast.job_b,
            embedding: cast.embedding_b,
        }
    }

    fn absent() -> Self {
        Self {
            payment: StripePaymentId::from_uuid(Uuid::now_v7()),
            route: PayoutRouteId::from_uuid(Uuid::now_v7()),
            payout: PayOutId::from_uuid(Uuid::now_v7()),
            ppu: PpuId::from_uuid(Uuid::now_v7()),
            agent: AccountAgentId::from_uuid(Uuid::now_v7()),
            job: OutboxJobId::from_uuid(Uuid::now_v7()),
            embedding: ContentEmbeddingId::from_uuid(Uuid::now_v7()),
        }
    }
}

pub(super) fn refused<R: std::fmt::Debug>(result: Result<R, Error>) -> Outcome {
    let error = result.unwrap_err();
    Outcome::AsAbsent(format!("{error:?} {error} {}", error.code()))
}

/// Runs one case as A, aimed at the target.
async fn aim(case: &str, cast: &Cast, a: &Tenant, target: Target) -> Outcome {
    let payment = target.payment;
    if let Some(outcome) = Box::pin(aim_at_content(case, cast, a, target)).await {
        return outcome;
    }
    if let Some(outcome) = Box::pin(aim_at_money(case, cast, a, target)).await {
        return outcome;
    }
    if let Some(outcome) = Box::pin(aim_at_codes(case, cast, a, target)).await {
        return outcome;
    }
    if let Some(outcome) = Box::pin(aim_at_what_stripe_told(case, cast, a, target)).await {
        return outcome;
    }
    let all = ListStripePayments::default();
    let own = |ids: Vec<StripePaymentId>| {
        assert!(!ids.is_empty());
        assert!(
            ids.iter()
                .all(|id| cast.payments_b.iter().all(|b| b.id != *id)),
            "{case}: a row of B"
        );
        Outcome::OwnRows
    };
    match case {
        "accounts::get" => {
            assert_eq!(accounts::get(a).await.unwrap().id, cast.a.as_uuid());
            Outcome::OwnRows
        }
        "accounts::update" => {
            let patch = AccountPatch {
                name: Patch::Set("changed".into()),
            };
            assert_eq!(
                accounts::update(a, patch).await.unwrap().id,
                cast.a.as_uuid()
            );
            Outcome::OwnRows
        }
        "stripe_payments::advance" => {
            refused(stripe_payments::advance(a, payment, PaymentStatus::Processing).await)
        }
        "stripe_payments::cancel" => refused(stripe_payments::cancel(a, payment).await),
        "stripe_payments::count" => {
            let by_b = ListStripePayments {
                buyer: Some("buyer-b-0".into()),
                ..all
            };
            assert_eq!(stripe_payments::count(a, &by_b).await.unwrap(), 0);
            Outcome::OwnRows
        }
        "stripe_payments::create" => {
            // B has a payment with this intent; A gets its own all the same, and learns nothing.
            let mut new = new_payment("buyer", 5);
            new.payment_intent = Some(format!("pi_only_b_{}", Uuid::now_v7().simple()));
            stripe_payments::create(&cast.tenant_b(), new.clone())
                .await
                .unwrap();
            own(vec![stripe_payments::create(a, new).await.unwrap().id])
        }
        "stripe_payments::create_many" => {
            let two = [new_payment("many", 5), new_payment("many", 6)];
            assert_eq!(stripe_payments::create_many(a, two).await, Ok(2));
            let many = ListStripePayments {
                buyer: Some("many".into()),
                ..all
            };
            let page = stripe_payments::list(a, &many).await.unwrap();
            own(page.items.into_iter().map(|payment| payment.id).collect())
        }
        "stripe_payments::fail_attempt" => {
            refused(stripe_payments::fail_attempt(a, payment, "card_declined").await)
        }
        "stripe_payments::find_by_payment_intent" => {
            let found = stripe_payments::find_by_payment_intent(a, "pi_0")
                .await
                .unwrap();
            own(found.into_iter().map(|payment| payment.id).collect())
        }
        "stripe_payments::get" => refused(stripe_payments::get(a, payment).await),
        "stripe_payments::list" => {
            let page = stripe_payments::list(a, &all).await.unwrap();
            own(page.items.into_iter().map(|payment| payment.id).collect())
        }
        "stripe_payments::refund" => refused(stripe_payments::refund(a, payment, 1).await),
        "stripe_payments::stream" => {
            let ids = stripe_payments::stream(a, &all).map_ok(|payment| payment.id);
            own(ids.try_collect().await.unwrap())
        }
        "stripe_payments::succeed" => refused(stripe_payments::succeed(a, payment, "ch_1").await),
        "stripe_payments::totals" => {
            let before = stripe_payments::totals(a, &all).await.unwrap();
            stripe_payments::create(&cast.tenant_b(), new_payment("more", 1_000_000))
                .await
                .unwrap();
            assert_eq!(stripe_payments::totals(a, &all).await.unwrap(), before);
            Outcome::OwnRows
        }
        "stripe_payments::update" => {
            let patch = StripePaymentPatch {
                description: Patch::Set(Some("by A".into())),
                ..Default::default()
            };
            refused(stripe_payments::update(a, payment, patch).await)
        }
        other => panic!("{other} has no case"),
    }
}

/// Runs all cases, each after a proof that B's row is there, and holds B's rows against what they were.
async fn b_is_not_reached(cast: &Cast) {
    let superuser = cast.database.superuser().await;
    let (a, foreign) = (cast.tenant_a(), cast.foreign_payment());
    let b = cast.tenant_b();
    for case in CASES {
        assert_eq!(stripe_payments::get(&b, foreign).await.unwrap().id, foreign);
        account_payout_routes::get(&b, cast.money_b.0)
            .await
            .expect("B's route is there");
        pay_out::get(&b, cast.money_b.1)
            .await
            .expect("B's payout is there");
        let before = dump(&superuser, cast.b).await;
        let aimed = Box::pin(aim(case, cast, &a, Target::of_b(cast))).await;
        let made_for_b = matches!(
            *case,
            "account_payout_routes::create"
                | "connected_accounts::get"
                | "pay_out::request"
                | "payment_share_tracking::open_balance"
                | "ppu::issue_many"
                | "stripe_payments::create"
                | "stripe_payments::totals"
        );
        if !made_for_b {
            assert_eq!(
                dump(&superuser, cast.b).await,
                before,
                "{case} changed B's rows"
            );
        }
        if let Outcome::AsAbsent(_) = aimed {
            let absent = Box::pin(aim(case, cast, &a, Target::absent())).await;
            assert_eq!(aimed, absent, "{case} tells B's row from an absent one");
        }
        let after = dump(&superuser, cast.b).await;
        // Where the case itself adds rows to B, what was there stays, but for the end of B's log.
        let before = before
            .lines()
            .filter(|row| !row.starts_with("payment_log_heads"));
        assert!(
            before.into_iter().all(|row| after.contains(row)),
            "{case} changed B's rows"
        );
    }
}

/// S13
#[tokio::test]
async fn no_public_function_reaches_another_accounts_row() {
    b_is_not_reached(&Cast::new().await).await;
}

/// The first layer alone: row level security is switched off behind the application's back.
#[tokio::test]
async fn without_row_level_security_the_guard_alone_holds() {
    let cast = Cast::new().await;
    let superuser = cast.database.superuser().await;
    for table in entity::schema::TABLES {
        let off = format!("ALTER TABLE {} DISABLE ROW LEVEL SECURITY", table.name);
        superuser.batch_execute(&off).await.unwrap();
    }
    let app = cast.database.app_sql().await;
    let seen: i64 = app
        .query_one("SELECT count(*) FROM stripe_payments", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(seen, 2 * ROWS as i64, "the second layer is off");
    b_is_not_reached(&cast).await;
}

/// S09
#[tokio::test]
async fn counts_and_totals_equal_what_the_fixture_says_whatever_b_adds() {
    let cast = Cast::new().await;
    let (a, b) = (cast.tenant_a(), cast.tenant_b());
    let all = ListStripePayments::default();
    let expected = |code: &str| -> (u64, i128) {
        let currency: Currency = code.parse().unwrap();
        let own = cast
            .payments_a
            .iter()
            .filter(|payment| payment.currency == currency);
        own.fold((0, 0), |(n, sum), payment| {
            (n + 1, sum + i128::from(payment.amount))
        })
    };
    for added in [0, 1_000] {
        for number in 0..added {
            stripe_payments::create(&b, new_payment("more", number + 1))
                .await
                .unwrap();
        }
        assert_eq!(stripe_payments::count(&a, &all).await.unwrap(), ROWS as u64);
        let totals = stripe_payments::totals(&a, &all).await.unwrap();
        let found: Vec<_> = totals
            .iter()
            .map(|t| (t.currency.to_string(), (t.payments, t.amount)))
            .collect();
        assert_eq!(
            found,
            [
                ("JPY".to_owned(), expected("JPY")),
                ("USD".to_owned(), expected("USD"))
            ]
        );
    }
}

/// S19: each class of the server's errors, provoked behind the public functions.
#[tokio::test]
async fn public_errors_show_no_sql_no_names_and_no_values() {
    let cast = Cast::new().await;
    let superuser = cast.database.superuser().await;
    let a = cast.tenant_a();
    let provoked = [
        ("23505", "SELECT", "conflict"),
        ("23514", "ALTER TABLE stripe_payments ADD CONSTRAINT canary_check CHECK (buyer <> 'canary')", "invalid"),
        ("23502", "ALTER TABLE stripe_payments DROP CONSTRAINT canary_check;
                   ALTER TABLE stripe_payments ADD canary_column int;
                   ALTER TABLE stripe_payments ADD CONSTRAINT n CHECK (canary_column IS NOT NULL) NOT VALID", "invalid"),
        ("22001", "ALTER TABLE stripe_payments DROP canary_column CASCADE;
                   ALTER TABLE stripe_payments ALTER buyer TYPE varchar(5) USING left(buyer, 5)", "invalid"),
        ("42501", "ALTER TABLE stripe_payments ALTER buyer TYPE text;
                   REVOKE INSERT ON stripe_payments FROM app", "forbidden"),
        ("42P01", "ALTER TABLE stripe_payments RENAME TO canary_table", "internal"),
    ];
    for (state, plant, code) in provoked {
        superuser.batch_execute(plant).await.unwrap();
        let mut new = new_payment("canary", 5);
        new.metadata = Some(serde_json::json!({"secret": "canary"}));
        if state == "23505" {
            new.payment_intent = Some("pi_0".into());
        }
        let error = stripe_payments::create(&a, new).await.unwrap_err();
        assert_eq!(error.code(), code, "{state}");
        let shown = format!("{error} {error:?}").to_lowercase();
        for leak in [
            "canary",
            "stripe_payments",
            "insert",
            "pi_0",
            state,
            &cast.b.to_string(),
        ] {
            assert!(!shown.contains(&leak.to_lowercase()), "{state}: {shown}");
        }
    }
}
