//! Transactions of several calls, with every ending that they can have.

use std::{sync::Arc, time::Instant};

use access::{Error, Tenant, Transaction, stripe_payments};

use crate::{
    blank::Found,
    call::{At, Call, Draw, Where, account::AccountCall, drawn},
    client::{Client, seen},
    compare::compare,
    dice::Dice,
    fault::{Ending, Fault, panic_on_purpose, under},
    judge::{Outcome, Stop, explained, is_definite, named, wrong},
    model::Model,
    problem::{Class, Problem},
    world::World,
};

/// How a transaction is meant to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meant {
    Commit,
    Rollback,
    /// A statement fails, its caller passes over that, and commits all the same: which must fail.
    PassedOver,
    /// A part fails and is undone, and the rest is committed.
    Attempt,
    Panic,
}

/// How far it has come; it outlives the transaction, which may be dropped at any point.
struct Work {
    after: Model,
    committing: bool,
}

/// What a transaction came to that came to its end.
enum Finish {
    Saved,
    Undone,
    /// Reported as saved, though it has failed.
    SavedAfterAll,
}

impl Meant {
    fn drawn(dice: &mut Dice) -> Self {
        match dice.roll(10) {
            0 => Self::Rollback,
            1 | 2 => Self::PassedOver,
            3 => Self::Attempt,
            _ => Self::Commit,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Commit | Self::Panic => "Transaction::commit",
            Self::Rollback => "Transaction::rollback",
            Self::PassedOver => "Transaction::commit after an error that was passed over",
            Self::Attempt => "Transaction::attempt",
        }
    }
}

impl Client {
    pub(crate) async fn transaction(&mut self, fault: Option<Fault>) -> Result<(), Stop> {
        let world = Arc::clone(&self.world);
        let gate = world.gate.read().await;
        let before = self.model()?;
        let meant = match fault {
            Some(Fault::Panic) => Meant::Panic,
            _ => Meant::drawn(&mut self.dice),
        };
        world.counts.kind(meant.name());
        let mut work = Work {
            after: Model::clone(&before),
            committing: false,
        };
        let begun = Instant::now();
        let tenant = self.handle(fault, before.id)?;
        let number = format!("{}-{}", self.number, self.done);
        let body = body(&world, tenant, &mut self.dice, &mut work, meant, number);
        let ending = under(&world, before.id, fault, body).await?;
        let outcome = match ending {
            Ending::Done(Err(stop)) => return Err(stop),
            Ending::Done(Ok(Ok(Finish::Undone))) => return Ok(()),
            Ending::Done(Ok(Ok(Finish::Saved))) => {
                self.is(work.after);
                return Ok(());
            }
            Ending::Done(Ok(Ok(Finish::SavedAfterAll))) => {
                drop(gate);
                return self.was_it_saved(&before, &work.after).await;
            }
            Ending::Done(Ok(Err(error))) => {
                explained(&world, fault, begun, &error, &before.tag).map_err(|problem| {
                    Problem {
                        operation: meant.name().to_owned(),
                        ..problem
                    }
                })?;
                if error == Error::CommitUnknown {
                    world.counts.outcome("unknown whether saved");
                    Outcome::Unknown
                } else {
                    world.counts.outcome("failed");
                    Outcome::Failed
                }
            }
            Ending::Dropped => {
                world.counts.outcome("dropped");
                if work.committing {
                    Outcome::Unknown
                } else {
                    Outcome::Failed
                }
            }
            Ending::Panicked => {
                world.counts.outcome("panicked");
                Outcome::Failed
            }
        };
        drop(gate);
        let resolved = self.resolve(before, Some(work.after), outcome).await;
        resolved.map_err(|stop| match stop {
            Stop::Problem(problem) => Problem {
                operation: meant.name().to_owned(),
                ..*problem
            }
            .into(),
            other => other,
        })
    }

    /// COMMIT of a failed transaction was reported as saved.
    async fn was_it_saved(&self, before: &Model, after: &Model) -> Result<(), Stop> {
        let _gate = self.world.gate.write().await;
        self.world.rest().await?;
        let rows = self.world.admin.rows(before.id).await?;
        let class = if compare(after, &rows).is_ok() {
            Class::WrongAnswers
        } else {
            Class::LostWrites
        };
        let expected = "the error that was passed over";
        let mut problem = Problem::new(class, expected, "Ok: saved", &before.tag);
        problem.operation = Meant::PassedOver.name().to_owned();
        Err(problem.into())
    }
}

