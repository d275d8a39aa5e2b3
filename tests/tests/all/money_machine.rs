//! Random sequences of everything that moves money, on several connections at once; afterwards the books are balanced.

use std::collections::BTreeMap;

use access::{
    AccountId, Db, Error, PayOutId, StripePaymentId, Tenant, account_payment_settings,
    account_payout_routes,
    pay_out::{self, ListPayOuts, PayOut, PayOutStatus, RequestPayOut},
    payment_share_tracking::{self, PaymentShare, ShareKind, ShareStatus},
    payment_system_logs,
    stripe_payments::{self, ListStripePayments, StripePayment},
};
use futures_util::TryStreamExt;
use tests::{
    TestDatabase,
    dice::Dice,
    fixtures::{new_payment, new_route, new_settings},
};

const WORKERS: u64 = 6;
const PAYEES: [&str; 4] = ["x", "y", "z", "creator"];
const CURRENCIES: [&str; 2] = ["USD", "JPY"];

fn amount(dice: &mut Dice, most: i64) -> i64 {
    i64::try_from(dice.roll(u64::try_from(most).unwrap())).unwrap() + 1
}

/// Longer runs by hand: `cargo xtask test --long`.
fn seeds_and_steps() -> (u64, u64) {
    if tests::is_long() { (40, 400) } else { (3, 60) }
}

