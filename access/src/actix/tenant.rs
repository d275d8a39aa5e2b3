//! From a request to the handle of its account.

use std::{fmt, rc::Rc, sync::Arc};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, http::header::AUTHORIZATION};
use futures_util::{
    FutureExt,
    future::{LocalBoxFuture, Shared, WeakShared},
};

use crate::{
    AccountId, Db, Tenant,
    http::{self, Denied, Rejection},
};

/// Says which account a request is for; the application hands it over as a [`Resolver`].
///
/// A handler that asks for a [`Tenant`] gets the account's handle from here. Let it be the handler's first argument, so
/// that nothing else is answered before it is known who asks.
///
/// The account stands in the token, or in the path for users with several accounts. Then the path alone proves nothing:
/// look the membership up, and answer [`Denied::Forbidden`] whether or not there is such an account.
///
/// ```
/// use access::actix::{Denied, TenantResolver, bearer_token};
/// use access::{AccountId, Db};
/// use actix_web::HttpRequest;
/// use uuid::Uuid;
///
/// # struct App { db: Db }
/// # impl App {
/// #     async fn user(&self, _token: &str) -> Option<Uuid> { None }
/// #     async fn is_member(&self, _user: Uuid, _account: Uuid) -> bool { false }
/// # }
/// impl TenantResolver for App {
///     fn db(&self) -> &Db {
///         &self.db
///     }
///
///     async fn account(&self, request: &HttpRequest) -> Result<AccountId, Denied> {
///         let token = bearer_token(request).ok_or(Denied::Unauthenticated)?;
///         let user = self.user(token).await.ok_or(Denied::Unauthenticated)?;
///         let account = request.match_info().get("account");
///         let account = account.and_then(|account| account.parse().ok());
///         let account = account.ok_or(Denied::Forbidden)?;
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
    note = "implement `access::actix::TenantResolver` for the type that `Resolver::new` gets"
)]
pub trait TenantResolver: 'static {
    /// What `WWW-Authenticate` asks for in a 401 response.
    const CHALLENGE: &'static str = "Bearer";

    /// The database that handlers work on.
    fn db(&self) -> &Db;

    /// The account that the request is for, once its sender is known to act for it.
    ///
    /// # Errors
    /// [`Denied`], which says what the sender learns.
    fn account(&self, request: &HttpRequest) -> impl Future<Output = Result<AccountId, Denied>>;
}

impl<R: TenantResolver> TenantResolver for Arc<R> {
    const CHALLENGE: &'static str = R::CHALLENGE;

    fn db(&self) -> &Db {
        R::db(self)
    }

    fn account(&self, request: &HttpRequest) -> impl Future<Output = Result<AccountId, Denied>> {
        R::account(self, request)
    }
}

/// A [`TenantResolver`] for `app_data`, where a [`Tenant`] finds it; without one each request that needs an account is
/// answered with 500.
#[derive(Clone)]
pub struct Resolver(Rc<dyn Resolve>);

impl Resolver {
    /// The resolver of the application, or of a scope or resource of it.
    pub fn new(resolver: impl TenantResolver) -> Self {
        Self(Rc::new(Rc::new(resolver)))
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resolver")
    }
}

/// A [`TenantResolver`] of whatever type.
trait Resolve {
    fn db(&self) -> &Db;
    fn account(&self, request: HttpRequest) -> Asking;
}

type Asking = LocalBoxFuture<'static, Result<AccountId, Rejection>>;

impl<R: TenantResolver> Resolve for Rc<R> {
    fn db(&self) -> &Db {
        R::db(self)
    }

    fn account(&self, request: HttpRequest) -> Asking {
        let resolver = Self::clone(self);
        async move {
            let account = R::account(&resolver, &request).await;
            account.map_err(|denied| Rejection::denied(denied, R::CHALLENGE))
        }
        .boxed_local()
    }
}

/// That it is being found out who asks, among the request's extensions.
///
/// actix-web runs a handler's extractors beside each other and answers the first refusal; those that come after a
/// [`Tenant`] wait for this. It is weak: what is being awaited holds the request, which holds this.
struct Asked(WeakShared<Asking>);

/// Fails as the [`Tenant`] does that a handler asked for before.
pub(super) fn who_asks(
    request: &HttpRequest,
) -> impl Future<Output = Result<(), Rejection>> + 'static {
    let extensions = request.extensions();
    let asked = extensions
        .get::<Asked>()
        .and_then(|asked| asked.0.upgrade());
    async move {
        match asked {
            Some(asked) => asked.await.map(drop),
            // No handle was asked for, or it is there already.
            None => Ok(()),
        }
    }
}

/// The handle of the account that the application's [`Resolver`] names.
impl FromRequest for Tenant {
    type Error = Rejection;
    type Future = LocalBoxFuture<'static, Result<Self, Rejection>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(resolver) = request.app_data::<Resolver>().cloned() else {
            return async { Err(Rejection::internal()) }.boxed_local();
        };
        let asking: Shared<Asking> = resolver.0.account(request.clone()).shared();
        if let Some(asked) = asking.downgrade() {
            request.extensions_mut().insert(Asked(asked));
        }
        async move {
            let account = asking.await?;
            Ok(resolver.0.db().tenant(account))
        }
        .boxed_local()
    }
}

/// The token of the request's `Authorization: Bearer …` header; none when there is no such header, or more than one.
///
/// ```
/// use access::actix::bearer_token;
/// use actix_web::test::TestRequest;
///
/// let request = TestRequest::get().insert_header(("Authorization", "Bearer abc"));
/// assert_eq!(bearer_token(&request.to_http_request()), Some("abc"));
/// ```
#[must_use]
pub fn bearer_token(request: &HttpRequest) -> Option<&str> {
    let headers = request.headers().get_all(AUTHORIZATION);
    http::bearer(headers.map(|header| header.as_bytes()))
}
