use access::{
    Error, PpuId, PurchaseCode, Reason, Tenant, payment_system_logs,
    ppu::{self, ListPpu, ListRedemptions, Ppu, PpuStatus},
};
use chrono::{Duration, SubsecRound, Utc};
use futures_util::future::join_all;
use tests::{
    TestDatabase,
    fixtures::{new_codes, new_redemption},
};

const EXHAUSTED: Error = Error::Rejected(Reason::CodeExhausted);

async fn account() -> (TestDatabase, Tenant) {
    let database = TestDatabase::new().await;
    let tenant = database.db().await.tenant(database.account("A").await);
    (database, tenant)
}

/// One code that can be redeemed so often.
async fn code(tenant: &Tenant, max_redemptions: i64) -> Ppu {
    let mut new = new_codes(&format!("of-{max_redemptions}"), 1);
    new.max_redemptions = max_redemptions;
    ppu::issue_many(tenant, new).await.unwrap();
    newest(tenant).await
}

async fn newest(tenant: &Tenant) -> Ppu {
    let page = ppu::list(tenant, &ListPpu::default()).await.unwrap();
    page.items.into_iter().next().unwrap()
}

async fn redemptions(tenant: &Tenant, ppu_id: PpuId) -> usize {
    let list = ListRedemptions {
        ppu_id: Some(ppu_id),
        limit: Some(500),
        cursor: None,
    };
    let page = ppu::list_redemptions(tenant, &list).await.unwrap();
    page.items.len()
}

#[tokio::test]
async fn of_a_hundred_who_redeem_at_once_a_code_with_ten_left_ten_succeed() {
    let (database, tenant) = account().await;
    let db = database.busy_db(8).await;
    let code = code(&tenant, 12).await;
    for number in 0..2 {
        ppu::redeem(
            &tenant,
            new_redemption(code.code, &format!("first-{number}")),
        )
        .await
        .unwrap();
    }
    let calls = (0..100).map(|number| {
        let tenant = db.tenant(tenant.account());
        let redeem = new_redemption(code.code, &format!("key-{number}"));
        async move { ppu::redeem(&tenant, redeem).await }
    });
    let outcomes = join_all(calls).await;
    assert_eq!(outcomes.iter().filter(|o| o.is_ok()).count(), 10);
    assert!(
        outcomes
            .iter()
            .flat_map(|o| o.as_ref().err())
            .all(|error| *error == EXHAUSTED),
        "{outcomes:?}"
    );
    assert_eq!(newest(&tenant).await.redeemed, 12);
    assert_eq!(redemptions(&tenant, code.id).await, 12);
    // Each success is in the log, and nothing else is.
    let logs = payment_system_logs::ListLogs {
        event: Some("ppu.redeem".into()),
        limit: Some(500),
        ..Default::default()
    };
    let logs = payment_system_logs::list(&tenant, &logs).await.unwrap();
    assert_eq!(logs.items.len(), 12);
    let verified = payment_system_logs::verify(&tenant).await.unwrap();
    assert!(verified.complete);
}

/// S68
#[tokio::test]
async fn one_key_redeems_once_and_another_request_with_it_is_a_conflict() {
    let (database, tenant) = account().await;
    let code = code(&tenant, 1).await;
    let redeem = || new_redemption(code.code, "key");
    let first = ppu::redeem(&tenant, redeem()).await.unwrap();
    assert_eq!((first.ppu.redeemed, first.ppu.id), (1, code.id));
    // Also once the code is used up, expired or withdrawn.
    assert_eq!(ppu::redeem(&tenant, redeem()).await.unwrap(), first);
    ppu::disable(&tenant, code.id).await.unwrap();
    let again = ppu::redeem(&tenant, redeem()).await.unwrap();
    assert_eq!(again.redemption, first.redemption);
    let mut by_another = redeem();
    by_another.redeemer = "somebody else".into();
    assert_eq!(ppu::redeem(&tenant, by_another).await, Err(Error::Conflict));
    let other = self::code(&tenant, 5).await;
    let of_other = new_redemption(other.code, "key");
    assert_eq!(ppu::redeem(&tenant, of_other).await, Err(Error::Conflict));
    assert_eq!(newest(&tenant).await.redeemed, 0);

    let db = database.busy_db(8).await;
    let calls = (0..20).map(|_| {
        let tenant = db.tenant(tenant.account());
        let redeem = new_redemption(other.code, "at once");
        async move { ppu::redeem(&tenant, redeem).await.unwrap().redemption }
    });
    let same = join_all(calls).await;
    assert!(same.iter().all(|redemption| *redemption == same[0]));
    assert_eq!(newest(&tenant).await.redeemed, 1);
    assert_eq!(redemptions(&tenant, other.id).await, 1);
}

