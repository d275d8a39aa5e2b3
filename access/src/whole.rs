//! The parts of an account's payments never come to more than the whole, whoever changes them at once.
//!
//! Routes and commissions are basis points of what is left after the fee, so that with at most 10,000 of them the fee and
//! all parts come to the payment exactly.

use entity::accounts::Accounts;
use entity_guard::{Select, Update};

use crate::{Error, Reason, account_agents, account_payout_routes, atomic::Scope};

/// All of a payment, in basis points.
pub(crate) const ALL: i64 = 10_000;

/// One change of an account's parts at a time: the account's own row is held, so that a sum is never stale. Payments can
/// be added meanwhile.
pub(crate) async fn lock(scope: &Scope<'_>) -> Result<(), Error> {
    held(scope, Select::<Accounts>::new().for_no_key_update()).await
}

/// No change of the account's parts until the transaction ends, so that they are read as they stand together.
pub(crate) async fn lock_for_reading(scope: &Scope<'_>) -> Result<(), Error> {
    held(scope, Select::<Accounts>::new().for_share()).await
}

async fn held(scope: &Scope<'_>, account: Select<Accounts>) -> Result<(), Error> {
    match account.first(&scope.tenant().guard).await? {
        Some(_) => Ok(()),
        None => Err(Error::Rejected(Reason::UnknownReference)),
    }
}

/// The active routes, the agents and the open invitations give away at most the whole; read in statements after the lock,
/// and so of what is stored.
///
/// The account's row is written anew: a transaction that began to read before this one was saved would sum up what it saw
/// then, lock or no lock, and collides instead.
pub(crate) async fn holds(scope: &Scope<'_>) -> Result<(), Error> {
    let routes = account_payout_routes::list(scope.tenant(), true).await?;
    let agents = account_agents::live(scope.tenant()).await?;
    let routed = routes.iter().map(|route| i64::from(route.share_bp));
    let given: i64 = routed
        .chain(agents.iter().map(|agent| i64::from(agent.commission_bp)))
        .sum();
    if given > ALL {
        return Err(Error::Rejected(Reason::SharesExceedWhole));
    }
    let account = Update::<Accounts>::new().anew().all_of_account();
    account.execute(&scope.tenant().guard).await?;
    Ok(())
}
