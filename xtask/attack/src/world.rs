//! The server that the attack has for itself, what connects to it, and what all clients share.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use access::{
    AccountAgentId, AccountId, Config, Db, Error, PurchaseCode,
    account_agents::InvitationToken,
    system::{SystemDb, SystemScope},
    webhook::WebhookSecrets,
};
use anyhow::{Context, bail};
use dev_server::{Login, PrivateServer, Wanted};
use fault_proxy::Proxy;
use tokio::sync::RwLock;
use uuid::Uuid;

use crate::{
    admin::Admin, call::told::SECRET, contended::Shared, dice::Dice, model::Model, problem::Problem,
};

/// The database that is attacked.
const DATABASE: &str = "attack";
/// For how long a fault explains what fails.
const AFTERMATH: Duration = Duration::from_secs(5);

pub(crate) struct World {
    server: Mutex<PrivateServer>,
    pub(crate) proxy: Proxy,
    /// As an application connects.
    pub(crate) db: Db,
    /// Two connections, and nobody waits long for one.
    pub(crate) cramped: Db,
    /// Nobody waits long for a lock.
    pub(crate) impatient: Db,
    pub(crate) system: SystemDb,
    pub(crate) admin: Admin,
    /// Held for reading by whoever is at work, for writing by whoever wants everything to rest.
    pub(crate) gate: RwLock<()>,
    /// Row level security is off: the guard alone has to hold.
    pub(crate) guard_alone: bool,
    pub(crate) bait: Bait,
    pub(crate) slots: Vec<Slot>,
    pub(crate) shared: Vec<Shared>,
    pub(crate) counts: Counts,
    invitations: Mutex<HashMap<(AccountId, AccountAgentId), InvitationToken>>,
    disturbed: Mutex<Option<Instant>>,
    problems: Mutex<Vec<Problem>>,
    stopped: AtomicBool,
}

/// What one client's account should be.
pub(crate) struct Slot(Mutex<Option<State>>);

/// The account as it is; and as it is instead, when that has to be read first.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) model: Arc<Model>,
    pub(crate) instead: Option<Arc<Model>>,
}

/// How often what was done.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) operations: AtomicU64,
    kinds: Mutex<BTreeMap<&'static str, u64>>,
    faults: Mutex<BTreeMap<&'static str, u64>>,
    outcomes: Mutex<BTreeMap<&'static str, u64>>,
}

impl Counts {
    pub(crate) fn kind(&self, name: &'static str) {
        *locked(&self.kinds).entry(name).or_default() += 1;
    }

    pub(crate) fn fault(&self, name: &'static str) {
        *locked(&self.faults).entry(name).or_default() += 1;
    }

    pub(crate) fn faults_so_far(&self) -> u64 {
        locked(&self.faults).values().sum()
    }

    pub(crate) fn outcome(&self, name: &'static str) {
        *locked(&self.outcomes).entry(name).or_default() += 1;
    }

    pub(crate) fn all(&self) -> [BTreeMap<&'static str, u64>; 3] {
        [&self.kinds, &self.faults, &self.outcomes].map(|counts| locked(counts).clone())
    }
}

