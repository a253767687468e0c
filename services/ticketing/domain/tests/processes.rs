//! Process maps laid over what happens to affairs.

use jiff::{SignedDuration, Timestamp};
use kernel::Language;
use proptest::prelude::*;
use ventanilla_ticketing_domain::{
    Course, Measure, MoveEnd, Place, ProcessMap, Refusal, Situation, Slug, Standing, Step, Stretch, Turn, Visit,
    Wording, road,
};

fn slug(id: &str) -> Slug {
    id.parse().unwrap()
}

fn said<const MAX: usize>(text: &str) -> Wording<MAX> {
    Wording::new(vec![(Language::Es, text.parse().unwrap()), (Language::En, text.parse().unwrap())]).unwrap()
}

/// A step that names these states and leads to those steps.
fn step(id: &str, states: &[Standing], next: &[&str]) -> Step {
    Step {
        id: slug(id),
        department: None,
        standard: None,
        internal_title: said(id),
        public_title: said(id),
        public_text: said(id),
        public_next: said(id),
        situations: states.iter().map(|s| Situation { standing: *s, reason: None, department: None }).collect(),
        next: next.iter().map(|id| slug(id)).collect(),
        may_begin: false,
        may_end: false,
    }
}

fn begins(step: Step) -> Step {
    Step { may_begin: true, ..step }
}

fn ends(step: Step) -> Step {
    Step { may_end: true, ..step }
}

