//! What is actix-web's alone; that its answers are axum's is tested over sockets, in `tests/tests/all/http.rs`.

use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::{
    App, HttpMessage, HttpRequest, HttpResponse, ResponseError,
    body::{self, BoxBody},
    dev::ServiceResponse,
    http::header::{CONTENT_TYPE, WWW_AUTHENTICATE},
    test::{TestRequest, call_service, init_service},
    web,
};
use serde_json::{Value, json};

use super::*;
use crate::{
    AccountId, Db, Error, StripePaymentId, Tenant,
    stripe_payments::{ListStripePayments, NewStripePayment},
};

/// Lets nobody in, after a while.
struct Slow(Denied);

impl TenantResolver for Slow {
    const CHALLENGE: &'static str = "Bearer realm=\"payments\"";

    fn db(&self) -> &Db {
        panic!("nobody was let in")
    }

    async fn account(&self, _: &HttpRequest) -> Result<AccountId, Denied> {
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        Err(self.0)
    }
}

static CALLS: AtomicUsize = AtomicUsize::new(0);

async fn handler(
    _: Tenant,
    Path(_): Path<StripePaymentId>,
    Query(_): Query<ListStripePayments>,
    Json(_): Json<NewStripePayment>,
) -> Result<HttpResponse, Error> {
    CALLS.fetch_add(1, Ordering::Relaxed);
    Err(Error::NotFound)
}

async fn call(
    config: impl FnOnce(&mut web::ServiceConfig),
    request: TestRequest,
) -> ServiceResponse {
    let app = App::new()
        .configure(config)
        .service(web::resource("/payments/{id}").route(web::post().to(handler)));
    let app = app.service(
        web::resource("/json").route(web::post().to(async |Json(json): Json<Value>| Json(json))),
    );
    call_service(&init_service(app).await, request.to_request()).await
}

async fn problem(response: ServiceResponse<BoxBody>) -> (u16, String) {
    let status = response.status().as_u16();
    let kind = response.headers().get(CONTENT_TYPE).cloned();
    assert_eq!(kind.unwrap(), "application/problem+json");
    let bytes = body::to_bytes(response.into_body()).await.unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains("SECRET"));
    let value: Value = serde_json::from_slice(&bytes).unwrap();
    (status, value["code"].as_str().unwrap().to_owned())
}

/// All of it is wrong, and who asks learns of nothing but himself.
#[tokio::test]
async fn what_comes_after_the_tenant_waits_for_it() {
    for (denied, status, code) in [
        (Denied::Unauthenticated, 401, "unauthenticated"),
        (Denied::Forbidden, 403, "forbidden"),
        (Denied::Unavailable, 503, "unavailable"),
    ] {
        let request = TestRequest::post().uri("/payments/SECRET?SECRET=1");
        let resolver = Resolver::new(Slow(denied));
        let config = |config: &mut web::ServiceConfig| {
            config.app_data(resolver);
        };
        let response = call(config, request.set_payload("SECRET")).await;
        let challenge = response.headers().get(WWW_AUTHENTICATE).cloned();
        assert_eq!(challenge.is_some(), status == 401);
        assert!(challenge.is_none_or(|challenge| challenge == Slow::CHALLENGE));
        assert_eq!(problem(response).await, (status, code.to_owned()));
    }
    assert_eq!(CALLS.load(Ordering::Relaxed), 0);
}

/// A client that goes away while it is found out who asks: nothing keeps the request.
#[tokio::test]
async fn a_request_that_is_given_up_is_freed() {
    let alive = std::rc::Rc::new(());
    let request = TestRequest::get().app_data(Resolver::new(Slow(Denied::Forbidden)));
    let request = request.to_http_request();
    request.extensions_mut().insert(std::rc::Rc::clone(&alive));
    let asked = <Tenant as actix_web::FromRequest>::extract(&request);
    assert_eq!(std::rc::Rc::strong_count(&alive), 2);
    drop(request);
    drop(asked);
    assert_eq!(std::rc::Rc::strong_count(&alive), 1);
}

#[tokio::test]
async fn an_application_without_a_resolver_lets_nobody_in() {
    let request = TestRequest::post().uri("/payments/SECRET");
    let response = call(|_| (), request).await;
    assert_eq!(problem(response).await, (500, "internal".to_owned()));
}

#[tokio::test]
async fn a_body_is_as_long_as_the_application_says() {
    let send = async |limit: Option<BodyLimit>, length: usize| {
        let text = "x".repeat(length - 2);
        let request = TestRequest::post().uri("/json").set_json(text);
        let config = |config: &mut web::ServiceConfig| {
            if let Some(limit) = limit {
                config.app_data(limit);
            }
        };
        call(config, request).await
    };
    let limit = Some(BodyLimit::max(1000));
    assert_eq!(send(limit, 1000).await.status(), 200);
    let large = problem(send(limit, 1001).await).await;
    assert_eq!(large, (413, "too_large".to_owned()));
    let two_mib = 2 * 1024 * 1024;
    assert_eq!(send(None, two_mib).await.status(), 200);
    assert_eq!(send(None, two_mib + 1).await.status(), 413);
}

#[tokio::test]
async fn an_error_is_among_the_extensions_for_a_layer_that_logs() {
    let response = Error::Timeout.error_response();
    assert_eq!(response.extensions().get(), Some(&Error::Timeout));
    assert_eq!(response.status(), 503);
    let request = TestRequest::post().uri("/json").set_payload("{}");
    let response = call(|_| (), request).await;
    let rejection = response.response().extensions().get::<Rejection>().cloned();
    assert_eq!(
        rejection.map(|rejection| rejection.code()),
        Some("not_json")
    );
    assert_eq!(problem(response).await, (415, "not_json".to_owned()));
    let unwritable = std::collections::HashMap::from([(vec!["SECRET"], 1)]);
    let request = TestRequest::get().to_http_request();
    let response = actix_web::Responder::respond_to(Json(unwritable), &request);
    assert_eq!(response.status(), 500);
    let made = actix_web::Responder::respond_to(Created(json!(1)), &request);
    assert_eq!(made.status(), 201);
}
