//! One change: from its plan to its migration, applied and undone.

use std::collections::BTreeSet;

use dev_server::Login;
use generate::file::{File, Names, Reasons};
use generate::renames::{self, Rename};
use generate::sql::sql;
use generate::step::{Part, Step};
use schema::declared::Declared;
use schema::{Catalogue, Scratch, identifier};
use sea_orm_migration::sea_orm::{DatabaseConnection, TransactionTrait};
use sea_orm_migration::{MigrationTrait, SchemaManager};

use crate::changes::{Change, all};
use crate::generated;
use crate::schema_of_notes::{self, Base};

pub(crate) struct Walk<'a> {
    change: &'a Change,
    pub(crate) scratch: Scratch,
    declared: Declared,
    found: Catalogue,
    pub(crate) wanted: Catalogue,
    renames: Vec<Rename>,
}

impl<'a> Walk<'a> {
    pub(crate) fn of(base: &Base, change: &'a Change) -> Self {
        let scratch = base.scratch.copy("change").unwrap();
        scratch.sql(change.by_hand).unwrap();
        let mut declared = schema_of_notes::declared();
        (change.declare)(&mut declared);
        let mut renames: Vec<Rename> = (change.renames.iter())
            .map(|text| Rename::parse(text).unwrap())
            .collect();
        let told = declared.renames().into_iter();
        renames.extend(told.map(|(from, to)| Rename { from, to }));
        Self {
            change,
            found: scratch.catalogue().unwrap(),
            wanted: base.made(&declared),
            scratch,
            declared,
            renames,
        }
    }

    /// What is to be done.
    fn steps(&self) -> Vec<Step> {
        let mut steps = renames::steps(&self.renames, &self.found);
        let copy = self.scratch.copy("renamed").unwrap();
        let statements: String = steps.iter().map(generate::sql::sql).collect();
        copy.sql(&statements).unwrap();
        let renamed = copy.catalogue().unwrap();
        let dropped: Vec<String> = self
            .change
            .dropped
            .iter()
            .map(|d| (*d).to_owned())
            .collect();
        let doubts = renames::doubts(&renamed, &self.wanted, &dropped);
        assert_eq!(doubts, [], "{}", self.change.name);
        let backfills: Vec<(String, String)> = (self.change.backfills.iter())
            .map(|(of, value)| ((*of).to_owned(), (*value).to_owned()))
            .collect();
        steps.extend(generate::plan(
            &renamed,
            &self.wanted,
            &self.declared,
            &backfills,
        ));
        let lacking = generate::plan::without_values(&steps);
        assert!(lacking.is_empty(), "{}: {lacking:?}", self.change.name);
        steps
    }

    /// What the generator writes.
    pub(crate) fn files(&self) -> Vec<File> {
        let number = all()
            .iter()
            .position(|c| c.name == self.change.name)
            .unwrap()
            * 10;
        let stamps = [1, 2, 3].map(|more| format!("20260101_{:06}", number + more));
        let names = Names {
            name: self.change.name,
            stamps: &stamps,
            enums: &self.wanted.enums.keys().cloned().collect::<BTreeSet<_>>(),
            tenants: &[
                &self.declared.tables[..],
                &schema_of_notes::declared().tables,
            ]
            .concat()
            .iter()
            .filter_map(|table| Some((table.name.clone(), table.tenant.clone()?)))
            .collect::<Vec<_>>(),
        };
        let reasons = Reasons {
            destructive: Some("nobody needs it any more".to_owned()),
            loosen: Some("it was reviewed".to_owned()),
        };
        let files = generate::files(&self.steps(), names, &reasons).into_iter();
        files.map(|file| file.formatted().unwrap()).collect()
    }

    /// Does the same by SQL, in a copy, as `push` does.
    pub(crate) fn by_sql(&self) -> Result<(), String> {
        let copy = self.scratch.copy("by_sql").unwrap();
        let (labels, main): (Vec<Step>, Vec<Step>) =
            (self.steps().into_iter()).partition(|step| step.part() == Part::Labels);
        let text = |steps: &[Step]| steps.iter().map(sql).collect::<Vec<_>>().join("\n");
        let before = self.rows(&self.scratch, &self.found);
        copy.sql(&text(&labels)).map_err(|e| e.to_string())?;
        let main = text(&main);
        copy.sql(&format!("BEGIN;\n{main}\nCOMMIT;"))
            .map_err(|e| format!("{e}\n{main}"))?;
        is(&copy, &self.wanted, "by SQL")?;
        let after = self.rows(&copy, &self.wanted);
        if after != before {
            return Err(format!("rows changed by SQL:\n{before}\n{after}"));
        }
        Ok(())
    }

