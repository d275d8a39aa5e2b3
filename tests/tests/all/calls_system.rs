//! Calls of the system's scope.

use access::{
    AccountId, Error,
    accounts::NewAccount,
    content_embeddings,
    lifecycle::{self, Retention},
    outbox, stripe_payments,
    system::{self, ViewedRows},
};
use futures_util::stream;
use tests::{
    fixtures::new_payment,
    lifecycle::exported,
    outbox::{ByHand, quick},
};
use uuid::Uuid;

use super::{
    calls::{Calls, How, Stage, unique},
    lifecycle::close_jobs,
};

pub(super) const CALLS: Calls = &[
    ("system::list_accounts", |s| {
        Box::pin(async move {
            s.long(system::list_accounts(&s.scope(), &Default::default()))
                .await;
        })
    }),
    ("system::account_summary", |s| {
        Box::pin(async move {
            s.long(system::account_summary(&s.scope(), s.account)).await;
        })
    }),
    ("system::record_view", |s| {
        Box::pin(async move {
            let rows = ViewedRows {
                table: "stripe_payments".into(),
                filtered_by: Vec::new(),
            };
            // The first prepares its statements.
            system::record_view(&s.scope(), s.account, &rows)
                .await
                .unwrap();
            s.call(system::record_view(&s.scope(), s.account, &rows))
                .await;
        })
    }),
    ("system::for_each_account", |s| {
        Box::pin(async move {
            let scope = s.scope();
            let work = async |_| Ok::<(), Error>(());
            s.long(system::for_each_account(
                &scope,
                Default::default(),
                |_| {},
                work,
            ))
            .await;
        })
    }),
    ("system::link_connected_account", |s| {
        Box::pin(async move {
            s.long(system::link_connected_account(
                &s.scope(),
                s.account,
                "acct_linked",
            ))
            .await;
        })
    }),
    ("system::reroute_unrouted_events", |s| {
        Box::pin(async move {
            s.long(system::reroute_unrouted_events(&s.scope())).await;
        })
    }),
    ("content_embeddings::reindex_advice", |s| {
        Box::pin(async move {
            s.long(content_embeddings::reindex_advice(&s.scope())).await;
        })
    }),
    ("outbox::run", |s| {
        Box::pin(async move {
            s.queued().await;
            let (scope, transport, options) = (s.scope(), ByHand::new(), quick());
            transport.answer(Ok(&unique("tr")));
            // It does what it has begun before it ends.
            s.long(outbox::run(
                &scope,
                &transport,
                &options,
                transport.entered(),
            ))
            .await;
            close_jobs(&s.superuser).await;
        })
    }),
    ("outbox::retry", |s| {
        Box::pin(async move {
            let id = s.queued().await.id;
            let dead = "UPDATE stripe_outbox SET status = 'dead', due_at = NULL, last_error = 'x' WHERE id = $1";
            s.superuser.execute(dead, &[&id.as_uuid()]).await.unwrap();
            s.long(outbox::retry(&s.scope(), s.account, id)).await;
            close_jobs(&s.superuser).await;
        })
    }),
    ("lifecycle::export", |s| {
        Box::pin(async move {
            let (scope, account) = (s.scope(), s.other);
            let line = async |_: &str| Ok::<(), Error>(());
            s.long(lifecycle::export(&scope, account, |_| {}, line))
                .await;
        })
    }),
    ("lifecycle::import", |s| {
        Box::pin(async move {
            let account = s.other;
            let lines = exported(&s.system, account).await;
            // A copy, in an account that isn't there yet.
            let other = Uuid::now_v7().to_string();
            let lines = lines
                .iter()
                .map(|line| Ok::<_, Error>(line.replace(&account.to_string(), &other)));
            let lines: Vec<_> = lines.collect();
            s.long(lifecycle::import(&s.scope(), stream::iter(lines), |_| {}))
                .await;
        })
    }),
    ("lifecycle::prune", |s| {
        Box::pin(async move {
            let day = Some(std::time::Duration::from_secs(86_400));
            let retention = Retention {
                logs: day,
                events: day,
            };
            s.long(lifecycle::prune(&s.scope(), retention, |_| {}))
                .await;
        })
    }),
    ("lifecycle::plan_erasure", |s| {
        Box::pin(async move {
            let account = s.other;
            s.long(lifecycle::plan_erasure(&s.scope(), account)).await;
        })
    }),
    // From here on there are more and more accounts, which others would go through.
    ("system::create_account", |s| {
        Box::pin(async move {
            system::create_account(&s.scope(), new_account())
                .await
                .unwrap();
            s.call(system::create_account(&s.scope(), new_account()))
                .await;
        })
    }),
    ("lifecycle::erase", |s| {
        Box::pin(async move {
            let account = leaving(s).await;
            let plan = lifecycle::plan_erasure(&s.scope(), account).await.unwrap();
            s.long(lifecycle::erase(&s.scope(), account, &plan)).await;
        })
    }),
];

fn new_account() -> NewAccount {
    NewAccount { name: "C".into() }
}

/// An account that can be spared: with rows in every table where its statements are written down, a small one else.
async fn leaving(s: &Stage) -> AccountId {
    if matches!(s.how, How::Recorded(_)) {
        return s.other;
    }
    let made = system::create_account(&s.scope(), new_account())
        .await
        .unwrap();
    let account = AccountId::from_authenticated(made.id).unwrap();
    let tenant = s.db.tenant(account);
    let payment = stripe_payments::create(&tenant, new_payment("buyer", 5));
    payment.await.unwrap();
    account
}
