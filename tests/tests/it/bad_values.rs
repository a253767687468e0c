//! Bad values, generated from the contract for every field of every method: names of nothing, texts that are none, numbers out of any range, and the id of a request
//! that was used for another.

use prost_reflect::{DynamicMessage, Kind, MethodDescriptor, Value};
use tonic::{Code, Status};
use ventanilla_tests::scene::caller::reason;
use ventanilla_tests::scene::hostile::{self, Path, behavior, fields, mutates};
use ventanilla_tests::scene::trial::{Trial, every_method, is, names_fields, refused, told};
use ventanilla_tests::scene::{raw, trial};

const NAMES_OF_NOTHING: [&str; 6] =
    ["nothing", "nothings/0190a0b4-c0de-7000-8000-00000000000a", "../secrets", "tickets/", "customers/*", "a\u{0}b"];

/// A point of a decision is judged with the decision it is one of, by whoever may issue it: what is wrong with one is a fault of the decision.
fn is_judged_with_the_decision(method: &MethodDescriptor, path: &Path) -> bool {
    method.name() == "IssueDecision" && path.field().parent_message().name() == "DecisionPoint"
}

/// What a network hands over as the number of a caller is answered, whatever it is.
fn is_whatever_rings(method: &MethodDescriptor, path: &Path) -> bool {
    method.name() == "LookupByPhone" && path.text() == "phone_number"
}

/// Refused for what the caller said, or answered: whatever it is, it is no fault of the house.
fn answered_or_refused(answer: Result<Vec<u8>, Status>) -> Result<(), String> {
    match answer {
        Err(status) if matches!(status.code(), Code::Internal | Code::Unknown | Code::Unavailable | Code::DataLoss) => {
            Err(told(&status))
        }
        _ => Ok(()),
    }
}

fn is_top_level(method: &MethodDescriptor, path: &Path) -> bool {
    *path.field().parent_message() == method.input()
}

#[tokio::test]
async fn what_is_no_name_of_what_a_field_names_is_refused_by_the_field() {
    let mut trial = Trial::begin().await;
    let mut named = 0;
    for method in every_method() {
        for path in fields(&method).iter().filter(|path| hostile::names_a_resource(path.field())) {
            named += 1;
            for word in NAMES_OF_NOTHING {
                let value = Value::String(word.to_owned());
                let request = hostile::with(&trial.plausible(&method, Some(path)), path, value);
                let what = format!("{} {word:?}", path.text());
                trial.send(&what, &method, &request, |answer| names_fields(answer, [path])).await;
            }
        }
    }
    assert!(named > 200, "only {named} fields name something");
    trial.end().await;
}

#[tokio::test]
async fn what_a_method_is_about_and_nobody_knows_is_not_found() {
    let mut trial = Trial::begin().await;
    let mut about = 0;
    for method in every_method() {
        let names = |path: &&Path| {
            is_top_level(&method, path)
                && behavior(path.field()).required
                && matches!(path.field().name(), "name" | "parent")
                && hostile::names_a_resource(path.field())
        };
        for path in fields(&method).iter().filter(names) {
            let plausible = trial.plausible(&method, Some(path));
            let known = plausible.get_field(path.field()).as_str().unwrap_or_default().to_owned();
            let Some(unknown) = of_nobody(&known) else { continue };
            about += 1;
            let request = hostile::with(&plausible, path, Value::String(unknown.clone()));
            let judge = |answer| {
                let status = refused(answer)?;
                // What is wrong with the rest of the request, or nobody's but somebody's own, may be said before.
                let said = matches!(status.code(), Code::NotFound | Code::InvalidArgument | Code::PermissionDenied);
                if said { Ok(()) } else { Err(told(&status)) }
            };
            trial.send(&format!("{} {unknown}", path.text()), &method, &request, judge).await;
        }
    }
    assert!(about > 100, "only {about} methods are about something");
    trial.end().await;
}

/// The same name with an id that nobody was ever given.
fn of_nobody(known: &str) -> Option<String> {
    let mut steps: Vec<&str> = known.split('/').collect();
    let id = steps.iter().position(|step| step.len() == 36 && step.matches('-').count() == 4)?;
    steps[id] = "0190a0b4-c0de-7000-8000-0000000000ff";
    Some(steps.join("/"))
}

