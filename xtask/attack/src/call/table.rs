//! The operations, each with its weight: all that the attack does, in one table.

use access::{
    Patch,
    account_agents::{AgentStatus, ListAgents, NewAccountAgent},
    account_payout_routes::{PayeeRole, PayoutRoutePatch},
    outbox::{ListOutboxJobs, OutboxStatus},
    pay_out::{ListPayOuts, PayOutStatus, RequestPayOut},
    payment_share_tracking::ListOpenShares,
    ppu::{ListPpu, ListRedemptions, RedeemCode},
    stripe_events::ListStripeEvents,
};

use super::{
    Call::{self, Account, Batch, Codes, Content, Money, Payments, Shares, Told},
    account::AccountCall,
    codes::CodeCall,
    content::{ContentCall, Nearest},
    draw::Draw,
    money::MoneyCall,
    payments::PaymentCall,
    shares::ShareCall,
    told::ToldCall,
};
use crate::dice::Dice;

/// Where an operation is possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Where {
    /// Alone and inside a transaction.
    Anywhere,
    /// As [`Where::Anywhere`], and in one flight with others, since it changes nothing.
    Read,
    /// Alone: it has a handle or transactions of its own.
    Alone,
    /// Inside a transaction.
    Inside,
}

/// An operation: its name, its weight, where it is possible, and how it is drawn, if it can be.
struct Operation {
    name: &'static str,
    weight: u64,
    place: Where,
    draw: fn(&mut Draw<'_>) -> Option<Call>,
}

macro_rules! operations {
    ($($name:literal $weight:literal $place:ident |$draw:ident| $call:expr;)*) => {
        &[$(Operation {
            name: $name,
            weight: $weight,
            place: Where::$place,
            draw: |$draw| Some($call),
        }),*]
    };
}

const TABLE: &[Operation] = operations! {
    "accounts::get" 3 Read |_d| Account(AccountCall::Get);
    "accounts::update" 3 Anywhere |d| Account(AccountCall::Rename(d.text("studio")));
    "stripe_payments::create" 14 Anywhere |d| Payments(PaymentCall::Create(d.new_payment()));
    "stripe_payments::get" 9 Read |d| Payments(PaymentCall::Get(d.payment()));
    "stripe_payments::find_by_payment_intent" 4 Read |d| Payments(PaymentCall::FindByIntent(d.intent()));
    "stripe_payments::list" 6 Read |d| Payments(PaymentCall::List(d.list()));
    "stripe_payments::stream" 1 Anywhere |d| Payments(PaymentCall::Stream(d.list()));
    "stripe_payments::count" 3 Read |d| Payments(PaymentCall::Count(d.list()));
    "stripe_payments::totals" 3 Read |d| Payments(PaymentCall::Totals(d.list()));
    "stripe_payments::update" 7 Anywhere |d| Payments(PaymentCall::Update(d.payment(), d.patch()));
    "stripe_payments::advance" 4 Anywhere |d| Payments(PaymentCall::Advance(d.payment(), d.status()));
    "stripe_payments::fail_attempt" 2 Anywhere |d| {
        let id = d.payment();
        Payments(PaymentCall::FailAttempt(id, d.text("card_declined")))
    };
    "stripe_payments::succeed" 9 Anywhere |d| {
        let id = d.payment();
        Payments(PaymentCall::Succeed(id, d.own_id("ch_")))
    };
    "stripe_payments::cancel" 1 Anywhere |d| Payments(PaymentCall::Cancel(d.payment()));
    "stripe_payments::refund" 5 Anywhere |d| {
        let id = d.succeeded();
        Payments(PaymentCall::Refund(id, d.dice.between(0, 9_000)))
    };
    "payment_share_tracking::distribute" 8 Anywhere |d| Shares(ShareCall::Distribute(d.succeeded()));
    "payment_share_tracking::list_by_payment" 3 Read |d| Shares(ShareCall::ListByPayment(d.succeeded()));
    "payment_share_tracking::list_open" 3 Read |d| {
        let payee = d.payee();
        Shares(ShareCall::ListOpen(ListOpenShares {
            payee,
            currency: d.currency(),
            limit: Some(d.dice.between(1, 6)),
            cursor: None,
        }))
    };
    "payment_share_tracking::open_balance" 3 Read |d| Shares(ShareCall::OpenBalance(d.payee()));
    "payment_share_tracking::reverse" 3 Anywhere |d| {
        let id = d.succeeded();
        Shares(ShareCall::Reverse(id, d.dice.between(0, 9_000)))
    };
    "account_payout_routes::create" 4 Anywhere |d| Money(MoneyCall::CreateRoute(d.new_route()));
    "account_payout_routes::get" 2 Read |d| Money(MoneyCall::GetRoute(d.route()));
    "account_payout_routes::list" 2 Read |d| Money(MoneyCall::ListRoutes(d.dice.one_in(2)));
    "account_payout_routes::update" 2 Anywhere |d| {
        let id = d.route();
        Money(MoneyCall::UpdateRoute(id, PayoutRoutePatch {
            connected_account: Patch::Set(d.own_id("acct_")),
            share_bp: if d.dice.one_in(2) { Patch::Set(d.basis_points()) } else { Patch::Keep },
        }))
    };
    "account_payout_routes::reorder" 1 Anywhere |d| {
        let mut ids = vec![d.route(), d.route()];
        ids.dedup();
        Money(MoneyCall::ReorderRoutes(ids))
    };
    "account_payout_routes::deactivate" 2 Anywhere |d| Money(MoneyCall::DeactivateRoute(d.route()));
    "account_payment_settings::get" 2 Read |_d| Money(MoneyCall::GetSettings);
    "account_payment_settings::upsert" 3 Anywhere |d| {
        let (new, version) = d.new_settings();
        Money(MoneyCall::UpsertSettings(new, version))
    };
    "account_agents::invite" 2 Alone |d| Codes(CodeCall::Invite(NewAccountAgent {
        role: PayeeRole::Agent,
        commission_bp: d.basis_points(),
    }));
    "account_agents::get" 1 Read |d| Codes(CodeCall::GetAgent(d.agent()));
    "account_agents::list" 1 Read |d| Codes(CodeCall::ListAgents(ListAgents {
        status: d.dice.one_in(3).then_some(AgentStatus::Active),
        limit: Some(d.dice.between(1, 4)),
        cursor: None,
    }));
    "account_agents::revoke" 1 Anywhere |d| Codes(CodeCall::Revoke(d.agent()));
    "account_agents::accept" 2 Alone |d| Codes(CodeCall::Accept {
        invitation: d.invitation(),
        agent: d.world.some_other(d.model.id, d.dice)?,
        connected_account: d.own_id("acct_"),
    });
    "account_agents::commission" 1 Read |d| {
        let agent = d.agent();
        Codes(CodeCall::Commission(agent, d.succeeded()))
    };
    "pay_out::request" 7 Anywhere |d| {
        let payee = d.payee();
        Money(MoneyCall::Request(RequestPayOut {
            payee,
            currency: d.currency(),
            idempotency_key: d.key(),
        }))
    };
    "pay_out::get" 2 Read |d| Money(MoneyCall::GetPayOut(d.payout()));
    "pay_out::list" 2 Read |d| Money(MoneyCall::ListPayOuts(ListPayOuts {
        payee: d.dice.one_in(3).then(|| d.payee()),
        status: d.dice.one_in(3).then_some(PayOutStatus::Paid),
        limit: Some(d.dice.between(1, 4)),
        cursor: None,
    }));
    "pay_out::record_transfer" 3 Anywhere |d| {
        let id = d.payout();
        Money(MoneyCall::RecordTransfer(id, d.transfer()))
    };
    "pay_out::mark_failed" 1 Anywhere |d| {
        let id = d.payout();
        Money(MoneyCall::MarkFailed(id, d.text("account_closed")))
    };
    "pay_out::record_reversal" 1 Anywhere |d| {
        let id = d.payout();
        let transfer = d.transfer();
        Money(MoneyCall::RecordReversal(id, transfer, d.text("reversed")))
    };
    "pay_out::cancel" 1 Anywhere |d| Money(MoneyCall::CancelPayOut(d.payout()));
    "outbox::enqueue" 6 Inside |d| Money(MoneyCall::Enqueue(d.payout()));
    "outbox::get" 1 Read |d| Money(MoneyCall::GetJob(d.job()));
    "outbox::list" 1 Read |d| Money(MoneyCall::ListJobs(ListOutboxJobs {
        status: d.dice.one_in(2).then_some(OutboxStatus::Ready),
        pay_out_id: d.dice.one_in(4).then(|| d.payout()),
        limit: Some(d.dice.between(1, 4)),
        cursor: None,
    }));
    "ppu::issue_many" 3 Anywhere |d| Codes(CodeCall::Issue(d.issue()));
    "ppu::redeem" 6 Anywhere |d| {
        let code = d.code();
        let idempotency_key = d.key();
        Codes(CodeCall::Redeem(RedeemCode {
            code,
            redeemer: format!("buyer-{} {}", d.dice.roll(2), d.model.tag),
            idempotency_key,
        }))
    };
    "ppu::find_by_code" 2 Read |d| Codes(CodeCall::FindByCode(d.code()));
    "ppu::list" 2 Read |d| Codes(CodeCall::List(ListPpu {
        batch: d.dice.one_in(2).then(|| format!("batch-{}", d.dice.roll(40))),
        limit: Some(d.dice.between(1, 6)),
        cursor: None,
    }));
    "ppu::list_redemptions" 1 Read |d| Codes(CodeCall::ListRedemptions(ListRedemptions {
        ppu_id: d.dice.one_in(2).then(|| d.code_id()),
        limit: Some(d.dice.between(1, 6)),
        cursor: None,
    }));
    "ppu::disable" 1 Anywhere |d| Codes(CodeCall::Disable(d.code_id()));
    "content_embeddings::upsert_many" 2 Anywhere |d| Content(ContentCall::Upsert(d.pieces()));
    "content_embeddings::nearest" 2 Read |d| Content(ContentCall::Nearest(Nearest {
        to: d.point(),
        k: usize::try_from(d.dice.between(1, 6)).unwrap_or(1),
        kind: d.dice.one_in(2).then(|| d.kind()),
    }));
    "content_embeddings::count" 1 Read |d| Content(ContentCall::Count(d.dice.one_in(2).then(|| d.kind())));
    "content_embeddings::get" 1 Read |d| Content(ContentCall::Get(d.piece()));
    "content_embeddings::delete_for_content" 1 Anywhere |d| Content(ContentCall::Delete {
        kind: d.kind(),
        id: d.content(),
    });
    "payment_system_logs::list" 2 Alone |d| Account(AccountCall::ListLogs(d.dice.between(1, 20)));
    "payment_system_logs::verify" 1 Alone |_d| Account(AccountCall::VerifyLogs);
    "webhook::receive" 4 Alone |d| Told(ToldCall::Receive(d.told()?));
    "stripe_events::get" 1 Read |d| Told(ToldCall::Get(d.event()));
    "stripe_events::list" 1 Read |d| Told(ToldCall::List(ListStripeEvents {
        limit: Some(d.dice.between(1, 6)),
        ..ListStripeEvents::default()
    }));
    "stripe_events::erase_payloads" 1 Anywhere |_d| Told(ToldCall::ErasePayloads);
    "stripe_events::catch_up" 1 Anywhere |d| Told(ToldCall::CatchUp(d.payment()));
    "system::account_summary" 1 Alone |_d| Account(AccountCall::Summary);
    "system::record_view" 1 Alone |_d| Account(AccountCall::RecordView);
    "system::list_accounts" 1 Alone |_d| Account(AccountCall::ListAccounts);
    "lifecycle::export" 1 Alone |_d| Account(AccountCall::Export);
    "lifecycle::plan_erasure" 1 Alone |_d| Account(AccountCall::PlanErasure);
    "Db::ready" 1 Alone |d| if d.world.guard_alone { None? } else { Account(AccountCall::Ready) };
    "Tenant::batch" 6 Alone |d| {
        let reads = usize::try_from(d.dice.between(2, 3)).unwrap_or(2);
        let mut calls = Vec::new();
        while calls.len() < reads {
            calls.push(drawn(d, |place| place == Where::Read).2);
        }
        Batch(calls)
    };
};

/// An operation that is possible in such a place, by its weight.
pub(crate) fn drawn(
    draw: &mut Draw<'_>,
    fits: impl Fn(Where) -> bool,
) -> (&'static str, Where, Call) {
    let possible = || TABLE.iter().filter(|operation| fits(operation.place));
    let all: u64 = possible().map(|operation| operation.weight).sum();
    loop {
        let operation = by_weight(draw.dice, possible(), all);
        if let Some(operation) = operation
            && let Some(call) = (operation.draw)(draw)
        {
            return (operation.name, operation.place, call);
        }
    }
}

fn by_weight<'o>(
    dice: &mut Dice,
    mut of: impl Iterator<Item = &'o Operation>,
    all: u64,
) -> Option<&'o Operation> {
    let mut left = dice.roll(all);
    of.find(|operation| {
        let found = left < operation.weight;
        left = left.saturating_sub(operation.weight);
        found
    })
}
