//! The reviewed list of public items, `access/public-items.txt`, as the tests that must name each of them read it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// What takes one of these works on rows.
const HANDLES: [&str; 5] = ["Db", "SystemDb", "SystemScope", "Tenant", "Transaction"];

/// The items of `access` with what the list says of each, by their names; an item has a line for what it is, and one for
/// what it implements.
pub(super) fn items() -> Vec<(String, String)> {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("../access/public-items.txt");
    let list = fs::read_to_string(list).unwrap();
    let items = list.lines().filter_map(|line| {
        let (name, is) = line.strip_prefix("access::")?.split_once(": ")?;
        Some((name.to_owned(), is.to_owned()))
    });
    items.collect()
}

/// The public functions and methods, with their signatures.
fn functions() -> BTreeMap<String, String> {
    let items = items().into_iter();
    let functions = items.filter(|(_, is)| {
        let is = is.strip_prefix("const ").unwrap_or(is);
        let is = is.strip_prefix("async ").unwrap_or(is);
        is.starts_with("fn(") || is.starts_with("fn<")
    });
    functions.collect()
}

/// Those that are awaited, of whatever they are.
pub(super) fn awaited() -> BTreeSet<String> {
    let awaited = functions().into_iter().filter(|(_, signature)| {
        signature.starts_with("async ") || signature.contains("-> impl futures_core::Stream<")
    });
    awaited.map(|(name, _)| name).collect()
}

/// The functions of the tables' modules that are given a handle, as `module::function`.
pub(super) fn on_rows() -> BTreeSet<String> {
    let given_a_handle = |signature: &str| {
        let arguments = signature.split(") ->").next().unwrap_or_default();
        let mut words = arguments.split(|c: char| !c.is_ascii_alphanumeric());
        words.any(|word| HANDLES.contains(&word))
    };
    let of_module = |name: &str| match name.split_once("::") {
        Some((module, function)) => {
            module.starts_with(|c: char| c.is_ascii_lowercase())
                && module != "testing"
                && !function.contains("::")
        }
        None => false,
    };
    let functions = functions().into_iter();
    let found = functions.filter(|(name, signature)| of_module(name) && given_a_handle(signature));
    found.map(|(name, _)| name).collect()
}
