use std::collections::BTreeMap;

use schema::catalogue::{Column, Constraint, Grant, Index, Table};

use crate::sql;

use super::{Writer, add_policy, alter, call, comment, execute, list, quoted, row_security};

impl Writer<'_> {
    /// A whole table: columns, keys, indexes, policies and rights.
    pub(super) fn create_table(&self, name: &str, table: &Table, order: &[String]) -> Vec<String> {
        let mut parts = vec![format!("Table::create().table({})", quoted(name))];
        let columns = order
            .iter()
            .filter_map(|of| Some((of, table.columns.get(of)?)));
        for (of, column) in columns {
            parts.push(format!(".col({})", self.column(of, column)));
        }
        let mut rest = Vec::new();
        // The primary key first, then foreign keys, then checks.
        let rank = |kind: &str| match kind {
            "p" => 0,
            "f" => 1,
            _ => 2,
        };
        let mut constraints: Vec<(&String, &Constraint)> = table.constraints.iter().collect();
        constraints.sort_by_key(|(_, constraint)| rank(&constraint.kind));
        for (of, constraint) in constraints {
            match (constraint.kind.as_str(), &constraint.condition) {
                ("p", _) => parts.push(format!(".primary_key({})", primary_key(of, constraint))),
                ("c", Some(condition)) => parts.push(format!(
                    ".check(({}, Expr::cust({})))",
                    quoted(of),
                    quoted(condition)
                )),
                ("f", _) => match foreign_key(name, of, constraint) {
                    Some(key) => parts.push(format!(".foreign_key(&mut {key})")),
                    None => rest.push(raw_constraint(name, of, constraint)),
                },
                _ => rest.push(raw_constraint(name, of, constraint)),
            }
        }
        parts.push(".take()".to_owned());
        let mut code = vec![format!(
            "manager.create_table({}).await?;",
            parts.join("\n")
        )];
        code.extend(rest);
        for (of, index) in &table.indexes {
            code.push(self.add_index(name, of, index, false));
        }
        code.extend(protection(name, table));
        if table.comment.is_some() {
            code.push(comment(&[name], table.comment.as_deref()));
        }
        for (of, column) in &table.columns {
            if column.comment.is_some() {
                code.push(comment(&[name, of], column.comment.as_deref()));
            }
        }
        code
    }

    pub(super) fn add_column(
        &self,
        table: &str,
        name: &str,
        column: &Column,
        backfill: Option<&str>,
    ) -> Vec<String> {
        let filled = Column {
            default: backfill
                .map(str::to_owned)
                .or_else(|| column.default.clone()),
            ..column.clone()
        };
        let add = format!("add_column({})", self.column(name, &filled));
        let mut code = vec![alter(table, &add)];
        if backfill.is_some() && column.default.is_none() {
            code.push(call("change::drop_default", &[quoted(table), quoted(name)]));
        }
        if column.comment.is_some() {
            code.push(comment(&[table, name], column.comment.as_deref()));
        }
        code
    }

    /// `online` looks at the rows without locking the table.
    pub(super) fn add_constraint(
        &self,
        table: &str,
        name: &str,
        constraint: &Constraint,
        online: bool,
    ) -> String {
        match (constraint.kind.as_str(), &constraint.condition) {
            ("c", Some(condition)) => {
                let function = if online {
                    "online::add_check"
                } else {
                    "change::add_check"
                };
                call(function, &[quoted(table), quoted(name), quoted(condition)])
            }
            ("f", _) => match foreign_key(table, name, constraint) {
                Some(key) if online => call("online::add_foreign_key", &[key]),
                Some(key) => format!("manager.create_foreign_key({key}).await?;"),
                None => raw_constraint(table, name, constraint),
            },
            _ => raw_constraint(table, name, constraint),
        }
    }

    /// `online` makes it without locking the table.
    pub(super) fn add_index(&self, table: &str, name: &str, index: &Index, online: bool) -> String {
        let is_unusual = |key: &schema::catalogue::IndexKey| {
            key.nulls_first != key.descending || key.column.contains('(')
        };
        if !index.options.is_empty() || index.keys.iter().any(is_unusual) {
            // sea-query has no word for parameters, nor for where nulls stand.
            return if online {
                call(
                    "online::create_index_as",
                    &[quoted(name), quoted(&index.definition)],
                )
            } else {
                execute(&index.definition)
            };
        }
        let mut code = format!(
            "Index::create().name({}).table({})",
            quoted(name),
            quoted(table)
        );
        if index.method != "btree" {
            let method = quoted(&index.method);
            code.push_str(&format!(".index_type(IndexType::Custom({method}.into()))"));
        }
        for key in &index.keys {
            let column = quoted(&key.column);
            let key = match (&key.operator_class, key.descending) {
                (None, false) => column,
                (None, true) => format!("({column}, IndexOrder::Desc)"),
                (Some(class), false) => {
                    format!(
                        "{column}.into_index_column().with_operator_class({})",
                        quoted(class)
                    )
                }
                (Some(class), true) => format!(
                    "({column}, IndexOrder::Desc).into_index_column().with_operator_class({})",
                    quoted(class)
                ),
            };
            code.push_str(&format!("\n.col({key})"));
        }
        for column in &index.include {
            code.push_str(&format!("\n.include({})", quoted(column)));
        }
        if index.unique {
            code.push_str(".unique()");
        }
        if index.nulls_not_distinct {
            code.push_str(".nulls_not_distinct()");
        }
        if let Some(predicate) = &index.predicate {
            code.push_str(&format!(".and_where(Expr::cust({}))", quoted(predicate)));
        }
        code.push_str(".take()");
        if online {
            call("online::create_index", &[code])
        } else {
            format!("manager.create_index({code}).await?;")
        }
    }

    fn column(&self, name: &str, column: &Column) -> String {
        let Column {
            sql_type, default, ..
        } = column;
        let is_plain =
            column.identity.is_empty() && column.generated.is_empty() && column.collation.is_none();
        if is_plain && default.is_none() && column.not_null {
            match (name, sql_type.as_str()) {
                ("account_id", "uuid") => return "column::account()".to_owned(),
                ("id", "uuid") => return "column::id()".to_owned(),
                (_, "text") => return format!("column::text({})", quoted(name)),
                (_, "bigint") => return format!("column::amount({})", quoted(name)),
                (_, "timestamp with time zone") => {
                    return format!("column::instant({})", quoted(name));
                }
                (_, of) if self.enums.contains(of) => {
                    return format!("column::enumerated({}, {})", quoted(name), quoted(of));
                }
                _ => {}
            }
        }
        let mut code = format!("ColumnDef::new({})", quoted(name));
        match &column.collation {
            Some(collation) => code.push_str(&format!(
                ".custom({})",
                quoted(&format!("{sql_type} COLLATE {collation}"))
            )),
            None => code.push_str(&kind(sql_type)),
        }
        if column.not_null {
            code.push_str(".not_null()");
        }
        match (column.identity.as_str(), column.generated.as_str(), default) {
            ("a", ..) => code.push_str(".extra(\"GENERATED ALWAYS AS IDENTITY\")"),
            ("d", ..) => code.push_str(".extra(\"GENERATED BY DEFAULT AS IDENTITY\")"),
            (_, "", Some(default)) => {
                code.push_str(&format!(".default(Expr::cust({}))", quoted(default)))
            }
            (_, stored, Some(value)) => code.push_str(&format!(
                ".generated(Expr::cust({}), {})",
                quoted(value),
                stored == "s"
            )),
            _ => {}
        }
        code
    }
}

