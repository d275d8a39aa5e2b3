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
