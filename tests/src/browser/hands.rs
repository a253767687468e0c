//! What somebody does in a browser: goes, reads, clicks, types.

use serde_json::{Value, json};

use super::{Browser, PATIENCE};

/// The keys that are no letters, as WebDriver numbers them.
pub mod key {
    /// On to the next thing that can be worked with.
    pub const TAB: char = '\u{e004}';
    /// Press it.
    pub const ENTER: char = '\u{e007}';
    /// Held with a letter, this goes to what has it as its access key.
    pub const ALT: char = '\u{e00a}';
    /// The next of a list.
    pub const DOWN: char = '\u{e015}';
    /// Chooses, ticks or presses.
    pub const SPACE: char = ' ';
}

impl Browser {
    /// Goes to an address.
    ///
    /// # Panics
    /// As all of these: when the browser does not do it.
    pub async fn go(&self, url: &str) {
        self.driver.post("/url", json!({ "url": url })).await.expect("the page loads");
    }

    /// Opens a tab beside this one, which is hidden by it, and goes there; gives the name of this one.
    pub async fn beside(&self) -> String {
        let here = self.driver.get("/window").await.expect("it has a name");
        let made = self.driver.post("/window/new", json!({ "type": "tab" })).await.expect("there is room for a tab");
        let [here, made] = [&here, &made["handle"]].map(|name| name.as_str().unwrap_or_default().to_owned());
        self.driver.post("/window", json!({ "handle": made })).await.expect("it is gone to");
        here
    }

    /// Closes the tab that is open and goes back to another.
    pub async fn leave(&self, back: &str) {
        self.driver.delete("/window").await.expect("it closes");
        self.driver.post("/window", json!({ "handle": back })).await.expect("it is gone to");
    }

    /// Where it is.
    pub async fn url(&self) -> String {
        self.driver.get("/url").await.expect("it is somewhere").as_str().unwrap_or_default().to_owned()
    }

    /// Forgets every cookie of this site: somebody else sits down.
    pub async fn forget(&self) {
        self.driver.delete("/cookie").await.expect("cookies can be forgotten");
    }

    /// Forgets one of them.
    pub async fn forget_one(&self, cookie: &str) {
        self.driver.delete(&format!("/cookie/{cookie}")).await.expect("a cookie can be forgotten");
    }

    /// Whether scripts of pages run from the next page on. What a test asks by a script is answered all the same.
    pub async fn let_scripts_run(&self, may: bool) {
        let command = self.driver.command("Emulation.setScriptExecutionDisabled", json!({ "value": !may }));
        command.await.expect("scripts can be kept from running");
    }

    /// What a script gives; it sees `arguments`.
    pub async fn run(&self, script: &str, arguments: Value) -> Value {
        let body = json!({ "script": script, "args": arguments });
        self.driver.post("/execute/sync", body).await.expect("the script runs")
    }

    /// What a script gives to the last of its `arguments`, which is a function.
    pub async fn run_until_told(&self, script: &str, arguments: Value) -> Value {
        let body = json!({ "script": script, "args": arguments });
        self.driver.post("/execute/async", body).await.expect("the script runs and tells")
    }

    /// The text of the page's first element of this selector; empty for none.
    pub async fn text(&self, selector: &str) -> String {
        let script = "const e = document.querySelector(arguments[0]); return e ? e.innerText : ''";
        self.run(script, json!([selector])).await.as_str().unwrap_or_default().to_owned()
    }

    /// How many elements of this selector the page has.
    pub async fn count(&self, selector: &str) -> u64 {
        let script = "return document.querySelectorAll(arguments[0]).length";
        self.run(script, json!([selector])).await.as_u64().unwrap_or_default()
    }

    async fn element(&self, selector: &str) -> String {
        let found = json!({ "using": "css selector", "value": selector });
        let element = self.driver.post("/element", found).await;
        let element = element.unwrap_or_else(|error| panic!("{selector} on the page: {error:#}"));
        let id = element.as_object().and_then(|object| object.values().next()).and_then(Value::as_str);
        id.expect("an element has an id").to_owned()
    }

    /// Clicks the first element of this selector.
    pub async fn click(&self, selector: &str) {
        let element = self.element(selector).await;
        self.driver.post(&format!("/element/{element}/click"), json!({})).await.expect("it can be clicked");
    }

    /// Does what leads to another page, and waits for that.
    pub async fn until_there(&self, doing: impl Future<Output = ()>) {
        self.run("window.__here = true", json!([])).await;
        doing.await;
        testkit::eventually(PATIENCE, || async {
            let state = self.run("return window.__here ? 'here' : document.readyState", json!([])).await;
            if state == "complete" { Ok(()) } else { Err(format!("still {state}")) }
        })
        .await;
    }

    /// Clicks what leads to another page and waits for that.
    pub async fn follow(&self, selector: &str) {
        self.until_there(self.click(selector)).await;
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
        self.driver.post(&format!("/element/{element}/clear"), json!({})).await.expect("it can be cleared");
        let typed = json!({ "text": text });
        self.driver.post(&format!("/element/{element}/value"), typed).await.expect("it can be typed into");
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

    /// Presses keys one after the other.
    pub async fn keys(&self, keys: &str) {
        let stroke = |key: char| {
            [
                json!({ "type": "keyDown", "value": key.to_string() }),
                json!({ "type": "keyUp", "value": key.to_string() }),
            ]
        };
        self.perform(keys.chars().flat_map(stroke).collect()).await;
    }

    /// Holds one key and presses another.
    pub async fn chord(&self, held: char, key: char) {
        let act = |kind: &str, key: char| json!({ "type": kind, "value": key.to_string() });
        self.perform(vec![act("keyDown", held), act("keyDown", key), act("keyUp", key), act("keyUp", held)]).await;
    }

    async fn perform(&self, acts: Vec<Value>) {
        let body = json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": acts }] });
        self.driver.post("/actions", body).await.expect("keys can be pressed");
    }

    /// Goes on with the Tab key until it is at the first element of this selector.
    pub async fn tab_to(&self, selector: &str) {
        let is_there = "return document.activeElement === document.querySelector(arguments[0])";
        for _ in 0..200 {
            if self.run(is_there, json!([selector])).await == true {
                return;
            }
            self.keys(&key::TAB.to_string()).await;
        }
        panic!("{selector} is not reached with the keyboard on {}", self.url().await);
    }
}
