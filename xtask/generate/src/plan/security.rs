use schema::catalogue::Table;

use crate::Step;

/// What is taken away: policies and rights.
pub(super) fn less(table: &str, found: &Table, wanted: &Table, steps: &mut Vec<Step>) {
    for (name, policy) in &found.policies {
        if wanted.policies.get(name) != Some(policy) {
            steps.push(Step::DropPolicy {
                table: table.to_owned(),
                name: name.clone(),
                policy: policy.clone(),
            });
        }
    }
    for grant in found.grants.difference(&wanted.grants) {
        steps.push(Step::Revoke {
            table: table.to_owned(),
            grant: grant.clone(),
        });
    }
}

/// What is given: row level security, policies and rights.
pub(super) fn more(table: &str, found: &Table, wanted: &Table, steps: &mut Vec<Step>) {
    let from = (found.row_security, found.forced);
    let to = (wanted.row_security, wanted.forced);
    if from != to {
        steps.push(Step::RowSecurity {
            table: table.to_owned(),
            from,
            to,
        });
    }
    for (name, policy) in &wanted.policies {
        if found.policies.get(name) != Some(policy) {
            steps.push(Step::AddPolicy {
                table: table.to_owned(),
                name: name.clone(),
                policy: policy.clone(),
            });
        }
    }
    for grant in wanted.grants.difference(&found.grants) {
        steps.push(Step::Grant {
            table: table.to_owned(),
            grant: grant.clone(),
        });
    }
}

/// Lookups bring the policies and rights that they need with them, and take them away.
pub(super) fn leave_to_lookups(steps: &mut Vec<Step>) {
    let mut read: Vec<String> = Vec::new();
    for step in steps.iter() {
        if let Step::CreateLookup { lookup, .. } | Step::DropLookup { lookup, .. } = step {
            read.extend(lookup.reads.iter().map(|(table, _)| table.clone()));
        }
    }
    steps.retain(|step| match step {
        Step::AddPolicy { table, name, .. } | Step::DropPolicy { table, name, .. } => {
            name != SEES || !read.contains(table)
        }
        Step::Grant { table, grant } | Step::Revoke { table, grant } => {
            grant.role != LOOKUP || !read.contains(table)
        }
        _ => true,
    });
    for step in steps {
        if let Step::CreateTable { name, table, .. } | Step::DropTable { name, table } = step
            && read.contains(name)
        {
            table.policies.remove(SEES);
            table.grants.retain(|grant| grant.role != LOOKUP);
        }
    }
}

/// The role of lookups, and the policy by which it sees rows.
const LOOKUP: &str = "app_lookup";
const SEES: &str = "lookup_sees";
