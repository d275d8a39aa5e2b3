//! What the extractors and the answers of all frameworks have in common: the rules of reading, the problem documents, and
//! the types themselves. The modules of the frameworks only carry them to and fro.

mod answer;
mod read;
mod rejection;

pub(crate) use answer::Answer;
#[cfg(feature = "ts")]
pub(crate) use answer::Problem;
#[cfg(feature = "actix")]
pub(crate) use read::BODY_LIMIT;
pub(crate) use read::{
    bearer, check_json_kind, check_path, json, malformed_body, query, too_large,
};
pub use rejection::{Denied, Rejection};

/// The body as JSON, in requests and in responses.
///
/// A request has to say `Content-Type: application/json`, and its body is at most 2 MiB long, unless the framework's own
/// setting says otherwise: axum's `DefaultBodyLimit`, or `access::actix::BodyLimit`.
///
/// # Rejections
/// 400, 413, 415, and 422 with the field, as the module lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

/// What was made, as JSON, with the status 201.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Created<T>(pub T);

/// The URL's query.
///
/// # Rejections
/// 422 with the field, as the module lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Query<T>(pub T);

/// What the route's path names, such as an id.
///
/// # Rejections
/// 404, as for a row that the account doesn't have: what is no id is no one's id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Path<T>(pub T);
