//! The claimant's window: with key and proof, what is for both parties, and nothing else.

use tonic::{Code, Status};
use ventanilla_proto::customer::v1 as customers;
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::ombudsman::v1::CaseState as S;
use ventanilla_proto::ombudsman::v1::ClaimantOption as O;
use ventanilla_proto::ombudsman::v1::claimant_service_client::ClaimantServiceClient;
use ventanilla_proto::ticketing::v1 as tickets;
use ventanilla_proto::r#type::v1::{Channel, Language};

use crate::substitutes::OTHER;
use crate::world::{CUSTOMER, STAFF, World, fields, fresh_id, issue_request, open_request, reason};

/// A claimant with what stands on their receipt.
pub struct Claimant {
    pub client: ClaimantServiceClient<testkit::Client>,
    pub key: String,
    pub proof: String,
    pub code: String,
    pub case: String,
}

/// A ticket with what stands on its receipt.
pub async fn ticket(world: &World) -> tickets::CreateTicketResponse {
    ticket_of(world, CUSTOMER, "").await
}

/// The same of another customer, and one that follows up another.
async fn ticket_of(world: &World, customer: &str, follow_up_of: &str) -> tickets::CreateTicketResponse {
    let point = |text: &str| tickets::ClaimPoint { text: text.into(), ..Default::default() };
    let ticket = tickets::Ticket {
        customer: customer.into(),
        follow_up_of: follow_up_of.into(),
        sector: "finance".into(),
        ticket_type: tickets::TicketType::Reclamacion.into(),
        severity: tickets::Severity::High.into(),
        subject: "Doble cobro".into(),
        channel: Channel::Email.into(),
        department: "billing".into(),
        language: Language::Es.into(),
        claim_points: vec![point("Me cobran dos veces la factura de marzo"), point("Nadie me llama")],
        ..Default::default()
    };
    let request = tickets::CreateTicketRequest { ticket: Some(ticket), request_id: fresh_id(), occurred_time: None };
    world.tickets("zoe", "billing").create_ticket(request).await.unwrap().into_inner()
}

/// The code of a case, as its registry tells it.
pub async fn code_of(world: &World, case: &str, renewed: bool) -> String {
    let request = pb::TellClaimantCodeRequest {
        name: case.to_owned(),
        channel: Channel::Post.into(),
        renewed,
        request_id: fresh_id(),
    };
    world.ines().tell_claimant_code(request).await.unwrap().into_inner().office_code
}

impl Claimant {
    /// A seated case under this regime, and whose it is.
    pub async fn of(world: &World, regime: &str) -> Self {
        let opened = ticket(world).await;
        let name = opened.ticket.unwrap().name;
        world.days(32);
        let request = pb::OpenCaseRequest { regime: regime.into(), ..open_request(&name) };
        let case = world.ines().open_case(request).await.unwrap().into_inner().name;
        world.received(&name).await;
        for (person, _, role) in STAFF {
            world.assign(&case, person, role).await.unwrap();
        }
        // Nobody's token: key, proof and code are the claimant's.
        let client = ClaimantServiceClient::new(world.served.anonymous());
        let code = code_of(world, &case, false).await;
        Self { client, key: opened.tracking_key, proof: opened.proof, code, case }
    }

    pub async fn look(&self) -> pb::ClaimantCase {
        self.look_at("").await.unwrap()
    }

    /// The case of that name, or the last.
    pub async fn look_at(&self, case: &str) -> Result<pb::ClaimantCase, Status> {
        let request = pb::GetClaimantCaseRequest {
            tracking_key: self.key.clone(),
            proof: self.proof.clone(),
            case_name: case.into(),
            office_code: self.code.clone(),
        };
        self.client.clone().get_claimant_case(request).await.map(tonic::Response::into_inner)
    }

    pub async fn read(&self) -> Vec<pb::DossierEntry> {
        self.read_of("").await
    }

    pub async fn read_of(&self, case: &str) -> Vec<pb::DossierEntry> {
        let request = pb::ListClaimantEntriesRequest {
            tracking_key: self.key.clone(),
            proof: self.proof.clone(),
            page_size: 100,
            case_name: case.into(),
            office_code: self.code.clone(),
            ..Default::default()
        };
        self.client.clone().list_claimant_entries(request).await.unwrap().into_inner().entries
    }

