//! The browser's driver (WebDriver), and what it passes on to the browser (DevTools).

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::PATIENCE;

/// One driver with one browser window; both end when it is dropped.
pub(super) struct Driver {
    process: Child,
    port: u16,
    session: String,
}

impl Drop for Driver {
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
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Driver {
    pub(super) async fn start(program: &Path) -> anyhow::Result<Self> {
        let port = std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let process = Command::new(program)
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("chromedriver does not start")?;
        let mut driver = Self { process, port, session: String::new() };
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
        let made = driver.ask("POST", "/session", Some(capabilities)).await?;
        driver.session = made["sessionId"].as_str().context("no session")?.to_owned();
        // Every page is weighed as on a first visit.
        driver.command("Network.setCacheDisabled", json!({ "cacheDisabled": true })).await?;
        Ok(driver)
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

    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.ask("GET", &format!("/session/{}{path}", self.session), None).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        self.ask("POST", &format!("/session/{}{path}", self.session), Some(body)).await
    }

    pub(super) async fn delete(&self, path: &str) -> anyhow::Result<Value> {
        self.ask("DELETE", &format!("/session/{}{path}", self.session), None).await
    }

    /// A command of DevTools.
    pub(super) async fn command(&self, command: &str, parameters: Value) -> anyhow::Result<Value> {
        self.post("/goog/cdp/execute", json!({ "cmd": command, "params": parameters })).await
    }

    /// What was logged since the last look.
    pub(super) async fn log(&self, kind: &str) -> anyhow::Result<Vec<Value>> {
        let log = self.post("/se/log", json!({ "type": kind })).await?;
        Ok(log.as_array().cloned().unwrap_or_default())
    }
}

/// Whether head and body are there, as far as `Content-Length` tells.
fn is_whole(answer: &[u8]) -> bool {
    let Some(at) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&answer[..at]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")).and_then(|n| n.trim().parse().ok());
    length.is_some_and(|length: usize| answer.len() >= at + 4 + length)
}