/// The calls of a transaction, and its ending. The inner error goes wrong on the way.
async fn body(
    world: &Arc<World>,
    mut tenant: Tenant,
    dice: &mut Dice,
    work: &mut Work,
    meant: Meant,
    number: String,
) -> Result<Result<Finish, Error>, Stop> {
    let mut tx = match tenant.begin().await {
        Ok(tx) => tx,
        Err(error) => return Ok(Err(error)),
    };
    let mut steps = dice.between(1, 4);
    if meant == Meant::PassedOver {
        // What isn't audited: the log's entry would fail too, and tell.
        let name = format!("studio {} {number}", work.after.tag);
        let call = Call::Account(AccountCall::Rename(name));
        if let Err(error) = step(world, &tx, work, "accounts::update", &call).await? {
            return Ok(Err(error));
        }
        steps = i64::from(dice.one_in(4));
    }
    for number_of_step in 0..steps {
        let model = work.after.clone();
        let mut draw = Draw {
            world,
            model: &model,
            number: format!("{number}-{number_of_step}"),
            dice,
        };
        let fits = |place| matches!(place, Where::Anywhere | Where::Read | Where::Inside);
        let (name, _, call) = drawn(&mut draw, fits);
        // What the server refuses would end the transaction: that is another ending.
        if work.after.clone().answer(&call).is_err() {
            continue;
        }
        world.counts.kind(name);
        if let Err(error) = step(world, &tx, work, name, &call).await? {
            return Ok(Err(error));
        }
    }
    let taken = work.after.payments.values();
    let taken = taken
        .filter_map(|payment| payment.payment_intent.clone())
        .next();
    let twice = taken.map(|intent| {
        let model = work.after.clone();
        let mut draw = Draw {
            world,
            model: &model,
            number: number.clone(),
            dice,
        };
        let mut new = draw.new_payment();
        (new.amount, new.fee, new.payment_intent) = (5, 0, Some(intent));
        new
    });
    match (meant, twice) {
        (Meant::Panic, _) => panic_on_purpose(),
        (Meant::Rollback, _) => {
            let undone = tx.rollback().await;
            return Ok(undone.map(|()| Finish::Undone));
        }
        (Meant::PassedOver, Some(twice)) => {
            let failed = stripe_payments::create(&tx, twice).await;
            if let Some(error) = way_of(failed.map(drop), work)? {
                return Ok(Err(error));
            }
            return Ok(match tx.commit().await {
                Ok(()) => Ok(Finish::SavedAfterAll),
                Err(_) => Ok(Finish::Undone),
            });
        }
        (Meant::Attempt, Some(twice)) => {
            let attempt = async |tx: &mut Transaction<'_>| stripe_payments::create(tx, twice).await;
            let failed = tx.attempt(attempt).await;
            if let Some(error) = way_of(failed.map(drop), work)? {
                return Ok(Err(error));
            }
        }
        _ => {}
    }
    work.committing = true;
    match tx.commit().await {
        Ok(()) => Ok(Ok(Finish::Saved)),
        Err(error) if is_definite(&error) => {
            let answer = Err(error);
            let mut problem = wrong(&Ok("saved".into()), &answer, &work.after.tag);
            problem.operation = meant.name().to_owned();
            Err(problem.into())
        }
        Err(error) => Ok(Err(error)),
    }
}

/// The error of a payment that is made twice, when it isn't that it is there already.
fn way_of(failed: Result<(), Error>, work: &Work) -> Result<Option<Error>, Stop> {
    match failed {
        Err(Error::Conflict) => Ok(None),
        Err(error) if !is_definite(&error) => Ok(Some(error)),
        other => {
            let answer = other.map(|()| "saved".into());
            let mut problem = wrong(&Err(Error::Conflict), &answer, &work.after.tag);
            problem.operation = "stripe_payments::create, twice, in a transaction".to_owned();
            Err(problem.into())
        }
    }
}

/// One call inside. The inner error goes wrong on the way.
async fn step(
    world: &Arc<World>,
    tx: &Transaction<'_>,
    work: &mut Work,
    name: &'static str,
    call: &Call,
) -> Result<Result<(), Error>, Stop> {
    let mut trial = work.after.clone();
    let expected = trial.answer(call);
    let at = At {
        world,
        tenant: tx,
        transaction: Some(tx),
    };
    match call.make(at).await {
        Ok(actual) => {
            let mut found = Found::default();
            if !expected.as_ref().is_ok_and(|e| found.agree(e, &actual)) {
                let problem = wrong(&expected, &Ok(actual), &trial.tag);
                return Err(named(problem, &format!("{name} in a transaction"), call, None).into());
            }
            trial.learn(&found);
        }
        Err(error) if is_definite(&error) => {
            let problem = wrong(&expected, &Err(error), &trial.tag);
            return Err(named(problem, &format!("{name} in a transaction"), call, None).into());
        }
        Err(error) => return Ok(Err(error)),
    }
    loop {
        let calls = trial.unknown();
        if calls.is_empty() {
            break;
        }
        if let Err(error) = seen(at, &calls, &mut trial).await? {
            return Ok(Err(error));
        }
    }
    work.after = trial;
    Ok(Ok(()))
}
