//! How a payment is split, and what is taken back of its parts.

use std::collections::BTreeMap;

use access::{
    Currency, Error, PaymentShareId, StripePaymentId,
    account_agents::AgentStatus,
    payment_share_tracking::{OpenBalance, PayeeRole, PaymentShare, ShareKind, ShareStatus},
    stripe_payments::{PaymentStatus, StripePayment},
};
use serde_json::Value;

use super::{Model, illegal, pages};
use crate::{blank::json, call::shares::ShareCall};

/// A part of a payment: why, whose, how much.
type Part = (PayeeRole, String, i64);

impl Model {
    pub(super) fn answer_shares(&mut self, call: &ShareCall) -> Result<Value, Error> {
        match call {
            ShareCall::Distribute(id) => self.distribute(*id),
            ShareCall::ListByPayment(id) => self.of_payment(*id).map(|shares| json(&shares)),
            ShareCall::ListOpen(list) => {
                let mut open = self.open(&list.payee, list.currency);
                open.sort_by_key(|share| (share.created_at, share.id));
                Ok(pages(open, list.limit))
            }
            ShareCall::OpenBalance(payee) => {
                Ok(json(&self.balances(|share| share.payee == *payee)))
            }
            ShareCall::Reverse(id, total) => {
                self.gone_back(*id, *total, false)?;
                self.take_back(*id);
                self.of_payment(*id).map(|shares| json(&shares))
            }
        }
    }

    /// The earliest first.
    pub(super) fn of_payment(&self, id: StripePaymentId) -> Result<Vec<&PaymentShare>, Error> {
        self.payment(id)?;
        let shares = self.shares.values();
        Ok(shares.filter(|share| share.payment_id == id).collect())
    }

    pub(super) fn open(&self, payee: &str, currency: Currency) -> Vec<&PaymentShare> {
        let open = |share: &&PaymentShare| {
            share.payee == payee && share.currency == currency && share.status == ShareStatus::Open
        };
        self.shares.values().filter(open).collect()
    }

    pub(super) fn balances(&self, whose: impl Fn(&PaymentShare) -> bool) -> Vec<OpenBalance> {
        let mut balances = BTreeMap::new();
        let open = (self.shares.values()).filter(|share| share.status == ShareStatus::Open);
        for share in open.filter(|share| whose(share)) {
            let balance = balances.entry(share.currency).or_insert(OpenBalance {
                currency: share.currency,
                shares: 0,
                amount: 0,
            });
            balance.shares += 1;
            balance.amount += i128::from(share.amount) - i128::from(share.reversed);
        }
        balances.into_values().collect()
    }

    fn distribute(&mut self, id: StripePaymentId) -> Result<Value, Error> {
        let payment = self.payment(id)?.clone();
        if payment.status != PaymentStatus::Succeeded {
            return Err(illegal(payment.status.as_str(), "distributed"));
        }
        if self.of_payment(id)?.is_empty() {
            for (role, payee, amount) in self.parts(&payment) {
                self.add_share(&payment, ShareKind::Share, role, payee, amount);
            }
            self.log.push("payment_share_tracking.distribute");
            self.take_back(id);
        }
        self.of_payment(id).map(|shares| json(&shares))
    }

    fn add_share(
        &mut self,
        payment: &StripePayment,
        kind: ShareKind,
        role: PayeeRole,
        payee: String,
        amount: i64,
    ) {
        let (id, now) = (self.blanks.id(), self.blanks.time());
        let id = PaymentShareId::from_uuid(id);
        let share = PaymentShare {
            id,
            payment_id: payment.id,
            kind,
            role,
            payee,
            currency: payment.currency,
            amount,
            reversed: 0,
            clawed_back: 0,
            status: ShareStatus::Open,
            pay_out_id: None,
            created_at: now,
            updated_at: now,
        };
        self.shares.insert(id, share);
    }

