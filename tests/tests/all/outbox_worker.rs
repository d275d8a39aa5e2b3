use std::time::Duration;

use access::{
    Error, Reason, lifecycle,
    outbox::{self, OutboxStatus, TransferRequest, Transport, TransportError, WorkerOptions},
    pay_out::{self, PayOutStatus},
    payment_share_tracking,
    payment_system_logs::{self, ListLogs},
    system::SystemDb,
};
use dev_server::Login;
use futures_util::future::join;
use tests::{
    outbox::{ByHand, Desk, quick},
    stripe::{Faults, Stripe},
};

#[tokio::test]
async fn a_requested_payout_is_transferred_and_its_shares_are_paid() {
    let desk = Desk::new(1).await;
    let stripe = Stripe::start(1).await;
    desk.work(&stripe.client(), &quick()).await;
    let (job, payout) = (desk.job().await, desk.payout().await);
    let transfers = stripe.transfers();
    assert_eq!(transfers.len(), 1);
    assert_eq!(transfers[0].param("amount"), "1");
    assert_eq!(transfers[0].param("currency"), "usd");
    assert_eq!(transfers[0].param("destination"), "acct_1");
    assert_eq!(
        transfers[0].param("metadata[account_id]"),
        desk.account.to_string()
    );
    assert_eq!((job.status, job.attempts), (OutboxStatus::Done, 1));
    assert_eq!(job.response_id.as_ref(), Some(&transfers[0].id));
    assert_eq!(payout.status, PayOutStatus::Paid);
    assert_eq!(payout.transfer.as_ref(), Some(&transfers[0].id));
    assert_eq!(stripe.questions(), 0, "nothing was unknown");
    let logs = payment_system_logs::list(&desk.tenant(), &ListLogs::default()).await;
    let last = &logs.unwrap().items[0];
    assert_eq!(last.event, "pay_out.record_transfer");
    assert_eq!(last.actor, "outbox-worker");
    let uses = "SELECT count(*) FROM system_uses WHERE function = 'outbox::run'";
    let uses = desk.superuser.query_one(uses, &[]).await.unwrap();
    assert_eq!(uses.get::<_, i64>(0), 1, "one use for the run");
}

