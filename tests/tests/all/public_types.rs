//! Each public type of `access`: how it is made, and that no SQL is reached from it. The types are those of the reviewed
//! list, and the compiler is asked for each.

use std::{collections::BTreeMap, fmt::Write as _};

use super::public;

/// Refuses to compile when a type has one of the traits: the item is then found twice.
macro_rules! has_none_of {
    ($type:ty: $($bound:path),+ $(,)?) => {
        const _: fn() = || {
            #[allow(dead_code)]
            trait FoundTwiceIfIt<Has> {
                fn it() {}
            }
            impl<T: ?Sized> FoundTwiceIfIt<()> for T {}
            $({
                struct Has;
                impl<T: ?Sized + $bound> FoundTwiceIfIt<Has> for T {}
            })+
            let _ = <$type as FoundTwiceIfIt<_>>::it;
        };
    };
}

/// S02: what SQL is made of, asked for or bound with, in SeaORM, sea-query, the driver and the guard.
macro_rules! reach_no_sql {
    ($($type:ty),+ $(,)?) => {
        $(has_none_of!($type:
            sea_orm::ActiveModelTrait,
            sea_orm::ColumnTrait,
            sea_orm::ConnectionTrait,
            sea_orm::EntityTrait,
            sea_orm::FromQueryResult,
            sea_orm::IdenStatic,
            sea_orm::ModelTrait,
            sea_orm::PrimaryKeyTrait,
            sea_orm::QueryFilter,
            sea_orm::QueryOrder,
            sea_orm::QuerySelect,
            sea_orm::QueryTrait,
            sea_orm::RelationTrait,
            sea_orm::StreamTrait,
            sea_orm::TransactionTrait,
            sea_orm::TryGetable,
            sea_orm::sea_query::Iden,
            sea_orm::sea_query::IntoCondition,
            sea_orm::sea_query::QueryStatementBuilder,
            sea_orm::sea_query::ValueType,
            Into<sea_orm::Condition>,
            Into<sea_orm::Statement>,
            Into<sea_orm::Value>,
            Into<sea_orm::sea_query::Expr>,
            tokio_postgres::GenericClient,
            tokio_postgres::ToStatement,
            tokio_postgres::types::ToSql,
            entity_guard::TenantScoped,
            std::ops::Deref<Target = entity_guard::Tenant>,
            std::ops::Deref<Target = entity_guard::Db>,
            AsRef<entity_guard::Tenant>,
            AsRef<entity_guard::Db>,
        );)+
        const ASKED: &[&str] = &[$(stringify!($type)),+];
    };
}

