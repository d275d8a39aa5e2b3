// Written by `cargo xtask types --ts` from the types of `access`. Don't edit.
//
// Times are RFC 3339 texts, ids are UUIDs. Amounts are in minor units, as JSON numbers: JSON.parse reads them exactly up
// to Number.MAX_SAFE_INTEGER, 9,007,199,254,740,991. Where more can come together, read the number's own text, by the
// reviver's third argument (`context.source`), into a BigInt.

export type JsonValue = number | string | boolean | Array<JsonValue> | { [key in string]: JsonValue } | null;

/**
 * The id of an agent of an account, from the invitation on.
 */
export type AccountAgentId = string;

/**
 * The id of a [`ContentEmbedding`](crate::content_embeddings::ContentEmbedding).
 */
export type ContentEmbeddingId = string;

/**
 * The id of a [`PayOut`](crate::pay_out::PayOut).
 */
export type PayOutId = string;

/**
 * The id of a [`PaymentShare`](crate::payment_share_tracking::PaymentShare).
 */
export type PaymentShareId = string;

/**
 * The id of a [`PayoutRoute`](crate::account_payout_routes::PayoutRoute).
 */
export type PayoutRouteId = string;

/**
 * The id of a [`Ppu`](crate::ppu::Ppu), a purchase code.
 */
export type PpuId = string;

/**
 * The id of a [`PpuRedemption`](crate::ppu_redemptions::PpuRedemption).
 */
export type PpuRedemptionId = string;

/**
 * The id of a [`StripeEvent`](crate::stripe_events::StripeEvent).
 */
export type StripeEventId = string;

/**
 * The id of a [`StripePayment`](crate::stripe_payments::StripePayment).
 */
export type StripePaymentId = string;

/**
 * A currency, by its upper-case ISO 4217 code.
 *
 * Stripe writes the codes in lower case; they are converted where Stripe's objects are read, nowhere else.
 */
export type Currency = string;

/**
 * A place in a list, as text without meaning to callers.
 *
 * It is checked where it is used: one that was edited or belongs to another list is `Invalid`. It names no account;
 * used by another one, it shows that one's rows alone.
 */
export type Cursor = string;

/**
 * An invitation to become an account's agent, as text to be put into a link.
 *
 * Whoever holds it can accept it, once: it goes to the agent by a way of the application's, and to nobody else. It is shown
 * once, when it is made, since only a hash of its secret is stored. `Debug` doesn't show it, and there is no `Display`.
 */
export type InvitationToken = string;

/**
 * A purchase code: 75 random bits and a check, as 16 characters of Crockford's base 32.
 *
 * It is read in any case, with or without spaces and dashes, and with I or L for 1 and O for 0; one wrong character, or
 * two that changed places, make it no code at all. Who knows a code can redeem it: `Debug` doesn't show it, and there is
 * no `Display`.
 */
export type PurchaseCode = string;

/**
 * A part of a list, and where the next part begins.
 */
export type Page<T> = { 
/**
 * The items, in the order of the list.
 */
items: Array<T>, 
/**
 * What to pass for the next page; none after the last.
 */
next: Cursor | null, };

/**
 * Where an agent of an account stands.
 */
export type AgentStatus = "invited" | "active" | "revoked";

/**
 * What became of a payout from a connected account to its bank.
 */
export type BankPayoutStatus = "paid" | "failed";

/**
 * What became of an event that Stripe sent.
 */
export type EventOutcome = "applied" | "ignored" | "stale" | "pending";

/**
 * How much an entry of the audit log matters.
 */
export type LogLevel = "info" | "warning" | "security";

/**
 * What a payment is for.
 */
export type PayFor = "course" | "membership" | "product" | "event" | "tip" | "ppu";

/**
 * Where a payout stands.
 */
export type PayOutStatus = "requested" | "paid" | "failed" | "canceled";

/**
 * Why somebody gets a part of a payment.
 */
export type PayeeRole = "creator" | "platform" | "agent" | "partner" | "affiliate";

/**
 * Where a payment stands, in the words of Stripe's payment intents.
 *
 * See <https://docs.stripe.com/payments/paymentintents/lifecycle>. A failed attempt is no state of its own: the payment
 * returns to `requires_payment_method`.
 */
export type PaymentStatus = "requires_payment_method" | "requires_confirmation" | "requires_action" | "processing" | "requires_capture" | "canceled" | "succeeded";

/**
 * How often an account wants to be paid out.
 */
export type PayoutSchedule = "manual" | "daily" | "weekly" | "monthly";

/**
 * Whether a code can be redeemed, or why not; it is computed, not stored.
 */
export type PpuStatus = "redeemable" | "exhausted" | "expired" | "disabled";

