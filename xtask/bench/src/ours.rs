//! The access functions.

use access::{
    AccountId, Config, Currency, Db, Embedding, Error, Patch, StripePaymentId, Tenant,
    account_payment_settings, account_payout_routes,
    content_embeddings::{self, FindNearest},
    pay_out::{self, ListPayOuts},
    payment_share_tracking,
    stripe_payments::{
        self, CurrencyTotal, ListStripePayments, NewStripePayment, PayFor, StripePayment,
        StripePaymentPatch,
    },
};

use crate::cases::{Answer, Case, Op};

pub(crate) struct Ours {
    db: Db,
}

pub(crate) type Answered = Answer<StripePayment, CurrencyTotal>;

impl Ours {
    pub(crate) async fn connect(url: &str, workers: usize, fast: bool) -> anyhow::Result<Self> {
        let config = Config::from_url(url)?.pool_size(workers).fast_form(fast);
        let db = Db::connect(config).await?;
        Ok(Self { db })
    }

    pub(crate) async fn run(&self, op: Op, case: &Case) -> anyhow::Result<Answered> {
        let mut tenant = self.db.tenant(AccountId::from_authenticated(case.account)?);
        let id = StripePaymentId::from_uuid(case.payment);
        Ok(match op {
            Op::Get => Answer::Rows(vec![stripe_payments::get(&tenant, id).await?]),
            Op::List => {
                let list = ListStripePayments::default();
                Answer::Rows(stripe_payments::list(&tenant, &list).await?.items)
            }
            Op::Totals => {
                let list = ListStripePayments::default();
                Answer::Totals(stripe_payments::totals(&tenant, &list).await?)
            }
            Op::Insert => {
                let new = NewStripePayment {
                    buyer: "bench".into(),
                    pay_for: PayFor::Course,
                    pay_for_id: "course-1".into(),
                    amount: 1_000,
                    currency: "USD".parse::<Currency>()?,
                    fee: 100,
                    payment_intent: None,
                    description: None,
                    metadata: None,
                };
                Answer::Made(stripe_payments::create(&tenant, new).await?)
            }
            Op::Transaction => {
                let transaction = tenant.begin().await?;
                stripe_payments::get(&transaction, id).await?;
                let patch = StripePaymentPatch {
                    description: Patch::Set(Some("changed".into())),
                    ..Default::default()
                };
                let changed = stripe_payments::update(&transaction, id, patch).await?;
                payment_share_tracking::list_by_payment(&transaction, id).await?;
                let last = async |last: &Tenant| stripe_payments::get(last, id).await;
                transaction.commit_with(last).await??;
                Answer::Made(changed)
            }
            Op::Nearest => {
                let find = FindNearest {
                    embedding: Embedding::new(case.vector.to_vec())?,
                    metric: Default::default(),
                    k: 10,
                    content_kind: None,
                    model: None,
                    metadata: None,
                    min_similarity: None,
                };
                let found = content_embeddings::nearest(&tenant, find).await?;
                Answer::Nearest(found.iter().map(|found| found.id.as_uuid()).collect())
            }
            Op::Page => {
                let payouts = ListPayOuts::default();
                let (payment, payouts, shares, settings, routes) = tenant
                    .batch((
                        stripe_payments::get(&tenant, id),
                        pay_out::list(&tenant, &payouts),
                        payment_share_tracking::list_by_payment(&tenant, id),
                        account_payment_settings::get(&tenant),
                        account_payout_routes::list(&tenant, false),
                    ))
                    .await;
                // No row of its own: the settings are the defaults.
                let settings = usize::from(settings?.version > 0);
                let shares = shares?.len();
                Answer::Page(
                    payment?,
                    [payouts?.items.len(), shares, settings, routes?.len()],
                )
            }
        })
    }
}

/// Whether the account's audit log is whole, after everybody has written to it.
pub(crate) async fn verify(url: &str, account: uuid::Uuid) -> Result<(), anyhow::Error> {
    let db = Db::connect(Config::from_url(url)?).await?;
    let tenant = db.tenant(AccountId::from_authenticated(account)?);
    let verified: Result<_, Error> = access::payment_system_logs::verify(&tenant).await;
    verified?;
    Ok(())
}