pub(super) fn change_type(
    table: &str,
    name: &str,
    (from, to): (&Column, &Column),
    by_text: bool,
) -> String {
    if to.collation.is_some() || from.collation.is_some() {
        return execute(&sql::change_type(table, name, (from, to), by_text));
    }
    let cast = sql::cast(name, from, to, by_text);
    let using = cast.map(|cast| format!(".using(Expr::cust({}))", quoted(&cast)));
    let (kind, using) = (kind(&to.sql_type), using.unwrap_or_default());
    let change = format!(
        "modify_column(ColumnDef::new({}){kind}{using})",
        quoted(name)
    );
    alter(table, &change)
}

/// sea-query's word for a type.
fn kind(sql_type: &str) -> String {
    let (name, length) = match sql_type.split_once('(') {
        Some((name, rest)) => (name, rest.trim_end_matches(')')),
        None => (sql_type, ""),
    };
    match (name, length) {
        ("uuid", _) => ".uuid()".to_owned(),
        ("text", _) => ".text()".to_owned(),
        ("smallint", _) => ".small_integer()".to_owned(),
        ("integer", _) => ".integer()".to_owned(),
        ("bigint", _) => ".big_integer()".to_owned(),
        ("boolean", _) => ".boolean()".to_owned(),
        ("jsonb", _) => ".json_binary()".to_owned(),
        ("bytea", _) => ".binary()".to_owned(),
        ("date", _) => ".date()".to_owned(),
        ("timestamp with time zone", "") => ".timestamp_with_time_zone()".to_owned(),
        ("character varying", "") => ".string()".to_owned(),
        ("character varying", length) => format!(".string_len({length})"),
        ("numeric", "") => ".decimal()".to_owned(),
        ("numeric", length) => format!(".decimal_len({})", length.replace(',', ", ")),
        _ => format!(".custom({})", quoted(sql_type)),
    }
}