impl World {
    pub(crate) async fn new(clients: usize, guard_alone: bool) -> anyhow::Result<Arc<Self>> {
        let server = tokio::task::spawn_blocking(start).await??;
        let port = server.port();
        let owner = server.url(Login::Owner, DATABASE)?;
        migration::up(owner).await.context("the migrations")?;
        let proxy = Proxy::before(port).await?;
        let long = Duration::from_secs(60);
        let config = |login, size| -> anyhow::Result<Config> {
            let url = proxy.url(&server.url(login, DATABASE)?, port);
            let config = Config::from_url(&url)?.pool_size(size);
            let config = config.acquire_timeout(long).statement_timeout(long);
            Ok(config
                .lock_timeout(long)
                .connect_timeout(Duration::from_secs(10)))
        };
        let moment = Duration::from_millis(80);
        let db = Db::connect(config(Login::App, (clients / 4).clamp(4, 24))?).await?;
        let cramped = config(Login::App, 2)?.acquire_timeout(moment);
        let cramped = Db::connect(cramped).await?;
        let impatient = config(Login::App, 2)?.lock_timeout(moment);
        let impatient = Db::connect(impatient).await?;
        let system = SystemDb::connect(config(Login::System, 4)?).await?;
        let system = system.webhook_secrets(WebhookSecrets::new([SECRET]));
        let admin = Admin::new(server.admin_url(DATABASE));
        if guard_alone {
            admin.without_row_level_security().await?;
        }
        Ok(Arc::new(Self {
            server: Mutex::new(server),
            proxy,
            db,
            cramped,
            impatient,
            system,
            admin,
            gate: RwLock::new(()),
            guard_alone,
            bait: Bait::default(),
            slots: (0..clients).map(|_| Slot(Mutex::default())).collect(),
            shared: (0..(clients / 16).clamp(1, 8))
                .map(|_| Shared::default())
                .collect(),
            counts: Counts::default(),
            invitations: Mutex::default(),
            disturbed: Mutex::default(),
            problems: Mutex::default(),
            stopped: AtomicBool::new(false),
        }))
    }

    pub(crate) fn scope(&self) -> Result<SystemScope, Error> {
        self.system.scope("attack", "to see what holds")
    }

    pub(crate) fn invite(&self, account: AccountId, agent: AccountAgentId, token: InvitationToken) {
        locked(&self.invitations).insert((account, agent), token);
    }

    /// The invitation that the account has made, if it came to anybody.
    pub(crate) fn invited(
        &self,
        account: AccountId,
        agent: AccountAgentId,
    ) -> Option<InvitationToken> {
        locked(&self.invitations).get(&(account, agent)).copied()
    }

    pub(crate) fn forget(&self, account: AccountId) {
        locked(&self.invitations).retain(|(of, _), _| *of != account);
    }

    /// Another client's account.
    pub(crate) fn some_other(&self, than: AccountId, dice: &mut Dice) -> Option<AccountId> {
        let slot = dice.pick(&self.slots)?;
        let account = slot.state()?.model.id;
        (account != than).then_some(account)
    }

    /// From now on, and for a while, others may fail.
    pub(crate) fn disturb(&self) {
        *locked(&self.disturbed) = Some(Instant::now());
    }

    /// Whether a fault explains that something failed which began then.
    pub(crate) fn was_disturbed_since(&self, begun: Instant) -> bool {
        locked(&self.disturbed).is_some_and(|at| at + AFTERMATH >= begun)
    }

    pub(crate) fn report(&self, problem: Problem) {
        locked(&self.problems).push(problem);
        self.stopped.store(true, Ordering::SeqCst);
    }

