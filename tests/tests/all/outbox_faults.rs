//! Many jobs of many accounts, with everything going wrong at once: nothing is lost, and nothing is sent twice.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use access::{
    AccountId,
    outbox::{self, OutboxStatus, WorkerOptions},
    pay_out::PayOutStatus,
    payment_system_logs,
};
use tests::{
    outbox::{Desk, jobs, payouts, quick},
    stripe::{Faults, Stripe},
};
use tokio::task::JoinHandle;

const WORKERS: usize = 4;

const FAULTS: Faults = Faults {
    lost_before: 50,
    too_many: 30,
    error_before: 10,
    error_after: 20,
    slow: 30,
    lost_after: 80,
    lost_question: 50,
};

/// Longer runs by hand: `cargo xtask test --long`.
fn accounts_and_jobs() -> (usize, i32) {
    if tests::is_long() { (40, 250) } else { (8, 50) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_lost_answers_and_dying_workers_each_payout_is_paid_once() {
    let seed = std::env::var("APP_DB_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(1);
    println!("seed {seed}: APP_DB_SEED={seed} cargo test -p tests outbox_faults");
    let (count, each) = accounts_and_jobs();
    let started = Instant::now();
    let (desk, accounts) = planted(count, each).await;
    println!(
        "{count} accounts with {each} jobs each after {:?}",
        started.elapsed()
    );

    let stripe = Stripe::start(seed).await;
    stripe.go_wrong(FAULTS, Duration::from_millis(800));
    let options = WorkerOptions {
        lease: Duration::from_millis(1_500),
        ..quick()
    };
    let deaths = until_nothing_is_left(&desk, &stripe, &options, seed).await;
    let dead = desk.count("dead").await;
    // Where Stripe has saved a failure under the key, only a day helps.
    let mut days = 0;
    while desk.count("dead").await > 0 {
        days += 1;
        // What is under way has long ended when Stripe forgets its key.
        tokio::time::sleep(Duration::from_secs(1)).await;
        stripe.forget_keys();
        for account in &accounts {
            for job in jobs(&desk.db.tenant(*account), OutboxStatus::Dead).await {
                let retried = outbox::retry(&desk.scope(), *account, job.id).await;
                retried.unwrap();
            }
        }
        desk.work(&stripe.client(), &options).await;
    }
    println!(
        "{} calls, {} questions, {deaths} deaths of workers, {dead} dead letters, {days} days, {:?}",
        stripe.calls().len(),
        stripe.questions(),
        started.elapsed()
    );
    assert!(deaths > 3 && dead > 0, "the faults were there");
    each_is_paid_once(&desk, &stripe, &accounts, each).await;
}

async fn planted(count: usize, each: i32) -> (Desk, Vec<AccountId>) {
    let desk = Desk::new(each).await;
    let mut accounts = vec![desk.account];
    for number in 1..count {
        let account = desk.database.account(&format!("account {number}")).await;
        desk.plant(account, each).await;
        accounts.push(account);
    }
    let enqueued = accounts
        .iter()
        .skip(1)
        .map(|account| desk.enqueue(*account));
    for pair in enqueued.collect::<Vec<_>>().into_iter() {
        pair.await;
    }
    (desk, accounts)
}

/// Several workers, of which one dies every so often; returns how many have.
async fn until_nothing_is_left(
    desk: &Desk,
    stripe: &Stripe,
    options: &WorkerOptions,
    seed: u64,
) -> usize {
    let hire = || -> JoinHandle<()> {
        let (system, client, options) = (desk.system.clone(), stripe.client(), options.clone());
        tokio::spawn(async move {
            let scope = system
                .scope("outbox-worker", "transfers of payouts")
                .unwrap();
            let forever = std::future::pending();
            // One that can't begin, because the pool is at its end, is as good as dead.
            let _ = outbox::run(&scope, &client, &options, forever).await;
        })
    };
    let mut workers: Vec<_> = (0..WORKERS).map(|_| hire()).collect();
    let mut deaths = 0;
    let mut left = std::pin::pin!(desk.nothing_left());
    loop {
        // At another moment each time, between 10 and 300 milliseconds.
        let moment = 10 + (seed.wrapping_mul(31) + deaths as u64).wrapping_mul(7_919) % 290;
        let next = tokio::time::timeout(Duration::from_millis(moment), &mut left).await;
        if next.is_ok() {
            break;
        }
        let worker = &mut workers[deaths % WORKERS];
        worker.abort();
        *worker = hire();
        deaths += 1;
    }
    for worker in workers {
        worker.abort();
    }
    deaths
}

async fn each_is_paid_once(desk: &Desk, stripe: &Stripe, accounts: &[AccountId], each: i32) {
    let transfers = stripe.transfers();
    let mut of_payout = HashMap::new();
    for transfer in &transfers {
        let payout = transfer.param("metadata[pay_out_id]").to_owned();
        let twice = of_payout.insert(payout, transfer);
        assert_eq!(twice, None, "sent twice: {transfer:?}");
    }
    assert_eq!(
        transfers.len(),
        accounts.len() * usize::try_from(each).unwrap()
    );
    for account in accounts {
        let tenant = desk.db.tenant(*account);
        let payouts = payouts(&tenant).await;
        assert_eq!(payouts.len(), usize::try_from(each).unwrap());
        for payout in payouts {
            let transfer = of_payout[&payout.id.to_string()];
            assert_eq!(payout.status, PayOutStatus::Paid);
            assert_eq!(payout.transfer.as_ref(), Some(&transfer.id));
            assert_eq!(transfer.param("amount"), payout.amount.to_string());
            assert_eq!(transfer.param("currency"), "usd");
            assert_eq!(transfer.param("destination"), payout.connected_account);
            let of_account = transfer.param("metadata[account_id]");
            assert_eq!(of_account, account.to_string());
        }
        let done = jobs(&tenant, OutboxStatus::Done).await;
        assert_eq!(done.len(), usize::try_from(each).unwrap());
        let verified = payment_system_logs::verify(&tenant).await.unwrap();
        assert!(verified.complete && verified.first_broken.is_none());
    }
    let shares = "SELECT count(*) FILTER (WHERE status <> 'paid'), count(*), sum(amount)::bigint FROM payment_share_tracking";
    let shares = desk.superuser.query_one(shares, &[]).await.unwrap();
    let paid: i64 = transfers
        .iter()
        .map(|transfer| transfer.param("amount").parse::<i64>().unwrap())
        .sum();
    let all = i64::try_from(transfers.len()).unwrap();
    let found: (i64, i64, i64) = (shares.get(0), shares.get(1), shares.get(2));
    assert_eq!(found, (0, all, paid), "each share is paid once");
    let recorded =
        "SELECT count(*) FROM payment_system_logs WHERE event = 'pay_out.record_transfer'";
    let recorded = desk.superuser.query_one(recorded, &[]).await.unwrap();
    assert_eq!(
        recorded.get::<_, i64>(0),
        all,
        "each transfer is recorded once"
    );
}
