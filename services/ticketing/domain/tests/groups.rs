//! What holds for affairs that are put together and taken apart, in whatever order, and for an affair whatever it is filed as.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use kernel::{Channel, Language, ResourceId, Uuid};
use proptest::prelude::*;
use ventanilla_ticketing_domain::{
    AgentId, Assignment, Bonds, CaseId, Characteristics, Command, CustomerId, Draft, EverFiled, Filing, MAX_MERGED,
    Merge, Moment, OfficeCase, Policy, Refusal, Severity, SplitDraft, Standing, Ticket, TicketId, TicketType,
    TrackingKey, moment_of_all, one_since, refuse_for_members,
};

const ANSWER: &str = "La lectura era estimada; la real da 41 euros menos, que abonamos en la próxima factura.";

fn start() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

fn at(minutes: i64) -> Moment {
    Moment::Now(start() + SignedDuration::from_mins(minutes))
}

fn id(number: usize) -> TicketId {
    TicketId::from_uuid(Uuid::from_u128(number as u128 + 1))
}

fn filing(ticket_type: TicketType, topic: Option<&str>) -> Filing {
    Filing {
        ticket_type,
        severity: Severity::Medium,
        sector: "general".parse().unwrap(),
        topic: topic.map(|topic| topic.parse().unwrap()),
    }
}

fn ticket(number: usize, points: usize) -> Ticket {
    let draft = Draft {
        customer: CustomerId::from_uuid(Uuid::from_u128(7)),
        filing: filing(TicketType::Reclamacion, None),
        subject: "Factura de marzo".parse().unwrap(),
        channel: Channel::Phone,
        assignment: Assignment { department: "billing".parse().unwrap(), owner: None },
        language: Language::Es,
        points: (0..points).map(|i| format!("Punto {i}: el importe no cuadra").parse().unwrap()).collect(),
        first_received: Some("2026-03-01T18:00:00Z".parse().unwrap()),
        interaction: None,
        follow_up_of: None,
        served_first: true,
        characteristics: Characteristics::default(),
        ever: EverFiled::default(),
    };
    Ticket::open(draft, id(number), TrackingKey::from_entropy([1; 12]), None, start()).ticket
}

/// Who is one with whom, found by walking from every affair along what holds, and by nothing else.
fn partition(links: &BTreeMap<usize, usize>, many: usize) -> BTreeSet<BTreeSet<usize>> {
    let mut groups: Vec<BTreeSet<usize>> = (0..many).map(|one| BTreeSet::from([one])).collect();
    for (from, into) in links {
        let of = |one: usize, groups: &[BTreeSet<usize>]| groups.iter().position(|group| group.contains(&one)).unwrap();
        let (a, b) = (of(*from, &groups), of(*into, &groups));
        if a != b {
            let moved = std::mem::take(&mut groups[a]);
            groups[b].extend(moved);
        }
    }
    groups.into_iter().filter(|group| !group.is_empty()).collect()
}

