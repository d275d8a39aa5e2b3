//! What Stripe tells, signed, and calls about it.

use access::{
    AccountId, Error, StripeEventId, StripePaymentId,
    stripe_events::{self, ListStripeEvents},
    webhook,
};
use chrono::{DateTime, Utc};
use ring::hmac;
use serde_json::{Value, json};

use super::At;
use crate::blank::json;

/// What the events are signed with.
pub(crate) const SECRET: &str = "whsec_of_the_attack";

#[derive(Clone, Debug)]
pub(crate) enum ToldCall {
    Receive(Succeeded),
    Get(StripeEventId),
    List(ListStripeEvents),
    ErasePayloads,
    CatchUp(StripePaymentId),
}

/// A payment intent has succeeded.
#[derive(Clone, Debug)]
pub(crate) struct Succeeded {
    pub(crate) event: String,
    pub(crate) account: AccountId,
    pub(crate) payment: StripePaymentId,
    pub(crate) intent: String,
    pub(crate) charge: String,
    pub(crate) created: DateTime<Utc>,
}

impl Succeeded {
    pub(crate) const KIND: &str = "payment_intent.succeeded";

    /// As Stripe sends it.
    pub(crate) fn payload(&self) -> Value {
        json!({
            "id": self.event, "object": "event", "type": Self::KIND, "created": self.created.timestamp(),
            "data": {"object": {
                "id": self.intent, "object": "payment_intent", "status": "succeeded", "latest_charge": self.charge,
                "metadata": {"account_id": self.account.to_string(), "payment_id": self.payment},
            }},
        })
    }
}

impl ToldCall {
    pub(super) async fn make(&self, at: At<'_>) -> Result<Value, Error> {
        let tenant = at.tenant;
        Ok(match self {
            Self::Receive(event) => {
                let payload = event.payload().to_string();
                let signature = signature(&payload, Utc::now().timestamp());
                let system = &at.world.system;
                let received = webhook::receive(system, payload.as_bytes(), &signature).await?;
                json!({
                    "event": received.event,
                    "kind": received.kind,
                    "account": received.account.map(|account| account.as_uuid()),
                    "outcome": received.outcome,
                    "duplicate": received.duplicate,
                })
            }
            Self::Get(id) => json(&stripe_events::get(tenant, *id).await?),
            Self::List(list) => pages!(list, tenant, stripe_events::list),
            Self::ErasePayloads => json(&stripe_events::erase_payloads(tenant, Utc::now()).await?),
            Self::CatchUp(id) => json(&stripe_events::catch_up(tenant, *id).await?),
        })
    }
}

/// The header `Stripe-Signature`.
fn signature(payload: &str, at: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signed = hmac::sign(&key, format!("{at}.{payload}").as_bytes());
    let hex: String = signed.as_ref().iter().map(|b| format!("{b:02x}")).collect();
    format!("t={at},v1={hex}")
}
