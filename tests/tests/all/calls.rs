//! One call of each public function that comes to something, with what has to be there before it: the list of statements
//! records them, and cancellation drops them after any poll.

use std::{cell::Cell, fmt::Debug, future::Future, rc::Rc};

use access::{
    AccountId, Db, PayOutId, StripePaymentId, Tenant,
    outbox::{self, OutboxJob},
    pay_out, payment_share_tracking, stripe_payments,
    system::{SystemDb, SystemScope},
    webhook::WebhookSecrets,
};
use dev_server::Login;
use futures_util::future::LocalBoxFuture;
use tests::{
    events::SECRET,
    fixtures::{Cast, new_payment, new_payout},
};
use tokio_postgres::Client;
use uuid::Uuid;

use super::{
    calls_content, calls_payments, calls_payouts, calls_stripe, calls_system,
    cancellation::Dropped, lifecycle::close_jobs, statements::Recorder,
};

/// Makes what a function needs, anew each time, and calls it.
pub(super) type Scene = for<'s> fn(&'s Stage) -> LocalBoxFuture<'s, ()>;

/// Functions by their names in the list of public items, each with its scene.
pub(super) type Calls = &'static [(&'static str, Scene)];

/// The functions of an account.
pub(super) const OF_ACCOUNTS: &[Calls] = &[
    calls_payments::CALLS,
    calls_payouts::CALLS,
    calls_content::CALLS,
    calls_stripe::CALLS,
];

/// The functions of the system's scope.
pub(super) const OF_THE_SYSTEM: Calls = calls_system::CALLS;

/// Who calls, and what comes of a call.
pub(super) struct Stage {
    pub(super) cast: Rc<Cast>,
    /// Has one connection.
    pub(super) db: Db,
    /// Has one connection.
    pub(super) system: SystemDb,
    pub(super) superuser: Client,
    /// Whose functions are called.
    pub(super) account: AccountId,
    pub(super) other: AccountId,
    pub(super) function: Cell<&'static str>,
    pub(super) how: How,
}

/// What comes of a call.
pub(super) enum How {
    /// Its statements are written down.
    Recorded(Recorder),
    /// It is dropped after some polls.
    Dropped(Dropped),
}

impl Stage {
    /// As A, before B.
    pub(super) async fn new(cast: Cast, how: How) -> Self {
        let port = cast.database.server().port();
        let config = |login| {
            let mut url = cast.database.url(login);
            if let How::Recorded(recorder) = &how {
                url = recorder.proxy.url(&url, port);
            }
            tests::config(&url).pool_size(1)
        };
        let db = Db::connect(config(Login::App)).await.unwrap();
        let system = SystemDb::connect(config(Login::System)).await.unwrap();
        let superuser = cast.database.superuser().await;
        // The cast's own calls to Stripe would be work for a worker, and keep an account from being exported.
        close_jobs(&superuser).await;
        Self {
            db,
            system: system.webhook_secrets(WebhookSecrets::new([SECRET])),
            superuser,
            account: cast.a,
            other: cast.b,
            function: Cell::new(""),
            how,
            cast: Rc::new(cast),
        }
    }

    /// Awaits a call, or drops it. A call that is awaited to its end succeeds.
    pub(super) async fn call<R, E: Debug>(
        &self,
        call: impl Future<Output = Result<R, E>>,
    ) -> Option<R> {
        let done = match &self.how {
            How::Recorded(recorder) => Some(recorder.call(self.function.get(), call).await),
            How::Dropped(dropped) => dropped.call(call).await,
        };
        done.map(|done| done.unwrap_or_else(|error| panic!("{}: {error:?}", self.function.get())))
    }

    /// The same, where the round trips depend on what is there.
    pub(super) async fn long<R, E: Debug>(
        &self,
        call: impl Future<Output = Result<R, E>>,
    ) -> Option<R> {
        if let How::Recorded(recorder) = &self.how {
            let done = recorder.long(self.function.get(), call).await;
            return Some(done.unwrap_or_else(|error| panic!("{}: {error:?}", self.function.get())));
        }
        self.call(call).await
    }

    pub(super) fn tenant(&self) -> Tenant {
        self.db.tenant(self.account)
    }

    pub(super) fn scope(&self) -> SystemScope {
        self.system.scope("test", "calls").unwrap()
    }

    /// A payment of 100.00 that has succeeded.
    pub(super) async fn paid(&self) -> Paid {
        let (intent, charge) = (unique("pi"), unique("ch"));
        let mut new = new_payment("buyer", 10_000);
        new.payment_intent = Some(intent.clone());
        let tenant = self.tenant();
        let id = stripe_payments::create(&tenant, new).await.unwrap().id;
        let paid = stripe_payments::succeed(&tenant, id, &charge);
        paid.await.unwrap();
        Paid { id, intent, charge }
    }

    /// The same, in shares.
    pub(super) async fn distributed(&self) -> Paid {
        let paid = self.paid().await;
        let tenant = self.tenant();
        let shares = payment_share_tracking::distribute(&tenant, paid.id);
        shares.await.unwrap();
        paid
    }

    /// A payout of what is open for a payee, and what it is of.
    pub(super) async fn requested(&self) -> (PayOutId, StripePaymentId) {
        let paid = self.distributed().await;
        let new = new_payout(PAYEE, &unique("key"));
        let requested = pay_out::request(&self.tenant(), new).await;
        (requested.unwrap().id, paid.id)
    }

    /// A payment whose shares were paid out, so that what is taken back is shares of less than nothing.
    pub(super) async fn paid_out(&self) -> StripePaymentId {
        let (payout, payment) = self.requested().await;
        pay_out::record_transfer(&self.tenant(), payout, &unique("tr"))
            .await
            .unwrap();
        payment
    }

    /// The job of a payout.
    pub(super) async fn queued(&self) -> OutboxJob {
        let (requested, _) = self.requested().await;
        let mut tenant = self.tenant();
        let tx = tenant.begin().await.unwrap();
        let job = outbox::enqueue(&tx, requested).await.unwrap();
        tx.commit().await.unwrap();
        job
    }
}

/// One of those that the cast's routes go to.
pub(super) const PAYEE: &str = "payee-1";

pub(super) struct Paid {
    pub(super) id: StripePaymentId,
    pub(super) intent: String,
    pub(super) charge: String,
}

/// An id as Stripe would make one.
pub(super) fn unique(kind: &str) -> String {
    format!("{kind}_{}", Uuid::now_v7().simple())
}