#[tokio::test]
async fn a_code_that_is_withdrawn_expired_or_used_up_says_which() {
    let (database, tenant) = account().await;
    let superuser = database.superuser().await;
    let code = code(&tenant, 1).await;
    let redeem = |key: &str| new_redemption(code.code, key);
    let rejected = |reason| Err(Error::Rejected(reason));
    assert_eq!(code.status(Utc::now()), PpuStatus::Redeemable);
    ppu::redeem(&tenant, redeem("1")).await.unwrap();
    assert_eq!(ppu::redeem(&tenant, redeem("2")).await, Err(EXHAUSTED));
    superuser
        .batch_execute("UPDATE ppu SET expires_at = now()")
        .await
        .unwrap();
    let outcome = ppu::redeem(&tenant, redeem("2")).await;
    assert_eq!(outcome, rejected(Reason::CodeExpired));
    let disabled = ppu::disable(&tenant, code.id).await.unwrap();
    assert!(disabled.disabled);
    assert_eq!(ppu::disable(&tenant, code.id).await.unwrap(), disabled);
    let outcome = ppu::redeem(&tenant, redeem("2")).await;
    assert_eq!(outcome, rejected(Reason::CodeDisabled));
    let unknown = PurchaseCode::from_random([7; 15]);
    let outcome = ppu::redeem(&tenant, new_redemption(unknown, "2")).await;
    assert_eq!(outcome, Err(Error::NotFound));
    for (reason, word) in [
        (Reason::CodeDisabled, "code_disabled"),
        (Reason::CodeExpired, "code_expired"),
        (Reason::CodeExhausted, "code_exhausted"),
    ] {
        assert_eq!(Error::Rejected(reason).code(), word);
    }
    assert_eq!(redemptions(&tenant, code.id).await, 1);
}

#[tokio::test]
async fn a_code_can_be_redeemed_until_the_instant_it_expires() {
    let (_database, tenant) = account().await;
    let soon = (Utc::now() + Duration::milliseconds(700)).trunc_subsecs(6);
    let mut new = new_codes("soon", 1);
    new.expires_at = Some(soon);
    ppu::issue_many(&tenant, new).await.unwrap();
    let code = newest(&tenant).await;
    assert_eq!(code.expires_at, Some(soon));
    ppu::redeem(&tenant, new_redemption(code.code, "in time"))
        .await
        .unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(800)).await;
    let late = ppu::redeem(&tenant, new_redemption(code.code, "late")).await;
    assert_eq!(late, Err(Error::Rejected(Reason::CodeExpired)));
}

/// S18: a redemption that can't be written leaves the code and the log as they were.
#[tokio::test]
async fn a_redemption_is_saved_with_its_code_and_its_entry_or_not_at_all() {
    let (database, mut tenant) = account().await;
    let superuser = database.superuser().await;
    let code = code(&tenant, 5).await;
    let log = payment_system_logs::list(&tenant, &Default::default())
        .await
        .unwrap();
    superuser
        .batch_execute("REVOKE INSERT ON ppu_redemptions FROM app")
        .await
        .unwrap();
    let outcome = ppu::redeem(&tenant, new_redemption(code.code, "1")).await;
    assert_eq!(outcome, Err(Error::Forbidden));
    superuser
        .batch_execute("GRANT INSERT ON ppu_redemptions TO app")
        .await
        .unwrap();
    let transaction = tenant.begin().await.unwrap();
    ppu::redeem(&transaction, new_redemption(code.code, "2"))
        .await
        .unwrap();
    transaction.rollback().await.unwrap();
    assert_eq!(newest(&tenant).await, code);
    assert_eq!(redemptions(&tenant, code.id).await, 0);
    let after = payment_system_logs::list(&tenant, &Default::default())
        .await
        .unwrap();
    assert_eq!(after, log);

    let transaction = tenant.begin().await.unwrap();
    let kept = ppu::redeem(&transaction, new_redemption(code.code, "3"))
        .await
        .unwrap();
    let again = ppu::redeem(&transaction, new_redemption(code.code, "3"))
        .await
        .unwrap();
    assert_eq!(again, kept);
    transaction.commit().await.unwrap();
    assert_eq!(newest(&tenant).await.redeemed, 1);
}

#[tokio::test]
async fn a_code_is_found_however_it_is_written() {
    let (_database, tenant) = account().await;
    let code = code(&tenant, 1).await;
    for text in [
        code.code.grouped().to_lowercase(),
        code.code.as_str().into(),
    ] {
        let parsed: PurchaseCode = text.parse().unwrap();
        let found = ppu::find_by_code(&tenant, &parsed).await.unwrap();
        assert_eq!(found.as_ref(), Some(&code));
    }
    let unknown = PurchaseCode::from_random([7; 15]);
    assert_eq!(ppu::find_by_code(&tenant, &unknown).await, Ok(None));
    let error = Error::from("CANARY".parse::<PurchaseCode>().unwrap_err());
    assert_eq!(error.to_string(), "invalid code: not_a_code");
}

