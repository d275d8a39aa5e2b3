use std::{error::Error as StdError, fmt};

use bytes::BytesMut;
use chrono::{DateTime, Utc};
use sea_query::ArrayType;
use serde_json::Value as Json;
use tokio_postgres::{
    Row,
    types::{FromSql, IsNull, Kind, ToSql, Type, to_sql_checked},
};
use uuid::Uuid;

/// A Rust type that a column can hold.
///
/// Implemented for the base types, for `Option` of them, and by the derives for ids and enums.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored in a column",
    label = "not a column type",
    note = "use Uuid, String, Vec<u8>, bool, i16, i32, i64, DateTime<Utc>, serde_json::Value, an `Option` of one, \
            an id from `id!` or an enum with `#[derive(TenantEnum)]`"
)]
pub trait ColumnType: Sized + Send + 'static {
    /// The column's type in PostgreSQL, as `format_type` prints it.
    const SQL_TYPE: &'static str;
    /// Whether the column may be null.
    const NULLABLE: bool = false;
    /// The value to bind.
    fn into_value(self) -> Value;
    /// The null of this type.
    fn null() -> Value;
    /// Reads the value from a result.
    ///
    /// # Errors
    /// [`DecodeError`] when the result holds something else.
    fn decode(cell: Cell<'_>) -> Result<Self, DecodeError>;
}

/// A bound value; its content can't be read back, and `Debug` doesn't show it.
#[derive(Clone)]
pub struct Value(pub(crate) sea_query::Value);

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Value(…)")
    }
}

impl Value {
    pub(crate) fn is_null(&self) -> bool {
        !self.0.is_some()
    }

    /// Whether it holds U+0000, which PostgreSQL can't store (22021, 22P05).
    pub(crate) fn has_nul(&self) -> bool {
        has_nul(&self.0)
    }
}

fn has_nul(value: &sea_query::Value) -> bool {
    match value {
        sea_query::Value::String(Some(text)) => text.contains('\0'),
        sea_query::Value::Json(Some(json)) => json_has_nul(json),
        sea_query::Value::Array(_, Some(items)) => items.iter().any(has_nul),
        _ => false,
    }
}

pub(crate) fn json_has_nul(json: &Json) -> bool {
    match json {
        Json::String(text) => text.contains('\0'),
        Json::Array(items) => items.iter().any(json_has_nul),
        Json::Object(fields) => fields
            .iter()
            .any(|(key, value)| key.contains('\0') || json_has_nul(value)),
        _ => false,
    }
}

/// A result held something that the column's type doesn't allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a column could not be read")]
pub struct DecodeError;

/// One column of one result row.
#[derive(Clone, Copy)]
pub struct Cell<'a> {
    row: &'a Row,
    index: usize,
}

impl fmt::Debug for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cell({})", self.index)
    }
}

impl<'a> Cell<'a> {
    fn read<T: FromSql<'a>>(self) -> Result<T, DecodeError> {
        self.row.try_get(self.index).map_err(|_| DecodeError)
    }

    /// The label of a native enum.
    ///
    /// # Errors
    /// [`DecodeError`] when the column is null or no enum.
    pub fn label(self) -> Result<&'a str, DecodeError> {
        self.read::<Label<'a>>().map(|label| label.0)
    }

    /// The text, where it lies.
    ///
    /// # Errors
    /// [`DecodeError`] when the column is null or no text.
    pub fn text(self) -> Result<&'a str, DecodeError> {
        self.read()
    }

    /// The bytes of a value of this type, as the server sends them; `None` for null.
    pub(crate) fn bytes_of(self, ty: &str) -> Result<Option<&'a [u8]>, DecodeError> {
        let column = self.row.columns().get(self.index).ok_or(DecodeError)?;
        if column.type_().name() != ty {
            return Err(DecodeError);
        }
        let raw = self.read::<Option<Raw<'a>>>()?;
        Ok(raw.map(|raw| raw.0))
    }

    fn is_null(self) -> Result<bool, DecodeError> {
        self.read::<Option<Anything>>().map(|value| value.is_none())
    }
}

/// The columns of one result row, read in order.
pub struct Cells<'a> {
    row: &'a Row,
    next: usize,
}

impl fmt::Debug for Cells<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cells({})", self.next)
    }
}

impl<'a> Cells<'a> {
    pub(crate) fn of(row: &'a Row) -> Self {
        Self { row, next: 0 }
    }

    /// The next column's value.
    ///
    /// # Errors
    /// [`DecodeError`] when the column holds something else.
    pub fn read<V: ColumnType>(&mut self) -> Result<V, DecodeError> {
        let index = self.next;
        self.next += 1;
        V::decode(Cell {
            row: self.row,
            index,
        })
    }
}

impl Cells<'_> {
    /// The next column's number, which is no column of a table.
    pub(crate) fn number(&mut self) -> Result<f64, DecodeError> {
        let index = self.next;
        self.next += 1;
        Cell {
            row: self.row,
            index,
        }
        .read()
    }
}

