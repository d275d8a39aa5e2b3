//! Migrations without a transaction that stopped halfway: running them again repairs what they left.

use std::thread;
use std::time::Duration;

use dev_server::Login;
use schema::{Catalogue, Scratch};
use sea_orm_migration::sea_orm::{ConnectionTrait, TransactionTrait};

use crate::changes::all;
use crate::schema_of_notes::Base;
use crate::walk::{Walk, compiled, is};

/// A change that rows are in the way of.
struct CutOff {
    change: &'static str,
    /// What is in the way.
    rows: &'static str,
    /// What the server says of it.
    says: &'static str,
    /// Takes it away.
    mend: &'static str,
    left: fn(&Catalogue) -> bool,
}

const CUT_OFF: &[CutOff] = &[
    CutOff {
        change: "add_a_unique_key",
        rows: "UPDATE notes SET link = 'same' WHERE size IN (1, 2)",
        says: "could not create unique index",
        mend: "UPDATE notes SET link = NULL WHERE link = 'same'",
        left: |found| !found.tables["notes"].indexes["notes_link_key"].valid,
    },
    CutOff {
        change: "add_a_check",
        rows: "UPDATE notes SET size = -size WHERE size = 1",
        says: "is violated by some row",
        mend: "UPDATE notes SET size = -size WHERE size < 0",
        left: |found| !found.tables["notes"].constraints["notes_size"].valid,
    },
    CutOff {
        change: "require_a_column",
        rows: "UPDATE notes SET link = NULL WHERE size = 1",
        says: "is violated by some row",
        mend: "UPDATE notes SET link = 'here' WHERE link IS NULL",
        left: |found| !found.tables["notes"].constraints["notes_link_required"].valid,
    },
    CutOff {
        change: "add_a_foreign_key_to_rows_that_are_there",
        rows: "INSERT INTO tags SELECT account_id, gen_random_uuid(), gen_random_uuid(), 'lost' FROM tags LIMIT 1",
        says: "violates foreign key constraint",
        mend: "DELETE FROM tags WHERE word = 'lost'",
        left: |found| !found.tables["tags"].constraints["tags_note_id_fkey"].valid,
    },
];

#[test]
fn what_rows_were_in_the_way_of_is_repaired_by_running_it_again() {
    let base = Base::new();
    for cut_off in CUT_OFF {
        let name = cut_off.change;
        let walk = Walk::of(&base, change(name));
        let migrations = compiled(&walk.files()).unwrap();
        walk.scratch.sql(cut_off.rows).unwrap();
        let said = walk.run(&migrations, true).expect_err(name);
        assert!(said.contains(cut_off.says), "{name}: {said}");
        assert!((cut_off.left)(&walk.scratch.catalogue().unwrap()), "{name}");
        walk.scratch.sql(cut_off.mend).unwrap();
        walk.run(&migrations, true).expect(name);
        is(&walk.scratch, &walk.wanted, name).unwrap();
    }
}

#[test]
fn an_index_that_waited_in_vain_is_made_anew_by_running_it_again() {
    let base = Base::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    // One by sea-query's words, and one that only SQL can say.
    for (name, index) in [
        ("add_an_index", "notes_size_idx"),
        ("add_an_index_with_nulls_last", "notes_linked_idx"),
    ] {
        let walk = Walk::of(&base, change(name));
        let migrations = compiled(&walk.files()).unwrap();
        let url = walk.scratch.url(Login::Owner).unwrap();
        let writer = runtime.block_on(migration::connect(url)).unwrap();
        let writing = runtime.block_on(writer.begin()).unwrap();
        let write = "UPDATE notes SET title = title";
        runtime.block_on(writing.execute_unprepared(write)).unwrap();
        // It waits for the writer as long as it takes, until somebody loses patience.
        let said = thread::scope(|scope| {
            scope.spawn(|| cancel_what_waits(&walk.scratch));
            walk.run(&migrations, true).expect_err(name)
        });
        assert!(said.contains("canceling statement"), "{name}: {said}");
        let left = walk.scratch.catalogue().unwrap();
        assert!(!left.tables["notes"].indexes[index].valid, "{name}");
        runtime.block_on(writing.rollback()).unwrap();
        runtime.block_on(writer.close()).unwrap();
        walk.run(&migrations, true).expect(name);
        is(&walk.scratch, &walk.wanted, name).unwrap();
    }
}

/// Cancels the index that waits for the end of a transaction, once it does.
fn cancel_what_waits(scratch: &Scratch) {
    let cancel = "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()
        AND wait_event_type = 'Lock' AND query LIKE '%INDEX CONCURRENTLY%'";
    for _ in 0..600 {
        if scratch.sql_as_admin(cancel).unwrap().trim() != "0" {
            return;
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("no index has waited");
}

fn change(name: &str) -> &'static crate::changes::Change {
    all()
        .into_iter()
        .find(|change| change.name == name)
        .expect(name)
}
