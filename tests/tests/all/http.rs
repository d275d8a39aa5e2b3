//! One suite for both frameworks: each request goes to the examples on axum and on actix-web, over sockets, and both have
//! to give the same status, headers and bytes.

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    sync::Arc,
};

use access::{AccountId, Db};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;
use serde_json::{Value, json};
use tests::{
    fixtures::{Cast, dump, new_payment},
    http::{Answer, Request},
};
use uuid::Uuid;

#[path = "../../../access/examples/actix.rs"]
#[allow(dead_code)]
mod on_actix;
#[path = "../../../access/examples/axum.rs"]
#[allow(dead_code)]
mod on_axum;

fn key() -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, b"a secret of thirty-two characters")
}

fn token(claims: &Value) -> String {
    token_of(&json!({ "alg": "HS256", "typ": "JWT" }), claims, &key())
}

fn token_of(header: &Value, claims: &Value, key: &hmac::Key) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = hmac::sign(key, signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Both applications on one database, and who may ask them.
struct Both {
    cast: Cast,
    axum: SocketAddr,
    actix: SocketAddr,
    token_a: String,
    /// Of a user who is a member of A.
    token_user: String,
}

impl Both {
    async fn new() -> Self {
        let cast = Cast::new().await;
        let user = Uuid::from_u128(7);
        let members = HashMap::from([(user, HashSet::from([cast.a.as_uuid()]))]);
        let exp = 4_000_000_000_i64;
        Self {
            axum: on_axum(cast.db.clone(), members.clone()).await,
            actix: on_actix(cast.db.clone(), members),
            token_a: token(&json!({ "account": cast.a.as_uuid(), "exp": exp })),
            token_user: token(&json!({ "user": user, "exp": exp })),
            cast,
        }
    }

    /// The answer, once both have given the same.
    async fn ask(&self, request: Request) -> Answer {
        let axum = request.to(self.axum).await;
        let actix = request.to(self.actix).await;
        assert_eq!(
            (&axum, axum.text()),
            (&actix, actix.text()),
            "axum, then actix, to {request:?}"
        );
        assert!(!axum.text().contains("SECRET"), "{}", axum.text());
        axum
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(path).by(&self.token_a)).await
    }

    /// B is as it was.
    async fn dump_b(&self) -> String {
        dump(&self.cast.database.superuser().await, self.cast.b).await
    }
}

