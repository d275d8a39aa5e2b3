use std::fmt;

use crate::value::{Cell, ColumnType, DecodeError, Value};

/// How many components pgvector stores.
const MOST: usize = 16_000;

/// The shortest and the longest vector, by Euclidean length: squares of what lies between fit a 32-bit float, in which
/// pgvector adds them up.
const LENGTHS: std::ops::RangeInclusive<f64> = 1e-6..=1e6;

/// A vector that pgvector can store and compare by every metric.
///
/// Its components are finite and not all zero, so that it has a direction. `Debug` doesn't show them.
#[derive(Clone, PartialEq)]
pub struct Vector(Vec<f32>);

impl fmt::Debug for Vector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vector({})", self.0.len())
    }
}

/// Why numbers are no [`Vector`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidVector {
    /// None, more than 16,000, or not as many as the column holds.
    #[error("a vector of another dimension")]
    Dimension,
    /// NaN or infinity among them.
    #[error("a component that is no finite number")]
    NotFinite,
    /// All are zero: such a vector has no direction.
    #[error("all components are zero")]
    Zero,
    /// The vector is shorter than 0.000001 or longer than 1,000,000.
    #[error("a vector that is too short or too long to compare")]
    Length,
}

impl InvalidVector {
    /// A word for programs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Dimension => "dimension",
            Self::NotFinite => "not_finite",
            Self::Zero => "zero",
            Self::Length => "length",
        }
    }
}

impl Vector {
    /// The vector of these components.
    ///
    /// # Errors
    /// [`InvalidVector`], when pgvector could not store them or compare with them.
    pub fn new(components: Vec<f32>) -> Result<Self, InvalidVector> {
        if components.is_empty() || components.len() > MOST {
            return Err(InvalidVector::Dimension);
        }
        if !components.iter().all(|component| component.is_finite()) {
            return Err(InvalidVector::NotFinite);
        }
        if components.iter().all(|component| *component == 0.0) {
            return Err(InvalidVector::Zero);
        }
        let squares = components.iter().map(|c| f64::from(*c) * f64::from(*c));
        if !LENGTHS.contains(&squares.sum::<f64>().sqrt()) {
            return Err(InvalidVector::Length);
        }
        Ok(Self(components))
    }

    /// The components.
    #[must_use]
    pub fn components(&self) -> &[f32] {
        &self.0
    }

    /// As pgvector receives it: the number of components, 0, and the components, in network order.
    fn sent(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(4 + 4 * self.0.len());
        // At most 16,000, as `new` has seen to.
        bytes.extend(
            u16::try_from(self.0.len())
                .unwrap_or_default()
                .to_be_bytes(),
        );
        bytes.extend(0_u16.to_be_bytes());
        for component in &self.0 {
            bytes.extend(component.to_be_bytes());
        }
        bytes
    }

    /// As pgvector sends it.
    fn received(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (dimension, rest) = bytes.split_first_chunk::<2>().ok_or(DecodeError)?;
        let (_, components) = rest.split_first_chunk::<2>().ok_or(DecodeError)?;
        let (components, left) = components.as_chunks::<4>();
        if !left.is_empty() || components.len() != usize::from(u16::from_be_bytes(*dimension)) {
            return Err(DecodeError);
        }
        Ok(Self(
            components.iter().map(|c| f32::from_be_bytes(*c)).collect(),
        ))
    }
}

#[diagnostic::do_not_recommend] // the trait's own message names what is meant
impl ColumnType for Vector {
    const SQL_TYPE: &'static str = "vector";
    fn into_value(self) -> Value {
        Value(sea_query::Value::Bytes(Some(self.sent())))
    }
    fn null() -> Value {
        Value(sea_query::Value::Bytes(None))
    }
    /// Where a statement leaves the column out, as [`Nearest`](crate::Nearest) does, the vector is empty.
    fn decode(cell: Cell<'_>) -> Result<Self, DecodeError> {
        match cell.bytes_of("vector")? {
            Some(bytes) => Self::received(bytes),
            None => Ok(Self(Vec::new())),
        }
    }
}

/// Column types that hold a vector.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no vector",
    note = "rows are nearest by a column of vectors alone"
)]
pub trait VectorType: ColumnType {}

impl VectorType for Vector {}

/// How far apart two vectors are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distance {
    /// 1 − the cosine of the angle between them: 0 to 2.
    Cosine,
    /// The Euclidean distance: 0 and more.
    L2,
    /// The inner product, negated, so that less is nearer.
    InnerProduct,
}

impl Distance {
    pub(crate) const fn operator(self) -> &'static str {
        match self {
            Self::Cosine => "<=>",
            Self::L2 => "<->",
            Self::InnerProduct => "<#>",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S39
    #[test]
    fn numbers_that_can_not_be_compared_are_no_vector() {
        let refused = |components: Vec<f32>| Vector::new(components).unwrap_err();
        assert_eq!(refused(vec![]), InvalidVector::Dimension);
        assert_eq!(refused(vec![1.0; 16_001]), InvalidVector::Dimension);
        for number in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert_eq!(refused(vec![1.0, number]), InvalidVector::NotFinite);
        }
        assert_eq!(refused(vec![0.0, -0.0]), InvalidVector::Zero);
        for number in [f32::MIN_POSITIVE, f32::MAX, 1e-7, 2e6] {
            assert_eq!(refused(vec![number, 0.0]), InvalidVector::Length);
        }
        assert!(Vector::new(vec![1e-3; 16_000]).is_ok());
    }

    #[test]
    fn a_vector_is_received_as_it_is_sent() {
        let vector = Vector::new(vec![1.5, -2.0, 0.0]).unwrap();
        assert_eq!(Vector::received(&vector.sent()), Ok(vector.clone()));
        let bytes = vector.sent();
        for end in 0..bytes.len() {
            assert!(Vector::received(&bytes[..end]).is_err(), "{end}");
        }
    }
}
