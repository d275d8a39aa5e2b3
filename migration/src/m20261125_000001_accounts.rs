use sea_orm_migration::prelude::*;

use crate::rls::{self, TenantTable};

/// The tenants themselves, and the version of the schema that applications compare theirs with.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("schema_version")
                    .col(
                        ColumnDef::new("only")
                            .boolean()
                            .not_null()
                            .default(true)
                            .primary_key(),
                    )
                    .col(ColumnDef::new("min_app_version").integer().not_null())
                    .check(("schema_version_one_row", Expr::col("only")))
                    .take(),
            )
            .await?;
        manager
            .execute(
                Query::insert()
                    .into_table("schema_version")
                    .columns(["min_app_version"])
                    .values_panic([1.into()])
                    .take(),
            )
            .await?;
        manager
            .get_connection()
            .execute_unprepared(
                "GRANT SELECT ON seaql_migrations, schema_version TO app, app_system, app_backup",
            )
            .await?;

        manager
            .create_table(
                Table::create()
                    .table("accounts")
                    .col(ColumnDef::new("id").uuid().not_null().primary_key())
                    .col(ColumnDef::new("name").text().not_null())
                    .col(
                        ColumnDef::new("created_at")
                            .timestamp_with_time_zone()
                            .not_null(),
                    )
                    .col(
                        ColumnDef::new("updated_at")
                            .timestamp_with_time_zone()
                            .not_null(),
                    )
                    .check((
                        "accounts_name_length",
                        Expr::cust("char_length(name) BETWEEN 1 AND 200"),
                    ))
                    .take(),
            )
            .await?;
        rls::protect(
            manager,
            TenantTable {
                name: "accounts",
                tenant: "id",
                app: &["select", "update"],
                system: &["select", "insert", "update", "delete"],
            },
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("accounts").take())
            .await?;
        manager
            .drop_table(Table::drop().table("schema_version").take())
            .await
    }
}
