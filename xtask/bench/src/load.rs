//! The data: made once, kept between runs.

use anyhow::Context;
use dev_server::{Login, Passwords, Server};
use tokio_postgres::{Client, NoTls};

use crate::cases::Case;

/// How much there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) accounts: i64,
    pub(crate) payments: i64,
    /// Of the first accounts; 1,536 dimensions.
    pub(crate) vectors: i64,
}

impl Size {
    pub(crate) const USUAL: Self = Self {
        accounts: 1_000,
        payments: 500_000,
        vectors: 2_000,
    };

    fn database(self) -> String {
        format!("bench_{}_{}", self.accounts, self.payments)
    }
}

/// A loaded database.
pub(crate) struct Loaded {
    pub(crate) server: Server,
    pub(crate) name: String,
    pub(crate) admin: Client,
}

impl Loaded {
    /// The database of this size, loaded unless it is there already.
    pub(crate) async fn of(size: Size) -> anyhow::Result<Self> {
        let server = tokio::task::spawn_blocking(server).await??;
        let name = size.database();
        if !server.database_exists(&name)? {
            let making = format!("{name}_making");
            server.drop_database(&making)?;
            server.create_database(&making, None)?;
            // What is measured is the way to the server and back, not its disk.
            server.psql(
                "postgres",
                &format!("ALTER DATABASE {making} SET synchronous_commit = off"),
            )?;
            eprintln!("loading {size:?}, which is kept for the next run");
            migration::up(server.url(Login::Owner, &making)?)
                .await
                .context("the migrations")?;
            let admin = connect(&server.admin_url(&making)).await?;
            fill(&admin, size).await?;
            drop(admin);
            let admin = connect(&server.admin_url("postgres")).await?;
            admin
                .batch_execute(&format!("ALTER DATABASE {making} RENAME TO {name}"))
                .await?;
        }
        let admin = connect(&server.admin_url(&name)).await?;
        Ok(Self {
            server,
            name,
            admin,
        })
    }

    pub(crate) fn url(&self, login: Login) -> anyhow::Result<String> {
        Ok(self.server.url(login, &self.name)?)
    }

    /// The superuser's URL: row level security doesn't bind it.
    pub(crate) fn free_url(&self) -> String {
        self.server.admin_url(&self.name)
    }

    /// Some payments of each account, and a vector that none of them has.
    pub(crate) async fn cases(&self) -> anyhow::Result<Vec<Case>> {
        let rows = self
            .admin
            .query(
                "SELECT account_id, id FROM (SELECT account_id, id, row_number() OVER (PARTITION BY account_id ORDER BY id) n
                 FROM stripe_payments WHERE buyer <> 'bench') p WHERE n % 40 = 7 ORDER BY n, account_id",
                &[],
            )
            .await?;
        let vector = std::sync::Arc::new(direction(4_711));
        let case = |row: &tokio_postgres::Row| Case {
            account: row.get(0),
            payment: row.get(1),
            vector: vector.clone(),
        };
        Ok(rows.iter().map(case).collect())
    }

    /// Takes out what the measured inserts have put in.
    pub(crate) async fn tidy(&self) -> anyhow::Result<()> {
        let all = "SET session_replication_role = replica;
            DELETE FROM stripe_payments WHERE buyer = 'bench'; TRUNCATE payment_system_logs, payment_log_heads;
            RESET session_replication_role";
        self.admin.batch_execute(all).await?;
        self.admin
            .batch_execute("VACUUM ANALYZE stripe_payments")
            .await?;
        Ok(())
    }
}

/// A server of its own, which keeps its data.
fn server() -> anyhow::Result<Server> {
    let folder = folder();
    std::fs::create_dir_all(&folder)?;
    let mut server = Server::persistent(&folder)?;
    server.make_roles(&Passwords::default(), false)?;
    Ok(server)
}

fn folder() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/bench")
}

/// Drops the data, and stops the server.
pub(crate) fn forget() -> anyhow::Result<()> {
    let server = server()?;
    let names = server.psql(
        "postgres",
        "SELECT datname FROM pg_database WHERE datname LIKE 'bench_%'",
    )?;
    for name in names.lines().map(str::trim).filter(|name| !name.is_empty()) {
        server.drop_database(name)?;
    }
    Server::stop(&folder())?;
    Ok(())
}

