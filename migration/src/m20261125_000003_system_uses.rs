use sea_orm_migration::prelude::*;

/// One row for each use of the system scope: who, why, and for which account. It holds no account's rows.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLE: &str = "system_uses";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table(TABLE)
                    .col(ColumnDef::new("id").uuid().not_null().primary_key())
                    .col(ColumnDef::new("actor").text().not_null())
                    .col(ColumnDef::new("reason").text().not_null())
                    .col(ColumnDef::new("function").text().not_null())
                    .col(
                        ColumnDef::new("used_at")
                            .timestamp_with_time_zone()
                            .not_null()
                            .default(Expr::cust("now()")),
                    )
                    .check((
                        "system_uses_actor",
                        Expr::cust("char_length(actor) BETWEEN 1 AND 200"),
                    ))
                    .check((
                        "system_uses_reason",
                        Expr::cust("char_length(reason) BETWEEN 1 AND 1000"),
                    ))
                    .take(),
            )
            .await?;
        // Added to, never read back or changed by the system's login: a diary.
        manager
            .get_connection()
            .execute_unprepared(
                "GRANT INSERT ON system_uses TO app_system; GRANT SELECT ON system_uses TO app_backup;",
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(TABLE).take()).await
    }
}
