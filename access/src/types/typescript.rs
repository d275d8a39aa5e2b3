use ts_rs::{Config, TS};

use super::*;

/// What stands above the declarations.
const HEAD: &str = "// Written by `cargo xtask types --ts` from the types of `access`. Don't edit.
//
// Times are RFC 3339 texts, ids are UUIDs. Amounts are in minor units, as JSON numbers: JSON.parse reads them exactly up
// to Number.MAX_SAFE_INTEGER, 9,007,199,254,740,991. Where more can come together, read the number's own text, by the
// reviver's third argument (`context.source`), into a BigInt.
";

/// All of the module's types in TypeScript, as access/types.ts holds them.
#[must_use]
pub fn typescript() -> String {
    // What serde_json writes for a Rust integer of any size is a JSON number.
    let config = Config::new().with_large_int("number");
    let mut text = HEAD.to_owned();
    macro_rules! declare {
        ($($ty:ty),* $(,)?) => { $(declare::<$ty>(&mut text, &config);)* };
    }
    declare![
        serde_json::Value,
        AccountAgentId,
        ContentEmbeddingId,
        PayOutId,
        PaymentShareId,
        PayoutRouteId,
        PpuId,
        PpuRedemptionId,
        StripeEventId,
        StripePaymentId,
        Currency,
        Cursor,
        InvitationToken,
        PurchaseCode,
        Page<Account>,
    ];
    declare![
        AgentStatus,
        BankPayoutStatus,
        EventOutcome,
        LogLevel,
        PayFor,
        PayOutStatus,
        PayeeRole,
        PaymentStatus,
        PayoutSchedule,
        PpuStatus,
        ShareKind,
        ShareStatus,
        StripePaymentOrder,
    ];
    declare![
        Account,
        NewAccount,
        AccountPatch,
        AccountAgent,
        NewAccountAgent,
        InvitedAgent,
        AcceptInvitation,
        Commission,
        ListAgents,
        PaymentSettings,
        NewPaymentSettings,
        PayoutRoute,
        NewPayoutRoute,
        PayoutRoutePatch,
    ];
    declare![
        StripePayment,
        NewStripePayment,
        StripePaymentPatch,
        ListStripePayments,
        CurrencyTotal,
        PaymentShare,
        NewPaymentShare,
        ListOpenShares,
        OpenBalance,
        PayOut,
        RequestPayOut,
        ListPayOuts,
        LogEntry,
        ListLogs,
        Verified,
        StripeEvent,
        ListStripeEvents,
        ConnectedAccount,
    ];
    declare![
        Ppu,
        IssueCodes,
        IssuedCodes,
        RedeemCode,
        RedeemedCode,
        PpuRedemption,
        ListPpu,
        ListRedemptions,
    ];
    text.push_str("\n/** What asks for a payout. */\nexport type RequestPayOut = NewPayOut;\n");
    declare![
        OutboxJobId,
        OutboxKind,
        OutboxStatus,
        OutboxJob,
        ListOutboxJobs,
        TransferRequest,
    ];
    declare![
        AccountSummary,
        PayOutTotal,
        ListAccounts,
        ErasurePlan,
        ErasedTable,
        Fate
    ];
    declare![
        Embedding,
        ContentEmbedding,
        NewContentEmbedding,
        FindNearest,
        Metric,
        Match,
    ];
    #[cfg(feature = "http")]
    declare![crate::http::Problem<'static>];
    text
}

fn declare<T: TS>(text: &mut String, config: &Config) {
    text.push('\n');
    text.push_str(&T::docs().unwrap_or_default());
    text.push_str("export ");
    text.push_str(&T::decl(config));
    text.push('\n');
}
