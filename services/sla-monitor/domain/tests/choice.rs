//! Which law holds: by place, size of the company, sector and channel.

use jiff::Timestamp;
use ventanilla_sla_monitor_domain::catalogue::{CaseFacts, Filed, Switches, TicketFacts};
use ventanilla_sla_monitor_domain::{Catalogue, Company, Run};

const GENERAL: &str = "es.l10-2025.17-1.resolve";
const FINANCE: &str = "es.fin.29septies-1.decide";
const SMALL: Company = Company { workers: Some(12), turnover_eur: Some(900_000), balance_eur: Some(400_000) };

fn catalogue() -> Catalogue {
    Catalogue::embedded(&Switches::new()).unwrap()
}

fn not_by_phone() -> Catalogue {
    let switches = Switches::from([("es.fin.29ter.phone".to_owned(), "starts_none".to_owned())]);
    Catalogue::embedded(&switches).unwrap()
}

fn complaint<'a>(sector: &'a str, channel: &'a str) -> TicketFacts<'a> {
    let received: Timestamp = "2026-04-02T10:00:00Z".parse().unwrap();
    TicketFacts { ticket_type: "reclamacion", sector, topic: "", channel, received }
}

fn chosen(catalogue: &Catalogue, facts: TicketFacts<'_>, calendar: &str) -> Vec<String> {
    let calendar = catalogue.calendar(calendar).unwrap();
    catalogue.for_ticket(facts, calendar).iter().map(|c| c.rule.id.clone()).collect()
}

#[test]
fn a_finance_complaint_has_the_law_of_the_place_of_its_calendar() {
    let c = catalogue();
    for (calendar, rules) in [
        ("es.madrid", vec![FINANCE]),
        ("es.canarias", vec![FINANCE]),
        ("gb.england", vec!["uk.disp.1-6-2.final"]),
        ("gb.scotland", vec!["uk.disp.1-6-2.final"]),
        // Read in secondary sources only: no clock.
        ("ie", vec![]),
        ("mx", vec![]),
        ("je", vec![]),
    ] {
        assert_eq!(chosen(&c, complaint("finance", ""), calendar), rules, "{calendar}");
    }
}

#[test]
fn the_law_of_every_spanish_trader_holds_in_spain_alone_and_the_houses_standard_everywhere() {
    let c = catalogue();
    for calendar in c.calendars() {
        let rules = chosen(&c, complaint("toy_shop", ""), &calendar.id);
        let expected: &[&str] = if calendar.jurisdiction == "ES" { &["es.trlgdcu.21-3"] } else { &[] };
        assert_eq!(rules, expected, "{}", calendar.id);
        let incident = TicketFacts { ticket_type: "incidencia", ..complaint("toy_shop", "") };
        assert_eq!(chosen(&c, incident, &calendar.id), ["house.incident.resolution"], "{}", calendar.id);
    }
}

#[test]
fn every_sector_that_a_rule_names_can_be_filed() {
    // A ticket's sector is spelled like a department; a rule that names another word is reached by no affair.
    let spelled = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && word.len() <= 63
            && !word.ends_with('-')
            && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    for rule in catalogue().rules() {
        for sector in rule.sectors.iter().filter(|sector| *sector != "*") {
            assert!(spelled(sector), "{} names {sector}", rule.id);
        }
    }
}

#[test]
fn payments_take_the_place_of_the_eight_weeks() {
    let c = catalogue();
    let england = c.calendar("gb.england").unwrap();
    let payments = c.for_ticket(complaint("payment-services", ""), england);
    assert_eq!(payments.iter().map(|p| p.rule.id.as_str()).collect::<Vec<_>>(), ["uk.disp.1-6-2A.psd"]);
    assert!(payments[0].because_en.contains("takes the place of uk.disp.1-6-2.final"), "{}", payments[0].because_en);
    assert_eq!(chosen(&c, complaint("payment-services", ""), "es.madrid"), ["es.fin.pay.decide"]);
}

