//! Changes of tables and types for which sea-query has no word.

use sea_orm_migration::{SchemaManager, sea_orm::DbErr};

use crate::rls::{self, identifier, literal};

/// Adds a check, and looks at all rows for it while the table is locked; [`online::add_check`](crate::online::add_check)
/// doesn't lock it.
///
/// # Errors
/// [`DbErr`] when the server refuses, or a row doesn't fulfil it.
pub async fn add_check(
    manager: &SchemaManager<'_>,
    table: &str,
    name: &str,
    condition: &str,
) -> Result<(), DbErr> {
    let (table, name) = (identifier(table), identifier(name));
    let sql = format!("ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({condition})");
    rls::execute(manager, &sql).await
}

/// Takes a column's default away.
///
/// # Errors
/// [`DbErr`] when the server refuses.
pub async fn drop_default(
    manager: &SchemaManager<'_>,
    table: &str,
    column: &str,
) -> Result<(), DbErr> {
    let (table, column) = (identifier(table), identifier(column));
    let sql = format!("ALTER TABLE {table} ALTER COLUMN {column} DROP DEFAULT");
    rls::execute(manager, &sql).await
}

/// Gives a constraint another name.
///
/// # Errors
/// [`DbErr`] when the server refuses.
pub async fn rename_constraint(
    manager: &SchemaManager<'_>,
    table: &str,
    from: &str,
    to: &str,
) -> Result<(), DbErr> {
    let (table, from, to) = (identifier(table), identifier(from), identifier(to));
    let sql = format!("ALTER TABLE {table} RENAME CONSTRAINT {from} TO {to}");
    rls::execute(manager, &sql).await
}

/// Gives an index another name.
///
/// # Errors
/// [`DbErr`] when the server refuses.
pub async fn rename_index(manager: &SchemaManager<'_>, from: &str, to: &str) -> Result<(), DbErr> {
    let (from, to) = (identifier(from), identifier(to));
    rls::execute(manager, &format!("ALTER INDEX {from} RENAME TO {to}")).await
}

/// Says what a table is, or nothing any more.
///
/// # Errors
/// [`DbErr`] when the server refuses.
pub async fn comment_on_table(
    manager: &SchemaManager<'_>,
    table: &str,
    comment: Option<&str>,
) -> Result<(), DbErr> {
    let comment = comment.map_or_else(|| "NULL".to_owned(), literal);
    let table = identifier(table);
    rls::execute(manager, &format!("COMMENT ON TABLE {table} IS {comment}")).await
}

/// Says what a column is, or nothing any more.
///
/// # Errors
/// [`DbErr`] when the server refuses.
pub async fn comment_on_column(
    manager: &SchemaManager<'_>,
    table: &str,
    column: &str,
    comment: Option<&str>,
) -> Result<(), DbErr> {
    let comment = comment.map_or_else(|| "NULL".to_owned(), literal);
    let (table, column) = (identifier(table), identifier(column));
    let sql = format!("COMMENT ON COLUMN {table}.{column} IS {comment}");
    rls::execute(manager, &sql).await
}

/// Makes a native enum anew with these labels, since a type can't lose one.
///
/// All columns of the type are converted, by their labels; a row with a label that is no longer there fails. Defaults,
/// checks and partial indexes that name the type are made anew with it. The tables are rewritten, and locked meanwhile.
///
/// # Errors
/// [`DbErr`] when the server refuses, or a row has another label.
pub async fn replace_enum(
    manager: &SchemaManager<'_>,
    name: &str,
    labels: &[&str],
) -> Result<(), DbErr> {
    let labels: Vec<String> = labels.iter().map(|label| literal(label)).collect();
    let create = literal(&format!(
        "CREATE TYPE {} AS ENUM ({})",
        identifier(name),
        labels.join(", ")
    ));
    let name = literal(name);
    let sql = REPLACE_ENUM
        .replace("$name", &name)
        .replace("$create", &create);
    rls::execute(manager, &sql).await
}

const REPLACE_ENUM: &str = "DO $$
DECLARE
  old oid := (SELECT oid FROM pg_type WHERE typname = $name AND typnamespace = 'public'::regnamespace);
  part record;
  again text[] := '{}';
BEGIN
  -- What names the type in an expression, so that it has to be dropped and made again.
  FOR part IN
    SELECT DISTINCT format('ALTER TABLE %s DROP CONSTRAINT %I', c.conrelid::regclass, conname) AS gone,
      format('ALTER TABLE %s ADD CONSTRAINT %I %s', c.conrelid::regclass, conname, pg_get_constraintdef(c.oid)) AS made
    FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (conkey)
    WHERE contype = 'c' AND atttypid = old
    UNION ALL
    SELECT DISTINCT format('DROP INDEX %s', i.indexrelid::regclass), pg_get_indexdef(i.indexrelid)
    FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND atttypid = old
    JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
      AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid AND d.refobjsubid = a.attnum
    WHERE indpred IS NOT NULL
    UNION ALL
    SELECT format('ALTER TABLE %s ALTER COLUMN %I DROP DEFAULT', adrelid::regclass, attname),
      format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT %s', adrelid::regclass, attname, pg_get_expr(adbin, adrelid))
    FROM pg_attrdef JOIN pg_attribute a ON a.attrelid = adrelid AND attnum = adnum WHERE atttypid = old
  LOOP
    EXECUTE part.gone;
    again := again || part.made;
  END LOOP;
  EXECUTE format('ALTER TYPE %I RENAME TO %I', $name, 'replaced_' || $name);
  EXECUTE $create;
  FOR part IN
    SELECT attrelid::regclass AS rel, attname FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
    WHERE atttypid = old AND attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'p')
  LOOP
    EXECUTE format('ALTER TABLE %s ALTER COLUMN %I TYPE %I USING %2$I::text::%3$I', part.rel, part.attname, $name);
  END LOOP;
  EXECUTE format('DROP TYPE %I', 'replaced_' || $name);
  FOR part IN SELECT unnest(again) AS made LOOP
    EXECUTE part.made;
  END LOOP;
END $$";