/**
 * What a share is.
 */
export type ShareKind = "share" | "clawback";

/**
 * Where a share of a payment stands.
 */
export type ShareStatus = "open" | "reserved" | "paid" | "reversed";

/**
 * The order of a list of payments.
 */
export type StripePaymentOrder = "newest" | "oldest";

/**
 * An account: one creator or business on the platform.
 */
export type Account = { 
/**
 * The account's id, which every row of the account carries.
 */
id: string, 
/**
 * The name that buyers see; 1 to 200 characters.
 */
name: string, 
/**
 * When it was made.
 */
created_at: string, 
/**
 * When it was last changed.
 */
updated_at: string, };

/**
 *What makes a [`Account`]; the account comes from the handle, the id from the guard.
 */
export type NewAccount = { 
/**
 * The name that buyers see; 1 to 200 characters.
 */
name: string, };

/**
 *What callers may change in a [`Account`]; an absent field keeps its column as it is.
 */
export type AccountPatch = { 
/**
 * The name that buyers see; 1 to 200 characters.
 */
name?: string, };

/**
 * An agent of the account, from the invitation on.
 */
export type AccountAgent = { 
/**
 * The id; later invitations have larger ones.
 */
id: AccountAgentId, 
/**
 * Why the agent gets it: as an agent, a partner or an affiliate.
 */
role: PayeeRole, 
/**
 * The part of what is left after the fee, in basis points.
 */
commission_bp: number, 
/**
 * Where it stands.
 */
status: AgentStatus, 
/**
 * The account of the agent, once it accepted.
 */
agent_account: string | null, 
/**
 * Stripe's connected account (`acct_…`) that the agent is paid to, once it accepted.
 */
connected_account: string | null, 
/**
 * Until when the invitation can be accepted.
 */
expires_at: string, 
/**
 * When it was invited.
 */
created_at: string, 
/**
 * When it last changed its status.
 */
updated_at: string, };

/**
 * What an agent is invited to.
 */
export type NewAccountAgent = { 
/**
 * Why the agent gets it: as an agent, a partner or an affiliate.
 */
role: PayeeRole, 
/**
 * The part of what is left after the fee, in basis points; 1 to 10,000, and all active routes, agents and open
 * invitations together at most 10,000.
 */
commission_bp: number, };

/**
 * An agent that was invited, and the invitation, which is shown this once.
 */
export type InvitedAgent = { 
/**
 * The agent.
 */
agent: AccountAgent, 
/**
 * What to pass on to the agent, and to nobody else.
 */
token: InvitationToken, };

/**
 * What an agent gives to accept an invitation.
 */
export type AcceptInvitation = { 
/**
 * The invitation.
 */
token: InvitationToken, 
/**
 * Stripe's connected account (`acct_…`) that commissions are paid to.
 */
connected_account: string, };

/**
 * What an agent gets of a payment.
 */
export type Commission = { 
/**
 * The payment's currency.
 */
currency: Currency, 
/**
 * The commission, in minor units.
 */
amount: number, 
/**
 * What of it went back to the buyer, in minor units.
 */
taken_back: number, 
/**
 * Whether the payment is split already; else it is what the agent would get now.
 */
distributed: boolean, };

/**
 * Which agents a list is about; all of the account's unless a field narrows it.
 */
export type ListAgents = { 
/**
 * Only with this status.
 */
status?: AgentStatus | null, 
/**
 * How many on a page: 50 unless set, 1 to 500.
 */
limit?: number | null, 
/**
 * Where the page begins: the `next` of the page before.
 */
cursor?: Cursor | null, };

/**
 * An account's settings: one row, or none while the defaults hold.
 */
export type PaymentSettings = { 
/**
 * The currency that is offered first.
 */
default_currency: Currency, 
/**
 * How often to pay out.
 */
schedule: PayoutSchedule, 
/**
 * The least that a payout pays, in minor units of its currency; 0 or more.
 */
minimum_payout: number, 
/**
 * The platform's part of a payment, in basis points; 0 to 10,000.
 */
fee_bp: number, 
/**
 * What stands on the buyer's statement: 5 to 22 characters, at least one letter, none of `< > \\ ' " *`
 * (<https://docs.stripe.com/get-started/account/statement-descriptors>).
 */
statement_descriptor: string | null, 
/**
 * Stripe's connected account (`acct_…`) that the account's own shares are paid to.
 */
connected_account: string | null, 
/**
 * Counts the changes, from 1; 0 where the defaults hold.
 */
version: number, 
/**
 * When they were last changed.
 */
updated_at: string, };

/**
 *What makes a [`PaymentSettings`]; the account comes from the handle, the id from the guard.
 */
