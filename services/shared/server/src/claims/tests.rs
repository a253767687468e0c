use proptest::prelude::*;
use serde_json::json;

use super::*;

fn settings(toml: &str) -> ClaimSettings {
    let text = config::File::from_str(toml, config::FileFormat::Toml);
    config::Config::builder().add_source(text).build().unwrap().try_deserialize().unwrap()
}

fn rules(toml: &str) -> ClaimRules {
    ClaimRules::of(&settings(toml)).unwrap()
}

fn said(rules: &ClaimRules, claims: &Value) -> Result<Principal, TokenError> {
    rules.principal(claims.as_object().unwrap())
}

const KEYCLOAK: &str = r#"
may_give = ["agent", "supervisor", "ombudsman", "investigator"]
roles_at = "realm_access.roles"
role_prefix = "vt-"
department_at = "department"
[roles]
"/front office" = "agent"
"back" = "supervisor"
"#;

#[test]
fn the_providers_words_become_our_roles_and_others_open_nothing() {
    let rules = rules(KEYCLOAK);
    let words = json!(["/front office", "vt-supervisor", "agent", "vt-", "vt-emperor", "offline_access", 7]);
    let principal = said(&rules, &json!({ "sub": "u", "realm_access": { "roles": words }, "department": "billing" }));
    let principal = principal.unwrap();
    assert_eq!(principal.roles, BTreeSet::from([Role::Agent, Role::Supervisor]));
    assert_eq!(principal.actor.department.unwrap().as_str(), "billing");
    for nothing in [
        json!({ "sub": "u" }),
        json!({ "sub": "u", "realm_access": "vt-agent" }),
        json!({ "sub": "u", "roles": ["agent"] }),
    ] {
        assert!(said(&rules, &nothing).unwrap().roles.is_empty(), "{nothing}");
    }
}

#[test]
fn names_with_dots_in_them_are_found_and_a_text_is_a_list_of_words() {
    let rules =
        rules("may_give = [\"agent\", \"ivr\"]\nroles_at = [\"https://house.example/roles\"]\nrole_prefix = \"\"");
    let claims = json!({ "sub": "u", "https://house.example/roles": "agent ivr openid" });
    assert_eq!(said(&rules, &claims).unwrap().roles, BTreeSet::from([Role::Agent, Role::Ivr]));
}

#[test]
fn an_issuer_gives_no_role_that_is_not_its_to_give() {
    let rules = rules("may_give = [\"customer\"]\nrole_prefix = \"\"\nsubject_prefix = \"c:\"");
    assert_eq!(said(&rules, &json!({ "sub": "7", "roles": ["customer"] })).unwrap().actor.id, "c:7");
    for role in Role::ALL.iter().filter(|role| **role != Role::Customer) {
        let claims = json!({ "sub": "7", "roles": ["customer", role.as_str()] });
        assert!(matches!(said(&rules, &claims), Err(TokenError::NotItsToGive)), "{role}");
    }
}

#[test]
fn a_token_that_is_of_office_and_firm_is_refused_whatever_words_say_it() {
    let claims = json!({ "sub": "u", "realm_access": { "roles": ["/front office", "vt-ombudsman"] } });
    assert!(matches!(said(&rules(KEYCLOAK), &claims), Err(TokenError::MixedRoles)));
}

#[test]
fn a_department_is_one_or_none() {
    let mapped = rules(
        "may_give = [\"agent\"]\nrole_prefix = \"\"\ndepartment_at = \"groups\"\n[departments]\nF = \"billing\"\nG = \"billing\"\nH = \"repairs\"",
    );
    let of = |groups: Value| said(&mapped, &json!({ "sub": "u", "groups": groups })).map(|p| p.actor.department);
    assert_eq!(of(json!(["x", "F", "G"])).unwrap().unwrap().as_str(), "billing");
    assert_eq!(of(json!(["x"])).unwrap(), None);
    assert_eq!(of(json!("")).unwrap(), None);
    assert!(matches!(of(json!(["F", "H"])), Err(TokenError::Claim("department"))));
    let plain = ClaimRules::of_the_house();
    assert!(matches!(said(&plain, &json!({ "sub": "u", "department": "Not a slug" })), Err(TokenError::Claim(_))));
}

#[test]
fn a_subject_is_text_of_its_own_issuer_and_not_too_long() {
    let house = ClaimRules::of_the_house().beside(["customers:".to_owned(), String::new()]);
    assert_eq!(said(&house, &json!({ "sub": "u-7" })).unwrap().actor.id, "u-7");
    for bad in [json!(""), json!(7), json!(null), json!("a\nb"), json!("x".repeat(129)), json!("customers:7")] {
        assert!(matches!(said(&house, &json!({ "sub": bad })), Err(TokenError::Claim("sub"))), "{bad}");
    }
    let named =
        rules("may_give = [\"agent\"]\nrole_prefix = \"\"\nsubject_at = \"employee.number\"\nsubject_prefix = \"e:\"");
    assert_eq!(said(&named, &json!({ "sub": "x", "employee": { "number": "9" } })).unwrap().actor.id, "e:9");
    assert!(said(&named, &json!({ "sub": "x" })).is_err(), "an empty name behind a prefix is nobody");
}

#[test]
fn everything_that_is_wrong_with_the_settings_is_said_at_once() {
    let wrong = ClaimRules::of(&settings(
        "may_give = [\"customer\", \"emperor\"]\n[roles]\nboss = \"ombudsman\"\nx = \"y\"\n[departments]\nA = \"Not one\"",
    ));
    let wrong = wrong.unwrap_err();
    assert_eq!(wrong.len(), 4, "{wrong:#?}");
    assert_eq!(ClaimRules::of(&settings("may_give = []")).unwrap_err().len(), 2);
}

proptest! {
    /// Whatever a provider writes, nobody comes out with a role that was not allowed, with both worlds, or under another issuer's name.
    #[test]
    fn no_claims_open_more_than_the_settings_allow(
        words in prop::collection::vec("(vt-)?(agent|supervisor|ombudsman|investigator|service|customer|auditor|[a-z]{0,4})", 0..6),
        sub in "(customers:)?[ -~]{0,20}",
    ) {
        let rules = rules(KEYCLOAK).beside(["customers:".to_owned()]);
        let claims = json!({ "sub": sub, "realm_access": { "roles": words } });
        if let Ok(principal) = said(&rules, &claims) {
            let allowed = BTreeSet::from([Role::Agent, Role::Supervisor, Role::Ombudsman, Role::Investigator]);
            prop_assert!(principal.roles.is_subset(&allowed));
            let office = principal.roles.iter().filter(|role| role.is_office()).count();
            prop_assert!(office == 0 || office == principal.roles.len());
            prop_assert!(!principal.actor.id.starts_with("customers:"));
            prop_assert!(words.len() >= principal.roles.len());
        }
    }
}
