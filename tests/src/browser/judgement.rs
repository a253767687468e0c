//! What every page is held against.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Browser, key};

/// Heaviest a page may be with all it loads, in bytes, on a first visit.
const HEAVIEST: u64 = 100_000;
/// Most requests of a page: itself, styles, script, picture, and a stream that keeps it up to date.
const MOST_REQUESTS: usize = 5;
/// How far what is read may move by itself: nothing that anybody notices, as Lighthouse counts it.
const FARTHEST: f64 = 0.01;
/// Narrowest window a page has to fit, in CSS pixels.
const NARROWEST: u32 = 320;

impl Browser {
    /// Holds the page that is shown against what every page is held against, and takes its picture. Faults are gathered in `faults`;
    /// a page is judged once by a name.
    pub async fn judge(&mut self, name: &str) {
        self.judge_in(name, true).await;
    }

    /// The same of a page that is in one language alone.
    pub async fn judge_in_one_language(&mut self, name: &str) {
        self.judge_in(name, false).await;
    }

    /// The same of a page that tells something once: it has no link to itself in another language, since what that leads to does not tell it.
    pub async fn judge_told_once(&mut self, name: &str) {
        self.judge_in(name, false).await;
        if self.count("header a[hreflang]").await != 0 {
            self.faults.push(format!("{name}: has a link that leads away from what is told once"));
        }
    }

    async fn judge_in(&mut self, name: &str, both: bool) {
        if !self.judged.insert(name.to_owned()) {
            return;
        }
        let mut faults = self.document().await;
        faults.extend(self.shift().await);
        faults.extend(self.budget().await);
        faults.extend(self.said().await);
        faults.extend(self.axe().await);
        self.picture(&format!("{name}-{}", self.window)).await;
        faults.extend(self.narrow(name).await);
        if both {
            faults.extend(self.other_language(name).await);
        }
        self.faults.extend(faults.into_iter().map(|fault| format!("{name}: {fault}")));
    }

    /// What is wrong with the document that is shown: that somebody's words became a part of it, before all.
    pub async fn document(&self) -> Vec<String> {
        strings(&self.run(include_str!("page.js"), json!([])).await)
    }

    async fn shift(&self) -> Option<String> {
        let told = self.run_until_told(include_str!("shift.js"), json!([])).await;
        let moved = told[0].as_f64().unwrap_or(f64::INFINITY);
        (moved > FARTHEST).then(|| format!("moves by {moved:.3} while it is read: {}", told[1]))
    }

    /// Bytes, requests, and who was asked.
    async fn budget(&mut self) -> Vec<String> {
        let origin = self.run("return location.origin", json!([])).await.as_str().unwrap_or_default().to_owned();
        for entry in self.driver.log("performance").await.expect("the driver logs") {
            if let Ok(event) = serde_json::from_str::<Value>(entry["message"].as_str().unwrap_or_default()) {
                self.traffic.hear(&event["message"], &origin);
            }
        }
        let mut faults: Vec<String> =
            self.traffic.take_elsewhere().into_iter().map(|url| format!("asks {url}")).collect();
        let (bytes, requests) = (self.traffic.bytes(), self.traffic.requests());
        if !(1..HEAVIEST).contains(&bytes) {
            faults.push(format!("weighs {bytes} bytes"));
        }
        if !(1..=MOST_REQUESTS).contains(&requests) {
            faults.push(format!("makes {requests} requests"));
        }
        faults
    }

    /// What the browser itself complains about. That an answer is a refusal is no complaint of the page that tells of it.
    async fn said(&self) -> Vec<String> {
        let url = self.url().await;
        let entries = self.driver.log("browser").await.expect("the driver logs");
        let severe = entries.iter().filter(|entry| entry["level"] == "SEVERE");
        let said = severe.map(|entry| entry["message"].as_str().unwrap_or_default());
        said.filter(|said| !(said.starts_with(&url) && said.contains("responded with a status of 4")))
            .map(|said| format!("the browser says {said}"))
            .collect()
    }

    /// Goes on from what the browser complained about until now: it was of pages that are not judged.
    pub async fn go_on(&self) {
        self.driver.log("browser").await.expect("the driver logs");
    }

    /// Whoever reads the other language gets there from wherever they are, and finds a page that holds as this one does. It is opened in a window of its own, so that
    /// here everything stays as it is.
    async fn other_language(&self, name: &str) -> Vec<String> {
        let link = "const a = document.querySelector('header a[hreflang]'), own = document.documentElement.lang;\
            const status = performance.getEntriesByType('navigation')[0].responseStatus;\
            return a && a.hreflang !== own ? [a.href, a.hreflang, own, status] : []";
        let link = self.run(link, json!([])).await;
        let [Some(href), Some(lang), Some(own)] = [0, 1, 2].map(|at| link[at].as_str()) else {
            return vec!["has no link to the other language".to_owned()];
        };
        let here = self.driver.get("/window").await.expect("there is a window");
        let other = self.driver.post("/window/new", json!({ "type": "tab" })).await.expect("another window opens");
        self.switch_to(&other["handle"]).await;
        self.width(self.window).await;
        self.go(href).await;
        let faults = self.as_it_should_be_in(lang, (href, link[3].as_u64()), name).await;
        // What is read next is in the language it was.
        self.go(&href.replace(&format!("lang={lang}"), &format!("lang={own}"))).await;
        self.driver.delete("/window").await.expect("the window closes");
        self.switch_to(&here).await;
        // What was asked and said there is no matter of the page that is shown.
        for kind in ["performance", "browser"] {
            self.driver.log(kind).await.expect("the driver logs");
        }
        faults
    }

