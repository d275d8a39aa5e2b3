//! The catalogue notices whatever a hand may change, and nothing else.
//!
//! Here an `unwrap` is a test's assertion that its surroundings work.
#![allow(clippy::unwrap_used)]

use dev_server::{Login, TestServer};
use schema::{Catalogue, Scratch};

const BASE: &str = "
CREATE TYPE colour AS ENUM ('red', 'green');
CREATE TABLE accounts (id uuid PRIMARY KEY, name text NOT NULL);
CREATE TABLE notes (
  account_id uuid NOT NULL, id uuid NOT NULL, title text NOT NULL DEFAULT 'none', body text, colour colour NOT NULL,
  size bigint NOT NULL, part vector(3), made timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT notes_pkey PRIMARY KEY (account_id, id),
  CONSTRAINT notes_size CHECK (size > 0),
  CONSTRAINT notes_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE RESTRICT);
CREATE UNIQUE INDEX notes_title_key ON notes (account_id, title);
CREATE INDEX notes_made_idx ON notes (account_id, made DESC) INCLUDE (size) WHERE size > 1;
CREATE INDEX notes_part_idx ON notes USING hnsw (part vector_cosine_ops) WITH (m = 8);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON notes TO app USING (account_id = '00000000-0000-0000-0000-000000000001');
GRANT SELECT, INSERT ON notes TO app;
GRANT UPDATE (title) ON notes TO app;
COMMENT ON TABLE notes IS 'what one wants to remember';
COMMENT ON COLUMN notes.title IS 'a few words';
CREATE FUNCTION one() RETURNS int LANGUAGE sql RETURN 1;
CREATE VIEW titles AS SELECT title FROM notes;
";

