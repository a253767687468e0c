//! What an issuer's claims make of a caller: pure, by the issuer's settings.
//!
//! A provider has words of its own for what people are. Only words that the settings know open something; a role that the issuer may
//! not give makes the whole token worthless, since it was made by mistake or by somebody else.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Actor, Department, Role};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::principal::kind_of;
use crate::{Principal, TokenError};

/// Longest subject that is taken, with its prefix.
const MAX_SUBJECT: usize = 128;

/// Where in the claims something stands: `realm_access.roles` goes down by dots, a list of names takes each as it is (for names with
/// dots in them, such as `["https://house.example/roles"]`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum ClaimPath {
    /// Names, parted by dots.
    Dotted(String),
    /// Names as they are.
    Names(Vec<String>),
}

impl ClaimPath {
    fn find<'a>(&self, claims: &'a Map<String, Value>) -> Option<&'a Value> {
        let mut names: Box<dyn Iterator<Item = &str>> = match self {
            Self::Dotted(path) => Box::new(path.split('.')),
            Self::Names(names) => Box::new(names.iter().map(String::as_str)),
        };
        let first = claims.get(names.next()?)?;
        names.try_fold(first, |value, name| value.get(name))
    }
}

/// How an issuer's claims are read.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimSettings {
    /// The roles that this issuer may give; a token with any other is refused. There is no default: who issues for customers must
    /// never make an ombudsman.
    pub may_give: BTreeSet<String>,
    /// Where the provider's words for what somebody is stand.
    #[serde(default = "roles")]
    pub roles_at: ClaimPath,
    /// The provider's words for our roles, e.g. `"/ventanilla/front office" = "agent"`. Two words may mean one role.
    #[serde(default)]
    pub roles: BTreeMap<String, String>,
    /// Words that begin so name our role by the rest: `ventanilla-` takes `ventanilla-agent` for `agent`, an empty one takes our own
    /// words as they are. Without it `roles` alone counts.
    #[serde(default)]
    pub role_prefix: Option<String>,
    /// Where the department stands, if the provider knows it.
    #[serde(default)]
    pub department_at: Option<ClaimPath>,
    /// The provider's words for departments, e.g. `"CN=Facturación" = "billing"`. Without any, the word is the department.
    #[serde(default)]
    pub departments: BTreeMap<String, String>,
    /// Where the name of the caller stands, by which the ledgers will know them: one that the provider gives to nobody else, ever.
    #[serde(default = "sub")]
    pub subject_at: ClaimPath,
    /// What is put before that name, so that two issuers' callers are never one, e.g. `customers:`.
    #[serde(default)]
    pub subject_prefix: String,
}

fn roles() -> ClaimPath {
    ClaimPath::Dotted("roles".to_owned())
}

fn sub() -> ClaimPath {
    ClaimPath::Dotted("sub".to_owned())
}

/// [`ClaimSettings`] that make sense.
#[derive(Debug, Clone)]
pub(crate) struct ClaimRules {
    may_give: BTreeSet<Role>,
    roles_at: ClaimPath,
    roles: BTreeMap<String, Role>,
    role_prefix: Option<String>,
    department_at: Option<ClaimPath>,
    departments: BTreeMap<String, Department>,
    subject_at: ClaimPath,
    subject_prefix: String,
    /// Longer prefixes of other issuers: names of this one must not run into theirs.
    others: Vec<String>,
}

impl ClaimRules {
    /// Those of the house's own issuer: our words, every role.
    pub(crate) fn of_the_house() -> Self {
        Self {
            may_give: Role::ALL.iter().copied().collect(),
            roles_at: roles(),
            roles: BTreeMap::new(),
            role_prefix: Some(String::new()),
            department_at: Some(ClaimPath::Dotted("department".to_owned())),
            departments: BTreeMap::new(),
            subject_at: sub(),
            subject_prefix: String::new(),
            others: Vec::new(),
        }
    }