    async fn switch_to(&self, window: &Value) {
        self.driver.post("/window", json!({ "handle": window })).await.expect("the window is there");
        // The keyboard is where somebody looks.
        self.driver.command("Page.bringToFront", json!({})).await.expect("it comes to the front");
    }

    /// What is wrong with what a link led to from a page that was answered so.
    async fn as_it_should_be_in(&self, lang: &str, (href, own): (&str, Option<u64>), name: &str) -> Vec<String> {
        let shown =
            "return [performance.getEntriesByType('navigation')[0].responseStatus, document.documentElement.lang]";
        let shown = self.run(shown, json!([])).await;
        let status = shown[0].as_u64().unwrap_or_default();
        if status == 405 {
            return vec![format!("has a link to the other language that leads nowhere: {href}")];
        }
        // A page that tells of something that does not answer tells it in both languages.
        if !(200..500).contains(&status) && Some(status) != own {
            return vec![format!("has a link to the other language that is answered {status}: {href}")];
        }
        if shown[1] != lang {
            return vec![format!("has a link to {lang} that leads to a page in {}: {href}", shown[1])];
        }
        let mut faults = self.document().await;
        faults.extend(self.axe_by_day().await);
        faults.extend(self.narrow(&format!("{name}-{lang}")).await);
        faults.into_iter().map(|fault| format!("in the other language, {fault}")).collect()
    }

    /// Accessibility, and contrast in the dark as well.
    async fn axe(&self) -> Vec<String> {
        let mut faults = self.axe_by_day().await;
        self.scheme("dark").await;
        let contrast = json!({ "runOnly": { "type": "rule", "values": ["color-contrast"] } });
        let dark = strings(&self.run_until_told(include_str!("axe.js"), json!([contrast])).await);
        faults.extend(dark.into_iter().map(|fault| format!("in the dark, {fault}")));
        self.scheme("light").await;
        faults
    }

    async fn axe_by_day(&self) -> Vec<String> {
        self.run(&format!("{}; window.axe = axe;", self.axe), json!([])).await;
        let rules = json!({ "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] });
        strings(&self.run_until_told(include_str!("axe.js"), json!([rules])).await)
    }

    async fn scheme(&self, scheme: &str) {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.driver.command("Emulation.setEmulatedMedia", features).await.expect("it can be dark");
    }

    async fn narrow(&self, name: &str) -> Option<String> {
        self.width(NARROWEST).await;
        let over = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
        let over = self.run(over, json!([])).await.as_i64().unwrap_or(i64::MAX);
        let who = "return [...document.querySelectorAll('main *, header *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)\
            .slice(0, 3).map(e => e.tagName + '.' + e.className + '#' + e.id).join(' ')";
        let who = if over > 0 { self.run(who, json!([])).await } else { Value::Null };
        self.picture(&format!("{name}-{NARROWEST}")).await;
        self.width(self.window).await;
        (over > 0).then(|| format!("is {over} pixels wider than {NARROWEST}: {who}"))
    }

    pub(super) async fn width(&self, width: u32) {
        let metrics = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        let command = self.driver.command("Emulation.setDeviceMetricsOverride", metrics);
        command.await.expect("the window has a width");
    }

    async fn picture(&self, name: &str) {
        let size = "return [innerWidth, Math.min(document.documentElement.scrollHeight, 6000)]";
        let size = self.run(size, json!([])).await;
        let clip = json!({ "x": 0, "y": 0, "scale": 1, "width": size[0], "height": size[1] });
        let wish = json!({ "format": "png", "optimizeForSpeed": true, "captureBeyondViewport": true, "clip": clip });
        let picture = self.driver.command("Page.captureScreenshot", wish).await.expect("a picture is taken");
        let bytes = STANDARD.decode(picture["data"].as_str().unwrap_or_default()).expect("a picture is base64");
        std::fs::write(self.pictures.join(format!("{name}.png")), bytes).expect("the picture is kept");
    }

    /// Goes through the page that is shown with the Tab key: everything that can be worked with is come to, and is seen to be.
    pub async fn walk(&mut self, name: &str) {
        let stops = self.run(include_str!("walk.js"), json!([])).await.as_u64().unwrap_or_default();
        self.keys(&key::TAB.to_string().repeat(usize::try_from(stops).unwrap_or_default())).await;
        let faults = strings(&self.run(include_str!("walked.js"), json!([])).await);
        self.faults.extend(faults.into_iter().map(|fault| format!("{name}: {fault}")));
    }
}

fn strings(told: &Value) -> Vec<String> {
    let told = told.as_array().expect("a list of faults");
    told.iter().map(|fault| fault.as_str().unwrap_or_default().to_owned()).collect()
}
