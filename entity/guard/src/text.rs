//! A statement's text, which is hashed once, however many times it is looked up.

use std::{
    hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher},
    num::NonZeroUsize,
    ops::Deref,
    sync::Arc,
};

use lru::LruCache;

/// SQL with placeholders; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    sql: Arc<str>,
    hash: u64,
}

impl<S: Into<Arc<str>>> From<S> for Text {
    fn from(sql: S) -> Self {
        let sql = sql.into();
        let mut hasher = DefaultHasher::new();
        sql.hash(&mut hasher);
        let hash = hasher.finish();
        Self { sql, hash }
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.sql
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.sql, &other.sql) || (self.hash == other.hash && self.sql == other.sql)
    }
}

impl Eq for Text {}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// Takes a hash as it was made.
#[derive(Default)]
pub(crate) struct Made(u64);

impl Hasher for Made {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// What is known of texts, of at most so many.
pub(crate) type ByText<V> = LruCache<Text, V, BuildHasherDefault<Made>>;

pub(crate) fn by_text<V>(most: NonZeroUsize) -> ByText<V> {
    LruCache::with_hasher(most, BuildHasherDefault::default())
}
