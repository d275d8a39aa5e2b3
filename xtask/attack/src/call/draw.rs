//! What a call is made with: mostly the account's own rows, sometimes another account's, sometimes nobody's.

use access::{
    AccountAgentId, ContentEmbeddingId, Currency, OutboxJobId, Patch, PayOutId, PayoutRouteId,
    PpuId, PurchaseCode, StripeEventId, StripePaymentId,
    account_payment_settings::{NewPaymentSettings, PayoutSchedule},
    account_payout_routes::{NewPayoutRoute, PayeeRole},
    ppu::IssueCodes,
    stripe_payments::{
        ListStripePayments, NewStripePayment, PayFor, PaymentStatus, StripePayment,
        StripePaymentOrder, StripePaymentPatch,
    },
};
use chrono::Timelike;
use serde_json::json;
use uuid::Uuid;

use super::{content::NewPiece, told::Succeeded};
use crate::{dice::Dice, model::Model, world::World};

/// Payees that every account has.
const PAYEES: [&str; 5] = ["x", "y", "z", "creator", "creator"];
const CURRENCIES: [&str; 3] = ["USD", "USD", "JPY"];
const KINDS: [&str; 2] = ["lesson", "post"];

/// Draws what a call is made with.
pub(crate) struct Draw<'a> {
    pub(crate) world: &'a World,
    pub(crate) model: &'a Model,
    pub(crate) dice: &'a mut Dice,
    /// Of this operation, and of no other of the run.
    pub(crate) number: String,
}

macro_rules! ids {
    ($($function:ident, $rows:ident, $id:ty;)*) => {$(
        /// One of the account's, else another account's or nobody's.
        pub(crate) fn $function(&mut self) -> $id {
            match self.dice.roll(20) {
                0..17 => {
                    let own = self.model.$rows.keys();
                    let own = self.dice.any(own).copied();
                    own.unwrap_or_else(|| <$id>::from_uuid(Uuid::now_v7()))
                }
                17 | 18 => {
                    let bait = self.world.bait.one(stringify!($rows), self.dice);
                    <$id>::from_uuid(bait.unwrap_or_else(Uuid::now_v7))
                }
                _ => <$id>::from_uuid(Uuid::now_v7()),
            }
        }
    )*};
}

