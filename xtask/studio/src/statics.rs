//! Files that are served as they are; they are in the program.

use axum::{
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

/// Names, kinds and contents.
pub(crate) const FILES: [(&str, &str, &str); 7] = [
    (
        "studio.css",
        "text/css; charset=utf-8",
        include_str!("../static/studio.css"),
    ),
    (
        "theme.js",
        "text/javascript; charset=utf-8",
        include_str!("../static/theme.js"),
    ),
    (
        "studio.js",
        "text/javascript; charset=utf-8",
        include_str!("../static/studio.js"),
    ),
    (
        "diagram.js",
        "text/javascript; charset=utf-8",
        include_str!("../static/diagram.js"),
    ),
    (
        "dagre.min.js",
        "text/javascript; charset=utf-8",
        include_str!("../static/dagre.min.js"),
    ),
    (
        "dagre.LICENSE",
        "text/plain; charset=utf-8",
        include_str!("../static/dagre.LICENSE"),
    ),
    (
        "icon.svg",
        "image/svg+xml",
        include_str!("../static/icon.svg"),
    ),
];

pub(crate) async fn serve(Path(wanted): Path<String>) -> Response {
    let found = FILES.iter().find(|(name, ..)| *name == wanted);
    let Some((_, kind, text)) = found else {
        return StatusCode::NOT_FOUND.into_response();
    };
    (
        [
            (header::CONTENT_TYPE, *kind),
            (header::CACHE_CONTROL, "no-cache"),
        ],
        *text,
    )
        .into_response()
}
