use std::sync::atomic::{AtomicUsize, Ordering};

use ::axum::{
    Router,
    body::{Body, to_bytes},
    extract::DefaultBodyLimit,
    http::{Request, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::{get, patch, post},
};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;
use crate::{
    AccountId, Db, Error, Reason, StripePaymentId, Tenant,
    stripe_payments::{ListStripePayments, NewStripePayment, StripePaymentPatch},
};

/// What the resolver says of every request; none of it needs a database.
struct State(Denied);

impl TenantResolver for State {
    const CHALLENGE: &'static str = "Bearer realm=\"payments\"";

    fn db(&self) -> &Db {
        panic!("nobody was let in")
    }

    async fn account(&self, _: &mut Parts) -> Result<AccountId, Denied> {
        Err(self.0)
    }
}

fn app(denied: Denied) -> Router {
    static CREATED: AtomicUsize = AtomicUsize::new(0);
    Router::new()
        .route(
            "/payments",
            post(async |Json(_): Json<NewStripePayment>| {
                CREATED.fetch_add(1, Ordering::Relaxed);
                StatusCode::CREATED
            }),
        )
        .route(
            "/list",
            get(async |Query(list): Query<ListStripePayments>| {
                crate::page::page_size(list.limit).map(|size| Json(json!({ "size": size })))
            }),
        )
        .route(
            "/payments/{id}",
            get(async |Path(_): Path<StripePaymentId>| Err::<(), _>(Error::NotFound)),
        )
        .route(
            "/patch",
            patch(async |Json(_): Json<StripePaymentPatch>| StatusCode::OK),
        )
        .route(
            "/tenant",
            post(async |_: Tenant, Json(_): Json<NewStripePayment>| StatusCode::OK),
        )
        .layer(DefaultBodyLimit::max(1024))
        .with_state(std::sync::Arc::new(State(denied)))
}

async fn send(request: Request<Body>) -> Response {
    let sent = app(Denied::Unauthenticated).oneshot(request).await;
    sent.unwrap()
}

async fn body(response: Response) -> Vec<u8> {
    to_bytes(response.into_body(), 1 << 20)
        .await
        .unwrap()
        .to_vec()
}

/// The status, the code and the field of a problem, once its form and that it doesn't hold `secret` are checked.
async fn problem(response: Response) -> (u16, String, Option<String>) {
    let status = response.status().as_u16();
    let kind = response.headers().get(header::CONTENT_TYPE).cloned();
    let bytes = body(response).await;
    assert!(!String::from_utf8_lossy(&bytes).contains("SECRET"));
    let value: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(kind.unwrap(), "application/problem+json");
    assert_eq!(value["type"], "about:blank");
    assert_eq!(value["status"], status);
    assert!(
        value["title"]
            .as_str()
            .is_some_and(|title| !title.is_empty())
    );
    let word = |name: &str| value[name].as_str().map(str::to_owned);
    (status, word("code").unwrap(), word("field"))
}

async fn posted(json: &str) -> (u16, String, Option<String>) {
    let request = Request::post("/payments")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(json.to_owned()));
    problem(send(request.unwrap()).await).await
}

async fn listed(query: &str) -> (u16, String, Option<String>) {
    let request = Request::get(format!("/list?{query}")).body(Body::empty());
    problem(send(request.unwrap()).await).await
}

fn new_payment() -> Value {
    json!({
        "buyer": "ana", "pay_for": "course", "pay_for_id": "c1",
        "amount": 4900, "currency": "USD", "fee": 490,
    })
}

fn with(field: &str, value: Value) -> String {
    let mut new = new_payment();
    new[field] = value;
    new.to_string()
}

fn of(status: u16, code: &str, field: &str) -> (u16, String, Option<String>) {
    let field = (!field.is_empty()).then(|| field.to_owned());
    (status, code.to_owned(), field)
}

#[tokio::test]
async fn a_good_body_is_read() {
    for kind in [
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/x+json",
    ] {
        let request = Request::post("/payments").header(header::CONTENT_TYPE, kind);
        let request = request.body(Body::from(new_payment().to_string())).unwrap();
        assert_eq!(send(request).await.status(), StatusCode::CREATED, "{kind}");
    }
}

