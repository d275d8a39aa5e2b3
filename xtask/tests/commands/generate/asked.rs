use serde_json::json;

use super::{Generate, has_lines, renamed, texts};

#[test]
fn what_may_have_another_name_is_listed_where_nobody_is_there_to_ask() {
    let generate = renamed();
    let answer = generate.json(&["--name", "names"], 1);
    let doubt = |gone: &str, new: &str| json!({"gone": gone, "new": [new]});
    let doubts = [
        doubt("ppu_redemptions", "redemptions"),
        doubt("account_agents.secret_hash", "account_agents.secret_digest"),
        doubt("log_level.warning", "log_level.notice"),
    ];
    assert_eq!(answer["renames"], json!(doubts));
    has_lines(
        &generate.refused(&["--name", "names"]),
        &[
            "what is gone may have another name now; say for each which it is:",
            "mend: --rename ppu_redemptions=redemptions",
            "--drop ppu_redemptions",
            "--rename account_agents.secret_hash=account_agents.secret_digest",
            "--rename log_level.warning=log_level.notice",
        ],
    );
    let some = [
        "--rename",
        "log_level.warning=notice",
        "--rename",
        "ppu_redemptions=redemptions",
    ];
    let answer = generate.json(&some, 1);
    assert_eq!(answer["renames"], json!([doubts[1]]));
}

#[test]
fn a_new_column_that_rows_need_asks_for_a_value() {
    let mut generate = Generate::new();
    let column = json!({"name": "note", "sql_type": "text", "nullable": false});
    generate.columns("ppu").push(column);
    let answer = generate.json(&[], 1);
    assert_eq!(texts(&answer["backfills"]), ["ppu.note"]);
    assert_eq!(texts(&answer["mend"]), ["--backfill ppu.note=\"'…'\""]);
}

#[cfg(unix)]
#[test]
fn on_a_terminal_it_asks_and_takes_no_answer_for_no() {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use std::io::Write;

    let mut generate = Generate::new();
    generate.replace("account_agents", "secret_hash", "secret_digest");
    generate.column("account_agents", "secret_digest")["nullable"] = true.into();
    let columns = generate.columns("account_agents");
    columns.push(json!({"name": "nickname", "sql_type": "text", "nullable": true}));
    let answered = |answers: &str| {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let name = ptsname(&terminal, Vec::new())
            .unwrap()
            .into_string()
            .unwrap();
        let input = std::fs::File::options()
            .read(true)
            .write(true)
            .open(name)
            .unwrap();
        let mut terminal = std::fs::File::from(terminal);
        terminal.write_all(answers.as_bytes()).unwrap();
        let output = generate.run_with(&["--name", "asked"], input.into());
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let first = "Is `account_agents.nickname` what `account_agents.secret_hash` was? [y/N] ";
    let second = "Is `account_agents.secret_digest` what `account_agents.secret_hash` was? [y/N] ";

    // No to both: it is gone, which needs a reason.
    let said = answered("n\nn\n");
    assert!(said.starts_with(&format!("{first}{second}")), "{said}");
    assert!(
        said.contains("drops the column `account_agents.secret_hash`"),
        "{said}"
    );

    // The end of what is typed answers nothing.
    let said = answered("n\n\u{4}");
    assert!(
        said.contains(&format!(
            "{first}{second}what is gone may have another name now"
        )),
        "{said}"
    );

    // Yes to the first: a column that is never null and of another type becomes one that may be.
    let said = answered("y\n");
    assert!(said.starts_with(first) && !said.contains(second), "{said}");
    assert!(
        said.contains("`account_agents.nickname` becomes text"),
        "{said}"
    );
}
