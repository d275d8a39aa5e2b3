//! Ids of rows: UUID v7, made by the guard, one type per table.

use std::{fmt, str::FromStr};

use entity_guard::{Cell, ColumnType, DecodeError, Value};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS))]
        #[cfg_attr(feature = "ts", ts(type = "string"))]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// The id with this UUID, whether or not there is such a row.
            #[must_use]
            pub const fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }

            /// The id's UUID.
            #[must_use]
            pub const fn as_uuid(&self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }

        impl ColumnType for $name {
            const SQL_TYPE: &'static str = Uuid::SQL_TYPE;
            fn into_value(self) -> Value {
                self.0.into_value()
            }
            fn null() -> Value {
                Uuid::null()
            }
            fn decode(cell: Cell<'_>) -> Result<Self, DecodeError> {
                Uuid::decode(cell).map(Self)
            }
        }
    };
}

id! {
    /// The id of a [`StripePayment`](crate::stripe_payments::StripePayment).
    StripePaymentId
}

id! {
    /// The id of a [`PayoutRoute`](crate::account_payout_routes::PayoutRoute).
    PayoutRouteId
}

id! {
    /// The id of a [`PaymentShare`](crate::payment_share_tracking::PaymentShare).
    PaymentShareId
}

id! {
    /// The id of a [`PayOut`](crate::pay_out::PayOut).
    PayOutId
}

id! {
    /// The id of a [`Ppu`](crate::ppu::Ppu), a purchase code.
    PpuId
}

id! {
    /// The id of a [`PpuRedemption`](crate::ppu_redemptions::PpuRedemption).
    PpuRedemptionId
}

id! {
    /// The id of an agent of an account, from the invitation on.
    AccountAgentId
}

id! {
    /// The id of a job of the outbox.
    OutboxJobId
}

id! {
    /// The id of a [`StripeEvent`](crate::stripe_events::StripeEvent).
    StripeEventId
}

id! {
    /// The id of a [`ContentEmbedding`](crate::content_embeddings::ContentEmbedding).
    ContentEmbeddingId
}
