use super::*;

fn refused<T: std::fmt::Debug>(parse: impl FnOnce(&mut Violations) -> Option<T>) -> String {
    let mut violations = Violations::new();
    let value = parse(&mut violations);
    assert!(value.is_none(), "{value:?}");
    assert_eq!(violations.as_slice().len(), 1, "{violations:?}");
    violations.as_slice()[0].description.clone()
}

#[test]
fn texts_are_bounded_and_hold_no_control_characters() {
    let mut violations = Violations::new();
    assert_eq!(required_text(&mut violations, "t", "línea\ntwo", 9).as_deref(), Some("línea\ntwo"));
    assert_eq!(optional_text(&mut violations, "t", "", 9), None);
    assert!(violations.is_empty());
    assert_eq!(refused(|v| required_text(v, "t", " \n", 9)), "is required");
    assert_eq!(refused(|v| required_text(v, "t", "ñññ", 2)), "must have at most 2 characters, has 3");
    assert_eq!(refused(|v| required_text(v, "t", "a\0b", 9)), "must not hold control characters");
}

#[test]
fn a_request_id_is_a_hyphenated_uuid() {
    let mut violations = Violations::new();
    assert!(request_id(&mut violations, "0193a5f0-0000-7000-8000-000000000001").is_some());
    assert!(violations.is_empty());
    for bad in ["x", "0193a5f0000070008000000000000001", "00000000-0000-0000-0000-000000000000"] {
        assert!(refused(|v| request_id(v, bad)).contains("UUID"), "{bad}");
    }
    assert_eq!(refused(|v| request_id(v, "")), "is required");
}

#[test]
fn instants_are_read_back_and_checked() {
    for text in ["2026-11-22T10:00:00.123456Z", "1969-12-31T23:59:59.5Z", "0001-01-01T00:00:00Z"] {
        let instant: Timestamp = text.parse().unwrap();
        let mut violations = Violations::new();
        assert_eq!(time(&mut violations, "t", Some(&time_to_proto(instant))), Some(instant));
    }
    assert_eq!(refused(|v| time(v, "t", None)), "is required");
    for (seconds, nanos) in [(0, -1), (0, 1_000_000_000), (i64::MAX, 0)] {
        let value = prost_types::Timestamp { seconds, nanos };
        assert!(refused(|v| time(v, "t", Some(&value))).contains("instant"));
    }
}

#[test]
fn enums_are_read_back_and_unknown_values_refused() {
    let mut violations = Violations::new();
    for value in Channel::ALL {
        assert_eq!(channel(&mut violations, "c", channel_to_proto(*value).into()), Some(*value));
    }
    for value in Language::ALL {
        assert_eq!(language(&mut violations, "l", language_to_proto(*value).into()), Some(*value));
    }
    assert_eq!(language(&mut violations, "l", 0), None);
    assert!(violations.is_empty());
    assert_eq!(refused(|v| channel(v, "c", 0)), "is required");
    assert_eq!(refused(|v| channel(v, "c", 99)), "99 is no known value");
    assert_eq!(refused(|v| language(v, "l", 99)), "99 is no known value");
}

#[test]
fn an_actor_is_read_back_whole_or_not_at_all() {
    let mut violations = Violations::new();
    for kind in ActorKind::ALL {
        let whole = Actor { kind: *kind, id: "u-1".to_owned(), department: "billing".parse().ok() };
        assert_eq!(actor(&mut violations, "a", Some(&actor_to_proto(&whole))), Some(whole));
    }
    assert!(violations.is_empty());
    let broken = proto::Actor { kind: 0, id: String::new(), department: "Not A Slug".to_owned() };
    assert_eq!(actor(&mut violations, "a", Some(&broken)), None);
    let fields: Vec<_> = violations.as_slice().iter().map(|v| v.field.as_str()).collect();
    assert_eq!(fields, ["a.kind", "a.id", "a.department"]);
}
