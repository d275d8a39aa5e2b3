//! One call of a public function, as data: what the model is asked, and how it is made.

/// The first two pages of a list, and whether there are more. No function: the compiler can't see that a future is `Send`
/// which awaits what a caller's closure borrows.
macro_rules! pages {
    ($list:ident, $tenant:expr, $ask:path) => {{
        let mut list = $list.clone();
        let first = $ask($tenant, &list).await?;
        let mut pages = vec![json(&first.items)];
        let mut more = false;
        if let Some(next) = first.next {
            list.cursor = Some(next);
            let second = $ask($tenant, &list).await?;
            pages.push(json(&second.items));
            more = second.next.is_some();
        }
        serde_json::json!({ "pages": pages, "more": more })
    }};
}

pub(crate) mod account;
pub(crate) mod codes;
pub(crate) mod content;
mod draw;
pub(crate) mod money;
pub(crate) mod payments;
pub(crate) mod shares;
mod table;
pub(crate) mod told;

use access::{Error, Tenant, Transaction};
use futures_util::future::BoxFuture;
use serde_json::Value;

use crate::{model, world::World};

pub(crate) use draw::Draw;
pub(crate) use table::{Where, drawn};

#[derive(Clone, Debug)]
pub(crate) enum Call {
    Payments(payments::PaymentCall),
    Money(money::MoneyCall),
    Shares(shares::ShareCall),
    Codes(codes::CodeCall),
    Content(content::ContentCall),
    Account(account::AccountCall),
    Told(told::ToldCall),
    /// Reads in one flight.
    Batch(Vec<Call>),
}

/// With what a call is made.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    pub(crate) world: &'a World,
    pub(crate) tenant: &'a Tenant,
    /// The transaction, for what is possible inside alone.
    pub(crate) transaction: Option<&'a Transaction<'a>>,
}

impl Call {
    /// Makes it, and gives its answer as the library serializes it.
    pub(crate) fn make<'a>(&'a self, at: At<'a>) -> BoxFuture<'a, Result<Value, Error>> {
        let tenant = at.tenant;
        match self {
            Self::Payments(call) => Box::pin(call.make(tenant)),
            Self::Money(call) => Box::pin(call.make(at)),
            Self::Shares(call) => Box::pin(call.make(tenant)),
            Self::Codes(call) => Box::pin(call.make(at)),
            Self::Content(call) => Box::pin(call.make(tenant)),
            Self::Account(call) => Box::pin(call.make(at)),
            Self::Told(call) => Box::pin(call.make(at)),
            Self::Batch(calls) => Box::pin(async move {
                let answers = match calls.as_slice() {
                    [a, b] => {
                        let (a, b) = tenant.batch((a.make(at), b.make(at))).await;
                        vec![a, b]
                    }
                    [a, b, c] => {
                        let reads = (a.make(at), b.make(at), c.make(at));
                        let (a, b, c) = tenant.batch(reads).await;
                        vec![a, b, c]
                    }
                    _ => Vec::new(),
                };
                // What a fault costs one of them is told of the whole.
                for answer in &answers {
                    if let Err(error) = answer
                        && !crate::judge::is_definite(error)
                    {
                        return Err(error.clone());
                    }
                }
                Ok(answers.iter().map(model::outcome).collect())
            }),
        }
    }
}
