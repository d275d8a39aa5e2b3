use super::stripe_payments::invalid;
use access::{
    Error, Reason, StripePaymentId,
    stripe_payments::{self, PaymentStatus},
};
use tests::{
    TestDatabase,
    fixtures::{Cast, new_payment},
};
use uuid::Uuid;

/// Every pair of Stripe's statuses, against the table of the documentation written out once more.
#[tokio::test]
async fn a_payment_takes_the_ways_of_stripes_lifecycle_only() {
    use PaymentStatus::{
        Canceled, Processing, RequiresAction, RequiresCapture, RequiresConfirmation,
        RequiresPaymentMethod, Succeeded,
    };
    let legal = |from: PaymentStatus| -> &[PaymentStatus] {
        match from {
            RequiresPaymentMethod => &[
                RequiresConfirmation,
                RequiresAction,
                Processing,
                RequiresCapture,
                Succeeded,
                Canceled,
            ],
            RequiresConfirmation => &[
                RequiresPaymentMethod,
                RequiresAction,
                Processing,
                RequiresCapture,
                Succeeded,
                Canceled,
            ],
            RequiresAction => &[
                RequiresPaymentMethod,
                RequiresConfirmation,
                Processing,
                RequiresCapture,
                Succeeded,
                Canceled,
            ],
            Processing => &[
                RequiresPaymentMethod,
                RequiresAction,
                RequiresCapture,
                Succeeded,
                Canceled,
            ],
            RequiresCapture => &[Processing, Succeeded, Canceled],
            Canceled | Succeeded => &[],
        }
    };
    let database = TestDatabase::new().await;
    let db = database.db().await;
    let tenant = db.tenant(database.account("A").await);
    let superuser = database.superuser().await;
    for from in PaymentStatus::ALL.iter().copied() {
        for to in PaymentStatus::ALL.iter().copied() {
            let id = stripe_payments::create(&tenant, new_payment("b", 5))
                .await
                .unwrap()
                .id;
            let place = format!("UPDATE stripe_payments SET status = '{from}' WHERE id = '{id}'");
            superuser.batch_execute(&place).await.unwrap();
            let moved = match to {
                Succeeded => stripe_payments::succeed(&tenant, id, "ch_1").await,
                Canceled => stripe_payments::cancel(&tenant, id).await,
                _ => stripe_payments::advance(&tenant, id, to).await,
            };
            if from == to || legal(from).contains(&to) {
                assert_eq!(moved.unwrap().status, to, "{from} -> {to}");
            } else {
                let illegal = Reason::IllegalTransition {
                    from: from.as_str(),
                    to: to.as_str(),
                };
                assert_eq!(
                    moved.unwrap_err(),
                    Error::Rejected(illegal),
                    "{from} -> {to}"
                );
                assert_eq!(
                    stripe_payments::get(&tenant, id).await.unwrap().status,
                    from
                );
            }
        }
    }
}

#[tokio::test]
async fn a_failed_attempt_keeps_its_code_until_the_payment_succeeds() {
    let cast = Cast::new().await;
    let (tenant, id) = (cast.tenant_a(), cast.payments_a[1].id);
    let failed = stripe_payments::fail_attempt(&tenant, id, "card_declined")
        .await
        .unwrap();
    assert_eq!(failed.status, PaymentStatus::RequiresPaymentMethod);
    assert_eq!(failed.last_error.as_deref(), Some("card_declined"));
    let paid = stripe_payments::succeed(&tenant, id, "py_1").await.unwrap();
    assert_eq!(
        (paid.last_error, paid.charge.as_deref()),
        (None, Some("py_1"))
    );
    let failed = stripe_payments::fail_attempt(&tenant, id, "late")
        .await
        .unwrap_err();
    assert_eq!(failed.code(), "illegal_transition");
    for charge in ["", "ch_", "pi_1", "ch_1'; --"] {
        let refused = stripe_payments::succeed(&tenant, id, charge)
            .await
            .unwrap_err();
        assert!(invalid("charge")(&refused), "{charge}");
    }
    let ended = stripe_payments::advance(&tenant, id, PaymentStatus::Succeeded).await;
    assert!(invalid("status")(&ended.unwrap_err()));
}

#[tokio::test]
async fn a_refund_is_a_total_that_only_grows_and_never_exceeds_the_payment() {
    let cast = Cast::new().await;
    let (tenant, paid) = (cast.tenant_a(), cast.payments_a[0].clone());
    let refund = |total| stripe_payments::refund(&tenant, paid.id, total);
    assert_eq!(refund(400).await.unwrap().refunded, 400);
    assert_eq!(refund(400).await.unwrap().refunded, 400);
    assert_eq!(refund(100).await.unwrap().refunded, 400);
    assert_eq!(refund(paid.amount).await.unwrap().refunded, paid.amount);
    let over = refund(paid.amount + 1).await.unwrap_err();
    assert_eq!(over, Error::Rejected(Reason::RefundExceedsPayment));
    for total in [0, -1, i64::MIN] {
        assert!(invalid("total")(&refund(total).await.unwrap_err()));
    }
    let unpaid = stripe_payments::refund(&tenant, cast.payments_a[1].id, 1)
        .await
        .unwrap_err();
    assert_eq!(unpaid.code(), "illegal_transition");
    let absent = StripePaymentId::from_uuid(Uuid::now_v7());
    assert_eq!(
        stripe_payments::refund(&tenant, absent, 1)
            .await
            .unwrap_err(),
        Error::NotFound
    );
}