export type NewPaymentSettings = { 
/**
 * The currency that is offered first.
 */
default_currency: Currency, 
/**
 * How often to pay out.
 */
schedule: PayoutSchedule, 
/**
 * The least that a payout pays, in minor units of its currency; 0 or more.
 */
minimum_payout: number, 
/**
 * The platform's part of a payment, in basis points; 0 to 10,000.
 */
fee_bp: number, 
/**
 * What stands on the buyer's statement: 5 to 22 characters, at least one letter, none of `< > \\ ' " *`
 * (<https://docs.stripe.com/get-started/account/statement-descriptors>).
 */
statement_descriptor?: string | null, 
/**
 * Stripe's connected account (`acct_…`) that the account's own shares are paid to.
 */
connected_account?: string | null, };

/**
 * One payee's part of the account's payments, as long as the route is active.
 */
export type PayoutRoute = { 
/**
 * The route's id.
 */
id: PayoutRouteId, 
/**
 * Why the payee gets it: an agent, a partner or an affiliate.
 */
role: PayeeRole, 
/**
 * The payee, by the application's own id; 1 to 255 characters, at most one active route each.
 */
payee: string, 
/**
 * Stripe's connected account (`acct_…`) that the payee is paid to.
 */
connected_account: string, 
/**
 * The part of what is left after the fee, in basis points; 1 to 10,000, and all active ones together at most 10,000.
 */
share_bp: number, 
/**
 * The place among the account's routes; a unit that can't be split goes to the lower one.
 */
position: number, 
/**
 * Whether payments are still split by it.
 */
active: boolean, 
/**
 * When it was made.
 */
created_at: string, 
/**
 * When it was last changed.
 */
updated_at: string, };

/**
 *What makes a [`PayoutRoute`]; the account comes from the handle, the id from the guard.
 */
export type NewPayoutRoute = { 
/**
 * Why the payee gets it: an agent, a partner or an affiliate.
 */
role: PayeeRole, 
/**
 * The payee, by the application's own id; 1 to 255 characters, at most one active route each.
 */
payee: string, 
/**
 * Stripe's connected account (`acct_…`) that the payee is paid to.
 */
connected_account: string, 
/**
 * The part of what is left after the fee, in basis points; 1 to 10,000, and all active ones together at most 10,000.
 */
share_bp: number, };

/**
 *What callers may change in a [`PayoutRoute`]; an absent field keeps its column as it is.
 */
export type PayoutRoutePatch = { 
/**
 * Stripe's connected account (`acct_…`) that the payee is paid to.
 */
connected_account?: string, 
/**
 * The part of what is left after the fee, in basis points; 1 to 10,000, and all active ones together at most 10,000.
 */
share_bp?: number, };

/**
 * A payment by a buyer to the account.
 */
export type StripePayment = { 
/**
 * The payment's id; later payments have larger ones.
 */
id: StripePaymentId, 
/**
 * The buyer, by the application's own id.
 */
buyer: string, 
/**
 * The kind of thing that is paid for.
 */
pay_for: PayFor, 
/**
 * The thing that is paid for, by the application's own id.
 */
pay_for_id: string, 
/**
 * What the buyer pays, in minor units; more than 0.
 */
amount: number, 
/**
 * The currency of all amounts of the payment.
 */
currency: Currency, 
/**
 * The platform's part of the amount, in minor units; 0 to the amount.
 */
fee: number, 
/**
 * What went back to the buyer so far, in minor units; 0 to the amount.
 */
refunded: number, 
/**
 * What disputes have withdrawn so far, in minor units; with `refunded`, 0 to the amount.
 */
disputed: number, 
/**
 * Where the payment stands at Stripe.
 */
status: PaymentStatus, 
/**
 * Stripe's payment intent (`pi_…`), one per payment within the account; none until Stripe has made it.
 */
payment_intent: string | null, 
/**
 * Stripe's charge (`ch_…`), once the payment succeeded.
 */
charge: string | null, 
/**
 * Stripe's code for why the last attempt failed, such as `card_declined`.
 */
last_error: string | null, 
/**
 * What the buyer sees; at most 1,000 characters.
 */
description: string | null, 
/**
 * The application's own notes: a JSON object of at most 16 KiB.
 */
metadata: JsonValue | null, 
/**
 * When it was made.
 */
created_at: string, 
/**
 * When it was last changed.
 */
updated_at: string, };

/**
 *What makes a [`StripePayment`]; the account comes from the handle, the id from the guard.
 */