#[test]
fn over_easter_the_third_business_day_comes_a_week_later_and_the_eight_weeks_do_not_move() {
    // DISP 1.5 and 1.6.2R, received on Maundy Thursday, 2 April 2026: Good Friday and Easter Monday are holidays in England, so that the
    // third business day is Thursday 9 April; in Scotland Easter Monday is none: Wednesday 8. Eight weeks are fifty-six days: 28 May.
    let c = catalogue();
    let due = |rule: &str, calendar: &str| {
        let (term, calendar) = (c.rule(rule).unwrap().term.unwrap(), c.calendar(calendar).unwrap());
        let origin = "2026-04-02T16:00:00+01:00".parse().unwrap();
        Run { term, origin, calendar, pauses: &[] }.due().unwrap().to_string()
    };
    assert_eq!(due("uk.disp.1-5.src", "gb.england"), "2026-04-09T22:59:59.999999Z");
    assert_eq!(due("uk.disp.1-5.src", "gb.scotland"), "2026-04-08T22:59:59.999999Z");
    for calendar in ["gb.england", "gb.scotland"] {
        assert_eq!(due("uk.disp.1-6-2.final", calendar), "2026-05-28T22:59:59.999999Z");
    }
}

#[test]
fn a_case_and_its_decision_have_the_law_of_the_place_too() {
    let c = catalogue();
    let received = "2026-04-02T10:00:00Z".parse().unwrap();
    let facts = CaseFacts { regime: "es.finance", received };
    let (spain, england) = (c.calendar("es.madrid").unwrap(), c.calendar("gb.england").unwrap());
    assert_eq!(c.for_case(facts, spain).unwrap().rule.id, FINANCE);
    assert_eq!(c.for_case(facts, england).unwrap().rule.id, "house.office.decide");
    assert_eq!(
        c.for_decision("notify_decision", "es.finance", received, spain).unwrap().rule.id,
        "es.fin.29septies-3.notify"
    );
    assert_eq!(
        c.for_decision("notify_decision", "es.finance", received, england).unwrap().rule.id,
        "house.office.notify"
    );
}

#[test]
fn a_small_company_is_bound_in_basic_services_and_left_to_the_consumer_law_in_general() {
    let small = Catalogue::embedded_for(&Switches::new(), &SMALL).unwrap();
    for sector in ["water", "gas", "power", "transport", "post", "ecomms"] {
        assert_eq!(chosen(&small, complaint(sector, ""), "es.madrid"), [GENERAL], "{sector}");
    }
    assert_eq!(chosen(&small, complaint("finance", ""), "es.madrid"), [FINANCE]);
    for topic in ["", "billing", "continuity"] {
        let facts = TicketFacts { topic, ..complaint("", "") };
        assert_eq!(chosen(&small, facts, "es.madrid"), ["es.trlgdcu.21-3"], "{topic}");
    }
    let spain = small.calendar("es.madrid").unwrap();
    let why = &small.for_ticket(complaint("general", ""), spain)[0].because_en;
    assert!(why.contains("binds in it large companies alone, which this one is not"), "{why}");
}

#[test]
fn a_company_of_which_nothing_is_known_counts_as_large() {
    let c = catalogue();
    assert!(c.company().is_large());
    let because = &c.for_ticket(complaint("general", ""), c.calendar("es.madrid").unwrap())[0];
    assert_eq!(because.rule.id, GENERAL);
    assert!(because.because_es.contains("la empresa cuenta como grande"), "{}", because.because_es);
}

#[test]
fn a_finance_complaint_by_phone_counts_all_the_same_under_the_strict_reading_and_says_so() {
    let c = catalogue();
    let spain = c.calendar("es.madrid").unwrap();
    let by_phone = c.for_ticket(complaint("finance", "phone"), spain);
    assert_eq!(by_phone[0].rule.id, FINANCE);
    for word in ["art. 29 ter", "es.fin.29ter.phone", "counts"] {
        assert!(by_phone[0].because_en.contains(word), "{}", by_phone[0].because_en);
        assert!(by_phone[0].because_es.contains(word), "{}", by_phone[0].because_es);
    }
    assert!(!c.for_ticket(complaint("finance", "web"), spain)[0].because_en.contains("29 ter"));
    assert!(c.withheld(complaint("finance", "phone"), spain).is_empty());
}

