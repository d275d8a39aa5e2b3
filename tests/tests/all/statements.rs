//! Every statement of `access`, by the function that runs it, in `access/statements.json`: what the check for Citus, the test
//! of plans and the studio look at. `BLESS=1` writes it anew.

use std::{collections::BTreeSet, fs, future::Future, path::Path};

use access::{Db, system::SystemDb};
use dev_server::Login;
use serde::Serialize;
use tests::{events::SECRET, fixtures::Cast, proxy::Proxy};

use super::{
    isolation::public_functions, observability::Captured, statements_calls::calls_of_an_account,
    statements_system::calls_of_the_system,
};

/// What one public function sends.
#[derive(Debug, Serialize)]
pub(super) struct Sends {
    /// `module::function`.
    pub(super) function: String,
    /// How often it waits for the server, once its statements are prepared; none where it depends on what is there.
    pub(super) round_trips: Option<u64>,
    /// Its statements, each once, in the order of their first use; BEGIN, the account and COMMIT are left out.
    pub(super) statements: Vec<String>,
}

/// Calls functions one by one, and writes down what they send.
pub(super) struct Recorder {
    pub(super) db: Db,
    pub(super) system: SystemDb,
    proxy: Proxy,
    captured: Captured,
    sent: Vec<Sends>,
}

impl Recorder {
    async fn new(cast: &Cast, captured: Captured) -> Self {
        let port = cast.database.server().port();
        let proxy = Proxy::before(port).await.unwrap();
        let config = |login| {
            let url = proxy.url(&cast.database.url(login), port);
            tests::config(&url).pool_size(1)
        };
        let db = Db::connect(config(Login::App)).await.unwrap();
        let system = SystemDb::connect(config(Login::System)).await.unwrap();
        let system = system.webhook_secrets(access::webhook::WebhookSecrets::new([SECRET]));
        Self {
            db,
            system,
            proxy,
            captured,
            sent: Vec::new(),
        }
    }

    /// Awaits a call.
    pub(super) async fn call<R>(&mut self, function: &str, call: impl Future<Output = R>) -> R {
        self.captured.statements();
        self.proxy.round_trips();
        let done = call.await;
        let round_trips = Some(self.proxy.round_trips());
        self.note(function, round_trips);
        done
    }

    /// Awaits a call whose round trips depend on what is there.
    pub(super) async fn long<R>(&mut self, function: &str, call: impl Future<Output = R>) -> R {
        self.captured.statements();
        let done = call.await;
        self.note(function, None);
        done
    }

    /// A second call of a function may send more, and is as quick as the first.
    fn note(&mut self, function: &str, round_trips: Option<u64>) {
        let of_function = self.sent.iter_mut().find(|sent| sent.function == function);
        let sends = match of_function {
            Some(sends) => sends,
            None => {
                self.sent.push(Sends {
                    function: function.to_owned(),
                    round_trips,
                    statements: Vec::new(),
                });
                self.sent.last_mut().unwrap()
            }
        };
        for statement in self.captured.statements() {
            if !sends.statements.contains(&statement) {
                sends.statements.push(statement);
            }
        }
    }
}

pub(super) fn path() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../access/statements.json")
}

#[tokio::test]
async fn the_list_of_statements_is_what_the_functions_send() {
    let cast = Cast::new().await;
    let (captured, _guard) = Captured::start();
    let mut recorder = Recorder::new(&cast, captured).await;
    // The first account's calls prepare the statements, which the second's use.
    Box::pin(calls_of_an_account(&mut recorder, cast.b, cast.a)).await;
    recorder.sent.clear();
    Box::pin(calls_of_an_account(&mut recorder, cast.a, cast.b)).await;
    Box::pin(calls_of_the_system(&mut recorder, &cast)).await;

    let mut sent = recorder.sent;
    sent.sort_by(|a, b| a.function.cmp(&b.function));
    let called: BTreeSet<String> = sent.iter().map(|sends| sends.function.clone()).collect();
    let mut functions = public_functions();
    // They stand in other files than their module's.
    functions.extend(
        ["link_connected_account", "reroute_unrouted_events"].map(|f| format!("system::{f}")),
    );
    assert_eq!(called, functions, "each public function is called");

    let text = serde_json::to_string_pretty(&sent).unwrap() + "\n";
    if std::env::var_os("BLESS").is_some() {
        fs::write(path(), &text).unwrap();
    }
    let stored = fs::read_to_string(path()).unwrap_or_default();
    assert!(
        stored == text,
        "access/statements.json isn't what is sent now: BLESS=1 cargo test -p tests --test all -- statements"
    );
}