fn primary_key(name: &str, key: &Constraint) -> String {
    match key.columns.as_slice() {
        [account] if account == "account_id" => format!("&mut column::key({}, None)", quoted(name)),
        [account, of] if account == "account_id" => {
            format!("&mut column::key({}, Some({}))", quoted(name), quoted(of))
        }
        columns => {
            let columns: String = columns
                .iter()
                .map(|of| format!(".col({})", quoted(of)))
                .collect();
            format!("Index::create().name({}){columns}", quoted(name))
        }
    }
}

/// sea-query's words for a foreign key, if it has some.
fn foreign_key(table: &str, name: &str, key: &Constraint) -> Option<String> {
    let (to, references) = key.references.as_ref()?;
    let unusual = [
        "DEFERRABLE",
        "ON UPDATE",
        "MATCH",
        "NOT VALID",
        "NOT ENFORCED",
    ];
    if unusual.iter().any(|word| key.definition.contains(word)) {
        return None;
    }
    let columns: Vec<&str> = key.columns.iter().map(String::as_str).collect();
    let there: Vec<&str> = references.iter().map(String::as_str).collect();
    let (table, name) = (quoted(table), quoted(name));
    match (
        columns.as_slice(),
        to.as_str(),
        there.as_slice(),
        key.on_delete.as_str(),
    ) {
        (["account_id"], "accounts", ["id"], "r") => {
            return Some(format!("column::of_account({table}, {name})"));
        }
        (["account_id", column], to, ["account_id", "id"], "r") => {
            let (column, to) = (quoted(column), quoted(to));
            return Some(format!(
                "column::within_account({table}, {name}, {column}, {to})"
            ));
        }
        _ => {}
    }
    let action = match key.on_delete.as_str() {
        "r" => "Restrict",
        "c" => "Cascade",
        "n" => "SetNull",
        "d" => "SetDefault",
        _ => "NoAction",
    };
    let from: String = columns
        .iter()
        .map(|of| format!(".from_col({})", quoted(of)))
        .collect();
    let there: String = there
        .iter()
        .map(|of| format!(".to_col({})", quoted(of)))
        .collect();
    Some(format!(
        "ForeignKey::create().name({name}).from_tbl({table}){from}.to_tbl({}){there}.on_delete(ForeignKeyAction::{action}).take()",
        quoted(to)
    ))
}

pub(super) fn raw_constraint(table: &str, name: &str, constraint: &Constraint) -> String {
    let add = format!("ADD {}", sql::constraint_sql(name, constraint));
    execute(&sql::alter(table, &add))
}

/// Policies and rights of a whole table.
fn protection(name: &str, table: &Table) -> Vec<String> {
    let mut code = Vec::new();
    let mut rights: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for Grant {
        role,
        right,
        column,
        ..
    } in &table.grants
    {
        let right = right.to_lowercase();
        let right = match column {
            Some(column) => format!("{right} ({column})"),
            None => right,
        };
        rights.entry(role).or_default().push(right);
    }
    let tenant = (table.policies.get("tenant_permit"))
        .and_then(|policy| policy.using.as_deref())
        .and_then(|using| using.strip_prefix('(')?.split(' ').next());
    if let (Some(tenant), true, true) = (tenant, table.row_security, table.forced) {
        let mut verbs = |role: &str| {
            let of = rights.remove(role).unwrap_or_default();
            let (whole, columns): (Vec<_>, Vec<_>) =
                of.into_iter().partition(|right| !right.contains('('));
            if !columns.is_empty() {
                rights.insert(if role == "app" { "app" } else { "app_system" }, columns);
            }
            let order = ["select", "insert", "update", "delete"];
            let whole: Vec<String> = (order.iter())
                .filter(|verb| whole.iter().any(|of| of == *verb))
                .map(|verb| (*verb).to_owned())
                .collect();
            list(&whole)
        };
        let (app, system) = (verbs("app"), verbs("app_system"));
        rights.remove("app_backup");
        code.push(format!(
            "rls::protect(manager, TenantTable {{ name: {}, tenant: {}, app: {app}, system: {system} }}).await?;",
            quoted(name),
            quoted(tenant)
        ));
        let standard = [
            "tenant_permit",
            "tenant_restrict",
            "owner_migrates",
            "backup_reads",
        ];
        for (of, policy) in &table.policies {
            if !standard.contains(&of.as_str()) {
                code.push(add_policy(name, of, policy));
            }
        }
    } else {
        if table.row_security || table.forced {
            code.push(row_security(name, (table.row_security, table.forced)));
        }
        for (of, policy) in &table.policies {
            code.push(add_policy(name, of, policy));
        }
    }
    for (role, rights) in rights {
        code.push(call(
            "rls::grant",
            &[quoted(name), quoted(role), list(&rights)],
        ));
    }
    code
}
