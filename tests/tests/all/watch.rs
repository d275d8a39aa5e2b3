//! What this thread's tasks tell, for as long as a test wants to know.

use std::sync::OnceLock;

use tracing::{
    Dispatch, Subscriber,
    subscriber::{DefaultGuard, set_default},
};

/// Lets a subscriber hear of this thread's tasks until what is returned is dropped.
pub(super) fn watch(subscriber: impl Subscriber + Send + Sync) -> DefaultGuard {
    // Whether a span is wanted is remembered for all threads. While there is one subscriber alone, a thread without any may
    // answer for it; these two want everything, as long as the process lives.
    static KEPT: OnceLock<[Dispatch; 2]> = OnceLock::new();
    KEPT.get_or_init(|| [(); 2].map(|()| Dispatch::new(tracing_subscriber::registry())));
    set_default(subscriber)
}
