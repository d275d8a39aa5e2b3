// claim: What has private fields is made by its own functions, and never written down by its fields.
// error: cannot construct `AccountAgentId` with struct literal syntax due to private fields
// error: cannot construct `AccountId` with struct literal syntax due to private fields
// error: cannot construct `access::Config` with struct literal syntax due to private fields
// error: cannot construct `ContentEmbeddingId` with struct literal syntax due to private fields
// error: cannot construct `Currency` with struct literal syntax due to private fields
// error: cannot construct `access::Cursor` with struct literal syntax due to private fields
// error: cannot construct `Db` with struct literal syntax due to private fields
// error: cannot construct `Embedding` with struct literal syntax due to private fields
// error: cannot construct `OutboxJobId` with struct literal syntax due to private fields
// error: cannot construct `PayOutId` with struct literal syntax due to private fields
// error: cannot construct `PaymentShareId` with struct literal syntax due to private fields
// error: cannot construct `PayoutRouteId` with struct literal syntax due to private fields
// error: cannot construct `PpuId` with struct literal syntax due to private fields
// error: cannot construct `PpuRedemptionId` with struct literal syntax due to private fields
// error: cannot construct `PurchaseCode` with struct literal syntax due to private fields
// error: cannot construct `StripeEventId` with struct literal syntax due to private fields
// error: cannot construct `StripePaymentId` with struct literal syntax due to private fields
// error: cannot construct `Tenant` with struct literal syntax due to private fields
// error: cannot construct `Transaction<'static>` with struct literal syntax due to private fields
// error: cannot construct `InvitationToken` with struct literal syntax due to private fields
// error: cannot construct `BodyLimit` with struct literal syntax due to private fields
// error: cannot construct `Rejection` with struct literal syntax due to private fields
// error: cannot construct `Resolver` with struct literal syntax due to private fields
// error: cannot construct `Rejection` with struct literal syntax due to private fields
// error: cannot construct `SystemDb` with struct literal syntax due to private fields
// error: cannot construct `SystemScope` with struct literal syntax due to private fields
// error: cannot construct `Database` with struct literal syntax due to private fields
// error: cannot construct `WebhookSecrets` with struct literal syntax due to private fields

macro_rules! made {
    ($($type:tt)*) => {
        let _ = $($type)* {};
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
