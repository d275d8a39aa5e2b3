//! One client: it works on an account of its own, and knows what each call has to answer.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use access::{AccountId, Error, Tenant, Transaction};
use serde_json::Value;

use crate::{
    blank::Found,
    call::{At, Call, Draw, Where, drawn},
    compare::compare,
    dice::Dice,
    fault::{Ending, Fault, panic_on_purpose, under},
    judge::{Outcome, Stop, explained, is_definite, named, renamed, wrong},
    model::Model,
    problem::{Class, Problem},
    tag,
    world::World,
};

/// An account of more rows is given up for a new one.
const LARGEST: usize = 140;

/// For how long a fault keeps anybody from reading.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often something goes wrong: in one of so many operations; never for 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate(pub(crate) u64);

pub(crate) struct Client {
    pub(crate) world: Arc<World>,
    pub(crate) number: usize,
    pub(crate) dice: Dice,
    pub(crate) rate: Rate,
    pub(crate) done: u64,
}

impl Client {
    /// Works until it has done so many operations, or somebody has found what must not be.
    pub(crate) async fn work(mut self, operations: u64) {
        if let Err(stop) = self.try_to_work(operations).await {
            self.stop(stop);
        }
    }

    async fn try_to_work(&mut self, operations: u64) -> Result<(), Stop> {
        self.settle_in().await?;
        while self.done < operations && !self.world.is_stopped() {
            self.done += 1;
            let fault = self.fault(operations);
            match self.dice.roll(100) {
                0..5 => self.contend(fault).await?,
                5..13 => self.transaction(fault).await?,
                _ => self.single(fault).await?,
            }
            let counts = &self.world.counts;
            counts
                .operations
                .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let tenth = (operations / 10).max(500);
            let due = self.number == 0 && self.done.is_multiple_of(tenth);
            if due || matches!(fault, Some(Fault::Killed { .. })) {
                self.world.audit().await?;
            }
            let model = self.model()?;
            if self.dice.one_in(8) {
                self.world.bait.lay(&model, &mut self.dice);
            }
            if model.size() > LARGEST {
                self.move_out(&model).await?;
                self.settle_in().await?;
            }
        }
        Ok(())
    }

    fn stop(&self, stop: Stop) {
        let mut problem = match stop {
            Stop::Problem(problem) => *problem,
            Stop::Surroundings(error) => Problem::new(
                Class::UnexplainedErrors,
                "to go on",
                &format!("{error:#}"),
                "",
            ),
        };
        problem.client = self.number;
        if problem.operation.is_empty() {
            problem.operation = format!("operation {} of the client", self.done);
        }
        self.world.report(problem);
    }

    /// A fault, when one is due. One of two hundred, the fifth to begin with, is the server's death, and one of a run of
    /// ten thousand operations is in any case: in the middle of the first client's.
    fn fault(&mut self, operations: u64) -> Option<Fault> {
        let rate = self.rate.0;
        let due = rate > 0 && self.dice.one_in(rate);
        let all = operations * self.world.slots.len() as u64;
        let middle = self.number == 0 && self.done == operations / 2 && rate > 0 && all >= 10_000;
        if !due && !middle {
            return None;
        }
        let fault = Fault::drawn(&mut self.dice);
        let killed = Fault::Killed {
            after: self.dice.roll(4_000),
        };
        let faults = self.world.counts.faults_so_far();
        let fault = if middle || faults % 200 == 4 {
            killed
        } else {
            fault
        };
        self.world.counts.fault(fault.name());
        Some(fault)
    }

    pub(crate) fn model(&self) -> Result<Arc<Model>, Stop> {
        let slot = self.world.slots.get(self.number);
        let state = slot.and_then(|slot| slot.state());
        let none = || anyhow::anyhow!("the client has no account");
        Ok(state.ok_or_else(none)?.model)
    }

    pub(crate) fn is(&self, model: impl Into<Arc<Model>>) {
        if let Some(slot) = self.world.slots.get(self.number) {
            slot.is(model.into());
        }
    }

    pub(crate) fn handle(&self, fault: Option<Fault>, account: AccountId) -> Result<Tenant, Stop> {
        let tenant = Fault::db(fault, &self.world).tenant(account);
        let actor = format!("client {}", tag::of(account));
        let acting = tenant.acting_for(&actor);
        Ok(acting.map_err(|error| anyhow::anyhow!("{error}"))?)
    }

