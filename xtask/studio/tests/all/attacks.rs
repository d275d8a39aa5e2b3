//! What a page elsewhere, another user of the network or a name in the database could try.

use std::fs;

use dev_server::{DatabaseUrl, Login, Secret};

use crate::running::{Running, database, said, xtask};

const PATHS: [&str; 12] = [
    "/",
    "/table/accounts",
    "/schema.json",
    "/schema.sql",
    "/schema.mmd",
    "/isolation",
    "/migrations",
    "/statements",
    "/rows",
    "/rows/1",
    "/static/studio.css",
    "/nowhere",
];
const A: &str = "00000000-0000-7000-8000-000000000001";

/// What looking at rows writes.
const WRITTEN: &str =
    "SELECT (SELECT count(*) FROM system_uses), (SELECT count(*) FROM payment_system_logs)";

/// S48, S49, S50
#[test]
fn only_a_page_of_our_own_on_this_machine_is_answered() {
    let scratch = database();
    let studio = Running::start(&scratch, &[]);
    let (host, cookie) = (format!("Host: {}", studio.host()), studio.cookie());
    listens_on_loopback_alone(studio.port);
    // The accounts are listed once, by the start.
    studio.get("/rows");
    let listed = || scratch.sql(WRITTEN).unwrap();
    for _ in 0..100 {
        if listed() != "0|0" {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let before = listed();
    assert_eq!(before, "1|0");

    for path in PATHS {
        for evil in [
            "evil.example",
            "127.0.0.1",
            "127.0.0.1:1",
            "evil.example:80",
        ] {
            let answer = studio.ask("GET", path, &[&format!("Host: {evil}"), &cookie], "");
            assert_eq!(
                (answer.status, answer.body.as_str()),
                (421, ""),
                "{path} as {evil}"
            );
        }
        let both = studio.ask("GET", path, &[&host, "Host: evil.example", &cookie], "");
        assert!(both.status >= 400, "{path} with two hosts");
        let elsewhere = studio.ask(
            "GET",
            path,
            &[&host, &cookie, "Origin: https://evil.example"],
            "",
        );
        assert_eq!(
            (elsewhere.status, elsewhere.body.as_str()),
            (403, ""),
            "{path}"
        );
        let unknown = studio.ask("GET", path, &[&host], "");
        let is_static = path.starts_with("/static/");
        assert_eq!(
            unknown.status,
            if is_static { 200 } else { 403 },
            "{path} without a token"
        );
        assert!(!unknown.body.contains("stripe_payments"), "{path}");
        let wrong = "0".repeat(64);
        let guessed = studio.ask("GET", &format!("{path}?token={wrong}"), &[&host], "");
        assert_eq!(
            guessed.status,
            if is_static { 200 } else { 403 },
            "{path} with a guess"
        );
        let own = studio.get(path);
        assert!(own.head.contains("script-src 'self'"), "{path}");
        assert!(!own.head.contains("unsafe"), "{path}");
        for answer in [own, elsewhere, unknown, guessed] {
            assert!(!answer.head.contains("access-control"), "{path}");
        }
    }
    let form = format!("account={A}&table=stripe_payments&go=look");
    let origin = format!("Origin: http://{}", studio.host());
    for (head, why) in [
        (
            vec![host.as_str(), &cookie, "Origin: https://evil.example"],
            "another origin",
        ),
        (vec![host.as_str(), &cookie, "Origin: null"], "no origin's"),
        (vec![host.as_str(), &cookie], "no origin"),
        (vec![host.as_str(), &origin], "no token"),
    ] {
        for path in ["/rows", "/accounts", "/refresh"] {
            let answer = studio.ask("POST", path, &head, &form);
            assert_eq!(answer.status, 403, "{path}: {why}");
        }
    }
    for method in ["PUT", "DELETE", "OPTIONS", "PATCH"] {
        let answer = studio.ask(method, "/rows", &[&host, &cookie, &origin], "");
        assert_eq!(answer.status, 403, "{method}");
    }
    assert_eq!(
        listed(),
        before,
        "reading pages, and what is refused, writes nothing"
    );
    let seen = studio.look(&form);
    assert!(seen.body.contains("buyer-of-Account 1-1"), "{}", seen.body);
    assert_eq!(listed(), "2|1");
}

/// The kernel's own list of listening sockets.
fn listens_on_loopback_alone(port: u16) {
    if !cfg!(target_os = "linux") {
        return;
    }
    let wanted = format!(":{port:04X}");
    let mut found = 0;
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        for line in fs::read_to_string(table).unwrap_or_default().lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            if let [_, local, _, "0A", ..] = words.as_slice()
                && local.ends_with(&wanted)
            {
                assert!(local.starts_with("0100007F:"), "{local}");
                found += 1;
            }
        }
    }
    assert_eq!(found, 1);
}