proptest! {
    #[test]
    fn merges_and_unmerges_in_any_order_are_what_the_links_that_hold_say(
        steps in proptest::collection::vec((0..9_usize, 0..9_usize, any::<bool>()), 0..80),
    ) {
        let many = 9;
        let mut tickets: Vec<Ticket> = (0..many).map(|number| ticket(number, 1)).collect();
        let mut links: BTreeMap<usize, usize> = BTreeMap::new();
        for (minute, (from, into, merge)) in steps.into_iter().enumerate() {
            let bonds = Bonds::of(&tickets);
            let after = if merge {
                // Only a head goes into another; where, is anybody of the other affair.
                if tickets[from].merged().is_some() { continue }
                bonds.clone().merge(id(from), id(into))
            } else {
                bonds.clone().unmerge(id(from))
            };
            match after {
                Ok(after) => {
                    if merge { links.insert(from, into) } else { links.remove(&from) };
                    tickets = tickets.into_iter().map(|t| t.bound(&after, at(minute as i64)).unwrap().0).collect();
                }
                Err(Refusal::AlreadyOne) => {
                    let one = partition(&links, many).into_iter().any(|g| g.contains(&from) && g.contains(&into));
                    prop_assert!(merge && one, "refused two that are not one");
                }
                Err(Refusal::TicketNotMerged) => prop_assert!(!merge && !links.contains_key(&from)),
                Err(other) => prop_assert!(false, "{other:?}"),
            }
            // By the tickets: everybody with the head they name.
            let mut by_head: BTreeMap<TicketId, BTreeSet<usize>> = BTreeMap::new();
            for (number, ticket) in tickets.iter().enumerate() {
                let head = ticket.merged().map_or(id(number), |merged| merged.head);
                by_head.entry(head).or_default().insert(number);
                prop_assert_eq!(ticket.merged().map(|m| m.into), links.get(&number).map(|into| id(*into)));
            }
            prop_assert_eq!(by_head.values().cloned().collect::<BTreeSet<_>>(), partition(&links, many));
            for (number, ticket) in tickets.iter().enumerate() {
                let with = by_head.get(&id(number)).map_or(0, |group| group.len() - 1);
                prop_assert_eq!(ticket.gathers(), with, "a head counts those that are answered with it");
            }
        }
    }

    #[test]
    fn those_that_are_one_stand_together_from_the_first_step_on_and_none_is_answered_with_an_open_point(
        steps in proptest::collection::vec((0..8_usize, 0..3_usize), 1..40),
    ) {
        let mut head = ticket(0, 1);
        let mut members = vec![ticket(1, 1), ticket(2, 0)];
        let bonds = Bonds::of([&head, &members[0], &members[1]]).merge(id(1), id(0)).unwrap().merge(id(2), id(1)).unwrap();
        head = head.bound(&bonds, at(0)).unwrap().0;
        members = members.into_iter().map(|t| t.bound(&bonds, at(0)).unwrap().0).collect();
        let word = || "some_reason".parse().unwrap();
        for (minute, (verb, who)) in steps.into_iter().enumerate() {
            let moment = at(minute as i64 + 1);
            let command = match verb {
                0 => Command::Start,
                1 => Command::Hold { awaiting: word() },
                2 => Command::WaitForCustomer { awaiting: word() },
                3 => Command::Resume { reason: None },
                4 => Command::Resolve { resolution: ANSWER.parse().unwrap() },
                5 => Command::Reopen { reason: word() },
                6 => Command::Cancel { reason: word() },
                _ => {
                    let text = format!("{ANSWER} Punto de {who}.").parse().unwrap();
                    let target = if who == 0 { &mut head } else { &mut members[who - 1] };
                    if let Ok((answered, _)) = target.clone().answer("p1", text, moment) { *target = answered }
                    continue;
                }
            };
            let followers: Vec<&Ticket> = members.iter().collect();
            let Ok(moment) = moment_of_all(&followers, moment) else { continue };
            if refuse_for_members(&followers, &command).is_err() { continue }
            let Ok((moved, happened)) = head.clone().apply(command, moment, &Policy::default()) else { continue };
            head = moved;
            for member in &mut members {
                let before = member.last_change();
                if let Some((followed, its)) = member.clone().follow(head.state(), happened.at) {
                    prop_assert!(its.at >= before, "its history went back in time");
                    *member = followed;
                }
                prop_assert_eq!(member.state().standing(), head.state().standing());
                prop_assert_eq!(member.facts().first_received, ticket(0, 0).facts().first_received);
                prop_assert!(member.state().cure().is_none());
                if member.state().standing() == Standing::Resolved {
                    prop_assert!(member.points().iter().all(|point| !point.is_open()), "answered with an open point");
                }
            }
        }
    }

    #[test]
    fn no_point_is_lost_or_doubled_by_splitting_and_the_first_receipt_stays(
        steps in proptest::collection::vec((0..6_usize, proptest::collection::vec(0..8_usize, 0..4), any::<bool>()), 1..20),
    ) {
        let mut tickets = vec![ticket(0, 6)];
        let first_received = tickets[0].facts().first_received;
        for (minute, (which, points, answer)) in steps.into_iter().enumerate() {
            let which = which % tickets.len();
            let ids: BTreeSet<String> = points.iter().map(|p| format!("p{}", p + 1)).collect();
            let moment = at(minute as i64 + 1);
            if answer {
                let text = format!("{ANSWER} Paso {minute}.").parse().unwrap();
                if let Some(point) = ids.first()
                    && let Ok((answered, _)) = tickets[which].clone().answer(point, text, moment)
                {
                    tickets[which] = answered;
                }
                continue;
            }
            let draft = SplitDraft {
                points: ids.into_iter().collect(),
                subject: "Otra cosa".parse().unwrap(),
                filing: tickets[which].filing().clone(),
                characteristics: Characteristics::default(),
                assignment: Assignment { department: "network-ops".parse().unwrap(), owner: None },
                ever: EverFiled::default(),
                reason: "two_departments".parse().unwrap(),
            };
            let key = TrackingKey::from_entropy([2; 12]);
            let new = id(tickets.len());
            let Ok((rest, opened, off)) = tickets[which].clone().split(draft, new, key, moment) else { continue };
            prop_assert!(rest.points().iter().any(|point| point.moved_to.is_none()), "nothing was left");
            prop_assert_eq!(opened.split_from, Some(rest.facts().id));
            prop_assert_eq!(off.points.len(), opened.ticket.points().len());
            prop_assert!(opened.ticket.facts().served_first);
            tickets[which] = rest;
            tickets.push(opened.ticket);
        }
        let mut here: Vec<String> = tickets.iter()
            .flat_map(|ticket| ticket.points().iter().filter(|point| point.moved_to.is_none()))
            .map(|point| point.text.expose().to_owned()).collect();
        here.sort();
        let mut all: Vec<String> = ticket(0, 6).points().iter().map(|p| p.text.expose().to_owned()).collect();
        all.sort();
        prop_assert_eq!(here, all);
        prop_assert!(tickets.iter().all(|ticket| ticket.facts().first_received == first_received));
    }
}

