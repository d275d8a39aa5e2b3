//! What becomes of calls to Stripe when their account is brought into another database.

use std::time::Duration;

use access::{
    Error, Reason,
    outbox::{self, ListOutboxJobs, OutboxJob, OutboxStatus},
    pay_out::{self, PayOutStatus},
    payment_system_logs::{self, ListLogs},
};
use serde_json::{Value, json};
use tests::{
    TestDatabase,
    lifecycle::{exported, imported},
    outbox::{ByHand, Desk, jobs, payouts, quick},
    stripe::Stripe,
};
use uuid::Uuid;

/// The account in a database of its own.
async fn moved(desk: &Desk) -> Desk {
    let lines = exported(&desk.system, desk.account).await;
    let database = TestDatabase::new().await;
    let system = database.system().await;
    Desk {
        account: imported(&system, &lines).await.unwrap(),
        db: database.db().await,
        superuser: database.superuser().await,
        system,
        database,
    }
}

/// Puts the jobs of the payouts of 1, 2, 3, … where they may stand when an account is exported.
async fn stand(desk: &Desk) {
    let states = [
        (2, "'sending', lease = gen_random_uuid(), sent_at = now()"),
        (3, "'unknown', sent_at = now(), last_error = 'timeout'"),
        (4, "'dead', due_at = NULL, last_error = 'rate_limit'"),
        (
            5,
            "'dead', due_at = NULL, last_error = 'api_error', sent_at = now()",
        ),
        (
            6,
            "'failed', due_at = NULL, last_error = 'balance_insufficient'",
        ),
        (
            7,
            "'done', due_at = NULL, sent_at = now(), response_id = 'tr_earlier'",
        ),
    ];
    for (amount, state) in states {
        let sql = format!(
            "UPDATE stripe_outbox SET status = {state} WHERE pay_out_id = (SELECT id FROM pay_out WHERE amount = {amount})"
        );
        desk.superuser.batch_execute(&sql).await.unwrap();
    }
}

/// The jobs in the order of their payouts' amounts.
async fn by_amount(desk: &Desk) -> Vec<OutboxJob> {
    let tenant = desk.tenant();
    let mut found = Vec::new();
    for payout in payouts(&tenant).await.iter().rev() {
        let of_payout = ListOutboxJobs {
            pay_out_id: Some(payout.id),
            ..Default::default()
        };
        found.extend(outbox::list(&tenant, &of_payout).await.unwrap().items);
    }
    found
}

/// Red when jobs arrive as they were: the worker there sends them.
#[tokio::test]
async fn open_jobs_arrive_dead_and_others_as_they_were() {
    let desk = Desk::new(7).await;
    stand(&desk).await;
    let there = moved(&desk).await;
    let client = ByHand::new();
    let for_a_while = tokio::time::sleep(Duration::from_millis(300));
    outbox::run(&there.scope(), &client, &quick(), for_a_while)
        .await
        .unwrap();
    assert_eq!((client.calls(), client.questions()), (0, 0));
    let jobs = by_amount(&there).await;
    let found = jobs
        .iter()
        .map(|job| (job.status, job.last_error.as_deref()));
    assert_eq!(
        found.collect::<Vec<_>>(),
        [
            (OutboxStatus::Dead, Some("imported")),
            (OutboxStatus::Dead, Some("imported")),
            (OutboxStatus::Dead, Some("imported")),
            (OutboxStatus::Dead, Some("rate_limit")),
            (OutboxStatus::Dead, Some("api_error")),
            (OutboxStatus::Failed, Some("balance_insufficient")),
            (OutboxStatus::Done, None),
        ]
    );
    let before = by_amount(&desk).await;
    assert_eq!(jobs[4..], before[4..], "as they were");
    for job in &jobs[..5] {
        assert!(job.due_at.is_none());
        // It may be paid where it came from.
        let canceled = pay_out::cancel(&there.tenant(), job.pay_out_id).await;
        assert_eq!(canceled, Err(Error::Rejected(Reason::TransferUnderWay)));
    }
    let tenant = there.tenant();
    let logs = payment_system_logs::list(&tenant, &ListLogs::default()).await;
    let last = &logs.unwrap().items[0];
    assert_eq!(last.event, "lifecycle.import");
    assert_eq!(last.data, Some(json!({ "jobs_set_aside": 3 })));
    let verified = payment_system_logs::verify(&tenant).await.unwrap();
    assert!(verified.complete && verified.first_broken.is_none());
    let here = by_amount(&desk).await;
    assert_eq!(here, before, "an export changes nothing");
}