/// A change, and where the catalogue has to show it.
const CHANGES: &[(&str, &str)] = &[
    (
        "ALTER TABLE notes ADD COLUMN more text",
        "tables.notes.columns.more",
    ),
    (
        "ALTER TABLE notes DROP COLUMN body",
        "tables.notes.columns.body",
    ),
    (
        "ALTER TABLE notes RENAME COLUMN body TO text",
        "tables.notes.columns.body",
    ),
    (
        "ALTER TABLE notes ALTER COLUMN size TYPE numeric",
        "tables.notes.columns.size.sql_type",
    ),
    (
        "DROP INDEX notes_part_idx; ALTER TABLE notes ALTER COLUMN part TYPE vector(4)",
        "tables.notes.columns.part.sql_type",
    ),
    (
        "ALTER TABLE notes ALTER COLUMN body SET NOT NULL",
        "tables.notes.columns.body.not_null",
    ),
    (
        "ALTER TABLE notes ALTER COLUMN title DROP DEFAULT",
        "tables.notes.columns.title.default",
    ),
    (
        "ALTER TABLE notes ALTER COLUMN body TYPE text COLLATE \"C\"",
        "tables.notes.columns.body.collation",
    ),
    (
        "ALTER TABLE notes ALTER COLUMN size ADD GENERATED ALWAYS AS IDENTITY",
        "tables.notes.columns.size.identity",
    ),
    (
        "ALTER TABLE notes ADD COLUMN twice bigint GENERATED ALWAYS AS (size * 2) STORED",
        "tables.notes.columns.twice",
    ),
    (
        "ALTER TABLE notes DROP CONSTRAINT notes_size",
        "tables.notes.constraints.notes_size",
    ),
    (
        "ALTER TABLE notes DROP CONSTRAINT notes_size, ADD CONSTRAINT notes_size CHECK (size >= 0)",
        "tables.notes.constraints.notes_size.definition",
    ),
    (
        "ALTER TABLE notes DROP CONSTRAINT notes_size, ADD CONSTRAINT notes_size CHECK (size > 0) NOT VALID",
        "tables.notes.constraints.notes_size.valid",
    ),
    (
        "ALTER TABLE notes DROP CONSTRAINT notes_account_id_fkey, ADD CONSTRAINT notes_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts ON DELETE CASCADE",
        "tables.notes.constraints.notes_account_id_fkey.on_delete",
    ),
    (
        "ALTER TABLE notes DROP CONSTRAINT notes_pkey, ADD CONSTRAINT notes_pkey PRIMARY KEY (id)",
        "tables.notes.constraints.notes_pkey.columns",
    ),
    (
        "ALTER TABLE notes RENAME CONSTRAINT notes_size TO size_of_notes",
        "tables.notes.constraints.size_of_notes",
    ),
    (
        "DROP INDEX notes_title_key",
        "tables.notes.indexes.notes_title_key",
    ),
    (
        "DROP INDEX notes_title_key; CREATE INDEX notes_title_key ON notes (account_id, title)",
        "tables.notes.indexes.notes_title_key.unique",
    ),
    (
        "DROP INDEX notes_title_key; CREATE UNIQUE INDEX notes_title_key ON notes (account_id, title) NULLS NOT DISTINCT",
        "tables.notes.indexes.notes_title_key.nulls_not_distinct",
    ),
    (
        "DROP INDEX notes_made_idx; CREATE INDEX notes_made_idx ON notes (account_id, made) INCLUDE (size) WHERE size > 1",
        "tables.notes.indexes.notes_made_idx.keys",
    ),
    (
        "DROP INDEX notes_made_idx; CREATE INDEX notes_made_idx ON notes (account_id, made DESC) INCLUDE (size)",
        "tables.notes.indexes.notes_made_idx.predicate",
    ),
    (
        "DROP INDEX notes_made_idx; CREATE INDEX notes_made_idx ON notes (account_id, made DESC) WHERE size > 1",
        "tables.notes.indexes.notes_made_idx.include",
    ),
    (
        "DROP INDEX notes_part_idx; CREATE INDEX notes_part_idx ON notes USING hnsw (part vector_l2_ops) WITH (m = 8)",
        "tables.notes.indexes.notes_part_idx.keys",
    ),
    (
        "DROP INDEX notes_part_idx; CREATE INDEX notes_part_idx ON notes USING hnsw (part vector_cosine_ops)",
        "tables.notes.indexes.notes_part_idx.options",
    ),
    (
        "ALTER TABLE notes DISABLE ROW LEVEL SECURITY",
        "tables.notes.row_security",
    ),
    (
        "ALTER TABLE notes NO FORCE ROW LEVEL SECURITY",
        "tables.notes.forced",
    ),
    ("DROP POLICY own ON notes", "tables.notes.policies.own"),
    (
        "ALTER POLICY own ON notes USING (true)",
        "tables.notes.policies.own.using",
    ),
    (
        "ALTER POLICY own ON notes TO app, app_system",
        "tables.notes.policies.own.roles",
    ),
    (
        "CREATE POLICY loose ON notes FOR SELECT TO app USING (true)",
        "tables.notes.policies.loose",
    ),
    ("GRANT DELETE ON notes TO app", "tables.notes.grants"),
    ("GRANT SELECT ON notes TO PUBLIC", "tables.notes.grants"),
    (
        "GRANT SELECT ON notes TO app WITH GRANT OPTION",
        "tables.notes.grants",
    ),
    ("REVOKE INSERT ON notes FROM app", "tables.notes.grants"),
    ("GRANT UPDATE (body) ON notes TO app", "tables.notes.grants"),
    (
        "REVOKE UPDATE (title) ON notes FROM app",
        "tables.notes.grants",
    ),
    ("COMMENT ON TABLE notes IS NULL", "tables.notes.comment"),
    (
        "COMMENT ON COLUMN notes.title IS 'words'",
        "tables.notes.columns.title.comment",
    ),
    (
        "COMMENT ON INDEX notes_title_key IS 'words'",
        "tables.notes.indexes.notes_title_key.comment",
    ),
    (
        "COMMENT ON CONSTRAINT notes_size ON notes IS 'words'",
        "tables.notes.constraints.notes_size.comment",
    ),
    (
        "ALTER TABLE notes SET (fillfactor = 50)",
        "tables.notes.options",
    ),
    (
        "CREATE TRIGGER t BEFORE UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "tables.notes.triggers.t",
    ),
    (
        "ALTER TYPE colour RENAME VALUE 'red' TO 'blue'",
        "enums.colour.labels",
    ),
    ("CREATE TYPE shape AS ENUM ('round')", "enums.shape"),
    (
        "CREATE DOMAIN short AS text CHECK (length(VALUE) < 9)",
        "others.type short",
    ),
    (
        "CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql RETURN 2",
        "functions.one().definition",
    ),
    (
        "REVOKE EXECUTE ON FUNCTION one() FROM PUBLIC",
        "functions.one().grants",
    ),
    (
        "CREATE OR REPLACE VIEW titles WITH (security_invoker) AS SELECT title FROM notes",
        "others.relation titles",
    ),
    ("CREATE SEQUENCE numbers", "others.relation numbers"),
    (
        "CREATE STATISTICS pair (dependencies) ON title, size FROM notes",
        "others.statistics pair",
    ),
    (
        "CREATE RULE quiet AS ON DELETE TO notes DO INSTEAD NOTHING",
        "others.rule quiet on notes",
    ),
    ("CREATE SCHEMA more", "schemas.more"),
    (
        "CREATE SCHEMA more; CREATE TABLE more.notes (id int)",
        "tables.more.notes",
    ),
    (
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO app",
        "others.default privileges r app_owner ",
    ),
    ("CREATE TABLE plain (id int PRIMARY KEY)", "tables.plain"),
    ("DROP VIEW titles; DROP TABLE notes", "tables.notes"),
];

