//! What both applications share: who asks, for which account, and what is needed to start.

use std::{
    collections::{HashMap, HashSet},
    env,
    error::Error as StdError,
    net::TcpListener,
};

use access::{
    AccountId, Config, Db, Error,
    system::SystemDb,
    webhook::{self, WebhookSecrets},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Utc;
use ring::hmac;
use serde::Deserialize;
use uuid::Uuid;

use super::web::Denied;

pub(crate) struct App {
    pub(crate) db: Db,
    /// For events of Stripe, which come without an account.
    pub(crate) system: Option<SystemDb>,
    pub(crate) tokens: hmac::Key,
    /// From user to the accounts that the user acts for; in place of your own table.
    pub(crate) members: HashMap<Uuid, HashSet<Uuid>>,
}

/// What a token says, and until when (seconds since 1970): an account for a program that has one, a user for people, who
/// may act for several.
#[derive(Deserialize)]
struct Claims {
    account: Option<Uuid>,
    user: Option<Uuid>,
    exp: i64,
}

impl App {
    /// From the environment: `DATABASE_URL`, `APP_JWT_SECRET`, and `APP_MEMBERS` where there are users, as
    /// `{"<user>": ["<account>"]}`; `SYSTEM_DATABASE_URL` and `STRIPE_WEBHOOK_SECRETS` where Stripe's events arrive.
    pub(crate) async fn from_env() -> Result<Self, Box<dyn StdError>> {
        let secret = env::var("APP_JWT_SECRET").map_err(|_| "APP_JWT_SECRET is not set")?;
        if secret.len() < 32 {
            return Err("APP_JWT_SECRET has to be 32 characters or more".into());
        }
        let members = env::var("APP_MEMBERS").unwrap_or_else(|_| "{}".to_owned());
        let system = match env::var("SYSTEM_DATABASE_URL") {
            Ok(url) => {
                let system = SystemDb::connect(Config::from_url(&url)?).await?;
                Some(system.webhook_secrets(WebhookSecrets::from_env()?))
            }
            Err(_) => None,
        };
        Ok(Self {
            system,
            db: Db::connect(Config::from_env("DATABASE_URL")?).await?,
            tokens: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()),
            members: serde_json::from_str(&members)?,
        })
    }

    /// The account in the token; or the one in the path, when the token's user is a member of it.
    ///
    /// Who isn't gets the same answer whether or not there is such an account.
    pub(crate) fn account(
        &self,
        token: Option<&str>,
        in_path: Option<&str>,
    ) -> Result<AccountId, Denied> {
        let claims = token.and_then(|token| verified(token, &self.tokens));
        let claims = claims.ok_or(Denied::Unauthenticated)?;
        let account = match in_path {
            None => claims.account.ok_or(Denied::Forbidden)?,
            Some(account) => {
                let account = account.parse().map_err(|_| Denied::Forbidden)?;
                let accounts = claims.user.and_then(|user| self.members.get(&user));
                if !accounts.is_some_and(|accounts| accounts.contains(&account)) {
                    return Err(Denied::Forbidden);
                }
                account
            }
        };
        Ok(AccountId::from_authenticated(account)?)
    }

    /// An event of Stripe's, by its body as it came and the header `Stripe-Signature`; 200 means that it is stored.
    pub(crate) async fn webhook(
        &self,
        body: &[u8],
        signature: &str,
    ) -> Result<&'static str, Error> {
        let system = self.system.as_ref().ok_or(Error::NotFound)?;
        webhook::receive(system, body, signature).await?;
        Ok("received")
    }

    /// For a load balancer: whether requests can be served now. The causes are for the log alone.
    pub(crate) async fn ready(&self) -> Result<&'static str, Error> {
        self.db.ready().await.map_err(|error| {
            tracing::error!("not ready: {error}");
            Error::Unavailable
        })?;
        Ok("ready")
    }
}

/// The claims of a JSON web token that was signed with our key (RFC 7515, `HS256` alone) and hasn't expired.
fn verified(token: &str, key: &hmac::Key) -> Option<Claims> {
    #[derive(Deserialize)]
    struct Header {
        alg: String,
    }
    let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    hmac::verify(key, signed.as_bytes(), &decoded(signature)?).ok()?;
    let header: Header = serde_json::from_slice(&decoded(header)?).ok()?;
    let claims: Claims = serde_json::from_slice(&decoded(claims)?).ok()?;
    (header.alg == "HS256" && claims.exp > Utc::now().timestamp()).then_some(claims)
}

/// Logs to stderr as `RUST_LOG` says.
pub(crate) fn log() {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(env::var("RUST_LOG").unwrap_or_else(|_| "info".to_owned()))
        .init();
}

/// Listens on `PORT` of this machine, 3000 unless set, and says so.
pub(crate) fn listener() -> Result<TcpListener, Box<dyn StdError>> {
    let port = env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = TcpListener::bind(("127.0.0.1", port.parse()?))?;
    listener.set_nonblocking(true)?;
    println!("listening on http://{}", listener.local_addr()?);
    Ok(listener)
}
