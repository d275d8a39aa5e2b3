//! Events of Stripe for which no account is known: the system's alone.

use entity_guard::{Cells, ColumnDef, DecodeError, SystemScoped, SystemTable};
use serde_json::Value;

/// The table `unrouted_stripe_events`.
#[derive(Clone, Copy, Debug)]
pub struct UnroutedStripeEvents;

/// An event that waits to be routed.
#[derive(Clone, Debug, PartialEq)]
pub struct UnroutedStripeEvent {
    /// Stripe's id of it (`evt_…`), or `sha256:` and the payload's digest where it can't be read.
    pub event: String,
    /// The event as Stripe sent it.
    pub payload: Value,
    /// Why no account is known, as a word for programs.
    pub why: String,
}

/// The column of [`UnroutedStripeEvent::payload`].
pub const PAYLOAD: &str = "payload";
/// The column of [`UnroutedStripeEvent::why`].
pub const WHY: &str = "why";

impl SystemScoped for UnroutedStripeEvents {
    type Row = UnroutedStripeEvent;
    const TABLE: &'static SystemTable = &SystemTable {
        name: "unrouted_stripe_events",
        key: "event",
        columns: &[
            ColumnDef::of::<String>("event"),
            ColumnDef::of::<Value>(PAYLOAD),
            ColumnDef::of::<String>(WHY),
        ],
    };

    fn decode(cells: &mut Cells<'_>) -> Result<UnroutedStripeEvent, DecodeError> {
        Ok(UnroutedStripeEvent {
            event: cells.read()?,
            payload: cells.read()?,
            why: cells.read()?,
        })
    }
}
