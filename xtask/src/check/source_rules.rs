//! Rules of one file, which the compiler doesn't know.

use super::Finding;
use super::source_file::{SourceFile, Word};

/// No file is longer.
const LONGEST: usize = 500;

/// What SeaORM's derive writes. None of it leaves the crate `entity`: from a public `Model` or
/// `Column` one reaches `Entity::find()`, which knows no account.
const ORM_ITEMS: [&str; 7] = [
    "ActiveModel",
    "Column",
    "Entity",
    "Model",
    "ModelEx",
    "PrimaryKey",
    "Relation",
];

/// The only files that write `impl TenantScoped`: the derive, and the guard's and the tests' own
/// tables, which show that a lying implementation opens nothing.
const TENANT_SCOPED: [&str; 3] = [
    "entity/derive/src/scoped.rs",
    "entity/guard/src/statement_tests.rs",
    "tests/src/notes.rs",
];

/// Library code that believes an account: making one, whose id is new; the head of an export that the system brings
/// back; what an account lookup answers; the accounts of tests, whose ids are new too; accepting an invitation, which
/// names the account that made it, where nothing is done that the invitation's secret doesn't allow; and the one that
/// the metadata of an event names, which the platform wrote and Stripe has signed.
const ACCOUNTS: [&str; 6] = [
    "access/src/account_agents/accept.rs",
    "access/src/lifecycle.rs",
    "access/src/system.rs",
    "access/src/testing/rows.rs",
    "access/src/webhook/route.rs",
    "entity/guard/src/lookup.rs",
];

/// What hands SQL over as text.
const RAW_SQL: [&[&str]; 14] = [
    &["Expr", "::", "cust"],
    &["Expr", "::", "cust_with_expr"],
    &["Expr", "::", "cust_with_exprs"],
    &["Expr", "::", "cust_with_values"],
    &["SimpleExpr", "::", "Custom"],
    &["Statement", "::", "from_string"],
    &["Statement", "::", "from_sql_and_values"],
    &["execute_unprepared"],
    &["from_raw_sql"],
    &["raw_sql"],
    &["batch_execute"],
    &["simple_query"],
    &["sqlx", "::", "query"],
    &["sqlx", "::", "query_as"],
];

/// What makes a connection.
const CONNECT: [&[&str]; 7] = [
    &["tokio_postgres", "::", "connect"],
    &["connect_raw"],
    &["driver", ".", "connect"],
    &["Database", "::", "connect"],
    &["PgConnection", "::", "connect"],
    &["PgPool", "::", "connect"],
    &["SqlxPostgresConnector", "::"],
];

/// Where connections are made: the guard's sessions, the migrations' own, and the studio's, which shows that row level
/// security holds where no statement has the account.
const CONNECTS: [&str; 3] = [
    "entity/guard/src/connection.rs",
    "migration/src/session.rs",
    "xtask/studio/src/rows/session.rs",
];

/// A superuser looks at what is attacked, past the guard.
const ATTACK: &str = "xtask/attack/src/admin.rs";

/// What the guard is measured against.
const BENCHMARK: &str = "xtask/bench/src/";

pub(super) fn findings(file: &SourceFile) -> Vec<Finding> {
    let mut findings: Vec<Finding> = length(file).into_iter().collect();
    // Cases that must not compile are there to break the rules.
    if file.path.contains("/compile_fail/") {
        return findings;
    }
    findings.extend(orm_items(file));
    findings.extend(tenant_scoped(file));
    findings.extend(believed_accounts(file));
    findings.extend(raw_sql(file));
    findings.extend(connections(file));
    findings.extend(ignored_tests(file));
    findings
}

/// Where an account is believed.
pub(super) fn accounts(file: &SourceFile) -> impl Iterator<Item = &Word> {
    file.find(&["::", "from_authenticated"])
}

fn length(file: &SourceFile) -> Option<Finding> {
    (file.lines > LONGEST).then(|| {
        Finding::new(
            "file-length",
            &file.path,
            format!("{} lines; at most {LONGEST}", file.lines),
            "split it by noun into files of about 100 lines",
        )
    })
}