#[tokio::test]
async fn after_any_sequence_of_operations_the_books_are_balanced() {
    let (seeds, steps) = seeds_and_steps();
    let first = std::env::var("APP_DB_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(1);
    let database = TestDatabase::new().await;
    let db = database.busy_db(8).await;
    for seed in first..first + seeds {
        println!("seed {seed}: APP_DB_SEED={seed} cargo test -p tests money_machine");
        let account = database.account("A").await;
        let tenant = db.tenant(account);
        account_payment_settings::upsert(&tenant, new_settings(), 0)
            .await
            .unwrap();
        for (payee, share) in [("x", 3_333), ("y", 1_234), ("z", 1)] {
            account_payout_routes::create(&tenant, new_route(payee, share))
                .await
                .unwrap();
        }
        let workers = (0..WORKERS).map(|worker| {
            let (db, dice) = (db.clone(), Dice(seed * 1_000 + worker));
            tokio::spawn(async move { work(&db, account, dice, worker, steps).await })
        });
        for worker in futures_util::future::join_all(workers).await {
            worker.expect("no worker panics");
        }
        balanced(&tenant, seed).await;
    }
}

/// One worker: what it does may be refused for good reason, but never fails otherwise.
async fn work(db: &Db, account: AccountId, mut dice: Dice, worker: u64, steps: u64) {
    let tenant = db.tenant(account);
    for step in 0..steps {
        let outcome = Box::pin(one_step(&tenant, &mut dice, worker, step)).await;
        let expected = matches!(outcome, Ok(()) | Err(Error::Rejected(_) | Error::Conflict));
        assert!(expected, "worker {worker}, step {step}: {outcome:?}");
    }
}

async fn one_step(tenant: &Tenant, dice: &mut Dice, worker: u64, step: u64) -> Result<(), Error> {
    match dice.roll(11) {
        0 | 1 => {
            let mut new = new_payment("buyer", amount(dice, 10_000));
            new.currency = dice.pick(&CURRENCIES).unwrap().parse().unwrap();
            let id = stripe_payments::create(tenant, new).await?.id;
            stripe_payments::succeed(tenant, id, "ch_1").await?;
            payment_share_tracking::distribute(tenant, id)
                .await
                .map(drop)
        }
        2 => match any_payment(tenant, dice).await? {
            Some(payment) => {
                let total = amount(dice, payment.amount);
                stripe_payments::refund(tenant, payment.id, total)
                    .await
                    .map(drop)
            }
            None => Ok(()),
        },
        3 => match any_payment(tenant, dice).await? {
            Some(payment) => {
                let total = amount(dice, payment.amount);
                payment_share_tracking::reverse(tenant, payment.id, total)
                    .await
                    .map(drop)
            }
            None => Ok(()),
        },
        4..=6 => {
            let request = RequestPayOut {
                payee: (*dice.pick(&PAYEES).unwrap()).to_owned(),
                currency: dice.pick(&CURRENCIES).unwrap().parse().unwrap(),
                idempotency_key: format!("{worker}-{}", step / 2),
            };
            pay_out::request(tenant, request).await.map(drop)
        }
        other => match any_payout(tenant, dice).await? {
            Some(id) if other == 7 => {
                let transfer = format!("tr_{}", id.as_uuid().simple());
                pay_out::record_transfer(tenant, id, &transfer)
                    .await
                    .map(drop)
            }
            Some(id) if other == 8 => pay_out::mark_failed(tenant, id, "failed").await.map(drop),
            Some(id) if other == 9 => {
                let transfer = format!("tr_{}", id.as_uuid().simple());
                pay_out::record_reversal(tenant, id, &transfer, "reversed")
                    .await
                    .map(drop)
            }
            Some(id) => pay_out::cancel(tenant, id).await.map(drop),
            None => Ok(()),
        },
    }
}

async fn any_payment(tenant: &Tenant, dice: &mut Dice) -> Result<Option<StripePayment>, Error> {
    let page = stripe_payments::list(tenant, &ListStripePayments::default()).await?;
    Ok(dice.pick(&page.items).cloned())
}

async fn any_payout(tenant: &Tenant, dice: &mut Dice) -> Result<Option<PayOutId>, Error> {
    let page = pay_out::list(tenant, &ListPayOuts::default()).await?;
    Ok(dice.pick(&page.items).map(|payout| payout.id))
}

/// What the books say of one currency.
#[derive(Debug, Default, PartialEq)]
struct Books {
    paid: i128,
    reserved: i128,
    open: i128,
    taken_back: i128,
}

async fn balanced(tenant: &Tenant, seed: u64) {
    let all = ListStripePayments::default();
    let payments: Vec<StripePayment> = stripe_payments::stream(tenant, &all)
        .try_collect()
        .await
        .unwrap();
    let mut books: BTreeMap<String, Books> = BTreeMap::new();
    let mut expected: BTreeMap<String, (i128, i128)> = BTreeMap::new();
    let mut of_payout: BTreeMap<PayOutId, i128> = BTreeMap::new();
    for payment in &payments {
        let shares = payment_share_tracking::list_by_payment(tenant, payment.id)
            .await
            .unwrap();
        if shares.is_empty() {
            continue;
        }
        let gone = i128::from(payment.refunded) + i128::from(payment.disputed);
        let of_currency = expected.entry(payment.currency.to_string()).or_default();
        of_currency.0 += i128::from(payment.amount);
        of_currency.1 += gone;
        of_one_payment(payment.id, payment.amount, gone, &shares);
        let books = books.entry(payment.currency.to_string()).or_default();
        for share in shares {
            let payable = i128::from(share.amount) - i128::from(share.reversed);
            books.taken_back += i128::from(share.reversed) + i128::from(share.clawed_back);
            match share.status {
                ShareStatus::Paid => books.paid += payable,
                ShareStatus::Reserved => books.reserved += payable,
                ShareStatus::Open => books.open += payable,
                ShareStatus::Reversed => assert_eq!(payable, 0),
            }
            if let Some(payout) = share.pay_out_id {
                *of_payout.entry(payout).or_default() += payable;
            }
        }
    }
    for (currency, (amount, gone)) in expected {
        let books = &books[&currency];
        assert_eq!(
            books.paid + books.reserved + books.open,
            amount - gone,
            "seed {seed}, {currency}: {books:?}"
        );
        assert_eq!(books.taken_back, gone, "seed {seed}, {currency}: {books:?}");
    }
    payouts_pay_once(tenant, &of_payout, seed).await;
    let verified = payment_system_logs::verify(tenant).await.unwrap();
    assert!(
        verified.complete && verified.first_broken.is_none(),
        "seed {seed}: {verified:?}"
    );
}

fn of_one_payment(id: StripePaymentId, amount: i64, gone: i128, shares: &[PaymentShare]) {
    let of = |kind| shares.iter().filter(move |share| share.kind == kind);
    let parts: i128 = of(ShareKind::Share)
        .map(|share| i128::from(share.amount))
        .sum();
    assert_eq!(parts, i128::from(amount), "{id}: the parts are the payment");
    let clawed: i128 = of(ShareKind::Clawback)
        .map(|share| i128::from(share.amount))
        .sum();
    let noted: i128 = of(ShareKind::Share)
        .map(|share| i128::from(share.clawed_back))
        .sum();
    assert_eq!(clawed, -noted, "{id}: each clawback is noted in its share");
    let back: i128 = of(ShareKind::Share)
        .map(|s| i128::from(s.reversed) + i128::from(s.clawed_back))
        .sum();
    assert_eq!(
        back, gone,
        "{id}: what went back to the buyer was taken from the parts"
    );
}

/// Each payout that is requested or paid is the sum of its shares, and no other payout has any.
async fn payouts_pay_once(tenant: &Tenant, of_payout: &BTreeMap<PayOutId, i128>, seed: u64) {
    let mut list = ListPayOuts {
        limit: Some(500),
        ..Default::default()
    };
    let mut payouts: Vec<PayOut> = Vec::new();
    loop {
        let page = pay_out::list(tenant, &list).await.unwrap();
        payouts.extend(page.items);
        list.cursor = page.next;
        if list.cursor.is_none() {
            break;
        }
    }
    for payout in payouts {
        let shares = of_payout.get(&payout.id).copied();
        let holds = matches!(payout.status, PayOutStatus::Requested | PayOutStatus::Paid);
        let expected = holds.then(|| i128::from(payout.amount));
        // What was taken back after the payout is a share of its own, so that the sum stays what was paid.
        assert_eq!(shares, expected, "seed {seed}: {payout:?}");
    }
}
