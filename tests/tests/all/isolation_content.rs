//! The cases of the isolation test for the account's content.

use super::isolation::{Outcome, Target, refused};
use access::{Tenant, content_embeddings};
use tests::{
    embeddings::{find, hashed, new_embedding},
    fixtures::{Cast, ROWS},
};

/// The cases of embeddings.
pub(super) async fn aim_at_content(
    case: &str,
    cast: &Cast,
    a: &Tenant,
    target: Target,
) -> Option<Outcome> {
    Some(match case {
        "content_embeddings::count" => {
            let own = content_embeddings::count(a, None).await.unwrap();
            assert_eq!(own, ROWS as u64);
            Outcome::OwnRows
        }
        "content_embeddings::delete_for_content" => {
            // B has this content.
            let deleted = content_embeddings::delete_for_content(a, "lesson", "only-b").await;
            assert_eq!(deleted, Ok(0));
            Outcome::OwnRows
        }
        "content_embeddings::get" => refused(content_embeddings::get(a, target.embedding).await),
        "content_embeddings::nearest" => {
            let near_b = find(hashed("lesson 0 of b"), 1_000);
            let found = content_embeddings::nearest(a, near_b).await.unwrap();
            assert_eq!(found.len(), ROWS);
            assert!(found.iter().all(|found| found.text.ends_with("of a")));
            assert!(found.iter().all(|found| found.id != cast.embedding_b));
            Outcome::OwnRows
        }
        "content_embeddings::upsert_many" => {
            let own = vec![new_embedding("only-b", 0, "by a")];
            let written = content_embeddings::upsert_many(a, own).await;
            assert_eq!(written, Ok(1));
            Outcome::OwnRows
        }
        _ => return None,
    })
}