    pub fn adding(&self, kind: pb::DossierKind, text: &str) -> pb::AddClaimantEntryRequest {
        pb::AddClaimantEntryRequest {
            tracking_key: self.key.clone(),
            proof: self.proof.clone(),
            kind: kind.into(),
            office_code: self.code.clone(),
            content: text.as_bytes().to_vec(),
            request_id: fresh_id(),
            ..Default::default()
        }
    }

    pub async fn add(&self, kind: pb::DossierKind, text: &str) -> Result<S, Status> {
        let done = self.client.clone().add_claimant_entry(self.adding(kind, text)).await;
        done.map(|done| done.into_inner().state())
    }

    pub async fn answering_offer(&self, accepted: bool) -> pb::AnswerClaimantOfferRequest {
        pb::AnswerClaimantOfferRequest {
            tracking_key: self.key.clone(),
            proof: self.proof.clone(),
            etag: self.look().await.etag,
            accepted,
            statement: "so be it".into(),
            request_id: fresh_id(),
            case_name: String::new(),
            office_code: self.code.clone(),
        }
    }

    async fn answer_offer(&self, accepted: bool) -> Result<S, Status> {
        let request = self.answering_offer(accepted).await;
        self.client.clone().answer_claimant_offer(request).await.map(|done| done.into_inner().state())
    }

    /// The window, for who shows no token.
    pub fn anonymous(world: &World) -> ClaimantServiceClient<testkit::Client> {
        ClaimantServiceClient::new(world.served.anonymous())
    }

    /// Completes what was asked for.
    pub async fn completing(&self) -> pb::CompleteClaimantCaseRequest {
        pb::CompleteClaimantCaseRequest {
            tracking_key: self.key.clone(),
            proof: self.proof.clone(),
            etag: self.look().await.etag,
            parallel_proceedings: pb::ParallelProceedings::None.into(),
            facts_time: crate::world::time("2026-10-03T00:00:00Z"),
            claim_points: vec![pb::ClaimPoint { id: String::new(), text: "Me cobran dos veces".into() }],
            content: "it was the bill of March".into(),
            request_id: fresh_id(),
            case_name: String::new(),
            office_code: self.code.clone(),
            facts_known_time: None,
        }
    }

    pub async fn withdrawing(&self) -> pb::WithdrawClaimantCaseRequest {
        pb::WithdrawClaimantCaseRequest {
            tracking_key: self.key.clone(),
            proof: self.proof.clone(),
            etag: self.look().await.etag,
            statement: "they paid me".into(),
            request_id: fresh_id(),
            case_name: String::new(),
            office_code: self.code.clone(),
        }
    }

    /// Asks who has the case.
    pub fn asking_who(&self) -> pb::GiveClaimantDisclosureRequest {
        pb::GiveClaimantDisclosureRequest {
            tracking_key: self.key.clone(),
            proof: self.proof.clone(),
            language: Language::En.into(),
            request_id: fresh_id(),
            case_name: String::new(),
            office_code: self.code.clone(),
        }
    }

    /// The office asks them to complete it.
    pub async fn asked(&self, world: &World) {
        let ask = pb::RequestCureRequest {
            name: self.case.clone(),
            etag: world.etag(&self.case).await,
            items: vec![pb::MissingItem::ClaimPoints.into(), pb::MissingItem::FactsDate.into()],
            explanation: "which bill, and when?".into(),
            request_id: fresh_id(),
        };
        world.ines().request_cure(ask).await.unwrap();
    }

    pub async fn answering_decision(&self, accepted: bool) -> pb::AnswerClaimantDecisionRequest {
        pb::AnswerClaimantDecisionRequest {
            tracking_key: self.key.clone(),
            proof: self.proof.clone(),
            etag: self.look().await.etag,
            accepted,
            statement: "I accept it".into(),
            request_id: fresh_id(),
            case_name: String::new(),
            office_code: self.code.clone(),
        }
    }

    async fn answer_decision(&self, accepted: bool) -> Result<S, Status> {
        let request = self.answering_decision(accepted).await;
        self.client.clone().answer_claimant_decision(request).await.map(|done| done.into_inner().state())
    }
}