    /// These settings, or everything that is wrong with them, as sentences.
    pub(crate) fn of(settings: &ClaimSettings) -> Result<Self, Vec<String>> {
        let mut wrong = Vec::new();
        let mut role = |word: &str, place: &str| {
            let role = word.parse::<Role>().ok();
            if role.is_none() {
                wrong.push(format!("{place} names {word:?}, which is no role"));
            }
            role
        };
        let may_give: BTreeSet<Role> = settings.may_give.iter().filter_map(|word| role(word, "may_give")).collect();
        let roles: BTreeMap<String, Role> = settings
            .roles
            .iter()
            .filter_map(|(word, ours)| role(ours, "roles").map(|role| (word.clone(), role)))
            .collect();
        let beyond: BTreeSet<Role> = roles.values().copied().filter(|role| !may_give.contains(role)).collect();
        wrong.extend(beyond.iter().map(|role| format!("roles gives {role}, which may_give does not list")));
        if settings.may_give.is_empty() {
            wrong.push("may_give lists no role".to_owned());
        }
        if settings.roles.is_empty() && settings.role_prefix.is_none() {
            wrong.push("neither roles nor role_prefix is given: no word of the issuer would mean anything".to_owned());
        }
        let mut departments = BTreeMap::new();
        for (word, slug) in &settings.departments {
            match slug.parse() {
                Ok(department) => drop(departments.insert(word.clone(), department)),
                Err(_) => wrong.push(format!("departments names {slug:?}, which is no department")),
            }
        }
        if settings.subject_prefix.len() > MAX_SUBJECT / 2 {
            wrong.push("subject_prefix is too long".to_owned());
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        Ok(Self {
            may_give,
            roles_at: settings.roles_at.clone(),
            roles,
            role_prefix: settings.role_prefix.clone(),
            department_at: settings.department_at.clone(),
            departments,
            subject_at: settings.subject_at.clone(),
            subject_prefix: settings.subject_prefix.clone(),
            others: Vec::new(),
        })
    }

    pub(crate) fn subject_prefix(&self) -> &str {
        &self.subject_prefix
    }

    /// The same beside issuers whose callers are called by these prefixes.
    pub(crate) fn beside(mut self, others: impl IntoIterator<Item = String>) -> Self {
        self.others = others
            .into_iter()
            .filter(|other| other.len() > self.subject_prefix.len() && other.starts_with(&self.subject_prefix))
            .collect();
        self
    }

    /// Who the claims name.
    pub(crate) fn principal(&self, claims: &Map<String, Value>) -> Result<Principal, TokenError> {
        let roles = self.roles(claims)?;
        refuse_mixed(&roles)?;
        let (id, department) = (self.subject(claims)?, self.department(claims)?);
        Ok(Principal { actor: Actor { kind: kind_of(&roles), id, department }, roles })
    }

    fn subject(&self, claims: &Map<String, Value>) -> Result<String, TokenError> {
        let bare = self.subject_at.find(claims).and_then(Value::as_str).unwrap_or_default();
        let id = format!("{}{bare}", self.subject_prefix);
        let theirs = self.others.iter().any(|other| id.starts_with(other));
        if bare.is_empty() || id.len() > MAX_SUBJECT || bare.chars().any(char::is_control) || theirs {
            return Err(TokenError::Claim("sub"));
        }
        Ok(id)
    }

    fn roles(&self, claims: &Map<String, Value>) -> Result<BTreeSet<Role>, TokenError> {
        // An identity provider may give words that are none of ours; they open nothing.
        let found = self.roles_at.find(claims).into_iter().flat_map(words);
        let roles: BTreeSet<Role> = found.filter_map(|word| self.role(word)).collect();
        if roles.is_subset(&self.may_give) { Ok(roles) } else { Err(TokenError::NotItsToGive) }
    }

    fn role(&self, word: &str) -> Option<Role> {
        let named = || word.strip_prefix(self.role_prefix.as_deref()?)?.parse().ok();
        self.roles.get(word).copied().or_else(named)
    }

    fn department(&self, claims: &Map<String, Value>) -> Result<Option<Department>, TokenError> {
        let Some(found) = self.department_at.as_ref().and_then(|path| path.find(claims)) else { return Ok(None) };
        let mut departments: BTreeSet<Department> = BTreeSet::new();
        for word in whole_words(found).filter(|word| !word.is_empty()) {
            if !self.departments.is_empty() {
                departments.extend(self.departments.get(word).cloned());
            } else {
                departments.insert(word.parse().map_err(|_| TokenError::Claim("department"))?);
            }
        }
        // Whoever is of two departments is of neither until somebody says which.
        match departments.len() {
            0 | 1 => Ok(departments.pop_first()),
            _ => Err(TokenError::Claim("department")),
        }
    }
}

/// The words of a claim: those of a list, or of one text, parted by spaces as in `scope`.
fn words(value: &Value) -> Box<dyn Iterator<Item = &str> + '_> {
    match value {
        Value::String(text) => Box::new(text.split_ascii_whitespace()),
        other => whole_words(other),
    }
}

/// The texts of a claim, whole.
fn whole_words(value: &Value) -> Box<dyn Iterator<Item = &str> + '_> {
    match value {
        Value::String(text) => Box::new(std::iter::once(text.as_str())),
        Value::Array(all) => Box::new(all.iter().filter_map(Value::as_str)),
        _ => Box::new(std::iter::empty()),
    }
}

/// The office's wall begins here: who has one of its roles has no other.
pub(crate) fn refuse_mixed(roles: &BTreeSet<Role>) -> Result<(), TokenError> {
    let office = roles.iter().filter(|role| role.is_office()).count();
    if office == 0 || office == roles.len() { Ok(()) } else { Err(TokenError::MixedRoles) }
}

#[cfg(test)]
mod tests;