/// S48
#[test]
fn another_address_than_this_machines_is_refused() {
    let scratch = database();
    for host in ["0.0.0.0", "::", "10.0.0.1", "example.org"] {
        let output = xtask(&scratch, &["studio", "--no-open", "--host", host])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(
            said(&output).contains("on this machine alone"),
            "{}",
            said(&output)
        );
    }
}

#[test]
fn a_remote_database_has_to_be_meant() {
    let scratch = database();
    let mut command = xtask(&scratch, &["studio", "--no-open"]);
    command.env(
        "MIGRATION_DATABASE_URL",
        "postgres://app_owner@db.example/app",
    );
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("--remote"), "{}", said(&output));
}

/// S51
#[test]
fn what_the_database_says_is_shown_as_text() {
    const EVIL: &str = "\"><img src=x onerror=alert(1)>";
    let scratch = database();
    let (name, text) = (EVIL.replace('"', "\"\""), EVIL);
    scratch
        .sql(&format!(
            "CREATE TYPE \"{name}e\" AS ENUM ('{text}');
             CREATE TABLE \"{name}\" (\"{name}\" \"{name}e\" PRIMARY KEY, note text DEFAULT '{text}' CONSTRAINT \"{name}c\" CHECK (note <> '{text}'));
             COMMENT ON TABLE \"{name}\" IS '{text}';
             COMMENT ON TABLE accounts IS '{text}';
             COMMENT ON COLUMN accounts.name IS '{text}';
             ALTER TABLE accounts ALTER name SET DEFAULT '{text}';
             UPDATE accounts SET name = '{text}';
             UPDATE stripe_payments SET buyer = '{text}', metadata = jsonb_build_object('{text}', '{text}');"
        ))
        .unwrap();
    let studio = Running::start(&scratch, &[]);
    let evil = "/table/~22~3e~3cimg~20src~3dx~20onerror~3dalert~281~29~3e";
    let row = format!("account={A}&table=stripe_payments&go=look");
    let pages = ["/", evil, "/table/accounts", "/isolation", "/rows"].map(|path| studio.get(path));
    for (number, page) in pages.iter().chain([&studio.look(&row)]).enumerate() {
        assert_eq!(page.status, 200, "{number}");
        assert!(!page.body.contains("<img"), "{number}: {}", page.body);
        assert!(
            number == 4 || page.body.contains("&lt;img src=x"),
            "{number}"
        );
    }
}

/// The account isn't in the query. Red when the login isn't checked: a backup's shows everybody's rows as A's.
#[test]
fn a_login_that_sees_past_row_level_security_is_refused() {
    let scratch = database();
    let mut command = xtask(&scratch, &["studio", "--no-open", "--port=0"]);
    command.env("DATABASE_URL", scratch.url(Login::Backup).unwrap());
    let studio = Running::of(command);
    let refused = studio.post("/accounts", "");
    let is_bad = refused.body.contains("class=\"notice bad\"");
    assert!(is_bad, "{}", refused.body);
    let seen = studio.look(&format!("account={A}&table=stripe_payments&go=look"));
    assert!(!seen.body.contains("scroll grid"), "{}", seen.body);
}

/// S52
#[test]
fn no_password_is_shown_anywhere() {
    let scratch = database();
    let password = "p@ss:w/rd#1";
    let with = |login| {
        let url = DatabaseUrl::parse(&scratch.url(login).unwrap()).unwrap();
        let url = url.with_login(&url.user.clone(), Secret::new(password.to_owned()));
        url.expose()
    };
    let hidden = |text: &str, place: &str| {
        for secret in [password, "p%40ss%3Aw%2Frd%231", "p%40ss", "ss:w"] {
            assert!(!text.contains(secret), "{place}: {text}");
        }
    };
    // As the owner it can't even begin, and written raw it is no URL at all.
    let raw = "postgres://app_owner:p@ss:w/rd#1@127.0.0.1:1/app".to_owned();
    for url in [with(Login::Owner), raw] {
        let mut command = xtask(&scratch, &["studio", "--json"]);
        let output = command.env("MIGRATION_DATABASE_URL", url).output().unwrap();
        assert!(!output.status.success());
        hidden(&said(&output), "a failed connect");
    }
    // The logins of rows are refused while the studio runs.
    let mut command = xtask(&scratch, &["studio", "--no-open", "--port=0"]);
    command
        .env("DATABASE_URL", with(Login::App))
        .env("SYSTEM_DATABASE_URL", with(Login::System));
    let studio = Running::of(command);
    for path in PATHS {
        hidden(&studio.get(path).body, path);
    }
    let refused = studio.post("/accounts", "");
    assert!(
        refused.body.contains("class=\"notice bad\""),
        "{}",
        refused.body
    );
    hidden(&refused.body, "a refused login");
    // The right ones aren't shown either.
    let url = DatabaseUrl::parse(&scratch.url(Login::Owner).unwrap()).unwrap();
    let own = url.password.unwrap();
    for path in PATHS {
        assert!(!studio.get(path).body.contains(own.expose()), "{path}");
    }
}
