use access::{
    AccountId, Db, Error, Reason, StripePaymentId, Tenant,
    account_agents::{
        self, AcceptInvitation, AccountAgent, AgentStatus, InvitationToken, InvitedAgent,
        ListAgents, NewAccountAgent, PayeeRole,
    },
    account_payout_routes, pay_out,
    payment_share_tracking::{self, PaymentShare},
    payment_system_logs, stripe_payments,
};
use futures_util::future::join_all;
use tests::{
    TestDatabase,
    fixtures::{dump, new_agent, new_payment, new_payout, new_route},
};
use uuid::Uuid;

struct Desk {
    database: TestDatabase,
    db: Db,
    a: Tenant,
    agent: AccountId,
}

impl Desk {
    async fn new() -> Self {
        let database = TestDatabase::new().await;
        let db = database.busy_db(8).await;
        let a = db.tenant(database.account("A").await);
        let agent = database.account("agent").await;
        Self {
            database,
            db,
            a,
            agent,
        }
    }

    async fn invite(&self, commission_bp: i32) -> InvitedAgent {
        account_agents::invite(&self.a, new_agent(commission_bp))
            .await
            .unwrap()
    }

    async fn accept(
        &self,
        token: InvitationToken,
        agent: AccountId,
    ) -> Result<AccountAgent, Error> {
        let accept = AcceptInvitation {
            token,
            connected_account: "acct_agent".into(),
        };
        account_agents::accept(&self.db, &self.db.tenant(agent), accept).await
    }

    async fn paid(&self, amount: i64) -> StripePaymentId {
        let new = new_payment("buyer", amount);
        let id = stripe_payments::create(&self.a, new).await.unwrap().id;
        stripe_payments::succeed(&self.a, id, "ch_1").await.unwrap();
        id
    }

    async fn distribute(&self, payment: StripePaymentId) -> Vec<PaymentShare> {
        payment_share_tracking::distribute(&self.a, payment)
            .await
            .unwrap()
    }
}

fn amount_of(shares: &[PaymentShare], payee: &str) -> Option<i64> {
    let share = shares.iter().find(|share| share.payee == payee)?;
    Some(share.amount)
}

#[tokio::test]
async fn an_agent_that_accepted_gets_its_commission_until_it_is_revoked() {
    let desk = Desk::new().await;
    account_payout_routes::create(&desk.a, new_route("partner", 5_000))
        .await
        .unwrap();
    let invited = desk.invite(1_000).await;
    assert_eq!(invited.agent.status, AgentStatus::Invited);
    let payee = format!("agent/{}", desk.agent);
    let before = desk.paid(1_000).await;
    assert_eq!(amount_of(&desk.distribute(before).await, &payee), None);

    let agent = desk.accept(invited.token, desk.agent).await.unwrap();
    assert_eq!(agent.status, AgentStatus::Active);
    assert_eq!(agent.agent_account, Some(desk.agent.as_uuid()));
    assert_eq!(account_agents::get(&desk.a, agent.id).await.unwrap(), agent);

    // The fee is 100; of the 900 that are left the route gets a half, and the agent a tenth.
    let payment = desk.paid(1_000).await;
    let commission = |payment| account_agents::commission(&desk.a, agent.id, payment);
    let would_be = commission(payment).await.unwrap();
    assert_eq!((would_be.amount, would_be.distributed), (90, false));
    let shares = desk.distribute(payment).await;
    assert_eq!(shares.iter().map(|share| share.amount).sum::<i64>(), 1_000);
    assert_eq!(amount_of(&shares, "platform"), Some(100));
    assert_eq!(amount_of(&shares, "partner"), Some(450));
    assert_eq!(amount_of(&shares, &payee), Some(90));
    assert_eq!(amount_of(&shares, "creator"), Some(360));
    let is = commission(payment).await.unwrap();
    assert_eq!((is.amount, is.taken_back, is.distributed), (90, 0, true));
    stripe_payments::refund(&desk.a, payment, 500)
        .await
        .unwrap();
    assert_eq!(commission(payment).await.unwrap().taken_back, 45);
    assert_eq!(commission(before).await.unwrap().amount, 0);

    let revoked = account_agents::revoke(&desk.a, agent.id).await.unwrap();
    assert_eq!(revoked.status, AgentStatus::Revoked);
    assert_eq!(account_agents::revoke(&desk.a, agent.id).await, Ok(revoked));
    let after = desk.paid(1_000).await;
    assert_eq!(amount_of(&desk.distribute(after).await, &payee), None);
    // What was earned is paid out to where the agent said.
    let payout = pay_out::request(&desk.a, new_payout(&payee, "key"))
        .await
        .unwrap();
    assert_eq!(
        (payout.amount, payout.connected_account.as_str()),
        (45, "acct_agent")
    );
    let verified = payment_system_logs::verify(&desk.a).await.unwrap();
    assert!(verified.complete);
}

