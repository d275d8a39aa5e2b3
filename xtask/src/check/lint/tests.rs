use super::*;
use crate::generate::by_the_entities;

/// What a migration may do wrong, and the rule and words that name it.
const PLANTED: &[(&str, &str, &str)] = &[
    (
        "CREATE TABLE notes (account_id uuid NOT NULL, id uuid NOT NULL, PRIMARY KEY (account_id, id))",
        "migration-without-rls",
        "notes",
    ),
    (
        "ALTER TABLE ppu NO FORCE ROW LEVEL SECURITY",
        "migration-without-rls",
        "ppu",
    ),
    (
        "DROP POLICY tenant_restrict ON ppu",
        "migration-without-rls",
        "ppu",
    ),
    (
        "CREATE TABLE notes (account_id uuid NOT NULL, id uuid PRIMARY KEY)",
        "migration-keys",
        "notes_pkey",
    ),
    (
        "ALTER TABLE payment_system_logs ADD about uuid, ADD CONSTRAINT odd FOREIGN KEY (account_id, about) REFERENCES pay_out (account_id, id) ON DELETE CASCADE",
        "migration-cascade",
        "odd",
    ),
    (
        "ALTER TABLE ppu ADD about uuid, ADD CONSTRAINT odd FOREIGN KEY (account_id, about) REFERENCES pay_out (account_id, id) ON DELETE SET NULL (about)",
        "migration-set-null",
        "odd",
    ),
    (
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER t AFTER INSERT ON ppu FOR EACH ROW EXECUTE FUNCTION f()",
        "migration-trigger",
        "trigger t",
    ),
];

#[test]
fn what_a_migration_does_wrong_is_named_by_it() {
    let scratch = Scratch::new("linted").unwrap();
    let declared = by_the_entities(&crate::workspace()).unwrap();
    scratch.sql(&declared.ddl()).unwrap();
    let clean = scratch.catalogue().unwrap();
    assert_eq!(breaches(&clean), []);
    for (planted, rule, words) in PLANTED {
        let sql = format!("BEGIN;\n{planted};\n{};\nROLLBACK;", Catalogue::SQL);
        let step = |name: &str, after| Step {
            name: name.to_owned(),
            transaction: true,
            statements: Vec::new(),
            after,
        };
        let wrong = Catalogue::parse(&scratch.sql(&sql).unwrap()).unwrap();
        // It is the second that does it, and the third that lets it be.
        let steps = [
            step("m1", clean.clone()),
            step("m2", wrong.clone()),
            step("m3", wrong),
        ];
        let found = of_our_own(&steps);
        let is_named =
            (found.iter()).any(|f| f.rule == *rule && f.place == "m2" && f.detail.contains(words));
        assert!(is_named, "{planted}: {found:#?}");
        assert!(
            found.iter().all(|f| f.place == "m2"),
            "{planted}: {found:#?}"
        );
    }
}

#[test]
fn an_exception_needs_a_reason_and_a_finding() {
    let finding = || Finding::new("rule", "m1", "detail", "mend");
    let exceptions = |text: &str| -> Exceptions { toml::from_str(text).unwrap() };
    let rules =
        |findings: Vec<Finding>| -> Vec<String> { findings.into_iter().map(|f| f.rule).collect() };
    let excepted = exceptions("[except.m1]\nrule = \"it is empty\"");
    assert_eq!(rules(without_excepted(vec![finding()], &excepted)), [""; 0]);
    assert_eq!(
        rules(without_excepted(vec![], &excepted)),
        ["stale-exception"]
    );
    let other = Finding::new("rule", "m2", "detail", "mend");
    assert_eq!(
        rules(without_excepted(vec![finding(), other], &excepted)),
        ["rule"]
    );
    let empty = exceptions("[except.m1]\nrule = \" \"");
    assert_eq!(
        rules(without_excepted(vec![finding()], &empty)),
        ["rule", "stale-exception"]
    );
}
