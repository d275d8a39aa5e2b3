//! `access::testing`: what is isolated passes, each kind of leak is told, and what proves nothing is no proof.

use std::{collections::HashMap, panic::AssertUnwindSafe, sync::Mutex};

use access::{
    AccountId, Config, Db, Error, Patch, StripePaymentId,
    stripe_payments::{self, NewStripePayment, StripePaymentPatch},
    system::SystemDb,
    testing::{Answer, Database, Request, TwoAccounts, assert_isolated},
};
use futures_util::FutureExt;
use serde::Serialize;
use tests::fixtures::new_payment;

fn answer(result: Result<impl Serialize, Error>) -> Answer {
    let (status, body) = match result {
        Ok(row) => (200, serde_json::to_vec(&row).unwrap()),
        Err(Error::NotFound) => (404, b"not found".to_vec()),
        Err(error) => (409, error.code().as_bytes().to_vec()),
    };
    Answer {
        status,
        headers: Vec::new(),
        body,
    }
}

fn text(status: u16, text: impl Into<String>) -> Answer {
    Answer {
        status,
        headers: Vec::new(),
        body: text.into().into_bytes(),
    }
}

/// An application without a framework, which keeps accounts apart.
async fn honest(db: &Db, request: &Request, account: AccountId) -> Answer {
    let tenant = db.tenant(account);
    let all = Default::default();
    let path: Vec<&str> = request.path.split('/').skip(1).collect();
    let id = || path[1].parse().map(StripePaymentId::from_uuid).unwrap();
    match (request.method.as_str(), path.as_slice()) {
        ("GET", ["payments"]) => answer(stripe_payments::list(&tenant, &all).await),
        ("GET", ["payments", "count"]) => answer(stripe_payments::count(&tenant, &all).await),
        ("GET", ["payments", "totals"]) => answer(stripe_payments::totals(&tenant, &all).await),
        ("GET", ["payments", _]) => answer(stripe_payments::get(&tenant, id()).await),
        ("POST", ["payments"]) => {
            let new: NewStripePayment = serde_json::from_slice(&request.body).unwrap();
            answer(stripe_payments::create(&tenant, new).await)
        }
        ("POST", ["payments", _, "cancel"]) => answer(stripe_payments::cancel(&tenant, id()).await),
        ("PATCH", ["payments", _]) => {
            let patch = StripePaymentPatch {
                description: Patch::Set(Some("Late fee".into())),
                ..Default::default()
            };
            answer(stripe_payments::update(&tenant, id(), patch).await)
        }
        ("GET", ["health"]) => text(200, "alive"),
        _ => text(404, "not found"),
    }
}

/// Requests that A can make, of each kind.
fn requests(accounts: &TwoAccounts) -> Vec<Request> {
    let ids: Vec<_> = accounts
        .a
        .payments
        .iter()
        .map(|payment| payment.id)
        .collect();
    vec![
        Request::get("/payments"),
        Request::get("/payments/count"),
        Request::get("/payments/totals"),
        Request::get(format!("/payments/{}", ids[0])),
        Request::patch(format!("/payments/{}", ids[0])),
        Request::post("/payments").json(&new_payment("ana", 700)),
        Request::post(format!("/payments/{}/cancel", ids[2])),
    ]
}

struct Test {
    accounts: TwoAccounts,
    // Lives as long as its accounts are asked for.
    _database: Database,
}

impl Test {
    async fn new() -> Self {
        let database = Database::start().await.unwrap();
        let accounts = database.two_accounts().await.unwrap();
        Self {
            accounts,
            _database: database,
        }
    }

    fn db(&self) -> &Db {
        &self.accounts.db
    }

    /// What is said of a service that has a leak, or of requests that prove nothing.
    async fn failure(
        &self,
        service: impl AsyncFn(Request, AccountId) -> Answer,
        requests: impl IntoIterator<Item = Request>,
    ) -> String {
        let asserted = assert_isolated(&self.accounts, service, requests);
        let panic = AssertUnwindSafe(asserted).catch_unwind().await;
        let said = panic.expect_err("it passed").downcast::<String>();
        *said.expect("it says why")
    }