/// S66
#[tokio::test]
async fn routes_and_agents_together_never_take_more_than_the_whole_with_forty_writers_at_once() {
    let desk = Desk::new().await;
    let writers = (0..40).map(|number| {
        let tenant = desk.db.tenant(desk.a.account());
        async move {
            if number % 2 == 0 {
                let route = new_route(&format!("p{number}"), 900);
                account_payout_routes::create(&tenant, route)
                    .await
                    .map(drop)
            } else {
                account_agents::invite(&tenant, new_agent(900))
                    .await
                    .map(drop)
            }
        }
    });
    let outcomes = join_all(writers).await;
    let taken = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(taken, 11, "{outcomes:?}");
    let refused = outcomes.into_iter().filter_map(Result::err);
    for error in refused {
        assert_eq!(error, Error::Rejected(Reason::SharesExceedWhole));
    }
    // An invitation holds its part; taken back, it is free for others.
    let list = ListAgents {
        status: Some(AgentStatus::Invited),
        ..Default::default()
    };
    let invited = account_agents::list(&desk.a, &list).await.unwrap().items;
    let routes = account_payout_routes::list(&desk.a, true).await.unwrap();
    assert_eq!(invited.len() + routes.len(), 11);
    if let Some(agent) = invited.first() {
        account_agents::revoke(&desk.a, agent.id).await.unwrap();
        account_payout_routes::create(&desk.a, new_route("late", 1_000))
            .await
            .unwrap();
    }
}

/// Splits go on while parts change hands: each is by parts that stood together, and sums to its payment.
#[tokio::test]
async fn payments_are_split_exactly_while_routes_and_agents_change_at_once() {
    let desk = Desk::new().await;
    let invited = desk.invite(4_000).await;
    desk.accept(invited.token, desk.agent).await.unwrap();
    let route = account_payout_routes::create(&desk.a, new_route("p", 6_000))
        .await
        .unwrap();
    let mut payments = Vec::new();
    for _ in 0..30 {
        payments.push(desk.paid(1_001).await);
    }
    let change = async {
        account_payout_routes::deactivate(&desk.a, route.id)
            .await
            .unwrap();
        for _ in 0..8 {
            let more = desk.invite(6_000).await;
            let other = desk.database.account("other").await;
            desk.accept(more.token, other).await.unwrap();
            account_agents::revoke(&desk.a, more.agent.id)
                .await
                .unwrap();
        }
    };
    let split = join_all(payments.iter().map(|payment| {
        let tenant = desk.db.tenant(desk.a.account());
        async move {
            payment_share_tracking::distribute(&tenant, *payment)
                .await
                .unwrap()
        }
    }));
    let ((), shares) = Box::pin(futures_util::future::join(change, split)).await;
    for shares in shares {
        assert_eq!(shares.iter().map(|share| share.amount).sum::<i64>(), 1_001);
        assert!(shares.len() <= 4, "{shares:?}");
    }
}

/// Between the two reads of a split nobody can change the parts.
#[tokio::test]
async fn a_split_reads_routes_and_agents_as_they_stand_together() {
    let desk = Desk::new().await;
    let payment = desk.paid(1_000).await;
    let (holder, other) = (
        desk.database.superuser().await,
        desk.database.superuser().await,
    );
    // The split has read the routes and waits for the agents.
    holder
        .batch_execute("BEGIN; LOCK TABLE account_agents")
        .await
        .unwrap();
    let change = async {
        let waits = "SELECT count(*) FROM pg_locks WHERE relation = 'account_agents'::regclass AND NOT granted";
        while other.query_one(waits, &[]).await.unwrap().get::<_, i64>(0) == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        let hold = "SELECT FROM accounts WHERE id = $1 FOR NO KEY UPDATE NOWAIT";
        let refused = other
            .query(hold, &[&desk.a.account().as_uuid()])
            .await
            .expect_err("the split holds the account against changes of its parts");
        assert_eq!(refused.code().unwrap().code(), "55P03");
        holder.batch_execute("COMMIT").await.unwrap();
    };
    let split = desk.distribute(payment);
    let (shares, ()) = Box::pin(futures_util::future::join(split, change)).await;
    assert_eq!(shares.iter().map(|share| share.amount).sum::<i64>(), 1_000);
}

