/// The widest line of a text.
const WIDTH: usize = 72;

/// A text as a Rust literal, over several lines if it is long.
pub(crate) fn quoted(text: &str) -> String {
    if text.len() <= WIDTH && !text.contains('\n') {
        return format!("{text:?}");
    }
    let mut literal = String::from("\"");
    for (at, line) in text.split('\n').enumerate() {
        if at > 0 {
            literal.push_str("\\n\\\n");
        }
        // What the line's break would swallow.
        let indent = line.len() - line.trim_start().len();
        if at > 0 && indent > 0 {
            literal.push_str("\\x20");
            literal.push_str(&" ".repeat(indent - 1));
        }
        let mut width = 0;
        for (place, word) in line.trim_start().split(' ').enumerate() {
            if place > 0 {
                literal.push(' ');
                if width + word.len() > WIDTH && !word.is_empty() {
                    literal.push_str("\\\n");
                    width = 0;
                }
            } else if at == 0 {
                literal.push_str(&" ".repeat(indent));
            }
            literal.push_str(&word.replace('\\', "\\\\").replace('"', "\\\""));
            width += word.len() + 1;
        }
    }
    literal.push('"');
    literal
}

/// A text in lines of a comment, the first after `first`, the others after `rest`.
pub(crate) fn wrapped(text: &str, first: &str, rest: &str) -> String {
    let mut lines = String::new();
    let mut line = first.to_owned();
    for word in text.split_whitespace() {
        let is_started = line.len() > first.len().max(rest.len());
        if is_started && line.chars().count() + word.chars().count() > 118 {
            lines.push_str(line.trim_end());
            lines.push('\n');
            line = rest.to_owned();
        }
        line.push_str(word);
        line.push(' ');
    }
    lines.push_str(line.trim_end());
    lines.push('\n');
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_broken_between_words() {
        assert_eq!(quoted("now()"), "\"now()\"");
        assert_eq!(quoted("a \"b\""), "\"a \\\"b\\\"\"");
        let long = format!("{} \"only\" {}", "word ".repeat(14), "more ".repeat(3));
        let literal = quoted(&long);
        assert!(literal.contains(" \\\n"), "{literal}");
        let whole = literal.replace("\\\n", "").replace("\\\"", "\"");
        assert_eq!(whole, format!("\"{long}\""));
    }

    #[test]
    fn comments_are_broken_between_words() {
        let text = "word ".repeat(40);
        let lines = wrapped(text.trim(), "//! - ", "//!   ");
        assert_eq!(lines.lines().count(), 2);
        assert!(lines.lines().all(|line| line.starts_with("//! ")));
    }
}
