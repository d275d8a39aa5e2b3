//! `cargo xtask demo`: a database, an application on it, and a walk through it by HTTP.
//!
//! What is started is stopped at the end, also after a failure or Ctrl-C. The database is the demo's own: it is dropped
//! and made again by each run, and no other is touched.

mod app;
mod build;
mod database;
mod http;
mod progress;
mod stop;
mod token;
mod walk;

use std::{
    path::Path,
    process::{Command, ExitCode},
    time::Duration,
};

use anyhow::{Context, bail};
use clap::Args;
use dev_server::Secret;

use self::{app::App, build::Programs, database::Database, progress::Stage, token::Issuer};
use crate::terminal::{bold, say};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Keeps the application running until Ctrl-C, and prints requests to try.
    #[arg(long)]
    serve: bool,
}

/// An account of the demo, and the token that its member's client sends.
struct Account {
    label: &'static str,
    name: &'static str,
    id: String,
    token: String,
}

/// The operator's program, which works in the system scope.
struct Operator<'d> {
    program: &'d Path,
    system_url: &'d str,
}

impl Operator<'_> {
    /// What it prints.
    fn run(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let mut command = Command::new(self.program);
        command
            .arg("the demo")
            .args(arguments)
            .env("SYSTEM_DATABASE_URL", self.system_url);
        output("access/examples/operator.rs", &mut command)
    }
}

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    stop::watch()?;
    let done = demo(options);
    match done {
        // What failed then failed for that.
        Err(_) if stop::asked() => {
            say!("Interrupted; what was started is stopped.");
            Ok(ExitCode::from(130))
        }
        Err(error) if error.is::<walk::Unexpected>() => {
            say!("\n{error}");
            Ok(ExitCode::FAILURE)
        }
        done => {
            done?;
            say!("What was started is stopped.");
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Returns once everything that it started is stopped: whatever is started is held by a guard.
fn demo(options: &Options) -> anyhow::Result<()> {
    let programs = build::beside_download()?;
    let database = Database::start()?;
    migrate(&programs, &database)?;

    let issuer = Issuer::new();
    let stage = Stage::begin("accounts");
    let names = [
        ("A", "Ana's studio"),
        ("B", "Ben's bakery"),
        ("C", "Cleo's shop"),
    ];
    let [a, b, c] = names.map(|(label, name)| account(label, name, &programs, &database, &issuer));
    let (a, b, c) = (a?, b?, c?);
    stage.done(&format!("A {}  {}", a.id, a.name));
    for other in [&b, &c] {
        say!("{:10} {} {}  {}", "", other.label, other.id, other.name);
    }

    let stage = Stage::begin("app");
    let system = database.system_url()?;
    let webhooks = Secret::generate();
    let variables = [
        ("DATABASE_URL", database.app_url()?),
        ("SYSTEM_DATABASE_URL", system.clone()),
        ("STRIPE_WEBHOOK_SECRETS", webhooks.expose().to_owned()),
        ("APP_JWT_SECRET", issuer.secret().to_owned()),
        ("PORT", "0".to_owned()),
    ];
    let app = App::start(&programs.axum, &variables)?;
    let address = app.address()?;
    stage.done(&format!(
        "http://{address}, which is access/examples/axum.rs"
    ));
    let stage = Stage::begin("worker");
    let worker = App::start(&programs.worker, &[("SYSTEM_DATABASE_URL", system.clone())])?;
    stage.done("makes transfers, with Stripe played by access/examples/worker.rs");

    let cast = walk::Cast {
        a: &a,
        b: &b,
        c: &c,
        issuer: &issuer,
        webhooks: webhooks.expose(),
        worker: &worker,
        operator: &Operator {
            program: &programs.operator,
            system_url: &system,
        },
    };
    let steps = walk::through(address, &cast)?;
    say!(
        "\n{}",
        bold(&format!("All {steps} steps answered as they should."))
    );
    if options.serve {
        serve(app, &a, &b)?;
    } else {
        app.stop()?;
        worker.stop()?;
        say!("Try it yourself with: cargo xtask demo --serve");
    }
    Ok(())
}

fn migrate(programs: &Programs, database: &Database) -> anyhow::Result<()> {
    stop::check()?;
    let stage = Stage::begin("schema");
    let mut up = Command::new(&programs.migration);
    up.arg("up")
        .env("MIGRATION_DATABASE_URL", database.owner_url()?);
    output("the migration", &mut up)?;
    let tables = database.tables()?;
    stage.done(&format!("migrated to {}", tables.join(", ")));
    Ok(())
}

fn account(
    label: &'static str,
    name: &'static str,
    programs: &Programs,
    database: &Database,
    issuer: &Issuer,
) -> anyhow::Result<Account> {
    stop::check()?;
    let mut create = Command::new(&programs.create_account);
    create
        .arg(name)
        .env("SYSTEM_DATABASE_URL", database.system_url()?);
    let id = output("access/examples/create_account.rs", &mut create)?;
    let token = issuer.token(&id);
    Ok(Account {
        label,
        name,
        id,
        token,
    })
}

/// What a program prints; what it says when it fails is the error.
fn output(name: &str, command: &mut Command) -> anyhow::Result<String> {
    let output = command
        .output()
        .with_context(|| format!("{name} couldn't be run"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{name} failed: {}", said.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Waits for Ctrl-C, with requests to try on the screen.
fn serve(mut app: App, a: &Account, b: &Account) -> anyhow::Result<()> {
    let url = format!("http://{}", app.address()?);
    let new = r#"{"buyer":"zoe","pay_for":"tip","pay_for_id":"t1","amount":500,"currency":"USD","fee":50}"#;
    say!("\nThe application runs until Ctrl-C. In another terminal:\n");
    say!("A='Authorization: Bearer {}'", a.token);
    say!("B='Authorization: Bearer {}'\n", b.token);
    for line in [
        format!("curl -i -H \"$A\" '{url}/payments?limit=2'"),
        format!("curl -i -H \"$B\" '{url}/payments?limit=2'"),
        format!("curl -i -H \"$A\" -H 'Content-Type: application/json' -d '{new}' {url}/payments"),
        format!("curl -i -H \"$A\" {url}/payments/totals"),
        format!("curl -i -H \"$A\" {url}/account"),
        format!("curl -i -H \"$A\" '{url}/payments?limit=-1'"),
        format!("curl -i {url}/payments"),
    ] {
        say!("{line}");
    }
    while !stop::asked_within(Duration::from_millis(200)) {
        if let Some(status) = app.ended()? {
            bail!("the application ended by itself: {status}");
        }
    }
    say!("");
    app.stop()
}
