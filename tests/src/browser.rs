//! A real browser in front of a gateway: Chromium by its driver (WebDriver), with what every page is held against.
//!
//! Debian's `chromium` and `chromium-driver`, and axe-core's `axe.min.js` under `VENTANILLA_AXE` or `target/browser/node_modules/axe-core`.
//! Where they are not there a test says so and stands aside, unless `VENTANILLA_BROWSER=required`. Pictures go to `target/screenshots`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Longest something on a page is waited for.
const PATIENCE: Duration = Duration::from_secs(20);
/// Heaviest a page may be with all it loads, in bytes.
const HEAVIEST: u64 = 100_000;
/// Narrowest window a page has to fit, in CSS pixels.
const NARROWEST: u32 = 320;
/// What scripts are tried as in every field: none may ever run.
pub const SCRIPTS: [&str; 8] = [
    "<script>window.__ran=1</script>",
    "\"><img src=x onerror=\"window.__ran=1\">",
    "'><svg onload=window.__ran=1>",
    "</textarea><script>window.__ran=1</script>",
    "</title><script>window.__ran=1</script>",
    "javascript:window.__ran=1",
    "<iframe srcdoc=\"<script>parent.__ran=1</script>\"></iframe>",
    "{{constructor.constructor('window.__ran=1')()}}<a href=\"javascript:window.__ran=1\" autofocus onfocus=window.__ran=1>x</a>",
];

/// One Chromium window; gone when dropped.
pub struct Browser {
    driver: Child,
    port: u16,
    session: String,
    axe: String,
    pictures: PathBuf,
    /// Everything that was found wrong with pages so far.
    pub faults: Vec<String>,
    judged: BTreeSet<String>,
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends the browser it started.
        let _ = std::net::TcpStream::connect(("127.0.0.1", self.port)).and_then(|mut stream| {
            use std::io::Write as _;
            write!(
                stream,
                "DELETE /session/{} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                self.session
            )?;
            std::io::Read::read(&mut stream, &mut [0; 64])
        });
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

impl Browser {
    /// A browser, or `None` where there is none and none is required.
    ///
    /// # Panics
    /// When one is required, or there is one and it does not start.
    pub async fn open() -> Option<Self> {
        let required = std::env::var("VENTANILLA_BROWSER").is_ok_and(|value| value == "required");
        let missing = match (found("chromedriver"), axe()) {
            (Some(driver), Some(axe)) => {
                return Some(Self::start(&driver, axe).await.unwrap_or_else(|error| panic!("no browser: {error:#}")));
            }
            (None, _) => "chromedriver (apt-get install chromium chromium-driver)",
            (_, None) => "axe.min.js (npm install axe-core; VENTANILLA_AXE names the file)",
        };
        assert!(!required, "a browser is required, and {missing} is not here");
        eprintln!("skipped: {missing} is not here");
        None
    }

