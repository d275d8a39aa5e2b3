use std::fmt::Write;

use crate::declared::{Declared, ForeignKey, Index, Table};
use crate::{identifier, literal};

impl Declared {
    /// The statements that make this schema in an empty database, as the owner.
    #[must_use]
    pub fn ddl(&self) -> String {
        let mut sql = String::new();
        for extension in &self.extensions {
            let name = identifier(extension);
            let _ = writeln!(sql, "CREATE EXTENSION IF NOT EXISTS {name} SCHEMA public;");
        }
        for enumeration in &self.enums {
            let labels: Vec<String> = enumeration.labels.iter().map(|l| literal(l)).collect();
            let name = identifier(&enumeration.name);
            let _ = writeln!(sql, "CREATE TYPE {name} AS ENUM ({});", labels.join(", "));
        }
        for table in &self.tables {
            create_table(&mut sql, table);
        }
        for table in &self.tables {
            for key in &table.schema.foreign_keys {
                let table = identifier(&table.name);
                let _ = writeln!(sql, "ALTER TABLE {table} ADD {};", foreign_key(key));
            }
            sql.push_str(&table.security);
            sql.push('\n');
            for grant in &table.schema.column_grants {
                let _ = writeln!(
                    sql,
                    "GRANT {} ({}) ON {} TO {};",
                    grant.verb,
                    columns(&grant.columns),
                    identifier(&table.name),
                    identifier(&grant.role)
                );
            }
        }
        sql.push_str("CREATE SCHEMA lookup;\nGRANT USAGE ON SCHEMA lookup TO app_system;\n");
        for lookup in &self.lookups {
            sql.push_str(&lookup.create);
            sql.push('\n');
        }
        sql
    }
}

fn create_table(sql: &mut String, table: &Table) {
    let schema = &table.schema;
    let name = identifier(&table.name);
    let mut parts = Vec::new();
    for column in &table.columns {
        let mut part = format!("{} {}", identifier(&column.name), column.sql_type);
        if !column.nullable {
            part.push_str(" NOT NULL");
        }
        let default = schema.defaults.iter().find(|(of, _)| *of == column.name);
        if let Some((_, default)) = default {
            let _ = write!(part, " DEFAULT {default}");
        }
        parts.push(part);
    }
    let key = identifier(&format!("{}_pkey", table.name));
    parts.push(format!(
        "CONSTRAINT {key} PRIMARY KEY ({})",
        columns(&table.primary_key)
    ));
    for (check, condition) in &schema.checks {
        parts.push(format!(
            "CONSTRAINT {} CHECK ({condition})",
            identifier(check)
        ));
    }
    let _ = writeln!(sql, "CREATE TABLE {name} (\n  {}\n);", parts.join(",\n  "));
    for index in &schema.indexes {
        let _ = writeln!(sql, "{};", create_index(&table.name, index));
    }
    if let Some(comment) = &schema.comment {
        let _ = writeln!(sql, "COMMENT ON TABLE {name} IS {};", literal(comment));
    }
    for (column, comment) in &schema.comments {
        let column = identifier(column);
        let comment = literal(comment);
        let _ = writeln!(sql, "COMMENT ON COLUMN {name}.{column} IS {comment};");
    }
}

fn create_index(table: &str, index: &Index) -> String {
    let unique = if index.unique { "UNIQUE " } else { "" };
    let keys: Vec<String> = index.columns.iter().map(|column| key(column)).collect();
    let mut sql = format!(
        "CREATE {unique}INDEX {} ON {} USING {} ({})",
        identifier(&index.name),
        identifier(table),
        index.method,
        keys.join(", ")
    );
    if !index.include.is_empty() {
        let _ = write!(sql, " INCLUDE ({})", columns(&index.include));
    }
    if index.nulls_not_distinct {
        sql.push_str(" NULLS NOT DISTINCT");
    }
    if !index.with.is_empty() {
        let _ = write!(sql, " WITH ({})", index.with.join(", "));
    }
    if let Some(only) = &index.only {
        let _ = write!(sql, " WHERE {only}");
    }
    sql
}

/// A column, and whatever stands behind it.
fn key(column: &str) -> String {
    match column.split_once(' ') {
        Some((name, rest)) => format!("{} {rest}", identifier(name)),
        None => identifier(column),
    }
}

fn foreign_key(key: &ForeignKey) -> String {
    format!(
        "CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {} ({}) ON DELETE RESTRICT",
        identifier(&key.name),
        columns(&key.columns),
        identifier(&key.table),
        columns(&key.references)
    )
}

fn columns(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| identifier(name)).collect();
    names.join(", ")
}