#[tokio::test]
async fn a_bad_field_of_a_body_is_named_and_its_value_is_not_repeated() {
    for (field, value, code) in [
        ("amount", json!(1.5), "invalid_type"),
        ("amount", json!("1e3"), "invalid_type"),
        ("amount", json!("SECRET"), "invalid_type"),
        ("amount", json!(1e3), "invalid_type"),
        ("amount", json!(u64::MAX), "invalid_value"),
        ("amount", json!(null), "invalid_type"),
        ("currency", json!("usd"), "invalid_value"),
        ("currency", json!("SECRET"), "invalid_value"),
        ("currency", json!("XYZ"), "invalid_value"),
        ("currency", json!(840), "invalid_type"),
        ("pay_for", json!("SECRET"), "invalid_value"),
        ("buyer", json!(["SECRET"]), "invalid_type"),
        ("account_id", json!("SECRET"), "unknown_field"),
        ("status", json!("succeeded"), "unknown_field"),
        ("id", json!("SECRET"), "unknown_field"),
    ] {
        let answer = posted(&with(field, value.clone())).await;
        assert_eq!(answer, of(422, code, field), "{field}: {value}");
    }
}

#[tokio::test]
async fn a_field_that_is_missing_or_there_twice_is_named() {
    let mut new = new_payment();
    new.as_object_mut().unwrap().remove("amount");
    assert_eq!(
        posted(&new.to_string()).await,
        of(422, "missing_field", "amount")
    );
    let twice = new_payment().to_string().replacen('{', "{\"fee\":1,", 1);
    assert_eq!(posted(&twice).await, of(422, "duplicate_field", "fee"));
}

#[tokio::test]
async fn a_name_that_is_no_fields_is_not_repeated() {
    let long = "x".repeat(65);
    for name in [
        "<script>", "a b", "ÄÖ", "", ".", "SECRET", "a\nb", "a\u{0}", &long,
    ] {
        let answer = posted(&with(name, json!(1))).await;
        assert_eq!(answer, of(422, "unknown_field", ""), "{name:?}");
    }
    assert_eq!(posted("[\"SECRET\"]").await.0, 422);
    assert_eq!(posted("\"SECRET\"").await, of(422, "invalid_type", ""));
}

