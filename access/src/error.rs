use std::fmt;

use entity::InvalidEmbedding;
use entity::InvalidPurchaseCode;
use entity_guard::{Constraint, MissingAccount};

use crate::account_agents::InvalidInvitation;

/// Why a call failed; it holds no SQL, no values and nothing of another account.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The account has no such row; another account's row is the same as none.
    #[error("not found")]
    NotFound,
    /// There is such a row already, or it was changed by someone else.
    #[error("conflict with what is stored")]
    Conflict,
    /// A value that can't be accepted; nothing was sent to the database.
    #[error("invalid {field}: {code}")]
    Invalid {
        /// The field, as the argument's or struct's field is named.
        field: &'static str,
        /// What is wrong with it, as a word for programs.
        code: &'static str,
    },
    /// The values are fine, but the state of things doesn't allow it.
    #[error("rejected: {0}")]
    Rejected(Reason),
    /// The login lacks a right, or row level security refused.
    #[error("forbidden")]
    Forbidden,
    /// What came as Stripe's isn't signed by it, or was signed too long ago; nothing was looked at.
    #[error("bad signature")]
    BadSignature,
    /// A statement took too long, or waited too long for a lock; nothing was saved.
    #[error("timed out")]
    Timeout,
    /// There is no connection, or it was lost, or the transaction ran into another; nothing was saved.
    #[error("unavailable")]
    Unavailable,
    /// The connection was lost before the answer to COMMIT: read to learn whether it is saved.
    #[error("it is unknown whether the change was saved")]
    CommitUnknown,
    /// The change was saved, but what came back can't be read: the program doesn't know the schema.
    #[error("saved, but the result can't be read")]
    SavedUnreadable,
    /// The program and the database don't fit together; nothing was saved.
    #[error("internal error")]
    Internal,
}

/// Why a change was [`Rejected`](Error::Rejected).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The row may not go from one state to the other.
    IllegalTransition {
        /// Where it stands.
        from: &'static str,
        /// Where it was to go.
        to: &'static str,
    },
    /// More would go back to the buyer than was paid.
    RefundExceedsPayment,
    /// The payee is owed nothing, or less than the least that a payout pays.
    InsufficientShares,
    /// It isn't known which connected account of Stripe to pay to.
    NoConnectedAccount,
    /// The active routes, the agents and the open invitations together would take more than all of a payment.
    SharesExceedWhole,
    /// The purchase code was withdrawn.
    CodeDisabled,
    /// The purchase code's time is over.
    CodeExpired,
    /// The purchase code was redeemed as often as it may be.
    CodeExhausted,
    /// There are as many as there may be.
    TooMany,
    /// It refers to something that the account doesn't have.
    UnknownReference,
    /// Something refers to it.
    InUse,
    /// The login lacks a right on a table that belongs to the whole.
    OutOfReach,
    /// Stripe may have made the transfer, or may still make it.
    TransferUnderWay,
    /// A statement of the transaction was dropped before its answer, so that it can't be committed.
    TransactionAbandoned,
}

impl Error {
    /// A word for programs: `not_found`, `conflict`, `invalid`, the reason's, `forbidden`, `bad_signature`, `timeout`,
    /// `unavailable`, `commit_unknown`, `saved_unreadable`, `internal`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Invalid { .. } => "invalid",
            Self::Rejected(reason) => reason.code(),
            Self::Forbidden => "forbidden",
            Self::BadSignature => "bad_signature",
            Self::Timeout => "timeout",
            Self::Unavailable => "unavailable",
            Self::CommitUnknown => "commit_unknown",
            Self::SavedUnreadable => "saved_unreadable",
            Self::Internal => "internal",
        }
    }

    /// Whether the same call may succeed when made again; nothing was saved then.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Timeout | Self::Unavailable)
    }

    pub(crate) const fn invalid(field: &'static str, code: &'static str) -> Self {
        Self::Invalid { field, code }
    }
}

impl Reason {
    /// A word for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::IllegalTransition { .. } => "illegal_transition",
            Self::RefundExceedsPayment => "refund_exceeds_payment",
            Self::InsufficientShares => "insufficient_shares",
            Self::NoConnectedAccount => "no_connected_account",
            Self::SharesExceedWhole => "shares_exceed_whole",
            Self::CodeDisabled => "code_disabled",
            Self::CodeExpired => "code_expired",
            Self::CodeExhausted => "code_exhausted",
            Self::TooMany => "too_many",
            Self::UnknownReference => "unknown_reference",
            Self::InUse => "in_use",
            Self::OutOfReach => "out_of_reach",
            Self::TransferUnderWay => "transfer_under_way",
            Self::TransactionAbandoned => "transaction_abandoned",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IllegalTransition { from, to } => write!(f, "it can't go from {from} to {to}"),
            Self::RefundExceedsPayment => f.write_str("more would go back than was paid"),
            Self::InsufficientShares => f.write_str("nothing is owed, or less than the minimum"),
            Self::NoConnectedAccount => f.write_str("it isn't known where to pay to"),
            Self::SharesExceedWhole => f.write_str("more would be given away than all"),
            Self::CodeDisabled => f.write_str("the code was withdrawn"),
            Self::CodeExpired => f.write_str("the code's time is over"),
            Self::CodeExhausted => f.write_str("the code was redeemed as often as it may be"),
            Self::TooMany => f.write_str("there are as many as there may be"),
            Self::UnknownReference => f.write_str("it refers to something that is not there"),
            Self::InUse => f.write_str("something refers to it"),
            Self::OutOfReach => f.write_str("a table is out of reach for this login"),
            Self::TransferUnderWay => f.write_str("its transfer may have been made"),
            Self::TransactionAbandoned => f.write_str("a part of the transaction was abandoned"),
        }
    }
}

