//! Who gets which part of an account's payments.
//!
//! The parts are basis points of what is left after the fee. All active ones and the agents' commissions together are
//! at most 10,000; what they leave is the account's own. A route is never deleted, since shares of the past refer to
//! it: it is deactivated.

use entity::account_payout_routes::AccountPayoutRoutes;
use entity_guard::{Insert, Patch, Predicate, Select, Update};
use serde_json::json;

use crate::{
    Error, PayoutRouteId, Reason, Tenant, account_agents, atomic::atomic, check, journal::Entry,
    whole,
};

pub use entity::{
    account_payout_routes::{NewPayoutRoute, PayoutRoute, PayoutRoutePatch},
    payment_enums::PayeeRole,
};

/// How many routes an account has at most, active or not.
const MAX_ROUTES: u64 = 1_000;

/// Adds an active route after the account's others, and returns it as stored.
///
/// # Errors
/// [`Error::Invalid`] names the field that is out of its bounds, as [`NewPayoutRoute`] states them; [`Error::Conflict`]
/// when the payee has an active route; [`Error::Rejected`] with [`Reason::SharesExceedWhole`] when the active routes and the
/// agents would take more than 10,000 basis points, with [`Reason::TooMany`] at 1,000 routes.
pub async fn create(tenant: &Tenant, new: NewPayoutRoute) -> Result<PayoutRoute, Error> {
    check::length("payee", &new.payee, 1..=255)?;
    let reserved = matches!(new.payee.as_str(), "creator" | "platform");
    if reserved || new.payee.starts_with(account_agents::PAYEE) {
        return Err(Error::invalid("payee", "reserved"));
    }
    if matches!(new.role, PayeeRole::Creator | PayeeRole::Platform) {
        return Err(Error::invalid("role", "reserved"));
    }
    check::stripe_id("connected_account", &new.connected_account, "acct_")?;
    check::basis_points("share_bp", new.share_bp, 1)?;
    let new = &new;
    atomic(tenant, move |scope| {
        Box::pin(async move {
            let guard = &scope.tenant().guard;
            whole::lock(scope).await?;
            let (rows, last) = Select::<AccountPayoutRoutes>::new()
                .aggregate(
                    (entity_guard::count(), AccountPayoutRoutes::POSITION.max()),
                    guard,
                )
                .await?;
            if rows >= MAX_ROUTES {
                return Err(Error::Rejected(Reason::TooMany));
            }
            let insert = Insert::<AccountPayoutRoutes>::new(new.clone())
                .set(
                    AccountPayoutRoutes::POSITION,
                    last.map_or(0, |last| last + 1),
                )
                .set(AccountPayoutRoutes::ACTIVE, true);
            let route = insert.one(guard).await?;
            whole::holds(scope).await?;
            scope.note(entry("account_payout_routes.create", &route));
            Ok(route)
        })
    })
    .await
}

/// The route with this id.
///
/// # Errors
/// [`Error::NotFound`] when the account has none.
pub async fn get(tenant: &Tenant, id: PayoutRouteId) -> Result<PayoutRoute, Error> {
    let select = Select::<AccountPayoutRoutes>::new().filter(AccountPayoutRoutes::ID.eq(id));
    Ok(select.one(&tenant.guard).await?)
}

/// All of the account's routes, in order of their position, the active ones alone when asked for; at most 1,000.
///
/// # Errors
/// [`Error::Unavailable`] or [`Error::Timeout`], when the database is not there.
pub async fn list(tenant: &Tenant, only_active: bool) -> Result<Vec<PayoutRoute>, Error> {
    let wanted = if only_active {
        AccountPayoutRoutes::ACTIVE.eq(true)
    } else {
        Predicate::everything()
    };
    let select = Select::<AccountPayoutRoutes>::new()
        .filter(wanted)
        .order_by(AccountPayoutRoutes::POSITION.asc())
        .order_by(AccountPayoutRoutes::ID.asc());
    Ok(select.all(&tenant.guard).await?)
}

