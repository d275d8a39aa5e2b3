//! The schema that the changes start from, with rows of two accounts.

use entity_guard::policy;
use schema::declared::{Column, Declared, EnumType, ForeignKey, Index, Lookup, Table, TableSchema};
use schema::{Catalogue, Scratch};

/// The database that each change starts from a copy of.
#[derive(Debug)]
pub(crate) struct Base {
    pub(crate) scratch: Scratch,
    /// One without anything in it, to look at what declarations make.
    pub(crate) empty: Scratch,
}

impl Base {
    pub(crate) fn new() -> Self {
        let scratch = Scratch::new("notes").unwrap();
        scratch.sql(&declared().ddl()).unwrap();
        scratch.sql(ROWS).unwrap();
        Self {
            scratch,
            empty: Scratch::new("nothing").unwrap(),
        }
    }

    /// Whether the server has this extension.
    pub(crate) fn has(&self, extension: &str) -> bool {
        let name = schema::literal(extension);
        let sql = format!("SELECT 1 FROM pg_available_extensions WHERE name = {name}");
        self.empty.sql(&sql).unwrap() == "1"
    }

    /// What these declarations make.
    pub(crate) fn made(&self, declared: &Declared) -> Catalogue {
        let sql = format!("BEGIN;\n{}\n{};\nROLLBACK;", declared.ddl(), Catalogue::SQL);
        Catalogue::parse(&self.empty.sql(&sql).unwrap()).unwrap()
    }
}

/// As the entities would declare it.
pub(crate) fn declared() -> Declared {
    Declared {
        extensions: vec!["vector".to_owned()],
        enums: vec![
            enumeration("mood", &["calm", "glad", "sad"]),
            enumeration("shape", &["round", "square"]),
        ],
        tables: vec![accounts(), notes(), tags(), counters()],
        lookups: vec![lookup(
            "accounts_named",
            "wanted text",
            "SELECT id FROM public.accounts WHERE name = wanted",
            "accounts",
            &["id", "name"],
        )],
        ..Declared::default()
    }
}

pub(crate) fn lookup(
    name: &str,
    arguments: &str,
    body: &str,
    table: &str,
    columns: &[&str],
) -> Lookup {
    let returns = "SETOF uuid";
    let create = format!(
        "{};\n{};",
        policy::lookup_sees(table, columns),
        policy::lookup_function(name, arguments, returns, body)
    );
    Lookup {
        name: name.to_owned(),
        arguments: arguments.to_owned(),
        returns: returns.to_owned(),
        body: body.to_owned(),
        reads: vec![(table.to_owned(), words(columns))],
        create,
    }
}

fn accounts() -> Table {
    let columns = [required("id", "uuid"), required("name", "text")];
    tenant_table("accounts", "id", columns, &["id"], TableSchema::default())
}

fn notes() -> Table {
    let columns = [
        required("account_id", "uuid"),
        required("id", "uuid"),
        required("title", "text"),
        optional("body", "text"),
        optional("link", "text"),
        required("code", "character varying(20)"),
        required("mood", "mood"),
        optional("shape", "shape"),
        required("size", "integer"),
        required("cost", "bigint"),
        required("pinned", "boolean"),
        optional("part", "vector(3)"),
        required("made_at", "timestamp with time zone"),
    ];
    let schema = TableSchema {
        foreign_keys: vec![of_account("notes")],
        checks: vec![
            check("notes_title", "char_length(title) BETWEEN 1 AND 200"),
            check("notes_cost", "cost >= 0"),
            check("notes_sad", "mood <> 'sad' OR body IS NOT NULL"),
        ],
        indexes: vec![
            index("notes_title_key", &["account_id", "title"]).unique(),
            index("notes_made_at_idx", &["account_id", "made_at", "id"]),
            index("notes_glad_idx", &["account_id", "id"]).only("mood = 'glad'"),
        ],
        defaults: vec![
            pair("pinned", "false"),
            pair("mood", "'calm'"),
            pair("code", "'none'"),
        ],
        comment: Some("What an account wants to remember.".to_owned()),
        comments: vec![pair("title", "A few words.")],
        ..TableSchema::default()
    };
    tenant_table(
        "notes",
        "account_id",
        columns,
        &["account_id", "id"],
        schema,
    )
}

