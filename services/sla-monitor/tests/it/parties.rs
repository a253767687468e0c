//! Time that the office gives the parties to a case: warned of, used or let pass, proven, and on no board.

use kernel::Role;
use testkit::{Served, eventually};
use ventanilla_proto::ombudsman::v1 as office;
use ventanilla_proto::sla::v1 as sla;

use crate::world::{SOON, Ticket, World, at, client, clocks_that, read, wire};

const OPENED: &str = "2026-03-18T10:00:00Z";
const GIVEN: &str = "2026-03-20T09:00:00Z";
/// Ten calendar days after the twentieth of March end with the thirtieth, in Madrid.
pub const OVER: &str = "2026-03-30T22:00:00Z";
const LAST: &str = "2026-03-30T21:59:59.999999Z";

/// A case of the office that is told of.
pub struct Case<'w> {
    world: &'w World,
    name: String,
    customer: String,
}

impl<'w> Case<'w> {
    /// Opens one.
    pub async fn open(world: &'w World, regime: &str) -> Self {
        let ambient = kernel::Ambient::system();
        let name = format!("cases/{}", ambient.uuid(ambient.now()));
        let ticket = Ticket::complaint(at(OPENED));
        let opened = office::CaseOpened {
            case_name: name.clone(),
            ticket: ticket.name,
            customer: ticket.customer.clone(),
            regime: regime.to_owned(),
            filed_at_entity_time: Some(wire(at(OPENED))),
            filed_at_office_time: Some(wire(at(OPENED))),
            brought_with: Vec::new(),
        };
        world.ombudsman.write(&name, &opened, at(OPENED)).await;
        Self { world, name, customer: ticket.customer }
    }

    /// Gives a party time.
    pub async fn give(&self, kind: office::PartyTermKind, bearer: office::Party, over: &str) {
        let set = office::PartyTermSet {
            case_name: self.name.clone(),
            customer: self.customer.clone(),
            kind: kind.into(),
            bearer: bearer.into(),
            due_time: Some(wire(at(over))),
            article: "the regime's".to_owned(),
        };
        self.world.ombudsman.write(&self.name, &set, at(GIVEN)).await;
    }

    /// A party used its time, or what it was for is over.
    pub async fn close(&self, kind: office::PartyTermKind, used: bool, when: &str) {
        let closed = office::PartyTermClosed { case_name: self.name.clone(), kind: kind.into(), used };
        self.world.ombudsman.write(&self.name, &closed, at(when)).await;
    }

    /// The clock of this stage, once it fits.
    pub async fn clock(&self, served: &Served, stage: &str, fits: impl Fn(&sla::Clock) -> bool) -> sla::Clock {
        let of = |clocks: &[sla::Clock]| clocks.iter().find(|clock| clock.stage == stage && fits(clock)).cloned();
        of(&clocks_that(served, &self.name, |clocks| of(clocks).is_some()).await).unwrap()
    }
}

async fn total(served: &Served) -> sla::BoardRow {
    client(served, Role::Importer).get_board(sla::GetBoardRequest::default()).await.unwrap().into_inner().total.unwrap()
}

