//! Prints what OpenTelemetry's exporters would send: the spans of the calls of one account, and the measurements.
//!
//! ```text
//! DATABASE_URL=postgres://… ACCOUNT=… cargo run -p access --features opentelemetry --example otlp
//! ```
//!
//! An application puts the exporter of the crate `opentelemetry-otlp` where this has the one to stdout.

use std::{env, error::Error};

use access::{AccountId, Config, Db, stripe_payments};
use opentelemetry::{global, trace::TracerProvider};
use opentelemetry_sdk::{metrics::SdkMeterProvider, trace::SdkTracerProvider};
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let spans = SdkTracerProvider::builder()
        .with_simple_exporter(opentelemetry_stdout::SpanExporter::default())
        .build();
    let measurements = SdkMeterProvider::builder()
        .with_periodic_exporter(opentelemetry_stdout::MetricExporter::default())
        .build();
    // Before the database is connected to, which asks for it.
    global::set_meter_provider(measurements.clone());
    let layer = tracing_opentelemetry::layer().with_tracer(spans.tracer("app"));
    // The calls are spans at DEBUG. The driver says at DEBUG too which statements it prepares, which is left out here.
    let calls = Targets::new().with_target("entity_guard", LevelFilter::DEBUG);
    tracing_subscriber::registry()
        .with(layer.with_filter(calls))
        .init();
    let db = Db::connect(Config::from_env("DATABASE_URL")?).await?;
    let account = AccountId::from_authenticated(env::var("ACCOUNT")?.parse()?)?;
    let page = stripe_payments::list(&db.tenant(account), &Default::default()).await?;
    println!("{} payments", page.items.len());
    measurements.shutdown()?;
    spans.shutdown()?;
    Ok(())
}
