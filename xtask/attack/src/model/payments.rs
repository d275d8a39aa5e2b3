//! Payments by buyers.

use std::collections::{BTreeMap, BTreeSet};

use access::{
    Error, Patch, Reason, StripePaymentId,
    stripe_payments::{
        CurrencyTotal, ListStripePayments, NewStripePayment, PaymentStatus, StripePayment,
        StripePaymentOrder, StripePaymentPatch,
    },
};
use serde_json::Value;

use super::{Model, illegal, invalid, pages, rejected};
use crate::{
    blank::{is_blank_time, json},
    call::{Call, payments::PaymentCall, shares::ShareCall},
};

impl Model {
    pub(super) fn answer_payments(&mut self, call: &PaymentCall) -> Result<Value, Error> {
        match call {
            PaymentCall::Create(new) => self.create_payment(new),
            PaymentCall::Get(id) => self.payment(*id).map(json),
            PaymentCall::FindByIntent(intent) => {
                let mut all = self.payments.values();
                let found = all.find(|payment| payment.payment_intent.as_ref() == Some(intent));
                Ok(json(&found))
            }
            PaymentCall::List(list) => Ok(pages(self.matching(list), list.limit)),
            PaymentCall::Stream(list) => Ok(json(&self.matching(list))),
            PaymentCall::Count(list) => Ok(json(&self.matching(list).len())),
            PaymentCall::Totals(list) => Ok(json(&totals(&self.matching(list)))),
            PaymentCall::Update(id, patch) => self.update_payment(*id, patch),
            PaymentCall::Advance(_, PaymentStatus::Succeeded | PaymentStatus::Canceled) => {
                Err(invalid("status", "final"))
            }
            PaymentCall::Advance(id, to) => self.go(*id, *to, "stripe_payments.advance", |_| ()),
            PaymentCall::FailAttempt(id, code) => self.go(
                *id,
                PaymentStatus::RequiresPaymentMethod,
                "stripe_payments.fail_attempt",
                |payment| payment.last_error = Some(code.clone()),
            ),
            PaymentCall::Succeed(id, charge) => self.go(
                *id,
                PaymentStatus::Succeeded,
                "stripe_payments.succeed",
                |payment| {
                    payment.charge = Some(charge.clone());
                    payment.last_error = None;
                },
            ),
            PaymentCall::Cancel(id) => self.go(
                *id,
                PaymentStatus::Canceled,
                "stripe_payments.cancel",
                |_| (),
            ),
            PaymentCall::Refund(id, total) => {
                self.gone_back(*id, *total, true)?;
                self.take_back(*id);
                self.payment(*id).map(json)
            }
        }
    }

    pub(super) fn payment(&self, id: StripePaymentId) -> Result<&StripePayment, Error> {
        self.payments.get(&id).ok_or(Error::NotFound)
    }

    pub(super) fn change_payment(
        &mut self,
        id: StripePaymentId,
        change: impl FnOnce(&mut StripePayment),
    ) -> Value {
        let now = self.blanks.time();
        let Some(payment) = self.payments.get_mut(&id) else {
            return Value::Null;
        };
        change(payment);
        payment.updated_at = now;
        json(payment)
    }

    fn taken(&self, intent: Option<&String>, by_another_than: Option<StripePaymentId>) -> bool {
        let mut others = (self.payments.values()).filter(|p| Some(p.id) != by_another_than);
        intent.is_some() && others.any(|p| p.payment_intent.as_ref() == intent)
    }

    fn create_payment(&mut self, new: &NewStripePayment) -> Result<Value, Error> {
        if new.amount < 1 {
            return Err(invalid("amount", "not_positive"));
        }
        if !(0..=new.amount).contains(&new.fee) {
            return Err(invalid("fee", "not_0_to_amount"));
        }
        if self.taken(new.payment_intent.as_ref(), None) {
            return Err(Error::Conflict);
        }
        let (id, now) = (self.blanks.id(), self.blanks.time());
        let payment = StripePayment {
            id: StripePaymentId::from_uuid(id),
            buyer: new.buyer.clone(),
            pay_for: new.pay_for,
            pay_for_id: new.pay_for_id.clone(),
            amount: new.amount,
            currency: new.currency,
            fee: new.fee,
            refunded: 0,
            disputed: 0,
            status: PaymentStatus::RequiresPaymentMethod,
            payment_intent: new.payment_intent.clone(),
            charge: None,
            last_error: None,
            description: new.description.clone(),
            metadata: new.metadata.clone(),
            created_at: now,
            updated_at: now,
        };
        let answer = json(&payment);
        self.payments.insert(payment.id, payment);
        self.log.push("stripe_payments.create");
        Ok(answer)
    }

