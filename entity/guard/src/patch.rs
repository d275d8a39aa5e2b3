use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a patch says of one column: keep it as it is, or set it.
///
/// In JSON an absent field keeps, and a value sets. On a nullable column (`Patch<Option<V>>`) `null` clears; on any other
/// `null` is an error and never "keep".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Patch<V> {
    /// Leave the column as it is.
    #[default]
    Keep,
    /// Write this value.
    Set(V),
}

impl<V> Patch<V> {
    /// Whether the column is left as it is.
    pub const fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// The value to write, if any.
    pub fn set(self) -> Option<V> {
        match self {
            Self::Keep => None,
            Self::Set(value) => Some(value),
        }
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Patch<V> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        V::deserialize(from).map(Self::Set)
    }
}

impl<V: Serialize> Serialize for Patch<V> {
    fn serialize<S: Serializer>(&self, into: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Keep => into.serialize_none(),
            Self::Set(value) => value.serialize(into),
        }
    }
}
