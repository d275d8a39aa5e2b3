//! From a request to the handle of its account.

use std::sync::Arc;

use ::axum::{
    extract::FromRequestParts,
    http::{header::AUTHORIZATION, request::Parts},
};

use crate::{
    AccountId, Db, Tenant,
    http::{self, Denied, Rejection},
};

/// Says which account a request is for; implemented by the router's state.
///
/// A handler that asks for a [`Tenant`] gets the account's handle from here. Let it be the handler's first argument, so
/// that nothing else is looked at, and nothing else answered, before it is known who asks.
///
/// The account stands in the token, or in the path for users with several accounts. Then the path alone proves nothing:
/// look the membership up, and answer [`Denied::Forbidden`] whether or not there is such an account.
///
/// ```
/// use access::axum::{Denied, TenantResolver, bearer_token};
/// use access::{AccountId, Db};
/// use axum::{extract::Path, extract::FromRequestParts, http::request::Parts};
/// use uuid::Uuid;
///
/// #[derive(serde::Deserialize)]
/// struct AccountPath {
///     account: Uuid,
/// }
///
/// # #[derive(Clone)] struct App { db: Db }
/// # impl App {
/// #     async fn user(&self, _token: &str) -> Option<Uuid> { None }
/// #     async fn is_member(&self, _user: Uuid, _account: Uuid) -> bool { false }
/// # }
/// impl TenantResolver for App {
///     fn db(&self) -> &Db {
///         &self.db
///     }
///
///     async fn account(&self, request: &mut Parts) -> Result<AccountId, Denied> {
///         let token = bearer_token(request).ok_or(Denied::Unauthenticated)?;
///         let user = self.user(token).await.ok_or(Denied::Unauthenticated)?;
///         let path = Path::<AccountPath>::from_request_parts(request, self).await;
///         let Path(AccountPath { account }) = path.map_err(|_| Denied::Forbidden)?;
///         if !self.is_member(user, account).await {
///             return Err(Denied::Forbidden);
///         }
///         Ok(AccountId::from_authenticated(account)?)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` doesn't say which account a request is for",
    label = "not a `TenantResolver`",
    note = "implement `access::axum::TenantResolver` for the type that the router gets by `with_state`"
)]
pub trait TenantResolver: Send + Sync {
    /// What `WWW-Authenticate` asks for in a 401 response.
    const CHALLENGE: &'static str = "Bearer";

    /// The database that handlers work on.
    fn db(&self) -> &Db;

    /// The account that the request is for, once its sender is known to act for it.
    ///
    /// # Errors
    /// [`Denied`], which says what the sender learns.
    fn account(
        &self,
        request: &mut Parts,
    ) -> impl Future<Output = Result<AccountId, Denied>> + Send;
}

impl<R: TenantResolver> TenantResolver for Arc<R> {
    const CHALLENGE: &'static str = R::CHALLENGE;

    fn db(&self) -> &Db {
        R::db(self)
    }

    fn account(
        &self,
        request: &mut Parts,
    ) -> impl Future<Output = Result<AccountId, Denied>> + Send {
        R::account(self, request)
    }
}

/// The handle of the account that the state's [`TenantResolver`] names.
impl<S: TenantResolver> FromRequestParts<S> for Tenant {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let account = state.account(parts).await;
        let account = account.map_err(|denied| Rejection::denied(denied, S::CHALLENGE))?;
        Ok(state.db().tenant(account))
    }
}

/// The token of the request's `Authorization: Bearer …` header; none when there is no such header, or more than one.
///
/// ```
/// use access::axum::bearer_token;
/// use axum::http::Request;
///
/// let request = Request::get("/").header("Authorization", "Bearer abc");
/// let (parts, ()) = request.body(())?.into_parts();
/// assert_eq!(bearer_token(&parts), Some("abc"));
/// # Ok::<_, axum::http::Error>(())
/// ```
#[must_use]
pub fn bearer_token(request: &Parts) -> Option<&str> {
    let headers = request.headers.get_all(AUTHORIZATION).iter();
    http::bearer(headers.map(|header| header.as_bytes()))
}
