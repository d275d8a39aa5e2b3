//! The schema changes under a running application, whose statements are prepared.

use access::{Db, stripe_payments};
use tests::fixtures::Cast;

/// Changes the type of a column that every row of payments shows, so that prepared statements are of no use (0A000).
async fn change_a_type(cast: &Cast, to: &str) {
    let change = format!("ALTER TABLE stripe_payments ALTER COLUMN buyer TYPE {to}");
    cast.database
        .superuser()
        .await
        .batch_execute(&change)
        .await
        .unwrap();
}

/// S79
#[tokio::test]
async fn a_statement_is_prepared_anew_when_a_columns_type_has_changed() {
    let cast = Cast::new().await;
    let db = Db::connect(cast.database.config().pool_size(1))
        .await
        .unwrap();
    let mut tenant = db.tenant(cast.a);
    let payment = cast.payments_a[0].clone();
    assert_eq!(
        stripe_payments::get(&tenant, payment.id).await,
        Ok(payment.clone())
    );

    change_a_type(&cast, "varchar(300)").await;
    assert_eq!(
        stripe_payments::get(&tenant, payment.id).await,
        Ok(payment.clone())
    );

    // Inside a transaction, where the statement has another form, nothing can be tried again alone.
    let transaction = tenant.begin().await.unwrap();
    let got = stripe_payments::get(&transaction, payment.id).await;
    assert_eq!(got, Ok(payment.clone()));
    transaction.commit().await.unwrap();
    change_a_type(&cast, "text").await;
    let transaction = tenant.begin().await.unwrap();
    let error = stripe_payments::get(&transaction, payment.id)
        .await
        .unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
    assert!(transaction.commit().await.is_err());
    assert_eq!(
        stripe_payments::get(&tenant, payment.id).await,
        Ok(payment.clone())
    );

    // As a whole it is tried again without a word.
    change_a_type(&cast, "varchar(300)").await;
    let id = payment.id;
    let got = tenant
        .transaction(async move |tx| stripe_payments::get(tx, id).await)
        .await;
    assert_eq!(got, Ok(payment));
}
