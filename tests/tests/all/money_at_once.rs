//! Everything that changes an account's money, all at once, at all isolation levels: it ends, and the sums hold.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{Duration, Instant},
};

use access::{
    AccountId, Db, Error, Isolation, Reason, StripePaymentId, Tenant,
    account_agents::{self, AcceptInvitation, AgentStatus, ListAgents},
    account_payment_settings, account_payout_routes,
    lifecycle::{self, Retention},
    outbox::{self, WorkerOptions},
    pay_out::{self, ListPayOuts, PayOutStatus, RequestPayOut},
    payment_share_tracking, payment_system_logs, stripe_payments,
};
use futures_util::future::join_all;
use tests::{
    dice::Dice,
    fixtures::{new_agent, new_payment, new_payout, new_route, new_settings},
    outbox::{Desk, payouts, quick},
    stripe::{Faults, Stripe},
};

const ACTORS: u64 = 8;

/// Longer runs by hand: `cargo xtask test --long`.
fn how_long() -> Duration {
    let long = tests::is_long();
    Duration::from_secs(if long { 60 } else { 4 })
}

fn isolation(dice: &mut Dice) -> Isolation {
    match dice.roll(3) {
        0 => Isolation::ReadCommitted,
        1 => Isolation::RepeatableRead,
        _ => Isolation::Serializable,
    }
}

/// What may come of a change that runs into others, or that the state of things doesn't allow.
fn expected(error: &Error) -> bool {
    matches!(
        error,
        Error::Conflict
            | Error::NotFound
            | Error::Unavailable
            | Error::Rejected(
                Reason::IllegalTransition { .. }
                    | Reason::InsufficientShares
                    | Reason::SharesExceedWhole
                    | Reason::TransferUnderWay
                    | Reason::NoConnectedAccount
            )
    )
}

async fn step(db: &Db, account: AccountId, agent: AccountId, dice: &mut Dice) -> Result<(), Error> {
    let mut tenant = db.tenant(account);
    let isolation = isolation(dice);
    let payments: Vec<StripePaymentId> = stripe_payments::list(&tenant, &Default::default())
        .await?
        .items
        .iter()
        .map(|payment| payment.id)
        .collect();
    let any_payout = ListPayOuts {
        limit: Some(20),
        ..Default::default()
    };
    let payouts = pay_out::list(&tenant, &any_payout).await?.items;
    let (choice, amount, key) = (dice.roll(12), 100 + dice.roll(10_000), dice.roll(1 << 40));
    let payment = dice.pick(&payments).copied();
    let payout = dice.pick(&payouts).map(|payout| payout.id);
    let payee = format!("payee-{}", dice.roll(4));
    let bp = i32::try_from(500 + dice.roll(4_000)).unwrap();
    match choice {
        0 => {
            let new = new_payment("buyer", i64::try_from(amount).unwrap());
            let id = stripe_payments::create(&tenant, new).await?.id;
            stripe_payments::succeed(&tenant, id, "ch_1").await?;
        }
        1 | 2 => {
            let Some(payment) = payment else {
                return Ok(());
            };
            let split = tenant.transaction_at(isolation, async move |tx| {
                stripe_payments::get(tx, payment).await?;
                payment_share_tracking::distribute(tx, payment).await
            });
            split.await?;
        }
        3 => {
            let Some(payment) = payment else {
                return Ok(());
            };
            let refund = tenant.transaction_at(isolation, async move |tx| {
                let before = stripe_payments::get(tx, payment).await?;
                let total = before.refunded + 1 + (before.amount - before.refunded) / 5;
                stripe_payments::refund(tx, payment, total).await
            });
            match refund.await {
                Err(Error::Rejected(Reason::RefundExceedsPayment)) => {}
                other => drop(other?),
            }
        }
        4 => {
            let create = tenant.transaction_at(isolation, async move |tx| {
                account_payout_routes::list(tx, true).await?;
                account_payout_routes::create(tx, new_route(&payee, bp)).await
            });
            match create.await {
                Err(Error::Rejected(Reason::TooMany)) => {}
                other => drop(other?),
            }
        }
        5 => {
            let routes = account_payout_routes::list(&tenant, true).await?;
            if let Some(route) = dice.pick(&routes) {
                account_payout_routes::deactivate(&tenant, route.id).await?;
            }
        }
        6 => {
            let invited = account_agents::invite(&tenant, new_agent(bp)).await?;
            let accept = AcceptInvitation {
                token: invited.token,
                connected_account: "acct_agent".into(),
            };
            let accepted = account_agents::accept(db, &db.tenant(agent), accept).await;
            if accepted.is_err() {
                account_agents::revoke(&tenant, invited.agent.id).await?;
            }
            drop(accepted?);
        }
        7 => {
            let active = ListAgents {
                status: Some(AgentStatus::Active),
                ..Default::default()
            };
            let agents = account_agents::list(&tenant, &active).await?.items;
            if let Some(agent) = dice.pick(&agents) {
                account_agents::revoke(&tenant, agent.id).await?;
            }
        }
        8 | 9 => {
            let payee = match dice.roll(6) {
                0 => format!("agent/{agent}"),
                1 => "creator".to_owned(),
                _ => payee,
            };
            let request: RequestPayOut = new_payout(&payee, &format!("key-{key}"));
            let asked = tenant.transaction_at(isolation, async move |tx| {
                let payout = pay_out::request(tx, request.clone()).await?;
                outbox::enqueue(tx, payout.id).await
            });
            asked.await?;
        }
        10 => {
            let Some(payout) = payout else { return Ok(()) };
            let cancel = tenant.transaction_at(isolation, async move |tx| {
                pay_out::get(tx, payout).await?;
                tokio::time::sleep(Duration::from_millis(5)).await;
                pay_out::cancel(tx, payout).await
            });
            cancel.await?;
        }
        _ => {
            let Some(payout) = payout else { return Ok(()) };
            let by_hand = tenant.transaction_at(isolation, async move |tx| {
                let found = pay_out::get(tx, payout).await?;
                tokio::time::sleep(Duration::from_millis(5)).await;
                match found.status {
                    // It may have been paid meanwhile, and stays so.
                    PayOutStatus::Requested => pay_out::mark_failed(tx, payout, "by_hand").await,
                    _ => Ok(found),
                }
            });
            by_hand.await?;
        }
    }
    Ok(())
}

