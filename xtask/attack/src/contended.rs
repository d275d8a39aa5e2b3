//! Accounts that many clients work on at once. What a single call answers depends on the others; what all of them come to
//! doesn't.

use std::{
    sync::{Arc, Mutex},
    time::Instant,
};

use access::{
    AccountId, Error, PurchaseCode, Reason, Tenant, Transaction,
    account_payment_settings::{self, NewPaymentSettings, PayoutSchedule},
    accounts::NewAccount,
    pay_out::{self, RequestPayOut},
    payment_share_tracking,
    ppu::{self, IssueCodes, ListPpu, RedeemCode},
    stripe_payments::{self, NewStripePayment, PayFor},
    system,
};

use crate::{
    client::Client,
    fault::{Ending, Fault, under},
    judge::{Stop, explained, is_definite},
    moves::believed,
    problem::{Class, Problem},
    tag,
    world::{World, locked},
};

/// How often each code can be redeemed.
const REDEMPTIONS: i64 = 10;
/// After so many claims, an account is given up for a new one.
const MOST: u64 = 2_000;

const KEYS: &str = "SELECT idempotency_key FROM ppu_redemptions WHERE account_id = $1
    UNION ALL SELECT idempotency_key FROM pay_out WHERE account_id = $1";

/// Laws of an account's books, each as a count of what breaks it.
const LAWS: [(&str, &str); 4] = [
    (
        "a code was redeemed as often as there are redemptions, and not more often than it may be",
        "SELECT count(*) FROM ppu p WHERE account_id = $1 AND (redeemed > max_redemptions OR redeemed <>
         (SELECT count(*) FROM ppu_redemptions r WHERE (r.account_id, r.ppu_id) = (p.account_id, p.id)))",
    ),
    (
        "a payout is the sum of its shares",
        "SELECT count(*) FROM pay_out p WHERE account_id = $1 AND amount <>
         (SELECT coalesce(sum(amount - reversed), 0) FROM payment_share_tracking s
          WHERE (s.account_id, s.pay_out_id) = (p.account_id, p.id))",
    ),
    (
        "the parts of a payment are the payment",
        "SELECT count(*) FROM stripe_payments p WHERE account_id = $1 AND amount <>
         (SELECT coalesce(sum(amount), 0) FROM payment_share_tracking s
          WHERE (s.account_id, s.payment_id) = (p.account_id, p.id))",
    ),
    (
        "the log has no gap",
        "SELECT coalesce(max(seq), 0) - count(*) FROM payment_system_logs WHERE account_id = $1",
    ),
];

/// An account of many clients.
#[derive(Default)]
pub(crate) struct Shared(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    account: Option<AccountId>,
    code: Option<PurchaseCode>,
    claims: Vec<Claim>,
    /// How many there were in all.
    claimed: u64,
}

/// What was said of a request, by its key.
struct Claim {
    key: String,
    saved: Option<bool>,
}

impl Shared {
    fn account(&self) -> Option<AccountId> {
        locked(&self.0).account
    }

    fn claim(&self, key: String, saved: Option<bool>) {
        let mut inner = locked(&self.0);
        inner.claims.push(Claim { key, saved });
        inner.claimed += 1;
    }

    /// Makes the account anew.
    pub(crate) async fn open(&self, world: &World) -> anyhow::Result<()> {
        let scope = world.scope().map_err(|error| anyhow::anyhow!("{error}"))?;
        let new = NewAccount {
            name: "shared".into(),
        };
        let account = system::create_account(&scope, new).await?;
        let account = believed(account.id)?;
        let settings = NewPaymentSettings {
            default_currency: "USD".parse()?,
            schedule: PayoutSchedule::Manual,
            minimum_payout: 0,
            fee_bp: 0,
            statement_descriptor: None,
            connected_account: Some(format!("acct_{}", tag::of(account))),
        };
        account_payment_settings::upsert(&world.db.tenant(account), settings, 0).await?;
        *locked(&self.0) = Inner {
            account: Some(account),
            ..Inner::default()
        };
        Ok(())
    }

    /// Holds what was said against what is there. Whoever calls holds the gate for writing.
    pub(crate) async fn audit(&self, world: &World) -> Result<Option<AccountId>, Stop> {
        let (account, claims, claimed) = {
            let mut inner = locked(&self.0);
            (
                inner.account,
                std::mem::take(&mut inner.claims),
                inner.claimed,
            )
        };
        let Some(account) = account else {
            return Ok(None);
        };
        let own = tag::of(account);
        let keys = world.admin.texts(KEYS, account).await?;
        for claim in claims {
            let there = keys.contains(&claim.key);
            if claim.saved.is_some_and(|saved| saved != there) {
                let class = if there {
                    Class::FalseFailures
                } else {
                    Class::LostWrites
                };
                let said = format!("{}: saved: {:?}", claim.key, claim.saved);
                return Err(Problem::new(class, &said, &format!("there: {there}"), &own).into());
            }
        }
        for (law, sql) in LAWS {
            let broken = world.admin.count(sql, account).await?;
            if broken != 0 {
                let got = format!("not in {broken} cases");
                return Err(Problem::new(Class::WrongAnswers, law, &got, &own).into());
            }
        }
        if claimed > MOST {
            world.admin.remove(account).await?;
            self.open(world).await?;
        }
        Ok(self.account())
    }
}

