//! What cannot be written down does not happen: when the ledger takes no entry, no change of the office is made, nothing that is read
//! under record is told, and nothing is left behind.

use std::collections::{BTreeMap, BTreeSet};

use kernel::Role;
use prost::Message;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Code, Status};
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::r#type::v1::{Channel, Language};

use crate::world::{OFFICE_KEY, World, fresh_id, issue_request, open_request, relation};

/// Reads of which it is written down that they happened.
const AUDITED_READS: [&str; 2] = ["GetDraft", "ExportDossier"];

/// An office whose ledger can be closed.
struct Trial {
    world: World,
    admin: sqlx::PgPool,
    tried: BTreeSet<&'static str>,
}

impl Trial {
    async fn begin() -> Self {
        let world = World::staffed().await;
        let admin = world.database.admin().await;
        sqlx::query(
            "create function public.refuse_entry() returns trigger language plpgsql as
             $$ begin raise exception 'the ledger takes no entry'; end $$",
        )
        .execute(&admin)
        .await
        .unwrap();
        Self { world, admin, tried: BTreeSet::new() }
    }

    async fn close_ledger(&self) {
        let close = "create trigger refuse_entry before insert on ombudsman.ledger_inbox
                     for each row execute function public.refuse_entry()";
        sqlx::query(close).execute(&self.admin).await.unwrap();
    }

    async fn open_ledger(&self) {
        sqlx::query("drop trigger refuse_entry on ombudsman.ledger_inbox").execute(&self.admin).await.unwrap();
    }

    /// Everything the schema holds, apart from where the ledger and its followers stand.
    async fn fingerprint(&self) -> BTreeMap<String, String> {
        let tables: Vec<String> = sqlx::query_scalar(
            "select tablename::text from pg_tables where schemaname = 'ombudsman'
                and tablename not in ('ledger', 'ledger_inbox', 'ledger_head', 'ledger_cursor', 'request', 'request_about')
                and tablename not like 'ledger\\_from\\_%'",
        )
        .fetch_all(&self.admin)
        .await
        .unwrap();
        let mut found = BTreeMap::new();
        for table in tables {
            let rows =
                format!("select coalesce(string_agg(t::text, '|' order by t::text), '') from ombudsman.{table} t");
            found.insert(table, sqlx::query_scalar(sqlx::AssertSqlSafe(rows)).fetch_one(&self.admin).await.unwrap());
        }
        // An entry moves from the inbox to the ledger by itself.
        let entries = "select coalesce(string_agg(id::text, '|' order by id), '') from
            (select entry_id as id from ombudsman.ledger union select entry_id from ombudsman.ledger_inbox) e";
        found.insert("entries".to_owned(), sqlx::query_scalar(entries).fetch_one(&self.admin).await.unwrap());
        found
    }

    /// Requests that were claimed. Old ones are forgotten by themselves.
    async fn requests(&self) -> BTreeSet<uuid::Uuid> {
        let claimed: Vec<uuid::Uuid> =
            sqlx::query_scalar("select request_id from ombudsman.request").fetch_all(&self.admin).await.unwrap();
        claimed.into_iter().collect()
    }