#[tokio::test]
async fn each_side_reads_the_others_and_neither_reads_the_offices_own() {
    let world = World::staffed().await;
    let claimant = Claimant::of(&world, "es.finance").await;
    let case = claimant.case.clone();
    world.to_draft(&case).await;
    let note = pb::AddDossierEntryRequest {
        parent: case.clone(),
        kind: pb::DossierKind::Note.into(),
        visibility: pb::DossierVisibility::Office.into(),
        content: b"the firm contradicts itself".to_vec(),
        request_id: fresh_id(),
        ..Default::default()
    };
    world.oscar().add_dossier_entry(note).await.unwrap();
    assert_eq!(claimant.add(pb::DossierKind::Evidence, "statement of my bank").await.unwrap(), S::Drafted);
    assert_eq!(claimant.add(pb::DossierKind::ClaimantStatement, "they never called").await.unwrap(), S::Drafted);

    let read = claimant.read().await;
    let said = |kind: pb::DossierKind| {
        let of_kind = read.iter().filter(|entry| entry.kind() == kind);
        of_kind.map(|entry| String::from_utf8_lossy(&entry.content).into_owned()).collect::<Vec<_>>()
    };
    assert_eq!(said(pb::DossierKind::EntityStatement), ["Both charges were correct."]);
    assert_eq!(said(pb::DossierKind::Evidence), ["statement of my bank"]);
    assert!(read.iter().all(|entry| entry.visibility() == pb::DossierVisibility::Parties), "{read:?}");
    assert!(said(pb::DossierKind::Note).is_empty() && said(pb::DossierKind::ScreenSnapshot).is_empty());
    // The firm reads the very same.
    assert_eq!(world.papers(&case, pb::DossierKind::Evidence).await, ["statement of my bank"]);
    assert_eq!(world.papers(&case, pb::DossierKind::ClaimantStatement).await, ["they never called"]);
    let own = CUSTOMER.strip_prefix("customers/").unwrap();
    let entry = read.iter().find(|entry| entry.kind() == pb::DossierKind::Evidence).unwrap();
    let actor = entry.actor.clone().unwrap();
    assert_eq!((actor.id.as_str(), actor.kind()), (own, ventanilla_proto::r#type::v1::ActorKind::Customer));
    // And that it was shown stands in the access log.
    let request = pb::ListDossierAccessesRequest { parent: case.clone(), ..Default::default() };
    let log = world.elena().list_dossier_accesses(request).await.unwrap().into_inner().accesses;
    let theirs = log.iter().find(|access| access.actor.as_ref().is_some_and(|actor| actor.id == own)).unwrap();
    assert_eq!((theirs.last_sequence, theirs.sealed_shown), (read.last().unwrap().sequence, false));

    let seen = claimant.look().await;
    assert_eq!(
        (seen.case_name.as_str(), seen.state(), seen.regime.as_str()),
        (case.as_str(), S::Drafted, "es.finance")
    );
    assert_eq!((seen.claim_points.len(), seen.options().collect::<Vec<_>>()), (2, vec![O::Add, O::Withdraw]));
    let verdict = world.ines().verify_dossier(pb::VerifyDossierRequest { name: case }).await.unwrap();
    assert!(verdict.into_inner().intact);
}

#[tokio::test]
async fn nobody_else_reads_or_writes_and_what_is_sent_twice_is_done_once() {
    let world = World::staffed().await;
    let mut claimant = Claimant::of(&world, "es.finance").await;
    let right = claimant.adding(pb::DossierKind::Evidence, "statement of my bank");
    let before = world.rows().await;
    let wrong = pb::AddClaimantEntryRequest { proof: "222222".into(), ..right.clone() };
    let refused = claimant.client.add_claimant_entry(wrong).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::NotFound, "KEY_OR_PROOF_UNKNOWN".into()));
    let guess =
        pb::GetClaimantCaseRequest { tracking_key: claimant.key.clone(), proof: "222222".into(), ..Default::default() };
    let refused = claimant.client.get_claimant_case(guess).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::NotFound, "KEY_OR_PROOF_UNKNOWN".into()));
    assert_eq!(world.rows().await, before);

    claimant.client.add_claimant_entry(right.clone()).await.unwrap();
    claimant.client.add_claimant_entry(right.clone()).await.unwrap();
    assert_eq!(world.papers(&claimant.case, pb::DossierKind::Evidence).await, ["statement of my bank"]);
    // Who knows the request and not the proof learns nothing of it.
    let stolen = pb::AddClaimantEntryRequest { proof: "222222".into(), ..right.clone() };
    let refused = claimant.client.add_claimant_entry(stolen).await.unwrap_err();
    assert_eq!(reason(&refused).1, "KEY_OR_PROOF_UNKNOWN");
    let other = pb::AddClaimantEntryRequest { content: b"another".to_vec(), ..right.clone() };
    assert_eq!(reason(&claimant.client.add_claimant_entry(other).await.unwrap_err()).1, "REQUEST_ID_REUSED");

    let note = pb::AddClaimantEntryRequest {
        kind: pb::DossierKind::Note.into(),
        content: Vec::new(),
        request_id: "x".into(),
        ..right
    };
    let refused = claimant.client.add_claimant_entry(note).await.unwrap_err();
    assert_eq!(fields(&refused), ["kind", "content", "request_id"]);
    // A ticket that never came before the office has no case.
    let unheard = ticket(&world).await;
    let request =
        pb::GetClaimantCaseRequest { tracking_key: unheard.tracking_key, proof: unheard.proof, ..Default::default() };
    let refused = claimant.client.get_claimant_case(request).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::NotFound, "CASE_NOT_FOUND".into()));
    world.withdraw(&claimant.case).await.unwrap();
    let over = claimant.add(pb::DossierKind::Evidence, "too late").await.unwrap_err();
    assert_eq!(reason(&over), (Code::FailedPrecondition, "CASE_STATE".into()));
    assert_eq!(claimant.look().await.options().count(), 0);
}

