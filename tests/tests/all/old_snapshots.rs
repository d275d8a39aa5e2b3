//! Changes inside transactions whose snapshot is older than what somebody else has saved meanwhile: they collide, and never
//! go by what they saw.

use access::{
    Error, Isolation, Tenant,
    account_agents::{self, AcceptInvitation},
    account_payout_routes,
    outbox::{OutboxStatus, TransferRequest, Transport, TransportError, WorkerOptions},
    pay_out::{self, PayOutStatus},
    payment_share_tracking, stripe_payments,
};
use tests::{
    TestDatabase,
    fixtures::{new_agent, new_payment, new_route},
    outbox::{Desk, quick},
};

async fn account() -> (TestDatabase, Tenant, Tenant) {
    let database = TestDatabase::new().await;
    let db = database.db().await;
    let account = database.account("A").await;
    (database, db.tenant(account), db.tenant(account))
}

async fn paid(tenant: &Tenant, amount: i64) -> access::StripePaymentId {
    let mut new = new_payment("buyer", amount);
    new.fee = 0;
    let id = stripe_payments::create(tenant, new).await.unwrap().id;
    stripe_payments::succeed(tenant, id, "ch_1").await.unwrap();
    id
}

/// Red when the account's row is locked and not written: the second sum leaves out the first route.
#[tokio::test]
async fn the_parts_never_come_to_more_than_the_whole() {
    for isolation in [Isolation::RepeatableRead, Isolation::Serializable] {
        let (_database, mut old, other) = account().await;
        let tx = old.begin_at(isolation).await.unwrap();
        assert!(
            account_payout_routes::list(&tx, true)
                .await
                .unwrap()
                .is_empty()
        );
        account_payout_routes::create(&other, new_route("first", 6_000))
            .await
            .unwrap();
        let second = account_payout_routes::create(&tx, new_route("second", 6_000)).await;
        assert_eq!(second.map(drop), Err(Error::Unavailable));
        assert!(tx.commit().await.is_err());

        let tx = old.begin_at(isolation).await.unwrap();
        account_payout_routes::list(&tx, true).await.unwrap();
        account_agents::invite(&other, new_agent(3_000))
            .await
            .unwrap();
        let second = account_agents::invite(&tx, new_agent(3_000)).await;
        assert_eq!(second.map(drop), Err(Error::Unavailable));
    }
}

/// A call that is never answered.
struct Lost;

impl Transport for Lost {
    async fn create_transfer(&self, _: &TransferRequest) -> Result<String, TransportError> {
        Err(TransportError::Unknown("io".into()))
    }

    async fn find_transfer(&self, _: &TransferRequest) -> Result<Option<String>, TransportError> {
        Ok(None)
    }
}

/// Red when the worker locks the payout and doesn't write it: its shares are open again, and are paid a second time.
#[tokio::test]
async fn a_payout_is_not_given_up_after_its_transfer_was_sent() {
    for isolation in [Isolation::RepeatableRead, Isolation::Serializable] {
        for cancel in [true, false] {
            let desk = Desk::new(1).await;
            let (mut old, id) = (desk.tenant(), desk.payout().await.id);
            let tx = old.begin_at(isolation).await.unwrap();
            assert_eq!(
                pay_out::get(&tx, id).await.unwrap().status,
                PayOutStatus::Requested
            );
            let options = WorkerOptions {
                max_attempts: 1,
                ..quick()
            };
            desk.work(&Lost, &options).await;
            assert_eq!(desk.job().await.status, OutboxStatus::Dead);
            let given_up = if cancel {
                pay_out::cancel(&tx, id).await
            } else {
                pay_out::mark_failed(&tx, id, "by hand").await
            };
            assert_eq!(given_up.map(drop), Err(Error::Unavailable));
            assert!(tx.commit().await.is_err());
            assert_eq!(desk.payout().await.status, PayOutStatus::Requested);
        }
    }
}

/// Red when the payment is locked and not written: the refund sees no shares, and the payees keep all.
#[tokio::test]
async fn a_refund_is_taken_from_shares_that_are_younger() {
    let (_database, mut old, other) = account().await;
    let payment = paid(&other, 1_000).await;
    let tx = old.begin_at(Isolation::RepeatableRead).await.unwrap();
    stripe_payments::get(&tx, payment).await.unwrap();
    payment_share_tracking::distribute(&other, payment)
        .await
        .unwrap();
    let refunded = stripe_payments::refund(&tx, payment, 1_000).await;
    assert_eq!(refunded.map(drop), Err(Error::Unavailable));
    drop(tx);
    // Run again as a whole, it sees them.
    let refund = old.transaction_at(Isolation::RepeatableRead, async move |tx| {
        stripe_payments::refund(tx, payment, 1_000).await
    });
    refund.await.unwrap();
    let open = payment_share_tracking::open_balance(&other, "creator").await;
    assert_eq!(open.unwrap(), []);
}

/// Red in the same way: the two splits have no payee in common, and so no key.
#[tokio::test]
async fn a_payment_is_split_once() {
    let (database, mut old, other) = account().await;
    let db = database.db().await;
    let agent = db.tenant(database.account("agent").await);
    let payment = paid(&other, 1_000).await;
    let invited = account_agents::invite(&other, new_agent(10_000))
        .await
        .unwrap();
    let tx = old.begin_at(Isolation::RepeatableRead).await.unwrap();
    stripe_payments::get(&tx, payment).await.unwrap();
    let accept = AcceptInvitation {
        token: invited.token,
        connected_account: "acct_agent".into(),
    };
    account_agents::accept(&db, &agent, accept).await.unwrap();
    payment_share_tracking::distribute(&other, payment)
        .await
        .unwrap();
    let second = payment_share_tracking::distribute(&tx, payment).await;
    assert_eq!(second.map(drop), Err(Error::Unavailable));
    drop(tx);
    let shares = payment_share_tracking::list_by_payment(&other, payment)
        .await
        .unwrap();
    assert_eq!(shares.iter().map(|share| share.amount).sum::<i64>(), 1_000);
}