export type NewStripePayment = { 
/**
 * The buyer, by the application's own id.
 */
buyer: string, 
/**
 * The kind of thing that is paid for.
 */
pay_for: PayFor, 
/**
 * The thing that is paid for, by the application's own id.
 */
pay_for_id: string, 
/**
 * What the buyer pays, in minor units; more than 0.
 */
amount: number, 
/**
 * The currency of all amounts of the payment.
 */
currency: Currency, 
/**
 * The platform's part of the amount, in minor units; 0 to the amount.
 */
fee: number, 
/**
 * Stripe's payment intent (`pi_…`), one per payment within the account; none until Stripe has made it.
 */
payment_intent?: string | null, 
/**
 * What the buyer sees; at most 1,000 characters.
 */
description?: string | null, 
/**
 * The application's own notes: a JSON object of at most 16 KiB.
 */
metadata?: JsonValue | null, };

/**
 *What callers may change in a [`StripePayment`]; an absent field keeps its column as it is.
 */
export type StripePaymentPatch = { 
/**
 * Stripe's payment intent (`pi_…`), one per payment within the account; none until Stripe has made it.
 */
payment_intent?: string | null, 
/**
 * What the buyer sees; at most 1,000 characters.
 */
description?: string | null, 
/**
 * The application's own notes: a JSON object of at most 16 KiB.
 */
metadata?: JsonValue | null, };

/**
 * Which payments a list, a count or a total is about; all of the account's unless a field narrows it.
 *
 * Flat, so that axum's and actix's `Query` can read it from a URL.
 */
export type ListStripePayments = { 
/**
 * Only with this status.
 */
status?: PaymentStatus | null, 
/**
 * Only for this kind of thing.
 */
pay_for?: PayFor | null, 
/**
 * Only for this thing.
 */
pay_for_id?: string | null, 
/**
 * Only by this buyer.
 */
buyer?: string | null, 
/**
 * Only made at this time or later.
 */
created_from?: string | null, 
/**
 * Only made before this time.
 */
created_before?: string | null, 
/**
 * Newest first unless set.
 */
order?: StripePaymentOrder | null, 
/**
 * How many on a page: 50 unless set, 1 to 500.
 */
limit?: number | null, 
/**
 * Where the page begins: the `next` of the page before.
 */
cursor?: Cursor | null, };

/**
 * Exact sums over payments of one currency, in minor units.
 */
export type CurrencyTotal = { 
/**
 * The currency.
 */
currency: Currency, 
/**
 * How many payments.
 */
payments: number, 
/**
 * What buyers paid, or were asked to pay.
 */
amount: number, 
/**
 * The platform's part.
 */
fee: number, 
/**
 * What went back to buyers.
 */
refunded: number, };

/**
 * One payee's part of one payment, or what is taken back of it.
 */
export type PaymentShare = { 
/**
 * The share's id.
 */
id: PaymentShareId, 
/**
 * The payment.
 */
payment_id: StripePaymentId, 
/**
 * A part, or what is taken back of one.
 */
kind: ShareKind, 
/**
 * Why the payee gets it.
 */
role: PayeeRole, 
/**
 * The payee: `creator`, `platform`, or as in its route.
 */
payee: string, 
/**
 * The payment's currency.
 */
currency: Currency, 
/**
 * The part, in minor units; less than 0 for a clawback.
 */
amount: number, 
/**
 * What went back to the buyer while the share was open, in minor units; the rest is what a payout pays.
 */
reversed: number, 
/**
 * What went back to the buyer while a payout held the share or after, in minor units; clawbacks take it back.
 */
clawed_back: number, 
/**
 * Where it stands.
 */
status: ShareStatus, 
/**
 * The payout that holds or has paid it.
 */
pay_out_id: PayOutId | null, 
/**
 * When it was made.
 */
created_at: string, 
/**
 * When it was last changed.
 */
updated_at: string, };

/**
 *What makes a [`PaymentShare`]; the account comes from the handle, the id from the guard.
 */
export type NewPaymentShare = { 
/**
 * The payment.
 */
payment_id: StripePaymentId, 
/**
 * A part, or what is taken back of one.
 */
kind: ShareKind, 
/**
 * Why the payee gets it.
 */
role: PayeeRole, 
/**
 * The payee: `creator`, `platform`, or as in its route.
 */
payee: string, 
/**
 * The payment's currency.
 */
currency: Currency, 
/**
 * The part, in minor units; less than 0 for a clawback.
 */
amount: number, };

/**
 * Which open shares a list is about.
 */
export type ListOpenShares = { 
/**
 * Whose.
 */
payee: string, 
/**
 * In which currency.
 */
currency: Currency, 
/**
 * How many on a page: 50 unless set, 1 to 500.
 */
limit?: number | null, 
/**
 * Where the page begins: the `next` of the page before.
 */
cursor?: Cursor | null, };