    pub(crate) fn problems(&self) -> Vec<Problem> {
        locked(&self.problems).clone()
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// Kills the server as a crash would, and starts it again.
    pub(crate) async fn kill_and_restart(self: &Arc<Self>) -> anyhow::Result<()> {
        self.disturb();
        let world = Arc::clone(self);
        let restarted = tokio::task::spawn_blocking(move || -> anyhow::Result<_> {
            let mut server = locked(&world.server);
            server.kill9().context("the server can't be killed")?;
            // On a busy machine, what the dead one has left may take its time to go.
            let mut restarted = server.restart();
            for _ in 0..3 {
                if restarted.is_ok() {
                    break;
                }
                restarted = server.restart();
            }
            restarted.context("the server can't be started again")?;
            Ok((server.port(), server.admin_url(DATABASE)))
        });
        let (port, url) = restarted.await??;
        self.proxy.server_moved_to(port);
        self.admin.moved_to(url).await;
        self.disturb();
        Ok(())
    }

    /// Returns when nothing is under way: every connection is back in its pool, and no session is at work that lost its
    /// client. Whoever calls holds the gate for writing.
    pub(crate) async fn rest(&self) -> anyhow::Result<()> {
        let begun = Instant::now();
        loop {
            let pools = [
                self.db.status(),
                self.cramped.status(),
                self.impatient.status(),
                self.system.status(),
            ];
            let back = pools
                .iter()
                .all(|pool| pool.open == pool.idle && pool.waiting == 0);
            let sessions = self.admin.sessions().await;
            if let (true, Ok((0, all))) = (back, &sessions)
                && *all <= self.proxy.lines()
            {
                return Ok(());
            }
            if begun.elapsed() > Duration::from_secs(60) {
                bail!("it doesn't come to rest: {pools:?}, {sessions:?}");
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// A server of its own, which keeps what it says it has saved when it is killed.
fn start() -> anyhow::Result<PrivateServer> {
    let server = PrivateServer::builder()
        .postgres(Wanted::from_env()?)
        .setting("synchronous_commit", "on")
        .setting("full_page_writes", "on")
        .setting("max_wal_size", "4GB")
        .start()?;
    server.create_database(DATABASE, None)?;
    Ok(server)
}

impl Slot {
    pub(crate) fn state(&self) -> Option<State> {
        locked(&self.0).clone()
    }

    /// The client has no account for now.
    pub(crate) fn vacate(&self) {
        *locked(&self.0) = None;
    }

    pub(crate) fn is(&self, model: Arc<Model>) {
        self.may_be(model, None);
    }

    pub(crate) fn may_be(&self, model: Arc<Model>, instead: Option<Arc<Model>>) {
        *locked(&self.0) = Some(State { model, instead });
    }
}

/// Ids of accounts' rows and their codes, for others to try.
#[derive(Default)]
pub(crate) struct Bait {
    ids: Mutex<HashMap<&'static str, VecDeque<Uuid>>>,
    codes: Mutex<VecDeque<PurchaseCode>>,
}

impl Bait {
    const MOST: usize = 500;

    pub(crate) fn one(&self, of: &'static str, dice: &mut Dice) -> Option<Uuid> {
        let ids = locked(&self.ids);
        dice.any(ids.get(of)?.iter()).copied()
    }

    pub(crate) fn code(&self, dice: &mut Dice) -> Option<PurchaseCode> {
        dice.any(locked(&self.codes).iter()).copied()
    }

    /// Lays out one row of each kind that an account has.
    pub(crate) fn lay(&self, model: &Model, dice: &mut Dice) {
        let own = [
            (
                "payments",
                dice.any(model.payments.keys()).map(|id| id.as_uuid()),
            ),
            (
                "routes",
                dice.any(model.routes.keys()).map(|id| id.as_uuid()),
            ),
            (
                "agents",
                dice.any(model.agents.keys()).map(|id| id.as_uuid()),
            ),
            (
                "payouts",
                dice.any(model.payouts.keys()).map(|id| id.as_uuid()),
            ),
            ("jobs", dice.any(model.jobs.keys()).map(|id| id.as_uuid())),
            ("codes", dice.any(model.codes.keys()).map(|id| id.as_uuid())),
            (
                "pieces",
                dice.any(model.pieces.keys()).map(|id| id.as_uuid()),
            ),
            (
                "events",
                dice.any(model.events.keys()).map(|id| id.as_uuid()),
            ),
        ];
        let mut ids = locked(&self.ids);
        for (kind, id) in own {
            if let Some(id) = id {
                push(ids.entry(kind).or_default(), id);
            }
        }
        if let Some(code) = dice.any(model.codes.values()) {
            push(&mut locked(&self.codes), code.code);
        }
    }
}

fn push<T>(ring: &mut VecDeque<T>, item: T) {
    if ring.len() >= Bait::MOST {
        ring.pop_front();
    }
    ring.push_back(item);
}

/// A panic of a client leaves what it held whole.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
