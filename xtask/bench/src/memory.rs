//! Memory of a program that uses `access`: each figure is a process of its own.

use std::{fmt::Write, process::Command};

use access::{
    AccountId, Config, Db, Error, lifecycle,
    stripe_payments::{self, ListStripePayments},
    system::SystemDb,
};
use anyhow::{Context, bail};
use dev_server::Login;

use crate::{
    load::{Loaded, Size},
    sections::{self, Section},
};

/// One account with a million payments.
const SIZE: Size = Size {
    accounts: 1,
    payments: 1_000_000,
    vectors: 0,
    shares: 0,
};

/// What a process of its own does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// So many connections, each of which has been used.
    Connections(usize),
    /// All rows of an account.
    Export,
}

impl What {
    const ALL: [Self; 4] = [
        Self::Connections(1),
        Self::Connections(8),
        Self::Connections(64),
        Self::Export,
    ];

    fn name(self) -> String {
        match self {
            Self::Connections(connections) => connections.to_string(),
            Self::Export => "export".into(),
        }
    }

    fn read(text: &str) -> anyhow::Result<Self> {
        Ok(match text {
            "export" => Self::Export,
            number => Self::Connections(number.parse()?),
        })
    }
}

pub(crate) async fn run(write: bool) -> anyhow::Result<()> {
    let loaded = Loaded::of(SIZE).await?;
    let mut text = String::from("## Memory\n\n");
    let surroundings = crate::report::surroundings(&loaded.admin).await?;
    let _ = writeln!(
        text,
        "Resident size of a program that does nothing else, each in a process of its own, in MiB: after each of its \
         connections has answered all functions of the benchmark's reads once, and the most it ever had while it exports the \
         rows of an account with {} payments.\n\n{surroundings}\n\n| | resident | most ever |\n|---|---|---|",
        SIZE.payments
    );
    for what in What::ALL {
        let program = std::env::current_exe()?;
        let output = Command::new(program)
            .args(["--memory-of", &what.name()])
            .output()?;
        if !output.status.success() {
            bail!("{what:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        let said = String::from_utf8(output.stdout)?;
        let mut figures = said.split_whitespace();
        let mut next = || figures.next().context("a figure is missing");
        let (resident, most, rows) = (next()?, next()?, next()?);
        let name = match what {
            What::Connections(1) => "1 connection".to_owned(),
            What::Connections(number) => format!("{number} connections"),
            What::Export => format!("exporting {rows} rows"),
        };
        let _ = writeln!(text, "| {name} | {resident} | {most} |");
    }
    println!("{text}");
    if write {
        sections::write(Section::Memory, &text)?;
    }
    loaded.drop_it()
}

/// In the process of its own: prints its resident size, the most it ever was, and how many rows it read.
pub(crate) async fn alone(what: &str) -> anyhow::Result<()> {
    let what = What::read(what)?;
    let loaded = Loaded::of(SIZE).await?;
    let account = AccountId::from_authenticated(crate::load::account(1))?;
    let rows = match what {
        What::Connections(number) => {
            let config = Config::from_url(&loaded.url(Login::App)?)?;
            // All of them are one account's.
            let config = config.pool_size(number).account_share(number);
            let db = Db::connect(config).await?;
            let mut handles: Vec<_> = (0..number).map(|_| db.tenant(account)).collect();
            let mut open = Vec::new();
            for handle in &mut handles {
                let tx = handle.begin().await?;
                let page = stripe_payments::list(&tx, &ListStripePayments::default()).await?;
                let first = page.items.first().context("no payments")?;
                stripe_payments::get(&tx, first.id).await?;
                access::accounts::get(&tx).await?;
                access::account_payment_settings::get(&tx).await?;
                open.push(tx);
            }
            anyhow::ensure!(db.status().open == number, "not all are open");
            drop(open);
            0
        }
        What::Export => {
            let config = Config::from_url(&loaded.url(Login::System)?)?.pool_size(1);
            let system = SystemDb::connect(config).await?;
            let scope = system.scope("bench", "what an export takes")?;
            let line = async |line: &str| {
                std::hint::black_box(line);
                Ok::<_, Error>(())
            };
            lifecycle::export(&scope, account, |_| (), line).await?
        }
    };
    println!("{} {} {rows}", mebibytes("VmRSS:")?, mebibytes("VmHWM:")?);
    Ok(())
}

fn mebibytes(field: &str) -> anyhow::Result<String> {
    let status = std::fs::read_to_string("/proc/self/status").context("only Linux tells")?;
    let line = status.lines().find(|line| line.starts_with(field));
    let kib = line.and_then(|line| line.split_whitespace().nth(1));
    let kib: f64 = kib.context("no such figure")?.parse()?;
    Ok(format!("{:.1}", kib / 1024.0))
}
