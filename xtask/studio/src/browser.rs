//! A headless Chromium, driven by its DevTools protocol: for tests of the pages, and for pictures of them.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;
use tungstenite::{Message, WebSocket};

/// What the browser is called, in the order in which it is looked for.
const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// What to type where there is none.
pub const MISSING: &str = "no chromium is installed; on Debian: apt-get install --yes chromium";

/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser with one page; it ends when it goes out of scope.
#[derive(Debug)]
pub struct Browser {
    child: Child,
    socket: WebSocket<TcpStream>,
    session: String,
    last: u64,
    errors: Vec<String>,
    loads: usize,
    _folder: TempDir,
}

impl Browser {
    /// Starts one.
    ///
    /// # Errors
    /// When none is installed, with the line to type, or it doesn't start.
    pub fn start() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut started = None;
        for name in NAMES {
            let mut command = Command::new(name);
            command
                .args([
                    "--headless=new",
                    "--remote-debugging-port=0",
                    "--disable-gpu",
                ])
                .args([
                    "--no-first-run",
                    "--disable-extensions",
                    "--disable-dev-shm-usage",
                ])
                // In a container as root the sandbox can't be made; only pages of our own are opened.
                .args([
                    "--no-sandbox",
                    "--hide-scrollbars",
                    "--force-color-profile=srgb",
                ])
                .arg(format!("--user-data-dir={}", folder.path().display()))
                .arg("about:blank")
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::piped());
            if let Ok(child) = command.spawn() {
                started = Some(child);
                break;
            }
        }
        let mut child = started.context(MISSING)?;
        let address = address(&mut child)?;
        let host = address
            .trim_start_matches("ws://")
            .split('/')
            .next()
            .unwrap_or_default();
        let stream = TcpStream::connect(host).context("the browser doesn't listen")?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let (socket, _) = tungstenite::client(&address, stream)
            .map_err(|error| anyhow!("the browser's socket: {error}"))?;
        let mut browser = Self {
            child,
            socket,
            session: String::new(),
            last: 0,
            errors: Vec::new(),
            loads: 0,
            _folder: folder,
        };
        let target = browser.call("Target.createTarget", &json!({ "url": "about:blank" }))?;
        let attach = json!({ "targetId": at(&target, "/targetId"), "flatten": true });
        let attached = browser.call("Target.attachToTarget", &attach)?;
        browser.session = at(&attached, "/sessionId")
            .as_str()
            .context("no session")?
            .to_owned();
        for part in [
            "Page.enable",
            "Runtime.enable",
            "Log.enable",
            "Network.enable",
        ] {
            browser.call(part, &json!({}))?;
        }
        browser.size(1280, 800, false)?;
        Ok(browser)
    }

    /// Sets the window's size, and whether the system is dark.
    ///
    /// # Errors
    /// When the browser is gone.
    pub fn size(&mut self, width: u32, height: u32, dark: bool) -> anyhow::Result<()> {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.call("Emulation.setDeviceMetricsOverride", &metrics)?;
        let scheme = if dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.call("Emulation.setEmulatedMedia", &media).map(drop)
    }

    /// Opens an address, and waits until it is loaded.
    ///
    /// # Errors
    /// When it can't be reached.
    pub fn open(&mut self, address: &str) -> anyhow::Result<()> {
        let loads = self.loads;
        let opened = self.call("Page.navigate", &json!({ "url": address }))?;
        if let Some(why) = opened.get("errorText").and_then(Value::as_str) {
            bail!("the page can't be opened: {why}");
        }
        // Going to another place of the same page loads nothing.
        if opened.get("loaderId").is_some() {
            self.until_loaded(loads)?;
        }
        Ok(())
    }

    /// Does something that loads a page, and waits until it is loaded.
    ///
    /// # Errors
    /// When it throws, or no page is loaded.
    pub fn follow(&mut self, script: &str) -> anyhow::Result<()> {
        let loads = self.loads;
        self.eval(script)?;
        self.until_loaded(loads)
    }

    /// The value of an expression in the page.
    ///
    /// # Errors
    /// When it throws.
    pub fn eval(&mut self, script: &str) -> anyhow::Result<Value> {
        let asked = json!({ "expression": script, "awaitPromise": true, "returnByValue": true, "userGesture": true });
        let answer = self.call("Runtime.evaluate", &asked)?;
        if let Some(thrown) = answer.get("exceptionDetails") {
            bail!("{script}: {thrown}");
        }
        Ok(at(&answer, "/result/value").clone())
    }

    /// Waits until an expression is true.
    ///
    /// # Errors
    /// When it isn't after a minute.
    pub fn wait(&mut self, script: &str) -> anyhow::Result<()> {
        let begun = Instant::now();
        loop {
            // While a page goes, there is nothing to ask.
            if self.eval(script).is_ok_and(|value| value == true) {
                return Ok(());
            }
            if begun.elapsed() > PATIENCE {
                bail!("never true: {script}");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Presses a key, such as `/` or `ArrowDown`.
    ///
    /// # Errors
    /// When the browser is gone.
    pub fn press(&mut self, key: &str) -> anyhow::Result<()> {
        let text = if key.chars().count() == 1 { key } else { "" };
        let down = json!({ "type": "keyDown", "key": key, "text": text });
        self.call("Input.dispatchKeyEvent", &down)?;
        self.call(
            "Input.dispatchKeyEvent",
            &json!({ "type": "keyUp", "key": key }),
        )
        .map(drop)
    }

    /// Writes what is seen into a file, as PNG.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn picture(&mut self, file: &Path) -> anyhow::Result<()> {
        let taken = self.call("Page.captureScreenshot", &json!({ "format": "png" }))?;
        let data = at(&taken, "/data").as_str().context("no picture")?;
        fs::write(file, STANDARD.decode(data)?).with_context(|| file.display().to_string())
    }

    /// What pages complained of on their console since it was last asked, refused requests and policies included.
    pub fn errors(&mut self) -> Vec<String> {
        std::mem::take(&mut self.errors)
    }

    fn until_loaded(&mut self, loads: usize) -> anyhow::Result<()> {
        while self.loads == loads {
            self.read()?;
        }
        Ok(())
    }

    fn call(&mut self, method: &str, parameters: &Value) -> anyhow::Result<Value> {
        self.last += 1;
        let mut message = json!({ "id": self.last, "method": method, "params": parameters });
        if let (Value::Object(message), false) = (&mut message, self.session.is_empty()) {
            message.insert("sessionId".to_owned(), json!(self.session));
        }
        self.socket
            .send(Message::text(message.to_string()))
            .context("the browser is gone")?;
        loop {
            let answer = self.read()?;
            if *at(&answer, "/id") != self.last {
                continue;
            }
            if let Some(error) = answer.get("error") {
                bail!("{method}: {error}");
            }
            return Ok(at(&answer, "/result").clone());
        }
    }

    /// The next message; what it says of the page is noted.
    fn read(&mut self) -> anyhow::Result<Value> {
        let text = self
            .socket
            .read()
            .context("the browser doesn't answer")?
            .into_text()?;
        let message: Value = serde_json::from_str(&text).unwrap_or_default();
        let of = at(&message, "/params");
        match at(&message, "/method").as_str().unwrap_or_default() {
            "Page.loadEventFired" => self.loads += 1,
            "Runtime.exceptionThrown" => self.errors.push(at(of, "/exceptionDetails").to_string()),
            "Runtime.consoleAPICalled" if *at(of, "/type") == "error" => {
                self.errors.push(at(of, "/args").to_string())
            }
            "Log.entryAdded" if *at(of, "/entry/level") == "error" => {
                self.errors.push(at(of, "/entry").to_string())
            }
            _ => {}
        }
        Ok(message)
    }
}

/// A part of a message, or null.
fn at<'v>(value: &'v Value, place: &str) -> &'v Value {
    value.pointer(place).unwrap_or(&Value::Null)
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where the browser listens, as it says.
fn address(child: &mut Child) -> anyhow::Result<String> {
    let said = child.stderr.take().context("the browser says nothing")?;
    let mut lines = BufReader::new(said).lines();
    let mut all = Vec::new();
    for line in lines.by_ref().map_while(Result::ok) {
        if let Some(address) = line.strip_prefix("DevTools listening on ") {
            let address = address.to_owned();
            // Read on, so that it never waits for a reader.
            std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
            return Ok(address);
        }
        all.push(line);
    }
    bail!("the browser didn't start:\n{}", all.join("\n"))
}