impl Client {
    /// One call that others make at the same time.
    pub(crate) async fn contend(&mut self, fault: Option<Fault>) -> Result<(), Stop> {
        let world = Arc::clone(&self.world);
        let _gate = world.gate.read().await;
        let Some(shared) = self.dice.pick(&world.shared) else {
            return Ok(());
        };
        let account = shared.account();
        let account = account.ok_or_else(|| anyhow::anyhow!("there is no shared account"))?;
        let tenant = Fault::db(fault, &world).tenant(account);
        let key = format!("{}-{}", self.number, self.done);
        let begun = Instant::now();
        let (name, claimed, ending) = match self.dice.roll(8) {
            0..4 => {
                let code = locked(&shared.0).code;
                let Some(code) = code else {
                    world.counts.kind("shared: ppu::issue_many");
                    let issued = under(&world, account, fault, issued(&tenant, &key)).await?;
                    return match issued {
                        Ending::Done(Ok(code)) => {
                            locked(&shared.0).code = code;
                            Ok(())
                        }
                        Ending::Done(Err(error)) => {
                            on_the_way(&world, fault, begun, &error, account)
                        }
                        Ending::Dropped | Ending::Panicked => Ok(()),
                    };
                };
                let redeem = RedeemCode {
                    code,
                    redeemer: "buyer".into(),
                    idempotency_key: key.clone(),
                };
                let redeemed = async { ppu::redeem(&tenant, redeem).await.map(drop) };
                let ending = under(&world, account, fault, redeemed).await?;
                if matches!(
                    ending,
                    Ending::Done(Err(Error::Rejected(Reason::CodeExhausted)))
                ) {
                    locked(&shared.0).code.take_if(|known| *known == code);
                }
                ("shared: ppu::redeem", true, ending)
            }
            4 | 5 => {
                let amount = self.dice.between(1, 500);
                let earned = under(&world, account, fault, earned(tenant, amount)).await?;
                ("shared: payment_share_tracking::distribute", false, earned)
            }
            _ => {
                let request = RequestPayOut {
                    payee: "creator".into(),
                    currency: "USD".parse().map_err(|_| anyhow::anyhow!("no currency"))?,
                    idempotency_key: key.clone(),
                };
                let requested = async { pay_out::request(&tenant, request).await.map(drop) };
                let ending = under(&world, account, fault, requested).await?;
                ("shared: pay_out::request", true, ending)
            }
        };
        world.counts.kind(name);
        let saved = match &ending {
            Ending::Done(Ok(())) => Some(true),
            Ending::Done(Err(Error::CommitUnknown)) | Ending::Dropped => None,
            Ending::Done(Err(_)) | Ending::Panicked => Some(false),
        };
        if claimed {
            shared.claim(key, saved);
        }
        match ending {
            Ending::Done(Err(Error::Rejected(
                Reason::CodeExhausted | Reason::InsufficientShares,
            ))) => Ok(()),
            Ending::Done(Err(error)) => on_the_way(&world, fault, begun, &error, account),
            _ => Ok(()),
        }
    }
}

fn on_the_way(
    world: &World,
    fault: Option<Fault>,
    begun: Instant,
    error: &Error,
    account: AccountId,
) -> Result<(), Stop> {
    let own = tag::of(account);
    if is_definite(error) {
        let got = format!("{error:?}");
        return Err(Problem::new(Class::WrongAnswers, "an answer", &got, &own).into());
    }
    Ok(explained(world, fault, begun, error, &own)?)
}

/// A new code, as soon as it can be read.
async fn issued(tenant: &Tenant, batch: &str) -> Result<Option<PurchaseCode>, Error> {
    let issue = IssueCodes {
        batch: batch.to_owned(),
        count: 1,
        pay_for: PayFor::Course,
        pay_for_id: "course".into(),
        max_redemptions: REDEMPTIONS,
        expires_at: None,
    };
    ppu::issue_many(tenant, issue).await?;
    let list = ListPpu {
        batch: Some(batch.to_owned()),
        ..ListPpu::default()
    };
    let codes = ppu::list(tenant, &list).await?;
    Ok(codes.items.first().map(|code| code.code))
}

/// A payment that has succeeded and is split, all or nothing.
async fn earned(mut tenant: Tenant, amount: i64) -> Result<(), Error> {
    let currency = "USD".parse().map_err(|_| Error::Internal)?;
    tenant
        .transaction(async move |tx: &mut Transaction<'_>| {
            let new = NewStripePayment {
                buyer: "buyer".into(),
                pay_for: PayFor::Course,
                pay_for_id: "course".into(),
                amount,
                currency,
                fee: 0,
                payment_intent: None,
                description: None,
                metadata: None,
            };
            let payment = stripe_payments::create(tx, new).await?;
            stripe_payments::succeed(tx, payment.id, "ch_shared").await?;
            payment_share_tracking::distribute(tx, payment.id).await?;
            Ok(())
        })
        .await
}
