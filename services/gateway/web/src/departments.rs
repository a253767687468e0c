//! What departments are called on pages: by the name that the house gave them, or by the words of their slugs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use server::PeerChannel;
use ventanilla_proto::ticketing::v1::team_service_client::TeamServiceClient;
use ventanilla_proto::ticketing::v1::{Department, ListDepartmentsRequest};
use ventanilla_proto::r#type::v1::{Language, LocalizedText};

use crate::Lang;

/// How long names are known before they are asked for again.
const KEPT: SignedDuration = SignedDuration::from_mins(1);
/// How long a page waits for them: a page without names is worth more than names without a page.
pub(crate) const GLANCE: Duration = Duration::from_secs(1);
/// Pages of the register that are read; a house has dozens of departments.
const PAGES: usize = 10;

/// The name in this language, of these; empty where there is none in it.
fn name_in(names: &[LocalizedText], lang: Lang) -> &str {
    let wanted = match lang {
        Lang::Es => Language::Es,
        Lang::En => Language::En,
    };
    names.iter().find(|name| name.language() == wanted).map(|name| name.text.as_str()).unwrap_or_default()
}

/// A department that has these names, as people read it: what the house calls it by, or its slug without what machines need.
pub fn department(slug: &str, names: &[LocalizedText], lang: Lang) -> String {
    let name = name_in(names, lang);
    if !name.is_empty() {
        return name.to_owned();
    }
    let words = slug.replace(['-', '_'], " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The departments that were named.
#[derive(Debug, Clone, Default)]
pub struct Departments(Arc<BTreeMap<String, Vec<LocalizedText>>>);

impl Departments {
    /// Those that ticketing told.
    pub fn of(told: impl IntoIterator<Item = Department>) -> Self {
        let slug = |name: &str| name.strip_prefix("departments/").unwrap_or(name).to_owned();
        Self(Arc::new(told.into_iter().map(|one| (slug(&one.name), one.display_name)).collect()))
    }

    /// Each by its slug, with what people call it.
    pub fn all(&self, lang: Lang) -> Vec<(String, String)> {
        self.0.iter().map(|(slug, names)| (slug.clone(), department(slug, names, lang))).collect()
    }

    /// What people call it; nothing for none.
    pub fn called(&self, slug: &str, lang: Lang) -> String {
        department(slug, self.0.get(slug).map(Vec::as_slice).unwrap_or_default(), lang)
    }
}

/// The names as this process knows them. They are the house's and nobody's secret: who looks first asks for all who look after.
#[derive(Default)]
pub(crate) struct Register(Mutex<Known>);

#[derive(Default)]
struct Known {
    asked: Option<Timestamp>,
    departments: Departments,
}

impl Register {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The names, if they need not be asked for. Whoever is told to ask is the only one for a while, whatever comes of it: a service that is silent keeps
    /// one page waiting, and not each.
    fn at_hand(&self, now: Timestamp) -> Option<Departments> {
        let mut known = self.known();
        if known.asked.is_some_and(|asked| asked <= now && now < asked.saturating_add(KEPT).unwrap_or(Timestamp::MAX)) {
            return Some(known.departments.clone());
        }
        known.asked = Some(now);
        None
    }

    /// The names, by this channel of ticketing's where they have to be asked for; those that were known before where it does not answer.
    pub(crate) async fn read(&self, channel: Option<PeerChannel>, now: Timestamp) -> Departments {
        if let Some(departments) = self.at_hand(now) {
            return departments;
        }
        let told = match channel {
            Some(channel) => all(channel).await,
            None => None,
        };
        let mut known = self.known();
        if let Some(told) = told {
            known.departments = Departments::of(told);
        }
        known.departments.clone()
    }
}

/// All of the register; `None` where it is not open to who asks, or nobody answers.
async fn all(channel: PeerChannel) -> Option<Vec<Department>> {
    let mut client = TeamServiceClient::new(channel);
    let (mut all, mut page_token) = (Vec::new(), String::new());
    for _ in 0..PAGES {
        let request = ListDepartmentsRequest { page_size: 100, page_token };
        let page = client.list_departments(request).await.ok()?.into_inner();
        all.extend(page.departments);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    Some(all)
}

/// Until when a page waits for the names.
pub(crate) fn until() -> Instant {
    Instant::now() + GLANCE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(slug: &str, es: &str, en: &str) -> Department {
        let text = |language: Language, text: &str| LocalizedText { language: language.into(), text: text.to_owned() };
        Department {
            name: format!("departments/{slug}"),
            display_name: vec![text(Language::Es, es), text(Language::En, en)],
            ..Department::default()
        }
    }

    #[test]
    fn a_department_is_called_by_its_name_and_one_without_by_the_words_of_its_slug() {
        let departments = Departments::of([named("billing", "Facturación", "Billing desk")]);
        assert_eq!(departments.called("billing", Lang::Es), "Facturación");
        assert_eq!(departments.called("billing", Lang::En), "Billing desk");
        for (slug, told) in [
            ("customer-service", "Customer service"),
            ("atención_al-cliente", "Atención al cliente"),
            ("ñora", "Ñora"),
            ("", ""),
        ] {
            assert_eq!(departments.called(slug, Lang::Es), told);
        }
    }

    #[test]
    fn names_are_asked_for_once_a_minute_and_by_one_page() {
        let at = |second: i64| Timestamp::from_second(1_000 + second).unwrap_or_default();
        let register = Register::default();
        assert!(register.at_hand(at(0)).is_none(), "who comes first asks");
        assert!(
            register.at_hand(at(0)).is_some() && register.at_hand(at(59)).is_some(),
            "and nobody else for a minute"
        );
        assert!(register.at_hand(at(60)).is_none());
        assert!(register.at_hand(at(59)).is_none(), "a clock that went back proves nothing");
    }

    #[tokio::test]
    async fn names_that_nobody_tells_are_those_that_were_known() {
        let register = Register::default();
        register.known().departments = Departments::of([named("billing", "Facturación", "Billing")]);
        let known = register.read(None, Timestamp::UNIX_EPOCH).await;
        assert_eq!(known.called("billing", Lang::Es), "Facturación");
    }
}
