use access::{
    Error, PayOutId, Reason,
    outbox::{self, ListOutboxJobs, OutboxStatus, TransferRequest, TransportError},
    pay_out::{self, PayOutStatus},
    payment_system_logs::{self, ListLogs},
};
use dev_server::Login;
use tests::{
    TestDatabase, connect_raw,
    fixtures::Cast,
    outbox::{Desk, payouts, quick},
    stripe::Stripe,
};
use tokio_postgres::Client;
use uuid::Uuid;

#[tokio::test]
async fn a_payout_has_one_job_however_often_it_is_enqueued() {
    let desk = Desk::new(1).await;
    let first = desk.job().await;
    assert_eq!(first.status, OutboxStatus::Ready);
    let at_once = (0..8).map(|_| {
        let mut tenant = desk.tenant();
        let payout = first.pay_out_id;
        async move {
            let tx = tenant.begin().await?;
            let job = outbox::enqueue(&tx, payout).await?;
            tx.commit().await?;
            Ok::<_, Error>(job)
        }
    });
    for job in futures_util::future::join_all(at_once).await {
        assert_eq!(job.unwrap(), first);
    }
    assert_eq!(
        outbox::get(&desk.tenant(), first.id).await.unwrap(),
        desk.job().await
    );
}

#[tokio::test]
async fn a_new_payout_that_many_enqueue_at_once_has_one_job() {
    let desk = Desk::new(0).await;
    desk.plant(desk.account, 1).await;
    let payout = desk.payout().await.id;
    let at_once = (0..8).map(|_| {
        let mut tenant = desk.tenant();
        async move {
            let tx = tenant.begin().await?;
            let job = outbox::enqueue(&tx, payout).await?;
            tx.commit().await?;
            Ok::<_, Error>(job.id)
        }
    });
    let jobs = futures_util::future::join_all(at_once).await;
    let job = desk.job().await.id;
    assert!(jobs.iter().all(|found| *found == Ok(job)), "{jobs:?}");
}

#[tokio::test]
async fn a_job_is_saved_with_its_change_or_not_at_all() {
    let desk = Desk::new(0).await;
    desk.plant(desk.account, 1).await;
    let payout = desk.payout().await.id;
    let mut tenant = desk.tenant();
    let tx = tenant.begin().await.unwrap();
    outbox::enqueue(&tx, payout).await.unwrap();
    tx.rollback().await.unwrap();
    assert_eq!(desk.count("ready").await, 0);
    let tx = tenant.begin().await.unwrap();
    outbox::enqueue(&tx, payout).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(desk.count("ready").await, 1);
    let logs = payment_system_logs::list(&tenant, &ListLogs::default()).await;
    assert_eq!(logs.unwrap().items[0].event, "outbox.enqueue");
}

