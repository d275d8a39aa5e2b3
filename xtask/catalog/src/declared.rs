//! All that the entities say of the schema, in the words of the crate `schema`.

use entity::{declared, schema};
use entity_declaration::{Lookup, UnscopedTable};
use entity_guard::{ColumnDef, policy};
use serde_json::{Value, json};

pub(crate) fn json() -> anyhow::Result<Value> {
    let tenants = declared::tenant_tables();
    for table in schema::TABLES {
        anyhow::ensure!(
            tenants.iter().any(|tenant| tenant.table.name == table.name),
            "entity/src/declared.rs doesn't list the table {name}: write `{name}::…` into `tenant_tables`, and a `SCHEMA` \
             into entity/src/{name}.rs",
            name = table.name,
        );
    }
    let unscoped = declared::unscoped_tables();
    for name in schema::UNSCOPED {
        anyhow::ensure!(
            unscoped.iter().any(|table| table.name == *name),
            "entity/src/unscoped.rs doesn't declare the table {name}: add it to `TABLES` there",
        );
    }
    let tenants = tenants.iter().map(tenant_table);
    let tables: Vec<Value> = tenants.chain(unscoped.iter().map(unscoped_table)).collect();
    Ok(json!({
        "extensions": declared::EXTENSIONS,
        "enums": declared::enums(),
        "tables": tables,
        "lookups": declared::lookups().iter().map(lookup).collect::<Vec<_>>(),
        "renamed_labels": declared::RENAMED_LABELS,
    }))
}

fn tenant_table(tenant: &declared::TenantTable) -> Value {
    let table = tenant.table;
    // The account is no column of the rows that callers see, except where it is the key itself.
    let seen = table.columns.iter().any(|def| def.name == table.tenant);
    let account = (!seen).then_some(ColumnDef {
        name: table.tenant,
        sql_type: "uuid",
        nullable: false,
    });
    let columns = account.iter().chain(table.columns);
    json!({
        "name": table.name,
        "tenant": table.tenant,
        "columns": columns.map(|def| column(def.name, def.sql_type, def.nullable)).collect::<Vec<_>>(),
        "primary_key": tenant.primary_key,
        "app": table.app,
        "system": table.system,
        "security": policy::protect(table.name, table.tenant, table.app, table.system),
        "schema": tenant.schema,
    })
}

fn unscoped_table(table: &UnscopedTable) -> Value {
    let name = table.name;
    let mut grants = format!("GRANT SELECT ON {name} TO {};", policy::BACKUP);
    for (role, verbs) in [(policy::APP, table.app), (policy::SYSTEM, table.system)] {
        if !verbs.is_empty() {
            grants.push_str(&format!("GRANT {} ON {name} TO {role};", verbs.join(", ")));
        }
    }
    let columns = table.columns.iter();
    json!({
        "name": name,
        "tenant": null,
        "columns": columns.map(|def| column(def.name, def.sql_type, def.nullable)).collect::<Vec<_>>(),
        "primary_key": table.primary_key,
        "app": table.app,
        "system": table.system,
        "security": grants,
        "schema": table.schema,
    })
}

fn lookup(lookup: &Lookup) -> Value {
    let Lookup {
        name,
        arguments,
        returns,
        body,
        reads,
    } = lookup;
    let mut create = String::new();
    for (table, columns) in *reads {
        create.push_str(&policy::lookup_sees(table, columns));
        create.push_str(";\n");
    }
    create.push_str(&policy::lookup_function(name, arguments, returns, body));
    create.push_str(";\n");
    json!({
        "name": name, "arguments": arguments, "returns": returns, "body": body, "reads": reads, "create": create,
    })
}

fn column(name: &str, sql_type: &str, nullable: bool) -> Value {
    json!({ "name": name, "sql_type": sql_type, "nullable": nullable })
}
