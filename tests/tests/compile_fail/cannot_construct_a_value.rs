// claim: A bound value comes from a column's type.
// error[E0423]: cannot initialize a tuple struct which contains private fields

use entity_guard::{ColumnType, Value};
#[allow(unused_imports)]
use sea_orm::sea_query;

fn example() -> Value {
    let _ = String::null();
    Value(sea_query::Value::from("text"))
}

fn main() {}