#[tokio::test]
async fn a_text_that_no_table_can_hold_is_refused_by_its_field() {
    let mut trial = Trial::begin().await;
    for method in every_method() {
        let text = |path: &&Path| matches!(path.field().kind(), Kind::String) && !is_whatever_rings(&method, path);
        for path in fields(&method).iter().filter(text) {
            let value = Value::String("a text of its own, with\u{0}what no table holds, in this one case".to_owned());
            let request = hostile::with(&trial.plausible(&method, Some(path)), path, value);
            let judge = |answer: Result<Vec<u8>, Status>| match &answer {
                Err(status) if path.text() == "page_token" && reason(status) == "INVALID_PAGE_TOKEN" => Ok(()),
                _ => names_fields(answer, [path]),
            };
            trial.send(&format!("NUL in {}", path.text()), &method, &request, judge).await;
        }
    }
    trial.end().await;
}

#[tokio::test]
async fn a_required_text_of_nothing_but_blanks_is_refused_by_its_field() {
    let mut trial = Trial::begin().await;
    for method in every_method() {
        let text = |path: &&Path| {
            matches!(path.field().kind(), Kind::String)
                && behavior(path.field()).required
                && !is_judged_with_the_decision(&method, path)
        };
        for path in fields(&method).iter().filter(text) {
            let value = Value::String(" \t\u{a0}\n".to_owned());
            let request = hostile::with(&trial.plausible(&method, Some(path)), path, value);
            trial.send(&format!("blank {}", path.text()), &method, &request, |a| names_fields(a, [path])).await;
        }
    }
    trial.end().await;
}

#[tokio::test]
async fn a_number_out_of_any_range_is_no_fault_of_the_house() {
    let mut trial = Trial::begin().await;
    for method in every_method() {
        for path in &fields(&method) {
            let values: &[Value] = match path.field().kind() {
                Kind::Int32 => &[Value::I32(-1), Value::I32(i32::MIN), Value::I32(i32::MAX)],
                Kind::Int64 => &[Value::I64(-1), Value::I64(i64::MIN), Value::I64(i64::MAX)],
                Kind::Double => &[Value::F64(f64::NAN), Value::F64(f64::NEG_INFINITY), Value::F64(f64::MAX)],
                _ => continue,
            };
            for value in values {
                let request = hostile::with(&trial.plausible(&method, Some(path)), path, value.clone());
                let what = format!("{} {value:?}", path.text());
                trial.send(&what, &method, &request, answered_or_refused).await;
            }
        }
    }
    trial.judge();
}

#[tokio::test]
async fn the_id_of_a_request_that_was_done_does_nothing_else() {
    let mut trial = Trial::begin().await;
    let mut done = 0;
    for method in every_method().into_iter().filter(|method| mutates(method) && !method.is_server_streaming()) {
        let Some(path) = free_text(&trial, &method) else { continue };
        let request = trial.plausible(&method, Some(&path));
        let other = "another text, as long as the first, about that one case as well".to_owned();
        let other = hostile::with(&request, &path, Value::String(other));
        let transport = trial.allowed(&method).remove(0);
        let call = async |body: &DynamicMessage| {
            raw::unary(&transport, trial::policy(&method).path, prost::Message::encode_to_vec(body)).await
        };
        let Ok(first) = call(&request).await else { continue };
        done += 1;
        let again = call(&request).await;
        let same = if again.as_ref().is_ok_and(|again| *again == first) { Ok(()) } else { Err(format!("{again:?}")) };
        let reused = match call(&other).await {
            // Many at once are answered one by one.
            Ok(answer) if String::from_utf8_lossy(&answer).contains("REQUEST_ID_REUSED") => Ok(()),
            answer => is(answer, Code::AlreadyExists, "REQUEST_ID_REUSED"),
        };
        trial.expect(&format!("{} once more", method.name()), same);
        trial.expect(&format!("{} with another body", method.name()), reused);
    }
    assert!(done >= 8, "only {done} methods did what nothing is wrong with");
    trial.judge();
}

/// A text of the request that can say one thing or another.
fn free_text(trial: &Trial, method: &MethodDescriptor) -> Option<Path> {
    let says = |path: &Path| {
        let text = hostile::text_at(&trial.plausible(method, Some(path)), path);
        text.is_some_and(|text| text.starts_with("a text of its own"))
    };
    fields(method).into_iter().find(says)
}