impl From<InvalidPurchaseCode> for Error {
    fn from(_: InvalidPurchaseCode) -> Self {
        Self::invalid("code", "not_a_code")
    }
}

impl From<InvalidInvitation> for Error {
    fn from(_: InvalidInvitation) -> Self {
        Self::invalid("token", "not_an_invitation")
    }
}

impl From<InvalidEmbedding> for Error {
    fn from(invalid: InvalidEmbedding) -> Self {
        Self::invalid("embedding", invalid.code())
    }
}

impl From<MissingAccount> for Error {
    fn from(_: MissingAccount) -> Self {
        Self::invalid("account", "missing")
    }
}

/// The one place where what the guard says becomes what callers see.
impl From<entity_guard::Error> for Error {
    fn from(error: entity_guard::Error) -> Self {
        use entity_guard::Error as G;
        match error {
            G::NotFound => Self::NotFound,
            G::Conflict => Self::Conflict,
            G::Invalid { field, code } => Self::Invalid { field, code },
            G::Constraint { kind, name } => constraint(kind, name.as_deref().unwrap_or_default()),
            G::Forbidden => Self::Forbidden,
            G::Timeout => Self::Timeout,
            G::Unavailable | G::Serialization => Self::Unavailable,
            G::CommitUnknown => Self::CommitUnknown,
            G::SavedUnreadable => Self::SavedUnreadable,
            G::Abandoned => Self::Rejected(Reason::TransactionAbandoned),
            _ => Self::Internal,
        }
    }
}

/// The names of constraints are `<table>_<field>`; the kind says what their breach means.
fn constraint(kind: Constraint, name: &str) -> Error {
    match kind {
        Constraint::Unique => Error::Conflict,
        Constraint::ForeignKey => Error::Rejected(Reason::UnknownReference),
        _ => Error::invalid(field_of(name), "not_allowed"),
    }
}

fn field_of(name: &str) -> &'static str {
    const FIELDS: &[(&str, &str)] = &[
        (
            "account_payment_settings_default_currency",
            "default_currency",
        ),
        ("account_payment_settings_fee_bp", "fee_bp"),
        ("account_payment_settings_minimum_payout", "minimum_payout"),
        (
            "account_payment_settings_statement_descriptor",
            "statement_descriptor",
        ),
        ("account_agents_commission_bp", "commission_bp"),
        ("account_agents_role", "role"),
        ("account_payout_routes_payee", "payee"),
        ("account_payout_routes_role", "role"),
        ("account_payout_routes_share_bp", "share_bp"),
        ("accounts_name_length", "name"),
        ("connected_accounts_connected_account", "connected_account"),
        ("content_embeddings_chunk", "chunk"),
        ("content_embeddings_content_id", "content_id"),
        ("content_embeddings_content_kind", "content_kind"),
        ("content_embeddings_embedding", "embedding"),
        ("content_embeddings_metadata", "metadata"),
        ("content_embeddings_model", "model"),
        ("content_embeddings_text", "text"),
        ("pay_out_amount", "amount"),
        ("pay_out_currency", "currency"),
        ("pay_out_idempotency_key", "idempotency_key"),
        ("ppu_batch", "batch"),
        ("ppu_max_redemptions", "max_redemptions"),
        ("ppu_number", "count"),
        ("ppu_pay_for", "pay_for"),
        ("ppu_pay_for_id", "pay_for_id"),
        ("ppu_redemptions_idempotency_key", "idempotency_key"),
        ("ppu_redemptions_redeemer", "redeemer"),
        ("stripe_events_event", "event"),
        ("stripe_outbox_attempts", "attempts"),
        ("stripe_outbox_due_at", "due_at"),
        ("stripe_outbox_idempotency_key", "idempotency_key"),
        ("stripe_outbox_last_error", "last_error"),
        ("stripe_outbox_lease", "lease"),
        ("stripe_outbox_response_id", "response_id"),
        ("stripe_outbox_sent_at", "sent_at"),
        ("stripe_payments_amount", "amount"),
        ("stripe_payments_buyer", "buyer"),
        ("stripe_payments_currency", "currency"),
        ("stripe_payments_description", "description"),
        ("stripe_payments_fee", "fee"),
        ("stripe_payments_metadata", "metadata"),
        ("stripe_payments_pay_for_id", "pay_for_id"),
        ("stripe_payments_refunded", "refunded"),
        ("stripe_payments_refunded_only_after_success", "refunded"),
    ];
    let found = FIELDS.iter().find(|(constraint, _)| *constraint == name);
    found.map_or("value", |(_, field)| field)
}
