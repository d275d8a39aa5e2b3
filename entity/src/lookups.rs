//! The account lookups: which accounts fit, asked outside any account by the system's login alone.

use entity_declaration::Lookup;

/// The account lookups.
pub(crate) const LOOKUPS: &[Lookup] = &[
    ACCOUNTS_AFTER,
    ACCOUNTS_WITH_DUE_JOBS,
    // Which accounts an event of Stripe's may be about.
    Lookup {
        name: "accounts_by_connected_account",
        arguments: "connected text",
        returns: "SETOF uuid",
        body: "SELECT account FROM public.stripe_account_links WHERE connected_account = connected",
        reads: &[("stripe_account_links", &["account", "connected_account"])],
    },
    Lookup {
        name: "accounts_by_event_subject",
        arguments: "about text",
        returns: "SETOF uuid",
        body: "SELECT DISTINCT account_id FROM public.stripe_events WHERE subject = about AND signed LIMIT 2",
        reads: &[("stripe_events", &["account_id", "subject", "signed"])],
    },
    Lookup {
        name: "accounts_by_payment_intent",
        arguments: "intent text",
        returns: "SETOF uuid",
        body: "SELECT DISTINCT account_id FROM public.stripe_payments WHERE payment_intent = intent LIMIT 2",
        reads: &[("stripe_payments", &["account_id", "payment_intent"])],
    },
    Lookup {
        name: "accounts_by_charge",
        arguments: "of_charge text",
        returns: "SETOF uuid",
        body: "SELECT DISTINCT account_id FROM public.stripe_payments WHERE charge = of_charge LIMIT 2",
        reads: &[("stripe_payments", &["account_id", "charge"])],
    },
    Lookup {
        name: "accounts_by_transfer",
        arguments: "of_transfer text",
        returns: "SETOF uuid",
        body: "SELECT DISTINCT account_id FROM public.pay_out WHERE transfer = of_transfer LIMIT 2",
        reads: &[("pay_out", &["account_id", "transfer"])],
    },
];

/// Accounts in the order of their ids, which are in the order in which they were made.
const ACCOUNTS_AFTER: Lookup = Lookup {
    name: "accounts_after",
    arguments: "after uuid, most integer",
    returns: "SETOF uuid",
    body: "SELECT id FROM public.accounts WHERE id > after ORDER BY id LIMIT most",
    reads: &[("accounts", &["id"])],
};

/// Accounts with work that is due, in the order of their ids and beginning after one of them, so that a worker comes round to
/// each. It leaps from account to account: one with very many jobs costs no more than one with a single job.
const ACCOUNTS_WITH_DUE_JOBS: Lookup = Lookup {
    name: "accounts_with_due_jobs",
    arguments: "after uuid, most integer",
    returns: "SETOF uuid",
    body: "WITH RECURSIVE pending(account) AS (
            (SELECT first.account_id FROM public.stripe_outbox first
             WHERE first.due_at IS NOT NULL AND first.account_id > after ORDER BY first.account_id LIMIT 1)
          UNION ALL
            SELECT (SELECT next.account_id FROM public.stripe_outbox next
                    WHERE next.due_at IS NOT NULL AND next.account_id > pending.account ORDER BY next.account_id LIMIT 1)
            FROM pending WHERE pending.account IS NOT NULL
          )
          SELECT pending.account FROM pending
          WHERE EXISTS (SELECT FROM public.stripe_outbox due
                        WHERE due.account_id = pending.account AND due.due_at <= now())
          LIMIT most",
    reads: &[("stripe_outbox", &["account_id", "due_at"])],
};