reach_no_sql![
    access::AccountAgentId,
    access::AccountId,
    access::Config,
    access::ConfigError,
    access::ConnectError,
    access::ContentEmbeddingId,
    access::Currency,
    access::Cursor,
    access::Db,
    access::Embedding,
    access::Error,
    access::InvalidCurrency,
    access::InvalidEmbedding,
    access::InvalidPurchaseCode,
    access::Isolation,
    access::MissingAccount,
    access::OutboxJobId,
    access::Page<u8>,
    access::Patch<u8>,
    access::PayOutId,
    access::PaymentShareId,
    access::PayoutRouteId,
    access::PoolStatus,
    access::PpuId,
    access::PpuRedemptionId,
    access::PurchaseCode,
    access::Reason,
    access::SslMode,
    access::StripeEventId,
    access::StripePaymentId,
    access::Tenant,
    access::Transaction<'static>,
    access::account_agents::AcceptInvitation,
    access::account_agents::AccountAgent,
    access::account_agents::AgentStatus,
    access::account_agents::Commission,
    access::account_agents::InvalidInvitation,
    access::account_agents::InvitationToken,
    access::account_agents::InvitedAgent,
    access::account_agents::ListAgents,
    access::account_agents::NewAccountAgent,
    access::account_agents::PayeeRole,
    access::account_payment_settings::NewPaymentSettings,
    access::account_payment_settings::PaymentSettings,
    access::account_payment_settings::PayoutSchedule,
    access::account_payout_routes::NewPayoutRoute,
    access::account_payout_routes::PayeeRole,
    access::account_payout_routes::PayoutRoute,
    access::account_payout_routes::PayoutRoutePatch,
    access::accounts::Account,
    access::accounts::AccountPatch,
    access::accounts::NewAccount,
    access::actix::BodyLimit,
    access::actix::Created<u8>,
    access::actix::Denied,
    access::actix::Json<u8>,
    access::actix::Path<u8>,
    access::actix::Query<u8>,
    access::actix::Rejection,
    access::actix::Resolver,
    access::axum::Created<u8>,
    access::axum::Denied,
    access::axum::Json<u8>,
    access::axum::Path<u8>,
    access::axum::Query<u8>,
    access::axum::Rejection,
    access::connected_accounts::BankPayoutStatus,
    access::connected_accounts::ConnectedAccount,
    access::content_embeddings::ContentEmbedding,
    access::content_embeddings::FindNearest,
    access::content_embeddings::IndexAdvice,
    access::content_embeddings::Match,
    access::content_embeddings::Metric,
    access::content_embeddings::NewContentEmbedding,
    access::content_embeddings::ReindexAdvice,
    access::lifecycle::ErasedTable,
    access::lifecycle::ErasurePlan,
    access::lifecycle::Fate,
    access::lifecycle::Moved,
    access::lifecycle::Retention,
    access::outbox::ListOutboxJobs,
    access::outbox::OutboxJob,
    access::outbox::OutboxKind,
    access::outbox::OutboxStatus,
    access::outbox::TransferRequest,
    access::outbox::TransportError,
    access::outbox::WorkerOptions,
    access::pay_out::ListPayOuts,
    access::pay_out::PayOut,
    access::pay_out::PayOutStatus,
    access::pay_out::RequestPayOut,
    access::payment_share_tracking::ListOpenShares,
    access::payment_share_tracking::NewPaymentShare,
    access::payment_share_tracking::OpenBalance,
    access::payment_share_tracking::PayeeRole,
    access::payment_share_tracking::PaymentShare,
    access::payment_share_tracking::ShareKind,
    access::payment_share_tracking::ShareStatus,
    access::payment_system_logs::ListLogs,
    access::payment_system_logs::LogEntry,
    access::payment_system_logs::LogLevel,
    access::payment_system_logs::Verified,
    access::ppu::IssueCodes,
    access::ppu::IssuedCodes,
    access::ppu::ListPpu,
    access::ppu::ListRedemptions,
    access::ppu::PayFor,
    access::ppu::Ppu,
    access::ppu::PpuRedemption,
    access::ppu::PpuStatus,
    access::ppu::RedeemCode,
    access::ppu::RedeemedCode,
    access::stripe_events::EventOutcome,
    access::stripe_events::ListStripeEvents,
    access::stripe_events::StripeEvent,
    access::stripe_payments::CurrencyTotal,
    access::stripe_payments::ListStripePayments,
    access::stripe_payments::NewStripePayment,
    access::stripe_payments::PayFor,
    access::stripe_payments::PaymentStatus,
    access::stripe_payments::StripePayment,
    access::stripe_payments::StripePaymentOrder,
    access::stripe_payments::StripePaymentPatch,
    access::system::AccountSummary,
    access::system::ListAccounts,
    access::system::PayOutTotal,
    access::system::Progress,
    access::system::Rerouted,
    access::system::Sweep,
    access::system::Swept<u8>,
    access::system::SystemDb,
    access::system::SystemScope,
    access::system::ViewedRows,
    access::testing::Answer,
    access::testing::Database,
    access::testing::FilledAccount,
    access::testing::NoDatabase,
    access::testing::Request,
    access::testing::TwoAccounts,
    access::webhook::EventOutcome,
    access::webhook::Received,
    access::webhook::WebhookSecrets,
];

/// S03: what stands for an account, or runs its statements, is made by the functions that say so, and by nothing else.
macro_rules! are_not_made_of_data {
    ($($name:literal: $type:ty),+ $(,)?) => {
        $(has_none_of!($type:
            serde::de::DeserializeOwned,
            Default,
            std::str::FromStr,
            From<uuid::Uuid>,
            From<[u8; 16]>,
            From<String>,
            From<&'static str>,
            From<access::Config>,
            From<entity_guard::Db>,
            From<entity_guard::Tenant>,
            TryFrom<serde_json::Value>,
            TryFrom<Vec<u8>>,
        );)+
        const HANDLES: &[&str] = &[$($name),+];
    };
}