fn orm_items(file: &SourceFile) -> Vec<Finding> {
    if !file.path.starts_with("entity/src/") {
        return Vec::new();
    }
    let is_orm = |word: &&Word| ORM_ITEMS.contains(&word.text.as_str());
    let items = ["struct", "enum", "type", "trait"]
        .into_iter()
        .flat_map(|kind| {
            let declared = file.words.windows(3).filter(move |words| {
            matches!(words, [public, found, _] if public.text == "pub" && found.text == kind)
        });
            declared.filter_map(|words| words.last())
        });
    let uses = file.find_until(&["pub", "use"], &[";"]).flatten();
    // A glob would bring them without naming them.
    let globs = file
        .find_until(&["pub", "use"], &[";"])
        .filter_map(|words| words.last());
    let globs = globs.filter(|word| word.text == "*");
    (items.chain(uses).filter(is_orm).chain(globs))
        .map(|word| {
            Finding::new(
                "private-entities",
                file.place(word),
                format!("{} is public", word.text),
                "write pub(crate); access uses the table's marker and plain structs",
            )
        })
        .collect()
}

fn tenant_scoped(file: &SourceFile) -> Vec<Finding> {
    if TENANT_SCOPED.contains(&file.path.as_str()) {
        return Vec::new();
    }
    let found = file.find(&["TenantScoped", "for"]);
    let finding = |word| {
        Finding::new(
            "derived-guard",
            file.place(word),
            "a TenantScoped written by hand may lie about its columns",
            "write #[derive(TenantScoped)] on the entity's Model",
        )
    };
    found.map(finding).collect()
}

/// Whether the file is compiled into applications.
fn is_library(file: &SourceFile) -> bool {
    ["access/src/", "entity/", "migration/"]
        .iter()
        .any(|folder| file.path.starts_with(folder))
}

fn believed_accounts(file: &SourceFile) -> Vec<Finding> {
    if !is_library(file)
        || ACCOUNTS.contains(&file.path.as_str())
        || file.path == "entity/guard/src/statement_tests.rs"
    {
        return Vec::new();
    }
    let finding = |word| {
        Finding::new(
            "believed-account",
            file.place(word),
            "library code says which account is authenticated",
            "take the Tenant or the AccountId as an argument: the application knows who asks",
        )
    };
    accounts(file)
        .filter(|word| !word.in_test)
        .map(finding)
        .collect()
}

fn raw_sql(file: &SourceFile) -> Vec<Finding> {
    // The guard's own modules are private, migrations are SQL, also those of the generator's tests, tests attack with it, the
    // attack looks past the guard, and the benchmark measures what is written by hand.
    let may = [
        "entity/guard/src/",
        "migration/src/",
        "tests/",
        "xtask/generate/tests/",
        ATTACK,
        BENCHMARK,
    ];
    if may.iter().any(|folder| file.path.starts_with(folder)) || is_this_check(file) {
        return Vec::new();
    }
    let finding = |word| {
        Finding::new(
            "raw-sql",
            file.place(word),
            "SQL as text, into which a value may slip",
            "use the guard's builders; a form that is missing is added there once, for all tables",
        )
    };
    RAW_SQL
        .iter()
        .flat_map(|pattern| file.find(pattern))
        .map(finding)
        .collect()
}

fn connections(file: &SourceFile) -> Vec<Finding> {
    let made = CONNECTS.contains(&file.path.as_str())
        || [ATTACK, BENCHMARK, "tests/"]
            .iter()
            .any(|folder| file.path.starts_with(folder));
    if made || is_this_check(file) {
        return Vec::new();
    }
    let mut words: Vec<&Word> = CONNECT
        .iter()
        .flat_map(|pattern| file.find(pattern))
        .collect();
    if !file.path.starts_with("entity/guard/src/") {
        words.extend(file.find(&["tokio_postgres", "::"]));
    }
    words.sort_by_key(|word| word.line);
    words.dedup_by_key(|word| word.line);
    let finding = |word: &Word| {
        Finding::new(
            "one-place-for-connections",
            file.place(word),
            "a connection that the guard knows nothing of",
            "use access::Db; connections are made in entity/guard/src/connection.rs",
        )
    };
    words.into_iter().map(finding).collect()
}

fn ignored_tests(file: &SourceFile) -> Vec<Finding> {
    let finding = |word| {
        Finding::new(
            "no-ignored-tests",
            file.place(word),
            "a test that nobody runs",
            "make it pass, or remove it",
        )
    };
    file.find(&["#", "[", "ignore"]).map(finding).collect()
}

/// The patterns above are texts, but those of this file's tests could be code some day.
fn is_this_check(file: &SourceFile) -> bool {
    file.path.starts_with("xtask/src/check/")
}

#[cfg(test)]
mod tests;
