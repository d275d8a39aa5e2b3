//! The system scope: work that belongs to the platform and to no account's member, such as making an account.
//!
//! It has a login and a pool of its own, which the application's login can't reach. The tenant policies bind it as they
//! bind the application: it works on one account at a time, in a transaction of that account. Which accounts there are
//! it learns from account lookups, which answer with ids and never with rows. Each use is written to the table
//! `system_uses`, with who and why; `cargo xtask check --system` lists the places in a program that use it.

use entity::{accounts::Accounts, pay_out::PayOuts, payment_enums::PayOutStatus};
use entity_guard::{
    AccountId, Config, ConnectError, Insert, Isolation, Lookup, PoolStatus, Select, SystemUse,
    count as rows,
};
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::{
    Currency, Cursor, Error, Page, Tenant,
    accounts::{self, Account, NewAccount, check_name},
    atomic::atomic,
    check,
    journal::Entry,
    page::{self, List},
    payment_share_tracking::{self, OpenBalance},
    stripe_payments::{self, CurrencyTotal, ListStripePayments, PaymentStatus},
    webhook::WebhookSecrets,
};

pub use crate::webhook::inbox::{Rerouted, link_connected_account, reroute_unrouted_events};

/// How many accounts [`for_each_account`] asks for at once.
const SWEPT_AT_ONCE: u32 = 500;
/// How many failures [`for_each_account`] keeps.
const KEPT_FAILURES: usize = 1_000;

/// The database, as the system's login sees it; cheap to clone.
#[derive(Clone, Debug)]
pub struct SystemDb {
    guard: entity_guard::Db,
    secrets: WebhookSecrets,
}

/// Somebody's use of the system scope, for a reason.
#[derive(Clone, Debug)]
pub struct SystemScope {
    guard: entity_guard::Db,
    secrets: WebhookSecrets,
    actor: String,
    reason: String,
}

impl SystemDb {
    /// Connects with the system's login (`SYSTEM_DATABASE_URL`), and makes the same checks as
    /// [`Db::connect`](crate::Db::connect).
    ///
    /// # Errors
    /// As [`Db::connect`](crate::Db::connect).
    pub async fn connect(config: Config) -> Result<Self, ConnectError> {
        let guard = entity_guard::Db::connect(config, &entity::schema::SYSTEM).await?;
        let secrets = WebhookSecrets::default();
        Ok(Self { guard, secrets })
    }

    /// With the secrets by which [`webhook::receive`](crate::webhook::receive) believes what Stripe sends.
    #[must_use]
    pub fn webhook_secrets(self, secrets: WebhookSecrets) -> Self {
        Self { secrets, ..self }
    }

    pub(crate) const fn secrets(&self) -> &WebhookSecrets {
        &self.secrets
    }

    pub(crate) const fn guard(&self) -> &entity_guard::Db {
        &self.guard
    }

    /// The scope for `actor`, who uses it for `reason`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an actor that isn't 1 to 200 characters, or a reason that isn't 1 to 1,000.
    pub fn scope(&self, actor: &str, reason: &str) -> Result<SystemScope, Error> {
        check::length("actor", actor, 1..=200)?;
        check::length("reason", reason, 1..=1000)?;
        Ok(SystemScope {
            guard: self.guard.clone(),
            secrets: self.secrets.clone(),
            actor: actor.to_owned(),
            reason: reason.to_owned(),
        })
    }

    /// Makes the checks of [`SystemDb::connect`] again, for a readiness probe.
    ///
    /// # Errors
    /// As [`SystemDb::connect`].
    pub async fn ready(&self) -> Result<(), ConnectError> {
        self.guard.ready().await
    }

    /// How many connections there are, and how many callers wait for one.
    #[must_use]
    pub fn status(&self) -> PoolStatus {
        self.guard.status()
    }

    /// Closes the pool: calls under way end, new ones are [`Error::Unavailable`].
    pub fn close(&self) {
        self.guard.close();
    }
}

impl SystemScope {
    pub(crate) const fn guard(&self) -> &entity_guard::Db {
        &self.guard
    }

    pub(crate) const fn secrets(&self) -> &WebhookSecrets {
        &self.secrets
    }

    /// The handle of one account, which acts for the scope's actor.
    pub(crate) fn tenant(&self, account: AccountId) -> Result<Tenant, Error> {
        Tenant::new(self.guard.tenant(account)).acting_for(&self.actor)
    }

    /// Writes this use into the diary, in the transaction of the account that it is about.
    pub(crate) async fn record(
        &self,
        function: &'static str,
        tenant: &Tenant,
    ) -> Result<(), Error> {
        Ok(self.used_for(function).record(&tenant.guard).await?)
    }

    /// Writes this use into the diary, about no single account.
    pub(crate) async fn record_alone(&self, function: &'static str) -> Result<(), Error> {
        Ok(self.guard.record(self.used_for(function)).await?)
    }

    /// Asks an account lookup.
    pub(crate) async fn lookup(&self, lookup: Lookup) -> Result<Vec<AccountId>, Error> {
        Ok(self.guard.lookup(lookup).await?)
    }

