//! How a client takes an account, and gives it up when it has grown.

use std::{sync::Arc, time::Instant};

use access::{AccountId, Error, accounts::NewAccount, system};
use uuid::Uuid;

use crate::{
    client::Client,
    judge::{Stop, explained},
    model::Model,
    problem::{Class, Problem},
    tag,
};

impl Client {
    /// Takes an account of its own.
    pub(crate) async fn settle_in(&mut self) -> Result<(), Stop> {
        let world = Arc::clone(&self.world);
        let mut attempt = 0_u32;
        loop {
            attempt += 1;
            let gate = world.gate.read().await;
            let begun = Instant::now();
            // Found again by its name, if its answer is lost.
            let name = format!("account {}-{}-{attempt}", self.number, self.done);
            let scope = world.scope().map_err(|error| anyhow::anyhow!("{error}"))?;
            let new = NewAccount { name: name.clone() };
            let made = system::create_account(&scope, new).await;
            drop(gate);
            world.counts.kind("system::create_account");
            let account = match made {
                Ok(account) => account,
                Err(error) => {
                    explained(&world, None, begun, &error, "")?;
                    if world.is_stopped() {
                        return Ok(());
                    }
                    let _gate = world.gate.write().await;
                    world.rest().await?;
                    let there = world.admin.named(&name).await?;
                    if !there.is_empty() && error != Error::CommitUnknown {
                        let text = format!("{there:?}");
                        return Err(
                            Problem::new(Class::FalseFailures, "no account", &text, "").into()
                        );
                    }
                    for account in there {
                        world.admin.remove(believed(account)?).await?;
                    }
                    continue;
                }
            };
            let id = believed(account.id)?;
            self.is(Model::new(id, tag::of(id), account));
            return Ok(());
        }
    }

    /// Compares an account for the last time, and takes it out.
    pub(crate) async fn move_out(&mut self, model: &Model) -> Result<(), Stop> {
        let world = Arc::clone(&self.world);
        let _gate = world.gate.write().await;
        world.rest().await?;
        world.same(model, None).await?;
        world.admin.remove(model.id).await?;
        world.forget(model.id);
        world.counts.outcome("accounts compared and replaced");
        if let Some(slot) = world.slots.get(self.number) {
            slot.vacate();
        }
        Ok(())
    }
}

/// An id that the system gave.
pub(crate) fn believed(account: Uuid) -> Result<AccountId, anyhow::Error> {
    Ok(AccountId::from_authenticated(account)?)
}