    async fn start(driver: &Path, axe: String) -> anyhow::Result<Self> {
        let port = std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let child = Command::new(driver)
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("chromedriver does not start")?;
        let pictures = crate::tree::root().join("target/screenshots");
        std::fs::create_dir_all(&pictures)?;
        let (faults, judged) = (Vec::new(), BTreeSet::new());
        let mut browser = Self { driver: child, port, session: String::new(), axe, pictures, faults, judged };
        testkit::eventually(PATIENCE, || async move {
            TcpStream::connect(("127.0.0.1", port)).await.map(drop).map_err(|error| error.to_string())
        })
        .await;
        let arguments = [
            "--headless=new",
            // No sandbox of its own inside a container, where tests run as root.
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--disable-background-networking",
            "--window-size=1280,900",
            "--accept-lang=es",
        ];
        let capabilities = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        } } });
        let made = browser.ask("POST", "/session", Some(capabilities)).await?;
        browser.session = made["sessionId"].as_str().context("no session")?.to_owned();
        Ok(browser)
    }

    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> anyhow::Result<Value> {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost:{}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            self.port,
            body.len()
        );
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body.as_bytes()).await?;
        let mut answer = Vec::new();
        let read = async {
            let mut part = vec![0; 64 * 1024];
            loop {
                let got = stream.read(&mut part).await?;
                answer.extend_from_slice(&part[..got]);
                if got == 0 || is_whole(&answer) {
                    return Ok::<_, std::io::Error>(());
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(60), read).await.context("the driver does not answer")??;
        let at = answer.windows(4).position(|four| four == b"\r\n\r\n").context("no HTTP")?;
        let value: Value = serde_json::from_slice(&answer[at + 4..])?;
        let value = value["value"].clone();
        if let Some(error) = value.get("error").and_then(Value::as_str) {
            bail!("{path}: {error}: {}", value["message"].as_str().unwrap_or_default());
        }
        Ok(value)
    }

    async fn of_session(&self, method: &str, path: &str, body: Option<Value>) -> anyhow::Result<Value> {
        self.ask(method, &format!("/session/{}{path}", self.session), body).await
    }

    /// Goes to an address.
    ///
    /// # Panics
    /// As all of these: when the browser does not do it.
    pub async fn go(&self, url: &str) {
        self.of_session("POST", "/url", Some(json!({ "url": url }))).await.expect("the page loads");
    }

    /// Where it is.
    pub async fn url(&self) -> String {
        self.of_session("GET", "/url", None).await.expect("it is somewhere").as_str().unwrap_or_default().to_owned()
    }

    /// Forgets every cookie of this site: somebody else sits down.
    pub async fn forget(&self) {
        self.of_session("DELETE", "/cookie", None).await.expect("cookies can be forgotten");
    }

    /// What a script gives; it sees `arguments`.
    pub async fn run(&self, script: &str, arguments: Value) -> Value {
        let body = json!({ "script": script, "args": arguments });
        self.of_session("POST", "/execute/sync", Some(body)).await.expect("the script runs")
    }

    /// The text of the page's first element of this selector; empty for none.
    pub async fn text(&self, selector: &str) -> String {
        let script = "const e = document.querySelector(arguments[0]); return e ? e.innerText : ''";
        self.run(script, json!([selector])).await.as_str().unwrap_or_default().to_owned()
    }

    async fn element(&self, selector: &str) -> String {
        let found = json!({ "using": "css selector", "value": selector });
        let element = self.of_session("POST", "/element", Some(found)).await;
        let element = element.unwrap_or_else(|error| panic!("{selector} on the page: {error:#}"));
        let id = element.as_object().and_then(|object| object.values().next()).and_then(Value::as_str);
        id.expect("an element has an id").to_owned()
    }

    /// Clicks the first element of this selector, and waits until the page it leads to is there.
    pub async fn click(&self, selector: &str) {
        let element = self.element(selector).await;
        self.run("window.__here = true", json!([])).await;
        self.of_session("POST", &format!("/element/{element}/click"), Some(json!({})))
            .await
            .expect("it can be clicked");
    }

    /// Clicks what leads to another page and waits for that.
    pub async fn follow(&self, selector: &str) {
        self.click(selector).await;
        testkit::eventually(PATIENCE, || async {
            let state = self.run("return window.__here ? 'here' : document.readyState", json!([])).await;
            if state == "complete" { Ok(()) } else { Err(format!("still {state}")) }
        })
        .await;
    }

    /// Follows the first link or presses the first button with this text.
    pub async fn press(&self, text: &str) {
        let script = "const all = [...document.querySelectorAll('main a, main button, nav a')];\
            const e = all.find(e => e.innerText.trim() === arguments[0]); if (!e) return false;\
            e.setAttribute('data-pressed', ''); return true";
        let found = self.run(script, json!([text])).await;
        assert_eq!(found, true, "nothing on the page says {text:?}: {}", self.text("main").await);
        self.follow("[data-pressed]").await;
    }

    /// Types into a field, instead of what stands in it.
    pub async fn fill(&self, selector: &str, text: &str) {
        let element = self.element(selector).await;
        self.of_session("POST", &format!("/element/{element}/clear"), Some(json!({})))
            .await
            .expect("it can be cleared");
        let typed = json!({ "text": text });
        self.of_session("POST", &format!("/element/{element}/value"), Some(typed)).await.expect("it can be typed into");
    }

    /// Chooses in a list by value.
    pub async fn choose(&self, selector: &str, value: &str) {
        self.click(&format!("{selector} option[value=\"{value}\"]")).await;
    }

    /// Waits until the page's first element of this selector says this.
    pub async fn says(&self, selector: &str, text: &str) {
        testkit::eventually(PATIENCE, || async {
            let said = self.text(selector).await;
            if said.contains(text) {
                Ok(())
            } else {
                Err(format!("{selector} says {said:?} on {}: {:?}", self.url().await, self.text("main").await))
            }
        })
        .await;
    }

    /// Waits until one of these says something, and gives what they say.
    pub async fn says_anything(&self, selectors: &[&str]) -> String {
        testkit::eventually(PATIENCE, || async {
            let mut said = String::new();
            for selector in selectors {
                said.push_str(&self.text(selector).await);
            }
            if said.trim().is_empty() { Err(format!("{selectors:?} say nothing")) } else { Ok(said) }
        })
        .await
    }

    async fn width(&self, width: u32) {
        let metrics = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        let command = json!({ "cmd": "Emulation.setDeviceMetricsOverride", "params": metrics });
        self.of_session("POST", "/goog/cdp/execute", Some(command)).await.expect("the window has a width");
    }

    async fn log(&self, kind: &str) -> Vec<Value> {
        let log = self.of_session("POST", "/se/log", Some(json!({ "type": kind }))).await;
        log.expect("the driver logs").as_array().cloned().unwrap_or_default()
    }

    /// Holds the page that is shown against what every page is held against, and takes its picture. Faults are gathered in `faults`.
    pub async fn judge(&mut self, name: &str) {
        if !self.judged.insert(name.to_owned()) {
            return;
        }
        let mut faults = Vec::new();
        let script = format!("{}; window.axe = axe;", self.axe);
        self.run(&script, json!([])).await;
        let found = self.of_session(
            "POST",
            "/execute/async",
            Some(json!({ "script": "const done = arguments[0]; axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then(r => done(r.violations.map(v => `${v.id}: ${v.help} at ${v.nodes.map(n => n.target.join(' ')).slice(0, 3).join(', ')}`)), e => done([`axe failed: ${e}`]))", "args": [] })),
        );
        for violation in found.await.expect("axe answers").as_array().cloned().unwrap_or_default() {
            faults.push(violation.as_str().unwrap_or_default().to_owned());
        }
        let size = "const all = performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'));\
            return all.reduce((sum, one) => sum + (one.encodedBodySize || 0), 0)";
        let weight = self.run(size, json!([])).await.as_u64().unwrap_or(u64::MAX);
        if weight > HEAVIEST {
            faults.push(format!("weighs {weight} bytes"));
        }
        let scripts = "return [...document.querySelectorAll('*')].filter(e => [...e.attributes].some(a => a.name.startsWith('on') || \
            (a.name === 'href' && a.value.startsWith('javascript:')) || a.name === 'srcdoc')).length + (window.__ran ? 1000 : 0)";
        if self.run(scripts, json!([])).await != 0 {
            faults.push("a script came in".to_owned());
        }
        let origin = self.run("return location.origin", json!([])).await.as_str().unwrap_or_default().to_owned();
        for entry in self.log("performance").await {
            let Ok(event) = serde_json::from_str::<Value>(entry["message"].as_str().unwrap_or_default()) else {
                continue;
            };
            let event = &event["message"];
            let url = event["params"]["request"]["url"].as_str().unwrap_or_default();
            // What a browser paints its own fields with is no request to anybody.
            let own = url.starts_with(&origin) || url.starts_with("data:");
            if event["method"] == "Network.requestWillBeSent" && !own {
                faults.push(format!("asks {url}"));
            }
        }
        for entry in self.log("browser").await {
            let said = entry["message"].as_str().unwrap_or_default();
            if said.contains("Content Security Policy") || said.contains("Uncaught") {
                faults.push(format!("the browser says {said}"));
            }
        }
        self.picture(&format!("{name}-1280")).await;
        self.width(NARROWEST).await;
        let over = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
        let over = self.run(over, json!([])).await.as_i64().unwrap_or(i64::MAX);
        if over > 0 {
            let who = "return [...document.querySelectorAll('main *, header *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)\
                .slice(0, 3).map(e => e.tagName + '.' + e.className + '#' + e.id).join(' ')";
            let who = self.run(who, json!([])).await;
            faults.push(format!("is {over} pixels wider than {NARROWEST}: {who}"));
        }
        self.picture(&format!("{name}-320")).await;
        self.width(1280).await;
        self.faults.extend(faults.into_iter().map(|fault| format!("{name}: {fault}")));
    }

    async fn picture(&self, name: &str) {
        let height = self.run("return Math.min(document.documentElement.scrollHeight, 6000)", json!([])).await;
        let clip = json!({ "format": "png", "captureBeyondViewport": true, "clip": { "x": 0, "y": 0, "scale": 1,
            "width": self.run("return innerWidth", json!([])).await, "height": height } });
        let command = json!({ "cmd": "Page.captureScreenshot", "params": clip });
        let picture = self.of_session("POST", "/goog/cdp/execute", Some(command)).await.expect("a picture is taken");
        let bytes = STANDARD.decode(picture["data"].as_str().unwrap_or_default()).expect("a picture is base64");
        std::fs::write(self.pictures.join(format!("{name}.png")), bytes).expect("the picture is kept");
    }

    /// Ends the visit.
    ///
    /// # Panics
    /// With every fault that was found on the way.
    pub fn end(self) {
        assert!(self.faults.is_empty(), "{} faults:\n{}", self.faults.len(), self.faults.join("\n"));
    }
}

/// Whether head and body are there, as far as `Content-Length` tells.
fn is_whole(answer: &[u8]) -> bool {
    let Some(at) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&answer[..at]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")).and_then(|n| n.trim().parse().ok());
    length.is_some_and(|length: usize| answer.len() >= at + 4 + length)
}

fn found(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

fn axe() -> Option<String> {
    let named = std::env::var_os("VENTANILLA_AXE").map(PathBuf::from);
    let file = named.unwrap_or_else(|| crate::tree::root().join("target/browser/node_modules/axe-core/axe.min.js"));
    std::fs::read_to_string(file).ok()
}