#[tokio::test]
async fn null_in_a_patch_is_an_error_where_the_column_is_not_nullable() {
    for (path, json, status) in [
        ("/patch", "{\"description\":null}", 200),
        ("/patch", "{\"amount\":1}", 422),
        ("/patch", "{\"description\":7}", 422),
    ] {
        let request = Request::patch(path).header(header::CONTENT_TYPE, "application/json");
        let answer = send(request.body(Body::from(json)).unwrap()).await;
        assert_eq!(answer.status(), status, "{json}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_is_refused() {
    let new = new_payment().to_string();
    for json in [
        "",
        "{",
        "{\"amount\":",
        "SECRET",
        "{} {}",
        &format!("{new} SECRET"),
    ] {
        let (status, code, field) = posted(json).await;
        if json != "{} {}" {
            assert_eq!((status, code.as_str()), (400, "malformed_json"), "{json}");
        }
        assert!(field.is_none() || json == "{} {}", "{json}");
    }
    let deep = format!("{{\"metadata\":{}", "[".repeat(400));
    assert_eq!(posted(&deep).await, of(400, "malformed_json", ""));
}

#[tokio::test]
async fn a_body_that_is_too_large_or_says_that_it_is_something_else_is_refused() {
    let large = with("description", json!("SECRET".repeat(200)));
    assert_eq!(posted(&large).await, of(413, "too_large", ""));
    for kind in [
        None,
        Some("text/plain"),
        Some("application/jsonp"),
        Some("json"),
    ] {
        let mut request = Request::post("/payments");
        if let Some(kind) = kind {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        let request = request.body(Body::from(new_payment().to_string())).unwrap();
        assert_eq!(
            problem(send(request).await).await,
            of(415, "not_json", ""),
            "{kind:?}"
        );
    }
}

#[tokio::test]
async fn a_bad_field_of_a_query_is_named_and_its_value_is_not_repeated() {
    for (query, code, field) in [
        ("limit=-1", "not_1_to_500", "limit"),
        ("limit=0", "not_1_to_500", "limit"),
        ("limit=501", "not_1_to_500", "limit"),
        ("limit=18446744073709551616", "invalid_value", "limit"),
        ("limit=SECRET", "invalid_value", "limit"),
        ("limit=1.5", "invalid_value", "limit"),
        ("limit=", "invalid_value", "limit"),
        ("limit=1&limit=2", "duplicate_field", "limit"),
        ("status=SECRET", "invalid_value", "status"),
        ("created_from=SECRET", "invalid_value", "created_from"),
        ("order=SECRET", "invalid_value", "order"),
        ("account_id=SECRET", "unknown_field", "account_id"),
        ("SECRET=1", "unknown_field", ""),
        ("%3Cb%3E=1", "unknown_field", ""),
    ] {
        assert_eq!(listed(query).await, of(422, code, field), "{query}");
    }
}

#[tokio::test]
async fn a_malformed_id_is_answered_like_one_that_is_not_there() {
    let absent = Request::get("/payments/01890000-0000-7000-8000-000000000000");
    let absent = send(absent.body(Body::empty()).unwrap()).await;
    let headers = absent.headers().clone();
    let status = absent.status();
    let absent = body(absent).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    for id in [
        "SECRET",
        "1",
        "01890000-0000-7000-8000-00000000000g",
        "%FF",
        "%00",
        "%2e%2e",
    ] {
        let malformed = Request::get(format!("/payments/{id}")).body(Body::empty());
        let malformed = send(malformed.unwrap()).await;
        assert_eq!(
            (malformed.status(), malformed.headers()),
            (status, &headers),
            "{id}"
        );
        assert_eq!(body(malformed).await, absent, "{id}");
    }
}

#[tokio::test]
async fn who_is_refused_learns_nothing_of_the_body() {
    for (denied, status, code) in [
        (Denied::Unauthenticated, 401, "unauthenticated"),
        (Denied::Forbidden, 403, "forbidden"),
        (Denied::Unavailable, 503, "unavailable"),
    ] {
        let request = Request::post("/tenant").header(header::CONTENT_TYPE, "application/json");
        let request = request.body(Body::from("{\"SECRET\":")).unwrap();
        let response = app(denied).oneshot(request).await.unwrap();
        let challenge = response.headers().get(header::WWW_AUTHENTICATE);
        let challenge = challenge.map(|challenge| challenge.to_str().unwrap().to_owned());
        assert_eq!(challenge.is_some(), status == 401);
        assert!(challenge.is_none_or(|challenge| challenge == State::CHALLENGE));
        let retry = response.headers().contains_key(header::RETRY_AFTER);
        assert_eq!(retry, status == 503);
        assert_eq!(problem(response).await, of(status, code, ""));
    }
}

#[tokio::test]
async fn each_error_has_its_status_and_its_code() {
    let illegal = Reason::IllegalTransition {
        from: "succeeded",
        to: "canceled",
    };
    let invalid = Error::Invalid {
        field: "amount",
        code: "not_positive",
    };
    for (error, status, code, field) in [
        (Error::NotFound, 404, "not_found", ""),
        (Error::Conflict, 409, "conflict", ""),
        (invalid, 422, "not_positive", "amount"),
        (Error::Rejected(illegal), 409, "illegal_transition", ""),
        (Error::Rejected(Reason::InUse), 409, "in_use", ""),
        (
            Error::Rejected(Reason::RefundExceedsPayment),
            422,
            "refund_exceeds_payment",
            "",
        ),
        (
            Error::Rejected(Reason::UnknownReference),
            422,
            "unknown_reference",
            "",
        ),
        (
            Error::Rejected(Reason::TransactionAbandoned),
            500,
            "transaction_abandoned",
            "",
        ),
        (Error::Forbidden, 403, "forbidden", ""),
        (Error::Timeout, 503, "timeout", ""),
        (Error::Unavailable, 503, "unavailable", ""),
        (Error::CommitUnknown, 500, "commit_unknown", ""),
        (Error::SavedUnreadable, 500, "saved_unreadable", ""),
        (Error::Internal, 500, "internal", ""),
    ] {
        let response = error.clone().into_response();
        let retry = response.headers().contains_key(header::RETRY_AFTER);
        assert_eq!(retry, error.is_retryable(), "{error}");
        assert_eq!(response.extensions().get::<Error>(), Some(&error));
        assert_eq!(problem(response).await, of(status, code, field), "{error}");
    }
}

#[tokio::test]
async fn a_response_that_cannot_be_written_shows_nothing() {
    // JSON has no map whose keys are lists.
    let unwritable = std::collections::HashMap::from([(vec!["SECRET"], 1)]);
    let response = Json(unwritable).into_response();
    assert_eq!(problem(response).await, of(500, "internal", ""));
}
