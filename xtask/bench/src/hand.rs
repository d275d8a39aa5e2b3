//! The same statements by hand, on tokio-postgres: prepared once per connection, a connection per worker, no pool.

use std::error::Error;

use bytes::{BufMut, BytesMut};
use chrono::{DateTime, SubsecRound, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio_postgres::{
    Client, Row, Statement,
    types::{FromSql, IsNull, ToSql, Type, to_sql_checked},
};
use uuid::Uuid;

use crate::{
    cases::{Answer, Case, Op, Texts},
    load::connect,
};

/// A label of an enum, of whatever type.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Label(pub(crate) String);

impl<'a> FromSql<'a> for Label {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(std::str::from_utf8(raw)?.to_owned()))
    }
    fn accepts(_: &Type) -> bool {
        true
    }
}

impl ToSql for Label {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.put_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }
    fn accepts(_: &Type) -> bool {
        true
    }
    to_sql_checked!();
}

#[derive(Debug)]
struct Numbers<'v>(&'v [f32]);

impl ToSql for Numbers<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.put_u16(u16::try_from(self.0.len())?);
        out.put_u16(0);
        self.0.iter().for_each(|number| out.put_f32(*number));
        Ok(IsNull::No)
    }
    fn accepts(ty: &Type) -> bool {
        ty.name() == "vector"
    }
    to_sql_checked!();
}

/// A payment, as a program without `access` would declare it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Payment {
    pub(crate) id: Uuid,
    pub(crate) buyer: String,
    pub(crate) pay_for: Label,
    pub(crate) pay_for_id: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) fee: i64,
    pub(crate) refunded: i64,
    pub(crate) disputed: i64,
    pub(crate) status: Label,
    pub(crate) payment_intent: Option<String>,
    pub(crate) charge: Option<String>,
    pub(crate) last_error: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) metadata: Option<Value>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

impl Payment {
    fn of(row: &Row) -> Self {
        Self {
            id: row.get(0),
            buyer: row.get(1),
            pay_for: row.get(2),
            pay_for_id: row.get(3),
            amount: row.get(4),
            currency: row.get(5),
            fee: row.get(6),
            refunded: row.get(7),
            disputed: row.get(8),
            status: row.get(9),
            payment_intent: row.get(10),
            charge: row.get(11),
            last_error: row.get(12),
            description: row.get(13),
            metadata: row.get(14),
            created_at: row.get(15),
            updated_at: row.get(16),
        }
    }
}

/// A payout, a share or a route, of which a page reads what it shows.
fn small(row: &Row) -> (Uuid, DateTime<Utc>) {
    (row.get(0), row.get(row.len() - 1))
}

/// Sums of one currency.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Total {
    pub(crate) currency: String,
    pub(crate) payments: i64,
    pub(crate) amount: i128,
    pub(crate) fee: i128,
    pub(crate) refunded: i128,
}

/// A connection, and what is prepared on it.
struct Hand {
    client: Client,
    context: Statement,
    get: Statement,
    list: Statement,
    totals: Statement,
    insert: Statement,
    chain: Statement,
    update: Statement,
    payouts: Statement,
    shares: Statement,
    settings: Statement,
    routes: Statement,
    nearest: Statement,
}

/// One worker's connection each; with row level security, each call is BEGIN, the account, the statement and COMMIT.
pub(crate) struct Hands {
    workers: Vec<Hand>,
    secured: bool,
}

pub(crate) type Answered = Answer<Payment, Total>;

impl Hands {
    pub(crate) async fn connect(
        url: &str,
        texts: &Texts,
        workers: usize,
        secured: bool,
    ) -> anyhow::Result<Self> {
        let mut all = Vec::new();
        for _ in 0..workers {
            all.push(Hand::connect(url, texts).await?);
        }
        Ok(Self {
            workers: all,
            secured,
        })
    }

    pub(crate) async fn run(&self, op: Op, worker: usize, case: &Case) -> anyhow::Result<Answered> {
        let hand = self
            .workers
            .get(worker)
            .ok_or_else(|| anyhow::anyhow!("no such worker"))?;
        let whole = self.secured || matches!(op, Op::Insert | Op::Transaction | Op::Nearest);
        if op == Op::Page && self.secured {
            return hand.secured_page(case).await;
        }
        if whole {
            hand.client.batch_execute("BEGIN").await?;
        }
        if self.secured {
            hand.client
                .query(&hand.context, &[&case.account.to_string()])
                .await?;
        }
        let answer = hand.run(op, case).await?;
        if whole {
            hand.client.batch_execute("COMMIT").await?;
        }
        Ok(answer)
    }