    /// The first payment of A.
    fn of_a(&self) -> Request {
        Request::get(format!("/payments/{}", self.accounts.a.payments[0].id))
    }

    fn is_a(&self, account: AccountId) -> bool {
        account == self.accounts.a.id
    }
}

#[track_caller]
fn says(failure: &str, words: &[&str]) {
    for word in words {
        assert!(failure.contains(word), "{word} is not in: {failure}");
    }
}

#[tokio::test]
async fn what_keeps_accounts_apart_passes() {
    let test = Test::new().await;
    let service = async |request: Request, account| honest(test.db(), &request, account).await;
    assert_isolated(&test.accounts, service, requests(&test.accounts)).await;
    // Once more, on rows that have gone on since.
    let reading = requests(&test.accounts).into_iter().take(4);
    assert_isolated(&test.accounts, service, reading).await;
}

#[tokio::test]
async fn a_row_that_is_shown_is_told() {
    let test = Test::new().await;
    let a = test.accounts.a.id;
    // Whoever knows the id.
    let service = async |request: Request, _| honest(test.db(), &request, a).await;
    let failure = test.failure(service, [test.of_a()]).await;
    says(
        &failure,
        &[
            &test.of_a().to_string(),
            "B is shown stripe_payments.buyer of A, \"buyer-a-0\"",
        ],
    );
    // In a list, behind B's own rows.
    let service = async |request: Request, account| {
        let mut answer = honest(test.db(), &request, account).await;
        answer
            .body
            .extend(honest(test.db(), &request, a).await.body);
        answer
    };
    let failure = test.failure(service, [Request::get("/payments")]).await;
    says(&failure, &["GET /payments: B is shown "]);
}

#[tokio::test]
async fn an_id_in_a_header_or_encoded_is_told() {
    let test = Test::new().await;
    let id = test.accounts.a.payments[3].id.as_uuid();
    let decoded = id.simple().to_string().to_uppercase();
    let encoded = id.to_string().replace('-', "%2D");
    let escaped = serde_json::to_string(&id.to_string())
        .unwrap()
        .replace('-', "\\u002d");
    for (header, body) in [
        (Some(id.to_string()), String::new()),
        (Some(format!("/p/{encoded}")), String::new()),
        (None, decoded),
        (None, escaped),
    ] {
        let service = async |request: Request, account| {
            let mut answer = honest(test.db(), &request, account).await;
            if !test.is_a(account) {
                answer
                    .headers
                    .extend(header.clone().map(|id| ("location".into(), id)));
                if !body.is_empty() {
                    answer.body = body.clone().into_bytes();
                }
            }
            answer
        };
        let failure = test.failure(service, [Request::get("/payments")]).await;
        says(&failure, &["B is shown stripe_payments.id of A"]);
    }
}

#[tokio::test]
async fn a_row_that_is_changed_is_told() {
    let test = Test::new().await;
    let a = test.accounts.a.id;
    // It answers as it should, and does what it shouldn't.
    let service = async |request: Request, account| {
        let done = honest(test.db(), &request, a).await;
        if test.is_a(account) {
            done
        } else {
            text(404, "not found")
        }
    };
    let patch = Request::patch(format!("/payments/{}", test.accounts.a.payments[0].id));
    let failure = test.failure(service, [patch]).await;
    says(
        &failure,
        &["B has changed A's rows: ", "stripe_payments.description"],
    );
    let new = Request::post("/payments").json(&new_payment("ana", 700));
    let failure = test.failure(service, [new]).await;
    says(
        &failure,
        &["B has changed A's rows: ", "1 more in stripe_payments"],
    );
}

#[tokio::test]
async fn an_answer_that_tells_whether_there_is_such_a_row_is_told() {
    let test = Test::new().await;
    let service = async |request: Request, account| {
        let own = honest(test.db(), &request, account).await;
        let of_a = honest(test.db(), &request, test.accounts.a.id).await;
        if own.status == 404 && of_a.status == 200 {
            return text(403, "not yours");
        }
        own
    };
    let failure = test.failure(service, [test.of_a()]).await;
    says(
        &failure,
        &[
            "B can tell that A has such a row in stripe_payments",
            "403 not yours",
            "404 not found",
        ],
    );
}

