use entity_guard::policy;
use schema::declared::{ColumnGrant, Index};

use super::{Change, change, column, labels, notes, remove, verbs};
use crate::schema_of_notes::{More, check, enumeration, index, lookup, optional, pair, words};

pub(super) const CHANGES: &[Change] = &[
    // Enums
    change("add_a_label", |d| {
        labels(d, "mood").push("bored".to_owned())
    }),
    change("add_labels_in_the_middle", |d| {
        *labels(d, "mood") = words(&["numb", "calm", "glad", "happy", "sad"])
    }),
    change("add_a_label_and_use_it", |d| {
        labels(d, "mood").push("bored".to_owned());
        notes(d).schema.defaults[1] = pair("mood", "'bored'");
        notes(d)
            .schema
            .checks
            .push(check("notes_bored", "mood <> 'bored' OR size < 100"));
    }),
    Change {
        renames: &["mood.glad=happy"],
        changes: &["notes.mood"],
        ..change("rename_a_label", |d| {
            *labels(d, "mood") = words(&["calm", "happy", "sad"]);
            notes(d).schema.indexes[2] =
                index("notes_glad_idx", &["account_id", "id"]).only("mood = 'happy'");
        })
    },
    Change {
        changes: &["notes.shape"],
        ..change("rename_a_label_by_its_declaration", |d| {
            *labels(d, "shape") = words(&["circular", "square"]);
            d.renamed_labels.push(pair("shape.round", "shape.circular"));
        })
    },
    change("remove_a_label", |d| {
        *labels(d, "mood") = words(&["calm", "glad"]);
        notes(d)
            .schema
            .checks
            .retain(|(name, _)| name != "notes_sad");
    }),
    change("remove_a_label_of_a_type_that_a_check_names", |d| {
        *labels(d, "shape") = words(&["round"])
    }),
    change("bring_labels_into_another_order", |d| {
        *labels(d, "mood") = words(&["sad", "glad", "calm"])
    }),
    change("add_a_column_of_a_new_enum", |d| {
        d.enums.push(enumeration("colour", &["red", "green"]));
        notes(d).columns.push(optional("colour", "colour"));
    }),
    change("drop_an_enum_with_its_column", |d| {
        d.enums.retain(|e| e.name != "shape");
        remove(d, "shape");
    }),
    // Comments
    change("say_what_a_column_is", |d| {
        notes(d)
            .schema
            .comments
            .push(pair("link", "Where it came from; it's \"optional\"."))
    }),
    change("say_nothing_any_more", |d| {
        notes(d).schema.comment = None;
        notes(d).schema.comments.clear();
    }),
    // Rights and policies
    change("grant_a_verb", |d| {
        verbs(d, &["select", "insert", "update", "delete"])
    }),
    change("take_a_verb", |d| verbs(d, &["select", "insert"])),
    change("grant_single_columns", |d| {
        verbs(d, &["select", "insert"]);
        let grant = ColumnGrant {
            role: "app".to_owned(),
            verb: "update".to_owned(),
            columns: words(&["title", "body"]),
        };
        notes(d).schema.column_grants.push(grant);
    }),
    Change {
        by_hand: "CREATE POLICY loose ON notes FOR SELECT TO app USING (true); GRANT SELECT ON notes TO PUBLIC",
        ..change("take_back_what_was_opened_by_hand", |_| {})
    },
    Change {
        by_hand: "ALTER TABLE notes NO FORCE ROW LEVEL SECURITY; DROP POLICY tenant_restrict ON notes; \
                  ALTER POLICY tenant_permit ON notes USING (true)",
        ..change("close_what_was_opened_by_hand", |_| {})
    },
    change("make_policies_by_another_column", |d| {
        notes(d).security = policy::protect(
            "notes",
            "id",
            &["select", "insert", "update"],
            &["select", "insert", "update"],
        );
    }),
    // Lookups
    change("add_a_lookup", |d| {
        let body = "SELECT account_id FROM public.notes WHERE link = wanted";
        d.lookups.push(lookup(
            "accounts_linking",
            "wanted text",
            body,
            "notes",
            &["account_id", "link"],
        ));
    }),
    change("change_a_lookup", |d| {
        let body = "SELECT id FROM public.accounts WHERE name = wanted ORDER BY id LIMIT 10";
        d.lookups[0] = lookup(
            "accounts_named",
            "wanted text",
            body,
            "accounts",
            &["id", "name"],
        );
    }),
    change("drop_a_lookup", |d| d.lookups.clear()),
    // Extensions
    Change {
        needs: Some("pg_trgm"),
        ..change("add_an_extension_with_an_index_that_needs_it", |d| {
            d.extensions.push("pg_trgm".to_owned());
            notes(d).schema.indexes.push(Index {
                method: "gin".to_owned(),
                ..index("notes_title_words_idx", &["title gin_trgm_ops"])
            });
        })
    },
    Change {
        needs: Some("citext"),
        by_hand: "CREATE EXTENSION citext SCHEMA public; ALTER TABLE notes ALTER COLUMN link TYPE citext",
        ..change("drop_an_extension_that_a_column_needed", |_| {})
    },
    Change {
        needs: Some("pg_trgm"),
        by_hand: "CREATE EXTENSION pg_trgm SCHEMA public; \
                  CREATE INDEX notes_title_words_idx ON notes USING gin (title gin_trgm_ops)",
        ..change("drop_an_extension_with_its_index", |_| {})
    },
    Change {
        by_hand: "ALTER TABLE tags DROP CONSTRAINT tags_note_id_fkey",
        ..change("add_a_foreign_key_to_rows_that_are_there", |_| {})
    },
    // Types with defaults
    Change {
        changes: &["notes.pinned"],
        ..change("make_a_flag_a_number_with_its_default", |d| {
            column(d, "pinned").sql_type = "integer".to_owned();
            notes(d).schema.defaults[0] = pair("pinned", "0");
        })
    },
    Change {
        changes: &["notes.mood"],
        ..change("make_an_enum_a_text_with_its_default", |d| {
            column(d, "mood").sql_type = "text".to_owned();
        })
    },
    change("make_an_enum_another_one", |d| {
        d.enums
            .push(enumeration("temper", &["sad", "calm", "glad", "wild"]));
        column(d, "mood").sql_type = "temper".to_owned();
    }),
];
