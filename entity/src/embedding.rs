use std::fmt;

pub use entity_guard::InvalidVector as InvalidEmbedding;
use entity_guard::{Cell, ColumnType, DecodeError, Value, Vector, VectorType};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A text's meaning as a model gives it: 1,536 finite numbers, not all of them zero.
///
/// As a vector its length is 0.000001 to 1,000,000, so that pgvector's 32-bit sums hold its square. `Debug` doesn't show
/// the numbers, from which a text can be guessed.
#[derive(Clone, PartialEq)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(type = "number[]"))]
pub struct Embedding(Vector);

impl Embedding {
    /// How many numbers an embedding has.
    pub const DIMENSIONS: usize = 1536;

    /// The embedding of these numbers.
    ///
    /// # Errors
    /// [`InvalidEmbedding`], when they are not 1,536, one is NaN or infinite, all are zero, or the vector is too short or
    /// too long to compare.
    pub fn new(numbers: Vec<f32>) -> Result<Self, InvalidEmbedding> {
        if numbers.len() != Self::DIMENSIONS {
            return Err(InvalidEmbedding::Dimension);
        }
        Vector::new(numbers).map(Self)
    }

    /// The numbers.
    #[must_use]
    pub fn numbers(&self) -> &[f32] {
        self.0.components()
    }
}

impl fmt::Debug for Embedding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Embedding(…)")
    }
}

impl Serialize for Embedding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.numbers().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Embedding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Vec::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl ColumnType for Embedding {
    const SQL_TYPE: &'static str = "vector(1536)";
    fn into_value(self) -> Value {
        self.0.into_value()
    }
    fn null() -> Value {
        Vector::null()
    }
    fn decode(cell: Cell<'_>) -> Result<Self, DecodeError> {
        Vector::decode(cell).map(Self)
    }
}

impl VectorType for Embedding {}
