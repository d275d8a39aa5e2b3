//! The documentation of entities, migrations and functions, as their files have it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// What is said of a table and its columns.
#[derive(Debug, Default)]
pub(crate) struct TableDocs {
    pub(crate) table: Option<String>,
    pub(crate) columns: BTreeMap<String, String>,
}

/// What the entity of a table says; nothing where there is none.
pub(crate) fn of_entity(root: &Path, table: &str) -> TableDocs {
    let path = root.join(format!("entity/src/{table}.rs"));
    fs::read_to_string(path).map_or_else(|_| TableDocs::default(), |text| read_entity(&text))
}

fn read_entity(text: &str) -> TableDocs {
    let mut docs = TableDocs::default();
    let module = head(text);
    let mut said: Vec<&str> = Vec::new();
    let mut inside = false;
    for line in text.lines().map(str::trim) {
        if let Some(words) = line.strip_prefix("/// ") {
            said.push(words);
        } else if line.starts_with("pub(crate) struct Model") {
            docs.table = joined(&mut said);
            inside = true;
        } else if inside && line == "}" {
            break;
        } else if let (true, Some((name, _))) = (inside, field(line)) {
            if let Some(words) = joined(&mut said) {
                docs.columns.insert(name.to_owned(), words);
            }
        } else if line.is_empty() || line.starts_with("pub ") {
            said.clear();
        }
    }
    docs.table = match (module, docs.table) {
        (Some(module), Some(table)) if module != table => Some(format!("{module}\n{table}")),
        (module, table) => table.or(module),
    };
    docs
}

fn field(line: &str) -> Option<(&str, &str)> {
    let (name, of) = line.strip_prefix("pub ")?.split_once(':')?;
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    plain.then_some((name, of))
}

fn joined(said: &mut Vec<&str>) -> Option<String> {
    let text = said.join(" ");
    said.clear();
    (!text.is_empty()).then_some(text)
}

/// What a file says at its beginning.
pub(crate) fn head(text: &str) -> Option<String> {
    let lines = text.lines().map_while(|line| line.strip_prefix("//!"));
    let lines: Vec<&str> = lines.map(str::trim).collect();
    let text = lines.join("\n");
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// What a public function says first of itself, and where it stands, such as `stripe_payments::list`.
pub(crate) fn of_function(root: &Path, function: &str) -> Option<String> {
    let (module, name) = function.rsplit_once("::")?;
    let file = root.join(format!("access/src/{}.rs", module.replace("::", "/")));
    let folder = file.with_extension("");
    let beside = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> = beside.map(|entry| entry.path()).collect();
    files.sort();
    files.insert(0, file);
    files
        .into_iter()
        .filter_map(|path| fs::read_to_string(path).ok())
        .find_map(|text| before_function(&text, name))
}

fn before_function(text: &str, name: &str) -> Option<String> {
    let mut said: Vec<&str> = Vec::new();
    for line in text.lines() {
        if let Some(words) = line.strip_prefix("///") {
            said.push(words.trim());
            continue;
        }
        let declared = line
            .strip_prefix("pub async fn ")
            .or_else(|| line.strip_prefix("pub fn "));
        if declared.is_some_and(|rest| {
            rest.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with(['(', '<']))
        }) {
            let first: Vec<&str> = said.iter().copied().take_while(|l| !l.is_empty()).collect();
            return Some(first.join(" ")).filter(|text| !text.is_empty());
        }
        if !line.starts_with("#[") {
            said.clear();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entity_says_what_its_table_and_its_columns_are() {
        let docs = read_entity(
            "//! Notes.\n\nuse x;\n\n/// A note.\n#[derive(X)]\npub(crate) struct Model {\n    #[key]\n    pub id: Uuid,\n    \
             /// What it says,\n    /// in full.\n    #[tenant(new)]\n    pub body: String,\n}\n/// Else.\npub x: u8,\n",
        );
        assert_eq!(docs.table.as_deref(), Some("Notes.\nA note."));
        assert_eq!(docs.columns.len(), 1);
        assert_eq!(docs.columns["body"], "What it says, in full.");
    }

    #[test]
    fn a_function_says_its_first_paragraph() {
        let text = "/// Another.\npub async fn list_all(\n/// One page,\n/// the latest first.\n///\n/// # Errors\n/// None.\npub async fn list(\n";
        assert_eq!(
            before_function(text, "list").as_deref(),
            Some("One page, the latest first.")
        );
        assert_eq!(before_function(text, "get"), None);
    }
}
