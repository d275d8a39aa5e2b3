//! Jobs and payouts as an import may bring them: what they say is believed of their own account alone.

use std::time::Duration;

use access::{
    outbox::OutboxStatus,
    pay_out::{self, PayOutStatus},
};
use tests::{
    outbox::{Desk, payouts, quick},
    stripe::{Faults, Stripe},
};

/// As an import may bring it. Red when the job is believed.
#[tokio::test]
async fn a_job_that_asks_for_something_else_than_its_payout_is_not_sent() {
    for change in [
        "request = jsonb_set(request, '{amount}', '1000000')",
        "request = jsonb_set(request, '{destination}', '\"acct_mine\"')",
        "request = jsonb_set(request, '{transfer_group}', '\"pay_out_of_another\"')",
        "request = jsonb_set(request, '{metadata,account_id}', '\"another\"')",
        "request = '{}'",
        "idempotency_key = 'transfer-of-another'",
    ] {
        let desk = Desk::new(1).await;
        let forged = format!("UPDATE stripe_outbox SET {change}");
        desk.superuser.batch_execute(&forged).await.unwrap();
        let stripe = Stripe::start(1).await;
        desk.work(&stripe.client(), &quick()).await;
        assert!(stripe.transfers().is_empty(), "{change}");
        let job = desk.job().await;
        assert_eq!(job.status, OutboxStatus::Dead);
        assert_eq!(job.last_error.as_deref(), Some("other_request"));
        // Nothing was sent, so that the payout can be given up.
        let canceled = pay_out::cancel(&desk.tenant(), job.pay_out_id).await;
        assert_eq!(canceled.unwrap().status, PayOutStatus::Canceled);
    }
}

/// Ids are unique within an account: after an import, two accounts may have the same. Red when key and group leave the account
/// out: the second payout is recorded as paid by the first one's transfer.
#[tokio::test]
async fn payouts_of_two_accounts_with_one_id_are_two_transfers() {
    let desk = Desk::new(0).await;
    let b = desk.database.account("B").await;
    for account in [desk.account, b] {
        desk.plant(account, 1).await;
    }
    // Their shares refer to them: both come to have another id by an exchange of rows.
    let same = "ALTER TABLE payment_share_tracking DROP CONSTRAINT payment_share_tracking_pay_out_id_fkey;
        UPDATE pay_out SET id = '0190a000-0000-7000-8000-000000000001';
        UPDATE payment_share_tracking SET pay_out_id = '0190a000-0000-7000-8000-000000000001' WHERE pay_out_id IS NOT NULL";
    desk.superuser.batch_execute(same).await.unwrap();
    for account in [desk.account, b] {
        desk.enqueue(account).await;
    }
    let stripe = Stripe::start(1).await;
    let lost_after = Faults {
        lost_after: 300,
        ..Faults::default()
    };
    stripe.go_wrong(lost_after, Duration::ZERO);
    desk.work(&stripe.client(), &quick()).await;
    let transfers = stripe.transfers();
    assert_eq!(transfers.len(), 2, "{transfers:?}");
    for account in [desk.account, b] {
        let payout = payouts(&desk.db.tenant(account)).await.remove(0);
        let of_account = transfers
            .iter()
            .find(|transfer| transfer.param("metadata[account_id]") == account.to_string());
        assert_eq!(payout.status, PayOutStatus::Paid);
        assert_eq!(
            payout.transfer,
            of_account.map(|transfer| transfer.id.clone())
        );
    }
}