#[tokio::test]
async fn who_was_taken_for_the_claimant_opens_nothing_by_their_own_key() {
    let world = World::staffed().await;
    let claimant = Claimant::of(&world, "es.finance").await;
    let request = pb::GetCaseRequest { name: claimant.case.clone() };
    let affair = world.ines().get_case(request).await.unwrap().into_inner().ticket;
    // For the wall the two are one affair and one person, and would stay so if it were undone.
    world.linked(CUSTOMER, OTHER).await;
    for name in [CUSTOMER, OTHER] {
        let customer = Some(customers::Customer { name: CUSTOMER.into(), ..Default::default() });
        let golden = Some(customers::GoldenSection { customer, ..Default::default() });
        world.profile().people.show(customers::CustomerView { name: name.into(), golden, ..Default::default() });
    }
    let other = ticket_of(&world, OTHER, &affair).await;
    world.one_family(&affair, &other.ticket.as_ref().unwrap().name).await;
    let (tracking_key, proof) = (other.tracking_key, other.proof);
    let look =
        pb::GetClaimantCaseRequest { tracking_key: tracking_key.clone(), proof: proof.clone(), ..Default::default() };
    let refused = claimant.client.clone().get_claimant_case(look).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::NotFound, "CASE_NOT_FOUND".into()));
    let office_code = claimant.code.clone();
    let read =
        pb::ListClaimantEntriesRequest { tracking_key, proof, office_code, page_size: 100, ..Default::default() };
    let refused = claimant.client.clone().list_claimant_entries(read).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::NotFound, "CASE_NOT_FOUND".into()));
    // A later affair of the claimant's own that follows up the same opens it.
    let own = ticket_of(&world, CUSTOMER, &affair).await;
    world.one_family(&affair, &own.ticket.as_ref().unwrap().name).await;
    let look = pb::GetClaimantCaseRequest { tracking_key: own.tracking_key, proof: own.proof, ..Default::default() };
    let found = claimant.client.clone().get_claimant_case(look.clone()).await.unwrap().into_inner();
    assert_eq!((found.case_name.as_str(), found.code_needed), (claimant.case.as_str(), true));
    // Whoever of the firm takes down a ticket has its key and proof; the office's code they have not.
    assert_eq!((found.claim_points.len(), found.options.len(), found.etag.as_str()), (0, 0, ""));
    let with_code = pb::GetClaimantCaseRequest { office_code: claimant.code.clone(), ..look };
    let found = claimant.client.clone().get_claimant_case(with_code).await.unwrap().into_inner();
    assert!(!found.code_needed && found.claim_points.len() == 2);
}

