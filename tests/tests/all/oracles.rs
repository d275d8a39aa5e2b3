//! What sums and errors could tell of another account, and don't.

use access::{
    Currency,
    stripe_payments::{self, ListStripePayments},
};
use tests::fixtures::{Cast, ROWS, new_payment};

/// S09
#[tokio::test]
async fn counts_and_totals_equal_what_the_fixture_says_whatever_b_adds() {
    let cast = Cast::new().await;
    let (a, b) = (cast.tenant_a(), cast.tenant_b());
    let all = ListStripePayments::default();
    let expected = |code: &str| -> (u64, i128) {
        let currency: Currency = code.parse().unwrap();
        let own = cast
            .payments_a
            .iter()
            .filter(|payment| payment.currency == currency);
        own.fold((0, 0), |(n, sum), payment| {
            (n + 1, sum + i128::from(payment.amount))
        })
    };
    for added in [0, 1_000] {
        for number in 0..added {
            stripe_payments::create(&b, new_payment("more", number + 1))
                .await
                .unwrap();
        }
        assert_eq!(stripe_payments::count(&a, &all).await.unwrap(), ROWS as u64);
        let totals = stripe_payments::totals(&a, &all).await.unwrap();
        let found: Vec<_> = totals
            .iter()
            .map(|t| (t.currency.to_string(), (t.payments, t.amount)))
            .collect();
        assert_eq!(
            found,
            [
                ("JPY".to_owned(), expected("JPY")),
                ("USD".to_owned(), expected("USD"))
            ]
        );
    }
}

/// S19: each class of the server's errors, provoked behind the public functions.
#[tokio::test]
async fn public_errors_show_no_sql_no_names_and_no_values() {
    let cast = Cast::new().await;
    let superuser = cast.database.superuser().await;
    let a = cast.tenant_a();
    let provoked = [
        ("23505", "SELECT", "conflict"),
        ("23514", "ALTER TABLE stripe_payments ADD CONSTRAINT canary_check CHECK (buyer <> 'canary')", "invalid"),
        ("23502", "ALTER TABLE stripe_payments DROP CONSTRAINT canary_check;
                   ALTER TABLE stripe_payments ADD canary_column int;
                   ALTER TABLE stripe_payments ADD CONSTRAINT n CHECK (canary_column IS NOT NULL) NOT VALID", "invalid"),
        ("22001", "ALTER TABLE stripe_payments DROP canary_column CASCADE;
                   ALTER TABLE stripe_payments ALTER buyer TYPE varchar(5) USING left(buyer, 5)", "invalid"),
        ("23503", "ALTER TABLE stripe_payments ALTER buyer TYPE text;
                   CREATE TABLE canary_buyers (buyer text PRIMARY KEY);
                   ALTER TABLE stripe_payments ADD CONSTRAINT canary_buyer FOREIGN KEY (buyer) REFERENCES canary_buyers NOT VALID", "unknown_reference"),
        ("22003", "ALTER TABLE stripe_payments DROP CONSTRAINT canary_buyer;
                   ALTER TABLE stripe_payments ADD CONSTRAINT canary_range CHECK (amount * 9223372036854775807 > 0) NOT VALID", "invalid"),
        ("40001", "ALTER TABLE stripe_payments DROP CONSTRAINT canary_range;
                   CREATE FUNCTION canary() RETURNS trigger LANGUAGE plpgsql AS
                   $$ BEGIN RAISE EXCEPTION 'canary %', NEW USING ERRCODE = TG_ARGV[0]; END $$;
                   CREATE TRIGGER canary BEFORE INSERT ON stripe_payments FOR EACH ROW EXECUTE FUNCTION canary('40001')", "unavailable"),
        ("57014", "CREATE OR REPLACE TRIGGER canary BEFORE INSERT ON stripe_payments FOR EACH ROW EXECUTE FUNCTION canary('57014')", "timeout"),
        ("42501", "DROP TRIGGER canary ON stripe_payments;
                   REVOKE INSERT ON stripe_payments FROM app", "forbidden"),
        ("42P01", "ALTER TABLE stripe_payments RENAME TO canary_table", "internal"),
    ];
    for (state, plant, code) in provoked {
        superuser.batch_execute(plant).await.unwrap();
        let mut new = new_payment("canary", 5);
        new.metadata = Some(serde_json::json!({"secret": "canary"}));
        if state == "23505" {
            new.payment_intent = Some("pi_0".into());
        }
        let error = stripe_payments::create(&a, new).await.unwrap_err();
        assert_eq!(error.code(), code, "{state}");
        let shown = format!("{error} {error:?}").to_lowercase();
        for leak in [
            "canary",
            "stripe_payments",
            "insert",
            "pi_0",
            state,
            &cast.b.to_string(),
        ] {
            assert!(!shown.contains(&leak.to_lowercase()), "{state}: {shown}");
        }
    }
}
