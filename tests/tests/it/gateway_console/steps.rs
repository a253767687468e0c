//! Steps taken over HTTP: the form as its page has it, every field of words filled with scripts, sent as it cannot be taken first and then as it should be.

use std::collections::BTreeMap;

use http::StatusCode;
use ventanilla_tests::browser::SCRIPTS;
use ventanilla_tests::scene::Scene;
use ventanilla_tests::scene::docket::{Seat, Taken, Taker, Turn};
use ventanilla_tests::scene::doorway::{Answer, Doorway, Visitor};
use ventanilla_tests::scene::filled::Form;

/// Fills forms and sends them.
pub struct ByHttp<'a> {
    scene: &'a Scene,
    door: &'a Doorway,
    seated: BTreeMap<Seat, Visitor>,
}

impl<'a> ByHttp<'a> {
    pub fn of(scene: &'a Scene, door: &'a Doorway) -> Self {
        Self { scene, door, seated: BTreeMap::new() }
    }

    async fn visitor(&mut self, who: Seat) -> &mut Visitor {
        if !self.seated.contains_key(&who) {
            let mut visitor = self.door.visitor();
            visitor.sign_in(&who.token(self.scene)).await;
            self.seated.insert(who, visitor);
        }
        self.seated.get_mut(&who).expect("they sit")
    }
}

/// What somebody typed stands in the page as what it is.
#[track_caller]
pub fn harmless(page: &Answer, where_: &str) {
    let text = page.text();
    for script in SCRIPTS.iter().filter(|script| script.contains('<')) {
        assert!(!text.contains(script), "{where_}: {script} is a part of the page:\n{text}");
    }
}

impl Taker for ByHttp<'_> {
    async fn take(&mut self, turn: Turn<'_>) -> Taken {
        let (at, path) = turn.place();
        let visitor = self.visitor(turn.who).await;
        if turn.who != Seat::Liaison {
            let offered = visitor.get(&format!("/console/cases/{}", turn.case)).await;
            assert!(offered.text().contains(&format!("href=\"{path}\"")), "{path} is not offered: {}", offered.text());
        }
        let page = visitor.get(&at).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text());
        let form = Form::to(&page, &path);
        let given = |name: &str| turn.fields.iter().find(|(given, _)| *given == name).map(|(_, value)| value.clone());
        for (name, _) in &turn.fields {
            assert!(form.fields.iter().any(|field| field.name == *name), "{path} asks for no {name}");
        }
        let words: Vec<&str> =
            form.fields.iter().filter(|field| field.takes_words()).map(|f| f.name.as_str()).collect();
        let typed: Vec<String> =
            words.iter().filter(|name| given(name).is_none()).map(|name| (*name).to_owned()).collect();

        // With an id of the request that is none: what was typed is there again, as what it is, and nothing was done.
        let hostile: Vec<(&str, String)> = words.iter().map(|name| (*name, turn.words(name))).collect();
        let mut unfit: Vec<(&str, &str)> = hostile.iter().map(|(name, value)| (*name, value.as_str())).collect();
        unfit.push(("request_id", "none"));
        for (name, value) in turn.fields.iter().filter(|(name, _)| !words.contains(name)) {
            unfit.push((name, value));
        }
        let refused = post(visitor, &path, &form, &unfit).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {}", refused.text());
        harmless(&refused, &path);
        let again = Form::to(&refused, &path);
        for (name, value) in &hostile {
            let held = again.fields.iter().find(|field| field.name == *name).map(|field| field.value.trim());
            assert_eq!(held, Some(value.as_str()), "{path}: {name} is kept as it was typed");
        }

        let sent: Vec<(&str, String)> = form
            .fields
            .iter()
            .filter_map(|field| {
                let words = typed.contains(&field.name).then(|| turn.words(&field.name));
                given(&field.name).or(words).map(|value| (field.name.as_str(), value))
            })
            .collect();
        let sent: Vec<(&str, &str)> = sent.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let done = post(visitor, &path, &form, &sent).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{path}: {}", done.text());
        let shown = visitor.get(done.header("location")).await;
        assert_eq!(shown.status, StatusCode::OK, "{path}: {}", shown.text());
        assert!(shown.text().contains("class=\"notice good\""), "{path}: that it was done is said: {}", shown.text());
        harmless(&shown, &path);
        let next = done.header("location").split('?').next().and_then(|path| path.rsplit('/').next());
        Taken { case: next.unwrap_or_default().to_owned(), typed }
    }
}

async fn post(visitor: &mut Visitor, path: &str, form: &Form, values: &[(&str, &str)]) -> Answer {
    let sent = form.sent(values);
    let sent: Vec<(&str, &str)> = sent.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    visitor.post(path, &sent).await
}