impl Draw<'_> {
    ids! {
        payment, payments, StripePaymentId;
        route, routes, PayoutRouteId;
        agent, agents, AccountAgentId;
        payout, payouts, PayOutId;
        job, jobs, OutboxJobId;
        code_id, codes, PpuId;
        piece, pieces, ContentEmbeddingId;
        event, events, StripeEventId;
    }

    /// An invitation that can be accepted, or nobody's.
    pub(crate) fn invitation(&mut self) -> AccountAgentId {
        let id = self.agent();
        let known = self.world.invited(self.model.id, id).is_some();
        if known || !self.model.agents.contains_key(&id) {
            id
        } else {
            AccountAgentId::from_uuid(Uuid::now_v7())
        }
    }

    /// A text that says whose it is.
    pub(crate) fn text(&mut self, what: &str) -> String {
        format!("{what} {} {}", self.model.tag, self.number)
    }

    /// One of Stripe's ids that no other account has.
    pub(crate) fn own_id(&self, prefix: &str) -> String {
        format!(
            "{prefix}{}_{}",
            self.model.tag,
            self.number.replace('-', "_")
        )
    }

    /// A payment that has succeeded, if there is one.
    pub(crate) fn succeeded(&mut self) -> StripePaymentId {
        let all = self.model.payments.values();
        let succeeded: Vec<_> = all
            .filter(|payment| payment.status == PaymentStatus::Succeeded)
            .map(|payment| payment.id)
            .collect();
        match self.dice.pick(&succeeded) {
            Some(id) if !self.dice.one_in(8) => *id,
            _ => self.payment(),
        }
    }

    /// One that other accounts have too.
    pub(crate) fn intent(&mut self) -> String {
        format!("pi_shared_{}", self.dice.roll(60))
    }

    pub(crate) fn currency(&mut self) -> Currency {
        let code = self.dice.pick(&CURRENCIES).copied().unwrap_or("USD");
        code.parse()
            .unwrap_or_else(|_| unreachable!("{code} is a currency"))
    }

    /// A payee that other accounts have too, or one of the account's agents.
    pub(crate) fn payee(&mut self) -> String {
        if self.dice.one_in(6) {
            let agents = self.model.agents.values();
            let accounts: Vec<_> = agents.filter_map(|agent| agent.agent_account).collect();
            if let Some(account) = self.dice.pick(&accounts) {
                return format!("agent/{account}");
            }
        }
        (*self.dice.pick(&PAYEES).unwrap_or(&"x")).to_owned()
    }

    /// A caller's name for a request, which other accounts use too, and the account itself now and then again.
    pub(crate) fn key(&mut self) -> String {
        format!("key-{}", self.dice.roll(400))
    }

    pub(crate) fn new_payment(&mut self) -> NewStripePayment {
        let amount = match self.dice.roll(30) {
            0 => 0,
            1 => 1,
            _ => self.dice.between(2, 20_000),
        };
        let fee = if self.dice.one_in(40) {
            amount + 1
        } else {
            amount / self.dice.between(5, 20)
        };
        let number = self.dice.roll(5);
        NewStripePayment {
            buyer: format!("buyer-{number} {}", self.model.tag),
            pay_for: self.pay_for(),
            pay_for_id: format!("thing-{}", self.dice.roll(4)),
            amount,
            currency: self.currency(),
            fee,
            payment_intent: self.dice.one_in(2).then(|| self.intent()),
            description: self.dice.one_in(2).then(|| self.text("paid for")),
            metadata: self.dice.one_in(3).then(|| json!({ "of": self.model.tag })),
        }
    }

    pub(crate) fn pay_for(&mut self) -> PayFor {
        let all = [PayFor::Course, PayFor::Membership, PayFor::Product];
        self.dice.pick(&all).copied().unwrap_or(PayFor::Course)
    }

    pub(crate) fn patch(&mut self) -> StripePaymentPatch {
        let description = Patch::Set((!self.dice.one_in(5)).then(|| self.text("changed")));
        StripePaymentPatch {
            payment_intent: if self.dice.one_in(4) {
                Patch::Set(Some(self.intent()))
            } else {
                Patch::Keep
            },
            description,
            metadata: if self.dice.one_in(4) {
                Patch::Set(Some(json!({ "changed": self.text("by") })))
            } else {
                Patch::Keep
            },
        }
    }

    pub(crate) fn status(&mut self) -> PaymentStatus {
        let all = PaymentStatus::ALL;
        *self.dice.pick(all).unwrap_or(&PaymentStatus::Processing)
    }

    pub(crate) fn list(&mut self) -> ListStripePayments {
        let moment = |draw: &mut Self| {
            let times = draw
                .model
                .payments
                .values()
                .map(|payment| payment.created_at);
            draw.dice.any(times)
        };
        let buyer = self.dice.roll(5);
        ListStripePayments {
            status: self.dice.one_in(3).then(|| self.status()),
            pay_for: self.dice.one_in(4).then(|| self.pay_for()),
            pay_for_id: (self.dice.one_in(4)).then(|| format!("thing-{}", self.dice.roll(4))),
            buyer: (self.dice.one_in(4)).then(|| format!("buyer-{buyer} {}", self.model.tag)),
            created_from: self.dice.one_in(5).then(|| moment(self)).flatten(),
            created_before: self.dice.one_in(5).then(|| moment(self)).flatten(),
            order: self.dice.one_in(2).then_some(StripePaymentOrder::Oldest),
            limit: Some(self.dice.between(1, 8)),
            cursor: None,
        }
    }

    pub(crate) fn new_route(&mut self) -> NewPayoutRoute {
        let payee = ["x", "y", "z"].get(usize::try_from(self.dice.roll(3)).unwrap_or(0));
        NewPayoutRoute {
            role: PayeeRole::Partner,
            payee: (*payee.unwrap_or(&"x")).to_owned(),
            connected_account: self.own_id("acct_"),
            share_bp: self.basis_points(),
        }
    }

    pub(crate) fn basis_points(&mut self) -> i32 {
        i32::try_from(self.dice.between(1, 4_000)).unwrap_or(1)
    }

    pub(crate) fn new_settings(&mut self) -> (NewPaymentSettings, i64) {
        let version = self
            .model
            .settings
            .as_ref()
            .map_or(0, |settings| settings.version);
        let new = NewPaymentSettings {
            default_currency: self.currency(),
            schedule: PayoutSchedule::Weekly,
            minimum_payout: self.dice.between(0, 60),
            fee_bp: self.basis_points(),
            statement_descriptor: Some(self.model.tag.clone()),
            connected_account: (!self.dice.one_in(6)).then(|| self.own_id("acct_")),
        };
        let wrong = self.dice.one_in(6);
        (new, if wrong { version + 1 } else { version })
    }

    pub(crate) fn transfer(&mut self) -> String {
        if self.dice.one_in(5) {
            let payouts = self.model.payouts.values();
            let known: Vec<_> = payouts
                .filter_map(|payout| payout.transfer.clone())
                .collect();
            if let Some(known) = self.dice.pick(&known) {
                return known.clone();
            }
        }
        self.own_id("tr_")
    }

    pub(crate) fn issue(&mut self) -> IssueCodes {
        IssueCodes {
            batch: format!("batch-{}", self.dice.roll(40)),
            count: i32::try_from(self.dice.between(1, 4)).unwrap_or(1),
            pay_for: self.pay_for(),
            pay_for_id: format!("thing {}", self.model.tag),
            max_redemptions: self.dice.between(1, 3),
            expires_at: None,
        }
    }

    /// One of the account's codes, else another account's or nobody's.
    pub(crate) fn code(&mut self) -> PurchaseCode {
        let own = self.model.codes.values().map(|code| code.code);
        let own = self.dice.any(own);
        match self.dice.roll(12) {
            0 => self.world.bait.code(self.dice).or(own),
            1 => None,
            _ => own,
        }
        .unwrap_or_else(|| {
            let mut digits = [9; 15];
            for digit in &mut digits {
                *digit = u8::try_from(self.dice.roll(32)).unwrap_or(9);
            }
            PurchaseCode::from_random(digits)
        })
    }

    pub(crate) fn kind(&mut self) -> String {
        (*self.dice.pick(&KINDS).unwrap_or(&"post")).to_owned()
    }

    pub(crate) fn content(&mut self) -> String {
        format!("content-{}", self.dice.roll(8))
    }

    pub(crate) fn point(&mut self) -> (i64, i64) {
        (self.dice.between(1, 30), self.dice.between(0, 30))
    }

    /// Pieces of one content, so that none is there twice.
    pub(crate) fn pieces(&mut self) -> Vec<NewPiece> {
        let (kind, content) = (self.kind(), self.content());
        let chunks = i32::try_from(self.dice.between(1, 3)).unwrap_or(1);
        let piece = |chunk| NewPiece {
            kind: kind.clone(),
            content: content.clone(),
            chunk,
            text: self.text("about"),
            at: self.point(),
        };
        (0..chunks).map(piece).collect()
    }

    /// An event about one of the account's payments, sometimes one that was told before.
    pub(crate) fn told(&mut self) -> Option<Succeeded> {
        if self.dice.one_in(5) {
            let events: Vec<_> = (self.model.events.values())
                .filter(|event| event.payload.is_some())
                .collect();
            if let Some(event) = self.dice.pick(&events) {
                let payload = event.payload.as_ref();
                let text = |place| Some(payload?.pointer(place)?.as_str()?.to_owned());
                let payment = text("/data/object/metadata/payment_id")?.parse().ok()?;
                return Some(Succeeded {
                    event: event.event.clone(),
                    account: self.model.id,
                    payment,
                    intent: text("/data/object/id")?,
                    charge: text("/data/object/latest_charge")?,
                    created: event.created,
                });
            }
        }
        // About one payment and one payment intent it is told once: what several events come to is for the tests of webhooks.
        let told = |payment: &StripePayment| {
            let mut events = self.model.events.values();
            let id = json!(payment.id);
            events.any(|event| {
                event.facts.get("payment") == Some(&id)
                    || (event.subject.is_some() && event.subject == payment.payment_intent)
            })
        };
        let untold: Vec<_> = (self.model.payments.values())
            .filter(|payment| !told(payment))
            .collect();
        let payment = *self.dice.pick(&untold)?;
        Some(Succeeded {
            event: self.own_id("evt_"),
            account: self.model.id,
            payment: payment.id,
            intent: (payment.payment_intent.clone()).unwrap_or_else(|| self.own_id("pi_")),
            charge: self.own_id("ch_"),
            created: payment.created_at.with_nanosecond(0).unwrap_or_default(),
        })
    }
}