/// S13: nobody learns by a guess whether there is an account, or an invitation.
#[tokio::test]
async fn an_invitation_that_is_unknown_used_revoked_or_late_is_the_same_as_none() {
    let desk = Desk::new().await;
    let superuser = desk.database.superuser().await;
    let other = desk.database.account("other").await;
    let used = desk.invite(1).await.token;
    desk.accept(used, desk.agent).await.unwrap();
    let revoked = desk.invite(1).await;
    account_agents::revoke(&desk.a, revoked.agent.id)
        .await
        .unwrap();
    let late = desk.invite(1).await;
    superuser
        .execute(
            "UPDATE account_agents SET expires_at = now() WHERE id = $1",
            &[&late.agent.id.as_uuid()],
        )
        .await
        .unwrap();
    let before = dump(&superuser, desk.a.account()).await;
    // The secret of one account's invitation under another account's name, or under none's.
    let bytes = |account: Uuid, token: InvitationToken| -> InvitationToken {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
        let mut bytes = BASE64.decode(token.expose()).unwrap();
        bytes[..16].copy_from_slice(account.as_bytes());
        BASE64.encode(bytes).parse().unwrap()
    };
    let open = desk.database.account("open").await;
    let elsewhere = account_agents::invite(&desk.db.tenant(open), new_agent(1))
        .await
        .unwrap()
        .token;
    let tokens = [
        used,
        revoked.token,
        late.token,
        bytes(desk.a.account().as_uuid(), elsewhere),
        bytes(Uuid::now_v7(), elsewhere),
        bytes(Uuid::nil(), elsewhere),
    ];
    for token in tokens {
        let outcome = desk.accept(token, other).await;
        assert_eq!(outcome, Err(Error::NotFound));
    }
    assert_eq!(dump(&superuser, desk.a.account()).await, before);
    let own = desk.invite(1).await.token;
    let outcome = desk.accept(own, desk.a.account()).await;
    assert!(matches!(
        outcome,
        Err(Error::Invalid { field: "token", .. })
    ));
    desk.accept(own, other).await.unwrap();
}

#[tokio::test]
async fn an_invitation_is_accepted_once_by_whoever_is_first() {
    let desk = Desk::new().await;
    let token = desk.invite(100).await.token;
    let mut agents = Vec::new();
    for number in 0..8 {
        agents.push(desk.database.account(&format!("agent {number}")).await);
    }
    let outcomes = join_all(agents.iter().map(|agent| desk.accept(token, *agent))).await;
    let accepted: Vec<&AccountAgent> = outcomes.iter().flatten().collect();
    assert_eq!(accepted.len(), 1, "{outcomes:?}");
    let refused = outcomes.iter().filter_map(|o| o.as_ref().err());
    assert!(refused.into_iter().all(|error| *error == Error::NotFound));
    let winner = agents[outcomes.iter().position(Result::is_ok).unwrap()];
    assert_eq!(desk.accept(token, winner).await.as_ref(), Ok(accepted[0]));
    // A second invitation of the same agent waits until the first is revoked.
    let second = desk.invite(200).await.token;
    assert_eq!(desk.accept(second, winner).await, Err(Error::Conflict));
    account_agents::revoke(&desk.a, accepted[0].id)
        .await
        .unwrap();
    assert_eq!(
        desk.accept(second, winner).await.unwrap().commission_bp,
        200
    );
    assert_eq!(desk.accept(token, winner).await, Err(Error::NotFound));
}

/// S16: two accounts may have the same agent, and neither sees the other's row.
#[tokio::test]
async fn one_agent_works_for_two_accounts() {
    let desk = Desk::new().await;
    let b = desk.db.tenant(desk.database.account("B").await);
    let of_a = desk.invite(100).await;
    let of_b = account_agents::invite(&b, new_agent(200)).await.unwrap();
    desk.accept(of_a.token, desk.agent).await.unwrap();
    desk.accept(of_b.token, desk.agent).await.unwrap();
    let agents = account_agents::list(&desk.a, &ListAgents::default()).await;
    let ids: Vec<_> = agents.unwrap().items.iter().map(|agent| agent.id).collect();
    assert_eq!(ids, [of_a.agent.id]);
    let agents = desk.db.tenant(desk.agent);
    let own = account_agents::list(&agents, &ListAgents::default()).await;
    assert!(own.unwrap().items.is_empty());
    assert_eq!(
        account_agents::get(&agents, of_a.agent.id).await,
        Err(Error::NotFound)
    );
}

