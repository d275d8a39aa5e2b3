//! Calls about the account itself, its log, and in the system scope.

use std::collections::BTreeMap;

use access::{
    AccountId, ConnectError, Error, Patch,
    accounts::{self, AccountPatch},
    lifecycle,
    payment_system_logs::{self, ListLogs, LogEntry},
    system::{self, ListAccounts, SystemScope, ViewedRows},
};
use serde_json::{Value, json};

use super::At;
use crate::{blank::json, tag};

#[derive(Clone, Debug)]
pub(crate) enum AccountCall {
    Get,
    Rename(String),
    ListLogs(i64),
    VerifyLogs,
    /// What a readiness probe asks: no session has an account of its own.
    Ready,
    Summary,
    RecordView,
    ListAccounts,
    Export,
    PlanErasure,
}

impl AccountCall {
    pub(super) async fn make(&self, at: At<'_>) -> Result<Value, Error> {
        let (tenant, world) = (at.tenant, at.world);
        let account = tenant.account();
        match self {
            Self::Get => Ok(json(&accounts::get(tenant).await?)),
            Self::Rename(name) => {
                let name = Patch::Set(name.clone());
                Ok(json(
                    &accounts::update(tenant, AccountPatch { name }).await?,
                ))
            }
            Self::ListLogs(limit) => {
                let list = ListLogs {
                    limit: Some(*limit),
                    ..ListLogs::default()
                };
                let page = payment_system_logs::list(tenant, &list).await?;
                let own = tag::of(account);
                let shown = |entry: LogEntry| {
                    let event = match tag::foreign_in(&json(&entry).to_string(), &own) {
                        Some(foreign) => format!("{}, of {foreign}", entry.event),
                        None => entry.event,
                    };
                    json!({ "seq": entry.seq, "event": event })
                };
                Ok(page.items.into_iter().map(shown).collect())
            }
            Self::VerifyLogs => Ok(json(&payment_system_logs::verify(tenant).await?)),
            Self::Ready => match world.db.ready().await {
                Ok(()) => Ok(Value::Null),
                Err(ConnectError::Refused(causes)) => Ok(json!({ "refused": causes })),
                Err(_) => Err(Error::Unavailable),
            },
            Self::Summary => {
                let summary = system::account_summary(&world.scope()?, account).await?;
                Ok(json(&summary))
            }
            Self::RecordView => {
                let rows = ViewedRows {
                    table: "stripe_payments".into(),
                    filtered_by: vec!["buyer".into()],
                };
                system::record_view(&world.scope()?, account, &rows).await?;
                Ok(Value::Null)
            }
            Self::ListAccounts => {
                let list = ListAccounts {
                    limit: Some(20),
                    cursor: None,
                };
                let page = system::list_accounts(&world.scope()?, &list).await?;
                let wrong = page.items.iter().find(|account| {
                    // Each account's name holds its own tag, or none yet.
                    tag::foreign_in(&account.name, &tag::of_uuid(account.id)).is_some()
                });
                Ok(json(&wrong))
            }
            Self::Export => {
                let lines = export(world.scope()?, account).await?;
                Ok(exported(&lines, &tag::of(account)))
            }
            Self::PlanErasure => {
                let plan = lifecycle::plan_erasure(&world.scope()?, account).await?;
                let rows = plan.tables.into_iter();
                let rows = rows.filter(|table| table.rows != Some(0));
                Ok(rows.map(|table| (table.table, json!(table.rows))).collect())
            }
        }
    }
}

/// The lines of an export; on a thread of its own, since the future that awaits a caller's closure isn't known to be `Send`.
async fn export(scope: SystemScope, account: AccountId) -> Result<Vec<String>, Error> {
    let runtime = tokio::runtime::Handle::current();
    let exported = move || {
        let mut lines = Vec::new();
        let line = async |line: &str| {
            lines.push(line.to_owned());
            Ok::<_, Error>(())
        };
        let exported = lifecycle::export(&scope, account, |_| (), line);
        runtime.block_on(exported)?;
        Ok(lines)
    };
    let exported = tokio::task::spawn_blocking(exported).await;
    exported.map_err(|_| Error::Internal)?
}

/// How many rows of each table an export has, or a line with what is another account's.
fn exported(lines: &[String], own: &str) -> Value {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for line in lines {
        if tag::foreign_in(line, own).is_some() {
            return json!({ "line": line });
        }
        let line: Value = serde_json::from_str(line).unwrap_or_default();
        if let Some(table) = line.get("table").and_then(Value::as_str) {
            *counts.entry(table.to_owned()).or_default() += 1;
        }
    }
    json(&counts)
}
