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
    /// Of each payment.
    pub(crate) shares: i64,
}

impl Size {
    pub(crate) const USUAL: Self = Self {
        accounts: 1_000,
        payments: 500_000,
        vectors: 2_000,
        shares: 3,
    };

    /// What was loaded before a migration is of no use after it.
    fn database(self) -> String {
        let Self {
            accounts,
            payments,
            shares,
            ..
        } = self;
        let migrations = migration::Migrator::registered().len();
        format!("bench_{accounts}_{payments}_{shares}_{migrations}")
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

    /// So many payments, spread over as many accounts as there are.
    pub(crate) async fn spread_cases(&self, number: i64) -> anyhow::Result<Vec<Case>> {
        let sql = "SELECT a.id, p.id FROM (SELECT id, row_number() OVER (ORDER BY id) n, count(*) OVER () AS of FROM accounts) a,
             LATERAL (SELECT id FROM stripe_payments WHERE account_id = a.id ORDER BY id OFFSET (a.n * 7) % 8 LIMIT $2) p
             WHERE a.n % greatest(a.of / $1, 1) = 0 ORDER BY hashtext(p.id::text) LIMIT $1";
        let accounts: i64 = self
            .admin
            .query_one("SELECT count(*) FROM accounts", &[])
            .await?
            .get(0);
        let of_each = (number / accounts).max(1);
        let rows = self.admin.query(sql, &[&number, &of_each]).await?;
        let vector = std::sync::Arc::new(Vec::new());
        let case = |row: &tokio_postgres::Row| Case {
            account: row.get(0),
            payment: row.get(1),
            vector: std::sync::Arc::clone(&vector),
        };
        Ok(rows.iter().map(case).collect())
    }

    /// Drops the database.
    pub(crate) fn drop_it(self) -> anyhow::Result<()> {
        drop(self.admin);
        Ok(self.server.drop_database(&self.name)?)
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
    if !server.is_brought() && needs_other_buffers(&server)? {
        Server::stop(&folder)?;
        server = Server::persistent(&folder)?;
    }
    server.make_roles(&Passwords::default(), false)?;
    Ok(server)
}

/// Whether the server has to be started again for the buffers that PostgreSQL advises (chapter 19.4.1): a quarter of the memory,
/// but for 4 GB at most.
fn needs_other_buffers(server: &Server) -> anyhow::Result<bool> {
    const MOST: u64 = 4096;
    let Some(memory) = memory_mib() else {
        return Ok(false);
    };
    let wanted = (memory / 4).min(MOST);
    let has = "SELECT setting::bigint * 8 / 1024 FROM pg_settings WHERE name = 'shared_buffers'";
    let has: u64 = server.psql("postgres", has)?.trim().parse()?;
    if has == wanted {
        return Ok(false);
    }
    let ask = format!("ALTER SYSTEM SET shared_buffers = '{wanted}MB'");
    server.psql("postgres", &ask)?;
    Ok(true)
}

/// The memory that a program may have, where the system says it.
fn memory_mib() -> Option<u64> {
    let machine = std::fs::read_to_string("/proc/meminfo").ok()?;
    let total = machine
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let total: u64 = total.trim().strip_suffix("kB")?.trim().parse().ok()?;
    let container = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let container: Option<u64> = container.and_then(|bytes| bytes.trim().parse().ok());
    Some((total / 1024).min(container.map_or(u64::MAX, |bytes| bytes >> 20)))
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
        accounts,
        payments,
        shares,
        ..
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
         FROM stripe_payments, generate_series(1, {shares}) p;
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

/// The id of an account by its number.
pub(crate) fn account(number: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(0x7000_8000_0000_0000_0000 | number)
}

/// Round how many centres clustered vectors lie.
pub(crate) const VECTOR_CLUSTERS: i64 = 500;

/// Makes the centres.
pub(crate) async fn centres(admin: &Client) -> anyhow::Result<()> {
    let sql = format!(
        "SELECT setseed(0.5); CREATE TEMPORARY TABLE centres AS
         SELECT c, (SELECT array_agg(random() - 0.5) FROM generate_series(1, 1536) WHERE c > 0)::vector AS at
         FROM generate_series(1, {VECTOR_CLUSTERS}) c"
    );
    Ok(admin.batch_execute(&sql).await?)
}

/// Vectors of an account, numbered on from `first`, each near a centre.
pub(crate) async fn clustered(
    admin: &Client,
    account: i64,
    first: i64,
    rows: i64,
) -> anyhow::Result<()> {
    let sql = format!(
        "INSERT INTO content_embeddings (account_id, id, content_kind, content_id, chunk, model, text, embedding, metadata,
             created_at, updated_at)
         SELECT {ACCOUNT}, gen_random_uuid(), 'lesson', 'lesson-' || n, 0, 'm', 'text', at + near, '{{}}', now(), now()
         FROM (SELECT n, $1::bigint AS a, at, (SELECT array_agg((random() - 0.5) * {NEAR}) FROM generate_series(1, 1536)
             WHERE n >= 0)::vector AS near
             FROM generate_series($2::bigint, $2::bigint + $3::bigint - 1) n
             JOIN centres ON c = 1 + n * 7919 % {VECTOR_CLUSTERS}) s"
    );
    admin.execute(&sql, &[&account, &first, &rows]).await?;
    Ok(())
}

/// How far vectors lie from their centres, as a part of how far those lie from 0.
const NEAR: f64 = 0.8;

/// A vector near a centre that no row has.
pub(crate) async fn query(admin: &Client, number: u64) -> anyhow::Result<Vec<f32>> {
    let centre = i64::try_from(number)? * 13 % VECTOR_CLUSTERS + 1;
    let row = admin
        .query_one(
            "SELECT at::real[] FROM centres WHERE c = $1::bigint",
            &[&centre],
        )
        .await?;
    let at: Vec<f32> = row.get(0);
    let away = direction(9_000 + number);
    #[allow(clippy::cast_possible_truncation)]
    let near = NEAR as f32;
    Ok(at
        .iter()
        .zip(away)
        .map(|(at, away)| at + away * near)
        .collect())
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
