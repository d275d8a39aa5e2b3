//! One call of each public function of the system's scope that comes to something.

use access::{
    Error,
    accounts::NewAccount,
    content_embeddings,
    lifecycle::{self, Retention},
    outbox,
    system::{self, ViewedRows},
};
use futures_util::stream;
use tests::{
    fixtures::Cast,
    outbox::{ByHand, quick},
};

use super::statements::Recorder;

pub(super) async fn calls_of_the_system(r: &mut Recorder, cast: &Cast) {
    let system = r.system.clone();
    let scope = || system.scope("test", "statements").unwrap();
    let new = NewAccount { name: "C".into() };
    let made = system::create_account(&scope(), new.clone()).await.unwrap();
    drop(made);
    r.call(
        "system::create_account",
        system::create_account(&scope(), new),
    )
    .await
    .unwrap();
    r.long(
        "system::list_accounts",
        system::list_accounts(&scope(), &Default::default()),
    )
    .await
    .unwrap();
    r.long(
        "system::account_summary",
        system::account_summary(&scope(), cast.a),
    )
    .await
    .unwrap();
    let rows = ViewedRows {
        table: "stripe_payments".into(),
        filtered_by: Vec::new(),
    };
    r.call(
        "system::record_view",
        system::record_view(&scope(), cast.a, &rows),
    )
    .await
    .unwrap();
    let each_scope = scope();
    let each = system::for_each_account(
        &each_scope,
        Default::default(),
        |_| {},
        async |_| Ok::<(), Error>(()),
    );
    r.long("system::for_each_account", each).await.unwrap();
    let linking = scope();
    let link = system::link_connected_account(&linking, cast.a, "acct_linked");
    r.long("system::link_connected_account", link)
        .await
        .unwrap();
    r.long(
        "system::reroute_unrouted_events",
        system::reroute_unrouted_events(&scope()),
    )
    .await
    .unwrap();
    r.long(
        "content_embeddings::reindex_advice",
        content_embeddings::reindex_advice(&scope()),
    )
    .await
    .unwrap();

    let transport = ByHand::new();
    transport.answer(Ok("tr_by_hand"));
    let (worked, options) = (scope(), quick());
    let ran = outbox::run(
        &worked,
        &transport,
        &options,
        tokio::time::sleep(std::time::Duration::from_secs(2)),
    );
    r.long("outbox::run", ran).await.unwrap();
    let superuser = cast.database.superuser().await;
    let dead = "UPDATE stripe_outbox SET status = 'dead', due_at = NULL, last_error = 'x'";
    superuser.execute(dead, &[]).await.unwrap();
    r.long("outbox::retry", outbox::retry(&scope(), cast.a, cast.job_a))
        .await
        .unwrap();
    let closed = "UPDATE stripe_outbox SET status = 'failed', due_at = NULL, last_error = 'x'";
    superuser.execute(closed, &[]).await.unwrap();

    let mut lines = Vec::new();
    let exporting = scope();
    let exported = lifecycle::export(
        &exporting,
        cast.b,
        |_| {},
        async |line: &str| {
            lines.push(line.to_owned());
            Ok::<(), Error>(())
        },
    );
    r.long("lifecycle::export", exported).await.unwrap();
    let plan = r
        .long(
            "lifecycle::plan_erasure",
            lifecycle::plan_erasure(&scope(), cast.b),
        )
        .await
        .unwrap();
    r.long(
        "lifecycle::erase",
        lifecycle::erase(&scope(), cast.b, &plan),
    )
    .await
    .unwrap();
    let importing = scope();
    let brought = lifecycle::import(
        &importing,
        stream::iter(lines.into_iter().map(Ok::<_, Error>)),
        |_| {},
    );
    // What law keeps of the account is still there, so that it can't be brought in again.
    r.long("lifecycle::import", brought).await.unwrap_err();
    let day = std::time::Duration::from_secs(86_400);
    let retention = Retention {
        logs: Some(day),
        events: Some(day),
    };
    r.long(
        "lifecycle::prune",
        lifecycle::prune(&scope(), retention, |_| {}),
    )
    .await
    .unwrap();
}
