//! Routes, settings, payouts and their jobs.

use access::{
    Error, OutboxJobId, Patch, PayOutId, PayoutRouteId, Reason,
    account_payment_settings::{NewPaymentSettings, PaymentSettings, PayoutSchedule},
    account_payout_routes::{NewPayoutRoute, PayoutRoute, PayoutRoutePatch},
    outbox::{OutboxJob, OutboxKind, OutboxStatus},
    pay_out::{PayOut, PayOutStatus, RequestPayOut},
    payment_share_tracking::{PaymentShare, ShareStatus},
    system::PayOutTotal,
};
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::collections::BTreeMap;

use super::{Model, illegal, invalid, pages, rejected};
use crate::{blank::json, call::money::MoneyCall};

impl Model {
    pub(super) fn answer_money(&mut self, call: &MoneyCall) -> Result<Value, Error> {
        match call {
            MoneyCall::CreateRoute(new) => self.create_route(new),
            MoneyCall::GetRoute(id) => self.route(*id).map(json),
            MoneyCall::ListRoutes(active) => Ok(json(&self.ordered(*active))),
            MoneyCall::UpdateRoute(id, patch) => self.update_route(*id, patch),
            MoneyCall::ReorderRoutes(ids) => self.reorder(ids),
            MoneyCall::DeactivateRoute(id) => {
                if !self.route(*id)?.active {
                    return self.route(*id).map(json);
                }
                self.log.push("account_payout_routes.deactivate");
                self.change_route(*id, |route| route.active = false);
                self.route(*id).map(json)
            }
            MoneyCall::GetSettings => Ok(json(&self.current_settings())),
            MoneyCall::UpsertSettings(new, version) => self.upsert_settings(new, *version),
            MoneyCall::Request(request) => self.request(request),
            MoneyCall::GetPayOut(id) => self.payout(*id).map(json),
            MoneyCall::ListPayOuts(list) => {
                let wanted = |payout: &&PayOut| {
                    (list.payee.as_ref()).is_none_or(|payee| *payee == payout.payee)
                        && (list.status).is_none_or(|status| status == payout.status)
                };
                let mut found: Vec<_> = self.payouts.values().filter(wanted).collect();
                found.sort_by_key(|payout| std::cmp::Reverse((payout.created_at, payout.id)));
                Ok(pages(found, list.limit))
            }
            MoneyCall::RecordTransfer(id, transfer) => self.record_transfer(*id, transfer),
            MoneyCall::MarkFailed(id, code) => {
                let payout = self.payout(*id)?;
                match payout.status {
                    PayOutStatus::Failed => return Ok(json(payout)),
                    PayOutStatus::Canceled | PayOutStatus::Paid => {
                        return Err(illegal(payout.status.as_str(), "failed"));
                    }
                    PayOutStatus::Requested => {}
                }
                self.fail_payout(*id, code, "pay_out.mark_failed")
            }
            MoneyCall::RecordReversal(id, transfer, code) => {
                let payout = self.payout(*id)?;
                if payout.transfer.as_ref() != Some(transfer) {
                    return Err(Error::Conflict);
                }
                match payout.status {
                    PayOutStatus::Failed => Ok(json(payout)),
                    PayOutStatus::Paid => self.fail_payout(*id, code, "pay_out.record_reversal"),
                    PayOutStatus::Requested | PayOutStatus::Canceled => {
                        Err(illegal(payout.status.as_str(), "failed"))
                    }
                }
            }
            MoneyCall::CancelPayOut(id) => {
                let payout = self.payout(*id)?;
                match payout.status {
                    PayOutStatus::Canceled => return Ok(json(payout)),
                    PayOutStatus::Paid | PayOutStatus::Failed => {
                        return Err(illegal(payout.status.as_str(), "canceled"));
                    }
                    PayOutStatus::Requested => {}
                }
                self.end_payout(*id, PayOutStatus::Canceled, "pay_out.cancel");
                self.payout(*id).map(json)
            }
            MoneyCall::Enqueue(id) => self.enqueue(*id),
            MoneyCall::GetJob(id) => self.jobs.get(id).map(json).ok_or(Error::NotFound),
            MoneyCall::ListJobs(list) => {
                let wanted = |job: &&OutboxJob| {
                    (list.status).is_none_or(|status| status == job.status)
                        && (list.pay_out_id).is_none_or(|id| id == job.pay_out_id)
                };
                let mut found: Vec<_> = self.jobs.values().filter(wanted).collect();
                found.sort_by_key(|job| std::cmp::Reverse((job.created_at, job.id)));
                Ok(pages(found, list.limit))
            }
        }
    }