    /// The call with the ledger closed, which must fail and leave nothing; then the same call, which must be right.
    async fn both<M, R>(&mut self, who: (&str, Role), path: &'static str, request: &M) -> R
    where
        M: Message + Clone + Default + 'static,
        R: Message + Default + 'static,
    {
        let department = (who.1 == Role::FirmLiaison).then_some("customer-service");
        let channel = self.world.served.channel_as(who.0, &[who.1], department);
        self.both_on(channel, path, request).await
    }

    async fn both_on<M, R>(&mut self, channel: testkit::Client, path: &'static str, request: &M) -> R
    where
        M: Message + Clone + Default + 'static,
        R: Message + Default + 'static,
    {
        let (before, requests) = (self.fingerprint().await, self.requests().await);
        self.close_ledger().await;
        let refused = unary::<M, R>(channel.clone(), path, request).await.err();
        let refused = refused.unwrap_or_else(|| panic!("{path} was answered"));
        assert_eq!(refused.code(), Code::Internal, "{path}: {refused:?}");
        let after = self.fingerprint().await;
        let touched: Vec<&String> = before.keys().filter(|table| before.get(*table) != after.get(*table)).collect();
        assert!(touched.is_empty(), "{path} left something behind in {touched:?}");
        assert!(self.requests().await.is_subset(&requests), "{path} left its request claimed");
        self.open_ledger().await;
        let answer = unary::<M, R>(channel, path, request).await;
        self.tried.insert(path.rsplit('/').next().unwrap());
        answer.unwrap_or_else(|status| panic!("{path} would not have been right anyway: {status:?}"))
    }

    async fn etag(&self, case: &str) -> String {
        self.world.etag(case).await
    }
}

async fn unary<M, R>(channel: testkit::Client, path: &'static str, request: &M) -> Result<R, Status>
where
    M: Message + Clone + Default + 'static,
    R: Message + Default + 'static,
{
    let mut client = tonic::client::Grpc::new(channel).max_decoding_message_size(64 * 1024 * 1024);
    client.ready().await.unwrap();
    let codec = tonic_prost::ProstCodec::<M, R>::default();
    let path = PathAndQuery::from_static(path);
    client.unary(tonic::Request::new(request.clone()), path, codec).await.map(tonic::Response::into_inner)
}

macro_rules! office {
    ($method:literal) => {
        concat!("/ventanilla.ombudsman.v1.OmbudsmanService/", $method)
    };
}
macro_rules! house {
    ($method:literal) => {
        concat!("/ventanilla.ombudsman.v1.HouseService/", $method)
    };
}

macro_rules! procedure {
    ($method:literal) => {
        concat!("/ventanilla.ombudsman.v1.ProcedureService/", $method)
    };
}
macro_rules! claimant {
    ($method:literal) => {
        concat!("/ventanilla.ombudsman.v1.ClaimantService/", $method)
    };
}

/// Somebody tries a step of the procedure, about a case or an obligation of it.
macro_rules! step {
    ($trial:expr, $who:expr, $method:literal, $request:ident, $name:expr $(, $field:ident: $value:expr)* $(,)?) => {{
        let name: &str = $name;
        #[allow(clippy::needless_update, reason = "of some requests every field is said")]
        let request = pb::$request {
            name: name.to_owned(),
            etag: $trial.etag(crate::acts::case_of(name)).await,
            request_id: fresh_id(),
            $($field: $value.into(),)*
            ..Default::default()
        };
        $trial.both::<_, pb::Case>($who, procedure!($method), &request).await
    }};
}

const LIAISON: (&str, Role) = ("liaison", Role::FirmLiaison);
const ELENA: (&str, Role) = ("elena", Role::Ombudsman);
const INES: (&str, Role) = ("ines", Role::OfficeIntake);
const OSCAR: (&str, Role) = ("oscar", Role::Investigator);

#[tokio::test]
async fn what_cannot_be_written_down_does_not_happen() {
    let mut trial = Trial::begin().await;
    people(&mut trial).await;
    admission(&mut trial).await;
    hearing(&mut trial).await;
    decision(&mut trial).await;
    ways_out(&mut trial).await;
    after_the_decision(&mut trial).await;
    who_holds_key_and_proof(&mut trial).await;
    endings(&mut trial).await;
    keys(&mut trial).await;

    let expected: BTreeSet<&str> = ventanilla_proto::policies()
        .iter()
        .filter_map(|policy| policy.path.strip_prefix("/ventanilla.ombudsman.v1.")?.split_once('/'))
        .map(|(_, method)| method)
        .filter(|method| mutates(method) || AUDITED_READS.contains(method))
        .collect();
    assert_eq!(trial.tried, expected, "every mutation and every read under record is tried");
}

/// A method whose name says that it only looks.
fn mutates(method: &str) -> bool {
    !["Get", "List", "Verify", "Export", "Propose", "Find"].iter().any(|verb| method.starts_with(verb))
        || method == "ProposeInadmissibility"
}

async fn people(trial: &mut Trial) {
    let member = |world: &World| pb::OfficeMember {
        person: "rita".into(),
        office_roles: vec![pb::OfficeRole::Investigator.into(), pb::OfficeRole::Quality.into()],
        unit: "ombudsman-office".into(),
        mandate: Some(pb::Mandate { start_time: world.in_days(-1), end_time: world.in_days(900), ending: None }),
        ..Default::default()
    };
    let register = pb::RegisterOfficeMemberRequest { member: Some(member(&trial.world)), request_id: fresh_id() };
    let rita: pb::OfficeMember = trial.both(ELENA, office!("RegisterOfficeMember"), &register).await;
    let declaration = Some(pb::RelationDeclaration::default());
    let declare = pb::DeclareRelationsRequest { declaration, request_id: fresh_id() };
    let rita: pb::OfficeMember = {
        let declared: pb::OfficeMember =
            trial.both(("rita", Role::Investigator), office!("DeclareRelations"), &declare).await;
        assert_eq!(declared.name, rita.name);
        declared
    };
    let renew = pb::RenewMandateRequest {
        name: rita.name.clone(),
        etag: rita.etag,
        mandate: Some(pb::Mandate {
            start_time: trial.world.in_days(900),
            end_time: trial.world.in_days(1800),
            ending: None,
        }),
        request_id: fresh_id(),
    };
    let rita: pb::OfficeMember = trial.both(ELENA, house!("RenewMandate"), &renew).await;
    let change = pb::ChangeOfficeRolesRequest {
        name: rita.name,
        etag: rita.etag,
        office_roles: vec![pb::OfficeRole::Investigator.into()],
        request_id: fresh_id(),
        cause: pb::MandateEndCause::Incapacity.into(),
        explanation: "by the report of the 12th".into(),
    };
    trial.both::<_, pb::OfficeMember>(ELENA, house!("ChangeOfficeRoles"), &change).await;
}

async fn admission(trial: &mut Trial) {
    let ticket = trial.world.ticket().await;
    trial.world.received(&ticket).await;
    let open = pb::OpenCaseRequest { parallel_proceedings: 0, ..open_request(&ticket) };
    let case: pb::Case = trial.both(INES, office!("OpenCase"), &open).await;
    let name = case.name;
    for (person, office_role) in [("ines", pb::OfficeRole::Intake), ("elena", pb::OfficeRole::Ombudsman)] {
        let assign = pb::AssignCaseRequest {
            name: name.clone(),
            etag: trial.etag(&name).await,
            person: person.into(),
            office_role: office_role.into(),
            request_id: fresh_id(),
        };
        trial.both::<_, pb::Case>(ELENA, office!("AssignCase"), &assign).await;
    }
    let cure = pb::RequestCureRequest {
        name: name.clone(),
        etag: trial.etag(&name).await,
        items: vec![pb::MissingItem::ParallelProceedingsDeclaration.into()],
        explanation: "do other proceedings run?".into(),
        request_id: fresh_id(),
    };
    trial.both::<_, pb::Case>(INES, office!("RequestCure"), &cure).await;
    let receive = pb::ReceiveCureRequest {
        name: name.clone(),
        etag: trial.etag(&name).await,
        content: "none".into(),
        parallel_proceedings: pb::ParallelProceedings::None.into(),
        request_id: fresh_id(),
        ..Default::default()
    };
    trial.both::<_, pb::Case>(INES, office!("ReceiveCure"), &receive).await;
    let propose = pb::ProposeInadmissibilityRequest {
        name: name.clone(),
        etag: trial.etag(&name).await,
        ground: pb::InadmissibilityGround::OtherForum.into(),
        reasons: "a matter for the courts".into(),
        repeats: Vec::new(),
        request_id: fresh_id(),
    };
    trial.both::<_, pb::Case>(INES, office!("ProposeInadmissibility"), &propose).await;
    trial.world.days(11);
    let refuse = pb::RefuseCaseRequest {
        name: name.clone(),
        etag: trial.etag(&name).await,
        ground: pb::InadmissibilityGround::OtherForum.into(),
        reasons: "a matter for the courts".into(),
        signpost: "the courts".into(),
        request_id: fresh_id(),
    };
    trial.both::<_, pb::Case>(ELENA, office!("RefuseCase"), &refuse).await;
}

async fn hearing(trial: &mut Trial) {
    let name = trial.world.seated_case().await.name;
    let admit = pb::AdmitCaseRequest {
        name: name.clone(),
        etag: trial.etag(&name).await,
        request_id: fresh_id(),
        ..Default::default()
    };
    trial.both::<_, pb::Case>(INES, office!("AdmitCase"), &admit).await;
    let state = pb::SubmitEntityStatementRequest {
        name: name.clone(),
        etag: trial.etag(&name).await,
        statement: "Both charges were correct.".into(),
        request_id: fresh_id(),
    };
    let liaison = trial.world.served.channel(Role::FirmLiaison);
    trial.both_on::<_, pb::Case>(liaison, office!("SubmitEntityStatement"), &state).await;
    let note = pb::AddDossierEntryRequest {
        parent: name.clone(),
        kind: pb::DossierKind::Note.into(),
        visibility: pb::DossierVisibility::Office.into(),
        content: b"a note".to_vec(),
        request_id: fresh_id(),
        ..Default::default()
    };
    trial.both::<_, pb::DossierEntry>(OSCAR, office!("AddDossierEntry"), &note).await;
    let export = pb::ExportDossierRequest { name: name.clone(), audience: 0 };
    trial.both::<_, pb::DossierExport>(OSCAR, office!("ExportDossier"), &export).await;
    let disclose =
        pb::GiveDisclosureRequest { name: name.clone(), language: Language::Es.into(), request_id: fresh_id() };
    trial.both::<_, pb::DisclosureStatement>(INES, house!("GiveDisclosure"), &disclose).await;
    let recuse = pb::RecuseFromCaseRequest {
        name: name.clone(),
        etag: trial.etag(&name).await,
        cause: "I know them".into(),
        request_id: fresh_id(),
    };
    trial.both::<_, pb::Case>(OSCAR, office!("RecuseFromCase"), &recuse).await;
    let rectify = pb::RectifyCaseRequest {
        name: name.clone(),
        etag: trial.etag(&name).await,
        proof: "the transfer of the 3rd".into(),
        request_id: fresh_id(),
    };
    trial.both::<_, pb::Case>(INES, office!("RectifyCase"), &rectify).await;
    let other = trial.world.seated_case().await.name;
    let withdraw = pb::WithdrawCaseRequest {
        name: other.clone(),
        etag: trial.etag(&other).await,
        statement: "I leave it".into(),
        request_id: fresh_id(),
    };
    trial.both::<_, pb::Case>(INES, office!("WithdrawCase"), &withdraw).await;
}

async fn decision(trial: &mut Trial) {
    let name = trial.world.seated_case().await.name;
    trial.world.admit(&name).await.unwrap();
    trial.world.days(40);
    let start =
        pb::StartInvestigationRequest { name: name.clone(), etag: trial.etag(&name).await, request_id: fresh_id() };
    trial.both::<_, pb::Case>(OSCAR, office!("StartInvestigation"), &start).await;
    for text in ["the firm is wrong", "on both points"] {
        let save = trial.world.draft_request(&name, text).await;
        trial.both::<_, pb::Draft>(OSCAR, office!("SaveDraft"), &save).await;
    }
    let read = pb::GetDraftRequest { case_name: name.clone() };
    trial.both::<_, pb::Draft>(ELENA, office!("GetDraft"), &read).await;
    // Who is turned away from it is turned away whether that can be written or not, and learns nothing.
    trial.close_ledger().await;
    let strange = trial.world.served.channel_as("rita", &[Role::Investigator], None);
    let turned_away = unary::<_, pb::Draft>(strange, office!("GetDraft"), &read).await.unwrap_err();
    assert_eq!(turned_away.code(), Code::Internal);
    let firm = trial.world.served.channel(Role::Agent);
    let kept_out = unary::<_, pb::Draft>(firm, office!("GetDraft"), &read).await.unwrap_err();
    assert_eq!(kept_out.code(), Code::Unavailable);
    trial.open_ledger().await;

    let mut issue = issue_request(&trial.world, &name).await;
    // What binds the firm is carried out before it is closed.
    for point in &mut issue.points {
        point.outcome = pb::DecisionOutcome::NotUpheld.into();
    }
    trial.both::<_, pb::Decision>(ELENA, office!("IssueDecision"), &issue).await;
    let notify = pb::NotifyDecisionRequest {
        name: name.clone(),
        etag: trial.etag(&name).await,
        channel: Channel::Web.into(),
        request_id: fresh_id(),
    };
    trial.both::<_, pb::Case>(INES, office!("NotifyDecision"), &notify).await;
    let close = pb::CloseCaseRequest { name: name.clone(), etag: trial.etag(&name).await, request_id: fresh_id() };
    trial.both::<_, pb::Case>(INES, office!("CloseCase"), &close).await;
}

async fn endings(trial: &mut Trial) {
    // A relation whose end is declared for a year ahead: the seat stands until then, and against the wall afterwards.
    let name = trial.world.seated_case().await.name;
    let declaration =
        pb::RelationDeclaration { relations: vec![relation(crate::world::CUSTOMER)], ..Default::default() };
    let declare = pb::DeclareRelationsRequest { declaration: Some(declaration), request_id: fresh_id() };
    trial.both::<_, pb::OfficeMember>(OSCAR, office!("DeclareRelations"), &declare).await;
    trial.world.assign(&name, "rita", pb::OfficeRole::Investigator).await.unwrap();
    // Rita's declaration runs out; Sara's does not.
    trial.world.days(300);
    trial.world.declare("elena", Role::Ombudsman, Vec::new()).await;
    trial.world.hire("sara", Role::Investigator, pb::OfficeRole::Investigator).await;
    trial.world.days(60);
    let substitute = pb::SubstituteSeatRequest {
        name: name.clone(),
        etag: trial.etag(&name).await,
        person: "rita".into(),
        office_role: pb::OfficeRole::Investigator.into(),
        substitute: String::new(),
        request_id: fresh_id(),
    };
    trial.both::<_, pb::Case>(ELENA, house!("SubstituteSeat"), &substitute).await;
    trial.world.hire("tono", Role::Investigator, pb::OfficeRole::Investigator).await;
    let sara = trial.world.member("sara").await;
    let end = pb::EndMandateRequest {
        name: sara.name,
        etag: sara.etag,
        cause: pb::MandateEndCause::Resignation.into(),
        explanation: "goes to the university".into(),
        substitutes: vec![pb::CaseSubstitute { case_name: name, person: "tono".into() }],
        request_id: fresh_id(),
        other_substitute: String::new(),
    };
    trial.both::<_, pb::OfficeMember>(ELENA, house!("EndMandate"), &end).await;
}

async fn keys(trial: &mut Trial) {
    let next = trial.world.with_keys([0x3c; 32], &[OFFICE_KEY], "").await.unwrap();
    let reclose = pb::RecloseDraftsRequest { page_size: 10, request_id: fresh_id() };
    let channel = next.channel_as("elena", &[Role::Ombudsman], None);
    let done: pb::RecloseDraftsResponse = trial.both_on(channel, house!("RecloseDrafts"), &reclose).await;
    assert_eq!((done.reclosed_count, done.remaining_count), (6, 0));
}

async fn ways_out(trial: &mut Trial) {
    let elsewhere = trial.world.case().await.name;
    trial.world.assign(&elsewhere, "ines", pb::OfficeRole::Intake).await.unwrap();
    step!(trial, INES, "ForwardCase", ForwardCaseRequest, &elsewhere, competent: "the insurer", reasons: "a policy of theirs");

    let name = trial.world.seated_under_adr().await;
    trial.world.admit(&name).await.unwrap();
    sqlx::query("insert into ombudsman.case_clock (clock_id, case_id, rule, stage, due_at) values ('clocks/1', $1, 'es.adr.20.result', 'result', to_timestamp($2))")
        .bind(crate::world::uuid_of(&name))
        .bind(trial.world.in_days(30).map(|at| at.seconds))
        .execute(&trial.admin)
        .await
        .unwrap();
    step!(trial, ELENA, "ExtendTerm", ExtendTermRequest, &name, reasons: "an expert is heard");

    let name = trial.world.drafted_case().await.name;
    step!(trial, INES, "StayCase", StayCaseRequest, &name, proceedings: "suit 41/2026");
    step!(trial, INES, "ResumeCase", ResumeCaseRequest, &name, statement: "dropped");
    step!(trial, INES, "StayCase", StayCaseRequest, &name, proceedings: "suit 42/2026");
    step!(trial, INES, "CloseStayedCase", CloseStayedCaseRequest, &name, reason: pb::StayClosure::ProceedingsDecided, statement: "judged");

    let name = trial.world.seated_case().await.name;
    trial.world.to_investigation(&name).await;
    step!(trial, LIAISON, "OfferSettlement", OfferSettlementRequest, &name, terms: "41 euros");
    step!(trial, INES, "EndConciliation", EndConciliationRequest, &name, reasons: "nobody was told");
    step!(trial, LIAISON, "OfferSettlement", OfferSettlementRequest, &name, terms: "82 euros");
    step!(trial, INES, "TellOffer", TellOfferRequest, &name, channel: Channel::Post);
    step!(trial, INES, "AnswerOffer", AnswerOfferRequest, &name, accepted: false, statement: "no");
    trial.world.withdraw(&name).await.unwrap();
    step!(trial, ELENA, "ContinueByOwnInitiative", ContinueByOwnInitiativeRequest, &name, reasons: "it may hit others");
}

async fn after_the_decision(trial: &mut Trial) {
    let told = trial.world.told_under("es.general").await;
    step!(trial, ELENA, "CorrectDecision", CorrectDecisionRequest, &told, claim_point: "p1", text: pb::DecisionText::Finding,
        stood: "the 3rd and the 5th", stands: "the 3rd and the 6th", reason: "misread");
    step!(trial, INES, "ReviewCase", ReviewCaseRequest, &told, cause: "new evidence");
    step!(trial, INES, "AnswerDecision", AnswerDecisionRequest, &told, party: pb::BoundBy::Firm, accepted: true, statement: "yes");
    let order = pb::ComplianceOrder { claim_point: "p1".into(), department: "billing".into(), term_days: 10 };
    step!(trial, ELENA, "OrderCompliance", OrderComplianceRequest, &told, orders: vec![order]);
    step!(trial, ELENA, "Recommend", RecommendRequest, &told, recommendation: "charge once", department: "billing", term_days: 30);
    let order = format!("{told}/obligations/1");
    step!(trial, LIAISON, "ProveExecution", ProveExecutionRequest, &order, proof: "transfer of today");
    step!(trial, OSCAR, "ReviewExecution", ReviewExecutionRequest, &order, holds: false, reasons: "of another account");
    trial.world.days(12);
    crate::compliance::breached(&trial.world, &order, 1).await;
    step!(trial, ELENA, "ReportOverdue", ReportOverdueRequest, &told, report: "nothing was refunded");

    let classify = pb::ClassifyCaseRequest {
        name: trial.world.seated_case().await.name,
        etag: String::new(),
        matter: Some(pb::CaseMatter { motive: "fees".into(), ..Default::default() }),
        request_id: fresh_id(),
    };
    let classify = pb::ClassifyCaseRequest { etag: trial.etag(&classify.name).await, ..classify };
    trial.both::<_, pb::Case>(INES, "/ventanilla.ombudsman.v1.PrecedentService/ClassifyCase", &classify).await;
    let mark = pb::MarkLeadingDecisionRequest {
        name: told.clone(),
        etag: trial.etag(&told).await,
        criterion: "a fee is charged once".into(),
        language: Language::En.into(),
        request_id: fresh_id(),
    };
    trial
        .both::<_, pb::LeadingDecision>(ELENA, "/ventanilla.ombudsman.v1.PrecedentService/MarkLeadingDecision", &mark)
        .await;
    let recommendation = pb::Recommendation {
        regime: "es.general".into(),
        text: "charge once".into(),
        language: Language::En.into(),
        ..Default::default()
    };
    let recommend = pb::MakeRecommendationRequest { recommendation: Some(recommendation), request_id: fresh_id() };
    trial
        .both::<_, pb::Recommendation>(ELENA, "/ventanilla.ombudsman.v1.ReportService/MakeRecommendation", &recommend)
        .await;
}

async fn who_holds_key_and_proof(trial: &mut Trial) {
    let opened = crate::claimant::ticket(&trial.world).await;
    trial.world.received(&opened.ticket.as_ref().unwrap().name).await;
    let (key, proof) = (opened.tracking_key, opened.proof);
    let open = pb::OpenPublicCaseRequest {
        tracking_key: key.clone(),
        proof: proof.clone(),
        parallel_proceedings: pb::ParallelProceedings::None.into(),
        request_id: fresh_id(),
    };
    let channel = trial.world.served.anonymous();
    let opened = trial.both_on::<_, pb::OpenPublicCaseResponse>(channel, office!("OpenPublicCase"), &open).await;
    let add = pb::AddClaimantEntryRequest {
        tracking_key: key,
        proof,
        kind: pb::DossierKind::Evidence.into(),
        content: b"statement of my bank".to_vec(),
        office_code: opened.office_code,
        request_id: fresh_id(),
        ..Default::default()
    };
    let channel = trial.world.served.anonymous();
    trial.both_on::<_, pb::ClaimantAct>(channel, claimant!("AddClaimantEntry"), &add).await;

    let claimant = crate::claimant::Claimant::of(&trial.world, "es.adr").await;
    let tell = pb::TellClaimantCodeRequest {
        name: claimant.case.clone(),
        channel: Channel::Post.into(),
        renewed: false,
        request_id: fresh_id(),
    };
    trial.both::<_, pb::ClaimantCode>(INES, office!("TellClaimantCode"), &tell).await;
    trial.world.to_draft(&claimant.case).await;
    act!(trial.world, "liaison", offer_settlement, OfferSettlementRequest, &claimant.case, terms: "41 euros").unwrap();
    act!(trial.world, "ines", tell_offer, TellOfferRequest, &claimant.case, channel: Channel::Post).unwrap();
    let channel = trial.world.served.anonymous();
    let no = claimant.answering_offer(false).await;
    trial.both_on::<_, pb::ClaimantAct>(channel, claimant!("AnswerClaimantOffer"), &no).await;
    let save = trial.world.draft_request(&claimant.case, "on both points").await;
    trial.world.oscar().save_draft(save).await.unwrap();
    trial.world.decide(&claimant.case).await;
    let channel = trial.world.served.anonymous();
    let yes = claimant.answering_decision(true).await;
    trial.both_on::<_, pb::ClaimantAct>(channel, claimant!("AnswerClaimantDecision"), &yes).await;

    let claimant = crate::claimant::Claimant::of(&trial.world, "es.finance").await;
    claimant.asked(&trial.world).await;
    let complete = claimant.completing().await;
    let channel = trial.world.served.anonymous();
    trial.both_on::<_, pb::ClaimantAct>(channel, claimant!("CompleteClaimantCase"), &complete).await;
    let told = claimant.asking_who();
    let channel = trial.world.served.anonymous();
    trial.both_on::<_, pb::DisclosureStatement>(channel, claimant!("GiveClaimantDisclosure"), &told).await;
    let stop = claimant.withdrawing().await;
    let channel = trial.world.served.anonymous();
    trial.both_on::<_, pb::ClaimantAct>(channel, claimant!("WithdrawClaimantCase"), &stop).await;
}
