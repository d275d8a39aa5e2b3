//! All integration tests, in one binary: each on a database of its own, connected as the application's login.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    // Both examples are built from the same handlers.
    clippy::duplicate_mod
)]

mod all {
    mod account_agents;
    mod account_payment_settings;
    mod account_payout_routes;
    mod accounts;
    mod attacks;
    mod batches;
    mod bouncer;
    mod calls;
    mod calls_content;
    mod calls_payments;
    mod calls_payouts;
    mod calls_sessions;
    mod calls_stripe;
    mod calls_system;
    mod cancellation;
    mod compile_fail;
    mod connected_accounts;
    mod content_embeddings;
    mod content_embeddings_index;
    mod content_embeddings_nearest;
    mod content_embeddings_random;
    mod fast_form;
    mod faults;
    mod gate;
    mod guard;
    mod http;
    mod isolation;
    mod isolation_codes;
    mod isolation_content;
    mod isolation_matrix;
    mod isolation_money;
    mod isolation_stripe;
    mod last_calls;
    mod lifecycle;
    mod lifecycle_attacks;
    mod logs;
    mod migrations;
    mod migrator;
    mod migrator_guards;
    mod migrator_history;
    mod migrator_kill;
    mod migrator_lock;
    mod migrator_pooler;
    mod money_at_once;
    mod money_machine;
    mod noisy_neighbour;
    mod observability;
    mod old_snapshots;
    mod operation;
    mod oracles;
    mod outbox;
    mod outbox_faults;
    mod outbox_imported;
    mod outbox_leases;
    mod outbox_moves;
    mod outbox_worker;
    mod pay_out;
    mod payment_share_tracking;
    mod payment_system_logs;
    mod pool_checks;
    mod pooler;
    mod ppu;
    mod ppu_issue;
    mod public;
    mod public_types;
    mod row_level_security;
    mod runtimes;
    mod schema_changes;
    mod secret_fields;
    mod secrets;
    mod session;
    mod statements;
    mod stripe_events;
    mod stripe_payments;
    mod stripe_payments_lists;
    mod stripe_payments_many;
    mod stripe_payments_states;
    mod system;
    mod testing;
    mod tls;
    mod transactions;
    mod types;
    mod watch;
    mod webhook;
    mod webhook_forged;
    mod webhook_orders;
    mod webhook_variants;
    mod workspace;
}