    fn route(&self, id: PayoutRouteId) -> Result<&PayoutRoute, Error> {
        self.routes.get(&id).ok_or(Error::NotFound)
    }

    fn change_route(&mut self, id: PayoutRouteId, change: impl FnOnce(&mut PayoutRoute)) {
        let now = self.blanks.time();
        if let Some(route) = self.routes.get_mut(&id) {
            change(route);
            route.updated_at = now;
        }
    }

    fn ordered(&self, only_active: bool) -> Vec<&PayoutRoute> {
        let wanted = |route: &&PayoutRoute| route.active || !only_active;
        let mut routes: Vec<_> = self.routes.values().filter(wanted).collect();
        routes.sort_by_key(|route| (route.position, route.id));
        routes
    }

    /// The basis points that active routes, agents and open invitations take.
    pub(super) fn given_away(&self) -> i64 {
        let routes = self.routes.values().filter(|route| route.active);
        let routed: i64 = routes.map(|route| i64::from(route.share_bp)).sum();
        routed + self.commissions()
    }

    fn create_route(&mut self, new: &NewPayoutRoute) -> Result<Value, Error> {
        let mut active = self.routes.values().filter(|route| route.active);
        if active.any(|route| route.payee == new.payee) {
            return Err(Error::Conflict);
        }
        if self.given_away() + i64::from(new.share_bp) > 10_000 {
            return Err(rejected(Reason::SharesExceedWhole));
        }
        let last = self.routes.values().map(|route| route.position).max();
        let (id, now) = (self.blanks.id(), self.blanks.time());
        let route = PayoutRoute {
            id: PayoutRouteId::from_uuid(id),
            role: new.role,
            payee: new.payee.clone(),
            connected_account: new.connected_account.clone(),
            share_bp: new.share_bp,
            position: last.map_or(0, |last| last + 1),
            active: true,
            created_at: now,
            updated_at: now,
        };
        let answer = json(&route);
        self.routes.insert(route.id, route);
        self.log.push("account_payout_routes.create");
        Ok(answer)
    }

    fn update_route(
        &mut self,
        id: PayoutRouteId,
        patch: &PayoutRoutePatch,
    ) -> Result<Value, Error> {
        let route = self.route(id)?;
        if let (Patch::Set(share), true) = (patch.share_bp, route.active) {
            let others = self.given_away() - i64::from(route.share_bp);
            if others + i64::from(share) > 10_000 {
                return Err(rejected(Reason::SharesExceedWhole));
            }
        }
        self.change_route(id, |route| {
            if let Patch::Set(share) = patch.share_bp {
                route.share_bp = share;
            }
            if let Patch::Set(account) = &patch.connected_account {
                route.connected_account.clone_from(account);
            }
        });
        self.log.push("account_payout_routes.update");
        self.route(id).map(json)
    }

    fn reorder(&mut self, ids: &[PayoutRouteId]) -> Result<Value, Error> {
        if ids.iter().any(|id| !self.routes.contains_key(id)) {
            return Err(Error::NotFound);
        }
        let rest = self.ordered(false).into_iter().map(|route| route.id);
        let rest = rest.filter(|id| !ids.contains(id));
        let order: Vec<_> = ids.iter().copied().chain(rest).collect();
        for (position, id) in (0..).zip(order) {
            if self.route(id)?.position != position {
                self.change_route(id, |route| route.position = position);
            }
        }
        self.log.push("account_payout_routes.reorder");
        Ok(json(&self.ordered(false)))
    }

