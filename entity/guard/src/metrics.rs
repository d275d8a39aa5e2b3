//! Measurements, for whatever meter provider the application has set when it connects.

use std::{sync::Arc, time::Duration};

use opentelemetry::{
    KeyValue, global,
    metrics::{Counter, Histogram},
};

use crate::{pool::Connections, share::Shares};

/// Who measures.
const METER: &str = "app-db";
/// The boundaries that the conventions ask for, in seconds.
const SECONDS: [f64; 9] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];

pub(crate) struct Metrics {
    duration: Histogram<f64>,
    wait: Histogram<f64>,
    timeouts: Counter<u64>,
    /// What all calls have in common.
    server: [KeyValue; 4],
    pool: KeyValue,
}

impl Metrics {
    pub(crate) fn new(namespace: &str, address: &str, port: u16) -> Self {
        let meter = global::meter(METER);
        let seconds = |name: &'static str, description: &'static str| {
            let histogram = meter.f64_histogram(name).with_unit("s");
            histogram
                .with_description(description)
                .with_boundaries(SECONDS.to_vec())
                .build()
        };
        Self {
            duration: seconds(
                "db.client.operation.duration",
                "Duration of database client operations.",
            ),
            wait: seconds(
                "db.client.connection.wait_time",
                "The time it took to obtain an open connection from the pool.",
            ),
            timeouts: meter
                .u64_counter("db.client.connection.timeouts")
                .with_unit("{timeout}")
                .with_description("The number of connection timeouts that have occurred trying to obtain a connection.")
                .build(),
            server: [
                KeyValue::new("db.system.name", "postgresql"),
                KeyValue::new("db.namespace", namespace.to_owned()),
                KeyValue::new("server.address", address.to_owned()),
                KeyValue::new("server.port", i64::from(port)),
            ],
            pool: KeyValue::new(
                "db.client.connection.pool.name",
                format!("{address}:{port}/{namespace}"),
            ),
        }
    }

    pub(crate) fn called(
        &self,
        operation: &'static str,
        table: Option<&'static str>,
        code: Option<&str>,
        error: Option<&str>,
        took: Duration,
    ) {
        let mut attributes = Vec::with_capacity(8);
        attributes.extend_from_slice(&self.server);
        attributes.push(KeyValue::new("db.operation.name", operation));
        let named = |name: &'static str, value: &str| KeyValue::new(name, value.to_owned());
        attributes.extend(table.map(|table| KeyValue::new("db.collection.name", table)));
        attributes.extend(code.map(|code| named("db.response.status_code", code)));
        attributes.extend(error.map(|error| named("error.type", error)));
        self.duration.record(took.as_secs_f64(), &attributes);
    }

    pub(crate) fn waited(&self, took: Duration, timed_out: bool) {
        let pool = std::slice::from_ref(&self.pool);
        if timed_out {
            self.timeouts.add(1, pool);
        } else {
            self.wait.record(took.as_secs_f64(), pool);
        }
    }

    /// Reads the pool at each collection, for as long as there is one.
    pub(crate) fn watch(&self, connections: &Connections, shares: &Arc<Shares>) {
        self.gauge(
            "db.client.connection.count",
            "{connection}",
            connections,
            |status| {
                let used = status.size.saturating_sub(status.available);
                vec![("idle", status.available), ("used", used)]
            },
        );
        self.gauge(
            "db.client.connection.max",
            "{connection}",
            connections,
            |status| vec![("", status.max_size)],
        );
        let pending = "db.client.connection.pending_requests";
        let shares = Arc::clone(shares);
        self.gauge(pending, "{request}", connections, move |status| {
            vec![("", status.waiting + shares.waiting())]
        });
    }

    fn gauge(
        &self,
        name: &'static str,
        unit: &'static str,
        connections: &Connections,
        read: impl Fn(&deadpool::Status) -> Vec<(&'static str, usize)> + Send + Sync + 'static,
    ) {
        let weak = connections.weak();
        let pool = self.pool.clone();
        let meter = global::meter(METER);
        let _registered = meter
            .i64_observable_up_down_counter(name)
            .with_unit(unit)
            .with_callback(move |observer| {
                let Some(connections) = weak.upgrade() else {
                    return;
                };
                for (state, value) in read(&connections.status()) {
                    let mut attributes = vec![pool.clone()];
                    if !state.is_empty() {
                        attributes.push(KeyValue::new("db.client.connection.state", state));
                    }
                    observer.observe(i64::try_from(value).unwrap_or(i64::MAX), &attributes);
                }
            })
            .build();
    }
}
