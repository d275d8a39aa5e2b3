//! The same on sqlx and on SeaORM, each as its documentation has it: a pool, statements that are prepared once, no ping before
//! a connection is handed out.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, SqlxPostgresConnector, Statement, TransactionTrait,
    entity::prelude::{ColumnTrait, Json},
};
use sqlx::{PgPool, Row, postgres::PgPoolOptions, postgres::PgRow};
use uuid::Uuid;

use crate::{
    cases::{Answer, Case, Op, Texts},
    hand::{Answered, Entry, Label, Payment, Total},
};

/// A pool as sqlx's documentation has it for speed.
async fn pool(url: &str, workers: usize) -> anyhow::Result<PgPool> {
    let pool = PgPoolOptions::new()
        .max_connections(u32::try_from(workers)?)
        .min_connections(u32::try_from(workers)?)
        .test_before_acquire(false);
    Ok(pool.connect(url).await?)
}

/// sqlx, without row level security.
pub(crate) struct Sqlx {
    pool: PgPool,
    get: &'static str,
    list: &'static str,
    totals: &'static str,
    update: &'static str,
    shares: &'static str,
}

impl Sqlx {
    pub(crate) async fn connect(url: &str, texts: &Texts, workers: usize) -> anyhow::Result<Self> {
        // sqlx wants texts that last; these last as long as the program.
        let text = |function, place| {
            let text = texts.of(function, place)?.to_owned();
            Ok::<&'static str, anyhow::Error>(text.leak())
        };
        Ok(Self {
            pool: pool(url, workers).await?,
            get: text("stripe_payments::get", 0)?,
            list: text("stripe_payments::list", 0)?,
            totals: text("stripe_payments::totals", 0)?,
            update: text("stripe_payments::update", 0)?,
            shares: text("payment_share_tracking::list_by_payment", 0)?,
        })
    }

    pub(crate) const fn has(op: Op) -> bool {
        matches!(op, Op::Get | Op::List | Op::Totals | Op::Transaction)
    }

    pub(crate) async fn run(&self, op: Op, case: &Case) -> anyhow::Result<Answered> {
        let Case {
            account, payment, ..
        } = case;
        let text = |sql: &'static str| sqlx::query(sql);
        let get = || text(self.get).bind(account).bind(payment).bind(1_i64);
        Ok(match op {
            Op::Get => Answer::Rows(vec![of_sqlx(&get().fetch_one(&self.pool).await?)?]),
            Op::List => {
                let rows = text(self.list)
                    .bind(account)
                    .bind(51_i64)
                    .fetch_all(&self.pool)
                    .await?;
                Answer::Rows(
                    rows.iter()
                        .take(50)
                        .map(of_sqlx)
                        .collect::<Result<_, _>>()?,
                )
            }
            Op::Totals => {
                let rows = text(self.totals)
                    .bind(account)
                    .fetch_all(&self.pool)
                    .await?;
                let total = |row: &PgRow| {
                    let sum = |place| {
                        Ok::<i128, anyhow::Error>(row.try_get::<&str, usize>(place)?.parse()?)
                    };
                    Ok(Total {
                        currency: row.try_get(0)?,
                        payments: row.try_get(1)?,
                        amount: sum(2)?,
                        fee: sum(3)?,
                        refunded: sum(4)?,
                    })
                };
                Answer::Totals(rows.iter().map(total).collect::<anyhow::Result<_>>()?)
            }
            Op::Transaction => {
                let mut open = self.pool.begin().await?;
                get().fetch_one(&mut *open).await?;
                let update = text(self.update)
                    .bind(Utc::now())
                    .bind("changed")
                    .bind(account)
                    .bind(payment);
                let changed = of_sqlx(&update.fetch_one(&mut *open).await?)?;
                text(self.shares)
                    .bind(account)
                    .bind(payment)
                    .fetch_all(&mut *open)
                    .await?;
                get().fetch_one(&mut *open).await?;
                open.commit().await?;
                Answer::Made(changed)
            }
            Op::Insert | Op::Nearest | Op::Page => anyhow::bail!("not measured"),
        })
    }
}