    /// The fee, then routes by position, agents by age, and what is left.
    pub(super) fn parts(&self, payment: &StripePayment) -> Vec<Part> {
        let mut routes: Vec<_> = self.routes.values().filter(|route| route.active).collect();
        routes.sort_by_key(|route| (route.position, route.id));
        let mut taken: Vec<(PayeeRole, String, i64)> = routes
            .into_iter()
            .map(|route| (route.role, route.payee.clone(), route.share_bp.into()))
            .collect();
        for agent in self.agents.values() {
            if let (AgentStatus::Active, Some(account)) = (agent.status, agent.agent_account) {
                let payee = format!("agent/{account}");
                taken.push((agent.role, payee, agent.commission_bp.into()));
            }
        }
        let given: i64 = taken.iter().map(|(.., bp)| bp).sum();
        taken.push((PayeeRole::Creator, "creator".into(), 10_000 - given));
        let weights: Vec<i64> = taken.iter().map(|(.., bp)| *bp).collect();
        let amounts = split(payment.amount - payment.fee, &weights);
        let mut parts = vec![(PayeeRole::Platform, "platform".to_owned(), payment.fee)];
        for ((role, payee, _), amount) in taken.into_iter().zip(amounts) {
            parts.push((role, payee, amount));
        }
        parts.retain(|(.., amount)| *amount > 0);
        parts
    }

    /// Takes from the parts what went back to the buyer and wasn't taken yet.
    pub(super) fn take_back(&mut self, id: StripePaymentId) {
        let Some(payment) = self.payments.get(&id).cloned() else {
            return;
        };
        let parts: Vec<PaymentShare> = (self.shares.values())
            .filter(|share| share.payment_id == id && share.kind == ShareKind::Share)
            .cloned()
            .collect();
        let left: Vec<i64> = parts
            .iter()
            .map(|share| share.amount - share.reversed - share.clawed_back)
            .collect();
        let due = payment.refunded + payment.disputed - payment.amount + left.iter().sum::<i64>();
        if parts.is_empty() || due <= 0 {
            return;
        }
        for (share, amount) in parts.into_iter().zip(split(due, &left)) {
            if amount == 0 {
                continue;
            }
            let directly = share.status == ShareStatus::Open;
            if !directly {
                let payee = share.payee.clone();
                self.add_share(&payment, ShareKind::Clawback, share.role, payee, -amount);
            }
            let now = self.blanks.time();
            if let Some(share) = self.shares.get_mut(&share.id) {
                share.updated_at = now;
                if directly {
                    share.reversed += amount;
                    if share.reversed == share.amount {
                        share.status = ShareStatus::Reversed;
                    }
                } else {
                    share.clawed_back += amount;
                }
            }
        }
        self.log.push("payment_share_tracking.reverse");
    }
}

/// Largest remainder, unit by unit: who is furthest below the exact part gets the next one, of equal ones the first.
fn split(amount: i64, weights: &[i64]) -> Vec<i64> {
    let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    let exact = |weight: &i64| i128::from(amount) * i128::from(*weight);
    let mut parts: Vec<(i128, i128)> = weights
        .iter()
        .map(|weight| (exact(weight), exact(weight) / total.max(1)))
        .collect();
    let mut left = i128::from(amount) - parts.iter().map(|(_, part)| part).sum::<i128>();
    while left > 0 {
        let missing = |(exact, part): &(i128, i128)| exact - part * total;
        let most = parts.iter().map(missing).max();
        let Some(next) = (parts.iter_mut()).find(|part| Some(missing(part)) == most) else {
            break;
        };
        next.1 += 1;
        left -= 1;
    }
    let parts = parts.into_iter();
    parts
        .map(|(_, part)| i64::try_from(part).unwrap_or_default())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::split;

    /// S67
    #[test]
    fn a_hundred_by_thirds_is_34_33_33() {
        assert_eq!(split(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(split(101, &[1, 1, 1]), [34, 34, 33]);
        assert_eq!(split(7, &[0, 1]), [0, 7]);
    }
}