/// Received, assessed, repaired by word, waited for a supplier, answered.
fn repair() -> Vec<Step> {
    use Standing as S;
    vec![
        begins(step("intake", &[S::Acknowledged], &["assess"])),
        step("assess", &[S::InProgress], &["repair", "answered"]),
        step("repair", &[S::InProgress], &["parts", "answered"]),
        step("parts", &[S::Held], &["repair"]),
        ends(step("answered", &[S::Resolved, S::Closed], &["assess"])),
    ]
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn turn(second: i64, standing: Standing) -> Turn {
    Turn {
        at: at(second),
        standing,
        reason: None,
        department: "service-desk".parse().unwrap(),
        stated: None,
        refiled: false,
    }
}

fn told(second: i64, standing: Standing, step: &str) -> Turn {
    Turn { stated: Some(slug(step)), ..turn(second, standing) }
}

fn ids(map: &ProcessMap, course: &Course) -> Vec<String> {
    let id = |visit: &Visit| match &visit.place {
        Place::Step(at) => map.steps()[*at].id.as_str().to_owned(),
        Place::OffMap { told } => format!("?{}", told.as_deref().unwrap_or_default()),
    };
    course.visits().iter().map(id).collect()
}

#[test]
fn an_affair_comes_back_to_the_step_it_waited_from() {
    use Standing as S;
    let map = ProcessMap::new(repair()).unwrap();
    let turns = [
        turn(0, S::Acknowledged),
        turn(10, S::InProgress),
        told(20, S::InProgress, "repair"),
        turn(30, S::Held),
        turn(50, S::InProgress),
        turn(60, S::Resolved),
        turn(99, S::Closed),
    ];
    let course = Course::lay(&map, &turns);
    assert_eq!(ids(&map, &course), ["intake", "assess", "repair", "parts", "repair", "answered"]);
    assert!(course.conforming() && course.ended());
    assert_eq!(course.visits()[4].until, Some(at(60)));
    assert_eq!(course.visits()[5].until, Some(at(60)), "the way ends with the answer that stood");
}

#[test]
fn an_answer_that_is_objected_to_does_not_end_the_way() {
    use Standing as S;
    let map = ProcessMap::new(repair()).unwrap();
    let turns = [turn(0, S::Acknowledged), turn(1, S::InProgress), turn(2, S::Resolved), turn(9, S::InProgress)];
    let course = Course::lay(&map, &turns);
    assert_eq!(ids(&map, &course), ["intake", "assess", "answered", "assess"]);
    assert_eq!(course.visits()[2].until, Some(at(9)));
    assert_eq!(course.visits()[3].until, None);
    assert!(course.conforming() && !course.ended());
}

#[test]
fn leaving_the_map_is_told_and_so_is_coming_back() {
    use Standing as S;
    let map = ProcessMap::new(repair()).unwrap();
    let turns = [
        turn(0, S::Acknowledged),
        turn(1, S::InProgress),
        turn(2, S::Pending),
        turn(3, S::InProgress),
        told(4, S::InProgress, "witchcraft"),
        told(5, S::InProgress, "parts"),
    ];
    let course = Course::lay(&map, &turns);
    assert_eq!(ids(&map, &course), ["intake", "assess", "?", "assess", "?witchcraft", "parts"]);
    let on_map: Vec<bool> = course.visits().iter().map(|visit| visit.on_map).collect();
    assert_eq!(on_map, [true, true, false, false, false, false]);
    assert!(!course.conforming());
}

#[test]
fn a_move_the_map_does_not_know_is_a_visit_all_the_same() {
    use Standing as S;
    let map = ProcessMap::new(repair()).unwrap();
    let course = Course::lay(&map, &[turn(0, S::Acknowledged), turn(5, S::Resolved)]);
    assert_eq!(ids(&map, &course), ["intake", "answered"]);
    assert!(!course.visits()[1].on_map && !course.conforming());
}

#[test]
fn what_is_entered_by_word_is_left_by_word_or_for_a_step_that_names_where_it_stands() {
    use Standing as S;
    let map = ProcessMap::new(vec![
        begins(step("a", &[], &["b"])),
        step("b", &[], &["answered"]),
        ends(step("answered", &[S::Resolved], &[])),
    ])
    .unwrap();
    let turns = [
        turn(0, S::Acknowledged),
        told(1, S::Acknowledged, "a"),
        turn(2, S::InProgress),
        told(3, S::InProgress, "a"),
        told(4, S::InProgress, "b"),
        turn(5, S::Held),
        turn(6, S::InProgress),
        turn(7, S::Resolved),
    ];
    let course = Course::lay(&map, &turns);
    assert_eq!(ids(&map, &course), ["a", "b", "answered"]);
    assert_eq!(course.visits()[0].from, at(1), "it is on the map when a step takes it");
    assert_eq!(course.visits()[0].until, Some(at(4)), "saying it again is no second visit");
    assert!(course.conforming());
}

#[test]
fn going_to_another_person_is_no_turn_and_neither_is_what_was_told_on_another_map() {
    use Standing as S;
    let map = ProcessMap::new(vec![
        begins(step("intake", &[S::Acknowledged], &["assess"])),
        step("assess", &[S::InProgress], &["repair"]),
        ends(step("repair", &[], &["assess"])),
    ])
    .unwrap();
    let turns = [
        turn(0, S::Acknowledged),
        told(1, S::Acknowledged, "of-another-map"),
        Turn { refiled: true, ..turn(2, S::Acknowledged) },
        turn(3, S::InProgress),
        told(4, S::InProgress, "repair"),
        // Another owner, and another.
        turn(5, S::InProgress),
        turn(6, S::InProgress),
    ];
    let course = Course::lay(&map, &turns);
    assert_eq!(ids(&map, &course), ["intake", "assess", "repair"]);
    assert!(course.conforming());
    let elsewhere = Turn { department: "billing".parse().unwrap(), ..turn(7, S::InProgress) };
    let course = Course::lay(&map, &[&turns[..], &[elsewhere]].concat());
    assert_eq!(ids(&map, &course).last().unwrap(), "assess", "another department is another place to stand");
}

#[test]
fn what_comes_after_an_answer_that_stands_takes_no_time() {
    use Standing as S;
    let mut steps = repair();
    steps[4].situations.pop();
    steps[4].next.push(slug("closed"));
    steps.push(ends(step("closed", &[S::Closed], &[])));
    let map = ProcessMap::new(steps).unwrap();
    let turns = [turn(0, S::Acknowledged), turn(1, S::InProgress), turn(60, S::Resolved), turn(999, S::Closed)];
    let course = Course::lay(&map, &turns);
    assert_eq!(ids(&map, &course), ["intake", "assess", "answered", "closed"]);
    let took = |visit: &Visit| visit.until.unwrap().duration_since(visit.from).as_secs();
    assert_eq!(course.visits().iter().map(took).collect::<Vec<_>>(), [1, 59, 0, 0]);
}

#[test]
fn reason_and_department_tell_steps_of_one_state_apart() {
    use Standing as S;
    let mut steps = repair();
    let named = |reason: Option<&str>, department: Option<&str>| Situation {
        standing: S::Held,
        reason: reason.map(|r| r.parse().unwrap()),
        department: department.map(|d| d.parse().unwrap()),
    };
    steps[3].situations = vec![named(Some("supplier"), Some("service-desk"))];
    let map = ProcessMap::new(steps).unwrap();
    let held = |reason: &str, department: &str| Turn {
        reason: Some(reason.to_owned()),
        department: department.parse().unwrap(),
        ..turn(3, S::Held)
    };
    let of = |held: Turn| ids(&map, &Course::lay(&map, &[turn(0, S::Acknowledged), turn(1, S::InProgress), held]));
    assert_eq!(of(held("supplier", "service-desk")), ["intake", "assess", "parts"]);
    assert_eq!(of(held("weather", "service-desk")), ["intake", "assess", "?"]);
    assert_eq!(of(held("supplier", "billing")), ["intake", "assess", "?"]);
}

#[test]
fn a_step_is_entered_where_it_is_and_only_there() {
    use Standing as S;
    let map = ProcessMap::new(repair()).unwrap();
    let before = Course::lay(&map, &[turn(0, S::Acknowledged), turn(1, S::InProgress)]);
    let refused = |id: &str| map.refuse_step(&slug(id), &before, &turn(2, S::InProgress));
    assert_eq!(refused("repair"), Ok(()));
    assert_eq!(refused("assess"), Err(Refusal::AlreadyAtStep));
    assert_eq!(refused("parts"), Err(Refusal::StepNotHere { state: S::InProgress }));
    assert!(matches!(refused("witchcraft"), Err(Refusal::StepNotOnMap { steps }) if steps.len() == 5));
}

/// Fields that a map of these steps is refused for.
fn wrong(steps: Vec<Step>) -> Vec<String> {
    ProcessMap::new(steps).unwrap_err().as_slice().iter().map(|violation| violation.field.clone()).collect()
}

#[test]
fn a_map_with_a_dead_end_is_refused_with_every_step_that_is_one() {
    use Standing as S;
    assert_eq!(wrong(Vec::new()), ["steps"]);
    assert_eq!(wrong(vec![step("a", &[], &[])]), ["steps", "steps"]);
    let mut steps = repair();
    steps.push(step("limbo", &[S::Pending], &[]));
    steps.push(step("island", &[S::Pending], &["answered"]));
    steps[1].next.push(slug("limbo"));
    assert_eq!(wrong(steps), ["steps[5].next", "steps[6]"]);
    let twice = vec![begins(step("a", &[], &["b", "b", "a", "c"])), ends(step("b", &[], &[])), step("b", &[], &[])];
    assert_eq!(wrong(twice), ["steps[0].next[1]", "steps[0].next[2]", "steps[0].next[3]", "steps[2].id"]);
}

const STATES: [Standing; 6] = [
    Standing::Acknowledged,
    Standing::InProgress,
    Standing::Pending,
    Standing::Held,
    Standing::Resolved,
    Standing::Closed,
];

fn maps() -> impl Strategy<Value = ProcessMap> {
    let one = (prop::collection::vec(0..STATES.len(), 0..3), prop::collection::vec(0..6_usize, 0..4));
    prop::collection::vec(one, 1..6).prop_map(|drawn| {
        let names = ["a", "b", "c", "d", "e", "f"];
        let count = drawn.len();
        let steps = drawn.iter().enumerate().map(|(i, (states, next))| {
            let states: Vec<Standing> = states.iter().map(|s| STATES[*s]).collect();
            let mut next: Vec<&str> = next.iter().filter(|to| **to < count && **to != i).map(|to| names[*to]).collect();
            next.sort_unstable();
            next.dedup();
            // Every step can be come to, and may be the last, so that no map drawn is refused.
            begins(ends(step(names[i], &states, &next)))
        });
        ProcessMap::new(steps.collect()).unwrap()
    })
}

fn histories() -> impl Strategy<Value = Vec<Turn>> {
    let one = (0..30_i64, 0..STATES.len(), prop::option::weighted(0.3, 0..8_usize));
    prop::collection::vec(one, 1..20).prop_map(|drawn| {
        let mut now = 0;
        let mut turns: Vec<Turn> = Vec::new();
        for (after, state, stated) in drawn {
            now += after;
            let names = ["a", "b", "c", "d", "e", "f", "x", "y"];
            let standing = match (stated, turns.last()) {
                // Saying where it is changes nothing else.
                (Some(_), Some(before)) => before.standing,
                _ => STATES[state],
            };
            turns.push(Turn { stated: stated.map(|i| slug(names[i])), ..turn(now, standing) });
        }
        turns
    })
}

/// The percentile by its definition, the slow way.
fn percentile(of: &[i64], percent: i64) -> Option<i64> {
    let enough = |x: &&i64| {
        let no_longer = i64::try_from(of.iter().filter(|y| y <= x).count()).unwrap();
        no_longer * 100 >= percent * i64::try_from(of.len()).unwrap()
    };
    of.iter().filter(enough).min().copied()
}

proptest! {
    #[test]
    fn a_course_has_no_gap_and_ends_when_the_affair_does(map in maps(), turns in histories()) {
        let course = Course::lay(&map, &turns);
        let is_over = |t: &&Turn| matches!(t.standing, Standing::Resolved | Standing::Closed);
        let end = turns.iter().rev().take_while(is_over).last().map(|t| t.at);
        for pair in course.visits().windows(2) {
            let left = end.map_or(pair[1].from, |end| pair[1].from.min(end).max(pair[0].from));
            prop_assert_eq!(pair[0].until, Some(left));
            prop_assert_ne!(&pair[0].place, &pair[1].place);
            let led = pair[0].place.step().zip(pair[1].place.step()).is_some_and(|(a, b)| map.leads(a, b));
            prop_assert_eq!(pair[1].on_map, led);
        }
        let over = turns.last().is_some_and(|t| matches!(t.standing, Standing::Resolved | Standing::Closed));
        prop_assert_eq!(course.ended(), over);
        if let Some(last) = course.visits().last() {
            prop_assert_eq!(last.until.is_some(), over);
            prop_assert!(last.until.is_none_or(|until| until >= last.from));
        }
    }

    #[test]
    fn what_no_word_brought_about_is_where_the_step_says(map in maps(), turns in histories()) {
        // Of each prefix: where the affair is now names where it stands, was told, or there is no step that does.
        for end in 1..=turns.len() {
            let (course, now) = (Course::lay(&map, &turns[..end]), &turns[end - 1]);
            if let Some(stated) = &now.stated {
                let there = map.place_of(stated.as_str()).map(Place::Step);
                let last = &course.visits().last().unwrap().place;
                prop_assert_eq!(last, &there.unwrap_or(Place::OffMap { told: Some(stated.as_str().to_owned()) }));
                continue;
            }
            let names = |step: &Step| step.situations.iter().any(|s| s.standing == now.standing);
            if end > 1 && turns[end - 2].standing == now.standing {
                // It stands where it stood.
                let before = Course::lay(&map, &turns[..end - 1]);
                prop_assert_eq!(
                    course.visits().last().map(|visit| &visit.place),
                    before.visits().last().map(|visit| &visit.place)
                );
                continue;
            }
            match course.visits().last().map(|visit| &visit.place) {
                Some(Place::Step(at)) if names(&map.steps()[*at]) => {}
                Some(Place::Step(at)) => {
                    prop_assert!(map.steps()[*at].situations.is_empty());
                    prop_assert!(!map.steps().iter().any(names));
                }
                _ => prop_assert!(!map.steps().iter().any(names)),
            }
        }
    }

    #[test]
    fn figures_are_those_of_the_visits_one_by_one(map in maps(), affairs in prop::collection::vec(histories(), 0..12)) {
        let courses: Vec<Course> = affairs.iter().map(|turns| Course::lay(&map, turns)).collect();
        let mut measure = Measure::of(&map);
        courses.iter().for_each(|course| measure.add(course));
        let figures = measure.figures();
        let visits: Vec<&Visit> = courses.iter().flat_map(Course::visits).collect();
        for (place, step) in figures.steps.iter().enumerate() {
            let here: Vec<&&Visit> = visits.iter().filter(|v| v.place == Place::Step(place)).collect();
            let took: Vec<i64> = here
                .iter()
                .filter_map(|v| v.until.map(|until| until.as_microsecond() - v.from.as_microsecond()))
                .collect();
            prop_assert_eq!(step.visits, here.len() as u64);
            prop_assert_eq!(step.open, (here.len() - took.len()) as u64);
            prop_assert_eq!(step.total, took.iter().map(|t| i128::from(*t)).sum::<i128>());
            prop_assert_eq!((step.p50, step.p90), (percentile(&took, 50), percentile(&took, 90)));
            prop_assert_eq!(step.longest, took.iter().max().copied());
        }
        let off: usize = visits.iter().filter(|v| v.place.step().is_none()).count();
        prop_assert_eq!(figures.off_map.visits, off as u64);
        let into: u64 = figures.moves.iter().filter(|m| m.to != MoveEnd::Edge).map(|m| m.count).sum();
        prop_assert_eq!(into, visits.len() as u64);
        let placed = courses.iter().filter(|c| !c.visits().is_empty()).count() as u64;
        let begun: u64 = figures.moves.iter().filter(|m| m.from == MoveEnd::Edge).map(|m| m.count).sum();
        prop_assert_eq!(begun, placed);
        prop_assert_eq!(figures.unplaced + placed, courses.len() as u64);
        prop_assert_eq!(figures.conforming, courses.iter().filter(|c| c.conforming()).count() as u64);
    }
}

#[test]
fn a_stay_as_long_as_the_step_may_take_is_not_too_long() {
    use Standing as S;
    let mut steps = repair();
    steps[0].standard = Some(SignedDuration::from_secs(10));
    steps[1].department = Some("workshop".parse().unwrap());
    let map = ProcessMap::new(steps).unwrap();
    let mut measure = Measure::of(&map);
    for waited in [9, 10, 11] {
        measure.add(&Course::lay(&map, &[turn(0, S::Acknowledged), turn(waited, S::InProgress)]));
    }
    let figures = measure.figures();
    assert_eq!(figures.steps[0].over_standard, 1);
    assert_eq!((figures.steps[0].elsewhere, figures.steps[1].elsewhere), (0, 3));
}

/// Ids of the steps of the way, and where each lies.
fn way(map: &ProcessMap, turns: &[Turn]) -> Vec<(String, Stretch)> {
    let course = Course::lay(map, turns);
    road(map, &course).iter().map(|m| (map.steps()[m.step].id.as_str().to_owned(), m.stretch)).collect()
}

#[test]
fn the_road_tells_where_it_was_and_how_it_usually_goes_on() {
    use Stretch::{Ahead, Here, Passed};
    let map = ProcessMap::new(repair()).unwrap();
    let turns = [turn(0, Standing::Acknowledged), turn(10, Standing::InProgress)];
    let expected = [("intake", Passed), ("assess", Here), ("repair", Ahead), ("parts", Ahead)];
    // From parts it usually goes back to repair, which is told already: no circle is told twice.
    let told = way(&map, &turns);
    assert_eq!(told.iter().map(|(id, stretch)| (id.as_str(), *stretch)).collect::<Vec<_>>(), expected);
}

#[test]
fn where_affairs_may_end_nothing_is_ahead() {
    let map = ProcessMap::new(repair()).unwrap();
    let turns = [turn(0, Standing::Acknowledged), turn(10, Standing::InProgress), turn(20, Standing::Resolved)];
    assert_eq!(way(&map, &turns).last().unwrap(), &("answered".to_owned(), Stretch::Here));
}