struct Label<'a>(&'a str);

impl<'a> FromSql<'a> for Label<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self(std::str::from_utf8(raw)?))
    }
    fn accepts(ty: &Type) -> bool {
        matches!(ty.kind(), Kind::Enum(_))
    }
}

struct Raw<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self(raw))
    }
    fn accepts(_: &Type) -> bool {
        true
    }
}

struct Anything;

impl<'a> FromSql<'a> for Anything {
    fn from_sql(_: &Type, _: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self)
    }
    fn accepts(_: &Type) -> bool {
        true
    }
}

macro_rules! base_types {
    ($($rust:ty => $sql:literal, $variant:ident, $wrap:expr;)*) => {$(
        #[diagnostic::do_not_recommend] // the trait's own message names them
        impl ColumnType for $rust {
            const SQL_TYPE: &'static str = $sql;
            fn into_value(self) -> Value {
                Value(sea_query::Value::$variant(Some($wrap(self))))
            }
            fn null() -> Value {
                Value(sea_query::Value::$variant(None))
            }
            fn decode(cell: Cell<'_>) -> Result<Self, DecodeError> {
                cell.read()
            }
        }
    )*};
}

base_types! {
    bool => "boolean", Bool, std::convert::identity;
    i16 => "smallint", SmallInt, std::convert::identity;
    i32 => "integer", Int, std::convert::identity;
    i64 => "bigint", BigInt, std::convert::identity;
    String => "text", String, std::convert::identity;
    Uuid => "uuid", Uuid, std::convert::identity;
    DateTime<Utc> => "timestamp with time zone", ChronoDateTimeUtc, std::convert::identity;
    Json => "jsonb", Json, Box::new;
    Vec<u8> => "bytea", Bytes, std::convert::identity;
}

#[diagnostic::do_not_recommend]
impl<V: ColumnType> ColumnType for Option<V> {
    const SQL_TYPE: &'static str = V::SQL_TYPE;
    const NULLABLE: bool = true;
    fn into_value(self) -> Value {
        self.map_or_else(V::null, V::into_value)
    }
    fn null() -> Value {
        V::null()
    }
    fn decode(cell: Cell<'_>) -> Result<Self, DecodeError> {
        if cell.is_null()? {
            Ok(None)
        } else {
            V::decode(cell).map(Some)
        }
    }
}

/// An array parameter; the server gives it its type.
pub(crate) fn array(values: Vec<sea_query::Value>) -> sea_query::Value {
    sea_query::Value::Array(ArrayType::String, Some(Box::new(values)))
}

/// A value on its way to the driver. `Debug` is empty, since the driver logs its parameters at debug level.
pub(crate) struct Param(pub(crate) sea_query::Value);

impl fmt::Debug for Param {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

/// The value can't be bound to the type that the server asked for.
#[derive(Debug, thiserror::Error)]
#[error("a value does not fit its parameter's type")]
pub(crate) struct BindError;

type BindResult = Result<IsNull, Box<dyn StdError + Sync + Send>>;

impl ToSql for Param {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> BindResult {
        bind(&self.0, ty, out)
    }
    fn accepts(_: &Type) -> bool {
        true // `bind` checks each value against the type that the server asked for
    }
    to_sql_checked!();
}

fn bind(value: &sea_query::Value, ty: &Type, out: &mut BytesMut) -> BindResult {
    use sea_query::Value as V;
    match value {
        V::Bool(v) => checked(v, ty, out),
        V::SmallInt(v) => checked(v, ty, out),
        V::Int(v) => checked(v, ty, out),
        V::BigInt(v) => checked(v, ty, out),
        V::BigUnsigned(v) => checked(&v.map(i64::try_from).transpose()?, ty, out),
        V::String(Some(v)) if matches!(ty.kind(), Kind::Enum(_)) => {
            out.extend_from_slice(v.as_bytes());
            Ok(IsNull::No)
        }
        V::String(None) => Ok(IsNull::Yes),
        V::String(v) => checked(v, ty, out),
        V::Bytes(Some(v)) if ty.name() == "vector" => {
            out.extend_from_slice(v); // made by `Vector`, and looked through by the server
            Ok(IsNull::No)
        }
        V::Bytes(v) => checked(v, ty, out),
        V::Uuid(v) => checked(v, ty, out),
        V::ChronoDateTimeUtc(v) => checked(v, ty, out),
        V::Json(v) => checked(&v.as_deref(), ty, out),
        V::Array(_, Some(items)) => {
            if !matches!(ty.kind(), Kind::Array(_)) {
                return Err(Box::new(BindError));
            }
            let items: Vec<Param> = items.iter().cloned().map(Param).collect();
            items.to_sql(ty, out)
        }
        _ => Err(Box::new(BindError)),
    }
}

fn checked<T: ToSql>(value: &T, ty: &Type, out: &mut BytesMut) -> BindResult {
    if T::accepts(ty) {
        value.to_sql(ty, out)
    } else {
        Err(Box::new(BindError))
    }
}