fn tags() -> Table {
    let columns = [
        required("account_id", "uuid"),
        required("id", "uuid"),
        required("note_id", "uuid"),
        required("word", "text"),
    ];
    let schema = TableSchema {
        foreign_keys: vec![
            of_account("tags"),
            within_account("tags", "note_id", "notes"),
        ],
        ..TableSchema::default()
    };
    tenant_table("tags", "account_id", columns, &["account_id", "id"], schema)
}

fn counters() -> Table {
    unscoped_table(
        "counters",
        [required("name", "text"), required("value", "bigint")],
        &["name"],
    )
}

pub(crate) fn tenant_table<const N: usize>(
    name: &str,
    tenant: &str,
    columns: [Column; N],
    key: &[&str],
    schema: TableSchema,
) -> Table {
    let verbs = ["select", "insert", "update"];
    Table {
        name: name.to_owned(),
        tenant: Some(tenant.to_owned()),
        columns: columns.into(),
        primary_key: words(key),
        app: words(&verbs),
        system: words(&verbs),
        security: policy::protect(name, tenant, &verbs, &verbs),
        schema,
    }
}

pub(crate) fn unscoped_table<const N: usize>(
    name: &str,
    columns: [Column; N],
    key: &[&str],
) -> Table {
    Table {
        name: name.to_owned(),
        tenant: None,
        columns: columns.into(),
        primary_key: words(key),
        app: words(&["select"]),
        system: words(&["select", "insert"]),
        security: format!(
            "GRANT SELECT ON {name} TO app, app_backup; GRANT SELECT, INSERT ON {name} TO app_system;"
        ),
        schema: TableSchema::default(),
    }
}

pub(crate) fn enumeration(name: &str, labels: &[&str]) -> EnumType {
    EnumType {
        name: name.to_owned(),
        labels: words(labels),
    }
}

pub(crate) fn required(name: &str, sql_type: &str) -> Column {
    Column {
        name: name.to_owned(),
        sql_type: sql_type.to_owned(),
        nullable: false,
    }
}

pub(crate) fn optional(name: &str, sql_type: &str) -> Column {
    Column {
        nullable: true,
        ..required(name, sql_type)
    }
}

pub(crate) fn check(name: &str, condition: &str) -> (String, String) {
    pair(name, condition)
}

pub(crate) fn pair(first: &str, second: &str) -> (String, String) {
    (first.to_owned(), second.to_owned())
}

pub(crate) fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

pub(crate) fn of_account(table: &str) -> ForeignKey {
    ForeignKey {
        name: format!("{table}_account_id_fkey"),
        columns: words(&["account_id"]),
        table: "accounts".to_owned(),
        references: words(&["id"]),
    }
}

pub(crate) fn within_account(table: &str, column: &str, to: &str) -> ForeignKey {
    ForeignKey {
        name: format!("{table}_{column}_fkey"),
        columns: words(&["account_id", column]),
        table: to.to_owned(),
        references: words(&["account_id", "id"]),
    }
}

pub(crate) fn index(name: &str, columns: &[&str]) -> Index {
    Index {
        name: name.to_owned(),
        columns: words(columns),
        unique: false,
        nulls_not_distinct: false,
        method: "btree".to_owned(),
        only: None,
        include: Vec::new(),
        with: Vec::new(),
    }
}

/// What an index may be beside.
pub(crate) trait More {
    fn unique(self) -> Self;
    fn only(self, condition: &str) -> Self;
}

impl More for Index {
    fn unique(self) -> Self {
        Self {
            unique: true,
            ..self
        }
    }

    fn only(self, condition: &str) -> Self {
        Self {
            only: Some(condition.to_owned()),
            ..self
        }
    }
}

const ROWS: &str = "
INSERT INTO accounts (id, name) SELECT md5(n::text)::uuid, 'account ' || n FROM generate_series(1, 2) n;
INSERT INTO notes (account_id, id, title, body, link, mood, shape, size, cost, part, made_at)
  SELECT a.id, md5(a.name || n)::uuid, 'note ' || n, CASE WHEN n % 3 > 0 THEN 'text' END, md5(n::text)::uuid::text,
    (enum_range(NULL::mood))[1 + n % 2], CASE WHEN n % 2 = 0 THEN 'round'::shape END, n, n * 100, '[1,2,3]',
    '2026-01-01'::timestamptz + n * interval '1 hour'
  FROM accounts a, generate_series(1, 20) n;
INSERT INTO tags (account_id, id, note_id, word) SELECT account_id, md5(id::text)::uuid, id, 'word ' || size FROM notes;
INSERT INTO counters VALUES ('a', 1), ('b', 2);
";
