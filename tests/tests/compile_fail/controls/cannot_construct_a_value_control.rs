// control: cannot_construct_a_value

use entity_guard::{ColumnType, Value};
#[allow(unused_imports)]
use sea_orm::sea_query;

fn example() -> Value {
    let _ = String::null();
    "text".to_owned().into_value()
}

fn main() {}
