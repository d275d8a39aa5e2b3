use schema::declared::Index;

use super::{Change, an_index, change, notes, table};
use crate::schema_of_notes::{More, check, index, optional, within_account, words};

pub(super) const CHANGES: &[Change] = &[
    // Checks
    change("add_a_check", |d| {
        notes(d).schema.checks.push(check("notes_size", "size > 0"))
    }),
    change("change_a_check", |d| {
        notes(d).schema.checks[1] = check("notes_cost", "cost BETWEEN 0 AND 1000000")
    }),
    change("drop_a_check", |d| drop(notes(d).schema.checks.remove(1))),
    Change {
        by_hand: "ALTER TABLE notes ADD CONSTRAINT notes_size CHECK (size > 0) NOT VALID",
        ..change("validate_a_check_that_was_never_looked_at", |d| {
            notes(d).schema.checks.push(check("notes_size", "size > 0"))
        })
    },
    // Keys
    change("add_a_unique_key", |d| {
        an_index(d, index("notes_link_key", &["account_id", "link"]).unique())
    }),
    change("add_a_unique_key_for_nulls_too", |d| {
        let key = index("notes_size_key", &["account_id", "size"]).unique();
        an_index(
            d,
            Index {
                nulls_not_distinct: true,
                ..key
            },
        );
    }),
    change("add_a_unique_key_of_all_accounts", |d| {
        an_index(d, index("notes_id_key", &["id"]).unique())
    }),
    change("drop_a_unique_key", |d| {
        drop(notes(d).schema.indexes.remove(0))
    }),
    change("add_a_foreign_key", |d| {
        notes(d).columns.push(optional("parent_id", "uuid"));
        notes(d)
            .schema
            .foreign_keys
            .push(within_account("notes", "parent_id", "notes"));
    }),
    change("add_a_foreign_key_with_its_index", |d| {
        let tags = table(d, "tags");
        tags.schema
            .indexes
            .push(index("tags_note_idx", &["account_id", "note_id"]));
    }),
    change("drop_a_foreign_key", |d| {
        drop(table(d, "tags").schema.foreign_keys.remove(1))
    }),
    change("change_a_primary_key", |d| {
        table(d, "counters").primary_key = words(&["name", "value"])
    }),
    // Indexes
    change("add_an_index", |d| {
        an_index(d, index("notes_size_idx", &["account_id", "size"]))
    }),
    change("add_an_index_of_some_rows", |d| {
        an_index(
            d,
            index("notes_pinned_idx", &["account_id", "made_at"]).only("pinned"),
        )
    }),
    change("add_an_index_in_descending_order", |d| {
        an_index(
            d,
            index(
                "notes_newest_idx",
                &["account_id", "made_at DESC", "id DESC"],
            ),
        )
    }),
    change("add_an_index_with_nulls_last", |d| {
        an_index(
            d,
            index("notes_linked_idx", &["account_id", "link DESC NULLS LAST"]),
        )
    }),
    change("add_an_index_that_carries_columns", |d| {
        let covering = index("notes_cost_idx", &["account_id", "cost"]);
        an_index(
            d,
            Index {
                include: words(&["title", "size"]),
                ..covering
            },
        );
    }),
    change("add_an_index_of_vectors", |d| {
        let hnsw = index("notes_part_idx", &["part vector_cosine_ops"]);
        an_index(
            d,
            Index {
                method: "hnsw".to_owned(),
                ..hnsw
            },
        );
    }),
    change("add_an_index_of_vectors_with_parameters", |d| {
        let hnsw = index("notes_part_idx", &["part vector_l2_ops"]);
        an_index(
            d,
            Index {
                method: "hnsw".to_owned(),
                with: words(&["m = 8", "ef_construction = 32"]),
                ..hnsw
            },
        );
    }),
    change("change_an_index", |d| {
        notes(d).schema.indexes[1] =
            index("notes_made_at_idx", &["account_id", "made_at DESC", "id"])
    }),
    change("rename_an_index", |d| {
        notes(d).schema.indexes[1].name = "notes_by_age_idx".to_owned()
    }),
    change("drop_an_index", |d| drop(notes(d).schema.indexes.remove(2))),
];
