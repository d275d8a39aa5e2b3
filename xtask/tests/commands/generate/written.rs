use serde_json::json;

use super::{Copy, Generate, has_lines, renamed, said};

#[test]
fn what_was_told_and_given_a_reason_is_written_and_no_more() {
    let copy = Copy::of_this_workspace("generate");
    let mut generate = Generate {
        declared: renamed().declared,
        ..Generate::in_a_copy(&copy)
    };
    let answer = generate.json(
        &[
            "--name",
            "other_names",
            "--rename",
            "ppu_redemptions=redemptions",
            "--rename",
            "account_agents.secret_hash=secret_digest",
            "--rename",
            "log_level.warning=notice",
        ],
        0,
    );
    let [file] = answer["files"].as_array().unwrap().as_slice() else {
        panic!("{answer:#}");
    };
    assert_eq!(file["class"], "needs_a_deploy_order");
    let text = copy.read(file["path"].as_str().unwrap());
    assert_eq!(text, copy.migration("other_names"));
    has_lines(
        &text,
        &[
            "//! Class: needs a deploy order:",
            ".table(\"ppu_redemptions\", \"redemptions\")",
            ".rename_column(\"secret_hash\", \"secret_digest\")",
            ".rename_value(\"warning\", \"notice\"),",
        ],
    );
    let stem = file["path"]
        .as_str()
        .unwrap()
        .trim_start_matches("migration/src/")
        .trim_end_matches(".rs");
    assert!(
        copy.read("migration/src/lib.rs")
            .contains(&format!("Box::new({stem}::Migration),"))
    );
    assert!(
        copy.read("entity/src/schema.rs")
            .contains(&format!("const MIGRATION: &str = \"{stem}\";"))
    );
    generate.json(&["--check"], 0);

    // Both reasons, one of which tries to end its comment.
    generate.security("redemptions", "GRANT DELETE ON redemptions TO app;");
    generate
        .columns("account_payment_settings")
        .retain(|column| column["name"] != "statement_descriptor");
    let settings = generate.table("account_payment_settings");
    let checks = settings["schema"]["checks"].as_array_mut().unwrap();
    checks.retain(|check| !check.to_string().contains("statement_descriptor"));
    let output = generate.run(&[
        "--name",
        "fewer_and_more",
        "--allow-destructive",
        "nobody\npub struct Planted;",
        "--loosen",
        "an account may forget",
    ]);
    assert!(output.status.success(), "{}", said(&output));
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(
        told.starts_with("wrote migration/src/m")
            && told.contains("_fewer_and_more.rs (destructive)"),
        "{told}"
    );
    has_lines(
        &copy.migration("fewer_and_more"),
        &[
            "//! Class: destructive:",
            "//! - `app` may DELETE `redemptions`.",
            "//! Destroys because: nobody pub struct Planted;",
            "//! Loosens because: an account may forget",
        ],
    );
    generate.json(&["--check"], 0);

    let answer = generate.json(&["--empty", "by_hand"], 0);
    assert_eq!(answer["files"][0]["class"], json!(null));
    has_lines(
        &copy.migration("by_hand"),
        &[
            "//! Class: say here whether it is safe, needs a deploy order, loosens isolation or is destructive.",
        ],
    );
    generate.json(&["--check"], 0);

    // What no step makes.
    generate.security(
        "redemptions",
        "ALTER TABLE redemptions SET (fillfactor = 70);",
    );
    let answer = generate.json(&["--name", "left"], 1);
    let options = "tables.redemptions.options";
    let left = json!([{"path": options, "here": "[]", "there": "[\"fillfactor=70\"]"}]);
    assert_eq!(answer["differences"], left);
    let says = "no migration is written, because after it this would be left:";
    assert_eq!(answer["says"], says);
}
