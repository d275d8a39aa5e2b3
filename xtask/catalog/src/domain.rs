//! The states of payments, shares and payouts as diagrams, from the functions that decide.

use std::fmt::{Display, Write};

use entity::payment_enums::{
    AgentStatus, LogLevel, OutboxKind, OutboxStatus, PayFor, PayOutStatus, PayeeRole,
    PaymentStatus, PayoutSchedule, ShareKind, ShareStatus,
};
use entity::ppu::PpuStatus;
use entity::schema;

/// What a job's status says of money; which comes after which is the worker's to decide (`access::outbox`).
const OUTBOX: &str = "
## Job of the outbox

| status | means |
|---|---|
| `ready` | nothing was sent that can have had an effect |
| `sending` | a worker is about it, or was when it died |
| `unknown` | sent, and the answer was lost: Stripe is asked before anything is sent again |
| `done`, `failed` | final |
| `dead` | a person has to look, since money may have moved; `outbox::retry` takes it up again |
";

/// docs/domain.md, as a whole.
pub(crate) fn markdown() -> String {
    let mut text = String::from(
        "<!-- Written by `cargo xtask domain` from the entities. Don't edit. -->\n\
         # States of the domain\n\n\
         Which changes the code allows, as it decides them. What no arrow leads to can't be reached, whoever calls; \
         only Stripe's own word, in a webhook, goes from any status of a payment to the one that it names.\n",
    );
    diagram(
        &mut text,
        "Payment",
        "Stripe's own words for a payment intent. A failed attempt leads back to `requires_payment_method`.",
        PaymentStatus::ALL,
        PaymentStatus::may_become,
        PaymentStatus::RequiresPaymentMethod,
    );
    diagram(
        &mut text,
        "Share",
        "A part of a payment, or what is taken back of one (a clawback, less than 0; more than 0 where a won dispute gives it back).",
        ShareStatus::ALL,
        ShareStatus::may_become,
        ShareStatus::Open,
    );
    diagram(
        &mut text,
        "Payout",
        "What is paid to a payee at once. A failed or canceled one opens its shares again.",
        PayOutStatus::ALL,
        PayOutStatus::may_become,
        PayOutStatus::Requested,
    );
    diagram(
        &mut text,
        "Agent",
        "Another account that gets a commission, from the invitation on.",
        AgentStatus::ALL,
        AgentStatus::may_become,
        AgentStatus::Invited,
    );
    diagram(
        &mut text,
        "Purchase code",
        "Computed from what is stored and the time. No code can be redeemed again that once couldn't.",
        PpuStatus::ALL,
        PpuStatus::may_become,
        PpuStatus::Redeemable,
    );
    text.push_str(OUTBOX);
    text.push_str("\n## Words\n\n| enum | values |\n|---|---|\n");
    words(&mut text, "pay_for", PayFor::ALL);
    words(&mut text, "payee_role", PayeeRole::ALL);
    words(&mut text, "share_kind", ShareKind::ALL);
    words(&mut text, "payout_schedule", PayoutSchedule::ALL);
    words(&mut text, "log_level", LogLevel::ALL);
    words(&mut text, "outbox_kind", OutboxKind::ALL);
    words(&mut text, "outbox_status", OutboxStatus::ALL);
    tables(&mut text);
    text
}

fn diagram<S: Copy + PartialEq + Display>(
    text: &mut String,
    title: &str,
    about: &str,
    states: &[S],
    may_become: fn(S, S) -> bool,
    first: S,
) {
    let _ = write!(
        text,
        "\n## {title}\n\n{about}\n\n```mermaid\nstateDiagram-v2\n    [*] --> {first}\n"
    );
    for from in states {
        let next: Vec<S> = states
            .iter()
            .copied()
            .filter(|to| may_become(*from, *to))
            .collect();
        for to in &next {
            let _ = writeln!(text, "    {from} --> {to}");
        }
        if next.is_empty() {
            let _ = writeln!(text, "    {from} --> [*]");
        }
    }
    text.push_str("```\n");
}

fn words<S: Display>(text: &mut String, name: &str, values: &[S]) {
    let values: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
    let _ = writeln!(text, "| `{name}` | {} |", values.join(", "));
}

fn tables(text: &mut String) {
    text.push_str(
        "\n## Tables of accounts\n\nTables without accounts are declared in `entity/src/unscoped.rs`.\n\n| table | account | the app may | the system may |\n|---|---|---|---|\n",
    );
    for table in schema::TABLES {
        let _ = writeln!(
            text,
            "| `{}` | `{}` | {} | {} |",
            table.name,
            table.tenant,
            table.app.join(", "),
            table.system.join(", "),
        );
    }
}
