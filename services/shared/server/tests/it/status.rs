//! Errors as a client sees them.

use std::borrow::Cow;
use std::time::Duration;

use kernel::{Classify, Kind, Violation, Violations};
use tonic::Code;
use tonic_types::StatusExt as _;
use ventanilla_server::status;

#[derive(Debug, thiserror::Error)]
#[error("the request is refused")]
struct Failure {
    kind: Kind,
    metadata: Vec<(&'static str, Cow<'static, str>)>,
    #[source]
    cause: Cause,
}

#[derive(Debug, thiserror::Error)]
#[error("duplicate key value (phone)=(+34600111222)")]
struct Cause;

impl Classify for Failure {
    fn kind(&self) -> Kind {
        self.kind
    }

    fn reason(&self) -> &'static str {
        "SOME_REASON"
    }

    fn metadata(&self) -> Vec<(&'static str, Cow<'static, str>)> {
        self.metadata.clone()
    }
}

fn failure(kind: Kind, metadata: &[(&'static str, &'static str)]) -> Failure {
    let metadata = metadata.iter().map(|(k, v)| (*k, Cow::Borrowed(*v))).collect();
    Failure { kind, metadata, cause: Cause }
}

#[test]
fn every_kind_has_its_code_and_reason() {
    let expected = [
        (Kind::InvalidArgument, Code::InvalidArgument),
        (Kind::Unauthenticated, Code::Unauthenticated),
        (Kind::PermissionDenied, Code::PermissionDenied),
        (Kind::NotFound, Code::NotFound),
        (Kind::AlreadyExists, Code::AlreadyExists),
        (Kind::FailedPrecondition, Code::FailedPrecondition),
        (Kind::Aborted, Code::Aborted),
        (Kind::ResourceExhausted, Code::ResourceExhausted),
        (Kind::Unavailable, Code::Unavailable),
        (Kind::DeadlineExceeded, Code::DeadlineExceeded),
        (Kind::Internal, Code::Internal),
    ];
    for (kind, code) in expected {
        let answer = status(&failure(kind, &[("state", "closed")]));
        assert_eq!(answer.code(), code);
        let details = answer.get_error_details();
        let info = details.error_info().unwrap();
        assert_eq!((info.reason.as_str(), info.domain.as_str()), ("SOME_REASON", "ventanilla"));
        assert_eq!(info.metadata.contains_key("state"), kind != Kind::Internal);
        assert!(!format!("{answer:?}").contains("+34600111222"), "causes are for the log");
    }
}

#[test]
fn an_internal_error_says_nothing_of_the_inside() {
    let answer = status(&failure(Kind::Internal, &[("table", "tickets")]));
    assert_eq!(answer.message(), "internal error");
    assert!(!format!("{answer:?}").contains("refused"));
}

#[test]
fn all_violations_travel_with_their_paths() {
    let mut violations = Violations::new();
    violations.push("ticket.claim_points[2].text", "is required");
    violations.push("ticket.channel", "99 is no known value");
    let answer = status(&violations);
    assert_eq!(answer.code(), Code::InvalidArgument);
    let details = answer.get_error_details();
    let fields: Vec<_> = details.bad_request().unwrap().field_violations.iter().map(|v| v.field.as_str()).collect();
    assert_eq!(fields, ["ticket.claim_points[2].text", "ticket.channel"]);
    assert_eq!(details.error_info().unwrap().reason, "INVALID_REQUEST");
}

#[test]
fn more_violations_than_a_header_holds_are_counted() {
    #[derive(Debug, thiserror::Error)]
    #[error("many")]
    struct Many(Vec<Violation>);
    impl Classify for Many {
        fn kind(&self) -> Kind {
            Kind::InvalidArgument
        }
        fn reason(&self) -> &'static str {
            "INVALID_REQUEST"
        }
        fn violations(&self) -> &[Violation] {
            &self.0
        }
    }
    let one = |n| Violation { field: format!("points[{n}].text"), description: "is required".to_owned() };
    let answer = status(&Many((0..1000).map(one).collect()));
    assert!(answer.details().len() < 6 * 1024, "{}", answer.details().len());
    let details = answer.get_error_details();
    let fields = &details.bad_request().unwrap().field_violations;
    let left = 1000 - (fields.len() - 1);
    assert_eq!(fields.last().unwrap().description, format!("and {left} more"));
}

#[test]
fn every_obstacle_is_a_precondition_of_its_own() {
    #[derive(Debug, thiserror::Error)]
    #[error("two things stand against it")]
    struct Held([Violation; 2]);
    impl Classify for Held {
        fn kind(&self) -> Kind {
            Kind::FailedPrecondition
        }
        fn reason(&self) -> &'static str {
            "HELD"
        }
        fn violations(&self) -> &[Violation] {
            &self.0
        }
    }
    let of = |field: &str| Violation { field: field.to_owned(), description: "is not over".to_owned() };
    let answer = status(&Held([of("tickets/1"), of("cases/2")]));
    let failures = answer.get_error_details().precondition_failure().unwrap().violations.clone();
    let told: Vec<_> =
        failures.iter().map(|f| (f.r#type.as_str(), f.subject.as_str(), f.description.as_str())).collect();
    assert_eq!(told, [("HELD", "tickets/1", "is not over"), ("HELD", "cases/2", "is not over")]);
}

#[test]
fn the_details_that_a_kind_calls_for_are_there() {
    let retry = |s: tonic::Status| s.get_error_details().retry_info().and_then(|r| r.retry_delay);
    assert_eq!(retry(status(&failure(Kind::Unavailable, &[]))), Some(Duration::from_millis(500)));
    let told = failure(Kind::ResourceExhausted, &[("retry_delay_ms", "1500")]);
    assert_eq!(retry(status(&told)), Some(Duration::from_millis(1500)));

    let absent = status(&failure(Kind::NotFound, &[("resource", "tickets/1")])).get_error_details();
    let resource = absent.resource_info().unwrap();
    assert_eq!((resource.resource_type.as_str(), resource.resource_name.as_str()), ("tickets", "tickets/1"));

    let refused = status(&failure(Kind::FailedPrecondition, &[("state", "closed")])).get_error_details();
    let precondition = &refused.precondition_failure().unwrap().violations[0];
    assert_eq!((precondition.r#type.as_str(), precondition.subject.as_str()), ("SOME_REASON", "closed"));
}
