//! What keeps the accounts apart, one layer by one, red where the checks found something.

use std::collections::BTreeSet;

use schema::facts::{Finding, Layer, Table};

/// The layers in the order in which they are shown.
const LAYERS: [&str; 10] = [
    "guard",
    "rls",
    "force",
    "select",
    "insert",
    "update",
    "delete",
    "with check",
    "keys",
    "grants",
];

/// The layers of a table, from all that `cargo xtask check` says of it.
pub(crate) fn of(table: &Table, findings: &[Finding]) -> Vec<Layer> {
    let mine: Vec<&Finding> = (findings.iter())
        .filter(|finding| finding.place == table.name)
        .collect();
    let touched: Vec<(&Finding, BTreeSet<&'static str>)> = mine
        .into_iter()
        .map(|finding| (finding, layers_of(finding, table)))
        .collect();
    let mut layers: Vec<Layer> = Vec::new();
    for name in LAYERS.into_iter().chain(["other"]) {
        let findings: Vec<Finding> = (touched.iter())
            .filter(|(_, layers)| layers.contains(name))
            .map(|(finding, _)| (*finding).clone())
            .collect();
        // The last is there only where something is said that belongs to no layer.
        if name != "other" || !findings.is_empty() {
            layers.push(Layer {
                name: name.to_owned(),
                stands: findings.is_empty(),
                findings,
            });
        }
    }
    layers
}

fn layers_of(finding: &Finding, table: &Table) -> BTreeSet<&'static str> {
    let one = |layer| BTreeSet::from([layer]);
    match finding.rule.as_str() {
        "account-or-listed" | "column" | "declared-columns" | "declared-tables"
        | "missing-table" | "not-null" | "plain-tables" | "tenant-is-uuid" | "tenant-not-null"
        | "type" | "unknown-table" => one("guard"),
        "partitions-have-rls" | "rls-enabled" | "row-level-security" => one("rls"),
        "force" | "rls-forced" => one("force"),
        "both-policies" | "declared-policies" | "policy" | "policy-text" => {
            policies(finding, table)
        }
        "cascades-need-delete"
        | "constraint"
        | "foreign-keys-from-outside"
        | "foreign-keys-pair-tenants"
        | "foreign-keys-restrict"
        | "keys-begin-with-tenant"
        | "not-valid"
        | "primary-key"
        | "valid-constraints" => one("keys"),
        "column-grants" | "declared-grants" | "default-privileges" | "grant" | "grant-option"
        | "no-publication" | "nothing-to-public" | "owner" | "table-owner" | "unscoped-grants" => {
            one("grants")
        }
        _ => one("other"),
    }
}

/// The verbs of the policies that a finding names; all of them when what it names isn't there.
fn policies(finding: &Finding, table: &Table) -> BTreeSet<&'static str> {
    let words = finding
        .detail
        .split(|c: char| !(c.is_alphanumeric() || c == '_'));
    let words: BTreeSet<&str> = words.collect();
    let named = table
        .policies
        .iter()
        .filter(|(name, _)| words.contains(name.as_str()));
    let mut layers = BTreeSet::new();
    for (_, policy) in named {
        layers.extend(match policy.command.as_str() {
            "r" => ["select"].as_slice(),
            "a" => &["insert", "with check"],
            "w" => &["update", "with check"],
            "d" => &["delete"],
            _ => &["select", "insert", "update", "delete", "with check"],
        });
    }
    if layers.is_empty() {
        layers.extend(["select", "insert", "update", "delete", "with check"]);
    }
    layers
}

#[cfg(test)]
mod tests {
    use schema::catalogue::Policy;

    use super::*;

    fn finding(rule: &str, place: &str, detail: &str) -> Finding {
        Finding {
            rule: rule.to_owned(),
            place: place.to_owned(),
            detail: detail.to_owned(),
            mend: "mend".to_owned(),
        }
    }

    fn red(table: &Table, findings: &[Finding]) -> Vec<String> {
        let layers = of(table, findings).into_iter();
        layers.filter(|l| !l.stands).map(|l| l.name).collect()
    }

    #[test]
    fn a_finding_reddens_its_layer_of_its_table_and_no_other() {
        let mut table = Table {
            name: "notes".to_owned(),
            ..Table::default()
        };
        let policy = Policy {
            permissive: true,
            command: "r".to_owned(),
            roles: vec!["app".to_owned()],
            using: Some("true".to_owned()),
            check: None,
        };
        table.policies.insert("loose".to_owned(), policy);
        assert!(red(&table, &[]).is_empty());
        assert!(red(&table, &[finding("rls-enabled", "other", "")]).is_empty());
        assert_eq!(red(&table, &[finding("rls-enabled", "notes", "")]), ["rls"]);
        let loose = finding("declared-policies", "notes", "the policy loose for app");
        assert_eq!(red(&table, &[loose]), ["select"]);
        let missing = finding("both-policies", "notes", "no permissive policy");
        assert_eq!(
            red(&table, &[missing]),
            ["select", "insert", "update", "delete", "with check"]
        );
        assert_eq!(
            red(&table, &[finding("what-is-new", "notes", "")]),
            ["other"]
        );
    }
}