async fn on_axum(db: Db, members: HashMap<Uuid, HashSet<Uuid>>) -> SocketAddr {
    let app = on_axum::App {
        db,
        system: None,
        tokens: key(),
        members,
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = on_axum::router(Arc::new(app));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

fn on_actix(db: Db, members: HashMap<Uuid, HashSet<Uuid>>) -> SocketAddr {
    let app = Arc::new(on_actix::App {
        db,
        system: None,
        tokens: key(),
        members,
    });
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = actix_web::HttpServer::new(move || {
        let app = Arc::clone(&app);
        actix_web::App::new().configure(|config| on_actix::routes(config, app))
    });
    let server = server.workers(1).disable_signals().listen(listener);
    tokio::spawn(server.unwrap().run());
    address
}

fn of(status: u16, code: &str, field: &str) -> (u16, String, Option<String>) {
    let field = (!field.is_empty()).then(|| field.to_owned());
    (status, code.to_owned(), field)
}

fn new() -> Value {
    serde_json::to_value(new_payment("ana", 4_900)).unwrap()
}

fn with(field: &str, value: Value) -> Value {
    let mut new = new();
    new[field] = value;
    new
}

/// Every route that names a row of one kind: the kind, the method, what follows the id, and a body that would do.
fn routes_with_an_id() -> Vec<(&'static str, &'static str, &'static str, Option<Value>)> {
    vec![
        ("/payments", "GET", "", None),
        (
            "/payments",
            "PATCH",
            "",
            Some(json!({ "description": "d" })),
        ),
        (
            "/payments",
            "POST",
            "/succeed",
            Some(json!({ "charge": "ch_9" })),
        ),
        ("/payments", "POST", "/cancel", None),
        ("/payments", "POST", "/refund", Some(json!({ "total": 1 }))),
        ("/payments", "POST", "/distribute", None),
        ("/payments", "GET", "/shares", None),
        ("/payments", "POST", "/dispute", Some(json!({ "total": 1 }))),
        ("/routes", "PATCH", "", Some(json!({ "share_bp": 1 }))),
        ("/routes", "POST", "/deactivate", None),
        ("/payouts", "GET", "", None),
        (
            "/payouts",
            "POST",
            "/transfer",
            Some(json!({ "transfer": "tr_9" })),
        ),
        ("/payouts", "POST", "/fail", Some(json!({ "code": "c" }))),
        ("/payouts", "POST", "/cancel", None),
    ]
}

/// S13
#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_row_is_answered_byte_for_byte_like_an_absent_one() {
    let both = Both::new().await;
    let before = both.dump_b().await;
    for (kind, method, rest, body) in routes_with_an_id() {
        let foreign = match kind {
            "/payments" => both.cast.foreign_payment().as_uuid(),
            "/routes" => both.cast.money_b.0.as_uuid(),
            _ => both.cast.money_b.1.as_uuid(),
        };
        for before_it in [String::new(), format!("/accounts/{}", both.cast.a)] {
            let token = if before_it.is_empty() {
                &both.token_a
            } else {
                &both.token_user
            };
            let ask = async |id: &str| {
                let request =
                    Request::new(method, format!("{before_it}{kind}/{id}{rest}")).by(token);
                let request = match &body {
                    Some(body) => request.json(body),
                    None => request,
                };
                both.ask(request).await
            };
            let absent = ask(&Uuid::now_v7().to_string()).await;
            assert_eq!(
                ask(&foreign.to_string()).await,
                absent,
                "{method} {kind}{rest}"
            );
            if rest != "/shares" {
                assert_eq!(absent.problem(), of(404, "not_found", ""), "{kind}{rest}");
                for malformed in ["SECRET", "1", "%00", "%2e%2e", "%zz", "%%341", "a%2Fb"] {
                    assert_eq!(ask(malformed).await, absent, "{malformed}");
                }
                // To axum a path that is no text has no account in it either.
                if before_it.is_empty() {
                    assert_eq!(ask("%FF").await, absent);
                }
            }
        }
    }
    assert_eq!(both.dump_b().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_read_alike_by_the_account_in_the_token_and_in_the_path() {
    let both = Both::new().await;
    let payment = both.cast.payments_a[0].id;
    let (_, payout) = both.cast.money_a;
    for path in [
        "/payments".to_owned(),
        "/payments?limit=3&order=oldest".to_owned(),
        "/payments?status=succeeded".to_owned(),
        "/payments/count".to_owned(),
        "/payments/totals".to_owned(),
        format!("/payments/{payment}"),
        format!("/payments/{payment}/shares"),
        "/account".to_owned(),
        "/settings".to_owned(),
        "/routes".to_owned(),
        "/shares/open?payee=payee-1&currency=USD".to_owned(),
        "/balances/payee-1".to_owned(),
        "/balances/p%C3%A4yee%2F1".to_owned(),
        "/payouts".to_owned(),
        format!("/payouts/{payout}"),
        "/logs".to_owned(),
        "/logs/verify".to_owned(),
    ] {
        let answer = both.get(&path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert_eq!(answer.headers["content-type"], "application/json");
        let in_path = Request::get(format!("/accounts/{}{path}", both.cast.a));
        assert_eq!(
            both.ask(in_path.by(&both.token_user)).await,
            answer,
            "{path}"
        );
    }
    for server in [both.axum, both.actix] {
        let create = Request::new("POST", "/payments")
            .by(&both.token_a)
            .json(new());
        let made = create.to(server).await;
        assert_eq!((made.status, &made.json()["amount"]), (201, &json!(4_900)));
        let id = made.json()["id"].as_str().unwrap().to_owned();
        assert_eq!(both.get(&format!("/payments/{id}")).await.body, made.body);
        let batch = json!([new(), new()]);
        let batch = Request::new("POST", "/payments/batch")
            .by(&both.token_a)
            .json(batch);
        assert_eq!(batch.to(server).await.status, 201);
    }
}

/// S36
#[tokio::test(flavor = "multi_thread")]
async fn who_is_no_member_gets_one_answer_for_every_account() {
    let both = Both::new().await;
    let by_user =
        |account: &str| Request::get(format!("/accounts/{account}/payments")).by(&both.token_user);
    let refused = both.ask(by_user(&both.cast.b.to_string())).await;
    assert_eq!(refused.problem(), of(403, "forbidden", ""));
    let nil = Uuid::nil().to_string();
    for account in [
        Uuid::now_v7().to_string().as_str(),
        &nil,
        "SECRET",
        "1%20OR%201=1",
        "%FF",
        "%2e%2e",
    ] {
        assert_eq!(both.ask(by_user(account)).await, refused, "{account}");
    }
    // An account's own token is no user's, and a user's names no account.
    let path = format!("/accounts/{}/payments", both.cast.a);
    assert_eq!(
        both.ask(Request::get(path).by(&both.token_a)).await,
        refused
    );
    let path = Request::get("/payments").by(&both.token_user);
    assert_eq!(both.ask(path).await, refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_unknown_learns_nothing_else() {
    let both = Both::new().await;
    let account = both.cast.a.as_uuid();
    let claims = json!({ "account": account, "exp": 4_000_000_000_i64 });
    let other_key = hmac::Key::new(hmac::HMAC_SHA256, b"another secret of as many letters");
    let header = json!({ "alg": "HS256" });
    let none = token_of(&json!({ "alg": "none" }), &claims, &key());
    let nil = json!({ "account": Uuid::nil(), "exp": 4_000_000_000_i64 });
    let authorization = [
        None,
        Some("Basic SECRET".to_owned()),
        Some("Bearer".to_owned()),
        Some("Bearer SECRET".to_owned()),
        Some(format!("Bearer {none}")),
        Some(format!("Bearer {}", token_of(&header, &claims, &other_key))),
        Some(format!(
            "Bearer {}",
            token(&json!({ "account": account, "exp": 1 }))
        )),
    ];
    let mut answers = HashSet::new();
    for value in authorization {
        for request in [
            Request::get("/payments"),
            Request::get("/payments?limit=SECRET"),
            Request::get("/payments/SECRET"),
            Request::new("POST", "/payments").json("{\"SECRET\":"),
            Request::new("POST", "/payments").body("SECRET"),
            Request::get(format!("/accounts/{account}/payments?SECRET=1")),
        ] {
            let request = match &value {
                Some(value) => request.header("authorization", value.clone()),
                None => request,
            };
            let answer = both.ask(request).await;
            assert_eq!(answer.problem(), of(401, "unauthenticated", ""));
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
            answers.insert(answer.body);
        }
    }
    assert_eq!(answers.len(), 1);
    let nil = Request::get("/payments").by(&token(&nil));
    assert_eq!(both.ask(nil).await.status, 401);
    let twice = Request::get("/payments")
        .by(&both.token_a)
        .by(&both.token_a);
    assert_eq!(both.ask(twice).await.status, 401);
}

/// S11, S53, S54, S55, S57, S58
#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_named_alike_and_never_repeated() {
    let both = Both::new().await;
    let before = both.get("/payments/count").await;
    for (body, problem) in [
        (
            with("amount", json!(1.5)).to_string(),
            of(422, "invalid_type", "amount"),
        ),
        (
            with("amount", json!("SECRET")).to_string(),
            of(422, "invalid_type", "amount"),
        ),
        (
            with("amount", json!(0)).to_string(),
            of(422, "not_positive", "amount"),
        ),
        (
            with("amount", json!(u64::MAX)).to_string(),
            of(422, "invalid_value", "amount"),
        ),
        (
            with("currency", json!("SECRET")).to_string(),
            of(422, "invalid_value", "currency"),
        ),
        (
            with("buyer", json!("a\u{0}b")).to_string(),
            of(422, "nul_character", "buyer"),
        ),
        (
            with("account_id", json!(both.cast.b.as_uuid())).to_string(),
            of(422, "unknown_field", "account_id"),
        ),
        (
            with("<SECRET>", json!(1)).to_string(),
            of(422, "unknown_field", ""),
        ),
        ("[\"SECRET\"]".to_owned(), of(422, "invalid_type", "")),
        (String::new(), of(400, "malformed_json", "")),
        ("SECRET".to_owned(), of(400, "malformed_json", "")),
        (format!("{} SECRET", new()), of(400, "malformed_json", "")),
        (
            with("description", json!("SECRET".repeat(400_000))).to_string(),
            of(413, "too_large", ""),
        ),
    ] {
        let request = Request::new("POST", "/payments").by(&both.token_a);
        let answer = both.ask(request.json(&body)).await;
        let body: String = body.chars().take(80).collect();
        let (status, code, field) = answer.problem();
        if problem.1 == "invalid_type" && problem.2.is_none() {
            assert_eq!(status, 422, "{body}");
        } else {
            assert_eq!((status, code, field), problem, "{body}");
        }
    }
    for kind in ["text/plain", "application/jsonp", "json", "SECRET"] {
        let request = Request::new("POST", "/payments").by(&both.token_a);
        let request = request.header("content-type", kind).body(new().to_string());
        assert_eq!(both.ask(request).await.problem(), of(415, "not_json", ""));
    }
    for (query, code, field) in [
        ("limit=0", "not_1_to_500", "limit"),
        ("limit=501", "not_1_to_500", "limit"),
        ("limit=SECRET", "invalid_value", "limit"),
        ("limit=18446744073709551616", "invalid_value", "limit"),
        ("limit=1&limit=2", "duplicate_field", "limit"),
        ("order=SECRET", "invalid_value", "order"),
        ("account_id=SECRET", "unknown_field", "account_id"),
        ("SECRET=1", "unknown_field", ""),
        ("%FF=%FF", "unknown_field", ""),
    ] {
        let answer = both.get(&format!("/payments?{query}")).await;
        assert_eq!(answer.problem(), of(422, code, field), "{query}");
    }
    let cursor = both.get("/payments?cursor=SECRET").await;
    assert_eq!(cursor.status, 422);
    let absent = both.get("/nowhere").await;
    assert_eq!(absent.problem(), of(404, "not_found", ""));
    assert_eq!(both.get("/payments/count").await, before);
}

/// The start-up gate is asked again, and its causes are for the log.
#[tokio::test(flavor = "multi_thread")]
async fn an_application_whose_gate_closes_lives_but_is_not_ready() {
    let both = Both::new().await;
    let owner = both.cast.database.owner_sql().await;
    let alive = both.ask(Request::get("/health")).await;
    assert_eq!((alive.status, alive.text().as_str()), (200, "alive"));
    assert_eq!(both.ask(Request::get("/ready")).await.status, 200);
    let forced = |word| format!("ALTER TABLE stripe_payments {word} ROW LEVEL SECURITY");
    owner.batch_execute(&forced("NO FORCE")).await.unwrap();
    let answer = both.ask(Request::get("/ready")).await;
    assert_eq!(answer.problem(), of(503, "unavailable", ""));
    assert_eq!(answer.headers["retry-after"], "1");
    assert!(!answer.text().contains("stripe_payments"));
    assert_eq!(both.ask(Request::get("/health")).await.status, 200);
    owner.batch_execute(&forced("FORCE")).await.unwrap();
    assert_eq!(both.ask(Request::get("/ready")).await.status, 200);
}

/// Which accounts are believed: those of tokens and members alone.
#[tokio::test(flavor = "multi_thread")]
async fn an_accounts_token_shows_no_other_account() {
    let both = Both::new().await;
    let of_b: AccountId = both.cast.b;
    let exp = 4_000_000_000_i64;
    let by_b = token(&json!({ "account": of_b.as_uuid(), "exp": exp }));
    for path in ["/payments", "/payouts", "/routes", "/account"] {
        let a = both.get(path).await;
        let b = both.ask(Request::get(path).by(&by_b)).await;
        let ids = |answer: &Answer| -> HashSet<String> {
            let text = answer.text();
            let ids = text.match_indices("\"id\":\"");
            ids.map(|(at, found)| text[at + found.len()..][..36].to_owned())
                .collect()
        };
        assert!(!ids(&a).is_empty() && !ids(&b).is_empty(), "{path}");
        assert!(ids(&a).is_disjoint(&ids(&b)), "{path}");
    }
}
