//! Every step of the office, by hand in a browser: its form is judged as it is first seen, filled with scripts in every field of words, sent as it cannot be
//! taken, and sent; the case it leads to is judged in each state it comes to.

use std::collections::BTreeSet;

use serde_json::json;
use ventanilla_tests::browser::{Browser, SCRIPTS};
use ventanilla_tests::scene::Scene;
use ventanilla_tests::scene::docket::{self, Docket, Seat, Taken, Taker, Turn};

use crate::house::{sit_down, window};

/// The fields of a step's form: name, element or type, and whether it has to be filled.
const FIELDS: &str = "const all = document.querySelectorAll(arguments[0] + ' [name]');\
    return [...all].filter(e => e.type !== 'hidden').map(e => [e.name, e.tagName === 'INPUT' ? e.type : e.tagName.toLowerCase()])";

struct ByHand<'a> {
    browser: Browser,
    scene: &'a Scene,
    base: String,
    sits: Option<Seat>,
}

impl ByHand<'_> {
    /// Puts this into a field, whatever kind it is.
    async fn put(&self, form: &str, name: &str, kind: &str, value: &str) {
        let field = format!("{form} [name=\"{name}\"]");
        match kind {
            "select" if value.is_empty() => {}
            "select" => self.browser.choose(&field, value).await,
            "checkbox" => self.browser.click(&format!("{field}[value=\"{value}\"]")).await,
            // What keys a date is typed with depends on the browser's own language; a long text is pasted.
            _ => {
                let put = "document.querySelector(arguments[0]).value = arguments[1]";
                self.browser.run(put, json!([field, value])).await;
            }
        }
    }

    async fn nothing_ran(&mut self, name: &str) {
        let faults = self.browser.document().await;
        self.browser.faults.extend(faults.into_iter().map(|fault| format!("{name}: {fault}")));
    }
}

impl Taker for ByHand<'_> {
    async fn take(&mut self, turn: Turn<'_>) -> Taken {
        if self.sits != Some(turn.who) {
            sit_down(&self.browser, &self.base, &turn.who.token(self.scene), turn.who.home()).await;
            self.sits = Some(turn.who);
        }
        let (at, action) = turn.place();
        let form = format!("main form[action=\"{action}\"]");
        let firm = turn.who == Seat::Liaison;
        let name = format!("{}-{}", if firm { "firm" } else { "step" }, turn.step);
        self.browser.go(&format!("{}{at}", self.base)).await;
        self.browser.judge(&name).await;
        let fields: Vec<(String, String)> =
            serde_json::from_value(self.browser.run(FIELDS, json!([form])).await).expect("names and kinds");
        let given = |name: &str| turn.fields.iter().find(|(given, _)| *given == name).map(|(_, value)| value.clone());
        let mut typed = BTreeSet::new();
        for (field, kind) in &fields {
            let words = matches!(kind.as_str(), "text" | "textarea");
            match given(field) {
                Some(value) if kind != "checkbox" => self.put(&form, field, kind, &value).await,
                None if words => {
                    self.put(&form, field, kind, &turn.words(field)).await;
                    typed.insert(field.clone());
                }
                _ => {}
            }
        }
        for (field, value) in &turn.fields {
            if fields.iter().any(|(name, kind)| name == field && kind == "checkbox") {
                self.put(&form, field, "checkbox", value).await;
            }
        }
        // With an id of the request that is none, and scripts in fields of ids as well.
        let keep = "const form = document.querySelector(arguments[1]); window.__kept = new Map();\
            for (const e of form.querySelectorAll('[name=request_id], input[type=text], textarea')) { window.__kept.set(e.name, e.value);\
            e.value = e.name === 'request_id' ? 'none' : e.value + arguments[0]; } return [...window.__kept]";
        let kept = self.browser.run(keep, json!([SCRIPTS.join(" "), form])).await;
        let button = format!("{form} .buttons button");
        self.browser.follow(&button).await;
        self.browser.says("#errors", "No se ha").await;
        self.nothing_ran(&name).await;
        self.browser.judge(&format!("{name}-refused")).await;
        self.browser.go_on().await;
        // As it was typed, and sent as it is.
        let back = "for (const [name, value] of arguments[0]) document.querySelector(`${arguments[1]} [name=\"${name}\"]`).value = value;";
        self.browser.run(back, json!([kept, form])).await;
        self.browser.follow(&button).await;
        self.browser.says(".notice.good", "").await;
        assert_eq!(self.browser.count(".notice.good").await, 1, "{form}: {}", self.browser.text("main").await);
        self.nothing_ran(&name).await;
        if firm {
            self.browser.judge(&format!("{name}-done")).await;
        } else {
            let state = self.browser.text("main .tag.note").await;
            self.browser.judge(&format!("case-{}", state.trim().replace(' ', "-"))).await;
        }
        let url = self.browser.url().await;
        let case = url.split('?').next().and_then(|url| url.rsplit('/').next()).unwrap_or_default().to_owned();
        Taken { case, typed: typed.into_iter().collect() }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_of_the_office_is_taken_by_hand_and_no_script_of_any_field_runs() {
    let Some(browser) = Browser::open().await else { return };
    let scene = Scene::fresh_under(docket::ambient()).await;
    let (_doorway, base) = window(&scene).await;
    let hands = ByHand { browser, scene: &scene, base, sits: None };
    let (left, hands) = Docket::open(&scene, 43_000_011, hands).await.work().await;
    let all: BTreeSet<&str> = console::steps().collect();
    assert_eq!(left.taken, all, "a step that nobody takes");
    let all: BTreeSet<&str> = console::firm_acts().collect();
    assert_eq!(left.sent, all, "a form of the firm's that nobody sends");
    hands.browser.end();
}
