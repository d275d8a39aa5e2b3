//! The migration program with other migrations, for its tests: those of the JSON file that `TRIAL_MIGRATIONS` names, or
//! the project's own.
#![allow(clippy::expect_used)]

use std::{fs, process::ExitCode};

use migration::{Migrator, Registered, online, rls};
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait, sea_orm::DbErr,
};
use serde::Deserialize;

fn main() -> ExitCode {
    let list = match std::env::var("TRIAL_MIGRATIONS") {
        Ok(path) => trials(&fs::read_to_string(path).expect("the file is there")),
        Err(_) => Migrator::registered(),
    };
    migration::program::main(&list)
}

fn trials(text: &str) -> Vec<Registered> {
    let trials: Vec<Trial> = serde_json::from_str(text).expect("it is a list of migrations");
    let registered = |trial: Trial| {
        let source = trial.source.clone();
        Registered::new(Box::new(trial), &source)
    };
    trials.into_iter().map(registered).collect()
}

#[derive(Deserialize)]
struct Trial {
    name: String,
    source: String,
    transaction: bool,
    up: Vec<Step>,
    down: Vec<Step>,
}

/// A step, as migrations are written.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Step {
    Sql(String),
    IndexOnline { name: String, sql: String },
    ChangeRows { table: String, sql: String },
}

impl Step {
    async fn run(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        match self {
            Self::Sql(sql) => rls::execute(manager, sql).await,
            Self::IndexOnline { name, sql } => online::create_index_as(manager, name, sql).await,
            Self::ChangeRows { table, sql } => {
                rls::change_rows(manager, table, sql).await.map(drop)
            }
        }
    }
}

impl MigrationName for Trial {
    fn name(&self) -> &str {
        &self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Trial {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for step in &self.up {
            step.run(manager).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for step in &self.down {
            step.run(manager).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(self.transaction)
    }
}