    /// The five reads of a page in one flight, as tokio-postgres can too; without row level security.
    pub(crate) async fn joined_page(&self, worker: usize, case: &Case) -> anyhow::Result<Answered> {
        let hand = self
            .workers
            .get(worker)
            .ok_or_else(|| anyhow::anyhow!("no such worker"))?;
        let Case {
            account, payment, ..
        } = case;
        let whole: [&(dyn ToSql + Sync); 3] = [account, payment, &1_i64];
        let one: [&(dyn ToSql + Sync); 2] = [account, &1_i64];
        let last: [&(dyn ToSql + Sync); 2] = [account, &51_i64];
        let (payment, payouts, shares, settings, routes) = futures_util::try_join!(
            hand.client.query_one(&hand.get, &whole),
            hand.client.query(&hand.payouts, &last),
            hand.client.query(&hand.shares, &whole[..2]),
            hand.client.query(&hand.settings, &one),
            hand.client.query(&hand.routes, &one[..1]),
        )?;
        Ok(page(&payment, &payouts, &shares, &settings, &routes))
    }
}

fn page(
    payment: &Row,
    payouts: &[Row],
    shares: &[Row],
    settings: &[Row],
    routes: &[Row],
) -> Answered {
    let read = |rows: &[Row]| rows.iter().map(small).collect::<Vec<_>>().len();
    let rows = [read(payouts), read(shares), settings.len(), read(routes)];
    Answer::Page(Payment::of(payment), rows)
}

impl Hand {
    async fn connect(url: &str, texts: &Texts) -> anyhow::Result<Self> {
        let client = connect(url).await?;
        let prepare = async |function: &str, place| {
            let text = texts.of(function, place)?;
            Ok::<_, anyhow::Error>(client.prepare(text).await?)
        };
        Ok(Self {
            context: client
                .prepare("SELECT set_config('app.account_id', $1, true)")
                .await?,
            get: prepare("stripe_payments::get", 0).await?,
            list: prepare("stripe_payments::list", 0).await?,
            totals: prepare("stripe_payments::totals", 0).await?,
            insert: prepare("stripe_payments::create", 0).await?,
            chain: prepare("stripe_payments::create", 1).await?,
            update: prepare("stripe_payments::update", 0).await?,
            payouts: prepare("pay_out::list", 0).await?,
            shares: prepare("payment_share_tracking::list_by_payment", 0).await?,
            settings: prepare("account_payment_settings::get", 0).await?,
            routes: prepare("account_payout_routes::list", 1).await?,
            nearest: prepare("content_embeddings::nearest", 0).await?,
            client,
        })
    }

    async fn run(&self, op: Op, case: &Case) -> anyhow::Result<Answered> {
        let (client, account, payment) = (&self.client, &case.account, &case.payment);
        let get = async || {
            client
                .query_one(&self.get, &[account, payment, &1_i64])
                .await
        };
        Ok(match op {
            Op::Get => Answer::Rows(vec![Payment::of(&get().await?)]),
            Op::List => {
                let rows = client.query(&self.list, &[account, &51_i64]).await?;
                Answer::Rows(rows.iter().take(50).map(Payment::of).collect())
            }
            Op::Totals => {
                let rows = client.query(&self.totals, &[account]).await?;
                let total = |row: &Row| {
                    let sum = |place| row.get::<_, &str>(place).parse::<i128>();
                    Ok(Total {
                        currency: row.get(0),
                        payments: row.get(1),
                        amount: sum(2)?,
                        fee: sum(3)?,
                        refunded: sum(4)?,
                    })
                };
                Answer::Totals(rows.iter().map(total).collect::<anyhow::Result<_>>()?)
            }
            Op::Insert => self.insert(case).await?,
            Op::Transaction => {
                get().await?;
                let text = Some("changed");
                let changed = client
                    .query_one(&self.update, &[&Utc::now(), &text, account, payment])
                    .await?;
                let changed = Payment::of(&changed);
                let shares = client.query(&self.shares, &[account, payment]).await?;
                std::hint::black_box(shares.iter().map(small).count());
                get().await?;
                Answer::Made(changed)
            }
            Op::Nearest => self.nearest(case).await?,
            Op::Page => {
                let payment = get().await?;
                let payouts = client.query(&self.payouts, &[account, &51_i64]).await?;
                let shares = client
                    .query(&self.shares, &[account, &case.payment])
                    .await?;
                let settings = client.query(&self.settings, &[account, &1_i64]).await?;
                let routes = client.query(&self.routes, &[account]).await?;
                page(&payment, &payouts, &shares, &settings, &routes)
            }
        })
    }