/**
 * What a payee is owed in one currency, in minor units.
 */
export type OpenBalance = { 
/**
 * The currency.
 */
currency: Currency, 
/**
 * How many open shares and clawbacks.
 */
shares: number, 
/**
 * Their exact sum; less than 0 when more is to be taken back than is owed.
 */
amount: number, };

/**
 * One payment to a payee, in one currency: a transfer at Stripe.
 */
export type PayOut = { 
/**
 * The payout's id.
 */
id: PayOutId, 
/**
 * The payee, as in its shares.
 */
payee: string, 
/**
 * The currency.
 */
currency: Currency, 
/**
 * The caller's name for the request: the same one gives the same payout. 1 to 255 characters.
 */
idempotency_key: string, 
/**
 * Stripe's connected account (`acct_…`) that is paid.
 */
connected_account: string, 
/**
 * What is paid, in minor units; more than 0.
 */
amount: number, 
/**
 * Where it stands.
 */
status: PayOutStatus, 
/**
 * Stripe's transfer (`tr_…`), once it was made.
 */
transfer: string | null, 
/**
 * Stripe's code for why it failed.
 */
failure: string | null, 
/**
 * When it was requested.
 */
created_at: string, 
/**
 * When it was last changed.
 */
updated_at: string, };

/**
 *What makes a [`PayOut`]; the account comes from the handle, the id from the guard.
 */
export type NewPayOut = { 
/**
 * The payee, as in its shares.
 */
payee: string, 
/**
 * The currency.
 */
currency: Currency, 
/**
 * The caller's name for the request: the same one gives the same payout. 1 to 255 characters.
 */
idempotency_key: string, };

/**
 * Which payouts a list is about; all of the account's unless a field narrows it.
 */
export type ListPayOuts = { 
/**
 * Only to this payee.
 */
payee?: string | null, 
/**
 * Only with this status.
 */
status?: PayOutStatus | null, 
/**
 * How many on a page: 50 unless set, 1 to 500.
 */
limit?: number | null, 
/**
 * Where the page begins: the `next` of the page before.
 */
cursor?: Cursor | null, };

/**
 * One entry of the audit log.
 */
export type LogEntry = { 
/**
 * The place in the account's log, from 1 without gaps.
 */
seq: number, 
/**
 * How much it matters.
 */
level: LogLevel, 
/**
 * What happened: the function that changed something, such as `pay_out.request`.
 */
event: string, 
/**
 * The row that it happened to: its table and id.
 */
subject: string, 
/**
 * Who did it, as [`Tenant::acting_for`] named them.
 */
actor: string, 
/**
 * What changed; none once erased.
 */
data: JsonValue | null, 
/**
 * When it happened.
 */
created_at: string, };

/**
 * Which entries a list is about; all of the account's unless a field narrows it.
 */
export type ListLogs = { 
/**
 * Only of this level.
 */
level?: LogLevel | null, 
/**
 * Only of this event.
 */
event?: string | null, 
/**
 * Only about this row, as [`LogEntry::subject`] names it.
 */
subject?: string | null, 
/**
 * How many on a page: 50 unless set, 1 to 500.
 */
limit?: number | null, 
/**
 * Where the page begins: the `next` of the page before.
 */
cursor?: Cursor | null, };

/**
 * What [`verify`] found.
 */
export type Verified = { 
/**
 * How many entries were read, up to the first broken one.
 */
entries: number, 
/**
 * The place of the first entry that was changed, or stands where one is missing.
 */
first_broken: number | null, 
/**
 * Whether the end of the log is the one that was written last: nothing was cut off.
 */
complete: boolean, };

/**
 * One event that Stripe sent about the account.
 */
export type StripeEvent = { 
/**
 * The row's id; later events that were received have larger ones.
 */
id: StripeEventId, 
/**
 * Stripe's id of the event (`evt_…`), received once per account.
 */
event: string, 
/**
 * What happened, in Stripe's words, such as `payment_intent.succeeded`.
 */
kind: string, 
/**
 * The version of Stripe's API that the event is written in.
 */
api_version: string | null, 
/**
 * When it happened at Stripe, to the second.
 */
created: string, 
/**
 * What it is about, by Stripe's id: the payment intent or charge, the transfer, the connected account.
 */
subject: string | null, 
/**
 * Whether the account was named by what Stripe signed, and not found by a lookup.
 */
signed: boolean, 
/**
 * What its effect depends on, without personal data: it stays when the payload is erased.
 */
facts: JsonValue, 
/**
 * What became of it.
 */
outcome: EventOutcome, 
/**
 * The event as Stripe sent it; none once erased.
 */
payload: JsonValue | null, 
/**
 * When it was received.
 */
received_at: string, };

