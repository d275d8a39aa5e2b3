//! What a request holds, read into types; what can't be read is answered without repeating it.

use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::Rejection;

/// How many bytes of a body are read unless the application says otherwise; axum's own limit.
#[cfg(feature = "actix")]
pub(crate) const BODY_LIMIT: usize = 2 * 1024 * 1024;

/// The body, once its [kind](check_json_kind) is known.
pub(crate) fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Rejection> {
    let malformed = || Rejection::new(400, "malformed_json");
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json);
    let value = value.map_err(|error| match error.inner().classify() {
        Category::Data => unreadable(error.path(), &error.inner().to_string()),
        _ => malformed(),
    })?;
    json.end().map_err(|_| malformed())?;
    Ok(value)
}

/// The content type is `application/json`, or `application/` with a suffix `+json`.
pub(crate) fn check_json_kind(content_type: Option<&[u8]>) -> Result<(), Rejection> {
    let kind = content_type.and_then(|kind| str::from_utf8(kind).ok());
    let kind = kind.unwrap_or_default().to_ascii_lowercase();
    let (kind, _) = kind.split_once(';').unwrap_or((&kind, ""));
    let kind = kind.trim().strip_prefix("application/");
    if kind.is_some_and(|kind| kind == "json" || kind.ends_with("+json")) {
        Ok(())
    } else {
        Err(Rejection::new(415, "not_json"))
    }
}

pub(crate) fn too_large() -> Rejection {
    Rejection::new(413, "too_large")
}

/// The body broke off.
pub(crate) fn malformed_body() -> Rejection {
    Rejection::new(400, "malformed_body")
}

/// The URL's query, still encoded.
pub(crate) fn query<T: DeserializeOwned>(query: &str) -> Result<T, Rejection> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    let value = serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs));
    value.map_err(|error| unreadable(error.path(), &error.inner().to_string()))
}

/// The URL's path, still encoded: it means one text, whoever decodes it. Frameworks differ in what they make of half an
/// escape and of bytes that are no UTF-8; neither is in any id.
pub(crate) fn check_path(path: &str) -> Result<(), Rejection> {
    let escapes = path.split('%').skip(1);
    let whole = |escape: &str| {
        let digits = escape.as_bytes().first_chunk::<2>();
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if escapes.into_iter().all(whole) && percent_decode_str(path).decode_utf8().is_ok() {
        Ok(())
    } else {
        Err(Rejection::not_found())
    }
}

/// The token in the values of the headers `Authorization`; none when there is no such header, or more than one.
pub(crate) fn bearer<'r>(mut headers: impl Iterator<Item = &'r [u8]>) -> Option<&'r str> {
    let (Some(header), None) = (headers.next(), headers.next()) else {
        return None;
    };
    let header = str::from_utf8(header).ok().filter(|text| text.is_ascii())?;
    let (scheme, token) = header.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("Bearer") && !token.is_empty()).then_some(token)
}

/// What serde says, in which the beginnings are serde's own words and the rest may repeat the input.
fn unreadable(path: &serde_path_to_error::Path, message: &str) -> Rejection {
    let quoted = |beginning| {
        let rest = message.strip_prefix(beginning)?;
        rest.split_once('`').map(|(name, _)| name)
    };
    let path = path.to_string();
    let inside = |name: &str| match path.as_str() {
        "." => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    if let Some(name) = quoted("missing field `") {
        Rejection::of_field("missing_field", inside(name))
    } else if let Some(name) = quoted("duplicate field `") {
        Rejection::of_field("duplicate_field", inside(name))
    } else if message.starts_with("unknown field ") {
        Rejection::of_field("unknown_field", path)
    } else if message.starts_with("invalid type") {
        Rejection::of_field("invalid_type", path)
    } else {
        Rejection::of_field("invalid_value", path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_decoders_could_read_in_two_ways_is_nobodys() {
        for good in [
            "/", "/a/b", "/%2e%2E", "/a%2Fb", "/%C3%A4", "/%00", "/%2541",
        ] {
            assert_eq!(check_path(good), Ok(()), "{good}");
        }
        for bad in [
            "/%", "/%4", "/%zz", "/%%341", "/%FF", "/%C3", "/a%", "/%4/1",
        ] {
            assert_eq!(check_path(bad), Err(Rejection::not_found()), "{bad}");
        }
    }

    #[test]
    fn a_bearer_token_is_read_from_one_header_alone() {
        let token = |headers: &[&'static str]| bearer(headers.iter().map(|text| text.as_bytes()));
        assert_eq!(token(&["Bearer abc"]), Some("abc"));
        assert_eq!(token(&["bearer  abc"]), Some("abc"));
        for none in [
            &[][..],
            &["Basic abc"],
            &["Bearer"],
            &["Bearer "],
            &["Bearer ä"],
            &["Bearer a", "Bearer b"],
        ] {
            assert_eq!(token(none), None, "{none:?}");
        }
    }
}