    async fn secured_page(&self, case: &Case) -> anyhow::Result<Answered> {
        // One transaction for all five is less than one each, and what a program by hand would do.
        self.client.batch_execute("BEGIN").await?;
        self.client
            .query(&self.context, &[&case.account.to_string()])
            .await?;
        let answer = self.run(Op::Page, case).await?;
        self.client.batch_execute("COMMIT").await?;
        Ok(answer)
    }

    async fn insert(&self, case: &Case) -> anyhow::Result<Answered> {
        let (account, now, none) = (&case.account, Utc::now().trunc_subsecs(6), None::<&str>);
        let (pay_for, status) = (
            Label("course".into()),
            Label("requires_payment_method".into()),
        );
        let row = self
            .client
            .query_one(
                &self.insert,
                &[
                    account,
                    &Uuid::now_v7(),
                    &now,
                    &now,
                    &"bench",
                    &pay_for,
                    &"course-1",
                    &1_000_i64,
                    &"USD",
                    &100_i64,
                    &none,
                    &none,
                    &None::<Value>,
                    &status,
                    &0_i64,
                    &0_i64,
                ],
            )
            .await?;
        let payment = Payment::of(&row);
        let entry = Entry::of(&payment);
        let level = Label("info".into());
        self.client
            .execute(
                &self.chain,
                &[
                    account,
                    &1_i64,
                    &entry.digest,
                    &1_i64,
                    &entry.digest,
                    account,
                    account,
                    &level,
                    &"stripe_payments.create",
                    &entry.subject,
                    &"app",
                    &entry.data,
                    &entry.salt,
                    &entry.at,
                    &entry.digest,
                ],
            )
            .await?;
        Ok(Answer::Made(payment))
    }

    async fn nearest(&self, case: &Case) -> anyhow::Result<Answered> {
        let settings =
            "SET LOCAL hnsw.ef_search = 200; SET LOCAL hnsw.iterative_scan = 'relaxed_order';
            SET LOCAL hnsw.max_scan_tuples = 20000; SET LOCAL hnsw.scan_mem_multiplier = 4;
            SET LOCAL plan_cache_mode = 'force_custom_plan'";
        self.client.batch_execute(settings).await?;
        let (account, to) = (&case.account, Numbers(&case.vector));
        let rows = self
            .client
            .query(
                &self.nearest,
                &[
                    &10_000_i64,
                    account,
                    &10_001_i64,
                    &to,
                    account,
                    &10_i64,
                    &to,
                    account,
                    &10_i64,
                    account,
                ],
            )
            .await?;
        Ok(Answer::Nearest(rows.iter().map(|row| row.get(0)).collect()))
    }
}

/// The entry of the audit log that `access` writes with a new payment.
pub(crate) struct Entry {
    pub(crate) subject: String,
    pub(crate) data: Value,
    pub(crate) salt: Vec<u8>,
    pub(crate) at: DateTime<Utc>,
    pub(crate) digest: Vec<u8>,
}

impl Entry {
    pub(crate) fn of(payment: &Payment) -> Self {
        let data = json!({
            "status": payment.status, "amount": payment.amount, "fee": payment.fee, "refunded": payment.refunded,
            "disputed": payment.disputed, "currency": payment.currency,
        });
        let subject = format!("stripe_payments/{}", payment.id);
        let (salt, at) = (Uuid::new_v4().into_bytes(), Utc::now().trunc_subsecs(6));
        let texts = ["stripe_payments.create", subject.as_str(), "app"];
        let mut hash = Sha256::new();
        hash.update(json!(["info", texts, at.timestamp_micros(), data]).to_string());
        hash.update(salt);
        Self {
            digest: hash.finalize().to_vec(),
            subject,
            data,
            salt: salt.into(),
            at,
        }
    }
}
