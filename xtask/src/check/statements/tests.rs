use super::*;

#[test]
fn the_account_is_tested_by_its_whole_name_against_what_was_bound() {
    for (condition, holds) in [
        ("(account_id = $1)", true),
        ("((p.account_id = $1) AND (id = $2))", true),
        ("(p.account_id = s.account_id)", true),
        ("(agent_account_id = $1)", false),
        ("(account_id = id)", false),
        ("(account_id > $1)", false),
        ("(id = $1)", false),
        ("((account_id = $1) OR (id = $2))", false),
        ("(((id = $2) OR (id = $3)) AND (account_id = $1))", true),
        ("(NOT (account_id = $1))", false),
        ("((account_id = $1) IS NOT TRUE)", false),
    ] {
        assert_eq!(super::tests(condition, "account_id"), holds, "{condition}");
    }
}

/// Statements that forget something, each with what is said of it.
const FORGETFUL: &[(&str, &str, &str)] = &[
    (
        "SELECT id FROM pay_out WHERE id = $1",
        "statement-carries-account",
        "pay_out is read without",
    ),
    (
        "SELECT p.id FROM payment_share_tracking s JOIN stripe_payments p ON p.id = s.payment_id WHERE s.account_id = $1",
        "statement-carries-account",
        "stripe_payments is read without",
    ),
    (
        "UPDATE pay_out SET failure = $1 WHERE id = $2",
        "statement-carries-account",
        "pay_out is read without",
    ),
    (
        "DELETE FROM ppu WHERE code = $1",
        "statement-carries-account",
        "ppu is read without",
    ),
    (
        "SELECT 1 WHERE EXISTS (SELECT FROM ppu WHERE code = $1)",
        "statement-carries-account",
        "ppu is read without",
    ),
    (
        "INSERT INTO \"accounts\" (\"name\", \"id\") VALUES ($1, $2)",
        "statement-carries-account",
        "the rows of accounts",
    ),
    (
        "SELECT agent_account FROM account_agents WHERE account_id = $1 OR commission_bp = $2",
        "statement-carries-account",
        "account_agents",
    ),
];

#[test]
fn a_statement_that_forgets_the_account_is_named() {
    let declared = by_the_entities(&crate::workspace()).unwrap();
    let scratch = Scratch::new("forgetful").unwrap();
    scratch.sql(&declared.ddl()).unwrap();
    let tables = Tables::of(&declared, &scratch.catalogue().unwrap());
    let texts = FORGETFUL.iter().map(|(text, _, _)| *text);
    let plans = plans(&scratch, texts).unwrap();
    for (text, rule, words) in FORGETFUL {
        let found = tables.breaches(text, plans.get(text));
        let is_named = found
            .iter()
            .any(|(of, what)| of == rule && what.contains(words));
        assert!(is_named, "{text}: {found:?}");
    }
    let whole = "SELECT id FROM pay_out WHERE account_id = $1";
    let none: &[(&str, String)] = &[];
    let plan = super::plans(&scratch, [whole].into_iter()).unwrap();
    assert_eq!(tables.breaches(whole, plan.get(whole)), none);
    // Without an index that begins with the account, the table would be read whole.
    scratch
        .sql("ALTER TABLE payment_log_heads DROP CONSTRAINT payment_log_heads_pkey")
        .unwrap();
    let head = "SELECT seq FROM payment_log_heads WHERE account_id = $1";
    let plan = super::plans(&scratch, [head].into_iter()).unwrap();
    let found = tables.breaches(head, plan.get(head));
    assert!(
        found
            .iter()
            .any(|(rule, _)| *rule == "statement-uses-account-index"),
        "{found:?}"
    );
}