#[tokio::test]
async fn the_firms_notes_about_an_affair_are_not_read_by_key_and_proof() {
    let world = World::staffed().await;
    let claimant = Claimant::of(&world, "es.finance").await;
    use pb::DossierKind::{CorrespondenceSnapshot, HistorySnapshot, MessagesSnapshot, ReceiptSnapshot, TicketSnapshot};
    let kinds: Vec<_> = claimant.read().await.iter().map(pb::DossierEntry::kind).collect();
    for theirs in [ReceiptSnapshot, TicketSnapshot, CorrespondenceSnapshot] {
        assert!(kinds.contains(&theirs), "{theirs:?} in {kinds:?}");
    }
    for houses_own in [MessagesSnapshot, HistorySnapshot] {
        assert!(!kinds.contains(&houses_own), "{kinds:?}");
        assert!(!world.all_papers(&claimant.case, houses_own).await.is_empty(), "the office has it");
    }
    // Before both were told apart, all of it was one paper of both parties; it stays out of the window.
    let older = "with kept as (update ombudsman.dossier_entry set visibility = 'parties'
                    where kind in ('messages_snapshot', 'history_snapshot') returning 1)
                 select count(*) from kept";
    let mut admin = world.database.admin().await.acquire().await.unwrap();
    sqlx::query("alter table ombudsman.dossier_entry disable trigger user").execute(&mut *admin).await.unwrap();
    let changed: i64 = sqlx::query_scalar(older).fetch_one(&mut *admin).await.unwrap();
    assert_eq!(changed, 2);
    let kinds: Vec<_> = claimant.read().await.iter().map(pb::DossierEntry::kind).collect();
    assert!(!kinds.contains(&MessagesSnapshot) && !kinds.contains(&HistorySnapshot), "{kinds:?}");
}

#[tokio::test]
async fn an_offer_is_no_paper_of_theirs_before_they_were_told_it() {
    let world = World::staffed().await;
    let claimant = Claimant::of(&world, "es.finance").await;
    let case = claimant.case.as_str();
    world.to_investigation(case).await;
    let offered = async || {
        let read = claimant.read().await;
        let offers = read.iter().filter(|entry| entry.kind() == pb::DossierKind::Offer);
        offers.map(|entry| String::from_utf8_lossy(&entry.content).into_owned()).collect::<Vec<_>>()
    };
    act!(world, "liaison", offer_settlement, OfferSettlementRequest, case, terms: "10 euros").unwrap();
    assert!(offered().await.is_empty());
    // The firm thought better of it before anybody told them: the first they never hear of.
    act!(world, "liaison", offer_settlement, OfferSettlementRequest, case, terms: "41 euros").unwrap();
    assert!(offered().await.is_empty());
    act!(world, "ines", tell_offer, TellOfferRequest, case, channel: Channel::Post).unwrap();
    assert_eq!(offered().await, ["41 euros"]);
    world.days(22);
    act!(world, "liaison", offer_settlement, OfferSettlementRequest, case, terms: "60 euros").unwrap();
    assert_eq!(offered().await, ["41 euros"], "what is better is told before it is read");
    // Nor does the access log say that they were shown what they were not.
    let request = pb::ListDossierAccessesRequest { parent: case.to_owned(), ..Default::default() };
    let log = world.elena().list_dossier_accesses(request).await.unwrap().into_inner().accesses;
    let own = CUSTOMER.strip_prefix("customers/").unwrap();
    let last = log.iter().find(|access| access.actor.as_ref().is_some_and(|actor| actor.id == own)).unwrap();
    let shown: Vec<i64> = last.shown.iter().flat_map(|run| run.first_sequence..=run.last_sequence).collect();
    let read: Vec<i64> = claimant.read().await.iter().map(|entry| entry.sequence).collect();
    assert_eq!(shown, read, "exactly what was shown, and not what lies between");
    assert!(last.shown.len() > 1, "offers lie between: {:?}", last.shown);
    assert_eq!(world.papers(case, pb::DossierKind::Offer).await.len(), 3, "the firm and the office read all three");
}

#[tokio::test]
async fn a_refusal_that_is_proposed_is_read_and_answered_by_its_claimant() {
    let world = World::staffed().await;
    let claimant = Claimant::of(&world, "es.finance").await;
    let propose = pb::ProposeInadmissibilityRequest {
        name: claimant.case.clone(),
        etag: world.etag(&claimant.case).await,
        ground: pb::InadmissibilityGround::OtherForum.into(),
        reasons: "a matter for the courts".into(),
        repeats: Vec::new(),
        request_id: fresh_id(),
    };
    world.ines().propose_inadmissibility(propose).await.unwrap();
    let refusal = claimant.look().await.refusal.unwrap();
    assert_eq!((refusal.reasons.as_str(), refusal.allegations_time), ("a matter for the courts", None));
    // Evidence is no answer.
    claimant.add(pb::DossierKind::Evidence, "the contract").await.unwrap();
    assert_eq!(claimant.look().await.refusal.unwrap().allegations_time, None);
    claimant.add(pb::DossierKind::ClaimantStatement, "no court has it").await.unwrap();
    assert!(claimant.look().await.refusal.unwrap().allegations_time.is_some());
    let closed = world.entries::<pb::PartyTermClosed>().await;
    assert_eq!((closed.len(), closed[0].kind(), closed[0].used), (1, pb::PartyTermKind::Allegations, true));
}