    fn update_payment(
        &mut self,
        id: StripePaymentId,
        patch: &StripePaymentPatch,
    ) -> Result<Value, Error> {
        self.payment(id)?;
        if let Patch::Set(intent) = &patch.payment_intent
            && self.taken(intent.as_ref(), Some(id))
        {
            return Err(Error::Conflict);
        }
        if matches!(patch.payment_intent, Patch::Set(Some(_))) {
            self.log.push("stripe_payments.update");
        }
        Ok(self.change_payment(id, |payment| {
            if let Patch::Set(intent) = &patch.payment_intent {
                payment.payment_intent.clone_from(intent);
            }
            if let Patch::Set(description) = &patch.description {
                payment.description.clone_from(description);
            }
            if let Patch::Set(metadata) = &patch.metadata {
                payment.metadata.clone_from(metadata);
            }
        }))
    }

    fn go(
        &mut self,
        id: StripePaymentId,
        to: PaymentStatus,
        event: &'static str,
        change: impl FnOnce(&mut StripePayment),
    ) -> Result<Value, Error> {
        let payment = self.payment(id)?;
        let from = payment.status;
        if from == to {
            return Ok(json(payment));
        }
        if !leads(from, to) {
            return Err(illegal(from.as_str(), to.as_str()));
        }
        self.log.push(event);
        Ok(self.change_payment(id, |payment| {
            payment.status = to;
            change(payment);
        }))
    }

    /// What went back to the buyer in total, by refunds or else by disputes.
    pub(super) fn gone_back(
        &mut self,
        id: StripePaymentId,
        total: i64,
        refunded: bool,
    ) -> Result<(), Error> {
        if total < 1 {
            return Err(invalid("total", "not_positive"));
        }
        let payment = self.payment(id)?;
        let (stored, other, word) = if refunded {
            (payment.refunded, payment.disputed, "refunded")
        } else {
            (payment.disputed, payment.refunded, "disputed")
        };
        if payment.status != PaymentStatus::Succeeded {
            return Err(illegal(payment.status.as_str(), word));
        }
        if total > payment.amount - other {
            return Err(rejected(Reason::RefundExceedsPayment));
        }
        if total <= stored {
            return Ok(());
        }
        self.change_payment(id, |payment| {
            if refunded {
                payment.refunded = total;
            } else {
                payment.disputed = total;
            }
        });
        self.log.push(if refunded {
            "stripe_payments.refund"
        } else {
            "payment_share_tracking.reverse"
        });
        Ok(())
    }

    /// In the list's order.
    fn matching(&self, list: &ListStripePayments) -> Vec<&StripePayment> {
        let wanted = |payment: &&StripePayment| {
            (list.status).is_none_or(|status| status == payment.status)
                && (list.pay_for).is_none_or(|pay_for| pay_for == payment.pay_for)
                && (list.pay_for_id.as_ref()).is_none_or(|id| *id == payment.pay_for_id)
                && (list.buyer.as_ref()).is_none_or(|buyer| *buyer == payment.buyer)
                && (list.created_from).is_none_or(|from| from <= payment.created_at)
                && (list.created_before).is_none_or(|before| before > payment.created_at)
        };
        let mut found: Vec<_> = self.payments.values().filter(wanted).collect();
        found.sort_by_key(|payment| (payment.created_at, payment.id));
        if list.order != Some(StripePaymentOrder::Oldest) {
            found.reverse();
        }
        found
    }

    /// Payments and shares that are only known by what they should be.
    pub(super) fn unknown_payments(&self) -> Vec<Call> {
        let mut calls = Vec::new();
        for payment in self.payments.values() {
            if is_blank_time(payment.updated_at) {
                calls.push(Call::Payments(PaymentCall::Get(payment.id)));
            }
        }
        let shares = self.shares.values();
        let unknown = shares.filter(|share| is_blank_time(share.updated_at));
        let of: BTreeSet<_> = unknown.map(|share| share.payment_id).collect();
        let list = |id| Call::Shares(ShareCall::ListByPayment(id));
        calls.extend(of.into_iter().map(list));
        calls
    }

    pub(super) fn succeeded(&self) -> Vec<CurrencyTotal> {
        let succeeded = ListStripePayments {
            status: Some(PaymentStatus::Succeeded),
            ..ListStripePayments::default()
        };
        totals(&self.matching(&succeeded))
    }
}

/// Stripe's lifecycle (<https://docs.stripe.com/payments/paymentintents/lifecycle>).
fn leads(from: PaymentStatus, to: PaymentStatus) -> bool {
    use PaymentStatus::{Canceled, Processing, RequiresCapture, RequiresConfirmation, Succeeded};
    match (from, to) {
        (Canceled | Succeeded, _) | (Processing, RequiresConfirmation) => false,
        (RequiresCapture, to) => matches!(to, Succeeded | Canceled | Processing),
        (from, to) => from != to,
    }
}

fn totals(payments: &[&StripePayment]) -> Vec<CurrencyTotal> {
    let mut totals = BTreeMap::new();
    for payment in payments {
        let total = totals.entry(payment.currency).or_insert(CurrencyTotal {
            currency: payment.currency,
            payments: 0,
            amount: 0,
            fee: 0,
            refunded: 0,
        });
        total.payments += 1;
        total.amount += i128::from(payment.amount);
        total.fee += i128::from(payment.fee);
        total.refunded += i128::from(payment.refunded);
    }
    totals.into_values().collect()
}