/// Red when a call whose answer was lost is made again without asking: Stripe has forgotten the key by then.
#[tokio::test]
async fn what_was_sent_and_not_answered_is_asked_for_and_not_sent_again() {
    let desk = Desk::new(1).await;
    let stripe = Stripe::start(1).await;
    let lost_after = Faults {
        lost_after: 1_000,
        ..Faults::default()
    };
    stripe.go_wrong(lost_after, Duration::ZERO);
    let lost = async {
        while desk.job().await.status != OutboxStatus::Unknown {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let slowly = WorkerOptions {
        first_pause: Duration::from_millis(500),
        longest_pause: Duration::from_millis(500),
        ..quick()
    };
    outbox::run(&desk.scope(), &stripe.client(), &slowly, lost)
        .await
        .unwrap();
    assert_eq!(stripe.transfers().len(), 1);
    stripe.forget_keys();
    stripe.go_wrong(Faults::default(), Duration::ZERO);
    desk.work(&stripe.client(), &quick()).await;
    assert_eq!(stripe.transfers().len(), 1, "sent twice");
    assert_eq!((stripe.calls().len(), stripe.questions()), (1, 1));
    assert_eq!(desk.job().await.status, OutboxStatus::Done);
    assert_eq!(
        desk.payout().await.transfer,
        Some(stripe.transfers()[0].id.clone())
    );
}

/// Red without the question, too.
#[tokio::test]
async fn what_was_lost_on_the_way_is_sent_again_after_asking() {
    let desk = Desk::new(1).await;
    let client = ByHand::new();
    for code in ["io", "timeout"] {
        client.answer(Err(TransportError::Unknown(code.into())));
    }
    client.answer(Ok("tr_1"));
    desk.work(&client, &quick()).await;
    assert_eq!((client.calls(), client.questions()), (3, 2));
    let job = desk.job().await;
    assert_eq!((job.status, job.attempts), (OutboxStatus::Done, 3));
}

#[tokio::test]
async fn a_refused_transfer_fails_the_payout_and_opens_its_shares() {
    let desk = Desk::new(1).await;
    let stripe = Stripe::start(1).await;
    stripe.refuse(Some((400, "invalid_request_error", "balance_insufficient")));
    desk.work(&stripe.client(), &quick()).await;
    let (job, payout) = (desk.job().await, desk.payout().await);
    assert_eq!((job.status, job.attempts), (OutboxStatus::Failed, 1));
    assert_eq!(job.last_error.as_deref(), Some("balance_insufficient"));
    assert_eq!(payout.status, PayOutStatus::Failed);
    assert_eq!(payout.failure.as_deref(), Some("balance_insufficient"));
    let open = payment_share_tracking::open_balance(&desk.tenant(), "payee-1").await;
    assert_eq!(open.unwrap()[0].amount, 1);
}

#[tokio::test]
async fn a_secret_that_stripe_does_not_know_fails_no_payout() {
    let desk = Desk::new(1).await;
    let stripe = Stripe::start(1).await;
    stripe.refuse(Some((401, "invalid_request_error", "")));
    desk.work(&stripe.client(), &quick()).await;
    let job = desk.job().await;
    assert_eq!((job.status, job.attempts), (OutboxStatus::Dead, 6));
    assert_eq!(desk.payout().await.status, PayOutStatus::Requested);
    // Nothing was sent that can have had an effect, so that the payout can be given up.
    let canceled = pay_out::cancel(&desk.tenant(), job.pay_out_id).await;
    assert_eq!(canceled.unwrap().status, PayOutStatus::Canceled);
}

#[tokio::test]
async fn a_failure_that_stripe_has_saved_ends_as_a_dead_letter_until_its_key_is_forgotten() {
    let desk = Desk::new(1).await;
    let stripe = Stripe::start(1).await;
    let broken = Faults {
        error_before: 1_000,
        ..Faults::default()
    };
    stripe.go_wrong(broken, Duration::ZERO);
    desk.work(&stripe.client(), &quick()).await;
    stripe.go_wrong(Faults::default(), Duration::ZERO);
    let job = desk.job().await;
    assert_eq!((job.status, job.attempts), (OutboxStatus::Dead, 6));
    assert_eq!(job.last_error.as_deref(), Some("api_error"));
    assert_eq!(
        desk.payout().await.status,
        PayOutStatus::Requested,
        "money may have moved"
    );
    let under_way = Err(Error::Rejected(Reason::TransferUnderWay));
    let (tenant, id) = (desk.tenant(), job.pay_out_id);
    assert_eq!(pay_out::cancel(&tenant, id).await, under_way);
    assert_eq!(pay_out::mark_failed(&tenant, id, "x").await, under_way);
    let logs = payment_system_logs::list(&tenant, &ListLogs::default()).await;
    assert_eq!(logs.unwrap().items[0].event, "outbox.run");
    let (scope, account) = (desk.scope(), desk.account);
    let plan = lifecycle::plan_erasure(&scope, account).await.unwrap();
    let erased = lifecycle::erase(&scope, account, &plan).await.map(drop);
    assert_eq!(erased, under_way.map(drop));

    stripe.forget_keys();
    assert_eq!(desk.retry(job.id).await.status, OutboxStatus::Unknown);
    desk.work(&stripe.client(), &quick()).await;
    assert_eq!(desk.job().await.status, OutboxStatus::Done);
    assert_eq!(stripe.transfers().len(), 1);
    let again = outbox::retry(&desk.scope(), desk.account, job.id).await;
    assert_eq!(again.unwrap_err().code(), "illegal_transition");
}

#[tokio::test]
async fn after_a_day_what_stripe_does_not_have_waits_for_a_person() {
    let desk = Desk::new(1).await;
    let client = ByHand::new();
    client.answer(Err(TransportError::Unknown("io".into())));
    let sent = async {
        while desk.job().await.status != OutboxStatus::Unknown {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        desk.hours_pass(25).await;
    };
    let slowly = WorkerOptions {
        first_pause: Duration::from_secs(1),
        ..quick()
    };
    outbox::run(&desk.scope(), &client, &slowly, sent)
        .await
        .unwrap();
    desk.work(&client, &quick()).await;
    let job = desk.job().await;
    assert_eq!(job.status, OutboxStatus::Dead);
    assert_eq!(job.last_error.as_deref(), Some("key_expired"));
    assert_eq!(desk.payout().await.status, PayOutStatus::Requested);
    assert_eq!(client.calls(), 1);
    // What Stripe does have is recorded, however late.
    client.has_made("tr_late");
    desk.retry(job.id).await;
    desk.hours_pass(25).await;
    desk.work(&client, &quick()).await;
    assert_eq!(desk.payout().await.transfer.as_deref(), Some("tr_late"));
    assert_eq!(client.calls(), 1);
}

#[tokio::test]
async fn a_payout_can_not_be_given_up_while_its_call_is_under_way() {
    let desk = Desk::new(1).await;
    let client = ByHand::new();
    let meanwhile = async {
        client.entered().await;
        let (tenant, id) = (desk.tenant(), desk.payout().await.id);
        let under_way = Err(Error::Rejected(Reason::TransferUnderWay));
        assert_eq!(pay_out::cancel(&tenant, id).await, under_way);
        assert_eq!(pay_out::mark_failed(&tenant, id, "x").await, under_way);
        client.answer(Ok("tr_1"));
        desk.nothing_left().await;
    };
    outbox::run(&desk.scope(), &client, &quick(), meanwhile)
        .await
        .unwrap();
    assert_eq!(desk.payout().await.status, PayOutStatus::Paid);
}

#[tokio::test]
async fn an_event_may_record_the_transfer_before_the_worker_does() {
    let desk = Desk::new(1).await;
    let client = ByHand::new();
    let meanwhile = async {
        client.entered().await;
        let (tenant, id) = (desk.tenant(), desk.payout().await.id);
        pay_out::record_transfer(&tenant, id, "tr_1").await.unwrap();
        let reversed = pay_out::record_reversal(&tenant, id, "tr_1", "reversed");
        reversed.await.unwrap();
        client.answer(Ok("tr_1"));
        desk.nothing_left().await;
    };
    outbox::run(&desk.scope(), &client, &quick(), meanwhile)
        .await
        .unwrap();
    let job = desk.job().await;
    assert_eq!(job.status, OutboxStatus::Done);
    assert_eq!(job.response_id.as_deref(), Some("tr_1"));
    assert_eq!(desk.payout().await.status, PayOutStatus::Failed);
}

#[tokio::test]
async fn a_payout_that_is_paid_already_is_not_sent() {
    let desk = Desk::new(1).await;
    let client = ByHand::new();
    let id = desk.payout().await.id;
    pay_out::record_transfer(&desk.tenant(), id, "tr_1")
        .await
        .unwrap();
    desk.work(&client, &quick()).await;
    assert_eq!(client.calls(), 0);
    assert_eq!(desk.job().await.response_id.as_deref(), Some("tr_1"));
}

#[tokio::test]
async fn a_second_transfer_for_one_payout_is_a_matter_for_a_person() {
    let desk = Desk::new(1).await;
    let client = ByHand::new();
    let meanwhile = async {
        client.entered().await;
        let id = desk.payout().await.id;
        pay_out::record_transfer(&desk.tenant(), id, "tr_by_hand")
            .await
            .unwrap();
        client.answer(Ok("tr_1"));
        desk.nothing_left().await;
    };
    outbox::run(&desk.scope(), &client, &quick(), meanwhile)
        .await
        .unwrap();
    let job = desk.job().await;
    assert_eq!(job.status, OutboxStatus::Dead);
    assert_eq!(job.last_error.as_deref(), Some("other_transfer"));
    assert_eq!(desk.payout().await.transfer.as_deref(), Some("tr_by_hand"));
}

#[tokio::test]
async fn an_account_with_many_jobs_keeps_no_other_waiting() {
    let desk = Desk::new(200).await;
    let stripe = Stripe::start(1).await;
    let b = desk.database.account("B").await;
    desk.plant(b, 1).await;
    desk.enqueue(b).await;
    desk.work(&stripe.client(), &quick()).await;
    let transfers = stripe.transfers();
    assert_eq!(transfers.len(), 201);
    let of_b = transfers
        .iter()
        .position(|transfer| transfer.param("metadata[account_id]") == b.to_string());
    assert!(of_b.unwrap() < 40, "{of_b:?} of 201");
}

#[tokio::test]
async fn a_worker_that_is_stopped_finishes_what_is_under_way() {
    let desk = Desk::new(9).await;
    let client = ByHand::new();
    let options = WorkerOptions {
        concurrency: 1,
        ..quick()
    };
    let stop = async {
        client.entered().await;
    };
    let scope = desk.scope();
    let run = outbox::run(&scope, &client, &options, stop);
    let answer = async {
        // Later than the worker was told to stop.
        tokio::time::sleep(Duration::from_millis(200)).await;
        client.answer(Ok("tr_1"));
    };
    let (ran, ()) = join(run, answer).await;
    ran.unwrap();
    assert_eq!(client.calls(), 1);
    assert_eq!(
        (desk.count("done").await, desk.count("ready").await),
        (1, 8)
    );
}

struct Panics;

impl Transport for Panics {
    async fn create_transfer(&self, _: &TransferRequest) -> Result<String, TransportError> {
        panic!("a defect of the application");
    }

    async fn find_transfer(&self, _: &TransferRequest) -> Result<Option<String>, TransportError> {
        Ok(None)
    }
}

/// As [`Panics`], before there is a future.
struct PanicsAtOnce;

impl Transport for PanicsAtOnce {
    #[allow(
        clippy::manual_async_fn,
        unreachable_code,
        reason = "an async fn would panic later"
    )]
    fn create_transfer(
        &self,
        _: &TransferRequest,
    ) -> impl Future<Output = Result<String, TransportError>> + Send {
        panic!("a defect of the application");
        async { Ok(String::new()) }
    }

    async fn find_transfer(&self, _: &TransferRequest) -> Result<Option<String>, TransportError> {
        Ok(None)
    }
}

/// Red when the call is made outside of what catches its panics.
#[tokio::test]
async fn a_transport_that_panics_leaves_the_worker_alive() {
    let options = WorkerOptions {
        max_attempts: 2,
        ..quick()
    };
    let desk = Desk::new(2).await;
    desk.work(&Panics, &options).await;
    assert_eq!(desk.count("dead").await, 2);
    assert_eq!(desk.job().await.last_error.as_deref(), Some("panicked"));
    let desk = Desk::new(2).await;
    desk.work(&PanicsAtOnce, &options).await;
    assert_eq!(desk.count("dead").await, 2);
    assert_eq!(desk.job().await.last_error.as_deref(), Some("panicked"));
}

/// Red when they aren't checked: clocks overflow, and with no attempts every job of every account is dead.
#[tokio::test]
async fn options_out_of_their_bounds_do_nothing() {
    let desk = Desk::new(1).await;
    let with = |change: fn(&mut WorkerOptions)| {
        let mut options = quick();
        change(&mut options);
        options
    };
    for (field, options) in [
        ("lease", with(|o| o.lease = Duration::MAX)),
        ("lease", with(|o| o.lease = Duration::ZERO)),
        ("max_attempts", with(|o| o.max_attempts = 0)),
        ("first_pause", with(|o| o.first_pause = Duration::MAX)),
        ("longest_pause", with(|o| o.longest_pause = Duration::MAX)),
        ("rest", with(|o| o.rest = Duration::MAX)),
        ("rest", with(|o| o.rest = Duration::ZERO)),
    ] {
        let stop = std::future::pending();
        let refused = outbox::run(&desk.scope(), &Panics, &options, stop).await;
        assert!(
            matches!(refused, Err(Error::Invalid { field: of, .. }) if of == field),
            "{field}: {refused:?}"
        );
    }
    assert_eq!(desk.job().await.status, OutboxStatus::Ready);
}

/// S63
#[tokio::test]
async fn one_connection_is_enough_for_many_calls_at_once() {
    let desk = Desk::new(20).await;
    let stripe = Stripe::start(1).await;
    let config = tests::config(&desk.database.url(Login::System));
    let system = SystemDb::connect(config.pool_size(1)).await.unwrap();
    let scope = system.scope("outbox-worker", "one connection").unwrap();
    let options = WorkerOptions {
        concurrency: 8,
        ..quick()
    };
    outbox::run(&scope, &stripe.client(), &options, desk.nothing_left())
        .await
        .unwrap();
    assert_eq!(stripe.transfers().len(), 20);
    assert_eq!(stripe.calls().len(), 20);
}

/// A lease over which Stripe could forget a key, and times that no clock has: refused before anything is taken up.
#[tokio::test]
async fn options_that_can_not_be_are_refused() {
    let desk = Desk::new(1).await;
    let with = |change: &dyn Fn(&mut WorkerOptions)| {
        let mut options = quick();
        change(&mut options);
        options
    };
    let wrong = [
        ("lease", with(&|o| o.lease = Duration::ZERO)),
        ("lease", with(&|o| o.lease = Duration::from_secs(3_601))),
        ("lease", with(&|o| o.lease = Duration::MAX)),
        ("first_pause", with(&|o| o.first_pause = Duration::MAX)),
        ("longest_pause", with(&|o| o.longest_pause = Duration::MAX)),
        ("rest", with(&|o| o.rest = Duration::MAX)),
    ];
    for (named, options) in wrong {
        let ran = outbox::run(&desk.scope(), &ByHand::new(), &options, async {}).await;
        assert!(matches!(ran, Err(Error::Invalid { field, .. }) if field == named));
    }
    assert_eq!(desk.job().await.status, OutboxStatus::Ready);
}