#[tokio::test]
async fn an_offer_is_answered_by_its_claimant_once_it_was_told_and_thought_over() {
    let world = World::staffed().await;
    let claimant = Claimant::of(&world, "es.finance").await;
    let case = claimant.case.as_str();
    world.to_investigation(case).await;
    act!(world, "liaison", offer_settlement, OfferSettlementRequest, case, terms: "41 euros and an apology").unwrap();
    assert_eq!(claimant.look().await.offer, None, "nobody told them yet");
    assert_eq!(reason(&claimant.answer_offer(true).await.unwrap_err()).1, "OFFER_NOT_TOLD");
    act!(world, "ines", tell_offer, TellOfferRequest, case, channel: Channel::Post).unwrap();
    let offer = claimant.look().await.offer.unwrap();
    let words = claimant.read().await.into_iter().find(|entry| entry.name == offer.entry).unwrap().content;
    assert_eq!(words, b"41 euros and an apology");
    assert_eq!(claimant.look().await.options().collect::<Vec<_>>(), [O::Add, O::DeclineOffer, O::Withdraw]);
    assert_eq!(reason(&claimant.answer_offer(true).await.unwrap_err()).1, "REFLECTION_RUNNING");
    world.days(11);
    assert!(claimant.look().await.options().any(|option| option == O::AcceptOffer));
    assert_eq!(claimant.answer_offer(true).await.unwrap(), S::Settled);
    assert_eq!(
        world.papers(case, pb::DossierKind::OfferAnswer).await,
        ["La parte reclamante acepta la oferta: so be it"]
    );
    let set = world.entries::<pb::PartyTermSet>().await;
    let kinds: Vec<_> = set.iter().map(|term| (term.kind(), term.bearer())).collect();
    use pb::PartyTermKind as K;
    assert_eq!(
        kinds,
        [(K::Statement, pb::Party::Firm), (K::Reflection, pb::Party::Claimant), (K::OfferAnswer, pb::Party::Claimant)]
    );
    let closed: Vec<_> =
        world.entries::<pb::PartyTermClosed>().await.iter().map(|term| (term.kind(), term.used)).collect();
    assert_eq!(closed, [(K::Statement, true), (K::Reflection, false), (K::OfferAnswer, true)]);
}

#[tokio::test]
async fn under_the_rules_of_an_accredited_body_the_claimants_word_binds_the_firm() {
    let world = World::staffed().await;
    let claimant = Claimant::of(&world, "es.adr").await;
    let case = claimant.case.as_str();
    world.to_draft(case).await;
    assert_eq!(reason(&claimant.answer_decision(true).await.unwrap_err()).1, "CASE_STATE");
    world.elena().issue_decision(issue_request(&world, case).await).await.unwrap();
    let notify = pb::NotifyDecisionRequest {
        name: case.to_owned(),
        etag: world.etag(case).await,
        channel: Channel::Web.into(),
        request_id: fresh_id(),
    };
    world.ines().notify_decision(notify).await.unwrap();
    let set = world.entries::<pb::PartyTermSet>().await.pop().unwrap();
    assert_eq!((set.kind(), set.bearer()), (pb::PartyTermKind::DecisionAnswer, pb::Party::Claimant));
    assert!(claimant.look().await.options().any(|option| option == O::AnswerDecision));
    let by_firm = act!(world, "ines", answer_decision, AnswerDecisionRequest, case, party: pb::BoundBy::Firm, accepted: true, statement: "yes");
    assert_eq!(reason(&by_firm.unwrap_err()).1, "BINDS_BY_NO_WORD");
    assert_eq!(claimant.answer_decision(true).await.unwrap(), S::Binding);
    assert_eq!(world.told(case).await.bound_by(), pb::BoundBy::Claimant);
    assert_eq!(
        world.papers(case, pb::DossierKind::DecisionAnswer).await,
        ["La parte reclamante acepta la resolución: I accept it"]
    );
    assert_eq!(world.answered_by(case).await, [(pb::DossierKind::DecisionAnswer, pb::Party::Claimant)]);
    // In finance the law binds, and nobody has to answer.
    let finance = Claimant::of(&world, "es.finance").await;
    world.to_draft(&finance.case).await;
    world.decide(&finance.case).await;
    assert!(finance.look().await.options().all(|option| option != O::AnswerDecision));
    assert_eq!(reason(&finance.answer_decision(true).await.unwrap_err()).1, "BINDS_BY_LAW");
}
