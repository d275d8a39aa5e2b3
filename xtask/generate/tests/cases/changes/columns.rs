use super::{Change, an_index, change, column, notes, remove};
use crate::schema_of_notes::{More, check, index, optional, pair, required};

pub(super) const CHANGES: &[Change] = &[
    // Columns
    change("add_a_column", |d| {
        notes(d).columns.push(optional("source", "text"))
    }),
    change("add_a_column_with_a_default", |d| {
        notes(d).columns.push(required("stars", "integer"));
        notes(d).schema.defaults.push(pair("stars", "0"));
    }),
    Change {
        backfills: &[("notes.language", "'en'")],
        ..change("add_a_column_that_rows_need", |d| {
            notes(d).columns.push(required("language", "text"))
        })
    },
    change("add_a_column_with_a_check_and_an_index", |d| {
        notes(d).columns.push(optional("stars", "integer"));
        notes(d)
            .schema
            .checks
            .push(check("notes_stars", "stars BETWEEN 1 AND 5"));
        an_index(d, index("notes_stars_idx", &["account_id", "stars"]));
    }),
    Change {
        dropped: &["notes.link"],
        ..change("drop_a_column", |d| remove(d, "link"))
    },
    change("drop_a_column_that_was_never_null", |d| remove(d, "size")),
    Change {
        by_hand: "DELETE FROM tags; DELETE FROM notes",
        ..change("drop_a_column_with_its_check_and_its_index", |d| {
            remove(d, "title");
            notes(d)
                .schema
                .checks
                .retain(|(name, _)| name != "notes_title");
            notes(d)
                .schema
                .indexes
                .retain(|index| index.name != "notes_title_key");
            notes(d).schema.comments.clear();
        })
    },
    Change {
        dropped: &["notes.link"],
        ..change("drop_one_column_and_add_another", |d| {
            remove(d, "link");
            notes(d).columns.push(optional("url", "text"));
        })
    },
    Change {
        renames: &["notes.link=url"],
        ..change("rename_a_column", |d| {
            column(d, "link").name = "url".to_owned()
        })
    },
    change("rename_a_column_that_checks_and_indexes_name", |d| {
        column(d, "title").name = "heading".to_owned();
        let notes = notes(d);
        notes.schema.renamed_columns.push(pair("title", "heading"));
        notes.schema.checks[0] = check("notes_heading", "char_length(heading) BETWEEN 1 AND 200");
        notes.schema.indexes[0] = index("notes_heading_key", &["account_id", "heading"]).unique();
        notes.schema.comments = vec![pair("heading", "A few words.")];
    }),
    change("make_a_column_wider", |d| {
        column(d, "size").sql_type = "bigint".to_owned()
    }),
    change("make_a_text_of_a_limited_one", |d| {
        column(d, "code").sql_type = "text".to_owned()
    }),
    change("make_a_text_an_id", |d| {
        column(d, "link").sql_type = "uuid".to_owned()
    }),
    Change {
        changes: &["notes.cost"],
        ..change("make_a_number_exact", |d| {
            column(d, "cost").sql_type = "numeric(20,2)".to_owned()
        })
    },
    Change {
        by_hand: "UPDATE notes SET part = NULL",
        ..change("give_vectors_another_dimension", |d| {
            column(d, "part").sql_type = "vector(4)".to_owned()
        })
    },
    // Nulls and defaults
    Change {
        by_hand: "UPDATE notes SET link = '' WHERE link IS NULL",
        ..change("require_a_column", |d| column(d, "link").nullable = false)
    },
    Change {
        backfills: &[("notes.body", "'nothing'")],
        changes: &["notes.body"],
        ..change("require_a_column_and_fill_it", |d| {
            column(d, "body").nullable = false
        })
    },
    change("release_a_column", |d| column(d, "size").nullable = true),
    change("give_a_default", |d| {
        notes(d).schema.defaults.push(pair("size", "1"))
    }),
    change("change_a_default", |d| {
        notes(d).schema.defaults[0] = pair("pinned", "true")
    }),
    change("take_a_default_away", |d| {
        drop(notes(d).schema.defaults.remove(0))
    }),
];
