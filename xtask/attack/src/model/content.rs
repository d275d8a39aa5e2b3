//! Content by its meaning.

use access::{ContentEmbeddingId, Error};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Model;
use crate::{
    blank::{is_blank, is_blank_time, json},
    call::{
        Call,
        content::{ContentCall, Nearest, NewPiece},
    },
};

/// A row, whose vector has two numbers that aren't 0.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Piece {
    pub(crate) id: ContentEmbeddingId,
    pub(crate) content_kind: String,
    pub(crate) content_id: String,
    pub(crate) chunk: i32,
    pub(crate) model: String,
    pub(crate) text: String,
    pub(crate) metadata: Value,
    /// The two numbers, as the server writes a vector.
    pub(crate) point: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

impl Piece {
    /// The two numbers.
    pub(crate) fn at(&self) -> (i64, i64) {
        let inner = self.point.trim_matches(['[', ']']);
        let (x, y) = inner.split_once(',').unwrap_or_default();
        (x.parse().unwrap_or_default(), y.parse().unwrap_or_default())
    }
}

impl Model {
    pub(super) fn answer_content(&mut self, call: &ContentCall) -> Result<Value, Error> {
        match call {
            ContentCall::Upsert(pieces) => {
                for piece in pieces {
                    self.upsert_piece(piece);
                }
                Ok(json(&pieces.len()))
            }
            ContentCall::Nearest(find) => Ok(self.nearest(find)),
            ContentCall::Count(kind) => {
                let of = |piece: &&Piece| (kind.as_ref()).is_none_or(|k| *k == piece.content_kind);
                Ok(json(&self.pieces.values().filter(of).count()))
            }
            ContentCall::Get(id) => self.pieces.get(id).map(json).ok_or(Error::NotFound),
            ContentCall::Delete { kind, id } => {
                let before = self.pieces.len();
                (self.pieces).retain(|_, p| p.content_kind != *kind || p.content_id != *id);
                Ok(json(&(before - self.pieces.len())))
            }
        }
    }

    fn upsert_piece(&mut self, new: &NewPiece) {
        let (id, now) = (self.blanks.id(), self.blanks.time());
        let same = |piece: &&mut Piece| {
            piece.content_kind == new.kind
                && piece.content_id == new.content
                && piece.chunk == new.chunk
        };
        let point = format!("[{},{}]", new.at.0, new.at.1);
        if let Some(piece) = self.pieces.values_mut().find(same) {
            piece.text.clone_from(&new.text);
            piece.metadata = new.metadata();
            piece.point = point;
            piece.updated_at = now;
            return;
        }
        let piece = Piece {
            id: ContentEmbeddingId::from_uuid(id),
            content_kind: new.kind.clone(),
            content_id: new.content.clone(),
            chunk: new.chunk,
            model: "two-numbers".into(),
            text: new.text.clone(),
            metadata: new.metadata(),
            point,
            created_at: now,
            updated_at: now,
        };
        self.pieces.insert(piece.id, piece);
    }

    /// Pieces whose ids or times nobody has seen yet.
    pub(super) fn unknown_pieces(&self) -> Vec<Call> {
        let mut unknown = (self.pieces.values()).filter(|piece| is_blank_time(piece.updated_at));
        if unknown.any(|piece| is_blank(&piece.id.to_string())) {
            let all = Nearest {
                to: (1, 0),
                k: 1_000,
                kind: None,
            };
            return vec![Call::Content(ContentCall::Nearest(all))];
        }
        let unknown = (self.pieces.values()).filter(|piece| is_blank_time(piece.updated_at));
        let get = |piece: &Piece| Call::Content(ContentCall::Get(piece.id));
        unknown.map(get).collect()
    }

    /// By the square of the distance, which is exact.
    fn nearest(&self, find: &Nearest) -> Value {
        let of = |piece: &&Piece| (find.kind.as_ref()).is_none_or(|k| *k == piece.content_kind);
        let square = |piece: &Piece| {
            let (x, y) = piece.at();
            (x - find.to.0).pow(2) + (y - find.to.1).pow(2)
        };
        let mut found: Vec<_> = self.pieces.values().filter(of).collect();
        found.sort_by_key(|piece| (square(piece), piece.id));
        let shown = |piece: &Piece| {
            json!({
                "id": piece.id,
                "content_kind": piece.content_kind,
                "content_id": piece.content_id,
                "chunk": piece.chunk,
                "model": piece.model,
                "text": piece.text,
                "metadata": piece.metadata,
                "square": square(piece),
            })
        };
        let found = found.into_iter().take(find.k);
        found.map(shown).collect()
    }
}
