//! From the requests here to those of the frameworks, and from their answers back.

use super::request::{Answer, Request};

/// Asks an application on axum, without a socket.
///
/// What can't be a request of HTTP, such as a path with a space, is answered with 0, which is no status.
#[cfg(feature = "axum")]
pub async fn ask_axum(router: &axum::Router, request: Request) -> Answer {
    use axum::{body, http};
    use tower::ServiceExt;

    let mut built = http::Request::builder()
        .method(request.method.as_str())
        .uri(&request.path);
    for (name, value) in &request.headers {
        built = built.header(name, value);
    }
    let Ok(built) = built.body(body::Body::from(request.body)) else {
        return Answer::default();
    };
    let answered = router.clone().oneshot(built).await;
    let (head, body) = answered.unwrap_or_else(|never| match never {}).into_parts();
    let Ok(body) = body::to_bytes(body, usize::MAX).await else {
        return Answer::default();
    };
    let headers = head.headers.iter();
    Answer {
        status: head.status.as_u16(),
        headers: headers
            .map(|(name, value)| text(name.as_str(), value.as_bytes()))
            .collect(),
        body: body.to_vec(),
    }
}

/// Asks an application on actix-web that `actix_web::test::init_service` has made, without a socket.
///
/// What can't be a request of HTTP, such as a path with a space, is answered with 0, which is no status.
#[cfg(feature = "actix")]
pub async fn ask_actix<S, B>(service: &S, request: Request) -> Answer
where
    S: actix_web::dev::Service<
            actix_http::Request,
            Response = actix_web::dev::ServiceResponse<B>,
            Error = actix_web::Error,
        >,
    B: actix_web::body::MessageBody + 'static,
{
    use actix_web::{body, http, test::TestRequest};

    let method = http::Method::from_bytes(request.method.as_bytes());
    let uri: Result<http::Uri, _> = request.path.parse();
    let (Ok(method), Ok(uri)) = (method, uri) else {
        return Answer::default();
    };
    let mut built = TestRequest::default().method(method).uri(&uri.to_string());
    for (name, value) in &request.headers {
        let name = http::header::HeaderName::try_from(name.as_str());
        let value = http::header::HeaderValue::try_from(value.as_str());
        let (Ok(name), Ok(value)) = (name, value) else {
            return Answer::default();
        };
        built = built.append_header((name, value));
    }
    let built = built.set_payload(request.body).to_request();
    let response = match service.call(built).await {
        Ok(response) => response.into_parts().1.map_into_boxed_body(),
        // What a middleware refuses.
        Err(error) => error.error_response(),
    };
    let status = response.status().as_u16();
    let headers = response.headers().iter();
    let headers = headers
        .map(|(name, value)| text(name.as_str(), value.as_bytes()))
        .collect();
    let Ok(body) = body::to_bytes(response.into_body()).await else {
        return Answer::default();
    };
    Answer {
        status,
        headers,
        body: body.to_vec(),
    }
}

fn text(name: &str, value: &[u8]) -> (String, String) {
    (name.to_owned(), String::from_utf8_lossy(value).into_owned())
}
