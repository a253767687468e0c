//! The figures of the yearly report.

use std::collections::BTreeMap;

use ombudsman_escalation_domain::report::{Audience, Counted, Decided, Line, Received, Reopened, Table, lines, year};

fn received(state: &str, motive: Option<&str>, count: u64) -> Received {
    Received {
        state: state.to_owned(),
        closed_from: None,
        ground: (state == "inadmissible").then(|| "repeated".to_owned()),
        motive: motive.map(str::to_owned),
        admitted: !matches!(state, "inadmissible" | "registered" | "withdrawn"),
        currency: None,
        count,
        claimed: 0,
        largest: 0,
    }
}

fn decided(outcome: &str, count: u64, redress: i64, largest: i64) -> Decided {
    Decided {
        outcome: outcome.to_owned(),
        motive: Some("billing".to_owned()),
        came_to: "complied".to_owned(),
        term: "in_term".to_owned(),
        binding: outcome != "not_upheld",
        departs: false,
        currency: (redress > 0).then(|| "EUR".to_owned()),
        count,
        redress,
        largest,
    }
}

fn again(regime: &str, count: u64) -> Reopened {
    Reopened { regime: regime.to_owned(), motive: Some("billing".to_owned()), count }
}

fn of<'a>(lines: &'a [Line], table: Table, key: &str) -> &'a Line {
    lines.iter().find(|line| line.table == table && line.key == key).unwrap_or_else(|| panic!("no {table:?} {key}"))
}

fn counted() -> Counted {
    Counted {
        received: vec![
            received("closed", Some("billing"), 30),
            received("inadmissible", Some("billing"), 3),
            received("registered", None, 12),
            received("some_state_to_come", Some("fees"), 9),
        ],
        decided: vec![decided("upheld", 20, 900, 100), decided("not_upheld", 10, 0, 0)],
        days: BTreeMap::from([(10, 14), (20, 1), (30, 15)]),
        reopened: vec![again("es.finance", 2), again("es.general", 1)],
    }
}

#[test]
fn the_board_is_told_every_figure() {
    let lines = lines(&counted(), Audience::Board);
    let count = |table, key| of(&lines, table, key).count.unwrap();
    assert_eq!(count(Table::Received, ""), 54);
    assert_eq!([count(Table::Received, "admitted"), count(Table::Received, "refused")], [39, 3]);
    assert_eq!(count(Table::RefusalGround, "repeated"), 3);
    assert_eq!(count(Table::RefusalGround, ""), 3);
    assert_eq!([count(Table::Motive, "billing"), count(Table::Motive, "unclassified")], [33, 12]);
    assert_eq!(count(Table::State, "some_state_to_come"), 9, "a state that comes later is one more line");
    assert_eq!(count(Table::OutcomeByMotive, "billing/upheld"), 20);
    assert_eq!(of(&lines, Table::Redress, "EUR").total, Some(900));
    assert_eq!([count(Table::Recurrence, ""), count(Table::Recurrence, "es.finance/billing")], [3, 2]);
    let total = of(&lines, Table::Outcome, "");
    assert_eq!((total.count, total.median_days, total.p90_days), (Some(30), Some(20), Some(30)));
}

#[test]
fn the_public_is_told_no_small_figure_nor_what_tells_one() {
    let lines = lines(&counted(), Audience::Public);
    assert!(!lines.iter().any(|line| matches!(line.table, Table::State | Table::OutcomeByMotive | Table::Recurrence)));
    assert_eq!(of(&lines, Table::Received, "refused").count, None);
    assert_eq!(of(&lines, Table::RefusalGround, "repeated").count, None, "it is the same figure");
    assert_eq!(of(&lines, Table::RefusalGround, "").count, None);
    assert_eq!(of(&lines, Table::Received, "pending").count, None, "else the refused would follow");
    assert_eq!(of(&lines, Table::Received, "").count, Some(54));
    assert_eq!(of(&lines, Table::Motive, "billing").count, Some(33));
}

#[test]
fn an_amount_that_one_customer_makes_the_most_of_is_not_published() {
    let mut counted = counted();
    counted.decided[0] = decided("upheld", 20, 900, 451);
    assert_eq!(of(&lines(&counted, Audience::Public), Table::Redress, "EUR").total, None);
    assert_eq!(of(&lines(&counted, Audience::Board), Table::Redress, "EUR").total, Some(900));
}

#[test]
fn a_year_is_the_one_of_madrid() {
    let (from, to) = year(2026);
    assert_eq!(
        (from.to_string(), to.to_string()),
        ("2025-12-31T23:00:00Z".to_owned(), "2026-12-31T23:00:00Z".to_owned())
    );
}

#[test]
fn of_an_empty_year_nothing_is_counted() {
    let lines = lines(&Counted::default(), Audience::Public);
    assert_eq!(of(&lines, Table::Received, "").count, Some(0));
    assert_eq!(of(&lines, Table::Outcome, "").median_days, None);
}

#[test]
fn what_a_case_came_to_is_told_of_the_closed_too() {
    let mut counted = counted();
    counted.received = vec![
        Received { closed_from: Some("settled".to_owned()), ..received("closed", None, 4) },
        Received { closed_from: Some("rectified".to_owned()), ..received("closed", None, 3) },
        received("settled", None, 2),
    ];
    let lines = lines(&counted, Audience::Board);
    let count = |key| of(&lines, Table::State, key).count.unwrap();
    assert_eq!([count("closed/settled"), count("closed/rectified"), count("settled")], [4, 3, 2]);
    assert_eq!(of(&lines, Table::Compliance, "complied").count, Some(30));
}
