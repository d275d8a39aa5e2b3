//! The enums of payments: one place for their labels, which are native enums in PostgreSQL.

use entity_derive::TenantEnum;
use serde::{Deserialize, Serialize};

/// Where a payment stands, in the words of Stripe's payment intents.
///
/// See <https://docs.stripe.com/payments/paymentintents/lifecycle>. A failed attempt is no state of its own: the payment
/// returns to `requires_payment_method`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize, TenantEnum,
)]
#[serde(rename_all = "snake_case")]
#[tenant(enum_name = "payment_status")]
pub enum PaymentStatus {
    /// The buyer has to give a payment method, for the first time or after a failed attempt.
    RequiresPaymentMethod,
    /// A payment method was given, and the attempt has to be confirmed.
    RequiresConfirmation,
    /// The buyer has to do something, such as a 3-D Secure check.
    RequiresAction,
    /// The attempt is under way at the bank.
    Processing,
    /// The amount is held, and has to be captured.
    RequiresCapture,
    /// Given up; final.
    Canceled,
    /// Paid; final.
    Succeeded,
}

impl PaymentStatus {
    /// Whether a payment in this status may go to `next`, as Stripe's lifecycle allows.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Canceled | Self::Succeeded => false,
            Self::RequiresCapture => {
                matches!(next, Self::Succeeded | Self::Canceled | Self::Processing)
            }
            Self::Processing => !matches!(next, Self::Processing | Self::RequiresConfirmation),
            Self::RequiresPaymentMethod => !matches!(next, Self::RequiresPaymentMethod),
            Self::RequiresConfirmation => !matches!(next, Self::RequiresConfirmation),
            Self::RequiresAction => !matches!(next, Self::RequiresAction),
        }
    }
}

/// What a payment is for.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize, TenantEnum,
)]
#[serde(rename_all = "snake_case")]
#[tenant(enum_name = "pay_for")]
pub enum PayFor {
    /// A course.
    Course,
    /// A membership.
    Membership,
    /// A single product, such as a file.
    Product,
    /// A live event.
    Event,
    /// A tip, without anything in return.
    Tip,
    /// A purchase code.
    Ppu,
}

/// Why somebody gets a part of a payment.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize, TenantEnum,
)]
#[serde(rename_all = "snake_case")]
#[tenant(enum_name = "payee_role")]
pub enum PayeeRole {
    /// The account itself, which gets what the others don't.
    Creator,
    /// The platform, which gets the fee.
    Platform,
    /// An agent of the account.
    Agent,
    /// A partner, such as a co-author.
    Partner,
    /// Somebody who brought the buyer.
    Affiliate,
}

/// Where a share of a payment stands.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize, TenantEnum,
)]
#[serde(rename_all = "snake_case")]
#[tenant(enum_name = "share_status")]
pub enum ShareStatus {
    /// It waits for a payout.
    Open,
    /// A payout is under way that holds it.
    Reserved,
    /// It was paid out.
    Paid,
    /// It went back to the buyer before it was paid out. A dispute that is won opens it again.
    Reversed,
}

/// What a share is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize, TenantEnum,
)]
#[serde(rename_all = "snake_case")]
#[tenant(enum_name = "share_kind")]
pub enum ShareKind {
    /// A part of the payment; 0 or more.
    Share,
    /// What is taken back of a part that a payout holds or has paid: less than 0, netted by the next payout. More than 0
    /// where a dispute that was won gives it back.
    Clawback,
}

/// Where a payout stands.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize, TenantEnum,
)]
#[serde(rename_all = "snake_case")]
#[tenant(enum_name = "pay_out_status")]
pub enum PayOutStatus {
    /// Its shares are reserved; Stripe's transfer is still to be made.
    Requested,
    /// Stripe has made the transfer.
    Paid,
    /// The transfer failed or was reversed; its shares are open again. Final.
    Failed,
    /// Given up before the transfer; its shares are open again. Final.
    Canceled,
}

impl PayOutStatus {
    /// Whether a payout in this status may go to `next`. A transfer that was made can still be reversed.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Requested => !matches!(next, Self::Requested),
            Self::Paid => matches!(next, Self::Failed),
            Self::Failed | Self::Canceled => false,
        }
    }
}

/// Where an agent of an account stands.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize, TenantEnum,
)]
#[serde(rename_all = "snake_case")]
#[tenant(enum_name = "agent_status")]
pub enum AgentStatus {
    /// The invitation is out; its commission is held free.
    Invited,
    /// The agent accepted, and gets its commission.
    Active,
    /// The account ended it, or took the invitation back; final.
    Revoked,
}

impl AgentStatus {
    /// Whether an agent in this status may go to `next`.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Invited => matches!(next, Self::Active | Self::Revoked),
            Self::Active => matches!(next, Self::Revoked),
            Self::Revoked => false,
        }
    }
}

/// Which call to Stripe a job of the outbox makes.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize, TenantEnum,
)]
#[serde(rename_all = "snake_case")]
#[tenant(enum_name = "outbox_kind")]
pub enum OutboxKind {
    /// A transfer to the payout's connected account.
    Transfer,
}

/// Where a job of the outbox stands.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize, TenantEnum,
)]
#[serde(rename_all = "snake_case")]
#[tenant(enum_name = "outbox_status")]
pub enum OutboxStatus {
    /// Nothing was sent that can have had an effect.
    Ready,
    /// A worker is about it, or was when it died.
    Sending,
    /// It was sent, and the answer was lost: Stripe is asked before it is sent again.
    Unknown,
    /// Stripe has done it; final.
    Done,
    /// Stripe has refused it, or the payout was given up before it was sent; final.
    Failed,
    /// Tried too often, or something that a person has to look at: money may have moved.
    Dead,
}

/// How often an account wants to be paid out.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize, TenantEnum,
)]
#[serde(rename_all = "snake_case")]
#[tenant(enum_name = "payout_schedule")]
pub enum PayoutSchedule {
    /// When somebody asks for it.
    Manual,
    /// Every day.
    Daily,
    /// Every week.
    Weekly,
    /// Every month.
    Monthly,
}

/// How much an entry of the audit log matters.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize, TenantEnum,
)]
#[serde(rename_all = "snake_case")]
#[tenant(enum_name = "log_level")]
pub enum LogLevel {
    /// The normal course of things.
    Info,
    /// Something went wrong, such as a payout that failed.
    Warning,
    /// Something that concerns who may do or see what.
    Security,
}

impl ShareStatus {
    /// Whether a share in this status may go to `next`.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Open => matches!(next, Self::Reserved | Self::Reversed),
            Self::Reserved => matches!(next, Self::Paid | Self::Open),
            Self::Paid => matches!(next, Self::Open),
            Self::Reversed => matches!(next, Self::Open),
        }
    }
}

/// What became of an event that Stripe sent.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize, TenantEnum,
)]
#[serde(rename_all = "snake_case")]
#[tenant(enum_name = "event_outcome")]
pub enum EventOutcome {
    /// It has its effect.
    Applied,
    /// It has no effect here: of a kind that isn't known, or about something that isn't recorded.
    Ignored,
    /// It says what is known already, or what a later event has overtaken.
    Stale,
    /// What it is about isn't there yet: it is applied when it is.
    Pending,
}

/// What became of a payout from a connected account to its bank.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize, TenantEnum,
)]
#[serde(rename_all = "snake_case")]
#[tenant(enum_name = "bank_payout_status")]
pub enum BankPayoutStatus {
    /// It was sent to the bank.
    Paid,
    /// The bank sent it back, even if it was paid before.
    Failed,
}
