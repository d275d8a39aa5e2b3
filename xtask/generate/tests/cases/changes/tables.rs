use entity_guard::policy;
use schema::declared::{ColumnGrant, Table, TableSchema};

use super::{Change, change, table};
use crate::schema_of_notes::{
    More, check, enumeration, index, of_account, optional, pair, required, tenant_table,
    unscoped_table, within_account, words,
};

pub(super) const CHANGES: &[Change] = &[
    // Tables
    change("add_a_table_of_accounts", |d| {
        let schema = TableSchema {
            foreign_keys: vec![
                of_account("links"),
                within_account("links", "note_id", "notes"),
            ],
            checks: vec![check(
                "links_url",
                "url ~ '^https://' AND char_length(url) BETWEEN 9 AND 2000 AND url NOT LIKE '% %'",
            )],
            indexes: vec![
                index("links_url_key", &["account_id", "url"]).unique(),
                index("links_note_idx", &["account_id", "note_id"]),
            ],
            defaults: vec![pair("clicks", "0")],
            comment: Some("Where a note \"points\" to.".to_owned()),
            comments: vec![pair("url", "It's absolute.")],
            column_grants: vec![ColumnGrant {
                role: "app_system".to_owned(),
                verb: "update".to_owned(),
                columns: words(&["url"]),
            }],
            ..TableSchema::default()
        };
        let columns = [
            required("account_id", "uuid"),
            required("id", "uuid"),
            required("note_id", "uuid"),
            required("url", "text"),
            required("clicks", "bigint"),
            optional("mood", "mood"),
            optional("more", "jsonb"),
            optional("seen_at", "timestamp with time zone"),
            required("hash", "bytea"),
            required("active", "boolean"),
            required("position", "integer"),
            optional("share", "numeric(5,2)"),
        ];
        let mut links = tenant_table(
            "links",
            "account_id",
            columns,
            &["account_id", "id"],
            schema,
        );
        links.system = words(&["select"]);
        links.security = policy::protect("links", "account_id", &["select", "insert"], &["select"]);
        d.tables.push(links);
    }),
    change("add_a_table_without_accounts", |d| {
        let mut events = unscoped_table(
            "events",
            [
                required("id", "uuid"),
                required("kind", "text"),
                required("at", "timestamp with time zone"),
            ],
            &["id"],
        );
        events.schema.defaults.push(pair("at", "now()"));
        events.schema.indexes.push(index("events_at_idx", &["at"]));
        d.tables.push(events);
    }),
    change("add_two_tables_that_refer_to_each_other_in_order", |d| {
        let columns = || {
            [
                required("account_id", "uuid"),
                required("id", "uuid"),
                optional("folder_id", "uuid"),
            ]
        };
        let of = |name: &str| TableSchema {
            foreign_keys: vec![
                of_account(name),
                within_account(name, "folder_id", "folders"),
            ],
            ..TableSchema::default()
        };
        d.tables.push(tenant_table(
            "drawers",
            "account_id",
            columns(),
            &["account_id", "id"],
            of("drawers"),
        ));
        d.tables.push(tenant_table(
            "folders",
            "account_id",
            columns(),
            &["account_id", "id"],
            of("folders"),
        ));
    }),
    change("add_a_table_with_an_enum_of_its_own", |d| {
        d.enums.push(enumeration("colour", &["red", "green"]));
        let columns = [required("account_id", "uuid"), required("colour", "colour")];
        let schema = TableSchema {
            foreign_keys: vec![of_account("themes")],
            ..TableSchema::default()
        };
        d.tables.push(tenant_table(
            "themes",
            "account_id",
            columns,
            &["account_id"],
            schema,
        ));
    }),
    Change {
        loses_on_the_way_back: true,
        ..change("drop_a_table", |d| {
            d.tables.retain(|table| table.name != "tags")
        })
    },
    Change {
        renames: &["tags=words"],
        ..change("rename_a_table", |d| {
            let tags = table(d, "tags");
            tags.name = "words".to_owned();
            tags.security = policy::protect(
                "words",
                "account_id",
                &["select", "insert", "update"],
                &["select", "insert", "update"],
            );
            tags.schema.foreign_keys = vec![
                of_account("words"),
                within_account("words", "note_id", "notes"),
            ];
        })
    },
    change("rename_a_table_by_its_declaration", |d| {
        let counters = table(d, "counters");
        *counters = Table {
            schema: TableSchema {
                renamed_from: Some("counters".to_owned()),
                ..TableSchema::default()
            },
            ..unscoped_table(
                "tallies",
                [required("name", "text"), required("value", "bigint")],
                &["name"],
            )
        };
    }),
];