/**
 * Which events a list is about; all of the account's unless a field narrows it.
 */
export type ListStripeEvents = { 
/**
 * Only of this kind, such as `payment_intent.succeeded`.
 */
kind?: string | null, 
/**
 * Only about this object of Stripe's: a payment intent or charge, a transfer, a connected account.
 */
subject?: string | null, 
/**
 * Only with this outcome.
 */
outcome?: EventOutcome | null, 
/**
 * How many on a page: 50 unless set, 1 to 500.
 */
limit?: number | null, 
/**
 * Where the page begins: the `next` of the page before.
 */
cursor?: Cursor | null, };

/**
 * A connected account of Stripe (`acct_…`) that belongs to the account.
 */
export type ConnectedAccount = { 
/**
 * Stripe's id (`acct_…`).
 */
connected_account: string, 
/**
 * Whether it can take charges; none until Stripe has said so.
 */
charges_enabled: boolean | null, 
/**
 * Whether it can be paid out to a bank; none until Stripe has said so.
 */
payouts_enabled: boolean | null, 
/**
 * Stripe's code for why it is restricted, such as `requirements.past_due`.
 */
disabled_reason: string | null, 
/**
 * When Stripe said so.
 */
described_at: string | null, 
/**
 * The last payout to its bank, by Stripe's id (`po_…`).
 */
bank_payout: string | null, 
/**
 * What became of that payout.
 */
bank_payout_status: BankPayoutStatus | null, 
/**
 * Its amount, in minor units.
 */
bank_payout_amount: number | null, 
/**
 * Its currency.
 */
bank_payout_currency: Currency | null, 
/**
 * Stripe's code for why it failed, such as `account_closed`.
 */
bank_payout_failure: string | null, 
/**
 * When Stripe said so.
 */
bank_payout_at: string | null, 
/**
 * When the row was made.
 */
created_at: string, 
/**
 * When it was last changed.
 */
updated_at: string, };

/**
 * A purchase code, and how often it was redeemed.
 */
export type Ppu = { 
/**
 * The id, which is no secret; later codes have larger ones.
 */
id: PpuId, 
/**
 * The batch that it was issued in, by the caller's own name.
 */
batch: string, 
/**
 * The place in the batch, from 1.
 */
number: number, 
/**
 * The code: who knows it can redeem it.
 */
code: PurchaseCode, 
/**
 * The kind of thing that the code gives.
 */
pay_for: PayFor, 
/**
 * The thing that the code gives, by the application's own id.
 */
pay_for_id: string, 
/**
 * How often it can be redeemed; 1 or more.
 */
max_redemptions: number, 
/**
 * How often it was redeemed; 0 to `max_redemptions`.
 */
redeemed: number, 
/**
 * From when on it can't be redeemed any more; none for ever.
 */
expires_at: string | null, 
/**
 * Whether it was withdrawn; for good.
 */
disabled: boolean, 
/**
 * When it was issued.
 */
created_at: string, 
/**
 * When it was last redeemed or withdrawn.
 */
updated_at: string, };

/**
 * What makes a batch of codes.
 */
export type IssueCodes = { 
/**
 * The batch, by the caller's own name: the same one is issued once. 1 to 255 characters.
 */
batch: string, 
/**
 * How many codes; 1 to 100,000.
 */
count: number, 
/**
 * The kind of thing that each code gives; not a tip, and not another code.
 */
pay_for: PayFor, 
/**
 * The thing that each code gives, by the application's own id; 1 to 255 characters.
 */
pay_for_id: string, 
/**
 * How often each code can be redeemed; 1 or more.
 */
max_redemptions: number, 
/**
 * From when on they can't be redeemed any more, to the microsecond; none for ever.
 */
expires_at?: string | null, };

/**
 * A batch that was issued.
 */
export type IssuedCodes = { 
/**
 * The batch, by the caller's own name.
 */
batch: string, 
/**
 * How many codes it has.
 */
count: number, };

/**
 * Who redeems which code.
 */
export type RedeemCode = { 
/**
 * The code.
 */
code: PurchaseCode, 
/**
 * Who redeems it, by the application's own id; 1 to 255 characters.
 */
redeemer: string, 
/**
 * The caller's name for the request: the same one redeems once. 1 to 255 characters.
 */
idempotency_key: string, };

/**
 * A redemption, and the code as it stands after it.
 */
export type RedeemedCode = { 
/**
 * The code, which tells what the redeemer gets.
 */
ppu: Ppu, 
/**
 * The redemption.
 */
redemption: PpuRedemption, };

/**
 * One use of a purchase code.
 */
