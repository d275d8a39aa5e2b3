//! Every statement of `access`, by the function that runs it, in `access/statements.json`: what the check for Citus, the test
//! of plans and the studio look at. `BLESS=1` writes it anew.

use std::{cell::RefCell, collections::BTreeSet, fs, future::Future, path::Path};

use serde::Serialize;
use tests::{fixtures::Cast, proxy::Proxy};

use super::{
    calls::{Calls, How, OF_ACCOUNTS, OF_THE_SYSTEM, Stage},
    observability::Captured,
    public,
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

/// Writes down what calls send.
pub(super) struct Recorder {
    pub(super) proxy: Proxy,
    captured: Captured,
    sent: RefCell<Vec<Sends>>,
}

impl Recorder {
    /// Awaits a call.
    pub(super) async fn call<R>(&self, function: &str, call: impl Future<Output = R>) -> R {
        self.captured.statements();
        self.proxy.round_trips();
        let done = call.await;
        let round_trips = Some(self.proxy.round_trips());
        self.note(function, round_trips);
        done
    }

    /// Awaits a call whose round trips depend on what is there.
    pub(super) async fn long<R>(&self, function: &str, call: impl Future<Output = R>) -> R {
        self.captured.statements();
        let done = call.await;
        self.note(function, None);
        done
    }

    /// A second call of a function may send more, and is as quick as the first.
    fn note(&self, function: &str, round_trips: Option<u64>) {
        let mut sent = self.sent.borrow_mut();
        let known = sent.iter().position(|sent| sent.function == function);
        let place = known.unwrap_or_else(|| {
            sent.push(Sends {
                function: function.to_owned(),
                round_trips,
                statements: Vec::new(),
            });
            sent.len() - 1
        });
        let statements = &mut sent[place].statements;
        for statement in self.captured.statements() {
            if !statements.contains(&statement) {
                statements.push(statement);
            }
        }
    }
}

pub(super) fn path() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../access/statements.json")
}

#[tokio::test]
async fn the_list_of_statements_is_what_the_functions_send() {
    let (captured, _guard) = Captured::start();
    let cast = Cast::new().await;
    let recorder = Recorder {
        proxy: Proxy::before(cast.database.server().port()).await.unwrap(),
        captured,
        sent: RefCell::default(),
    };
    let mut stage = Stage::new(cast, How::Recorded(recorder)).await;
    // The first account's calls prepare the statements, which the second's use.
    for _ in 0..2 {
        std::mem::swap(&mut stage.account, &mut stage.other);
        sent_of(&stage).borrow_mut().clear();
        for calls in OF_ACCOUNTS {
            run(&stage, calls).await;
        }
    }
    run(&stage, OF_THE_SYSTEM).await;

    let mut sent = sent_of(&stage).take();
    sent.sort_by(|a, b| a.function.cmp(&b.function));
    let called: BTreeSet<String> = sent.iter().map(|sends| sends.function.clone()).collect();
    assert_eq!(called, public::on_rows(), "each public function is called");

    let text = serde_json::to_string_pretty(&sent).unwrap() + "\n";
    if std::env::var_os("BLESS").is_some() {
        fs::write(path(), &text).unwrap();
    }
    let stored = fs::read_to_string(path()).unwrap_or_default();
    assert!(
        stored == text,
        "access/statements.json isn't what is sent now: BLESS=1 cargo test --workspace --all-features --test all -- statements"
    );
}

async fn run(stage: &Stage, calls: Calls) {
    for (function, scene) in calls {
        stage.function.set(function);
        scene(stage).await;
    }
}

fn sent_of(stage: &Stage) -> &RefCell<Vec<Sends>> {
    match &stage.how {
        How::Recorded(recorder) => &recorder.sent,
        How::Dropped(_) => unreachable!("it records"),
    }
}