are_not_made_of_data![
    "AccountId": access::AccountId,
    "Db": access::Db,
    "Tenant": access::Tenant,
    "Transaction": access::Transaction<'static>,
    "system::SystemDb": access::system::SystemDb,
    "system::SystemScope": access::system::SystemScope,
];

// A transaction borrows its handle, and commits once.
has_none_of!(access::Tenant: Clone);
has_none_of!(access::Transaction<'static>: Clone);

/// The types of the list, and what it says of each: its fields, and what it implements.
fn listed() -> BTreeMap<String, (String, Vec<String>)> {
    let mut types: BTreeMap<String, (String, Vec<String>)> = BTreeMap::new();
    for (name, is) in public::items() {
        if name.starts_with("types::") {
            // Named again, in one place.
            continue;
        }
        if is.starts_with("struct") || is.starts_with("enum") {
            types.entry(name).or_default().0 = is;
        } else if let Some(traits) = is.strip_prefix("impl") {
            types.entry(name).or_default().1.push(traits.to_owned());
        }
    }
    types.retain(|_, (fields, _)| !fields.is_empty());
    types
}

#[test]
fn the_compiler_was_asked_of_each_public_type() {
    let plain = |asked: &&str| {
        let asked = asked.replace(' ', "");
        let asked = asked.trim_start_matches("access::");
        asked.split('<').next().unwrap_or_default().to_owned()
    };
    let mut asked: Vec<String> = ASKED.iter().map(plain).collect();
    asked.sort();
    let listed: Vec<String> = listed().into_keys().collect();
    assert_eq!(
        listed, asked,
        "`reach_no_sql!` in this file has each public type once"
    );
}

/// S03: how each type is made that can't be written down by its fields, as a table.
#[test]
fn what_has_private_fields_is_made_as_the_table_says() {
    let mut table = String::new();
    let listed = listed();
    for (name, (fields, traits)) in &listed {
        let fields = fields.split(" #[").next().unwrap_or_default();
        if !fields.contains('_') {
            continue;
        }
        let made_by = public::items().into_iter().filter_map(|(item, is)| {
            let function = item
                .strip_prefix(name.as_str())?
                .strip_prefix("::")?
                .to_owned();
            let is_made = is.contains("-> Self") || is.contains("-> Result<Self,");
            (is_made && !is.contains("self")).then_some(function)
        });
        let made_by: Vec<String> = made_by.collect();
        // The other way round it is given out as something else.
        let own = format!("From<{}>", name.rsplit("::").next().unwrap_or_default());
        let is_making = |of: &&str| {
            let makes = ["From<", "TryFrom<", "serde::Deserialize"];
            ["Default", "FromStr"].contains(of) || makes.iter().any(|made| of.starts_with(made))
        };
        let made_of = traits.iter().flat_map(|traits| traits.split(", "));
        let made_of = made_of.map(str::trim).filter(|of| *of != own);
        let made_of: Vec<&str> = made_of.filter(is_making).collect();
        if HANDLES.contains(&name.as_str()) {
            assert!(made_of.is_empty(), "{name} is made of {made_of:?}");
        }
        let or_none = |list: String| {
            if list.is_empty() {
                "–".to_owned()
            } else {
                list
            }
        };
        writeln!(
            table,
            "{name:<34}{:<26}{}",
            or_none(made_by.join(", ")),
            or_none(made_of.join(", "))
        )
        .unwrap();
    }
    for handle in HANDLES {
        assert!(
            listed.contains_key(*handle),
            "{handle} is no public type any more"
        );
    }
    insta::assert_snapshot!(table);
}

/// The claim that takes the compiler's word for each of them names them all.
#[test]
fn each_type_with_private_fields_is_in_the_claim_that_it_can_not_be_constructed() {
    let claim = include_str!("../compile_fail/cannot_construct_a_type_with_private_fields.rs");
    for (name, (fields, _)) in listed() {
        let has_private = fields
            .split(" #[")
            .next()
            .is_some_and(|fields| fields.contains('_'));
        let named = claim.contains(&format!("(access::{name})"))
            || claim.contains(&format!("(access::{name}::<"));
        assert_eq!(
            has_private, named,
            "{name} in cannot_construct_a_type_with_private_fields.rs"
        );
    }
}