export type PpuRedemption = { 
/**
 * The redemption's id; later ones have larger ones.
 */
id: PpuRedemptionId, 
/**
 * The code's id.
 */
ppu_id: PpuId, 
/**
 * Who redeemed it, by the application's own id.
 */
redeemer: string, 
/**
 * The caller's name for the request: the same one redeems once.
 */
idempotency_key: string, 
/**
 * When it was redeemed.
 */
created_at: string, };

/**
 * Which codes a list is about; all of the account's unless a field narrows it.
 */
export type ListPpu = { 
/**
 * Only of this batch.
 */
batch?: string | null, 
/**
 * How many on a page: 50 unless set, 1 to 500.
 */
limit?: number | null, 
/**
 * Where the page begins: the `next` of the page before.
 */
cursor?: Cursor | null, };

/**
 * Which redemptions a list is about; all of the account's unless a field narrows it.
 */
export type ListRedemptions = { 
/**
 * Only of this code.
 */
ppu_id?: PpuId | null, 
/**
 * How many on a page: 50 unless set, 1 to 500.
 */
limit?: number | null, 
/**
 * Where the page begins: the `next` of the page before.
 */
cursor?: Cursor | null, };

/** What asks for a payout. */
export type RequestPayOut = NewPayOut;

/**
 * The id of a job of the outbox.
 */
export type OutboxJobId = string;

/**
 * Which call to Stripe a job of the outbox makes.
 */
export type OutboxKind = "transfer";

/**
 * Where a job of the outbox stands.
 */
export type OutboxStatus = "ready" | "sending" | "unknown" | "done" | "failed" | "dead";

/**
 * A call to Stripe, as its account sees it.
 */
export type OutboxJob = { 
/**
 * The job's id.
 */
id: OutboxJobId, 
/**
 * Which call it makes.
 */
kind: OutboxKind, 
/**
 * The payout that it is for.
 */
pay_out_id: PayOutId, 
/**
 * Where it stands.
 */
status: OutboxStatus, 
/**
 * How often it was taken up.
 */
attempts: number, 
/**
 * When it is taken up next; none when there is nothing to do.
 */
due_at: string | null, 
/**
 * The code of what went wrong last.
 */
last_error: string | null, 
/**
 * What Stripe made: its transfer (`tr_…`).
 */
response_id: string | null, 
/**
 * When it was asked for.
 */
created_at: string, 
/**
 * When it was last changed.
 */
updated_at: string, };

/**
 * Which jobs a list is about; all of the account's unless a field narrows it.
 */
export type ListOutboxJobs = { 
/**
 * Only with this status.
 */
status?: OutboxStatus | null, 
/**
 * Only for this payout.
 */
pay_out_id?: PayOutId | null, 
/**
 * How many on a page: 50 unless set, 1 to 500.
 */
limit?: number | null, 
/**
 * Where the page begins: the `next` of the page before.
 */
cursor?: Cursor | null, };

/**
 * A transfer to be made, the same at each try.
 *
 * `Debug` shows neither the connected account nor the idempotency key.
 */
export type TransferRequest = { 
/**
 * The amount, in minor units.
 */
amount: number, 
/**
 * The amount's currency.
 */
currency: Currency, 
/**
 * The connected account (`acct_…`) that is paid.
 */
destination: string, 
/**
 * A name for this transfer alone, by which [`Transport::find_transfer`] finds it.
 */
transfer_group: string, 
/**
 * What Stripe's events about the transfer carry: `account_id` and `pay_out_id`.
 */
metadata: { [key in string]: string }, };

/**
 * What an account has, as of one moment; amounts are in minor units.
 */
export type AccountSummary = { 
/**
 * The account.
 */
account: Account, 
/**
 * Its payments that succeeded, one sum per currency, sorted by its code.
 */
succeeded: Array<CurrencyTotal>, 
/**
 * What it owes to its payees and itself, the platform left out, one sum per currency.
 */
owed: Array<OpenBalance>, 
/**
 * Payouts that were requested and not yet paid, one sum per currency.
 */
requested: Array<PayOutTotal>, 
/**
 * Payouts that were paid, one sum per currency.
 */
paid: Array<PayOutTotal>, };

/**
 * The exact sum of payouts in one currency, in minor units.
 */
export type PayOutTotal = { 
/**
 * The currency.
 */
currency: Currency, 
/**
 * How many payouts.
 */
payouts: number, 
/**
 * Their sum.
 */
amount: number, };

/**
 * Which part of the accounts a list shows.
 */
export type ListAccounts = { 
/**
 * How many on a page: 50 unless set, 1 to 500.
 */
limit?: number | null, 
/**
 * Where the page begins: the `next` of the page before.
 */
cursor?: Cursor | null, };

