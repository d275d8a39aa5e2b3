//! Programs with several runtimes, such as a server whose workers have one each: a connection that was opened for one
//! worker serves the others, and a worker may end before they do.

use std::{sync::mpsc, thread};

use access::{Db, Error, stripe_payments};
use tests::fixtures::{Cast, new_payment};

/// Runs `work` in a runtime of its own, which ends when `end` says so.
fn in_a_worker<F: Future<Output = ()>>(
    work: impl FnOnce() -> F + Send + 'static,
    end: mpsc::Receiver<()>,
) -> (thread::JoinHandle<()>, tokio::sync::oneshot::Receiver<()>) {
    let (done, is_done) = tokio::sync::oneshot::channel();
    let thread = thread::spawn(move || {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().unwrap();
        runtime.block_on(work());
        done.send(()).unwrap();
        end.recv().unwrap();
        drop(runtime);
    });
    (thread, is_done)
}

#[tokio::test]
async fn a_transaction_outlives_the_worker_that_its_connection_was_opened_for() {
    let cast = Cast::new().await;
    let db = Db::connect(cast.database.config().pool_size(2))
        .await
        .unwrap();
    let (mut first, mut second) = (db.tenant(cast.a), db.tenant(cast.a));
    let held = first.begin().await.unwrap();
    let (end, ends) = mpsc::channel();
    let (of_worker, a) = (db.clone(), cast.a);
    let work = async move || {
        stripe_payments::count(&of_worker.tenant(a), &Default::default())
            .await
            .unwrap();
    };
    let (worker, done) = in_a_worker(work, ends);
    done.await.unwrap();
    let transaction = second.begin().await.unwrap();
    let made = stripe_payments::create(&transaction, new_payment("ana", 5)).await;
    let made = made.unwrap();
    end.send(()).unwrap();
    tokio::task::spawn_blocking(|| worker.join().unwrap())
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    held.rollback().await.unwrap();
    let found = stripe_payments::get(&cast.tenant_a(), made.id).await;
    assert_eq!(found, Ok(made));
}

/// S25: the next caller's COMMIT would save what was abandoned, for another account.
#[tokio::test]
async fn a_transaction_dropped_by_a_worker_that_ends_is_undone_before_anyone_gets_its_connection() {
    let cast = Cast::new().await;
    let db = Db::connect(cast.database.config().pool_size(1))
        .await
        .unwrap();
    for _ in 0..20 {
        let (end, ends) = mpsc::channel();
        end.send(()).unwrap();
        let (of_worker, a) = (db.clone(), cast.a);
        let (made, id) = mpsc::channel();
        let work = async move || {
            let mut tenant = of_worker.tenant(a);
            let transaction = tenant.begin().await.unwrap();
            let payment = stripe_payments::create(&transaction, new_payment("ana", 5)).await;
            made.send(payment.unwrap().id).unwrap();
        };
        let (worker, done) = in_a_worker(work, ends);
        done.await.unwrap();
        tokio::task::spawn_blocking(|| worker.join().unwrap())
            .await
            .unwrap();
        let b = db.tenant(cast.b);
        stripe_payments::create(&b, new_payment("bob", 6))
            .await
            .unwrap();
        let abandoned = stripe_payments::get(&db.tenant(cast.a), id.recv().unwrap()).await;
        assert_eq!(abandoned, Err(Error::NotFound));
    }
    assert_eq!(db.status().open, 1);
}