    fn used_for(&self, function: &'static str) -> SystemUse<'_> {
        SystemUse {
            actor: &self.actor,
            reason: &self.reason,
            function,
        }
    }
}

/// Makes an account with a new id, and returns it.
///
/// # Errors
/// [`Error::Invalid`] for a name that isn't 1 to 200 characters.
pub async fn create_account(scope: &SystemScope, new: NewAccount) -> Result<Account, Error> {
    check_name(&new.name)?;
    let tenant = scope.tenant(AccountId::from_authenticated(Uuid::now_v7())?)?;
    let new = &new;
    atomic(&tenant, move |whole| {
        Box::pin(async move {
            let inside = whole.tenant();
            scope.record("create_account", inside).await?;
            let insert = Insert::<Accounts>::new(new.clone());
            let account = insert.one(&inside.guard).await?;
            let subject = format!("accounts/{}", account.id);
            whole.note(Entry::new("system.create_account", subject, json!({})));
            Ok(account)
        })
    })
    .await
}

/// Which part of the accounts a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(default, deny_unknown_fields)]
pub struct ListAccounts {
    /// How many on a page: 50 unless set, 1 to 500.
    pub limit: Option<i64>,
    /// Where the page begins: the `next` of the page before.
    pub cursor: Option<Cursor>,
}

/// A page of all accounts, in the order of their ids, which is the order in which they were made; 50 unless asked for, at
/// most 500. Each is read in a transaction of its own; one that is erased meanwhile is left out.
///
/// # Errors
/// [`Error::Invalid`] names the field: a limit that isn't 1 to 500, a cursor that isn't of this list.
pub async fn list_accounts(
    scope: &SystemScope,
    list: &ListAccounts,
) -> Result<Page<Account>, Error> {
    let limit = page::page_size(list.limit)?;
    let after = page::place(list.cursor.as_ref(), List::Accounts)?;
    scope.record_alone("list_accounts").await?;
    let ids = accounts_after(scope, after, limit + 1).await?;
    let ids = page::page(ids, limit, |id| {
        Cursor::after_id(List::Accounts, id.as_uuid())
    });
    let mut items = Vec::with_capacity(ids.items.len());
    for account in ids.items {
        match accounts::get(&scope.tenant(account)?).await {
            Ok(account) => items.push(account),
            Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Page {
        items,
        next: ids.next,
    })
}

/// What an account has, as of one moment; amounts are in minor units.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AccountSummary {
    /// The account.
    pub account: Account,
    /// Its payments that succeeded, one sum per currency, sorted by its code.
    pub succeeded: Vec<CurrencyTotal>,
    /// What it owes to its payees and itself, the platform left out, one sum per currency.
    pub owed: Vec<OpenBalance>,
    /// Payouts that were requested and not yet paid, one sum per currency.
    pub requested: Vec<PayOutTotal>,
    /// Payouts that were paid, one sum per currency.
    pub paid: Vec<PayOutTotal>,
}

/// The exact sum of payouts in one currency, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PayOutTotal {
    /// The currency.
    pub currency: Currency,
    /// How many payouts.
    pub payouts: u64,
    /// Their sum.
    pub amount: i128,
}

/// What an account has, read in one snapshot.
///
/// # Errors
/// [`Error::NotFound`] when there is no such account.
pub async fn account_summary(
    scope: &SystemScope,
    account: AccountId,
) -> Result<AccountSummary, Error> {
    let mut tenant = scope.tenant(account)?;
    let tx = tenant.begin_at(Isolation::RepeatableRead).await?;
    let account = accounts::get(&tx).await?;
    scope.record("account_summary", &tx).await?;
    let succeeded = ListStripePayments {
        status: Some(PaymentStatus::Succeeded),
        ..ListStripePayments::default()
    };
    let summary = AccountSummary {
        account,
        succeeded: stripe_payments::totals(&tx, &succeeded).await?,
        owed: payment_share_tracking::owed(&tx).await?,
        requested: payouts(&tx, PayOutStatus::Requested).await?,
        paid: payouts(&tx, PayOutStatus::Paid).await?,
    };
    tx.commit().await?;
    Ok(summary)
}

/// Rows of an account that somebody of the platform is going to look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ViewedRows {
    /// The table.
    pub table: String,
    /// The columns that they are narrowed by; not by which values, which may say something of a person.
    pub filtered_by: Vec<String>,
}

/// Writes into an account's log that the scope's actor looks at rows of it, and why; to be called before they are read.
///
/// # Errors
/// [`Error::NotFound`] when there is no such account; [`Error::Invalid`] for a table's name that isn't 1 to 200
/// characters, or more than 100 columns.
pub async fn record_view(
    scope: &SystemScope,
    account: AccountId,
    rows: &ViewedRows,
) -> Result<(), Error> {
    check::length("table", &rows.table, 1..=200)?;
    if rows.filtered_by.len() > 100 {
        return Err(Error::invalid("filtered_by", "more_than_100"));
    }
    let tenant = scope.tenant(account)?;
    atomic(&tenant, move |whole| {
        Box::pin(async move {
            let inside = whole.tenant();
            accounts::get(inside).await?;
            scope.record("record_view", inside).await?;
            let said = json!({ "reason": scope.reason, "filtered_by": rows.filtered_by });
            whole.note(Entry::new("system.record_view", rows.table.clone(), said));
            Ok(())
        })
    })
    .await
}