#[tokio::test]
async fn time_that_a_claimant_lets_pass_lapses_with_warnings_and_a_proof_and_is_nobodys_breach() {
    let world = World::new().await;
    let served = world.start().await;
    let case = Case::open(&world, "es.finance").await;
    case.give(office::PartyTermKind::Cure, office::Party::Claimant, OVER).await;
    let lapsed = case.clock(&served, "claimant_cures", |clock| clock.state() == sla::ClockState::Lapsed).await;
    assert_eq!((lapsed.rule.as_str(), lapsed.bearer()), ("es.fin.29quater-2.cure", sla::ClockBearer::Claimant));
    assert_eq!((read(lapsed.lapse_time), read(lapsed.due_time)), (Some(at(LAST)), Some(at(LAST))));
    assert_eq!((lapsed.breached_time, lapsed.settled_time), (None, None));
    assert_eq!((lapsed.subject.as_str(), lapsed.customer.as_str()), (case.name.as_str(), case.customer.as_str()));
    assert_eq!(lapsed.warnings.iter().map(|w| w.threshold_percent).collect::<Vec<_>>(), [50, 75, 90]);

    let told = eventually(SOON, || async {
        let told = world.told::<sla::PartyTermLapsed>().await;
        if told.is_empty() { Err("nothing told") } else { Ok(told) }
    })
    .await;
    assert_eq!((told.len(), told[0].occurred), (1, at(LAST)));
    assert_eq!(
        (told[0].payload.bearer(), told[0].payload.clock.as_str()),
        (sla::ClockBearer::Claimant, lapsed.name.as_str())
    );
    // What was told is what it is by now: its version went on with it.
    let lapsed = case.clock(&served, "claimant_cures", |clock| clock.name == lapsed.name).await;
    let warned = world.told::<sla::PartyTermWarned>().await;
    assert_eq!(warned.iter().map(|w| w.payload.threshold_percent).collect::<Vec<_>>(), [50, 75, 90]);
    assert_eq!(world.told::<sla::PartyTermStarted>().await.len(), 1);

    let request = sla::ExplainClockRequest { name: lapsed.name.clone() };
    let explained = client(&served, Role::OfficeIntake).explain_clock(request).await.unwrap().into_inner();
    let proof = explained.proof.unwrap();
    assert_eq!((proof.term.as_str(), read(proof.due_time)), ("10cd", Some(at(LAST))));
    assert!(proof.chosen_because_en.contains("regime «es.finance», time given on 2026-03-20"), "{proof:?}");
    assert!(proof.steps.iter().any(|step| step.description_en.contains("is not counted")), "{proof:?}");
    let got = sla::GetClockRequest { name: lapsed.name.clone() };
    assert_eq!(client(&served, Role::OfficeIntake).get_clock(got).await.unwrap().into_inner(), lapsed);
    let only = sla::ListClocksRequest { states: vec![sla::ClockState::Lapsed.into()], ..Default::default() };
    let listed = client(&served, Role::OfficeIntake).list_clocks(only).await.unwrap().into_inner().clocks;
    assert_eq!(listed, [lapsed]);
}

#[tokio::test]
async fn what_a_party_has_time_for_is_on_no_board_whatever_becomes_of_it() {
    let world = World::new().await;
    let served = world.start().await;
    let case = Case::open(&world, "es.finance").await;
    case.clock(&served, "decide", |_| true).await;
    let before = total(&served).await;
    assert_eq!(before.clock_count, 1);
    for (kind, bearer) in [
        (office::PartyTermKind::Cure, office::Party::Claimant),
        (office::PartyTermKind::Allegations, office::Party::Claimant),
        (office::PartyTermKind::Statement, office::Party::Firm),
        (office::PartyTermKind::Reflection, office::Party::Claimant),
    ] {
        case.give(kind, bearer, OVER).await;
    }
    case.close(office::PartyTermKind::Allegations, true, "2026-03-22T09:00:00Z").await;
    let all = clocks_that(&served, &case.name, |clocks| {
        clocks.len() == 5 && clocks.iter().filter(|clock| clock.state() == sla::ClockState::Lapsed).count() == 2
    })
    .await;
    let of = |stage: &str| all.iter().find(|clock| clock.stage == stage).unwrap();
    assert_eq!(of("entity_allegations_to_defensor").bearer(), sla::ClockBearer::Firm);
    assert_eq!(of("decide").bearer(), sla::ClockBearer::House);
    let after = total(&served).await;
    assert_eq!(
        (after.clock_count, after.met_count, after.breached_count, after.cancelled_count),
        (before.clock_count, before.met_count, before.breached_count, before.cancelled_count)
    );
    let kinds = client(&served, Role::Importer).get_board(sla::GetBoardRequest::default()).await.unwrap().into_inner();
    assert_eq!(kinds.by_stage.iter().map(|row| row.key.as_str()).collect::<Vec<_>>(), ["decide"]);
}

