//! What may go missing in a schema, from its catalogue: as statements of the owner.

use schema::catalogue::{Constraint, Policy, Table};
use schema::{Catalogue, identifier};

/// A change that no migration would make.
pub(super) struct Mutant {
    pub(super) kind: &'static str,
    pub(super) name: String,
    pub(super) sql: String,
}

/// The logins of the application.
const APPS: [&str; 2] = ["app", "app_system"];
const RIGHTS: [&str; 5] = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"];

/// Every policy, WITH CHECK, FORCE, NOT NULL, key column and grant of each table of accounts, one at a time.
pub(super) fn of(catalogue: &Catalogue) -> Vec<Mutant> {
    let mut all = Vec::new();
    for (name, table) in &catalogue.tables {
        let Some(tenant) = tenant_of(name, table) else {
            continue;
        };
        row_security(name, table, &mut all);
        both_opened(name, table, &mut all);
        not_null(name, table, &mut all);
        keys(name, table, tenant, &mut all);
        grants(name, table, &mut all);
    }
    all.sort_by(|a, b| a.kind.cmp(b.kind));
    all
}

fn tenant_of(name: &str, table: &Table) -> Option<&'static str> {
    if name == "accounts" {
        return Some("id");
    }
    table
        .columns
        .contains_key("account_id")
        .then_some("account_id")
}

fn row_security(table: &str, of: &Table, all: &mut Vec<Mutant>) {
    let mut add = |kind, what: &str, sql: String| {
        all.push(Mutant {
            kind,
            name: format!("{table}: {what}"),
            sql,
        });
    };
    let quoted = identifier(table);
    add(
        "FORCE",
        "NO FORCE",
        format!("ALTER TABLE {quoted} NO FORCE ROW LEVEL SECURITY"),
    );
    add(
        "row level security",
        "DISABLE",
        format!("ALTER TABLE {quoted} DISABLE ROW LEVEL SECURITY"),
    );
    for (name, policy) in &of.policies {
        let policy_name = identifier(name);
        add(
            "policy dropped",
            name,
            format!("DROP POLICY {policy_name} ON {quoted}"),
        );
        if policy.using.as_deref().is_some_and(|using| using != "true") {
            let opened = format!("ALTER POLICY {policy_name} ON {quoted} USING (true)");
            add("USING opened", name, opened);
        }
        if policy.check.is_some() {
            let opened = format!("ALTER POLICY {policy_name} ON {quoted} WITH CHECK (true)");
            add("WITH CHECK opened", name, opened);
        }
        if let Some(sql) = for_reads_alone(&policy_name, &quoted, policy) {
            add("policy of one verb", name, sql);
        }
    }
}

/// The application's two policies say the same, so that each stands in for the other: opened both, nothing does.
fn both_opened(table: &str, of: &Table, all: &mut Vec<Mutant>) {
    let both = ["tenant_permit", "tenant_restrict"];
    if !both.iter().all(|policy| of.policies.contains_key(*policy)) {
        return;
    }
    for opened in ["USING (true)", "WITH CHECK (true)"] {
        let alter =
            both.map(|policy| format!("ALTER POLICY {policy} ON {} {opened}", identifier(table)));
        all.push(Mutant {
            kind: "both policies opened",
            name: format!("{table}: {opened}"),
            sql: alter.join(";\n"),
        });
    }
}

/// The policy as it is, but for SELECT alone.
fn for_reads_alone(name: &str, table: &str, policy: &Policy) -> Option<String> {
    let using = policy.using.as_deref().filter(|_| policy.command == "*")?;
    let kind = if policy.permissive {
        "PERMISSIVE"
    } else {
        "RESTRICTIVE"
    };
    let roles: Vec<String> = policy.roles.iter().map(|role| identifier(role)).collect();
    Some(format!(
        "DROP POLICY {name} ON {table}; CREATE POLICY {name} ON {table} AS {kind} FOR SELECT TO {} USING ({using})",
        roles.join(", ")
    ))
}

