use std::collections::{BTreeMap, BTreeSet};

use super::{
    isolation_codes::aim_at_codes,
    isolation_content::aim_at_content,
    isolation_matrix::{Log, Proved, is_clean, marks, table},
    isolation_money::aim_at_money,
    isolation_stripe::aim_at_what_stripe_told,
    public,
};
use access::{
    AccountAgentId, ContentEmbeddingId, Error, OutboxJobId, Patch, PayOutId, PayoutRouteId, PpuId,
    StripePaymentId, Tenant,
    account_payout_routes::{self},
    accounts::{self, AccountPatch},
    pay_out,
    stripe_payments::{self, ListStripePayments, PaymentStatus, StripePaymentPatch},
};
use futures_util::TryStreamExt;
use tests::fixtures::{Cast, ROWS, dump, new_payment, rows};
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
    "pay_out::record_reversal",
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

/// Functions that aren't for one account's members, and so have no other account to be aimed at, each with the reason.
const EXEMPT: &[(&str, &str)] = &[
    (
        "content_embeddings::reindex_advice",
        "answers with sizes, and no row",
    ),
    (
        "lifecycle::erase",
        "the platform's, of the account it names",
    ),
    (
        "lifecycle::export",
        "the platform's, of the account it names",
    ),
    (
        "lifecycle::import",
        "the platform's, of an account that isn't there yet",
    ),
    (
        "lifecycle::plan_erasure",
        "the platform's, of the account it names",
    ),
    (
        "lifecycle::prune",
        "the platform's, of each account by itself",
    ),
    ("outbox::run", "the platform's, of each account by itself"),
    (
        "system::account_summary",
        "the platform's, of the account it names",
    ),
    (
        "system::create_account",
        "the platform's, before there are rows",
    ),
    (
        "system::for_each_account",
        "the platform's, of each account by itself",
    ),
    (
        "system::link_connected_account",
        "the platform's, of the account it names",
    ),
    (
        "system::list_accounts",
        "the platform's, of accounts and not of their rows",
    ),
    (
        "system::record_view",
        "the platform's, of the account it names",
    ),
    (
        "system::reroute_unrouted_events",
        "the platform's, of events without an account",
    ),
    (
        "webhook::receive",
        "Stripe's, of the account that was signed",
    ),
];

#[test]
fn every_public_function_has_a_case_and_no_exemption_is_stale() {
    let exempt = EXEMPT.iter().map(|(name, _)| name);
    let covered = CASES.iter().chain(exempt).map(|name| (*name).to_owned());
    let covered: BTreeSet<String> = covered.collect();
    assert_eq!(
        public::on_rows(),
        covered,
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

/// Runs all cases, each after a proof that B's row is there, and holds B's rows against what they were; what was proved.
async fn b_is_not_reached(cast: &Cast) -> BTreeMap<&'static str, Proved> {
    let superuser = cast.database.superuser().await;
    let (a, foreign) = (cast.tenant_a(), cast.foreign_payment());
    let b = cast.tenant_b();
    // Only B has this one.
    let plant =
        "INSERT INTO connected_accounts (account_id, connected_account, created_at, updated_at)
        VALUES ($1, 'acct_only_b', now(), now())";
    superuser
        .execute(plant, &[&cast.b.as_uuid()])
        .await
        .unwrap();
    let (log, _guard) = Log::start();
    let mut proved = BTreeMap::new();
    for case in CASES {
        assert_eq!(stripe_payments::get(&b, foreign).await.unwrap().id, foreign);
        account_payout_routes::get(&b, cast.money_b.0)
            .await
            .expect("B's route is there");
        pay_out::get(&b, cast.money_b.1)
            .await
            .expect("B's payout is there");
        let before = dump(&superuser, cast.b).await;
        log.take();
        let aimed = Box::pin(aim(case, cast, &a, Target::of_b(cast))).await;
        let logged = log.take();
        let made_for_b = matches!(
            *case,
            "account_payout_routes::create"
                | "pay_out::request"
                | "payment_share_tracking::open_balance"
                | "ppu::issue_many"
                | "stripe_payments::create"
                | "stripe_payments::totals"
        );
        let after = dump(&superuser, cast.b).await;
        if !made_for_b {
            assert_eq!(after, before, "{case} changed B's rows");
        }
        // Where the case itself adds rows to B, what was there stays, but for the end of B's log.
        let before = before
            .lines()
            .filter(|row| !row.starts_with("payment_log_heads"));
        assert!(
            before.into_iter().all(|row| after.contains(row)),
            "{case} changed B's rows"
        );
        let marks = marks(
            &rows(&superuser, cast.b).await,
            &rows(&superuser, cast.a).await,
        );
        let error = match &aimed {
            Outcome::AsAbsent(text) => Some(is_clean(text, &marks)),
            Outcome::OwnRows => None,
        };
        let log = (!logged.is_empty()).then(|| is_clean(&logged, &marks));
        let held = Proved {
            outcome: aimed,
            error,
            log,
        };
        if let Outcome::AsAbsent(_) = held.outcome {
            let absent = Box::pin(aim(case, cast, &a, Target::absent())).await;
            assert_eq!(
                held.outcome, absent,
                "{case} tells B's row from an absent one"
            );
        }
        proved.insert(*case, held);
    }
    proved
}

/// S13: the table of what was proved, by function and by what it does.
#[tokio::test]
async fn no_public_function_reaches_another_accounts_row() {
    let proved = b_is_not_reached(&Cast::new().await).await;
    insta::assert_snapshot!("isolation_matrix", table(&proved, EXEMPT));
}

/// The first layer alone: row level security is switched off behind the application's back. The table is the same.
#[tokio::test]
async fn without_row_level_security_the_guard_alone_holds() {
    let cast = Cast::new().await;
    cast.database.without_row_level_security().await;
    let app = cast.database.app_sql().await;
    let seen: i64 = app
        .query_one("SELECT count(*) FROM stripe_payments", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(seen, 2 * ROWS as i64, "the second layer is off");
    let proved = b_is_not_reached(&cast).await;
    insta::assert_snapshot!("isolation_matrix", table(&proved, EXEMPT));
}
