//! Who may take up a job, and who may say what came of it.

use std::time::Duration;

use access::{
    Error,
    outbox::{self, OutboxStatus, TransportError, WorkerOptions},
    pay_out::PayOutStatus,
};
use futures_util::future::join;
use tests::{
    outbox::{ByHand, Desk, quick},
    stripe::Stripe,
};
use tokio::{sync::oneshot, task::JoinHandle};

/// One job at a time, whose answer by hand may take long.
fn patient() -> WorkerOptions {
    WorkerOptions {
        concurrency: 1,
        lease: Duration::from_secs(180),
        ..quick()
    }
}

/// Red when the outcome is recorded without a look at the lease, and when any lease will do, not only one's own: the payout
/// would fail while the other's call makes its transfer, and its shares would be paid twice.
#[tokio::test]
async fn who_has_lost_the_lease_records_nothing() {
    let late = [
        Err(TransportError::Unknown("timeout".into())),
        Err(TransportError::Refused("balance_insufficient".into())),
        Ok("tr_other"),
    ];
    for answer in late {
        for meanwhile in [OutboxStatus::Sending, OutboxStatus::Done] {
            answered_late(answer.clone(), meanwhile).await;
        }
    }
}

/// Two workers are about one job; the first one's answer comes when the second's call is under way, or done.
async fn answered_late(answer: Result<&str, TransportError>, meanwhile: OutboxStatus) {
    let desk = Desk::new(1).await;
    let (slow, fast) = (ByHand::new(), ByHand::new());
    let (scope, options) = (desk.scope(), patient());
    let (entered, has_entered) = oneshot::channel();
    let (recorded, has_recorded) = oneshot::channel();
    let first = async {
        // Told to stop, it still finishes this one.
        let stop = async {
            slow.entered().await;
            entered.send(()).unwrap();
        };
        outbox::run(&scope, &slow, &options, stop).await.unwrap();
        recorded.send(()).unwrap();
    };
    let second = async {
        has_entered.await.unwrap();
        // The lease ends, as if the first one's clock or machine had stood still.
        let expire = "UPDATE stripe_outbox SET due_at = now() - interval '1 second'";
        desk.superuser.execute(expire, &[]).await.unwrap();
        let stop = async {
            fast.entered().await;
            if meanwhile == OutboxStatus::Done {
                fast.answer(Ok("tr_1"));
                desk.nothing_left().await;
            }
            slow.answer(answer);
            has_recorded.await.unwrap();
            assert_eq!(desk.job().await.status, meanwhile);
            if meanwhile == OutboxStatus::Sending {
                assert_eq!(desk.payout().await.status, PayOutStatus::Requested);
                fast.answer(Ok("tr_1"));
                desk.nothing_left().await;
            }
        };
        outbox::run(&scope, &fast, &options, stop).await.unwrap();
    };
    join(first, second).await;
    let job = desk.job().await;
    assert_eq!((job.status, job.attempts), (OutboxStatus::Done, 2));
    assert_eq!(job.response_id.as_deref(), Some("tr_1"));
    assert_eq!(job.last_error, None);
    assert_eq!(desk.payout().await.transfer.as_deref(), Some("tr_1"));
    assert_eq!(fast.questions(), 1, "the second has asked");
}

/// A worker in a task and with connections of its own, as in another process.
struct Worker {
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), Error>>,
}

impl Worker {
    async fn hire(desk: &Desk, stripe: &Stripe) -> Self {
        let (system, client) = (desk.database.system().await, stripe.client());
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            let scope = system.scope("outbox-worker", "transfers of payouts")?;
            let stopped = async { stopped.await.unwrap_or_default() };
            outbox::run(&scope, &client, &quick(), stopped).await
        });
        Self { stop, task }
    }

    async fn stop(self) {
        self.stop.send(()).unwrap();
        self.task.await.unwrap().unwrap();
    }
}

/// Red when jobs are taken up without a lock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_do_each_job_once() {
    let desk = Desk::new(60).await;
    let stripe = Stripe::start(1).await;
    let one = Worker::hire(&desk, &stripe).await;
    let other = Worker::hire(&desk, &stripe).await;
    desk.nothing_left().await;
    one.stop().await;
    other.stop().await;
    let calls = stripe.calls().len();
    assert_eq!((calls, stripe.questions()), (60, 0), "each was sent once");
    let taken = "SELECT max(attempts), count(*) FROM stripe_outbox WHERE status = 'done'";
    let taken = desk.superuser.query_one(taken, &[]).await.unwrap();
    assert_eq!((taken.get::<_, i32>(0), taken.get::<_, i64>(1)), (1, 60));
}

/// Red when jobs are taken up without a lock, and when the lock is waited for: more than one transaction comes as far as the
/// payout, or waits for the job, then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_a_worker_is_taking_up_is_left_to_it() {
    let desk = Desk::new(1).await;
    let stripe = Stripe::start(1).await;
    let watch = desk.database.superuser().await;
    desk.superuser
        .batch_execute("BEGIN; SELECT FROM pay_out FOR UPDATE")
        .await
        .unwrap();
    let one = Worker::hire(&desk, &stripe).await;
    let other = Worker::hire(&desk, &stripe).await;
    let waiting = async || -> i64 {
        let sql = "SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'";
        watch.query_one(sql, &[]).await.unwrap().get(0)
    };
    while waiting().await == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Time enough for the other to come to the same place.
    let mut most = 0;
    for _ in 0..40 {
        most = most.max(waiting().await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    desk.superuser.batch_execute("COMMIT").await.unwrap();
    desk.nothing_left().await;
    one.stop().await;
    other.stop().await;
    assert_eq!((stripe.calls().len(), stripe.questions()), (1, 0));
    assert_eq!(most, 1, "nobody else waits");
}

/// Red when a lock is waited for: the worker would do nothing until its lock timeout.
#[tokio::test]
async fn a_job_that_somebody_else_holds_keeps_no_other_waiting() {
    let desk = Desk::new(5).await;
    let stripe = Stripe::start(1).await;
    desk.superuser
        .batch_execute("BEGIN; SELECT FROM stripe_outbox ORDER BY due_at LIMIT 1 FOR UPDATE")
        .await
        .unwrap();
    let others = async {
        while stripe.calls().len() < 4 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        desk.superuser.batch_execute("COMMIT").await.unwrap();
        desk.nothing_left().await;
    };
    let (scope, client, options) = (desk.scope(), stripe.client(), quick());
    let run = outbox::run(&scope, &client, &options, others);
    let within = tokio::time::timeout(Duration::from_secs(20), run).await;
    within.expect("it doesn't wait").unwrap();
    assert_eq!(stripe.transfers().len(), 5);
}