pub(crate) async fn connect(url: &str) -> anyhow::Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// The first so many accounts have vectors.
pub(crate) const WITH_VECTORS: u32 = 20;

/// The id of an account by its number.
const ACCOUNT: &str = "('00000000-0000-7000-8000-' || lpad(to_hex(a), 12, '0'))::uuid";
const PAYMENT: &str = "('0190' || lpad(to_hex(n), 8, '0') || '70008000000000000000')::uuid";

async fn fill(admin: &Client, size: Size) -> anyhow::Result<()> {
    let Size {
        accounts, payments, ..
    } = size;
    let sql = format!(
        "SET session_replication_role = replica; SET synchronous_commit = off; SET maintenance_work_mem = '256MB';
         INSERT INTO accounts (id, name, created_at, updated_at)
         SELECT {ACCOUNT}, 'account ' || a, now(), now() FROM generate_series(1, {accounts}) a;
         INSERT INTO account_payout_routes
             (account_id, id, role, payee, connected_account, share_bp, position, active, created_at, updated_at)
         SELECT {ACCOUNT}, gen_random_uuid(), 'partner', 'payee-' || p, 'acct_' || p, 1000, p, true, now(), now()
         FROM generate_series(1, {accounts}) a, generate_series(1, 2) p;
         INSERT INTO stripe_payments (account_id, id, buyer, pay_for, pay_for_id, amount, currency, fee, refunded, disputed,
             status, payment_intent, charge, created_at, updated_at)
         SELECT {ACCOUNT}, {PAYMENT}, 'buyer-' || n % 997, 'course', 'course-' || n % 13, 1000 + n % 9000,
             (ARRAY['USD', 'EUR', 'JPY'])[1 + n / 7 % 3], 100, 0, 0, 'succeeded', 'pi_' || n, 'ch_' || n,
             timestamptz '2026-01-01' + n * interval '1 second', timestamptz '2026-01-01' + n * interval '1 second'
         FROM (SELECT n, 1 + n % {accounts} AS a FROM generate_series(1, {payments}::bigint) n) s;
         INSERT INTO payment_share_tracking (account_id, id, payment_id, kind, role, payee, currency, amount, reversed,
             clawed_back, status, created_at, updated_at)
         SELECT account_id, gen_random_uuid(), id, 'share', 'partner', 'payee-' || p, currency, amount / 3, 0, 0, 'open',
             created_at, created_at
         FROM stripe_payments, generate_series(1, 3) p;
         RESET session_replication_role;"
    );
    admin.batch_execute(&sql).await.context("the rows")?;
    vectors(admin, size).await.context("the vectors")?;
    admin.batch_execute("VACUUM ANALYZE").await?;
    Ok(())
}

async fn vectors(admin: &Client, size: Size) -> anyhow::Result<()> {
    let insert = format!(
        "INSERT INTO content_embeddings (account_id, id, content_kind, content_id, chunk, model, text, embedding, metadata,
             created_at, updated_at)
         SELECT {ACCOUNT}, gen_random_uuid(), 'lesson', 'lesson-' || $1::bigint, 0, 'm', 'text', $2::text::vector, '{{}}',
             now(), now()
         FROM (SELECT 1 + ($1::bigint % {}) AS a) s",
        size.accounts.min(WITH_VECTORS.into())
    );
    let insert = admin.prepare(&insert).await?;
    for number in 0..size.vectors {
        let vector = direction(u64::try_from(number)?);
        let vector: Vec<String> = vector.iter().map(f32::to_string).collect();
        let vector = format!("[{}]", vector.join(","));
        admin.execute(&insert, &[&number, &vector]).await?;
    }
    Ok(())
}

/// 1,536 numbers that depend on the seed alone.
fn direction(seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        #[allow(clippy::cast_precision_loss)]
        let number = (state >> 40) as f32 / 16_777_216.0;
        number - 0.5
    };
    (0..1_536).map(|_| next()).collect()
}
