//! The text of the yearly evaluation: what is missed never reads as all, an error never smaller than it is, in either language.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ventanilla_sla_monitor_domain::board::{Dimension, Line, Tally, Told};
use ventanilla_sla_monitor_domain::evaluation::{Evaluation, Language, text};
use ventanilla_sla_monitor_domain::fairness::{self, Group, fair_service};
use ventanilla_sla_monitor_domain::figures::{Figure, Parameter, Published};
use ventanilla_sla_monitor_domain::proportion::Counted;

const HOUR: i64 = 3_600_000_000;

fn told(dimension: Dimension, key: &str, tally: Tally, settle: Option<[i64; 5]>) -> Told {
    Told { line: Line { dimension, key: key.into() }, tally, settle }
}

fn written(language: Language) -> String {
    let law = Published::of_period("2026-01-01T00:00:00+01:00".parse().unwrap());
    let missed = Parameter::counts(law, Figure::CallsAnswered, None, Counted::full(1_234_566, 1_234_567).unwrap());
    let sampled = Parameter::counts(
        law,
        Figure::ResolvedInTerm,
        Some("queja".to_owned()),
        Counted::sample(95, 100, 10_000).unwrap(),
    );
    let nothing = Parameter::counts(law, Figure::HumanOnRequest, None, Counted::full(0, 0).unwrap());
    let tally = Tally { clocks: 20_006, met: 19_999, breached: 1, open: 4, cancelled: 2, ..Tally::default() };
    let lines = [
        told(Dimension::Total, "", tally, Some([59_000_001, 0, 0, 49 * HOUR + 1, 0])),
        told(Dimension::Kind, "statutory", tally, None),
        told(Dimension::Channel, "", Tally::default(), None),
        told(Dimension::Outcome, "broken_silent", Tally { clocks: 3, breached: 3, ..Tally::default() }, None),
    ];
    let groups = vec![Group::new("phone", 100, 100).unwrap(), Group::new("a: b", 50, 100).unwrap()];
    let fairness = fair_service(vec![(fairness::Dimension::Channel, groups)]);
    let evaluation = Evaluation {
        firm: "Aguas\nde Oro",
        year: 2027,
        version: 2,
        counted: "2028-01-02T11:00:00Z".parse::<Timestamp>().unwrap(),
        zone: &TimeZone::get("Europe/Madrid").unwrap(),
        ledger: (42, "00ff"),
        parameters: vec![&missed, &sampled, &nothing],
        calls: [1, 2, 3_000],
        lines: &lines,
        fairness: &fairness,
    };
    text(&evaluation, language)
}

#[test]
fn what_is_missed_never_reads_as_all_and_an_error_never_smaller_than_it_is() {
    let english = written(Language::English);
    let holds = |line: &str| assert!(english.lines().any(|told| told == line), "{line}\n{english}");
    holds(
        "Art. 10.3, Calls answered in less than three minutes: 99.99 % (1,234,566 of 1,234,567); asked 95 %: met; error of 0.00 points",
    );
    holds("Art. 8.2, A person in less than three minutes from the request: there were none");
    holds(
        "All: in time 99.99 % (19,999 of 20,000); open 4; fallen away 2; half within 1 min 0 s; 95 % within 2 d 1 h 1 min",
    );
    // How those times and verdicts were counted stands in the document itself.
    let defined =
        english.split("# How terms are counted\n").nth(1).and_then(|rest| rest.lines().next()).unwrap_or_default();
    assert!(defined.contains("by the wall clock") && defined.contains("one verdict"), "{english}");
    holds("By law: in time 99.99 % (19,999 of 20,000); open 4; fallen away 2");
    holds("Not known: in time there were none; open 0; fallen away 0");
    holds("Broken without a word: 3");
    holds("Calls that the house hung up: 3,000");
    holds("Counted at: 2028-01-02 12:00:00 +01:00");
    holds("Company: Aguas de Oro");
    // What stands before the first colon is what the figure is called.
    holds("Channel, a b: 50.00 % (50 of 100)");
    holds("Channel, disparity against: a: b");
    holds("Index (with 100 no disparity was found): 50.0");
    // 95 of 100 looked at, of ten thousand: not all asked of 100 %, and some points of error.
    let sampled = english.lines().find(|line| line.contains(", queja: ")).unwrap();
    assert!(sampled.starts_with("Art. 17, Affairs resolved and answered within their legal term, queja: 95.00 % (95 of 100); asked 100 %: not met; error of 6."), "{sampled}");
}

#[test]
fn both_languages_tell_the_same_figures_line_by_line() {
    let (spanish, english) = (written(Language::Spanish), written(Language::English));
    let digits = |text: &str| {
        text.lines().map(|line| line.chars().filter(char::is_ascii_digit).collect::<String>()).collect::<Vec<_>>()
    };
    assert_eq!(digits(&spanish), digits(&english));
    let headings = |text: &str| text.lines().map(|line| line.starts_with("# ")).collect::<Vec<_>>();
    assert_eq!(headings(&spanish), headings(&english));
    assert!(spanish.contains("99,99 % (1.234.566 de 1.234.567); exigido 95 %: cumplido"), "{spanish}");
    assert!(spanish.starts_with("Evaluación anual de la calidad del servicio de atención a la clientela, 2027\n"));
}
