//! An account as it should be: plain maps, and the rules of each function written once more. Of the library, it uses types
//! alone.

mod account;
mod codes;
mod content;
mod money;
mod payments;
mod shares;
mod told;

use std::collections::BTreeMap;

use access::{
    AccountAgentId, AccountId, ContentEmbeddingId, Error, OutboxJobId, PayOutId, PaymentShareId,
    PayoutRouteId, PpuId, PpuRedemptionId, Reason, StripeEventId, StripePaymentId,
    account_agents::AccountAgent,
    account_payment_settings::PaymentSettings,
    account_payout_routes::PayoutRoute,
    accounts::Account,
    outbox::OutboxJob,
    pay_out::PayOut,
    payment_share_tracking::PaymentShare,
    ppu::{Ppu, PpuRedemption},
    stripe_events::StripeEvent,
    stripe_payments::StripePayment,
};
use chrono::{DateTime, Utc};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::blank::{Blanks, Found, is_blank_time, json};
use crate::call::Call;

pub(crate) use content::Piece;

/// All rows of one account.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) id: AccountId,
    /// What stands in the account's texts, and in no other's.
    pub(crate) tag: String,
    pub(crate) account: Account,
    pub(crate) payments: BTreeMap<StripePaymentId, StripePayment>,
    pub(crate) routes: BTreeMap<PayoutRouteId, PayoutRoute>,
    pub(crate) settings: Option<PaymentSettings>,
    pub(crate) agents: BTreeMap<AccountAgentId, AccountAgent>,
    pub(crate) shares: BTreeMap<PaymentShareId, PaymentShare>,
    pub(crate) payouts: BTreeMap<PayOutId, PayOut>,
    pub(crate) jobs: BTreeMap<OutboxJobId, OutboxJob>,
    pub(crate) codes: BTreeMap<PpuId, Ppu>,
    pub(crate) redemptions: BTreeMap<PpuRedemptionId, PpuRedemption>,
    pub(crate) pieces: BTreeMap<ContentEmbeddingId, Piece>,
    pub(crate) events: BTreeMap<StripeEventId, StripeEvent>,
    /// What the audit log says happened, in order.
    pub(crate) log: Vec<&'static str>,
    blanks: Blanks,
}

/// A row of a table with ids.
pub(crate) trait Row: Serialize + DeserializeOwned {
    type Id: Ord + Copy;
    fn id(&self) -> Self::Id;
    /// When it was last changed: a blank, as long as there is any blank in the row.
    fn changed(&self) -> DateTime<Utc>;
}

macro_rules! rows {
    ($($row:ty, $id:ty, $changed:ident;)*) => {$(
        impl Row for $row {
            type Id = $id;
            fn id(&self) -> $id {
                self.id
            }

            fn changed(&self) -> DateTime<Utc> {
                self.$changed
            }
        }
    )*};
}

rows! {
    StripePayment, StripePaymentId, updated_at;
    PayoutRoute, PayoutRouteId, updated_at;
    AccountAgent, AccountAgentId, updated_at;
    PaymentShare, PaymentShareId, updated_at;
    PayOut, PayOutId, updated_at;
    OutboxJob, OutboxJobId, updated_at;
    Ppu, PpuId, updated_at;
    PpuRedemption, PpuRedemptionId, created_at;
    Piece, ContentEmbeddingId, updated_at;
    StripeEvent, StripeEventId, received_at;
}

impl Model {
    /// An account that was just made.
    pub(crate) fn new(id: AccountId, tag: String, account: Account) -> Self {
        Self {
            id,
            tag,
            account,
            payments: BTreeMap::new(),
            routes: BTreeMap::new(),
            settings: None,
            agents: BTreeMap::new(),
            shares: BTreeMap::new(),
            payouts: BTreeMap::new(),
            jobs: BTreeMap::new(),
            codes: BTreeMap::new(),
            redemptions: BTreeMap::new(),
            pieces: BTreeMap::new(),
            events: BTreeMap::new(),
            log: vec!["system.create_account"],
            blanks: Blanks::default(),
        }
    }

    /// What a call should answer; the model is as the account should be then.
    ///
    /// # Errors
    /// What the call should fail with; the model is as it was then.
    pub(crate) fn answer(&mut self, call: &Call) -> Result<Value, Error> {
        match call {
            Call::Payments(call) => self.answer_payments(call),
            Call::Money(call) => self.answer_money(call),
            Call::Shares(call) => self.answer_shares(call),
            Call::Codes(call) => self.answer_codes(call),
            Call::Content(call) => self.answer_content(call),
            Call::Account(call) => self.answer_account(call),
            Call::Told(call) => self.answer_told(call),
            Call::Batch(calls) => Ok(calls
                .iter()
                .map(|call| outcome(&self.answer(call)))
                .collect()),
        }
    }

