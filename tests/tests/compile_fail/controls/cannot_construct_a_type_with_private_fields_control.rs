// control: cannot_construct_a_type_with_private_fields

macro_rules! made {
    ($($type:tt)*) => {
        let _: Option<$($type)*> = None;
    };
}

fn example() {
    made!(access::AccountAgentId);
    made!(access::AccountId);
    made!(access::Config);
    made!(access::ContentEmbeddingId);
    made!(access::Currency);
    made!(access::Cursor);
    made!(access::Db);
    made!(access::Embedding);
    made!(access::OutboxJobId);
    made!(access::PayOutId);
    made!(access::PaymentShareId);
    made!(access::PayoutRouteId);
    made!(access::PpuId);
    made!(access::PpuRedemptionId);
    made!(access::PurchaseCode);
    made!(access::StripeEventId);
    made!(access::StripePaymentId);
    made!(access::Tenant);
    made!(access::Transaction::<'static>);
    made!(access::account_agents::InvitationToken);
    made!(access::actix::BodyLimit);
    made!(access::actix::Rejection);
    made!(access::actix::Resolver);
    made!(access::axum::Rejection);
    made!(access::system::SystemDb);
    made!(access::system::SystemScope);
    made!(access::testing::Database);
    made!(access::webhook::WebhookSecrets);
}

fn main() {}
