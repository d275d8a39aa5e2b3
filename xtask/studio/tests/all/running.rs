//! A studio on a database of its own, and plain HTTP to ask it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use dev_server::Login;
use schema::Scratch;

/// A studio that runs; it ends with this.
pub(crate) struct Running {
    child: Child,
    /// The link with the token.
    pub(crate) link: String,
    pub(crate) port: u16,
    pub(crate) token: String,
}

/// What was answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// In lower case.
    pub(crate) head: String,
    pub(crate) body: String,
}

/// A copy of a database with all migrations, the accounts A and B, and some payments of each.
pub(crate) fn database() -> Scratch {
    static TEMPLATE: OnceLock<Scratch> = OnceLock::new();
    let template = TEMPLATE.get_or_init(|| {
        let scratch = Scratch::new("studied").unwrap();
        let mut migrate = Command::new(env!("CARGO"));
        migrate.args(["run", "--quiet", "--package=migration", "--", "up"]);
        migrate.env_remove("DATABASE_URL");
        migrate.env("MIGRATION_DATABASE_URL", scratch.url(Login::Owner).unwrap());
        assert!(migrate.status().unwrap().success());
        scratch
            .sql(
                "INSERT INTO accounts (id, name, created_at, updated_at)
                   SELECT ('00000000-0000-7000-8000-00000000000' || n)::uuid, 'Account ' || n, now(), now() FROM generate_series(1, 2) n;
                 INSERT INTO stripe_payments (account_id, id, buyer, pay_for, pay_for_id, amount, currency, fee, refunded, disputed, status,
                     created_at, updated_at)
                   SELECT a.id, ('00000000-0000-7000-800' || right(a.id::text, 1) || '-' || lpad(n::text, 12, '0'))::uuid,
                     'buyer-of-' || a.name || '-' || n, 'course', 'c', 1000 + n, 'EUR', 0, 0, 0, 'requires_payment_method', now(), now()
                   FROM accounts a, generate_series(1, 120) n;",
            )
            .unwrap();
        scratch
    });
    template.copy("studio_test").unwrap()
}

/// `cargo xtask studio` with these arguments, on the database as it is named by the environment.
pub(crate) fn xtask(scratch: &Scratch, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["run", "--quiet", "--package=xtask", "--"])
        .args(arguments);
    let url = |login| scratch.url(login).unwrap();
    command
        .env("DATABASE_URL", url(Login::App))
        .env("SYSTEM_DATABASE_URL", url(Login::System))
        .env("MIGRATION_DATABASE_URL", url(Login::Owner))
        .stdin(Stdio::null());
    command
}

impl Running {
    pub(crate) fn start(scratch: &Scratch, arguments: &[&str]) -> Self {
        let studio = ["studio", "--no-open", "--port=0", "--actor=tester"];
        let all: Vec<&str> = studio.iter().chain(arguments).copied().collect();
        Self::of(xtask(scratch, &all))
    }

    pub(crate) fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let link = loop {
            let line = lines.next().expect("the studio starts").unwrap();
            if line.starts_with("http://") {
                break line;
            }
        };
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        let (address, token) = link.split_once("/?token=").unwrap();
        let port = address.rsplit_once(':').unwrap().1.parse().unwrap();
        Self {
            child,
            port,
            token: token.to_owned(),
            link,
        }
    }

    /// The host as a browser names it.
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn cookie(&self) -> String {
        format!("Cookie: studio_{}={}", self.port, self.token)
    }

    /// Asks with these lines of a head alone, and perhaps a form.
    pub(crate) fn ask(&self, method: &str, path: &str, head: &[&str], form: &str) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        let mut text = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        for line in head {
            text.push_str(&format!("{line}\r\n"));
        }
        if method == "POST" {
            let length = form.len();
            text.push_str(&format!(
                "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n"
            ));
        }
        stream
            .write_all(format!("{text}\r\n{form}").as_bytes())
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer {
            status,
            head: head.to_lowercase(),
            body: body.to_owned(),
        }
    }

    /// Asks as the browser of whoever holds the link would.
    pub(crate) fn get(&self, path: &str) -> Answer {
        let host = format!("Host: {}", self.host());
        // A page whose facts are being collected asks again.
        for _ in 0..600 {
            let answer = self.ask("GET", path, &[&host, &self.cookie()], "");
            if !answer.body.contains("http-equiv=\"refresh\"") {
                return answer;
            }
            std::thread::sleep(Duration::from_millis(300));
        }
        panic!("the facts of {path} are never there");
    }

    /// Sends a form as a page of our own would.
    pub(crate) fn post(&self, path: &str, form: &str) -> Answer {
        let host = self.host();
        let head = [
            format!("Host: {host}"),
            format!("Origin: http://{host}"),
            self.cookie(),
        ];
        let head: Vec<&str> = head.iter().map(String::as_str).collect();
        self.ask("POST", path, &head, form)
    }

    /// Sends a form, and opens the page that it leads to.
    pub(crate) fn look(&self, form: &str) -> Answer {
        let answer = self.post("/rows", form);
        if answer.status != 303 {
            return answer;
        }
        let at = answer.head.split("location: ").nth(1).unwrap();
        self.get(at.lines().next().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // As a supervisor would, so that the sample's database goes too.
        let id = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &id]).status();
        let _ = self.child.wait();
    }
}

/// What a command said, on both outputs.
pub(crate) fn said(output: &Output) -> String {
    let texts =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    texts.concat()
}