#[tokio::test]
async fn the_secret_of_an_invitation_is_stored_as_a_hash_and_logged_nowhere() {
    let desk = Desk::new().await;
    let invited = desk.invite(100).await;
    let text = invited.token.expose();
    desk.accept(invited.token, desk.agent).await.unwrap();
    let superuser = desk.database.superuser().await;
    let stored = dump(&superuser, desk.a.account()).await;
    assert!(stored.contains("account_agents.accept"));
    assert!(!stored.contains(&text) && !stored.contains(&text[22..]));
    assert!(!format!("{invited:?}").contains(&text[22..]));
}

/// S53, S54, S58
#[tokio::test]
async fn agents_have_bounds_and_pages() {
    let desk = Desk::new().await;
    let field = |error: Error| match error {
        Error::Invalid { field, .. } => field,
        other => panic!("{other:?}"),
    };
    for commission_bp in [0, -1, 10_001, i32::MIN, i32::MAX] {
        let outcome = account_agents::invite(&desk.a, new_agent(commission_bp)).await;
        assert_eq!(field(outcome.unwrap_err()), "commission_bp");
    }
    for role in [PayeeRole::Creator, PayeeRole::Platform] {
        let new = NewAccountAgent {
            role,
            commission_bp: 1,
        };
        let outcome = account_agents::invite(&desk.a, new).await;
        assert_eq!(field(outcome.unwrap_err()), "role");
    }
    let token = desk.invite(1).await.token;
    for connected_account in ["", "someone", "acct_", "acct_\0"] {
        let accept = AcceptInvitation {
            token,
            connected_account: connected_account.into(),
        };
        let outcome = account_agents::accept(&desk.db, &desk.db.tenant(desk.agent), accept).await;
        assert_eq!(field(outcome.unwrap_err()), "connected_account");
    }
    let payee = format!("agent/{}", Uuid::now_v7());
    let outcome = account_payout_routes::create(&desk.a, new_route(&payee, 1)).await;
    assert_eq!(field(outcome.unwrap_err()), "payee");
    for _ in 0..6 {
        desk.invite(1).await;
    }
    let mut list = ListAgents {
        limit: Some(3),
        ..Default::default()
    };
    let mut ids = Vec::new();
    loop {
        let page = account_agents::list(&desk.a, &list).await.unwrap();
        ids.extend(page.items.into_iter().map(|agent| agent.id));
        let Some(next) = page.next else { break };
        list.cursor = Some(next);
    }
    assert_eq!(ids.len(), 7);
    assert!(ids.is_sorted_by(|a, b| a > b));
    for limit in [0, -1, 501, i64::MAX] {
        list.limit = Some(limit);
        let outcome = account_agents::list(&desk.a, &list).await;
        assert_eq!(field(outcome.unwrap_err()), "limit");
    }
    list.limit = None;
    list.cursor = Some("nonsense".to_owned().into());
    let outcome = account_agents::list(&desk.a, &list).await;
    assert_eq!(field(outcome.unwrap_err()), "cursor");
}

/// Red when the latest invitation is what counts, whether or not it still does.
#[tokio::test]
async fn a_commission_is_paid_to_where_the_agent_is_active() {
    let desk = Desk::new().await;
    let (first, second) = (desk.invite(1_000).await, desk.invite(1_000).await);
    let agent = desk.db.tenant(desk.agent);
    let accept = async |token, account: &str| {
        let accept = AcceptInvitation {
            token,
            connected_account: account.into(),
        };
        account_agents::accept(&desk.db, &agent, accept)
            .await
            .unwrap()
    };
    accept(second.token, "acct_old").await;
    account_agents::revoke(&desk.a, second.agent.id)
        .await
        .unwrap();
    accept(first.token, "acct_new").await;
    let payment = desk.paid(1_000).await;
    desk.distribute(payment).await;
    let payee = format!("agent/{}", desk.agent);
    let payout = pay_out::request(&desk.a, new_payout(&payee, "key")).await;
    assert_eq!(payout.unwrap().connected_account, "acct_new");
}