#[tokio::test]
async fn only_a_payout_that_is_requested_can_be_enqueued() {
    let desk = Desk::new(0).await;
    desk.plant(desk.account, 1).await;
    let payout = desk.payout().await.id;
    pay_out::cancel(&desk.tenant(), payout).await.unwrap();
    let mut tenant = desk.tenant();
    let tx = tenant.begin().await.unwrap();
    let refused = Error::Rejected(Reason::IllegalTransition {
        from: "canceled",
        to: "paid",
    });
    assert_eq!(outbox::enqueue(&tx, payout).await, Err(refused));
    let absent = PayOutId::from_uuid(Uuid::now_v7());
    assert_eq!(outbox::enqueue(&tx, absent).await, Err(Error::NotFound));
    // Nothing was written, so that the transaction can still be saved.
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_list_goes_from_page_to_page_and_by_status_and_payout() {
    let desk = Desk::new(7).await;
    let tenant = desk.tenant();
    let mut list = ListOutboxJobs {
        limit: Some(3),
        ..Default::default()
    };
    let mut found = Vec::new();
    loop {
        let page = outbox::list(&tenant, &list).await.unwrap();
        found.extend(page.items);
        list.cursor = page.next;
        if list.cursor.is_none() {
            break;
        }
    }
    assert_eq!(found.len(), 7);
    assert!(
        found
            .windows(2)
            .all(|two| (two[0].created_at, two[0].id) > (two[1].created_at, two[1].id))
    );
    let narrowed = |status, pay_out_id| ListOutboxJobs {
        status,
        pay_out_id,
        ..Default::default()
    };
    let one = narrowed(Some(OutboxStatus::Ready), Some(found[2].pay_out_id));
    let page = outbox::list(&tenant, &one).await.unwrap();
    assert_eq!(page.items, [found[2].clone()]);
    let none = narrowed(Some(OutboxStatus::Done), None);
    assert!(outbox::list(&tenant, &none).await.unwrap().items.is_empty());
    for wrong in [Some(0), Some(501)] {
        let list = ListOutboxJobs {
            limit: wrong,
            ..Default::default()
        };
        let error = outbox::list(&tenant, &list).await.unwrap_err();
        assert_eq!(error.code(), "invalid");
    }
    let one = pay_out::ListPayOuts {
        limit: Some(1),
        ..Default::default()
    };
    let page = pay_out::list(&tenant, &one).await.unwrap();
    let list = ListOutboxJobs {
        cursor: page.next,
        ..Default::default()
    };
    let error = outbox::list(&tenant, &list).await.unwrap_err();
    assert_eq!(error.code(), "invalid", "a cursor of another list");
}

#[tokio::test]
async fn a_payout_that_was_canceled_before_its_call_is_not_sent() {
    let desk = Desk::new(2).await;
    let stripe = Stripe::start(1).await;
    let canceled = payouts(&desk.tenant()).await[0].id;
    pay_out::cancel(&desk.tenant(), canceled).await.unwrap();
    desk.work(&stripe.client(), &quick()).await;
    assert_eq!(stripe.calls().len(), 1);
    let of_canceled = ListOutboxJobs {
        pay_out_id: Some(canceled),
        ..Default::default()
    };
    let job = outbox::list(&desk.tenant(), &of_canceled)
        .await
        .unwrap()
        .items;
    assert_eq!(job[0].status, OutboxStatus::Failed);
    assert_eq!(job[0].last_error.as_deref(), Some("pay_out_canceled"));
    let payout = pay_out::get(&desk.tenant(), canceled).await.unwrap();
    assert_eq!(payout.status, PayOutStatus::Canceled);
}

async fn refused(client: &Client, sql: &str) {
    let error = client.batch_execute(sql).await.expect_err(sql);
    let state = error.code().expect("the server answers").code();
    assert_eq!(state, "42501", "{sql}");
}

/// S18, S34
#[tokio::test]
async fn the_application_asks_for_calls_and_the_system_changes_them() {
    let cast = Cast::new().await;
    let app = cast.database.app_sql().await;
    let system = connect_raw(&cast.database.url(Login::System)).await;
    let context = format!("SET app.account_id = '{}'", cast.a);
    for client in [&app, &system] {
        client.batch_execute(&context).await.unwrap();
        refused(client, "TRUNCATE stripe_outbox").await;
    }
    refused(&app, "DELETE FROM stripe_outbox").await;
    refused(&app, "UPDATE stripe_outbox SET status = 'done'").await;
    refused(&app, "SELECT FROM stripe_outbox FOR UPDATE").await;
    let other = format!(
        "UPDATE stripe_outbox SET attempts = 1 WHERE account_id = '{}'",
        cast.b
    );
    assert_eq!(system.execute(&other, &[]).await.unwrap(), 0);
    let own = "UPDATE stripe_outbox SET attempts = 1";
    assert_eq!(system.execute(own, &[]).await.unwrap(), 20);
    let moved = format!("UPDATE stripe_outbox SET account_id = '{}'", cast.b);
    refused(&system, &moved).await;
}

const DUE: &str = "SELECT account FROM lookup.accounts_with_due_jobs($1, $2) AS account";

/// S74
#[tokio::test]
async fn only_the_system_learns_which_accounts_have_jobs_that_are_due() {
    let database = TestDatabase::new().await;
    let app = database.app_sql().await;
    refused(
        &app,
        "SELECT lookup.accounts_with_due_jobs('00000000-0000-0000-0000-000000000000', 9)",
    )
    .await;
}

#[tokio::test]
async fn the_lookup_goes_from_account_to_account_and_leaves_out_those_without_due_jobs() {
    let desk = Desk::new(3).await;
    let mut accounts = vec![desk.account.as_uuid()];
    for name in ["B", "C", "D"] {
        let account = desk.database.account(name).await;
        desk.plant(account, 3).await;
        desk.enqueue(account).await;
        accounts.push(account.as_uuid());
    }
    let later = "UPDATE stripe_outbox SET due_at = now() + interval '1 hour' WHERE account_id = $1";
    desk.superuser
        .execute(later, &[&accounts[1]])
        .await
        .unwrap();
    let system = connect_raw(&desk.database.url(Login::System)).await;
    let due = async |after: Uuid, most: i32| -> Vec<Uuid> {
        let rows = system.query(DUE, &[&after, &most]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    };
    let (a, c, d) = (accounts[0], accounts[2], accounts[3]);
    assert_eq!(due(Uuid::nil(), 9).await, [a, c, d]);
    assert_eq!(due(Uuid::nil(), 2).await, [a, c]);
    assert_eq!(due(c, 9).await, [d]);
    assert!(due(d, 9).await.is_empty());
}

#[tokio::test]
async fn two_jobs_of_one_payout_can_not_be() {
    let desk = Desk::new(1).await;
    let twin = "INSERT INTO stripe_outbox SELECT account_id, gen_random_uuid(), kind, pay_out_id, 'other', request, status,
        attempts, due_at, lease, sent_at, last_error, response_id, created_at, updated_at FROM stripe_outbox";
    let error = desk.superuser.execute(twin, &[]).await.unwrap_err();
    assert_eq!(error.code().unwrap().code(), "23505");
}

/// S19, S59
#[test]
fn what_is_sent_shows_neither_the_connected_account_nor_the_key() {
    let request = TransferRequest {
        idempotency_key: "canary-key".into(),
        amount: 1,
        currency: "USD".parse().unwrap(),
        destination: "acct_canary".into(),
        transfer_group: "pay_out_1".into(),
        metadata: Default::default(),
    };
    assert!(!format!("{request:?}").contains("canary"));
}

#[test]
fn only_what_is_said_of_the_transfer_refuses_it() {
    use TransportError::{Refused, Retry, Unknown};
    let of = TransportError::of_answer;
    let card = Some("invalid_request_error");
    assert_eq!(
        of(400, card, Some("balance_insufficient")),
        Refused("balance_insufficient".into())
    );
    assert_eq!(of(402, card, None), Refused("invalid_request_error".into()));
    assert_eq!(of(401, None, None), Retry("http_401".into()));
    assert_eq!(of(403, card, None), Retry("invalid_request_error".into()));
    assert_eq!(
        of(429, None, Some("lock_timeout")),
        Retry("lock_timeout".into())
    );
    let key = Some("idempotency_error");
    assert_eq!(of(400, key, None), Unknown("idempotency_error".into()));
    assert_eq!(of(409, key, Some("x")), Unknown("idempotency_error".into()));
    for status in [302, 408, 409, 424, 500, 502, 503] {
        assert!(matches!(of(status, None, None), Unknown(_)), "{status}");
    }
}
