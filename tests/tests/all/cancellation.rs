//! Each public function is polled any number of times and dropped: the next caller finds the pool whole.

use std::{
    cell::Cell,
    collections::BTreeSet,
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use access::{accounts, payment_system_logs, system::ViewedRows};
use tests::fixtures::Cast;
use tokio::sync::Notify;

use super::{
    calls::{Calls, How, OF_ACCOUNTS, OF_THE_SYSTEM, Stage, unique},
    calls_content, calls_payments, calls_payouts, calls_sessions, calls_stripe,
    pool_checks::rename,
    public,
};

/// How long a call may wait for what wakes it, and a pool for its connections: nothing takes so long that isn't stuck.
const STUCK: Duration = Duration::from_secs(60);
/// How many polls a call may take.
const MOST: usize = 400;

/// How far the calls of a scene get.
#[derive(Default)]
pub(super) struct Dropped {
    polls: Cell<usize>,
    /// Whether the answer to the last poll is waited for, and then not taken.
    answered: Cell<bool>,
    finished: Cell<bool>,
}

struct Woken(Notify);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.notify_one();
    }
}

impl Dropped {
    /// Polls the call as often as it gets, each time once it was woken, and drops it.
    pub(super) async fn call<R>(&self, call: impl Future<Output = R>) -> Option<R> {
        let mut call = pin!(call);
        let woken = Arc::new(Woken(Notify::new()));
        let waker = Waker::from(Arc::clone(&woken));
        for poll in 1..=self.polls.get() {
            let mut context = Context::from_waker(&waker);
            if let Poll::Ready(done) = call.as_mut().poll(&mut context) {
                return Some(done);
            }
            if poll < self.polls.get() || self.answered.get() {
                let woken = tokio::time::timeout(STUCK, woken.0.notified()).await;
                woken.expect("the call is woken");
            }
        }
        self.finished.set(false);
        None
    }

    fn next(&self, polls: usize, answered: bool) {
        self.polls.set(polls);
        self.answered.set(answered);
        self.finished.set(true);
    }
}

/// S25: of each function in the list, and for each number of polls; afterwards no connection has an account.
async fn leave_a_whole_pool(calls: Calls) {
    let stage = Stage::new(Cast::new().await, How::Dropped(Dropped::default())).await;
    let How::Dropped(dropped) = &stage.how else {
        unreachable!("it drops");
    };
    for (function, scene) in calls {
        stage.function.set(function);
        let mut polls = 0;
        loop {
            polls += 1;
            assert!(polls < MOST, "{function} isn't done after {polls} polls");
            let mut done = false;
            for answered in [false, true] {
                dropped.next(polls, answered);
                scene(&stage).await;
                done = dropped.finished.get();
                is_whole(&stage, &format!("{function} dropped after {polls} polls")).await;
            }
            if done {
                break;
            }
        }
        // What a call leaves behind in a session stays there: it is looked for once.
        let ready = stage.db.ready().await;
        ready.unwrap_or_else(|error| panic!("{function}: {error}"));
        let ready = stage.system.ready().await;
        ready.unwrap_or_else(|error| panic!("{function}: {error}"));
        println!("{polls:>4} {function}");
    }
    for account in [stage.account, stage.other] {
        let log = payment_system_logs::verify(&stage.db.tenant(account)).await;
        let log = log.unwrap();
        assert!(log.complete && log.first_broken.is_none(), "{log:?}");
    }
}

/// No transaction is open, no connection is missing, and what the next caller writes is there for others.
async fn is_whole(stage: &Stage, after: &str) {
    let all_are_back = async {
        loop {
            let (app, system) = (stage.db.status(), stage.system.status());
            if [app, system]
                .iter()
                .all(|pool| pool.idle == pool.open && pool.waiting == 0)
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let back = tokio::time::timeout(STUCK, all_are_back).await;
    back.unwrap_or_else(|_| panic!("{after}: a connection doesn't come back"));
    let open = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND application_name = 'app-db' AND (state <> 'idle' OR backend_xid IS NOT NULL)";
    let open: i64 = stage.superuser.query_one(open, &[]).await.unwrap().get(0);
    assert_eq!(open, 0, "{after}: a transaction is open");
    let name = unique("name");
    let written = accounts::update(&stage.tenant(), rename(&name)).await;
    written.unwrap_or_else(|error| panic!("{after}: {error}"));
    let scope = stage.system.scope("test", &name).unwrap();
    let viewed = ViewedRows {
        table: "accounts".into(),
        filtered_by: Vec::new(),
    };
    let recorded = access::system::record_view(&scope, stage.account, &viewed).await;
    recorded.unwrap_or_else(|error| panic!("{after}: {error}"));
    let seen = "SELECT (SELECT count(*) FROM accounts WHERE name = $1), (SELECT count(*) FROM system_uses WHERE reason = $1)";
    let seen = stage.superuser.query_one(seen, &[&name]).await.unwrap();
    let seen: (i64, i64) = (seen.get(0), seen.get(1));
    assert_eq!(seen, (1, 1), "{after}: what the next callers wrote");
}

#[test]
fn each_public_function_that_is_awaited_has_a_call() {
    let lists = OF_ACCOUNTS
        .iter()
        .chain([&OF_THE_SYSTEM, &calls_sessions::CALLS]);
    let called = lists.flat_map(|calls| calls.iter().map(|(name, _)| (*name).to_owned()));
    let called: BTreeSet<String> = called.collect();
    let mut awaited = public::awaited();
    // For tests alone, and made of calls of the others.
    awaited.retain(|name| !name.starts_with("testing::"));
    let missing: Vec<_> = awaited.difference(&called).collect();
    assert!(missing.is_empty(), "without a call: {missing:?}");
    let known: BTreeSet<String> = awaited.union(&public::on_rows()).cloned().collect();
    let stale: Vec<_> = called.difference(&known).collect();
    assert!(stale.is_empty(), "no public functions any more: {stale:?}");
}

#[tokio::test]
async fn calls_of_payments_dropped_after_any_poll_leave_a_whole_pool() {
    leave_a_whole_pool(calls_payments::CALLS).await;
}

#[tokio::test]
async fn calls_of_payouts_dropped_after_any_poll_leave_a_whole_pool() {
    leave_a_whole_pool(calls_payouts::CALLS).await;
}

#[tokio::test]
async fn calls_of_content_dropped_after_any_poll_leave_a_whole_pool() {
    leave_a_whole_pool(calls_content::CALLS).await;
}

#[tokio::test]
async fn calls_of_what_stripe_tells_dropped_after_any_poll_leave_a_whole_pool() {
    leave_a_whole_pool(calls_stripe::CALLS).await;
}

#[tokio::test]
async fn calls_of_the_system_dropped_after_any_poll_leave_a_whole_pool() {
    leave_a_whole_pool(OF_THE_SYSTEM).await;
}

#[tokio::test]
async fn sessions_dropped_after_any_poll_leave_a_whole_pool() {
    leave_a_whole_pool(calls_sessions::CALLS).await;
}
