use serde_json::{Value, json};

use super::{Finding, Outcome};
use crate::terminal;

/// One line for a part where all holds, else its findings.
pub(super) fn print(name: &str, outcome: &Outcome) {
    let Outcome { findings, seen } = outcome;
    if findings.is_empty() {
        println!("{name:<13} ok: {seen}");
        return;
    }
    println!("{name:<13} {} in {seen}", counted(findings.len()));
    for Finding {
        rule,
        place,
        detail,
        mend,
    } in findings
    {
        println!("  {}", terminal::bold(&format!("{place}: {rule}")));
        for line in detail.lines() {
            println!("    {line}");
        }
        println!("    mend: {mend}");
    }
}

fn counted(findings: usize) -> String {
    match findings {
        1 => "1 finding".to_owned(),
        more => format!("{more} findings"),
    }
}

/// All parts with their findings.
pub(super) fn json(outcomes: &[(String, Outcome)]) -> Value {
    let mut all = Vec::new();
    let mut parts = Vec::new();
    for (name, outcome) in outcomes {
        parts.push(json!({
            "part": name,
            "ok": outcome.findings.is_empty(),
            "seen": outcome.seen,
        }));
        all.extend(outcome.findings.iter().map(|finding| {
            json!({
                "part": name,
                "rule": finding.rule,
                "place": finding.place,
                "detail": finding.detail,
                "mend": finding.mend,
            })
        }));
    }
    json!({ "findings": all, "parts": parts })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_name_their_part() {
        let finding = Finding::new("rule", "place", "detail", "mend");
        let outcome = Outcome {
            findings: vec![finding],
            seen: "2 files".to_owned(),
        };
        let json = json(&[
            ("sources".to_owned(), outcome),
            ("public-items".to_owned(), Outcome::default()),
        ]);
        let expected = json!({
            "findings": [{
                "part": "sources", "rule": "rule", "place": "place", "detail": "detail", "mend": "mend",
            }],
            "parts": [
                { "part": "sources", "ok": false, "seen": "2 files" },
                { "part": "public-items", "ok": true, "seen": "" },
            ],
        });
        assert_eq!(json, expected);
    }
}
