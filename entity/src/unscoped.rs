//! The tables that hold no account's rows. No entity describes them: applications don't read or change them as rows.

use entity_declaration::{Check, Column, TableSchema, UnscopedTable};

/// The tables that hold no account's rows.
pub(crate) const TABLES: &[UnscopedTable] = &[
    MIGRATIONS,
    CHECKSUMS,
    SCHEMA_VERSION,
    SYSTEM_USES,
    STRIPE_ACCOUNT_LINKS,
    UNROUTED_STRIPE_EVENTS,
];

/// Which migrations were applied; made and written by the migration program.
const MIGRATIONS: UnscopedTable = UnscopedTable {
    name: "seaql_migrations",
    columns: &[
        Column::required("version", "character varying"),
        Column::required("applied_at", "bigint"),
    ],
    primary_key: &["version"],
    app: &["select"],
    system: &["select"],
    schema: TableSchema::DEFAULT,
};

/// What the files of applied migrations were like, and whether they are in production; made and written by the migration
/// program, and nobody else's to see.
const CHECKSUMS: UnscopedTable = UnscopedTable {
    name: "migration_checksums",
    columns: &[
        Column::required("version", "text"),
        Column::required("checksum", "text"),
        Column::required("production", "boolean"),
        Column::required("recorded_at", "timestamp with time zone"),
    ],
    primary_key: &["version"],
    app: &[],
    system: &[],
    schema: TableSchema {
        defaults: &[("recorded_at", "now()")],
        ..TableSchema::DEFAULT
    },
};

/// The version of the schema that applications compare theirs with: one row.
const SCHEMA_VERSION: UnscopedTable = UnscopedTable {
    name: "schema_version",
    columns: &[
        Column::required("only", "boolean"),
        Column::required("min_app_version", "integer"),
    ],
    primary_key: &["only"],
    app: &["select"],
    system: &["select"],
    schema: TableSchema {
        checks: &[Check("schema_version_one_row", "\"only\"")],
        defaults: &[("only", "true")],
        ..TableSchema::DEFAULT
    },
};

/// One row for each use of the system scope: a diary, added to and never read back or changed by the system's login.
const SYSTEM_USES: UnscopedTable = UnscopedTable {
    name: "system_uses",
    columns: &[
        Column::required("id", "uuid"),
        Column::required("actor", "text"),
        Column::required("reason", "text"),
        Column::required("function", "text"),
        Column::required("used_at", "timestamp with time zone"),
    ],
    primary_key: &["id"],
    app: &[],
    system: &["insert"],
    schema: TableSchema {
        checks: &[
            Check("system_uses_actor", "char_length(actor) BETWEEN 1 AND 200"),
            Check(
                "system_uses_reason",
                "char_length(reason) BETWEEN 1 AND 1000",
            ),
        ],
        defaults: &[("used_at", "now()")],
        ..TableSchema::DEFAULT
    },
};

/// Which account a connected account of Stripe belongs to: the system's own map, unique over all accounts.
const STRIPE_ACCOUNT_LINKS: UnscopedTable = UnscopedTable {
    name: "stripe_account_links",
    columns: &[
        Column::required("connected_account", "text"),
        Column::required("account", "uuid"),
        Column::required("linked_at", "timestamp with time zone"),
    ],
    primary_key: &["connected_account"],
    app: &[],
    system: &["select", "insert", "delete"],
    schema: TableSchema {
        defaults: &[("linked_at", "now()")],
        ..TableSchema::DEFAULT
    },
};

/// Events of Stripe for which no account is known: the system's alone.
const UNROUTED_STRIPE_EVENTS: UnscopedTable = UnscopedTable {
    name: "unrouted_stripe_events",
    columns: &[
        Column::required("event", "text"),
        Column::required("payload", "jsonb"),
        Column::required("why", "text"),
        Column::required("received_at", "timestamp with time zone"),
    ],
    primary_key: &["event"],
    app: &[],
    system: &["select", "insert", "delete"],
    schema: TableSchema {
        defaults: &[("received_at", "now()")],
        ..TableSchema::DEFAULT
    },
};