    /// Applies the compiled files, goes back, and applies them again.
    pub(crate) fn there_and_back(&self, files: &[File]) -> Result<(), String> {
        let migrations = compiled(files)?;
        let before = self.rows(&self.scratch, &self.found);
        self.run(&migrations, true)?;
        is(&self.scratch, &self.wanted, "after going forward")?;
        if self.rows(&self.scratch, &self.wanted) != before {
            return Err(format!(
                "rows changed:\n{before}\n{}",
                self.rows(&self.scratch, &self.wanted)
            ));
        }
        self.run(&migrations, false)?;
        is(&self.scratch, &self.found, "after going back")?;
        if !self.change.loses_on_the_way_back && self.rows(&self.scratch, &self.found) != before {
            return Err(format!(
                "rows changed on the way back:\n{before}\n{}",
                self.rows(&self.scratch, &self.found)
            ));
        }
        self.run(&migrations, true)?;
        is(&self.scratch, &self.wanted, "after going forward again")
    }

    pub(crate) fn run(
        &self,
        migrations: &[Box<dyn MigrationTrait>],
        forward: bool,
    ) -> Result<(), String> {
        let url = self.scratch.url(Login::Owner).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let database = migration::connect(url).await.unwrap();
            let order: Vec<&dyn MigrationTrait> = if forward {
                migrations.iter().map(AsRef::as_ref).collect()
            } else {
                migrations.iter().rev().map(AsRef::as_ref).collect()
            };
            let mut outcome = Ok(());
            for migration in order {
                outcome = one(&database, migration, forward).await;
                if outcome.is_err() {
                    break;
                }
            }
            database.close().await.unwrap();
            outcome
        })
    }

    /// A digest of the rows, over the tables and columns that are there before and after, under their earlier names.
    fn rows(&self, scratch: &Scratch, of: &Catalogue) -> String {
        let mut digests = Vec::new();
        let present = |earlier: &str| {
            let told = self.renames.iter().find(|rename| rename.from == earlier);
            told.map_or(earlier, |rename| rename.to.as_str()).to_owned()
        };
        for (earlier, table) in &self.found.tables {
            let name = if std::ptr::eq(of, &self.wanted) {
                present(earlier)
            } else {
                earlier.clone()
            };
            let Some(after) = self.wanted.tables.get(&present(earlier)) else {
                continue;
            };
            let mut columns = Vec::new();
            for column in table.columns.keys() {
                let path = format!("{earlier}.{column}");
                let renamed = present(&path);
                let (_, new) = renamed.split_once('.').unwrap();
                let is_kept = after.columns.contains_key(new)
                    && !self.change.changes.contains(&path.as_str());
                if is_kept {
                    let column = if std::ptr::eq(of, &self.wanted) {
                        new
                    } else {
                        column
                    };
                    columns.push(format!("{}::text", identifier(column)));
                }
            }
            let columns = columns.join(", ");
            let sql = format!(
                "SELECT count(*) || ' ' || coalesce(md5(string_agg(r::text, ',' ORDER BY r::text)), '') FROM \
                 (SELECT {columns} FROM {}) r",
                identifier(&name)
            );
            digests.push(format!("{earlier} {}", scratch.sql(&sql).unwrap()));
        }
        digests.join("\n")
    }
}

/// The migrations of these files.
pub(crate) fn compiled(files: &[File]) -> Result<Vec<Box<dyn MigrationTrait>>, String> {
    let migrations: Vec<Box<dyn MigrationTrait>> = (generated::migrations().into_iter())
        .filter(|migration| files.iter().any(|file| file.stem == migration.name()))
        .collect();
    if migrations.len() == files.len() {
        Ok(migrations)
    } else {
        Err("not compiled yet: BLESS=1 cargo test -p generate, then again".to_owned())
    }
}

pub(crate) fn is(scratch: &Scratch, wanted: &Catalogue, when: &str) -> Result<(), String> {
    let differences = scratch.catalogue().unwrap().differences(wanted);
    let told: Vec<String> = differences.iter().map(ToString::to_string).collect();
    if told.is_empty() {
        Ok(())
    } else {
        Err(format!("{when}:\n{}", told.join("\n")))
    }
}

async fn one(
    database: &DatabaseConnection,
    migration: &dyn MigrationTrait,
    forward: bool,
) -> Result<(), String> {
    let told = |error| format!("{}: {error}", migration.name());
    if migration.use_transaction() == Some(false) {
        let manager = SchemaManager::new(database);
        return if forward {
            migration.up(&manager).await.map_err(told)
        } else {
            migration.down(&manager).await.map_err(told)
        };
    }
    let transaction = database.begin().await.map_err(told)?;
    let manager = SchemaManager::new(&transaction);
    if forward {
        migration.up(&manager).await.map_err(told)?;
    } else {
        migration.down(&manager).await.map_err(told)?;
    }
    transaction.commit().await.map_err(told)
}