    /// One call.
    async fn single(&mut self, fault: Option<Fault>) -> Result<(), Stop> {
        let world = Arc::clone(&self.world);
        let gate = world.gate.read().await;
        let before = self.model()?;
        let mut draw = Draw {
            world: &world,
            model: &before,
            number: format!("{}-{}", self.number, self.done),
            dice: &mut self.dice,
        };
        let (name, place, call) = drawn(&mut draw, |place| place != Where::Inside);
        world.counts.kind(name);
        // What has a handle of its own isn't undone by a closure that panics.
        let fault = fault.filter(|f| *f != Fault::Panic || place != Where::Alone);
        let mut after = Model::clone(&before);
        let expected = after.answer(&call);
        let begun = Instant::now();
        let account = before.id;
        let tenant = self.handle(fault, account)?;
        let made = made(&world, tenant, &call, fault == Some(Fault::Panic));
        let ending = under(&world, account, fault, made).await?;
        let told = |problem: Problem| named(problem, name, &call, fault);
        match ending {
            Ending::Done(Ok(actual)) => {
                let mut found = Found::default();
                let agrees = expected.as_ref().is_ok_and(|e| found.agree(e, &actual));
                if !agrees {
                    let problem = wrong(&expected, &Ok(actual), &before.tag);
                    return Err(told(problem).into());
                }
                after.learn(&found);
                self.look(&world, account, &mut after)
                    .await
                    .map_err(|stop| renamed(stop, &told))?;
                self.is(after);
            }
            Ending::Done(Err(error)) if is_definite(&error) => {
                if expected != Err(error.clone()) {
                    let problem = wrong(&expected, &Err(error), &before.tag);
                    return Err(told(problem).into());
                }
            }
            Ending::Done(Err(error)) => {
                explained(&world, fault, begun, &error, &before.tag).map_err(&told)?;
                let outcome = if error == Error::CommitUnknown {
                    world.counts.outcome("unknown whether saved");
                    Outcome::Unknown
                } else {
                    world.counts.outcome("failed");
                    Outcome::Failed
                };
                drop(gate);
                let after = expected.is_ok().then_some(after);
                self.resolve(before, after, outcome)
                    .await
                    .map_err(|stop| renamed(stop, &told))?;
            }
            Ending::Dropped => {
                world.counts.outcome("dropped");
                drop(gate);
                let after = expected.is_ok().then_some(after);
                self.resolve(before, after, Outcome::Unknown)
                    .await
                    .map_err(|stop| renamed(stop, &told))?;
            }
            Ending::Panicked => {
                world.counts.outcome("panicked");
                drop(gate);
                let after = expected.is_ok().then_some(after);
                self.resolve(before, after, Outcome::Failed)
                    .await
                    .map_err(|stop| renamed(stop, &told))?;
            }
        }
        Ok(())
    }

    /// Reads what a change has done beside its answer, as often as it takes.
    async fn look(
        &self,
        world: &Arc<World>,
        account: AccountId,
        model: &mut Model,
    ) -> Result<(), Stop> {
        let begun = Instant::now();
        let tenant = self.handle(None, account)?;
        loop {
            let calls = model.unknown();
            if calls.is_empty() {
                return Ok(());
            }
            let at = At {
                world,
                tenant: &tenant,
                transaction: None,
            };
            match seen(at, &calls, model).await? {
                Ok(()) => {}
                Err(error) => {
                    explained(world, None, begun, &error, &model.tag)?;
                    if world.is_stopped() || begun.elapsed() > PATIENCE {
                        return Err(anyhow::anyhow!("what was saved can't be read: {error}").into());
                    }
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
    }

    /// When everything rests, reads what became of a call: nothing, or all of it when that may be.
    pub(crate) async fn resolve(
        &self,
        before: Arc<Model>,
        after: Option<Model>,
        outcome: Outcome,
    ) -> Result<(), Stop> {
        let world = &self.world;
        let account = before.id;
        if let Some(slot) = world.slots.get(self.number) {
            let instead = after.clone().filter(|_| outcome == Outcome::Unknown);
            slot.may_be(Arc::clone(&before), instead.map(Arc::new));
        }
        let _gate = world.gate.write().await;
        world.rest().await?;
        let rows = world.admin.rows(account).await?;
        let unsaved = match compare(&before, &rows) {
            Ok(_) => {
                self.is(before);
                return Ok(());
            }
            Err(difference) => difference,
        };
        if let Some(mut after) = after
            && let Ok(found) = compare(&after, &rows)
        {
            if outcome == Outcome::Failed {
                let all = "nothing, since it was reported as failed";
                let problem = Problem::new(Class::FalseFailures, all, "all of it", &before.tag);
                return Err(problem.into());
            }
            world.counts.outcome("resolved as saved");
            after.learn(&found);
            self.is(after);
            return Ok(());
        }
        let got = format!("{:?} in {}", unsaved.found, unsaved.table);
        let expected = format!("{:?}", unsaved.expected);
        Err(Problem::new(Class::WrongAnswers, &expected, &got, &before.tag).into())
    }
}

/// Makes a call; inside a closure that panics afterwards, when it shall.
async fn made(
    world: &Arc<World>,
    mut tenant: Tenant,
    call: &Call,
    panics: bool,
) -> Result<Value, Error> {
    if !panics {
        let at = At {
            world,
            tenant: &tenant,
            transaction: None,
        };
        return call.make(at).await;
    }
    let (world, call) = (Arc::clone(world), call.clone());
    tenant
        .transaction(
            async move |tx: &mut Transaction<'_>| -> Result<Value, Error> {
                let at = At {
                    world: &world,
                    tenant: tx,
                    transaction: Some(tx),
                };
                call.make(at).await?;
                panic_on_purpose()
            },
        )
        .await
}

/// Makes reads, and fills in what they show. The inner error is one that goes wrong on the way.
pub(crate) async fn seen(
    at: At<'_>,
    calls: &[Call],
    model: &mut Model,
) -> Result<Result<(), Error>, Stop> {
    for call in calls {
        let expected = model.answer(call);
        match call.make(at).await {
            Ok(actual) => {
                let mut found = Found::default();
                if !expected.as_ref().is_ok_and(|e| found.agree(e, &actual)) {
                    let problem = wrong(&expected, &Ok(actual), &model.tag);
                    return Err(named(problem, "what was changed", call, None).into());
                }
                model.learn(&found);
            }
            Err(error) if is_definite(&error) => {
                let problem = wrong(&expected, &Err(error), &model.tag);
                return Err(named(problem, "what was changed", call, None).into());
            }
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(Ok(()))
}
