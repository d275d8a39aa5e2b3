//! What is told of calls, in OpenTelemetry's names for databases
//! (<https://opentelemetry.io/docs/specs/semconv/database/postgresql/>): never a value, and no account unless asked for.

use std::{
    collections::BTreeMap,
    fmt::{self, Write},
    sync::{Arc, Mutex},
    time::Duration,
};

use access::{Config, Db, Error, stripe_payments};
use opentelemetry::global;
use opentelemetry_sdk::metrics::{
    InMemoryMetricExporter, SdkMeterProvider,
    data::{AggregatedMetrics, MetricData},
};
use tests::fixtures::{Cast, new_payment};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    span,
};
use tracing_subscriber::{Layer, layer::Context, layer::SubscriberExt, registry::LookupSpan};

use super::watch::watch;

/// All spans and events of a test, with their fields, as text.
#[derive(Clone, Default)]
pub(super) struct Captured(Arc<Mutex<Told>>);

#[derive(Default)]
struct Told {
    spans: Vec<(u64, BTreeMap<&'static str, String>)>,
    events: Vec<String>,
}

struct Fields<'f>(&'f mut BTreeMap<&'static str, String>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

impl<S: Subscriber + for<'l> LookupSpan<'l>> Layer<S> for Captured {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, _: Context<'_, S>) {
        if attributes.metadata().target().starts_with("entity_guard") {
            let mut fields = BTreeMap::new();
            attributes.record(&mut Fields(&mut fields));
            self.0.lock().unwrap().spans.push((id.into_u64(), fields));
        }
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, _: Context<'_, S>) {
        let mut told = self.0.lock().unwrap();
        let mut spans = told.spans.iter_mut().rev();
        if let Some((_, fields)) = spans.find(|(of, _)| *of == id.into_u64()) {
            values.record(&mut Fields(fields));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if !event.metadata().target().starts_with("entity_guard") {
            return;
        }
        let mut fields = BTreeMap::new();
        event.record(&mut Fields(&mut fields));
        fields.remove("seconds");
        let inside = context.event_span(event).map_or("none", |span| span.name());
        let level = event.metadata().level();
        let mut told = self.0.lock().unwrap();
        told.events.push(format!("{level} in {inside}: {fields:?}"));
    }
}

impl Captured {
    /// Captures what this thread's tasks tell from here on.
    pub(super) fn start() -> (Self, tracing::subscriber::DefaultGuard) {
        let captured = Self::default();
        let registry = tracing_subscriber::registry().with(captured.clone());
        (captured, watch(registry))
    }

    /// The statements since the last call.
    pub(super) fn statements(&self) -> Vec<String> {
        let mut told = self.0.lock().unwrap();
        let spans = told.spans.drain(..);
        let texts = spans.filter_map(|(_, mut fields)| fields.remove("db.query.text"));
        texts.collect()
    }