fn of_sqlx(row: &PgRow) -> Result<Payment, sqlx::Error> {
    let label = |place: usize| row.try_get_unchecked::<String, _>(place).map(Label);
    Ok(Payment {
        id: row.try_get(0)?,
        buyer: row.try_get(1)?,
        pay_for: label(2)?,
        pay_for_id: row.try_get(3)?,
        amount: row.try_get(4)?,
        currency: row.try_get(5)?,
        fee: row.try_get(6)?,
        refunded: row.try_get(7)?,
        disputed: row.try_get(8)?,
        status: label(9)?,
        payment_intent: row.try_get(10)?,
        charge: row.try_get(11)?,
        last_error: row.try_get(12)?,
        description: row.try_get(13)?,
        metadata: row
            .try_get::<Option<sqlx::types::Json<serde_json::Value>>, _>(14)?
            .map(|json| json.0),
        created_at: row.try_get(15)?,
        updated_at: row.try_get(16)?,
    })
}

/// The entity that a program on plain SeaORM would have.
mod payments {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveActiveEnum, EnumIter)]
    #[sea_orm(rs_type = "String", db_type = "Enum", enum_name = "pay_for")]
    pub(crate) enum PayFor {
        #[sea_orm(string_value = "course")]
        Course,
    }

    #[derive(Clone, Debug, PartialEq, Eq, DeriveActiveEnum, EnumIter)]
    #[sea_orm(rs_type = "String", db_type = "Enum", enum_name = "payment_status")]
    pub(crate) enum Status {
        #[sea_orm(string_value = "succeeded")]
        Succeeded,
        #[sea_orm(string_value = "requires_payment_method")]
        RequiresPaymentMethod,
    }

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "stripe_payments")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub account_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub buyer: String,
        pub pay_for: PayFor,
        pub pay_for_id: String,
        pub amount: i64,
        pub currency: String,
        pub fee: i64,
        pub refunded: i64,
        pub disputed: i64,
        pub status: Status,
        pub payment_intent: Option<String>,
        pub charge: Option<String>,
        pub last_error: Option<String>,
        pub description: Option<String>,
        #[sea_orm(column_type = "JsonBinary")]
        pub metadata: Option<Json>,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Plain SeaORM; with row level security, each call is a transaction that sets the account first.
pub(crate) struct Sea {
    db: DatabaseConnection,
    chain: String,
    shares: String,
    secured: bool,
}

