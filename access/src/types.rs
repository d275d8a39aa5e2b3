//! Everything that callers serialize, in one place: rows, what makes and changes them, lists, enums, ids, pages.
//!
//! `cargo xtask types --ts` writes the same in TypeScript, into `access/types.ts`. Amounts are JSON numbers there, which
//! `JSON.parse` reads exactly up to 2^53 - 1 minor units; what may be larger is to be parsed from its text.

pub use crate::{
    AccountAgentId, ContentEmbeddingId, Currency, Cursor, Embedding, OutboxJobId, Page, Patch,
    PayOutId, PaymentShareId, PayoutRouteId, PpuId, PpuRedemptionId, PurchaseCode, StripeEventId,
    StripePaymentId,
    account_agents::{
        AcceptInvitation, AccountAgent, AgentStatus, Commission, InvitationToken, InvitedAgent,
        ListAgents, NewAccountAgent,
    },
    account_payment_settings::{NewPaymentSettings, PaymentSettings, PayoutSchedule},
    account_payout_routes::{NewPayoutRoute, PayeeRole, PayoutRoute, PayoutRoutePatch},
    accounts::{Account, AccountPatch, NewAccount},
    connected_accounts::{BankPayoutStatus, ConnectedAccount},
    content_embeddings::{ContentEmbedding, FindNearest, Match, Metric, NewContentEmbedding},
    lifecycle::{ErasedTable, ErasurePlan, Fate},
    outbox::{ListOutboxJobs, OutboxJob, OutboxKind, OutboxStatus, TransferRequest},
    pay_out::{ListPayOuts, PayOut, PayOutStatus, RequestPayOut},
    payment_share_tracking::{
        ListOpenShares, NewPaymentShare, OpenBalance, PaymentShare, ShareKind, ShareStatus,
    },
    payment_system_logs::{ListLogs, LogEntry, LogLevel, Verified},
    ppu::{
        IssueCodes, IssuedCodes, ListPpu, ListRedemptions, Ppu, PpuRedemption, PpuStatus,
        RedeemCode, RedeemedCode,
    },
    stripe_events::{EventOutcome, ListStripeEvents, StripeEvent},
    stripe_payments::{
        CurrencyTotal, ListStripePayments, NewStripePayment, PayFor, PaymentStatus, StripePayment,
        StripePaymentOrder, StripePaymentPatch,
    },
    system::{AccountSummary, ListAccounts, PayOutTotal},
};

#[cfg(feature = "ts")]
mod typescript;

#[cfg(feature = "ts")]
pub use typescript::typescript;