#[tokio::test]
async fn a_count_or_a_cached_answer_with_rows_of_a_is_told() {
    let test = Test::new().await;
    // A number tells no one whose it is; that it follows A's rows does.
    let service = async |request: Request, _| honest(test.db(), &request, test.accounts.a.id).await;
    for path in ["/payments/count", "/payments/totals"] {
        let failure = test.failure(service, [Request::get(path)]).await;
        says(&failure, &[path, "what B is answered depends on A's rows"]);
    }
    let pages: Mutex<HashMap<String, Answer>> = Mutex::default();
    let cached = async |request: Request, account| {
        if let Some(page) = pages.lock().unwrap().get(&request.path) {
            return page.clone();
        }
        let answer = honest(test.db(), &request, account).await;
        if test.is_a(account) {
            pages
                .lock()
                .unwrap()
                .insert(request.path.clone(), answer.clone());
        }
        answer
    };
    let failure = test.failure(cached, [Request::get("/payments")]).await;
    says(&failure, &["GET /payments: B is shown "]);
}

#[tokio::test]
async fn an_id_that_comes_into_bs_rows_is_told() {
    let test = Test::new().await;
    let service = async |request: Request, account| {
        let mut request = request;
        if request.method == "POST" && !test.is_a(account) {
            let mut new = new_payment("ana", 700);
            new.description = Some(test.accounts.a.payments[0].id.to_string());
            request = request.json(&new);
            honest(test.db(), &request, account).await;
            return text(200, "made");
        }
        honest(test.db(), &request, account).await
    };
    let new = Request::post("/payments").json(&new_payment("ana", 700));
    let failure = test.failure(service, [new]).await;
    says(
        &failure,
        &[
            "B's rows have got stripe_payments.id of A",
            "in stripe_payments.description",
        ],
    );
}

#[tokio::test]
async fn what_proves_nothing_is_no_proof() {
    let test = Test::new().await;
    let service = async |request: Request, account| honest(test.db(), &request, account).await;
    let said = test.failure(service, []).await;
    assert_eq!(said, "there are no requests, and so nothing is proved");
    // A itself can't do it.
    let of_b = Request::get(format!("/payments/{}", test.accounts.b.payments[0].id));
    for request in [Request::get("/nowhere"), of_b] {
        let failure = test.failure(service, [request]).await;
        says(
            &failure,
            &["it proves nothing: A itself is refused: 404 not found"],
        );
    }
    // It is no account's.
    let failure = test.failure(service, [Request::get("/health")]).await;
    says(
        &failure,
        &["GET /health: it proves nothing: A's rows play no part in it: 200 alive"],
    );
    // What A does happens to another.
    let service = async |request: Request, _| honest(test.db(), &request, test.accounts.b.id).await;
    let new = Request::post("/payments").json(&new_payment("ana", 700));
    let failure = test.failure(service, [new]).await;
    says(
        &failure,
        &["it proves nothing: A's rows play no part in it: 200"],
    );
    // B is refused whatever it asks for.
    for (status, words) in [
        (401, "B isn't let in"),
        (403, "B is refused for rows of its own too"),
    ] {
        let service = async |request: Request, account| {
            if test.is_a(account) {
                return honest(test.db(), &request, account).await;
            }
            text(status, "no")
        };
        let failure = test.failure(service, [test.of_a()]).await;
        says(&failure, &["it proves nothing: ", words]);
    }
}