/// S16, S17: one code may stand in two accounts, and each redeems its own.
#[tokio::test]
async fn a_code_that_b_has_too_is_as_own_and_a_redemption_never_points_at_bs() {
    let (database, a) = account().await;
    let b = database.db().await.tenant(database.account("B").await);
    let (of_a, of_b) = (code(&a, 1).await, code(&b, 1).await);
    assert_eq!(ppu::find_by_code(&a, &of_b.code).await, Ok(None));
    let outcome = ppu::redeem(&a, new_redemption(of_b.code, "1")).await;
    assert_eq!(outcome, Err(Error::NotFound));
    let superuser = database.superuser().await;
    let same = "UPDATE ppu SET code = (SELECT code FROM ppu WHERE id = $1) WHERE id = $2";
    superuser
        .execute(same, &[&of_b.id.as_uuid(), &of_a.id.as_uuid()])
        .await
        .unwrap();
    let redeemed = ppu::redeem(&a, new_redemption(of_b.code, "1"))
        .await
        .unwrap();
    assert_eq!(redeemed.ppu.id, of_a.id);
    assert_eq!(newest(&b).await, of_b);

    let app = database.app_sql().await;
    let insert = |ppu: PpuId| {
        format!(
            "INSERT INTO ppu_redemptions VALUES ('{}', gen_random_uuid(), '{ppu}', 'r', gen_random_uuid(), now())",
            a.account()
        )
    };
    for (id, state) in [
        (of_b.id, Some("23503")),
        (PpuId::from_uuid(uuid::Uuid::now_v7()), Some("23503")),
        (of_a.id, None),
    ] {
        let context = format!("BEGIN; SET LOCAL app.account_id = '{}'", a.account());
        app.batch_execute(&context).await.unwrap();
        let outcome = app.batch_execute(&insert(id)).await;
        let found = outcome
            .err()
            .map(|error| error.code().unwrap().code().to_owned());
        assert_eq!(found.as_deref(), state);
        app.batch_execute("ROLLBACK").await.unwrap();
    }
}

/// S54, S58
#[tokio::test]
async fn pages_hold_each_code_and_each_redemption_once_and_refuse_foreign_cursors() {
    let (_database, tenant) = account().await;
    ppu::issue_many(&tenant, new_codes("one", 7)).await.unwrap();
    ppu::issue_many(&tenant, new_codes("two", 4)).await.unwrap();
    let mut list = ListPpu {
        batch: Some("one".into()),
        limit: Some(3),
        cursor: None,
    };
    let mut numbers = Vec::new();
    loop {
        let page = ppu::list(&tenant, &list).await.unwrap();
        numbers.extend(page.items.iter().map(|code| code.number));
        let Some(next) = page.next else { break };
        list.cursor = Some(next);
    }
    assert_eq!(numbers, [7, 6, 5, 4, 3, 2, 1]);
    let all = ppu::list(&tenant, &ListPpu::default()).await.unwrap().items;
    assert_eq!(all.len(), 11);
    for (number, code) in all.iter().enumerate() {
        ppu::redeem(&tenant, new_redemption(code.code, &format!("{number}")))
            .await
            .unwrap();
    }
    let mut of_codes = ListRedemptions {
        limit: Some(4),
        ..Default::default()
    };
    let mut seen = Vec::new();
    loop {
        let page = ppu::list_redemptions(&tenant, &of_codes).await.unwrap();
        seen.extend(page.items.iter().map(|redemption| redemption.ppu_id));
        let Some(next) = page.next else { break };
        of_codes.cursor = Some(next);
    }
    let mut ids: Vec<PpuId> = all.iter().map(|code| code.id).collect();
    ids.reverse();
    assert_eq!(seen, ids);
    // A cursor of one list is none of the other.
    let swapped = ListPpu {
        cursor: of_codes.cursor.clone(),
        ..Default::default()
    };
    let invalid = |field| move |error: &Error| matches!(error, Error::Invalid { field: f, .. } if *f == field);
    let error = ppu::list(&tenant, &swapped).await.unwrap_err();
    assert!(invalid("cursor")(&error));
    of_codes.cursor = list.cursor;
    let error = ppu::list_redemptions(&tenant, &of_codes).await.unwrap_err();
    assert!(invalid("cursor")(&error));
    for limit in [0, -1, 501, i64::MAX] {
        let list = ListPpu {
            limit: Some(limit),
            ..Default::default()
        };
        assert!(invalid("limit")(
            &ppu::list(&tenant, &list).await.unwrap_err()
        ));
        let list = ListRedemptions {
            limit: Some(limit),
            ..Default::default()
        };
        let error = ppu::list_redemptions(&tenant, &list).await.unwrap_err();
        assert!(invalid("limit")(&error));
    }
}

/// S53
#[tokio::test]
async fn redemptions_have_bounds() {
    let (_database, tenant) = account().await;
    let code = code(&tenant, 1).await;
    for text in ["", "\0", &"x".repeat(256)] {
        for field in ["redeemer", "idempotency_key"] {
            let mut redeem = new_redemption(code.code, "key");
            match field {
                "redeemer" => redeem.redeemer = text.into(),
                _ => redeem.idempotency_key = text.into(),
            }
            let error = ppu::redeem(&tenant, redeem).await.unwrap_err();
            assert!(matches!(error, Error::Invalid { field: f, .. } if f == field));
        }
    }
    let foreign = r#"{"code": "0000000000000000", "redeemer": "r", "idempotency_key": "k", "account_id": "b"}"#;
    assert!(serde_json::from_str::<ppu::RedeemCode>(foreign).is_err());
}
