//! Makes the transfers of payouts, for all accounts, until it is asked to end.
//!
//! ```text
//! SYSTEM_DATABASE_URL=postgres://… cargo run -p access --example worker
//! ```
//!
//! Stripe is played by [`Practice`] here, which makes up ids and loses the answer to its first call, and each third
//! after. Your own `Transport` sends the same requests by HTTP.

#[path = "app/stop.rs"]
mod stop;

use std::{
    collections::HashMap,
    error::Error as StdError,
    sync::{Mutex, PoisonError},
};

use access::{
    Config,
    outbox::{self, TransferRequest, Transport, TransportError, WorkerOptions},
    system::SystemDb,
};

/// In place of Stripe: the transfers by their idempotency keys, and how often it was called.
#[derive(Default)]
struct Practice(Mutex<(HashMap<String, String>, u32)>);

impl Transport for Practice {
    async fn create_transfer(&self, request: &TransferRequest) -> Result<String, TransportError> {
        let mut practice = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (transfers, calls) = &mut *practice;
        *calls += 1;
        let next = format!("tr_practice_{}", transfers.len() + 1);
        let transfer = transfers
            .entry(request.idempotency_key.clone())
            .or_insert(next);
        if *calls % 3 == 1 {
            println!("made {transfer}, and lost the answer");
            return Err(TransportError::Unknown("connection_lost".to_owned()));
        }
        println!("made {transfer} of {} {}", request.amount, request.currency);
        Ok(transfer.clone())
    }

    async fn find_transfer(
        &self,
        request: &TransferRequest,
    ) -> Result<Option<String>, TransportError> {
        let practice = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = practice.0.get(&request.idempotency_key).cloned();
        println!(
            "asked for a transfer: {}",
            found.as_deref().unwrap_or("none")
        );
        Ok(found)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    let db = SystemDb::connect(Config::from_env("SYSTEM_DATABASE_URL")?).await?;
    let scope = db.scope("outbox-worker", "transfers of payouts")?;
    println!("at work");
    outbox::run(
        &scope,
        &Practice::default(),
        &WorkerOptions::default(),
        stop::asked(),
    )
    .await?;
    Ok(())
}