    fn current_settings(&self) -> PaymentSettings {
        let defaults = || {
            Some(PaymentSettings {
                default_currency: "USD".parse().ok()?,
                schedule: PayoutSchedule::Manual,
                minimum_payout: 0,
                fee_bp: 0,
                statement_descriptor: None,
                connected_account: None,
                version: 0,
                updated_at: DateTime::<Utc>::UNIX_EPOCH,
            })
        };
        let settings = self.settings.clone().or_else(defaults);
        settings.unwrap_or_else(|| unreachable!("USD is a currency"))
    }

    fn upsert_settings(&mut self, new: &NewPaymentSettings, version: i64) -> Result<Value, Error> {
        if version < 0 {
            return Err(invalid("version", "negative"));
        }
        if version != self.current_settings().version {
            return Err(Error::Conflict);
        }
        let settings = PaymentSettings {
            default_currency: new.default_currency,
            schedule: new.schedule,
            minimum_payout: new.minimum_payout,
            fee_bp: new.fee_bp,
            statement_descriptor: new.statement_descriptor.clone(),
            connected_account: new.connected_account.clone(),
            version: version + 1,
            updated_at: self.blanks.time(),
        };
        let answer = json(&settings);
        self.settings = Some(settings);
        self.log.push("account_payment_settings.upsert");
        Ok(answer)
    }

    fn payout(&self, id: PayOutId) -> Result<&PayOut, Error> {
        self.payouts.get(&id).ok_or(Error::NotFound)
    }

    fn request(&mut self, request: &RequestPayOut) -> Result<Value, Error> {
        if request.payee == "platform" {
            return Err(invalid("payee", "reserved"));
        }
        let key = |payout: &&PayOut| payout.idempotency_key == request.idempotency_key;
        if let Some(earlier) = self.payouts.values().find(key) {
            let same = earlier.payee == request.payee && earlier.currency == request.currency;
            return same.then(|| json(earlier)).ok_or(Error::Conflict);
        }
        let settings = self.current_settings();
        let shares = self.open(&request.payee, request.currency);
        let owed: i64 = shares
            .iter()
            .map(|share| share.amount - share.reversed)
            .sum();
        if owed < 1 || owed < settings.minimum_payout {
            return Err(rejected(Reason::InsufficientShares));
        }
        let shares: Vec<_> = shares.iter().map(|share| share.id).collect();
        let connected_account = if request.payee == "creator" {
            settings.connected_account
        } else if request.payee.starts_with("agent/") {
            self.paid_to(&request.payee)
        } else {
            let routes = self.routes.values();
            let of_payee = routes.filter(|route| route.payee == request.payee);
            let newest = of_payee.max_by_key(|route| (route.active, route.id));
            newest.map(|route| route.connected_account.clone())
        };
        let connected_account = connected_account.ok_or(rejected(Reason::NoConnectedAccount))?;
        let (id, now) = (PayOutId::from_uuid(self.blanks.id()), self.blanks.time());
        let payout = PayOut {
            id,
            payee: request.payee.clone(),
            currency: request.currency,
            idempotency_key: request.idempotency_key.clone(),
            connected_account,
            amount: owed,
            status: PayOutStatus::Requested,
            transfer: None,
            failure: None,
            created_at: now,
            updated_at: now,
        };
        let answer = json(&payout);
        self.payouts.insert(id, payout);
        for share in shares {
            self.change_share(share, |share| {
                share.status = ShareStatus::Reserved;
                share.pay_out_id = Some(id);
            });
        }
        self.log.push("pay_out.request");
        Ok(answer)
    }

