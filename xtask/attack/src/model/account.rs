//! The account itself, its log, and what the system sees of it.

use std::collections::BTreeMap;

use access::{Error, pay_out::PayOutStatus, payment_system_logs::Verified, system::AccountSummary};
use serde_json::{Value, json};

use super::Model;
use crate::{blank::json, call::account::AccountCall};

impl Model {
    pub(super) fn answer_account(&mut self, call: &AccountCall) -> Result<Value, Error> {
        match call {
            AccountCall::Get => Ok(json(&self.account)),
            AccountCall::Rename(name) => {
                self.account.name.clone_from(name);
                self.account.updated_at = self.blanks.time();
                Ok(json(&self.account))
            }
            AccountCall::ListLogs(limit) => {
                let limit = usize::try_from(*limit).unwrap_or_default();
                let log = self.log.iter().enumerate().rev().take(limit);
                let shown = log.map(|(seq, event)| json!({ "seq": seq + 1, "event": event }));
                Ok(shown.collect())
            }
            AccountCall::VerifyLogs => Ok(json(&Verified {
                entries: self.log.len() as u64,
                first_broken: None,
                complete: true,
            })),
            AccountCall::Ready | AccountCall::ListAccounts => Ok(Value::Null),
            AccountCall::Summary => Ok(json(&AccountSummary {
                account: self.account.clone(),
                succeeded: self.succeeded(),
                owed: self.balances(|share| share.payee != "platform"),
                requested: self.payout_totals(PayOutStatus::Requested),
                paid: self.payout_totals(PayOutStatus::Paid),
            })),
            AccountCall::RecordView => {
                self.log.push("system.record_view");
                Ok(Value::Null)
            }
            AccountCall::Export | AccountCall::PlanErasure => Ok(json(&self.counts())),
        }
    }

    /// How many rows each table has that has any.
    fn counts(&self) -> BTreeMap<&'static str, usize> {
        let rows = self.rows().into_iter();
        let mut counts: BTreeMap<_, _> = rows.map(|(table, rows)| (table, rows.len())).collect();
        counts.retain(|_, rows| *rows > 0);
        counts
    }
}
