use std::collections::BTreeSet;

use serde_json::json;

use super::{Generate, has_lines, renamed, texts};

#[test]
fn what_is_told_and_is_not_so_is_refused() {
    let mut generate = renamed();
    let told = [
        "--rename",
        "ppu_redemption=redemptions",
        "--drop",
        "account_agents.role",
    ];
    let answer = generate.json(&told, 1);
    assert_eq!(
        texts(&answer["unfit"]),
        [
            "--rename ppu_redemption=redemptions: no migration has made `ppu_redemption`",
            "--drop account_agents.role: it is still declared",
        ]
    );
    generate = Generate::new();
    generate.column("ppu", "disabled")["nullable"] = true.into();
    let answer = generate.json(&["--backfill", "ppu.disabled=false"], 1);
    let unfit =
        "--backfill ppu.disabled: it is no column that becomes never null without a default";
    assert_eq!(texts(&answer["unfit"]), [unfit]);
}

/// A table, a column and a label fewer, and a narrower type.
fn destroyed() -> Generate {
    let mut generate = Generate::new();
    let tables = generate.declared["tables"].as_array_mut().unwrap();
    tables.retain(|table| table["name"] != "ppu_redemptions");
    generate
        .columns("account_payment_settings")
        .retain(|column| column["name"] != "statement_descriptor");
    let settings = generate.table("account_payment_settings");
    let checks = settings["schema"]["checks"].as_array_mut().unwrap();
    checks.retain(|check| !check.to_string().contains("statement_descriptor"));
    let enums = generate.declared["enums"].as_array_mut().unwrap();
    let level = enums
        .iter_mut()
        .find(|of| of["name"] == "log_level")
        .unwrap();
    level["labels"] = json!(["info", "security"]);
    generate.column("ppu", "max_redemptions")["sql_type"] = "smallint".into();
    generate
}

#[test]
fn what_destroys_is_refused_without_a_reason() {
    let generate = destroyed();
    let steps = [
        "`log_level` loses `warning`, which no row may hold: deploy a version without it first",
        "`ppu.max_redemptions` becomes smallint, which may not hold what bigint held",
        "drops the column `account_payment_settings.statement_descriptor` with its values: deploy a version that doesn't use \
         it first",
        "drops the table `ppu_redemptions` with its rows: deploy a version that doesn't use it first",
    ];
    for arguments in [&[][..], &["--allow-destructive", " "], &["--loosen", "r"]] {
        let answer = generate.json(arguments, 1);
        let [refused] = answer["refused"].as_array().unwrap().as_slice() else {
            panic!("{answer:#}");
        };
        assert_eq!(refused["class"], "destructive");
        let notes = refused["notes"].as_array().unwrap();
        let notes: BTreeSet<&str> = notes
            .iter()
            .map(|note| note["text"].as_str().unwrap())
            .collect();
        assert_eq!(notes, BTreeSet::from(steps));
        let mend = "--allow-destructive \"the reason, which goes into the file\"";
        assert_eq!(texts(&answer["mend"]), [mend]);
    }
    let text = generate.refused(&[]);
    has_lines(
        &text,
        &[
            "no migration is written, because it has to be meant:",
            "destructive:",
        ],
    );
    has_lines(&text, &steps);
}

/// Changes that each let somebody see or change more, and what is said of each.
fn loosened() -> Vec<(Generate, &'static str)> {
    let mut policy = Generate::new();
    policy.security(
        "ppu",
        "CREATE POLICY open ON ppu FOR SELECT TO app USING (true);",
    );
    let mut force = Generate::new();
    force.security("ppu", "ALTER TABLE ppu NO FORCE ROW LEVEL SECURITY;");
    let mut grant = Generate::new();
    grant.security("ppu_redemptions", "GRANT DELETE ON ppu_redemptions TO app;");
    let mut key = Generate::new();
    let schema = &mut key.table("ppu")["schema"];
    let unique = json!({
        "name": "ppu_code_of_all_key", "columns": ["code"], "unique": true, "nulls_not_distinct": false,
        "method": "btree", "only": null, "include": [], "with": [],
    });
    schema["indexes"].as_array_mut().unwrap().push(unique);
    vec![
        (policy, "the policy `open` opens rows of `ppu` to app"),
        (
            force,
            "row level security of `ppu` is off, or no longer binds its owner",
        ),
        (grant, "`app` may DELETE `ppu_redemptions`"),
        (
            key,
            "the unique key `ppu_code_of_all_key` of `ppu` doesn't begin with the account: one account can tell what another has",
        ),
    ]
}

#[test]
fn what_loosens_isolation_is_refused_without_a_reason() {
    let reasonless = [
        &[][..],
        &["--loosen", ""],
        &["--allow-destructive", "r"],
        &[],
    ];
    for ((generate, note), arguments) in loosened().iter().zip(reasonless) {
        let answer = generate.json(arguments, 1);
        let notes = json!([{"class": "loosens_isolation", "text": note}]);
        let refused = json!([{"class": "loosens_isolation", "notes": notes}]);
        assert_eq!(answer["refused"], refused);
        let mend = "--loosen \"the reason, which goes into the file\"";
        assert_eq!(texts(&answer["mend"]), [mend]);
    }
}