    fn change_share(&mut self, id: access::PaymentShareId, change: impl FnOnce(&mut PaymentShare)) {
        let now = self.blanks.time();
        if let Some(share) = self.shares.get_mut(&id) {
            change(share);
            share.updated_at = now;
        }
    }

    fn held_by(&self, payout: PayOutId) -> Vec<access::PaymentShareId> {
        let shares = self.shares.values();
        let held = shares.filter(|share| share.pay_out_id == Some(payout));
        held.map(|share| share.id).collect()
    }

    fn record_transfer(&mut self, id: PayOutId, transfer: &str) -> Result<Value, Error> {
        let payout = self.payout(id)?;
        match payout.status {
            PayOutStatus::Paid if payout.transfer.as_deref() == Some(transfer) => {
                return Ok(json(payout));
            }
            PayOutStatus::Paid => return Err(Error::Conflict),
            PayOutStatus::Failed | PayOutStatus::Canceled => {
                return Err(illegal(payout.status.as_str(), "paid"));
            }
            PayOutStatus::Requested => {}
        }
        let mut others = self.payouts.values();
        if others.any(|other| other.transfer.as_deref() == Some(transfer)) {
            return Err(Error::Conflict);
        }
        let now = self.blanks.time();
        if let Some(payout) = self.payouts.get_mut(&id) {
            payout.status = PayOutStatus::Paid;
            payout.transfer = Some(transfer.to_owned());
            payout.updated_at = now;
        }
        for share in self.held_by(id) {
            self.change_share(share, |share| share.status = ShareStatus::Paid);
        }
        self.log.push("pay_out.record_transfer");
        self.payout(id).map(json)
    }

    fn fail_payout(
        &mut self,
        id: PayOutId,
        code: &str,
        event: &'static str,
    ) -> Result<Value, Error> {
        self.end_payout(id, PayOutStatus::Failed, event);
        if let Some(payout) = self.payouts.get_mut(&id) {
            payout.failure = Some(code.to_owned());
        }
        self.payout(id).map(json)
    }

    fn end_payout(&mut self, id: PayOutId, status: PayOutStatus, event: &'static str) {
        let now = self.blanks.time();
        if let Some(payout) = self.payouts.get_mut(&id) {
            payout.status = status;
            payout.updated_at = now;
        }
        for share in self.held_by(id) {
            self.change_share(share, |share| {
                share.status = ShareStatus::Open;
                share.pay_out_id = None;
            });
        }
        self.log.push(event);
    }

    fn enqueue(&mut self, id: PayOutId) -> Result<Value, Error> {
        let payout = self.payout(id)?;
        if let Some(earlier) = self.jobs.values().find(|job| job.pay_out_id == id) {
            return Ok(json(earlier));
        }
        if payout.status != PayOutStatus::Requested {
            return Err(illegal(payout.status.as_str(), "paid"));
        }
        let (job, now) = (self.blanks.id(), self.blanks.time());
        let job = OutboxJob {
            id: OutboxJobId::from_uuid(job),
            kind: OutboxKind::Transfer,
            pay_out_id: id,
            status: OutboxStatus::Ready,
            attempts: 0,
            due_at: Some(self.blanks.time()),
            last_error: None,
            response_id: None,
            created_at: now,
            updated_at: now,
        };
        let answer = json(&job);
        self.jobs.insert(job.id, job);
        self.log.push("outbox.enqueue");
        Ok(answer)
    }

    pub(super) fn payout_totals(&self, status: PayOutStatus) -> Vec<PayOutTotal> {
        let mut totals = BTreeMap::new();
        for payout in (self.payouts.values()).filter(|payout| payout.status == status) {
            let total = totals.entry(payout.currency).or_insert(PayOutTotal {
                currency: payout.currency,
                payouts: 0,
                amount: 0,
            });
            total.payouts += 1;
            total.amount += i128::from(payout.amount);
        }
        totals.into_values().collect()
    }
}