#[tokio::test]
async fn time_that_is_used_is_met_time_to_think_is_given_and_what_is_used_late_had_lapsed() {
    use office::PartyTermKind as K;
    let world = World::new().await;
    let served = world.start().await;
    let case = Case::open(&world, "es.finance").await;
    case.give(K::Allegations, office::Party::Claimant, OVER).await;
    case.close(K::Allegations, true, "2026-03-25T09:00:00Z").await;
    let used = case.clock(&served, "allegations_on_inadmissibility", |c| c.state() == sla::ClockState::Fulfilled).await;
    assert_eq!((read(used.settled_time), used.lapse_time), (Some(at("2026-03-25T09:00:00Z")), None));

    case.give(K::Cure, office::Party::Claimant, OVER).await;
    case.close(K::Cure, true, "2026-04-02T09:00:00Z").await;
    let late = case.clock(&served, "claimant_cures", |c| c.state() == sla::ClockState::Fulfilled).await;
    assert_eq!((read(late.lapse_time), read(late.settled_time)), (Some(at(LAST)), Some(at("2026-04-02T09:00:00Z"))));

    // Longer than the rule has it, as the office told: the instant is its word.
    case.give(K::Statement, office::Party::Firm, "2026-04-09T22:00:00Z").await;
    case.close(K::Statement, false, "2026-03-24T09:00:00Z").await;
    let away = case.clock(&served, "entity_allegations_to_defensor", |c| c.state() == sla::ClockState::Cancelled).await;
    assert_eq!((read(away.settled_time), away.lapse_time), (Some(at("2026-03-24T09:00:00Z")), None));

    case.give(K::Reflection, office::Party::Claimant, OVER).await;
    case.give(K::OfferAnswer, office::Party::Claimant, "2026-04-09T22:00:00Z").await;
    case.close(K::Reflection, false, "2026-04-01T09:00:00Z").await;
    case.close(K::OfferAnswer, true, "2026-04-01T09:00:00Z").await;
    let thought =
        case.clock(&served, "reflection_before_acceptance", |c| c.state() == sla::ClockState::Fulfilled).await;
    assert_eq!((thought.rule.as_str(), read(thought.settled_time)), ("house.office.reflection", Some(at(LAST))));
    assert_eq!((thought.lapse_time, thought.breached_time), (None, None));
    case.clock(&served, "answer_offer", |c| c.state() == sla::ClockState::Fulfilled).await;

    // Each end is told once, whoever found it first.
    let told = eventually(SOON, || async {
        let told = world.told::<sla::PartyTermSettled>().await;
        if told.len() >= 5 { Ok(told) } else { Err(format!("{told:?}")) }
    })
    .await;
    assert_eq!(told.len(), 5);
    assert_eq!(world.told::<sla::PartyTermLapsed>().await.len(), 1);
    assert!(world.told::<sla::ClockBreached>().await.iter().all(|breach| breach.payload.rule.contains("decide")));

    // A second time for the same is a clock of its own.
    case.give(K::Cure, office::Party::Claimant, "2100-01-01T00:00:00Z").await;
    let again = case.clock(&served, "claimant_cures", |c| c.state() == sla::ClockState::Running).await;
    assert_ne!(again.name, late.name);
}

#[tokio::test]
async fn whose_word_binds_has_a_clock_under_the_rule_of_its_bearer() {
    let world = World::new().await;
    let served = world.start().await;
    let general = Case::open(&world, "es.general").await;
    let adr = Case::open(&world, "es.adr").await;
    for (case, bearer) in [(&general, office::Party::Firm), (&adr, office::Party::Claimant)] {
        case.give(office::PartyTermKind::DecisionAnswer, bearer, "2100-01-01T00:00:00Z").await;
    }
    let firm = general.clock(&served, "firm_answers_decision", |_| true).await;
    assert_eq!((firm.rule.as_str(), firm.bearer()), ("house.office.acceptance_by_firm", sla::ClockBearer::Firm));
    let claimant = adr.clock(&served, "claimant_answers_decision", |_| true).await;
    assert_eq!((claimant.bearer(), claimant.state()), (sla::ClockBearer::Claimant, sla::ClockState::Running));
    for case in [&general, &adr] {
        case.close(office::PartyTermKind::DecisionAnswer, true, "2026-03-23T09:00:00Z").await;
    }
    general.clock(&served, "firm_answers_decision", |c| c.state() == sla::ClockState::Fulfilled).await;
    adr.clock(&served, "claimant_answers_decision", |c| c.state() == sla::ClockState::Fulfilled).await;
}