    /// Fills in what an answer has shown.
    pub(crate) fn learn(&mut self, found: &Found) {
        if found.is_empty() {
            return;
        }
        found.fill(&mut self.account);
        found.fill(&mut self.settings);
        refill(&mut self.payments, found);
        refill(&mut self.routes, found);
        refill(&mut self.agents, found);
        refill(&mut self.shares, found);
        refill(&mut self.payouts, found);
        refill(&mut self.jobs, found);
        refill(&mut self.codes, found);
        refill(&mut self.redemptions, found);
        refill(&mut self.pieces, found);
        refill(&mut self.events, found);
    }

    /// Reads that show what a change has done beside its answer.
    pub(crate) fn unknown(&self) -> Vec<Call> {
        let mut calls = self.unknown_payments();
        calls.extend(self.unknown_codes());
        calls.extend(self.unknown_pieces());
        calls.extend(self.unknown_events());
        calls
    }

    /// How many rows there are, for when the account is large enough.
    pub(crate) fn size(&self) -> usize {
        self.payments.len() + self.shares.len() + self.codes.len() + self.pieces.len() * 2
    }

    /// Every row that the database should hold, by table, as JSON.
    pub(crate) fn rows(&self) -> BTreeMap<&'static str, Vec<Value>> {
        let of = |seq: usize, event: &&str| json!({ "seq": seq + 1, "event": event });
        let log = self.log.iter().enumerate();
        BTreeMap::from([
            ("accounts", vec![json(&self.account)]),
            ("stripe_payments", all(&self.payments)),
            ("account_payout_routes", all(&self.routes)),
            (
                "account_payment_settings",
                self.settings.iter().map(json).collect(),
            ),
            ("account_agents", all(&self.agents)),
            ("payment_share_tracking", all(&self.shares)),
            ("pay_out", all(&self.payouts)),
            ("stripe_outbox", all(&self.jobs)),
            ("ppu", all(&self.codes)),
            ("ppu_redemptions", all(&self.redemptions)),
            ("content_embeddings", all(&self.pieces)),
            ("stripe_events", all(&self.events)),
            // Nothing says that one belongs to the account.
            ("connected_accounts", Vec::new()),
            ("payment_log_heads", vec![json!({ "seq": self.log.len() })]),
            (
                "payment_system_logs",
                log.map(|(seq, event)| of(seq, event)).collect(),
            ),
        ])
    }
}

fn all<R: Row>(rows: &BTreeMap<R::Id, R>) -> Vec<Value> {
    rows.values().map(json).collect()
}

fn refill<R: Row>(rows: &mut BTreeMap<R::Id, R>, found: &Found) {
    let mut moved = Vec::new();
    let unknown = |row: &R| is_blank_time(row.changed());
    for (id, row) in rows.iter_mut().filter(|(_, row)| unknown(row)) {
        found.fill(row);
        if row.id() != *id {
            moved.push(*id);
        }
    }
    for id in moved {
        if let Some(row) = rows.remove(&id) {
            rows.insert(row.id(), row);
        }
    }
}

/// One answer among several.
pub(crate) fn outcome(answer: &Result<Value, Error>) -> Value {
    match answer {
        Ok(answer) => json!({ "ok": answer }),
        Err(error) => json!({ "error": format!("{error:?}") }),
    }
}

/// A list's first two pages, and whether there are more.
fn pages<T: Serialize>(rows: Vec<T>, limit: Option<i64>) -> Value {
    let limit = usize::try_from(limit.unwrap_or(50)).unwrap_or(50);
    let more = rows.len() > 2 * limit;
    let mut pages: Vec<Value> = rows.chunks(limit).take(2).map(json).collect();
    if pages.is_empty() {
        pages.push(json!([]));
    }
    json!({ "pages": pages, "more": more })
}

const fn rejected(reason: Reason) -> Error {
    Error::Rejected(reason)
}

const fn illegal(from: &'static str, to: &'static str) -> Error {
    Error::Rejected(Reason::IllegalTransition { from, to })
}

const fn invalid(field: &'static str, code: &'static str) -> Error {
    Error::Invalid { field, code }
}