struct Base(Scratch);

impl Base {
    fn new() -> Self {
        let scratch = Scratch::new("schema").unwrap();
        scratch.sql(BASE).unwrap();
        Self(scratch)
    }

    /// The catalogue after a change, which is undone.
    fn after(&self, change: &str) -> Catalogue {
        let sql = format!("BEGIN;\n{change};\n{};\nROLLBACK;", Catalogue::SQL);
        Catalogue::parse(&self.0.sql(&sql).unwrap()).unwrap()
    }
}

#[test]
fn every_change_is_seen_where_it_was_made() {
    let base = Base::new();
    let before = base.0.catalogue().unwrap();
    assert_eq!(base.after("SELECT 1 WHERE false"), before);
    for (change, path) in CHANGES {
        let differences = base.after(change).differences(&before);
        let paths: Vec<String> = differences.iter().map(|d| d.path.to_string()).collect();
        let is_there = paths.iter().any(|found| found == path);
        assert!(is_there, "{change}: {paths:?}");
    }
}

#[test]
fn what_does_not_count_is_not_seen() {
    let base = Base::new();
    let before = base.0.catalogue().unwrap();
    for change in [
        "INSERT INTO accounts VALUES ('00000000-0000-0000-0000-000000000001', 'a')",
        // The order of columns, and numbers of dropped ones.
        "ALTER TABLE accounts DROP COLUMN name; ALTER TABLE accounts ADD COLUMN name text NOT NULL",
        // PostgreSQL 18 keeps the name of a NOT NULL constraint when the column is renamed.
        "ALTER TABLE accounts RENAME COLUMN name TO other; ALTER TABLE accounts RENAME COLUMN other TO name",
        "REVOKE INSERT ON notes FROM app; GRANT INSERT ON notes TO app",
        "ANALYZE notes",
    ] {
        let differences = base.after(change).differences(&before);
        assert_eq!(differences, [], "{change}");
    }
}

#[test]
fn differences_are_told_in_words() {
    let base = Base::new();
    let before = base.0.catalogue().unwrap();
    let after = base.after("ALTER TABLE notes DROP COLUMN body, ALTER COLUMN size DROP NOT NULL");
    let told: Vec<String> = after
        .differences(&before)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(
        told[0].starts_with("tables.notes.columns.body: missing: {"),
        "{told:?}"
    );
    assert_eq!(
        told[1],
        "tables.notes.columns.size.not_null: false should be true"
    );
}

#[test]
fn an_index_that_was_left_half_made_is_not_valid() {
    let base = Base::new();
    let server = TestServer::shared().unwrap();
    let rows = "
        INSERT INTO accounts VALUES ('00000000-0000-0000-0000-000000000001', 'a');
        INSERT INTO notes (account_id, id, colour, size, title)
          SELECT id, gen_random_uuid(), 'red', 1, n::text FROM accounts, generate_series(1, 2) n;";
    server.psql(base.0.name(), rows).unwrap();
    let failed = server.psql_as(
        Login::Owner,
        base.0.name(),
        "CREATE UNIQUE INDEX CONCURRENTLY one_note ON notes (account_id)",
    );
    assert!(failed.is_err(), "two notes of one account");
    let catalogue = base.0.catalogue().unwrap();
    assert!(!catalogue.tables["notes"].indexes["one_note"].valid);
}