#[tokio::test]
async fn what_cant_be_compared_is_no_proof() {
    let test = Test::new().await;
    let asked = Mutex::new(0);
    let service = async |request: Request, account| {
        let mut answer = honest(test.db(), &request, account).await;
        *asked.lock().unwrap() += 1;
        answer
            .headers
            .push(("x-request".into(), asked.lock().unwrap().to_string()));
        answer
    };
    for request in [test.of_a(), Request::get("/payments/count")] {
        let failure = test.failure(service, [request]).await;
        says(
            &failure,
            &["it proves nothing: the answer varies by itself"],
        );
    }
    let service = async |request: Request, account| {
        let mut answer = honest(test.db(), &request, account).await;
        answer
            .headers
            .push(("Content-Encoding".into(), "gzip".into()));
        answer
    };
    let failure = test.failure(service, [test.of_a()]).await;
    says(&failure, &["it proves nothing: the answer is compressed"]);
    // The time of day may pass.
    let service = async |request: Request, account| {
        let mut answer = honest(test.db(), &request, account).await;
        *asked.lock().unwrap() += 1;
        answer
            .headers
            .push(("Date".into(), asked.lock().unwrap().to_string()));
        answer
    };
    assert_isolated(&test.accounts, service, [test.of_a()]).await;
}

#[tokio::test]
async fn a_row_that_only_a_has_proves_nothing_of_b() {
    let test = Test::new().await;
    let only = new_payment("Only of A", 1);
    let only = stripe_payments::create(&test.db().tenant(test.accounts.a.id), only)
        .await
        .unwrap();
    let service = async |request: Request, account| honest(test.db(), &request, account).await;
    let request = Request::get(format!("/payments/{}", only.id));
    let failure = test.failure(service, [request]).await;
    says(
        &failure,
        &[
            "it proves nothing: it says stripe_payments.id of A",
            "B has no such row",
        ],
    );
}

/// Every row of A says whose it is, so that none can be shown unnoticed.
#[tokio::test]
async fn both_accounts_have_rows_in_every_table_and_each_tells_whose_it_is() {
    let test = Test::new().await;
    let system = &test.accounts.system;
    let rows_of = async |account| tests::lifecycle::exported(system, account).await;
    let (a, b) = (
        rows_of(test.accounts.a.id).await,
        rows_of(test.accounts.b.id).await,
    );
    let rows = |lines: &[String]| -> Vec<(String, serde_json::Value)> {
        let lines = lines.iter().filter(|line| line.starts_with("{\"table\""));
        let lines = lines.map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        lines
            .map(|line| {
                (
                    line["table"].as_str().unwrap().to_owned(),
                    line["row"].clone(),
                )
            })
            .collect()
    };
    let (a, b) = (rows(&a), rows(&b));
    for table in entity::schema::TABLES {
        for (who, rows) in [("A", &a), ("B", &b)] {
            assert!(
                rows.iter().any(|(name, _)| name == table.name),
                "{who} has no row in {}: make some in `fill` of access/src/testing/rows.rs",
                table.name
            );
        }
    }
    let texts_of_b =
        serde_json::to_string(&b.iter().map(|(_, row)| row).collect::<Vec<_>>()).unwrap();
    for (table, row) in &a {
        let tells = row.as_object().unwrap().iter().any(|(column, value)| {
            let text = value
                .as_str()
                .map(str::to_owned)
                .unwrap_or_else(|| value.to_string());
            column != "account_id"
                && text.len() >= 6
                && !column.ends_with("_at")
                && !texts_of_b.contains(&text)
        });
        assert!(tells, "{table}: nothing tells whose {row} is");
    }
}

#[tokio::test]
async fn a_database_of_a_test_is_found_by_its_urls_and_goes_with_the_test() {
    let database = Database::start().await.unwrap();
    let shown = format!("{database:?}");
    assert!(!shown.contains("postgres://"), "{shown}");
    let url = database.url().to_owned();
    let db = Db::connect(Config::from_url(&url).unwrap()).await.unwrap();
    db.ready().await.unwrap();
    let system = Config::from_url(database.system_url()).unwrap();
    SystemDb::connect(system).await.unwrap();
    let accounts = database.two_accounts().await.unwrap();
    let other = Database::start().await.unwrap();
    let absent = access::accounts::get(&other.db().tenant(accounts.a.id)).await;
    assert_eq!(absent, Err(Error::NotFound), "each has its own");
    drop(database);
    assert!(Db::connect(Config::from_url(&url).unwrap()).await.is_err());
}