/**
 * What erasing an account does, table by table, in the order in which it is done.
 */
export type ErasurePlan = { 
/**
 * The account.
 */
account: string, 
/**
 * Every table with rows of accounts.
 */
tables: Array<ErasedTable>, };

/**
 * A table in an [`ErasurePlan`].
 */
export type ErasedTable = { 
/**
 * The table's name.
 */
table: string, 
/**
 * How many rows the account has in it; none that can be counted when it is out of reach.
 */
rows: number | null, 
/**
 * What happens to them.
 */
fate: Fate, };

/**
 * What [`erase`] does with the rows of a table.
 */
export type Fate = "deleted" | "kept" | "out_of_reach";

/**
 * A text's meaning as a model gives it: 1,536 finite numbers, not all of them zero.
 *
 * As a vector its length is 0.000001 to 1,000,000, so that pgvector's 32-bit sums hold its square. `Debug` doesn't show
 * the numbers, from which a text can be guessed.
 */
export type Embedding = number[];

/**
 * A piece of the account's content, with its embedding by one model.
 */
export type ContentEmbedding = { 
/**
 * The row's id.
 */
id: ContentEmbeddingId, 
/**
 * The kind of content, in the application's own words, such as `lesson`; 1 to 64 characters.
 */
content_kind: string, 
/**
 * The content, by the application's own id; 1 to 255 characters.
 */
content_id: string, 
/**
 * Which piece of the content it is; from 0.
 */
chunk: number, 
/**
 * The model that the embedding is by; 1 to 128 characters. Those of two models can't be compared.
 */
model: string, 
/**
 * The text of the piece; 1 to 32,768 characters.
 */
text: string, 
/**
 * What it means.
 */
embedding: Embedding, 
/**
 * The application's own notes, to search by: a JSON object of at most 16 KiB.
 */
metadata: JsonValue, 
/**
 * When it was made.
 */
created_at: string, 
/**
 * When it was last changed.
 */
updated_at: string, };

/**
 *What makes a [`ContentEmbedding`]; the account comes from the handle, the id from the guard.
 */
export type NewContentEmbedding = { 
/**
 * The kind of content, in the application's own words, such as `lesson`; 1 to 64 characters.
 */
content_kind: string, 
/**
 * The content, by the application's own id; 1 to 255 characters.
 */
content_id: string, 
/**
 * Which piece of the content it is; from 0.
 */
chunk: number, 
/**
 * The model that the embedding is by; 1 to 128 characters. Those of two models can't be compared.
 */
model: string, 
/**
 * The text of the piece; 1 to 32,768 characters.
 */
text: string, 
/**
 * What it means.
 */
embedding: Embedding, 
/**
 * The application's own notes, to search by: a JSON object of at most 16 KiB.
 */
metadata: JsonValue, };

/**
 * What to search for.
 */
export type FindNearest = { 
/**
 * What the rows are to be near to.
 */
embedding: Embedding, 
/**
 * What near means.
 */
metric?: Metric, 
/**
 * How many rows: 1 and more; more than 1,000 is 1,000.
 */
k: number, 
/**
 * Only of this kind of content.
 */
content_kind?: string | null, 
/**
 * Only by this model. Give it where there are embeddings by several: they can't be compared.
 */
model?: string | null, 
/**
 * Only with metadata that contain this JSON object.
 */
metadata?: JsonValue | null, 
/**
 * Only those of the `k` nearest that are at least so similar: see [`Match::similarity`].
 */
min_similarity?: number | null, };

/**
 * How near two embeddings are.
 */
export type Metric = "cosine" | "l2" | "inner_product";

/**
 * A row that [`nearest`] found; without its vector.
 */
export type Match = { 
/**
 * The row's id.
 */
id: ContentEmbeddingId, 
/**
 * The kind of content.
 */
content_kind: string, 
/**
 * The content.
 */
content_id: string, 
/**
 * Which piece of the content it is.
 */
chunk: number, 
/**
 * The model.
 */
model: string, 
/**
 * The text.
 */
text: string, 
/**
 * The application's own notes.
 */
metadata: JsonValue, 
/**
 * How far it is; less is nearer. Cosine: 0 to 2; L2: 0 and more; inner product: the product, negated.
 */
distance: number, 
/**
 * How similar it is; more is nearer. Cosine: −1 to 1; L2: 1 / (1 + distance); inner product: the product.
 */
similarity: number, };

/**
 * The body, as RFC 9457 names its members; `code` and `field` are extensions.
 */
export type Problem = { type: string, title: string, status: number, code: string, detail?: string, field?: string, };