#[test]
fn a_complaint_claims_something_and_what_is_filed_so_already_is_not_filed_again() {
    let asked = || "customer_complains".parse().unwrap();
    let inquiry = ticket(0, 0);
    let (inquiry, _) =
        inquiry.reclassify(filing(TicketType::Consulta, Some("billing")), Vec::new(), asked(), at(1)).unwrap();
    let complaint = || filing(TicketType::Queja, Some("billing"));
    let refused = inquiry.clone().reclassify(complaint(), Vec::new(), asked(), at(2)).unwrap_err();
    assert_eq!(refused, Refusal::NothingClaimed);
    let points = vec!["Nadie me llama".parse().unwrap()];
    let (filed, happened) = inquiry.reclassify(complaint(), points, asked(), at(2)).unwrap();
    assert_eq!(happened.added.iter().map(|p| p.id.as_str()).collect::<Vec<_>>(), ["p1"]);
    assert_eq!(filed.facts().first_received, ticket(0, 0).facts().first_received);
    let again = filed.clone().reclassify(complaint(), Vec::new(), asked(), at(3)).unwrap_err();
    assert_eq!(again, Refusal::AlreadyFiledSo);
    let many = (0..50).map(|i| format!("Otro punto {i}").parse().unwrap()).collect();
    let refused = filed.reclassify(complaint(), many, asked(), at(3)).unwrap_err();
    assert_eq!(refused, Refusal::TooManyClaimPoints { most: 50 });
}

#[test]
fn a_member_goes_nowhere_with_its_head_where_it_could_not_go_by_itself() {
    let policy = Policy::default();
    let word = || "some_reason".parse().unwrap();
    let (working, _) = ticket(1, 1).apply(Command::Start, at(1), &policy).unwrap();
    let (waiting, _) = working.clone().apply(Command::WaitForCustomer { awaiting: word() }, at(2), &policy).unwrap();
    let signpost = "Puede acudir a la Junta Arbitral de Consumo.".parse().unwrap();
    let reject = Command::Reject { reason: word(), signpost };
    let refused = refuse_for_members(&[&working], &reject).unwrap_err();
    assert!(matches!(refused, Refusal::TransitionNotAllowed { state: Standing::InProgress, .. }), "{refused:?}");
    assert_eq!(refuse_for_members(&[&ticket(1, 1)], &reject), Ok(()));
    let cancel = Command::Cancel { reason: word() };
    let refused = refuse_for_members(&[&working, &waiting], &cancel).unwrap_err();
    assert!(matches!(refused, Refusal::TransitionNotAllowed { state: Standing::Pending, .. }), "{refused:?}");
    assert_eq!(refuse_for_members(&[&working], &cancel), Ok(()));
}

#[test]
fn who_waits_for_what_puts_off_a_term_is_not_merged_and_a_call_for_a_superior_goes_along() {
    let policy = Policy::default();
    let (working, _) = ticket(1, 1).apply(Command::Start, Moment::Stated(start()), &policy).unwrap();
    assert_eq!(working.may_merge(), Ok(()));
    let awaiting = "documents_missing".parse().unwrap();
    let (waiting, _) = working.clone().apply(Command::Hold { awaiting }, Moment::Stated(start()), &policy).unwrap();
    assert!(matches!(waiting.may_merge(), Err(Refusal::TransitionNotAllowed { state: Standing::Held, .. })));
    let (called, since, _) = working.clone().call_supervisor(None, at(5)).unwrap();
    let waits = working.clone().with_calls_of([&working, &called]);
    assert_eq!(waits.supervisor_called(), Some(since));
    assert!(matches!(waits.clone().call_supervisor(None, at(7)), Err(Refusal::SupervisorAlreadyCalled { .. })));
    let (later, own, _) = working.call_supervisor(None, at(9)).unwrap();
    let both = later.with_calls_of([&called]);
    assert_eq!(both.supervisor_called(), Some(since), "who waits longest comes first");
    // Taken apart, each waits as its own customer said.
    assert_eq!(both.clone().with_calls_of([]).supervisor_called(), Some(own));
    assert_eq!(waits.with_calls_of([]).supervisor_called(), None);
    // A superior who has the one has the others.
    let (over, _) = both.superior_takes(&AgentId::of("chief").unwrap(), at(10)).unwrap();
    assert_eq!(over.supervisor_called(), None);
    let (served, assigned) = called.clone().superior_came(at(10)).unwrap().unwrap();
    assert_eq!((served.supervisor_called(), assigned.to_superior), (None, true));
    assert_eq!((served.assignment(), &assigned.to), (called.assignment(), called.assignment()));
    assert_eq!(served.superior_came(at(11)).unwrap(), None, "who did not ask is told nothing");
}