/// Red when a job that wasn't sent before the export is sent without a question: Stripe has forgotten the key by then.
#[tokio::test]
async fn what_was_paid_where_the_account_came_from_is_not_paid_again() {
    let desk = Desk::new(5).await;
    stand(&desk).await;
    let there = moved(&desk).await;
    let stripe = Stripe::start(1).await;
    // Where it came from, the work goes on; what is dead there is retried, but for one.
    let dead = jobs(&desk.tenant(), OutboxStatus::Dead).await;
    let sent = |job: &&OutboxJob| job.last_error.as_deref() == Some("api_error");
    let (left, retried): (Vec<_>, Vec<_>) = dead.iter().partition(sent);
    desk.retry(retried[0].id).await;
    desk.work(&stripe.client(), &quick()).await;
    assert_eq!(stripe.transfers().len(), 4);
    stripe.forget_keys();
    for job in jobs(&there.tenant(), OutboxStatus::Dead).await {
        assert_eq!(there.retry(job.id).await.status, OutboxStatus::Unknown);
    }
    there.work(&stripe.client(), &quick()).await;
    assert_eq!(stripe.questions(), 5 + 2, "each is asked for");
    assert_eq!(stripe.transfers().len(), 5, "the one that was left");
    let (here, there) = (
        payouts(&desk.tenant()).await,
        payouts(&there.tenant()).await,
    );
    for (here, there) in here.iter().zip(&there) {
        assert_eq!(there.status, PayOutStatus::Paid);
        if here.id != left[0].pay_out_id {
            assert_eq!(here.transfer, there.transfer);
        }
    }
}

/// S19: rows of an export that somebody has edited.
#[tokio::test]
async fn a_job_that_can_not_be_is_refused_by_the_name_of_its_field() {
    let desk = Desk::new(2).await;
    let lines = exported(&desk.system, desk.account).await;
    let is_job = |line: &String| line.contains("\"table\":\"stripe_outbox\"");
    let at = lines.iter().position(is_job).unwrap();
    let other: Value = serde_json::from_str(&lines[at + 1]).unwrap();
    let invalid = |field| Error::Invalid {
        field,
        code: "not_allowed",
    };
    let unknown = Error::Rejected(Reason::UnknownReference);
    let nobody = Uuid::now_v7().to_string();
    let wrong = [
        (json!({"attempts": -1}), invalid("attempts")),
        (json!({"due_at": null}), invalid("due_at")),
        (json!({"idempotency_key": ""}), invalid("idempotency_key")),
        (json!({"last_error": "x".repeat(65)}), invalid("last_error")),
        (json!({"lease": nobody}), invalid("lease")),
        (
            json!({"status": "done", "due_at": null}),
            invalid("response_id"),
        ),
        (json!({"status": "unknown"}), invalid("sent_at")),
        (json!({"pay_out_id": nobody}), unknown),
        (
            json!({"pay_out_id": other["row"]["pay_out_id"]}),
            Error::Conflict,
        ),
        (
            json!({"idempotency_key": other["row"]["idempotency_key"]}),
            Error::Conflict,
        ),
    ];
    let database = TestDatabase::new().await;
    let system = database.system().await;
    for (change, expected) in wrong {
        let mut lines = lines.clone();
        let mut line: Value = serde_json::from_str(&lines[at]).unwrap();
        for (column, value) in change.as_object().unwrap() {
            line["row"][column] = value.clone();
        }
        lines[at] = line.to_string();
        let refused = imported(&system, &lines).await.unwrap_err();
        assert_eq!(refused, expected, "{change}");
        let shown = format!("{refused} {refused:?}");
        for leak in ["stripe_outbox", "INSERT", "acct_", "xxx", nobody.as_str()] {
            assert!(!shown.contains(leak), "{shown}");
        }
    }
    imported(&system, &lines).await.unwrap();
}
