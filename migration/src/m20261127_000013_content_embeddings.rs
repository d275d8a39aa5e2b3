use sea_orm_migration::prelude::*;

use crate::{
    column::{account, id, instant, key, of_account, text},
    rls::{self, TenantTable},
};

/// What accounts' content means, as vectors.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLE: &str = "content_embeddings";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(table()).await?;
        manager
            .create_index(
                Index::create()
                    .name("content_embeddings_content_key")
                    .table(TABLE)
                    .col("account_id")
                    .col("content_kind")
                    .col("content_id")
                    .col("chunk")
                    .col("model")
                    .unique()
                    .take(),
            )
            .await?;
        // The one kind of index that doesn't begin with the account: a graph has no order to begin with. Of the three
        // distances only the cosine has one, since each takes 8 KiB a row and as much work at each insert; vectors of
        // length 1, which most models give, are in the same order by all three.
        rls::execute(
            manager,
            "CREATE INDEX content_embeddings_embedding_idx ON content_embeddings
                 USING hnsw (embedding vector_cosine_ops) WITH (m = 16, ef_construction = 64)",
        )
        .await?;
        let all: &[&str] = &["select", "insert", "update", "delete"];
        rls::protect(
            manager,
            TenantTable {
                name: TABLE,
                tenant: "account_id",
                app: all,
                system: all,
            },
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(TABLE).take()).await
    }
}

fn table() -> TableCreateStatement {
    let vector = ColumnType::custom("vector(1536)");
    let length =
        |column: &str, most: u32| Expr::cust(format!("char_length({column}) BETWEEN 1 AND {most}"));
    Table::create()
        .table(TABLE)
        .col(account())
        .col(id())
        .col(text("content_kind"))
        .col(text("content_id"))
        .col(ColumnDef::new("chunk").integer().not_null())
        .col(text("model"))
        .col(text("text"))
        .col(ColumnDef::new_with_type("embedding", vector).not_null())
        .col(ColumnDef::new("metadata").json_binary().not_null())
        .col(instant("created_at"))
        .col(instant("updated_at"))
        .primary_key(&mut key("content_embeddings_pkey", Some("id")))
        .foreign_key(&mut of_account(TABLE, "content_embeddings_account_id_fkey"))
        .check((
            "content_embeddings_content_kind",
            length("content_kind", 64),
        ))
        .check(("content_embeddings_content_id", length("content_id", 255)))
        .check(("content_embeddings_chunk", Expr::cust("chunk >= 0")))
        .check(("content_embeddings_model", length("model", 128)))
        .check(("content_embeddings_text", length("text", 32_768)))
        .check((
            "content_embeddings_metadata",
            Expr::cust("jsonb_typeof(metadata) = 'object'"),
        ))
        .check((
            "content_embeddings_embedding",
            Expr::cust("vector_norm(embedding) BETWEEN 0.000001 AND 1000000"),
        ))
        .take()
}
