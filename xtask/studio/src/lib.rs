//! The server of `cargo xtask studio`: pages of a database's schema, its guard, and an account's rows.
//!
//! It listens on this machine alone, and answers who has this run's token. What it shows of schema and checks it asks
//! `cargo xtask` for, so that a page never says other than the checks; rows it reads itself, as the application's login.

pub mod browser;
mod export;
mod facts;
mod page;
mod pages;
mod rows;
mod safety;
mod sample;
mod screenshots;
mod server;
mod settings;
mod statics;

use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;

use anyhow::Context;
use tokio::net::TcpListener;

use facts::All;
use safety::Door;
use server::Studio;
use settings::Settings;

/// Runs the program, and returns how it ended.
#[must_use]
pub fn main() -> ExitCode {
    let runtime = tokio::runtime::Runtime::new().context("there is no runtime");
    let ended = runtime.and_then(|runtime| {
        let ended = runtime.block_on(run());
        // Not for the thread that reads the standard input.
        runtime.shutdown_background();
        ended
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    let settings = Settings::read()?;
    if settings.fill {
        let urls = settings.app.as_ref().zip(settings.system.as_ref());
        let (app, system) = urls.context("both logins are needed")?;
        return sample::fill(app, system).await;
    }
    let facts = All::new();
    facts.collect(&settings.xtask);
    if let Some(folder) = &settings.export {
        let files = export::write(&facts, folder).await?;
        println!(
            "wrote {files} files into {}; begin at index.html",
            folder.display()
        );
        return Ok(());
    }
    let listener = listen(&settings.host, settings.port).await?;
    let address = listener.local_addr()?;
    let door = Arc::new(Door::new(address.port())?);
    let link = format!("http://{address}/?token={}", door.token());
    let studio = Arc::new(Studio {
        settings,
        facts,
        rows: Default::default(),
    });
    if let Some(folder) = studio.settings.screenshots.clone() {
        let taken = tokio::task::spawn_blocking(move || screenshots::take(&link, &folder));
        let served = axum::serve(listener, server::router(studio.clone(), door));
        studio.rows().await.map_err(|why| anyhow::anyhow!(why))?;
        return tokio::select! {
            taken = taken => taken?,
            ended = served => ended.context("the server ended"),
        };
    }
    println!("{link}");
    println!("Ctrl-C ends it.");
    if studio.settings.open {
        open(&link);
    }
    let connecting = studio.clone();
    tokio::spawn(async move {
        if let Err(why) = connecting.rows().await {
            eprintln!("rows can't be shown: {why}");
        }
    });
    // What is under way is dropped: it only reads, and its connection ends with it.
    tokio::select! {
        ended = axum::serve(listener, server::router(studio, door)) => ended.context("the server ended"),
        () = stopped() => Ok(()),
    }
}

/// The wanted port, or a free one.
async fn listen(host: &str, port: u16) -> anyhow::Result<TcpListener> {
    let host = if host == "localhost" {
        "127.0.0.1"
    } else {
        host
    };
    let ip: std::net::IpAddr = host.trim_matches(['[', ']']).parse().context("the host")?;
    anyhow::ensure!(ip.is_loopback(), "the studio listens on this machine alone");
    match TcpListener::bind((ip, port)).await {
        Ok(listener) => Ok(listener),
        Err(_) => TcpListener::bind((ip, 0)).await.context("no port is free"),
    }
}

/// Ctrl-C, or the end of whoever started this.
async fn stopped() {
    let (gone, goes) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        // Nothing is ever written there.
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        let _ = gone.send(());
    });
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = goes => {}
    }
}

/// Opens the link in the browser of this system, if it has one.
fn open(link: &str) {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    let opened = Command::new(program)
        .arg(link)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if opened.is_err() {
        println!("No browser could be opened: open the link yourself.");
    }
}