#[test]
fn what_the_office_hears_is_not_split_and_what_is_claimed_in_finance_is_no_occasion_for_a_sale() {
    let case = OfficeCase { id: CaseId::from_uuid(Uuid::from_u128(3)), open: true };
    let draft = SplitDraft {
        points: vec!["p1".to_owned()],
        subject: "Otra cosa".parse().unwrap(),
        filing: ticket(0, 2).filing().clone(),
        characteristics: Characteristics::default(),
        assignment: Assignment { department: "network-ops".parse().unwrap(), owner: None },
        ever: EverFiled::default(),
        reason: "two_departments".parse().unwrap(),
    };
    let heard = ticket(0, 2).with_office_case(case);
    let refused = heard.split(draft, id(1), TrackingKey::from_entropy([2; 12]), at(1)).unwrap_err();
    assert_eq!(refused, Refusal::OfficeCaseOpen { case: case.id });
    let inquiry = Filing { sector: "banking".parse().unwrap(), ..filing(TicketType::Consulta, None) };
    let (filed, _) = ticket(0, 1).reclassify(inquiry, Vec::new(), "not_a_complaint".parse().unwrap(), at(1)).unwrap();
    assert!(filed.refuse_sales_offer().is_err(), "filing a complaint as an inquiry makes it no occasion for a sale");
}

#[test]
fn no_more_than_fifty_are_one() {
    let tickets: Vec<Ticket> = (0..=MAX_MERGED).map(|number| ticket(number, 1)).collect();
    let mut bonds = Bonds::of(&tickets);
    for number in 1..MAX_MERGED {
        bonds = bonds.merge(id(number), id(0)).unwrap();
    }
    assert_eq!(bonds.merge(id(MAX_MERGED), id(0)).unwrap_err(), Refusal::TooManyMerged { most: MAX_MERGED });
}

#[test]
fn what_puts_off_a_legal_term_is_neither_waited_nor_held_for() {
    let (working, _) = ticket(0, 1).apply(Command::Start, at(1), &Policy::default()).unwrap();
    for word in ["incomplete", "documents_missing", "cure_requested"] {
        let awaiting = || word.parse().unwrap();
        for command in [Command::Hold { awaiting: awaiting() }, Command::WaitForCustomer { awaiting: awaiting() }] {
            let refused = working.clone().apply(command, at(2), &Policy::default()).unwrap_err();
            assert!(matches!(refused, Refusal::CureRequestNeeded { .. }), "{word}: {refused:?}");
        }
    }
}

#[test]
fn two_affairs_are_one_since_the_last_merge_on_the_way_from_the_one_to_the_other() {
    let minute = |minutes: i64| start() + SignedDuration::from_mins(minutes);
    let merge = |from: usize, into: usize, at: i64| Merge { ticket: id(from), into: id(into), at: minute(at) };
    // 1 and 2 into 3, 3 into 5, 4 into 5; 7 into 8.
    let merges = [merge(1, 3, 40), merge(2, 3, 10), merge(3, 5, 20), merge(4, 5, 30), merge(7, 8, 5)];
    for (one, other, since) in [
        (1, 3, Some(40)),
        (2, 3, Some(10)),
        (2, 5, Some(20)),
        (1, 2, Some(40)),
        (2, 4, Some(30)),
        (1, 4, Some(40)),
        (3, 4, Some(30)),
        (7, 8, Some(5)),
        (7, 5, None),
        (1, 8, None),
    ] {
        assert_eq!(one_since(&merges, id(one), id(other)), since.map(minute), "{one} {other}");
        assert_eq!(one_since(&merges, id(other), id(one)), since.map(minute), "{other} {one}");
    }
    // What was stored leads in no circle; should it, nobody turns in it for ever.
    let circle = [merge(1, 2, 1), merge(2, 1, 2)];
    assert_eq!(one_since(&circle, id(1), id(9)), None);
}
