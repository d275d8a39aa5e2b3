//! Calls of what is owed and paid out.

use access::{
    outbox,
    pay_out::{self, ListPayOuts},
    payment_share_tracking::{self, ListOpenShares},
    payment_system_logs::{self, ListLogs, LogLevel},
};
use tests::fixtures::new_payout;

use super::calls::{Calls, PAYEE, unique};

pub(super) const CALLS: Calls = &[
    ("payment_share_tracking::distribute", |s| {
        Box::pin(async move {
            let id = s.paid().await.id;
            s.call(payment_share_tracking::distribute(&s.tenant(), id))
                .await;
        })
    }),
    ("payment_share_tracking::list_by_payment", |s| {
        Box::pin(async move {
            let id = s.distributed().await.id;
            s.call(payment_share_tracking::list_by_payment(&s.tenant(), id))
                .await;
        })
    }),
    ("payment_share_tracking::list_open", |s| {
        Box::pin(async move {
            let t = s.tenant();
            let first = ListOpenShares {
                payee: "creator".into(),
                currency: "USD".parse().unwrap(),
                limit: Some(1),
                cursor: None,
            };
            let page = payment_share_tracking::list_open(&t, &first).await.unwrap();
            let next = ListOpenShares {
                cursor: page.next,
                ..first.clone()
            };
            s.call(payment_share_tracking::list_open(&t, &first)).await;
            s.call(payment_share_tracking::list_open(&t, &next)).await;
        })
    }),
    ("payment_share_tracking::open_balance", |s| {
        Box::pin(async move {
            s.call(payment_share_tracking::open_balance(&s.tenant(), PAYEE))
                .await;
        })
    }),
    ("payment_share_tracking::reverse", |s| {
        Box::pin(async move {
            let payment = s.paid_out().await;
            s.call(payment_share_tracking::reverse(&s.tenant(), payment, 100))
                .await;
        })
    }),
    ("pay_out::request", |s| {
        Box::pin(async move {
            s.distributed().await;
            s.call(pay_out::request(
                &s.tenant(),
                new_payout(PAYEE, &unique("key")),
            ))
            .await;
        })
    }),
    ("pay_out::get", |s| {
        Box::pin(async move {
            let (payout, _) = s.requested().await;
            s.call(pay_out::get(&s.tenant(), payout)).await;
        })
    }),
    ("pay_out::list", |s| {
        Box::pin(async move {
            let t = s.tenant();
            let first = ListPayOuts {
                limit: Some(1),
                ..Default::default()
            };
            let page = pay_out::list(&t, &first).await.unwrap();
            let next = ListPayOuts {
                cursor: page.next,
                ..first.clone()
            };
            s.call(pay_out::list(&t, &first)).await;
            s.call(pay_out::list(&t, &next)).await;
        })
    }),
    ("pay_out::record_transfer", |s| {
        Box::pin(async move {
            let (payout, _) = s.requested().await;
            s.call(pay_out::record_transfer(&s.tenant(), payout, &unique("tr")))
                .await;
        })
    }),
    ("pay_out::mark_failed", |s| {
        Box::pin(async move {
            let (payout, _) = s.requested().await;
            s.call(pay_out::mark_failed(&s.tenant(), payout, "account_closed"))
                .await;
        })
    }),
    ("pay_out::record_reversal", |s| {
        Box::pin(async move {
            let (payout, _) = s.requested().await;
            let (t, transfer) = (s.tenant(), unique("tr"));
            pay_out::record_transfer(&t, payout, &transfer)
                .await
                .unwrap();
            s.call(pay_out::record_reversal(&t, payout, &transfer, "reversed"))
                .await;
        })
    }),
    ("pay_out::cancel", |s| {
        Box::pin(async move {
            let (payout, _) = s.requested().await;
            s.call(pay_out::cancel(&s.tenant(), payout)).await;
        })
    }),
    ("outbox::enqueue", |s| {
        Box::pin(async move {
            let (payout, _) = s.requested().await;
            let mut t = s.tenant();
            let tx = t.begin().await.unwrap();
            if s.call(outbox::enqueue(&tx, payout)).await.is_some() {
                tx.commit().await.unwrap();
            }
        })
    }),
    ("outbox::get", |s| {
        Box::pin(async move {
            let id = s.queued().await.id;
            s.call(outbox::get(&s.tenant(), id)).await;
        })
    }),
    ("outbox::list", |s| {
        Box::pin(async move {
            s.call(outbox::list(&s.tenant(), &Default::default())).await;
        })
    }),
    ("payment_system_logs::list", |s| {
        Box::pin(async move {
            let t = s.tenant();
            let filtered = ListLogs {
                level: Some(LogLevel::Info),
                event: Some("pay_out.requested".into()),
                subject: Some("pay_out/x".into()),
                ..Default::default()
            };
            s.call(payment_system_logs::list(&t, &Default::default()))
                .await;
            s.call(payment_system_logs::list(&t, &filtered)).await;
        })
    }),
    ("payment_system_logs::verify", |s| {
        Box::pin(async move {
            s.long(payment_system_logs::verify(&s.tenant())).await;
        })
    }),
];
