//! Purchase codes and agents.

use access::{
    AccountAgentId, Error, PpuId, PpuRedemptionId, PurchaseCode, Reason, StripePaymentId,
    account_agents::{AccountAgent, AgentStatus, Commission, NewAccountAgent},
    payment_share_tracking::ShareKind,
    ppu::{IssueCodes, IssuedCodes, ListPpu, Ppu, PpuRedemption, RedeemCode, RedeemedCode},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

use super::{Model, pages, rejected};
use crate::{
    blank::{is_blank_time, json},
    call::{Call, codes::CodeCall},
};

impl Model {
    pub(super) fn answer_codes(&mut self, call: &CodeCall) -> Result<Value, Error> {
        match call {
            CodeCall::Issue(issue) => self.issue(issue),
            CodeCall::Redeem(redeem) => self.redeem(redeem),
            CodeCall::FindByCode(code) => Ok(json(&self.code(*code))),
            CodeCall::List(list) => {
                let all = self.codes.values().rev();
                let wanted = |code: &&Ppu| (list.batch.as_ref()).is_none_or(|b| *b == code.batch);
                Ok(pages(all.filter(wanted).collect(), list.limit))
            }
            CodeCall::ListRedemptions(list) => {
                let all = self.redemptions.values().rev();
                let wanted = |of: &&PpuRedemption| list.ppu_id.is_none_or(|id| id == of.ppu_id);
                Ok(pages(all.filter(wanted).collect(), list.limit))
            }
            CodeCall::Disable(id) => {
                let code = self.codes.get(id).ok_or(Error::NotFound)?;
                if code.disabled {
                    return Ok(json(code));
                }
                self.log.push("ppu.disable");
                self.change_code(*id, |code| code.disabled = true)
            }
            CodeCall::Invite(new) => self.invite(new),
            CodeCall::GetAgent(id) => self.agent(*id).map(json),
            CodeCall::ListAgents(list) => {
                let all = self.agents.values().rev();
                let wanted = |agent: &&AccountAgent| list.status.is_none_or(|s| s == agent.status);
                Ok(pages(all.filter(wanted).collect(), list.limit))
            }
            CodeCall::Revoke(id) => {
                let agent = self.agent(*id)?;
                if agent.status == AgentStatus::Revoked {
                    return Ok(json(agent));
                }
                self.log.push("account_agents.revoke");
                self.change_agent(*id, |agent| agent.status = AgentStatus::Revoked)
            }
            CodeCall::Accept {
                invitation,
                agent,
                connected_account,
            } => self.accept(*invitation, agent.as_uuid(), connected_account),
            CodeCall::Commission(id, payment) => self.commission(*id, *payment),
        }
    }

    fn code(&self, code: PurchaseCode) -> Option<&Ppu> {
        self.codes.values().find(|ppu| ppu.code == code)
    }

    fn change_code(&mut self, id: PpuId, change: impl FnOnce(&mut Ppu)) -> Result<Value, Error> {
        let now = self.blanks.time();
        let code = self.codes.get_mut(&id).ok_or(Error::NotFound)?;
        change(code);
        code.updated_at = now;
        Ok(json(code))
    }

    fn issue(&mut self, issue: &IssueCodes) -> Result<Value, Error> {
        let of_batch: Vec<_> = (self.codes.values())
            .filter(|code| code.batch == issue.batch)
            .collect();
        let issued = IssuedCodes {
            batch: issue.batch.clone(),
            count: issue.count,
        };
        if let Some(first) = of_batch.first() {
            let same = usize::try_from(issue.count) == Ok(of_batch.len())
                && first.pay_for == issue.pay_for
                && first.pay_for_id == issue.pay_for_id
                && first.max_redemptions == issue.max_redemptions
                && first.expires_at == issue.expires_at;
            return same.then(|| json(&issued)).ok_or(Error::Conflict);
        }
        for number in 1..=issue.count {
            let (id, now) = (PpuId::from_uuid(self.blanks.id()), self.blanks.time());
            let code = Ppu {
                id,
                batch: issue.batch.clone(),
                number,
                code: self.blanks.code(),
                pay_for: issue.pay_for,
                pay_for_id: issue.pay_for_id.clone(),
                max_redemptions: issue.max_redemptions,
                redeemed: 0,
                expires_at: issue.expires_at,
                disabled: false,
                created_at: now,
                updated_at: now,
            };
            self.codes.insert(id, code);
        }
        self.log.push("ppu.issue_many");
        Ok(json(&issued))
    }

    fn redeem(&mut self, redeem: &RedeemCode) -> Result<Value, Error> {
        let key = |of: &&PpuRedemption| of.idempotency_key == redeem.idempotency_key;
        if let Some(redemption) = self.redemptions.values().find(key) {
            let ppu = self.codes.get(&redemption.ppu_id).ok_or(Error::NotFound)?;
            let same = ppu.code == redeem.code && redemption.redeemer == redeem.redeemer;
            let earlier = || json!({ "ppu": ppu, "redemption": redemption });
            return same.then(earlier).ok_or(Error::Conflict);
        }
        let ppu = self.code(redeem.code).ok_or(Error::NotFound)?;
        if ppu.disabled {
            return Err(rejected(Reason::CodeDisabled));
        }
        if ppu.redeemed >= ppu.max_redemptions {
            return Err(rejected(Reason::CodeExhausted));
        }
        let id = ppu.id;
        self.change_code(id, |code| code.redeemed += 1)?;
        let redemption = PpuRedemption {
            id: PpuRedemptionId::from_uuid(self.blanks.id()),
            ppu_id: id,
            redeemer: redeem.redeemer.clone(),
            idempotency_key: redeem.idempotency_key.clone(),
            created_at: self.blanks.time(),
        };
        self.redemptions.insert(redemption.id, redemption.clone());
        self.log.push("ppu.redeem");
        let ppu = self.codes.get(&id).cloned().ok_or(Error::NotFound)?;
        Ok(json(&RedeemedCode { ppu, redemption }))
    }

    /// Codes that nobody has seen yet.
    pub(super) fn unknown_codes(&self) -> Vec<Call> {
        let codes = self.codes.values();
        let unknown = codes.filter(|code| is_blank_time(code.updated_at));
        let batches: BTreeSet<_> = unknown.map(|code| code.batch.clone()).collect();
        let list = |batch| {
            Call::Codes(CodeCall::List(ListPpu {
                batch: Some(batch),
                limit: Some(50),
                cursor: None,
            }))
        };
        batches.into_iter().map(list).collect()
    }

    fn agent(&self, id: AccountAgentId) -> Result<&AccountAgent, Error> {
        self.agents.get(&id).ok_or(Error::NotFound)
    }

    fn change_agent(
        &mut self,
        id: AccountAgentId,
        change: impl FnOnce(&mut AccountAgent),
    ) -> Result<Value, Error> {
        let now = self.blanks.time();
        let agent = self.agents.get_mut(&id).ok_or(Error::NotFound)?;
        change(agent);
        agent.updated_at = now;
        Ok(json(agent))
    }

    pub(super) fn commissions(&self) -> i64 {
        let live = (self.agents.values()).filter(|agent| agent.status != AgentStatus::Revoked);
        live.map(|agent| i64::from(agent.commission_bp)).sum()
    }

    fn invite(&mut self, new: &NewAccountAgent) -> Result<Value, Error> {
        if self.given_away() + i64::from(new.commission_bp) > 10_000 {
            return Err(rejected(Reason::SharesExceedWhole));
        }
        let (id, now) = (self.blanks.id(), self.blanks.time());
        let agent = AccountAgent {
            id: AccountAgentId::from_uuid(id),
            role: new.role,
            commission_bp: new.commission_bp,
            status: AgentStatus::Invited,
            agent_account: None,
            connected_account: None,
            expires_at: self.blanks.time(),
            created_at: now,
            updated_at: now,
        };
        let answer = json(&agent);
        self.agents.insert(agent.id, agent);
        self.log.push("account_agents.invite");
        Ok(answer)
    }

    fn accept(
        &mut self,
        id: AccountAgentId,
        by: Uuid,
        connected_account: &str,
    ) -> Result<Value, Error> {
        let agent = self.agent(id)?;
        if agent.status == AgentStatus::Active && agent.agent_account == Some(by) {
            return Ok(json(agent));
        }
        if agent.status != AgentStatus::Invited {
            return Err(Error::NotFound);
        }
        let mut active = (self.agents.values()).filter(|a| a.status == AgentStatus::Active);
        if active.any(|agent| agent.agent_account == Some(by)) {
            return Err(Error::Conflict);
        }
        self.log.push("account_agents.accept");
        self.change_agent(id, |agent| {
            agent.status = AgentStatus::Active;
            agent.agent_account = Some(by);
            agent.connected_account = Some(connected_account.to_owned());
        })
    }

    /// The connected account of the payee of a commission.
    pub(super) fn paid_to(&self, payee: &str) -> Option<String> {
        let account: Uuid = payee.strip_prefix("agent/")?.parse().ok()?;
        let agents = self.agents.values();
        let of = agents.filter(|agent| agent.agent_account == Some(account));
        let latest = of.max_by_key(|agent| (agent.status == AgentStatus::Active, agent.id));
        latest.and_then(|agent| agent.connected_account.clone())
    }

    fn commission(&self, id: AccountAgentId, payment: StripePaymentId) -> Result<Value, Error> {
        let agent = self.agent(id)?;
        let payee = agent
            .agent_account
            .map(|account| format!("agent/{account}"));
        let payee = payee.unwrap_or_default();
        let payment = self.payment(payment)?;
        let shares = self.of_payment(payment.id)?;
        let (amount, taken_back) = if shares.is_empty() {
            let mut parts = self.parts(payment).into_iter();
            let own = parts.find(|(_, of, _)| *of == payee);
            (own.map_or(0, |(.., amount)| amount), 0)
        } else {
            let mut parts = shares.iter().filter(|s| s.kind == ShareKind::Share);
            let own = parts.find(|share| share.payee == payee);
            own.map_or((0, 0), |s| (s.amount, s.reversed + s.clawed_back))
        };
        Ok(json(&Commission {
            currency: payment.currency,
            amount,
            taken_back,
            distributed: !shares.is_empty(),
        }))
    }
}