/// S66, S76
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_is_exact_when_all_that_changes_it_runs_at_once() {
    let desk = Desk::new(0).await;
    let db = desk.database.busy_db(12).await;
    let agent = desk.database.account("agent").await;
    let settings = new_settings();
    account_payment_settings::upsert(&desk.tenant(), settings, 0)
        .await
        .unwrap();
    let stripe = Stripe::start(7).await;
    let faults = Faults {
        lost_before: 50,
        too_many: 30,
        lost_after: 100,
        slow: 100,
        ..Faults::default()
    };
    stripe.go_wrong(faults, Duration::from_millis(50));
    let over = AtomicBool::new(false);
    let (done, refused) = (AtomicU64::new(0), AtomicU64::new(0));
    let until = Instant::now() + how_long();
    let actors = join_all((0..ACTORS).map(|seed| {
        let (db, account, done, refused) = (&db, desk.account, &done, &refused);
        async move {
            let mut dice = Dice(seed + 1);
            while Instant::now() < until {
                match step(db, account, agent, &mut dice).await {
                    Ok(()) => done.fetch_add(1, Ordering::Relaxed),
                    Err(error) => {
                        assert!(expected(&error), "{error:?}");
                        refused.fetch_add(1, Ordering::Relaxed)
                    }
                };
            }
        }
    }));
    let (scope, client) = (desk.scope(), stripe.client());
    let options = WorkerOptions {
        lease: Duration::from_secs(3),
        ..quick()
    };
    let stop = async {
        while !over.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let chores = async {
        while Instant::now() < until {
            let year = Retention {
                logs: Some(Duration::from_secs(1)),
                ..Retention::default()
            };
            lifecycle::prune(&scope, year, |_| {}).await.unwrap();
            let mut lines = 0;
            let export = lifecycle::export(
                &scope,
                desk.account,
                |_| {},
                async |_| {
                    lines += 1;
                    Ok::<(), Error>(())
                },
            );
            let rows = export.await.unwrap();
            assert_eq!(lines, rows + 2, "an export is of one moment");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let all = async {
        let acting = async {
            futures_util::future::join(actors, chores).await;
            over.store(true, Ordering::Relaxed);
        };
        let (ran, ()) =
            futures_util::future::join(outbox::run(&scope, &client, &options, stop), acting).await;
        ran.unwrap();
    };
    let within = how_long() + Duration::from_secs(120);
    tokio::time::timeout(within, all)
        .await
        .expect("nothing hangs");
    desk.work(&client, &options).await;
    println!(
        "{} done, {} refused, {} transfers",
        done.load(Ordering::Relaxed),
        refused.load(Ordering::Relaxed),
        stripe.transfers().len()
    );
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    let deadlocks = desk.superuser.query_one(deadlocks, &[]).await.unwrap();
    println!("{} deadlocks", deadlocks.get::<_, i64>(0));
    the_sums_hold(&desk, &desk.tenant()).await;
    each_transfer_is_a_paid_payouts(&desk, &stripe).await;
    let verified = payment_system_logs::verify(&desk.tenant()).await.unwrap();
    assert!(verified.complete && verified.first_broken.is_none());
}

async fn the_sums_hold(desk: &Desk, tenant: &Tenant) {
    // What is left to the payees of a payment that was split, clawbacks counted, is what didn't go back.
    let wrong = "SELECT count(*) FROM (
            SELECT p.id, p.amount - p.refunded - p.disputed AS left_over,
                (SELECT sum(s.amount - s.reversed) FROM payment_share_tracking s WHERE s.payment_id = p.id) AS of_shares
            FROM stripe_payments p) x
        WHERE of_shares IS NOT NULL AND of_shares <> left_over";
    let split = "SELECT count(DISTINCT payment_id), count(*) FILTER (WHERE kind = 'clawback') FROM payment_share_tracking";
    let split = desk.superuser.query_one(split, &[]).await.unwrap();
    println!(
        "{} split, {} clawbacks",
        split.get::<_, i64>(0),
        split.get::<_, i64>(1)
    );
    let found = desk.superuser.query_one(wrong, &[]).await.unwrap();
    assert_eq!(
        found.get::<_, i64>(0),
        0,
        "a payment's shares are not exact"
    );
    // A payout is the sum of its shares, and holds none once it was given up.
    let wrong = "SELECT count(*) FROM pay_out o LEFT JOIN LATERAL (
            SELECT sum(s.amount - s.reversed) AS total, bool_and(s.status::text = CASE o.status::text WHEN 'paid' THEN 'paid'
                ELSE 'reserved' END) AS fits FROM payment_share_tracking s WHERE s.pay_out_id = o.id) s ON true
        WHERE CASE WHEN o.status IN ('failed', 'canceled') THEN s.total IS NOT NULL
            ELSE s.total IS DISTINCT FROM o.amount OR NOT s.fits END";
    let found = desk.superuser.query_one(wrong, &[]).await.unwrap();
    assert_eq!(found.get::<_, i64>(0), 0, "a payout is not its shares");
    let routes = account_payout_routes::list(tenant, true).await.unwrap();
    let agents = "SELECT coalesce(sum(commission_bp), 0)::bigint FROM account_agents WHERE status <> 'revoked'";
    let agents = desk.superuser.query_one(agents, &[]).await.unwrap();
    let given: i64 = routes.iter().map(|route| i64::from(route.share_bp)).sum();
    assert!(given + agents.get::<_, i64>(0) <= 10_000);
}

async fn each_transfer_is_a_paid_payouts(desk: &Desk, stripe: &Stripe) {
    let mut made = HashMap::new();
    for transfer in stripe.transfers() {
        let payout = transfer.param("metadata[pay_out_id]").to_owned();
        let twice = made.insert(payout, transfer.id);
        assert_eq!(twice, None, "sent twice");
    }
    for payout in payouts(&desk.tenant()).await {
        let transfer = made.remove(&payout.id.to_string());
        match payout.status {
            PayOutStatus::Paid | PayOutStatus::Requested => {
                assert!(payout.status == PayOutStatus::Paid || transfer.is_none());
                assert_eq!(payout.transfer, transfer);
            }
            PayOutStatus::Failed | PayOutStatus::Canceled => {
                assert_eq!(transfer, None, "given up after it was sent: {payout:?}");
            }
        }
    }
    assert!(made.is_empty());
}