impl Sea {
    pub(crate) async fn connect(
        url: &str,
        texts: &Texts,
        workers: usize,
        secured: bool,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            db: SqlxPostgresConnector::from_sqlx_postgres_pool(pool(url, workers).await?),
            chain: texts.of("stripe_payments::create", 1)?.to_owned(),
            shares: texts
                .of("payment_share_tracking::list_by_payment", 0)?
                .to_owned(),
            secured,
        })
    }

    pub(crate) const fn has(op: Op) -> bool {
        matches!(op, Op::Get | Op::List | Op::Insert | Op::Transaction)
    }

    pub(crate) async fn run(&self, op: Op, case: &Case) -> anyhow::Result<Answered> {
        if !self.secured && matches!(op, Op::Get | Op::List) {
            return self.read(op, case, &self.db).await;
        }
        let open: DatabaseTransaction = self.db.begin().await?;
        if self.secured {
            let account = case.account.to_string();
            let set = "SELECT set_config('app.account_id', $1, true)";
            open.execute_raw(Statement::from_sql_and_values(
                DbBackend::Postgres,
                set,
                [account.into()],
            ))
            .await?;
        }
        let answer = match op {
            Op::Get | Op::List => self.read(op, case, &open).await?,
            Op::Insert => self.insert(case, &open).await?,
            Op::Transaction => self.transaction(case, &open).await?,
            _ => anyhow::bail!("not measured"),
        };
        open.commit().await?;
        Ok(answer)
    }

    async fn read(
        &self,
        op: Op,
        case: &Case,
        db: &impl ConnectionTrait,
    ) -> anyhow::Result<Answered> {
        let rows = if op == Op::Get {
            vec![one(case, db).await?]
        } else {
            let list =
                payments::Entity::find().filter(payments::Column::AccountId.eq(case.account));
            let list = list
                .order_by_desc(payments::Column::CreatedAt)
                .order_by_desc(payments::Column::Id);
            list.limit(51).all(db).await?
        };
        Ok(Answer::Rows(
            rows.into_iter().take(50).map(Payment::from).collect(),
        ))
    }

    async fn insert(&self, case: &Case, db: &impl ConnectionTrait) -> anyhow::Result<Answered> {
        let now: DateTime<Utc> = chrono::SubsecRound::trunc_subsecs(Utc::now(), 6);
        let new = payments::ActiveModel {
            account_id: Set(case.account),
            id: Set(Uuid::now_v7()),
            buyer: Set("bench".into()),
            pay_for: Set(payments::PayFor::Course),
            pay_for_id: Set("course-1".into()),
            amount: Set(1_000),
            currency: Set("USD".into()),
            fee: Set(100),
            refunded: Set(0),
            disputed: Set(0),
            status: Set(payments::Status::RequiresPaymentMethod),
            created_at: Set(now),
            updated_at: Set(now),
            ..Default::default()
        };
        let payment = Payment::from(new.insert(db).await?);
        let entry = Entry::of(&payment);
        let (account, digest) = (case.account, entry.digest);
        let values: [sea_orm::Value; 15] = [
            account.into(),
            1_i64.into(),
            digest.clone().into(),
            1_i64.into(),
            digest.clone().into(),
            account.into(),
            account.into(),
            "info".into(),
            "stripe_payments.create".into(),
            entry.subject.into(),
            "app".into(),
            entry.data.into(),
            entry.salt.into(),
            entry.at.into(),
            digest.into(),
        ];
        db.execute_raw(Statement::from_sql_and_values(
            DbBackend::Postgres,
            &self.chain,
            values,
        ))
        .await?;
        Ok(Answer::Made(payment))
    }

    async fn transaction(
        &self,
        case: &Case,
        db: &impl ConnectionTrait,
    ) -> anyhow::Result<Answered> {
        one(case, db).await?;
        let change = payments::ActiveModel {
            account_id: sea_orm::ActiveValue::Unchanged(case.account),
            id: sea_orm::ActiveValue::Unchanged(case.payment),
            description: Set(Some("changed".into())),
            updated_at: Set(Utc::now()),
            ..Default::default()
        };
        let changed = change.update(db).await?;
        let shares = [case.account.into(), case.payment.into()];
        db.query_all_raw(Statement::from_sql_and_values(
            DbBackend::Postgres,
            &self.shares,
            shares,
        ))
        .await?;
        one(case, db).await?;
        Ok(Answer::Made(changed.into()))
    }
}

async fn one(case: &Case, db: &impl ConnectionTrait) -> anyhow::Result<payments::Model> {
    let found = payments::Entity::find_by_id((case.account, case.payment))
        .one(db)
        .await?;
    found.ok_or_else(|| anyhow::anyhow!("no such payment"))
}

impl From<payments::Model> for Payment {
    fn from(row: payments::Model) -> Self {
        let label = |label: String| Label(label);
        let metadata: Option<Json> = row.metadata;
        Self {
            id: row.id,
            buyer: row.buyer,
            pay_for: label(sea_orm::ActiveEnum::to_value(&row.pay_for)),
            pay_for_id: row.pay_for_id,
            amount: row.amount,
            currency: row.currency,
            fee: row.fee,
            refunded: row.refunded,
            disputed: row.disputed,
            status: label(sea_orm::ActiveEnum::to_value(&row.status)),
            payment_intent: row.payment_intent,
            charge: row.charge,
            last_error: row.last_error,
            description: row.description,
            metadata,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