fn not_null(table: &str, of: &Table, all: &mut Vec<Mutant>) {
    let primary = of
        .constraints
        .values()
        .find(|constraint| constraint.kind == "p");
    let in_key = |column: &String| primary.is_some_and(|key| key.columns.contains(column));
    let required = of
        .columns
        .iter()
        .filter(|(name, column)| column.not_null && !in_key(name));
    for (name, _) in required {
        all.push(Mutant {
            kind: "NOT NULL",
            name: format!("{table}.{name}"),
            sql: format!(
                "ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL",
                identifier(table),
                identifier(name)
            ),
        });
    }
}

fn keys(table: &str, of: &Table, tenant: &str, all: &mut Vec<Mutant>) {
    for (name, key) in &of.constraints {
        if !matches!(key.kind.as_str(), "p" | "u" | "f") {
            continue;
        }
        let drop = format!(
            "ALTER TABLE {} DROP CONSTRAINT {} CASCADE",
            identifier(table),
            identifier(name)
        );
        all.push(Mutant {
            kind: "key dropped",
            name: format!("{table}: {name}"),
            sql: drop.clone(),
        });
        if !key.columns.iter().any(|column| column == tenant) || key.columns.len() < 2 {
            continue;
        }
        let rest: Vec<usize> = (0..key.columns.len())
            .filter(|place| {
                key.columns
                    .get(*place)
                    .is_some_and(|column| column != tenant)
            })
            .collect();
        all.push(Mutant {
            kind: "account left out of key",
            name: format!("{table}: {name}"),
            sql: format!("{drop};\n{}", without_account(table, name, key, &rest)),
        });
    }
    for (name, index) in of.indexes.iter().filter(|(_, index)| index.unique) {
        let columns = index.keys.iter().map(|key| key.column.as_str());
        let rest: Vec<String> = columns
            .filter(|column| *column != tenant)
            .map(identifier)
            .collect();
        let predicate = index.predicate.as_deref().map(|of| format!(" WHERE {of}"));
        all.push(Mutant {
            kind: "account left out of key",
            name: format!("{table}: {name}"),
            sql: format!(
                "DROP INDEX {0}; CREATE UNIQUE INDEX {0} ON {1} ({2}){3}",
                identifier(name),
                identifier(table),
                rest.join(", "),
                predicate.unwrap_or_default()
            ),
        });
    }
}

/// The key anew, of the columns at these places.
fn without_account(table: &str, name: &str, key: &Constraint, rest: &[usize]) -> String {
    let list = |columns: &[String]| {
        let chosen = rest.iter().filter_map(|place| columns.get(*place));
        chosen
            .map(|column| identifier(column))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let (table, name) = (identifier(table), identifier(name));
    let own = list(&key.columns);
    match (&key.references, key.kind.as_str()) {
        (Some((other, columns)), _) => {
            let (other, theirs) = (identifier(other), list(columns));
            format!(
                "ALTER TABLE {other} ADD CONSTRAINT of_all_accounts UNIQUE ({theirs});\n\
                 ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({own}) REFERENCES {other} ({theirs})"
            )
        }
        (None, "p") => format!("ALTER TABLE {table} ADD CONSTRAINT {name} PRIMARY KEY ({own})"),
        (None, _) => format!("ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE ({own})"),
    }
}

fn grants(table: &str, of: &Table, all: &mut Vec<Mutant>) {
    let quoted = identifier(table);
    for grant in &of.grants {
        let column = grant
            .column
            .as_ref()
            .map(|column| format!(" ({})", identifier(column)));
        let right = format!("{}{}", grant.right, column.unwrap_or_default());
        all.push(Mutant {
            kind: "grant taken",
            name: format!("{table}: {right} of {}", grant.role),
            sql: format!(
                "REVOKE {right} ON {quoted} FROM {}",
                identifier(&grant.role)
            ),
        });
    }
    for role in APPS {
        for right in RIGHTS {
            let has = of
                .grants
                .iter()
                .any(|grant| grant.role == role && grant.right == right && grant.column.is_none());
            if !has {
                all.push(Mutant {
                    kind: "grant added",
                    name: format!("{table}: {right} to {role}"),
                    sql: format!("GRANT {right} ON {quoted} TO {role}"),
                });
            }
        }
    }
}