/// Changes where a route leads or how much it takes, and returns it as stored.
///
/// # Errors
/// [`Error::NotFound`] when the account has none; [`Error::Invalid`] for an empty patch, or names the field;
/// [`Error::Rejected`] with [`Reason::SharesExceedWhole`] when the active routes and the agents would take more than 10,000
/// basis points.
pub async fn update(
    tenant: &Tenant,
    id: PayoutRouteId,
    patch: PayoutRoutePatch,
) -> Result<PayoutRoute, Error> {
    if let Patch::Set(account) = &patch.connected_account {
        check::stripe_id("connected_account", account, "acct_")?;
    }
    if let Patch::Set(share) = patch.share_bp {
        check::basis_points("share_bp", share, 1)?;
    }
    let patch = &patch;
    atomic(tenant, move |scope| {
        Box::pin(async move {
            whole::lock(scope).await?;
            let update = Update::<AccountPayoutRoutes>::new().patch(patch.clone());
            let one = update.filter(AccountPayoutRoutes::ID.eq(id));
            let route = one.one(&scope.tenant().guard).await?;
            whole::holds(scope).await?;
            scope.note(entry("account_payout_routes.update", &route));
            Ok(route)
        })
    })
    .await
}

/// Puts the account's routes into this order, and returns them in it. Routes that are not named come after, in their
/// order so far.
///
/// # Errors
/// [`Error::Invalid`] when an id is named twice; [`Error::NotFound`] when the account has no such route.
pub async fn reorder(tenant: &Tenant, ids: &[PayoutRouteId]) -> Result<Vec<PayoutRoute>, Error> {
    let mut sorted = ids.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    if sorted.len() != ids.len() {
        return Err(Error::invalid("ids", "repeated"));
    }
    atomic(tenant, move |scope| {
        Box::pin(async move {
            whole::lock(scope).await?;
            let mut routes = list(scope.tenant(), false).await?;
            if ids
                .iter()
                .any(|id| routes.iter().all(|route| route.id != *id))
            {
                return Err(Error::NotFound);
            }
            let place = |route: &PayoutRoute| ids.iter().position(|id| *id == route.id);
            routes.sort_by_key(|route| place(route).unwrap_or(usize::MAX));
            for (position, route) in (0..).zip(&mut routes) {
                if route.position != position {
                    let update = Update::<AccountPayoutRoutes>::new()
                        .set(AccountPayoutRoutes::POSITION, position)
                        .filter(AccountPayoutRoutes::ID.eq(route.id));
                    *route = update.one(&scope.tenant().guard).await?;
                }
            }
            let data = json!({ "order": routes.iter().map(|route| route.id).collect::<Vec<_>>() });
            let subject = "account_payout_routes".to_owned();
            scope.note(Entry::new("account_payout_routes.reorder", subject, data));
            Ok(routes)
        })
    })
    .await
}

/// Ends a route: payments to come are split without it. One that has ended stays as it is.
///
/// # Errors
/// [`Error::NotFound`] when the account has none.
pub async fn deactivate(tenant: &Tenant, id: PayoutRouteId) -> Result<PayoutRoute, Error> {
    atomic(tenant, move |scope| {
        Box::pin(async move {
            whole::lock(scope).await?;
            let route = get(scope.tenant(), id).await?;
            if !route.active {
                return Ok(route);
            }
            let update = Update::<AccountPayoutRoutes>::new()
                .set(AccountPayoutRoutes::ACTIVE, false)
                .filter(AccountPayoutRoutes::ID.eq(id));
            let route = update.one(&scope.tenant().guard).await?;
            scope.note(entry("account_payout_routes.deactivate", &route));
            Ok(route)
        })
    })
    .await
}

fn entry(event: &'static str, route: &PayoutRoute) -> Entry {
    let data = json!({
        "role": route.role,
        "share_bp": route.share_bp,
        "position": route.position,
        "active": route.active,
    });
    Entry::new(event, format!("account_payout_routes/{}", route.id), data)
}
