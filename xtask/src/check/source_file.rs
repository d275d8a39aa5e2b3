use std::str::FromStr;

use anyhow::anyhow;
use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// A Rust file as its words: no comments, and nothing hidden in the arguments of macros.
#[derive(Debug)]
pub(super) struct SourceFile {
    /// The path in the workspace, with `/`.
    pub(super) path: String,
    pub(super) lines: usize,
    pub(super) words: Vec<Word>,
}

/// A token; operators such as `::` are one.
#[derive(Debug)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) line: usize,
    /// Whether it is compiled for tests only.
    pub(super) in_test: bool,
}

impl SourceFile {
    pub(super) fn parse(path: &str, text: &str) -> anyhow::Result<Self> {
        let tokens = TokenStream::from_str(text)
            .map_err(|error| anyhow!("{path}:{}: {error}", error.span().start().line))?;
        let mut words = Vec::new();
        flatten(tokens, false, &mut words);
        Ok(Self {
            path: path.to_owned(),
            lines: text.lines().count(),
            words,
        })
    }

    /// Where the words of a pattern follow one another.
    pub(super) fn find<'f>(&'f self, pattern: &'f [&str]) -> impl Iterator<Item = &'f Word> {
        let places = self.words.windows(pattern.len().max(1));
        places.filter_map(move |words| {
            let same = words
                .iter()
                .zip(pattern)
                .all(|(word, wanted)| word.text == *wanted);
            words.first().filter(|_| same)
        })
    }

    /// The words from each place of a pattern up to one that ends it, which isn't among them.
    pub(super) fn find_until<'f>(
        &'f self,
        pattern: &'f [&str],
        ends: &'f [&str],
    ) -> impl Iterator<Item = &'f [Word]> {
        (0..self.words.len()).filter_map(move |start| {
            let rest = self.words.get(start..)?;
            let begins = rest.get(..pattern.len())?;
            if !begins
                .iter()
                .zip(pattern)
                .all(|(word, wanted)| word.text == *wanted)
            {
                return None;
            }
            let end = rest
                .iter()
                .position(|word| ends.contains(&word.text.as_str()));
            rest.get(..end.unwrap_or(rest.len()))
        })
    }

    /// The file and a line, as editors open it.
    pub(super) fn place(&self, word: &Word) -> String {
        format!("{}:{}", self.path, word.line)
    }

    /// The file's name without folders and ending.
    pub(super) fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        name.strip_suffix(".rs").unwrap_or(name)
    }
}

fn flatten(tokens: TokenStream, in_test: bool, words: &mut Vec<Word>) {
    let mut trees = tokens.into_iter().peekable();
    // From `#[cfg(test)]` to the end of the item that it stands before.
    let mut item_is_test = false;
    let mut operator: Option<Word> = None;
    while let Some(tree) = trees.next() {
        let test = in_test || item_is_test;
        let line = tree.span().start().line;
        let word = |text: String, line| Word {
            text,
            line,
            in_test: test,
        };
        if let TokenTree::Punct(punct) = &tree {
            let mut growing = operator.take().unwrap_or_else(|| word(String::new(), line));
            growing.text.push(punct.as_char());
            let goes_on = punct.spacing() == Spacing::Joint
                && matches!(trees.peek(), Some(TokenTree::Punct(next)) if joins(&growing.text, next.as_char()));
            if goes_on {
                operator = Some(growing);
                continue;
            }
            if growing.text == ";" {
                item_is_test = false;
            }
            if growing.text == "#" && is_cfg_test(trees.peek()) {
                item_is_test = true;
            }
            words.push(growing);
            continue;
        }
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                let end = group.span_close().start().line;
                words.push(word(open.to_owned(), line));
                flatten(group.stream(), test, words);
                words.push(word(close.to_owned(), end));
                if group.delimiter() == Delimiter::Brace {
                    item_is_test = false;
                }
            }
            other => words.push(word(other.to_string(), line)),
        }
    }
}

/// The operators that rules ask for; others may stay apart.
fn joins(operator: &str, next: char) -> bool {
    matches!((operator, next), (":", ':') | ("-" | "=", '>'))
}

fn is_cfg_test(attribute: Option<&TokenTree>) -> bool {
    let Some(TokenTree::Group(attribute)) = attribute else {
        return false;
    };
    let mut trees = attribute.stream().into_iter();
    let is_cfg = matches!(trees.next(), Some(TokenTree::Ident(name)) if name == "cfg");
    let Some(TokenTree::Group(arguments)) = trees.next() else {
        return false;
    };
    let mut arguments = arguments.stream().into_iter();
    let is_test = matches!(arguments.next(), Some(TokenTree::Ident(name)) if name == "test");
    is_cfg && is_test && arguments.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, pattern: &[&str]) -> Vec<(usize, bool)> {
        let file = SourceFile::parse("a/b.rs", text).unwrap();
        file.find(pattern)
            .map(|word| (word.line, word.in_test))
            .collect()
    }

    #[test]
    fn comments_and_texts_are_no_code() {
        let text = "// a::b\n/// a::b\nfn f() { \"a::b\"; /* a::b */ a ::\nb; m!(x, a::b) }";
        assert_eq!(lines(text, &["a", "::", "b"]), [(3, false), (4, false)]);
    }

    #[test]
    fn what_is_compiled_for_tests_is_marked() {
        let text = "#[cfg(test)]\nuse x;\nfn x() {}\n#[cfg(test)]\nmod m {\n  fn f() { x }\n}\nmod x {}\n\
                    #[cfg(not(test))] mod x {}";
        let expected = [(2, true), (3, false), (6, true), (8, false), (9, false)];
        assert_eq!(lines(text, &["x"]), expected);
    }

    #[test]
    fn a_part_ends_where_it_is_told() {
        let file = SourceFile::parse("a/b.rs", "pub use a::{B, C}; pub use d::E;").unwrap();
        let found: Vec<usize> = file
            .find_until(&["pub", "use"], &[";"])
            .map(<[_]>::len)
            .collect();
        assert_eq!(found, [9, 5]);
        assert_eq!(file.stem(), "b");
    }
}
