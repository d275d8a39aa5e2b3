//! What goes wrong while a call is made.

use std::{panic::AssertUnwindSafe, pin::pin, sync::Arc, task::Poll, time::Duration};

use access::{AccountId, Db};
use fault_proxy::Cut;
use futures_util::{FutureExt, future::join};

use crate::{dice::Dice, world::World};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The future is dropped after so many polls.
    DroppedAfterPolls(u64),
    /// The future is dropped after so many microseconds.
    DroppedAfterTime(u64),
    /// The caller's closure panics when it has done its work.
    Panic,
    /// Somebody holds the rows for longer than a lock is waited for.
    LockHeld,
    /// All connections are taken.
    PoolExhausted,
    /// The server ends a session, or all.
    Terminated { all: bool, after: u64 },
    /// A line is cut.
    Line(Cut),
    /// The server is killed, and started again.
    Killed { after: u64 },
}

/// What a call under a fault came to.
pub(crate) enum Ending<R> {
    Done(R),
    Dropped,
    Panicked,
}

/// What a closure panics with, so that nobody takes it for something else.
pub(crate) struct OnPurpose;

/// Panics.
#[expect(clippy::panic, reason = "that is the fault")]
pub(crate) fn panic_on_purpose() -> ! {
    std::panic::panic_any(OnPurpose)
}

impl Fault {
    pub(crate) fn drawn(dice: &mut Dice) -> Self {
        let bytes = usize::try_from(dice.roll(60)).unwrap_or(0);
        let moment = dice.roll(4_000);
        match dice.roll(14) {
            0 | 1 => Self::DroppedAfterPolls(1 + dice.roll(8)),
            2 | 3 => Self::DroppedAfterTime(moment),
            4 | 5 => Self::Panic,
            6 => Self::LockHeld,
            7 => Self::PoolExhausted,
            8 => Self::Terminated {
                all: dice.one_in(4),
                after: moment,
            },
            9 => Self::Line(Cut::WithinRequest(bytes)),
            10 => Self::Line(Cut::WithinAnswer(bytes)),
            11 => Self::Line(Cut::LoseAnswer),
            12 => Self::Line(Cut::Before("COMMIT")),
            _ => Self::Line(Cut::LoseAnswerTo("COMMIT")),
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::DroppedAfterPolls(_) | Self::DroppedAfterTime(_) => "future dropped",
            Self::Panic => "panic in a closure",
            Self::LockHeld => "lock timeout",
            Self::PoolExhausted => "pool exhausted",
            Self::Terminated { all: true, .. } => "all backends terminated",
            Self::Terminated { .. } => "backend terminated",
            Self::Line(Cut::WithinRequest(_)) => "request cut in the middle",
            Self::Line(Cut::WithinAnswer(_)) => "answer cut in the middle",
            Self::Line(Cut::LoseAnswer) => "answer lost",
            Self::Line(Cut::Before(_)) => "line cut before COMMIT",
            Self::Line(Cut::LoseAnswerTo(_)) => "answer to COMMIT lost",
            Self::Killed { .. } => "server killed with -9",
        }
    }

    /// Which pool the call is made on.
    pub(crate) const fn db(fault: Option<Self>, world: &World) -> &Db {
        match fault {
            Some(Self::PoolExhausted) => &world.cramped,
            Some(Self::LockHeld) => &world.impatient,
            _ => &world.db,
        }
    }

    /// Whether it may cost somebody else an answer.
    const fn disturbs(self) -> bool {
        matches!(
            self,
            Self::Terminated { .. } | Self::Line(_) | Self::Killed { .. }
        )
    }
}

/// Does `work` while something goes wrong.
pub(crate) async fn under<R>(
    world: &Arc<World>,
    account: AccountId,
    fault: Option<Fault>,
    work: impl Future<Output = R>,
) -> anyhow::Result<Ending<R>> {
    if fault.is_some_and(Fault::disturbs) {
        world.disturb();
    }
    let done = async {
        match AssertUnwindSafe(work).catch_unwind().await {
            Ok(done) => Ok(Ending::Done(done)),
            Err(panic) if panic.is::<OnPurpose>() => Ok(Ending::Panicked),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    };
    let ending = match fault {
        None | Some(Fault::Panic) => done.await,
        Some(Fault::DroppedAfterPolls(polls)) => {
            let dropped = Ok(Ending::Dropped);
            dropped_after(polls, done).await.unwrap_or(dropped)
        }
        Some(Fault::DroppedAfterTime(micros)) => {
            let limit = Duration::from_micros(micros);
            let done = tokio::time::timeout(limit, done).await;
            done.unwrap_or(Ok(Ending::Dropped))
        }
        Some(Fault::LockHeld) => {
            let held = world.admin.hold(account).await?;
            // What has a pool of its own waits, and goes on.
            let released = async {
                tokio::time::sleep(Duration::from_millis(300)).await;
                held.release().await
            };
            let (done, released) = join(done, released).await;
            released?;
            done
        }
        Some(Fault::PoolExhausted) => {
            let (mut one, mut two) = (world.cramped.tenant(account), world.cramped.tenant(account));
            let taken = join(one.begin(), two.begin()).await;
            let done = done.await;
            drop(taken);
            done
        }
        Some(Fault::Terminated { all, after }) => {
            let terminated = async {
                tokio::time::sleep(Duration::from_micros(after)).await;
                let terminated = world.admin.terminate(all).await;
                world.disturb();
                terminated
            };
            let (done, terminated) = join(done, terminated).await;
            terminated?;
            done
        }
        Some(Fault::Line(cut)) => {
            world.proxy.cut(cut);
            let done = done.await;
            if world.proxy.spare() {
                world.counts.outcome("line that was not cut in time");
            }
            done
        }
        Some(Fault::Killed { after }) => {
            let killed = async {
                tokio::time::sleep(Duration::from_micros(after)).await;
                world.kill_and_restart().await
            };
            let (done, killed) = join(done, killed).await;
            killed?;
            done
        }
    };
    if fault.is_some_and(Fault::disturbs) {
        world.disturb();
    }
    ending
}

/// What `work` gives before it is polled so often; it is dropped else.
async fn dropped_after<R>(polls: u64, work: impl Future<Output = R>) -> Option<R> {
    let mut work = pin!(work);
    let mut left = polls;
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        work.as_mut().poll(context).map(Some)
    })
    .await
}