    /// What was told, without what differs from run to run.
    fn text(&self, cast: &Cast) -> String {
        let mut told = self.0.lock().unwrap();
        let mut text = String::new();
        for (_, fields) in told.spans.drain(..) {
            for (name, value) in fields {
                writeln!(text, "{name} = {value}").unwrap();
            }
            text.push('\n');
        }
        for event in told.events.drain(..) {
            writeln!(text, "{event}").unwrap();
        }
        let port = cast.database.server().port().to_string();
        text.replace(cast.database.name(), "<database>")
            .replace(&format!("= {port}\n"), "= <port>\n")
    }
}

async fn connected(config: Config) -> Db {
    Db::connect(config).await.unwrap()
}

/// S19, S59
#[tokio::test]
async fn each_call_is_a_span_in_the_words_of_the_conventions() {
    let cast = Cast::new().await;
    let db = connected(cast.database.config().slow_statement(Duration::ZERO)).await;
    let (captured, _guard) = Captured::start();
    let mut tenant = db.tenant(cast.a);
    let mut new = new_payment("canary", 5);
    new.payment_intent = Some("pi_0".into());
    stripe_payments::get(&tenant, cast.payments_a[0].id)
        .await
        .unwrap();
    let twice = stripe_payments::create(&tenant, new.clone()).await;
    assert_eq!(twice, Err(Error::Conflict));
    new.payment_intent = None;
    new.description = Some("canary".into());
    let transaction = tenant.begin().await.unwrap();
    stripe_payments::create(&transaction, new).await.unwrap();
    transaction.commit().await.unwrap();
    let text = captured.text(&cast);
    assert!(!text.contains("canary"), "{text}");
    assert!(!text.contains(&cast.a.to_string()), "{text}");
    insta::assert_snapshot!(text);
}

#[tokio::test]
async fn the_account_is_told_when_the_configuration_says_so() {
    let cast = Cast::new().await;
    let db = connected(cast.database.config().trace_account(true)).await;
    let (captured, _guard) = Captured::start();
    let tenant = db.tenant(cast.a);
    stripe_payments::get(&tenant, cast.payments_a[0].id)
        .await
        .unwrap();
    let text = captured.text(&cast);
    assert!(
        text.contains(&format!("app.account_id = {}\n", cast.a)),
        "{text}"
    );
}

/// Somebody pushed against the second layer: it is told which table it was about, inside the call's span.
#[tokio::test]
async fn each_42501_is_told() {
    let cast = Cast::new().await;
    let db = connected(cast.database.config()).await;
    let superuser = cast.database.superuser().await;
    superuser
        .batch_execute("REVOKE SELECT ON stripe_payments FROM app")
        .await
        .unwrap();
    let (captured, _guard) = Captured::start();
    let mut tenant = db.tenant(cast.a);
    let id = cast.payments_a[0].id;
    for _ in 0..2 {
        let refused = stripe_payments::get(&tenant, id).await;
        assert_eq!(refused, Err(Error::Forbidden));
    }
    let transaction = tenant.begin().await.unwrap();
    assert!(stripe_payments::get(&transaction, id).await.is_err());
    // The transaction has failed already: the server isn't asked again.
    assert!(stripe_payments::get(&transaction, id).await.is_err());
    drop(transaction);
    let events = std::mem::take(&mut captured.0.lock().unwrap().events);
    let refused = "WARN in db: {\"db.collection.name\": \"stripe_payments\", \
        \"db.operation.name\": \"SELECT\", \"db.response.status_code\": \"42501\", \
        \"message\": \"refused by the second layer\"}";
    assert_eq!(events, [refused; 3]);
    let text = captured.text(&cast);
    assert!(text.contains("error.type = 42501"), "{text}");
    assert!(text.contains("otel.status_code = ERROR"), "{text}");
}

#[tokio::test]
async fn a_slow_statement_is_told_without_its_values() {
    let cast = Cast::new().await;
    let (captured, _guard) = Captured::start();
    for (limit, times) in [(Duration::from_nanos(1), 1), (Duration::from_secs(60), 0)] {
        let db = connected(cast.database.config().slow_statement(limit)).await;
        let tenant = db.tenant(cast.a);
        stripe_payments::get(&tenant, cast.payments_a[0].id)
            .await
            .unwrap();
        let events = std::mem::take(&mut captured.0.lock().unwrap().events);
        let slow = "WARN in db: {\"db.collection.name\": \"stripe_payments\", \
            \"db.operation.name\": \"SELECT\", \"message\": \"slow statement\"}";
        assert_eq!(events, vec![slow; times]);
    }
}

#[tokio::test]
async fn durations_and_the_pool_are_measured() {
    let cast = Cast::new().await;
    let exporter = InMemoryMetricExporter::default();
    let provider = SdkMeterProvider::builder().with_periodic_exporter(exporter.clone());
    let provider = provider.build();
    global::set_meter_provider(provider.clone());
    let limits = cast.database.config().pool_size(2);
    let db = connected(limits.acquire_timeout(Duration::from_millis(50))).await;
    let (mut tenant, mut other) = (db.tenant(cast.a), db.tenant(cast.a));
    stripe_payments::get(&tenant, cast.payments_a[0].id)
        .await
        .unwrap();
    let mut new = new_payment("canary", 5);
    new.payment_intent = Some("pi_0".into());
    stripe_payments::create(&tenant, new).await.unwrap_err();
    let held = (tenant.begin().await.unwrap(), other.begin().await.unwrap());
    let waited = stripe_payments::get(&db.tenant(cast.a), cast.payments_a[0].id).await;
    assert_eq!(waited, Err(Error::Unavailable));
    provider.force_flush().unwrap();
    let text = measured(&exporter, cast.database.name());
    for expected in [
        "db.client.operation.duration s SELECT stripe_payments - 1 of 10 buckets",
        "db.client.operation.duration s INSERT stripe_payments 23505 1 of 10 buckets",
        "db.client.connection.count {connection} used = 2",
        "db.client.connection.count {connection} idle = 0",
        "db.client.connection.max {connection} - = 2",
        "db.client.connection.pending_requests {request} - = 0",
        "db.client.connection.timeouts {timeout} - = 1",
        "db.client.connection.wait_time s",
    ] {
        assert!(text.contains(expected), "{expected} isn't in\n{text}");
    }
    assert!(
        !text.contains("canary") && !text.contains(&cast.a.to_string()),
        "{text}"
    );
    drop(held);
    drop((db, tenant, other));
}

/// The measurements about one database, a line each.
fn measured(exporter: &InMemoryMetricExporter, database: &str) -> String {
    let mut text = String::new();
    let finished = exporter.get_finished_metrics().unwrap();
    let scopes = finished
        .iter()
        .flat_map(|resource| resource.scope_metrics());
    for metric in scopes.flat_map(|scope| scope.metrics()) {
        let head = format!("{} {}", metric.name(), metric.unit());
        let mut line = |attributes: Vec<&opentelemetry::KeyValue>, value: String| {
            let of = |name: &str| {
                let found = attributes.iter().find(|pair| pair.key.as_str() == name);
                found.map(|pair| pair.value.to_string())
            };
            let pool = of("db.client.connection.pool.name").unwrap_or_default();
            if of("db.namespace").as_deref() != Some(database) && !pool.ends_with(database) {
                return;
            }
            let names = [
                "db.operation.name",
                "db.collection.name",
                "db.client.connection.state",
            ];
            let named: Vec<String> = names.into_iter().filter_map(of).collect();
            let code = of("db.response.status_code");
            assert_eq!(code, of("error.type").filter(|kind| kind.len() == 5));
            let state = of("db.client.connection.state").is_some();
            let last = code.unwrap_or_else(|| if state { String::new() } else { "-".to_owned() });
            let words = [named.join(" "), last];
            let words: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
            writeln!(text, "{head} {} {value}", words.join(" ")).unwrap();
        };
        match metric.data() {
            AggregatedMetrics::F64(MetricData::Histogram(histogram)) => {
                for point in histogram.data_points() {
                    let buckets = point.bucket_counts().count();
                    let value = format!("{} of {buckets} buckets", point.count());
                    line(point.attributes().collect(), value);
                }
            }
            AggregatedMetrics::I64(MetricData::Sum(sum)) => {
                for point in sum.data_points() {
                    line(point.attributes().collect(), format!("= {}", point.value()));
                }
            }
            AggregatedMetrics::U64(MetricData::Sum(sum)) => {
                for point in sum.data_points() {
                    line(point.attributes().collect(), format!("= {}", point.value()));
                }
            }
            _ => {}
        }
    }
    text
}
