//! The catalogue of attacks and faults, held to the tests: each has its number, which stands in the doc comment of each
//! test that makes the attack.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The numbers, by subject. Those between are no attacks of their own.
const ATTACKS: &[(&str, &[u8])] = &[
    ("round the types", &[1, 2, 3]),
    ("round the builders", &[4, 5]),
    ("joins and sums", &[7, 8, 9]),
    ("writes", &[11, 12, 13, 14, 16, 17, 18]),
    ("oracles", &[19]),
    ("pool and connection", &[21, 22, 24, 25, 26, 27, 28, 29]),
    ("row level security", &[30, 31, 32, 34, 35, 36]),
    ("vector search", &[38, 39]),
    ("migrations", &[41, 42, 43, 44, 45]),
    ("studio", &[48, 49, 50, 51, 52]),
    ("input", &[53, 54, 55, 56, 57, 58]),
    ("logs", &[59, 60]),
    ("denial", &[62, 63]),
    ("webhooks", &[64, 65]),
    ("money", &[66, 67, 68]),
    (
        "found on the way",
        &[70, 71, 72, 73, 74, 75, 76, 77, 78, 79],
    ),
];

#[test]
fn each_attack_is_made_by_a_test() {
    let mut made: BTreeMap<u8, Vec<String>> = BTreeMap::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for part in ["access", "entity", "migration", "tests", "xtask"] {
        for file in files(&root.join(part)) {
            let text = fs::read_to_string(&file).unwrap();
            for number in named_by_tests(&file, &text) {
                let file = file.strip_prefix(&root).unwrap().display().to_string();
                made.entry(number).or_default().push(file);
            }
        }
    }
    let attacks = ATTACKS
        .iter()
        .flat_map(|(_, numbers)| numbers.iter().copied());
    let attacks: BTreeSet<u8> = attacks.collect();
    let missing: Vec<_> = attacks
        .iter()
        .filter(|number| !made.contains_key(number))
        .collect();
    assert!(missing.is_empty(), "no test names S{missing:02?}");
    made.retain(|number, _| !attacks.contains(number));
    assert!(made.is_empty(), "no attacks have these numbers: {made:?}");
}

#[test]
fn a_number_counts_where_a_test_stands() {
    let file = Path::new("src/a.rs");
    let named = |text: &str| -> Vec<u8> { named_by_tests(file, text).into_iter().collect() };
    let none: Vec<u8> = Vec::new();
    assert_eq!(named("/// S13, S16: both.\n#[test]\nfn a() {}\n"), [13, 16]);
    assert_eq!(
        named("    /// S13\n    #[tokio::test(flavor = \"multi_thread\")]\n    async fn a() {}\n"),
        [13]
    );
    assert_eq!(named("/// S13\nfn a() {}\n"), none);
    assert_eq!(
        named("/// S13\nconst A: u8 = 0;\n#[test]\nfn a() {}\n"),
        none
    );
    assert_eq!(named("// S13\n#[test]\nfn a() {}\n"), none);
    assert_eq!(named("/// XS13 S131 S1\n#[test]\nfn a() {}\n"), none);
    assert_eq!(named("//! S13\n"), none);
    assert_eq!(
        named_by_tests(Path::new("tests/a.rs"), "//! S13\n"),
        [13].into()
    );
}

/// The numbers in the doc comments of a file's tests, and of a file of tests itself.
fn named_by_tests(file: &Path, text: &str) -> BTreeSet<u8> {
    let of_tests = file.components().any(|part| part.as_os_str() == "tests");
    let (mut found, mut comment, mut is_test) = (BTreeSet::new(), BTreeSet::new(), false);
    for line in text.lines().map(str::trim) {
        if let Some(words) = line.strip_prefix("///") {
            comment.extend(numbers(words));
        } else if let Some(words) = line.strip_prefix("//!") {
            found.extend(numbers(words).filter(|_| of_tests));
        } else if line.starts_with("#[") {
            is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        } else {
            if is_test {
                found.append(&mut comment);
            }
            comment.clear();
            is_test = false;
        }
    }
    found
}

/// Words such as `S13`.
fn numbers(words: &str) -> impl Iterator<Item = u8> {
    let words = words.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter_map(|word| match word.strip_prefix('S') {
        Some(digits) if digits.len() == 2 => digits.parse().ok(),
        _ => None,
    })
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target") {
                found.extend(files(&path));
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}
