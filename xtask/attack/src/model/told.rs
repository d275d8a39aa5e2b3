//! What Stripe has told.

use access::{
    Error, StripeEventId,
    stripe_events::{EventOutcome, ListStripeEvents, StripeEvent},
    stripe_payments::PaymentStatus,
};
use serde_json::{Value, json};

use super::{Model, pages};
use crate::{
    blank::{is_blank_time, json},
    call::{
        Call,
        told::{Succeeded, ToldCall},
    },
};

impl Model {
    pub(super) fn answer_told(&mut self, call: &ToldCall) -> Result<Value, Error> {
        match call {
            ToldCall::Receive(event) => Ok(self.receive(event)),
            ToldCall::Get(id) => self.events.get(id).map(json).ok_or(Error::NotFound),
            ToldCall::List(list) => {
                let wanted = |event: &&StripeEvent| {
                    (list.subject.as_ref()).is_none_or(|s| event.subject.as_ref() == Some(s))
                        && (list.outcome).is_none_or(|outcome| outcome == event.outcome)
                };
                let mut found: Vec<_> = self.events.values().filter(wanted).collect();
                found.sort_by_key(|event| std::cmp::Reverse((event.received_at, event.id)));
                Ok(pages(found, list.limit))
            }
            ToldCall::ErasePayloads => {
                let events = self.events.values_mut();
                let mut erased = 0;
                for event in events.filter(|event| event.payload.is_some()) {
                    event.payload = None;
                    erased += 1;
                }
                Ok(json(&erased))
            }
            ToldCall::CatchUp(id) => self.payment(*id).map(|_| json(&false)),
        }
    }

    /// Events that nobody has seen yet.
    pub(super) fn unknown_events(&self) -> Vec<Call> {
        let events = self.events.values();
        let unknown = events.filter(|event| is_blank_time(event.received_at));
        let list = |event: &StripeEvent| {
            Call::Told(ToldCall::List(ListStripeEvents {
                subject: event.subject.clone(),
                limit: Some(50),
                ..ListStripeEvents::default()
            }))
        };
        unknown.map(list).collect()
    }

    /// The payment has succeeded, whatever was known of it.
    fn receive(&mut self, told: &Succeeded) -> Value {
        let received = |outcome: EventOutcome, duplicate: bool| {
            json!({
                "event": told.event,
                "kind": Succeeded::KIND,
                "account": told.account.as_uuid(),
                "outcome": outcome,
                "duplicate": duplicate,
            })
        };
        let mut earlier = self.events.values();
        if let Some(earlier) = earlier.find(|event| event.event == told.event) {
            return received(earlier.outcome, true);
        }
        let known = self.payments.get(&told.payment).cloned();
        let changed = known.is_some_and(|payment| {
            payment.status != PaymentStatus::Succeeded
                || payment.charge.as_ref() != Some(&told.charge)
                || payment.last_error.is_some()
                || payment.payment_intent.is_none()
        });
        if changed {
            self.change_payment(told.payment, |payment| {
                payment.status = PaymentStatus::Succeeded;
                payment.charge = Some(told.charge.clone());
                payment.last_error = None;
                (payment.payment_intent).get_or_insert_with(|| told.intent.clone());
            });
            self.log.push("webhook.receive");
        }
        let outcome = if changed {
            EventOutcome::Applied
        } else {
            EventOutcome::Stale
        };
        let id = StripeEventId::from_uuid(self.blanks.id());
        let event = StripeEvent {
            id,
            event: told.event.clone(),
            kind: Succeeded::KIND.into(),
            api_version: None,
            created: told.created,
            subject: Some(told.intent.clone()),
            signed: true,
            facts: json!({
                "payment_intent": told.intent,
                "charge": told.charge,
                "payment": told.payment,
                "status": "succeeded",
            }),
            outcome,
            payload: Some(told.payload()),
            received_at: self.blanks.time(),
        };
        self.events.insert(id, event);
        received(outcome, false)
    }
}