#[test]
fn a_finance_complaint_by_phone_starts_no_term_under_the_other_reading_nor_any_other_law() {
    let c = not_by_phone();
    assert_eq!(chosen(&c, complaint("finance", "phone"), "es.madrid"), [""; 0]);
    let withheld = c.withheld(complaint("finance", "phone"), c.calendar("es.madrid").unwrap());
    assert_eq!(withheld[0].rule.id, FINANCE);
    assert!(withheld[0].because_en.contains("starts no term"), "{}", withheld[0].because_en);
    assert!(withheld[0].because_es.contains("art. 29 ter"), "{}", withheld[0].because_es);
    for channel in ["", "web", "email", "post", "branch"] {
        assert_eq!(chosen(&c, complaint("finance", channel), "es.madrid"), [FINANCE], "{channel}");
    }
    // What was presented before the ban has the law of its day; what is no finance knows no such ban.
    let before = TicketFacts { received: "2025-12-01T10:00:00Z".parse().unwrap(), ..complaint("finance", "phone") };
    assert_eq!(chosen(&c, before, "es.madrid"), ["es.fin.eco734-15.decide"]);
    assert_eq!(chosen(&c, complaint("general", "phone"), "es.madrid"), [GENERAL]);
    assert_eq!(chosen(&c, complaint("finance", "phone"), "gb.england"), ["uk.disp.1-6-2.final"]);
}

#[test]
fn an_affair_keeps_the_channel_it_came_by_whatever_it_is_filed_as() {
    let c = not_by_phone();
    let calendar = c.calendar("es.madrid").unwrap();
    let (types, topics) = (["queja".to_owned(), "reclamacion".to_owned()], [String::new()]);
    let received = "2026-04-02T10:00:00Z".parse().unwrap();
    let filed = |channel| Filed { types: &types, topics: &topics, sector: "finance", channel, received };
    assert!(c.for_affair(filed("phone"), calendar).is_empty());
    assert_eq!(c.for_affair(filed("post"), calendar).len(), 1);
}

#[test]
fn an_unknown_reading_of_the_channel_is_refused() {
    let switches = Switches::from([("es.fin.29ter.phone".to_owned(), "sometimes".to_owned())]);
    assert!(Catalogue::embedded(&switches).is_err());
}

#[test]
fn the_firm_stops_no_term_of_its_own_by_waiting_for_a_court() {
    use ventanilla_sla_monitor_domain::affair::Event;
    let catalogue = catalogue();
    let rule = catalogue.rules().find(|rule| rule.id == FINANCE).unwrap();
    // The office's stay has an effect on the term, by the act of the office alone.
    assert!(rule.effect_of("parallel_proceedings").is_some());
    for ground in ["parallel_proceedings", "cure"] {
        for waits in [Event::Waits(ground.to_owned()), Event::Held(ground.to_owned())] {
            assert_eq!(waits.to_clock_of(rule).is_some(), ground == "cure", "{waits:?}");
        }
    }
}

#[test]
fn a_holding_reply_lengthens_and_does_nothing_else() {
    use ventanilla_sla_monitor_domain::affair::Event;
    use ventanilla_sla_monitor_domain::clock::Happening;
    let catalogue = catalogue();
    let extended = |rule: &str, ground: &str| {
        Event::Extended(ground.to_owned()).to_clock_of(catalogue.rules().find(|known| known.id == rule).unwrap())
    };
    assert_eq!(extended("es.fin.pay.decide", "holding_reply"), Some(Happening::Hindered("holding_reply".to_owned())));
    assert_eq!(extended(FINANCE, "holding_reply"), None);
    // What makes a term stand still is no notice that lengthens one.
    assert_eq!(extended(FINANCE, "cure"), None);
}