/// How [`for_each_account`] goes about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sweep {
    /// Where to go on: the `at` of an earlier [`Progress`]; from the first account unless set.
    pub after: Option<Cursor>,
    /// How many accounts at once: 1 unless set, 1 to 64.
    pub at_once: Option<usize>,
}

/// How far [`for_each_account`] has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Accounts for which the work was done.
    pub done: u64,
    /// Accounts for which it failed.
    pub failed: u64,
    /// The place after the last account up to which all are done or have failed; none before the first.
    pub at: Option<Cursor>,
}

/// What [`for_each_account`] came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swept<E> {
    /// How many accounts, and the place after the last.
    pub progress: Progress,
    /// The accounts for which it failed, in the order of their ids, and why; the first 1,000 of them.
    pub failures: Vec<(AccountId, E)>,
}

/// Runs `work` for each account, in the order of their ids, with a handle of that account alone.
///
/// An account's failure stops nothing: it is gathered. `progress` is called after each account; a sweep that was cut off
/// goes on after the last `at` that it was told, and does no account twice but those that were under way. Accounts that
/// are made meanwhile are met at the end. The handles act for the scope's actor, with the rights of the system's login.
///
/// ```no_run
/// # use access::{Error, account_payment_settings, system::{self, SystemScope, Sweep}};
/// # async fn example(scope: SystemScope) -> Result<(), Error> {
/// let swept = system::for_each_account(&scope, Sweep::default(), |_| {}, async |tenant| {
///     account_payment_settings::get(&tenant).await.map(drop)
/// });
/// for (account, error) in swept.await?.failures {
///     println!("{account}: {error}");
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Error::Invalid`] names the field: `at_once` that isn't 1 to 64, an `after` that isn't of such a sweep; else what
/// reading the list of accounts failed with.
pub async fn for_each_account<E, W>(
    scope: &SystemScope,
    sweep: Sweep,
    mut progress: impl FnMut(&Progress),
    work: W,
) -> Result<Swept<E>, Error>
where
    W: AsyncFn(Tenant) -> Result<(), E>,
{
    let at_once = match sweep.at_once.unwrap_or(1) {
        at_once @ 1..=64 => at_once,
        _ => return Err(Error::invalid("at_once", "not_1_to_64")),
    };
    let mut after = page::place(sweep.after.as_ref(), List::Accounts)?;
    scope.record_alone("for_each_account").await?;
    let mut swept = Swept {
        progress: Progress {
            done: 0,
            failed: 0,
            at: sweep.after,
        },
        failures: Vec::new(),
    };
    loop {
        let accounts = accounts_after(scope, after, SWEPT_AT_ONCE).await?;
        let Some(last) = accounts.last() else {
            return Ok(swept);
        };
        after = Some(last.as_uuid());
        let mut handles = Vec::with_capacity(accounts.len());
        for account in accounts {
            handles.push((account, scope.tenant(account)?));
        }
        let results = stream::iter(handles)
            .map(|(account, tenant)| {
                let work = &work;
                async move { (account, work(tenant).await) }
            })
            .buffered(at_once);
        let mut results = std::pin::pin!(results);
        while let Some((account, outcome)) = results.next().await {
            match outcome {
                Ok(()) => swept.progress.done += 1,
                Err(error) => {
                    swept.progress.failed += 1;
                    if swept.failures.len() < KEPT_FAILURES {
                        swept.failures.push((account, error));
                    }
                }
            }
            swept.progress.at = Some(Cursor::after_id(List::Accounts, account.as_uuid()));
            progress(&swept.progress);
        }
    }
}

async fn accounts_after(
    scope: &SystemScope,
    after: Option<Uuid>,
    most: u32,
) -> Result<Vec<AccountId>, Error> {
    let after = after.unwrap_or(Uuid::nil());
    let most = i32::try_from(most).unwrap_or(i32::MAX);
    let lookup = Lookup::new("accounts_after").with(after).with(most);
    scope.lookup(lookup).await
}

async fn payouts(tenant: &Tenant, status: PayOutStatus) -> Result<Vec<PayOutTotal>, Error> {
    let groups = Select::<PayOuts>::new()
        .filter(PayOuts::STATUS.eq(status))
        .group_by(
            PayOuts::CURRENCY,
            (rows(), PayOuts::AMOUNT.sum()),
            &tenant.guard,
        )
        .await?;
    let total = |(currency, (payouts, amount))| PayOutTotal {
        currency,
        payouts,
        amount,
    };
    Ok(groups.into_iter().map(total).collect())
}
