//! The whole work of the ombudsman's office, step by step, on as many cases as it takes: every step of the console is taken once at least, by whoever may
//! take it and from where it may be taken. How a step is taken is the test's: over HTTP, or by hand in a browser. What it did is looked up at the office.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kernel::{Ambient, Clock, Role, SystemClock, SystemEntropy};
use ventanilla_proto::ombudsman::v1 as office;
use ventanilla_proto::ombudsman::v1::CaseState as S;
use ventanilla_proto::r#type::v1::Channel;

use super::Scene;
use super::affair::Affair;
use super::fingerprint;
use super::people::Person;
use crate::browser::SCRIPTS;

/// How long anything is waited for that followers and clocks do by themselves.
const LIMIT: Duration = Duration::from_secs(60);

/// Who sits at the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Seat {
    /// Takes in and notifies.
    Registry,
    /// Investigates and drafts.
    Investigator,
    /// Decides.
    Ombudsman,
    /// Speaks for the firm, on the firm's page.
    Liaison,
}

impl Seat {
    /// A token of theirs.
    pub fn token(self, scene: &Scene) -> String {
        let (person, role, department) = match self {
            Self::Registry => ("registry-1", Role::OfficeIntake, None),
            Self::Investigator => ("investigator-1", Role::Investigator, None),
            Self::Ombudsman => ("ombudsman-1", Role::Ombudsman, None),
            Self::Liaison => ("liaison-1", Role::FirmLiaison, Some("legal")),
        };
        scene.token(person, &[role], department)
    }

    /// Where they begin.
    pub const fn home(self) -> &'static str {
        if matches!(self, Self::Liaison) { "/firm" } else { "/console" }
    }
}

/// A step to be taken.
#[derive(Debug, Clone)]
pub struct Turn<'a> {
    /// By whom.
    pub who: Seat,
    /// On this case, by its id.
    pub case: &'a str,
    /// As the address of its form names it.
    pub step: &'static str,
    /// What has to be in these fields; into every other one that takes words, [`Turn::words`] are typed.
    pub fields: Vec<(&'a str, String)>,
}

impl Turn<'_> {
    /// The page that its form stands on, and where the form is sent.
    pub fn place(&self) -> (String, String) {
        let Self { case, step, .. } = self;
        match (self.who, *step) {
            (Seat::Liaison, "statement") => (format!("/firm/cases/{case}"), format!("/firm/cases/{case}")),
            (Seat::Liaison, act) => (format!("/firm/cases/{case}"), format!("/firm/cases/{case}/{act}")),
            (_, step) => (format!("/console/cases/{case}/steps/{step}"), format!("/console/cases/{case}/steps/{step}")),
        }
    }

    /// By what the words of a field are known again.
    pub fn mark(&self, field: &str) -> String {
        format!("«{}.{field}»", self.step)
    }

    /// What is typed into a field of words: some, known again by their mark, and every script.
    pub fn words(&self, field: &str) -> String {
        format!("{} Dijo que la cuota de octubre se cobró dos veces. {}", self.mark(field), SCRIPTS.join(" "))
    }
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Taken {
    /// The id of the case that is shown next.
    pub case: String,
    /// The fields that [`Turn::words`] were typed into.
    pub typed: Vec<String>,
}

/// Takes steps.
pub trait Taker {
    /// Fills the form of the step and sends it.
    fn take(&mut self, turn: Turn<'_>) -> impl Future<Output = Taken>;
}

/// Days that a docket is behind the clock of the monitor of terms, which goes by the database's: what is due tomorrow there has fallen due here.
const BEHIND: SignedDuration = SignedDuration::from_hours(24 * 5);

struct Behind;

impl Clock for Behind {
    fn now(&self) -> Timestamp {
        SystemClock.now() - BEHIND
    }
}

/// Clock and chance of a scene that a docket is played in.
pub fn ambient() -> Ambient {
    Ambient::new(Behind, SystemEntropy)
}

/// Some of the cases that a docket leaves behind, by id.
#[derive(Debug, Clone)]
pub struct Left {
    /// Decided, corrected, carried out.
    pub complied: String,
    /// With a draft, which is stayed.
    pub drafted: String,
    /// Every step that was taken.
    pub taken: BTreeSet<&'static str>,
    /// Everything that the firm sent on its page.
    pub sent: BTreeSet<&'static str>,
}

/// The office at work.
pub struct Docket<'a, T> {
    scene: &'a Scene,
    affair: Affair<'a>,
    customer: String,
    taker: T,
    taken: BTreeSet<&'static str>,
    sent: BTreeSet<&'static str>,
}

impl<'a, T: Taker> Docket<'a, T> {
    /// An office with its people, and a customer. The scene has the clock of [`ambient`].
    ///
    /// # Panics
    /// As all of these: when the office does not do what is asked.
    pub async fn open(scene: &'a Scene, number: u32, taker: T) -> Self {
        let affair = Affair::of(scene, Person::numbered(number));
        affair.appoint().await.expect("the office has its people");
        let customer = affair.arrive().await.expect("a good record").customer;
        Self { scene, affair, customer, taker, taken: BTreeSet::new(), sent: BTreeSet::new() }
    }

    /// Works through all of it.
    pub async fn work(mut self) -> (Left, T) {
        let complied = self.decided_and_carried_out().await;
        self.overdue().await;
        self.answered_by_the_firm().await;
        self.refused().await;
        self.forwarded().await;
        let drafted = self.offered_and_stayed().await;
        self.prolonged().await;
        self.withdrawn().await;
        self.rectified().await;
        self.seats().await;
        (Left { complied, drafted, taken: self.taken, sent: self.sent }, self.taker)
    }

    /// A case of a complaint of its own.
    async fn case(&self, regime: &str) -> office::Case {
        let ticket =
            self.affair.complain(&self.customer, "").await.expect("a good complaint").ticket.expect("it is there");
        let case = self.affair.bring_under(&ticket.name, regime).await.expect("the office takes it");
        fingerprint::settled(&self.scene.admin().await, LIMIT).await;
        case
    }

    /// One that is admitted, and has its people.
    async fn admitted(&self, regime: &str) -> String {
        let case = self.case(regime).await;
        let case = self.affair.admit(&case).await.expect("it is admitted");
        id(&case.name)
    }

    /// One with a draft.
    async fn drafted(&self, regime: &str) -> String {
        let case = self.admitted(regime).await;
        let case = self.stands(&case).await;
        self.affair.investigate(&case).await.expect("it is investigated");
        id(&case.name)
    }

    async fn stands(&self, case: &str) -> office::Case {
        let request = office::GetCaseRequest { name: name(case) };
        self.affair.cast.ombudsman.office.clone().get_case(request).await.expect("the case is there").into_inner()
    }

    /// Takes a step, sees that it was taken, that the case stands so, and that everything that was typed is at the office.
    async fn take(&mut self, who: Seat, case: &str, step: &'static str, fields: &[(&str, &str)], state: S) -> String {
        let fields = fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let turn = Turn { who, case, step, fields };
        let taken = self.taker.take(turn.clone()).await;
        let all = if who == Seat::Liaison { &mut self.sent } else { &mut self.taken };
        all.insert(step);
        let stands = self.stands(&taken.case).await;
        assert_eq!(stands.state(), state, "{step}: {stands:?}");
        let known = self.known(case).await + &self.known(&taken.case).await;
        for field in &taken.typed {
            assert!(known.contains(&turn.mark(field)), "{step}: what was typed as {field} is not at the office");
        }
        taken.case
    }

    /// Everything that the office knows of a case, as text.
    async fn known(&self, case: &str) -> String {
        let ombudsman = &self.affair.cast.ombudsman;
        let mut known = format!("{:?}", self.stands(case).await);
        let list = office::ListDossierEntriesRequest { parent: name(case), page_size: 100, ..Default::default() };
        let entries =
            ombudsman.office.clone().list_dossier_entries(list).await.expect("the dossier is open").into_inner();
        for entry in entries.entries {
            known.push_str(&String::from_utf8_lossy(&entry.content));
        }
        let procedure = office::GetProcedureRequest { name: format!("{}/procedure", name(case)) };
        let procedure = ombudsman.procedure.clone().get_procedure(procedure).await.expect("it is there");
        let year = i32::from(self.scene.ambient.now().to_zoned(jiff::tz::TimeZone::UTC).year());
        let report = office::GetYearlyReportRequest {
            year,
            audience: office::ReportAudience::Board.into(),
            ..Default::default()
        };
        let report = ombudsman.reports.clone().get_yearly_report(report).await.expect("there is a report");
        format!("{known} {:?} {:?}", procedure.into_inner(), report.into_inner())
    }

    async fn owed(&self, case: &str) -> Vec<office::Obligation> {
        let request = office::ListObligationsRequest { parent: name(case), page_size: 100, ..Default::default() };
        let owed = self.affair.cast.ombudsman.procedure.clone().list_obligations(request).await;
        owed.expect("it is told").into_inner().obligations
    }

    async fn etag(&self, case: &str) -> String {
        self.stands(case).await.etag
    }

    async fn decided_and_carried_out(&mut self) -> String {
        use Seat::{Investigator, Liaison, Ombudsman, Registry};
        let case = id(&self.case("es.finance").await.name);
        for (person, role) in [("registry-1", "1"), ("investigator-1", "2"), ("ombudsman-1", "3")] {
            self.take(Registry, &case, "assign", &[("person", person), ("office_role", role)], S::Registered).await;
        }
        assert_eq!(self.stands(&case).await.assignments.len(), 3);
        self.take(Registry, &case, "request-cure", &[("items", "6")], S::NeedsCure).await;
        let nothing = [("facts_time", ""), ("claim_points", ""), ("receive_time", ""), ("receive_hour", "")];
        self.take(Registry, &case, "receive-cure", &nothing, S::Registered).await;
        self.take(Registry, &case, "admit", &[], S::Admitted).await;
        let matter = [("motive", "billing"), ("claimed_amount", "30,50")];
        self.take(Investigator, &case, "classify", &matter, S::Admitted).await;
        let matter = self.stands(&case).await.matter.unwrap_or_default();
        assert_eq!(
            (matter.motive.as_str(), matter.claimed_amount.map(|amount| amount.minor_units)),
            ("billing", Some(3_050))
        );
        let evidence = office::DossierKind::Evidence as i32;
        self.take(
            Investigator,
            &case,
            "add-entry",
            &[("kind", &evidence.to_string()), ("visibility", "1"), ("receive_time", ""), ("receive_hour", "")],
            S::Admitted,
        )
        .await;
        self.take(Registry, &case, "disclose", &[("language", "1")], S::Admitted).await;
        self.take(Liaison, &case, "statement", &[], S::EntityAllegations).await;
        self.take(Liaison, &case, "evidence", &[], S::EntityAllegations).await;
        self.take(Investigator, &case, "start-investigation", &[], S::Investigation).await;
        let draft = office::SaveDraftRequest {
            name: name(&case),
            etag: self.etag(&case).await,
            text: "Propuesta: estimar el primer punto".to_owned(),
            request_id: self.scene.request_id(),
        };
        self.affair.cast.investigator.office.clone().save_draft(draft).await.expect("it is drafted");
        self.affair.issue(&name(&case)).await.expect("it is decided");
        let web = (Channel::Web as i32).to_string();
        self.take(Registry, &case, "notify", &[("channel", &web)], S::Notified).await;
        let slip = [
            ("claim_point", "p1"),
            ("text", "2"),
            ("stood", "una sola cuota al mes"),
            ("stands", "una sola cuota cada mes"),
        ];
        self.take(Ombudsman, &case, "correct-decision", &slip, S::Notified).await;
        self.take(Ombudsman, &case, "mark-criterion", &[("language", "1")], S::Notified).await;
        let order = [("department-p1", "billing"), ("term_days-p1", "10"), ("department-p2", ""), ("term_days-p2", "")];
        self.take(Ombudsman, &case, "order-compliance", &order, S::Compliance).await;
        let owed = self.owed(&case).await.remove(0);
        assert_eq!((owed.department.as_str(), owed.claim_point.as_str()), ("billing", "p1"));
        self.take(Liaison, &case, "proof", &[("obligation", owed.name.as_str())], S::Compliance).await;
        let held = [("obligation", owed.name.as_str()), ("holds", "yes")];
        self.take(Investigator, &case, "review-execution", &held, S::Complied).await;
        assert!(self.owed(&case).await[0].met_time.is_some());
        let wish = [("department", "billing"), ("term_days", "30")];
        self.take(Ombudsman, &case, "recommend", &wish, S::Complied).await;
        assert_eq!(self.owed(&case).await[1].kind(), office::ObligationKind::Recommendation);
        let review = self.take(Registry, &case, "review", &[], S::Registered).await;
        assert_ne!(review, case, "a review is a case of its own");
        case
    }

    async fn overdue(&mut self) {
        let case = self.drafted("es.finance").await;
        self.affair.decide(&name(&case)).await.expect("it is decided");
        let order = [("department-p1", "billing"), ("term_days-p1", "1"), ("department-p2", ""), ("term_days-p2", "")];
        self.take(Seat::Ombudsman, &case, "order-compliance", &order, S::Compliance).await;
        testkit::eventually(LIMIT, || async {
            let state = self.stands(&case).await.state();
            if state == S::Overdue { Ok(()) } else { Err(format!("{state:?}")) }
        })
        .await;
        self.take(Seat::Ombudsman, &case, "report-overdue", &[], S::Reported).await;
    }

    async fn answered_by_the_firm(&mut self) {
        let case = self.drafted("es.general").await;
        self.affair.decide(&name(&case)).await.expect("it is decided");
        let firm = (office::BoundBy::Firm as i32).to_string();
        let no = [("party", firm.as_str()), ("accepted", "no")];
        self.take(Seat::Registry, &case, "answer-decision", &no, S::NotBinding).await;
    }

    async fn refused(&mut self) {
        let case = self.case("es.general").await;
        self.affair.assign(&case, "registry-1", office::OfficeRole::Intake).await.expect("a seat");
        let case = self.stands(&id(&case.name)).await;
        self.affair.assign(&case, "ombudsman-1", office::OfficeRole::Ombudsman).await.expect("a seat");
        let case = id(&case.name);
        let ground = [("ground", "3")];
        let proposed = [("ground", "3"), ("repeats", "")];
        self.take(Seat::Registry, &case, "propose-inadmissibility", &proposed, S::InadmissibleProposed).await;
        let words = office::DossierKind::ClaimantStatement as i32;
        let mut paper = vec![("kind", words.to_string()), ("visibility", "1".to_owned())];
        paper.extend(["receive_time", "receive_hour"].map(|field| (field, String::new())));
        let paper: Vec<(&str, &str)> = paper.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.take(Seat::Registry, &case, "add-entry", &paper, S::InadmissibleProposed).await;
        self.take(Seat::Ombudsman, &case, "refuse", &ground, S::Inadmissible).await;
    }

    async fn forwarded(&mut self) {
        let case = self.case("es.finance").await;
        self.affair.assign(&case, "registry-1", office::OfficeRole::Intake).await.expect("a seat");
        self.take(Seat::Registry, &id(&case.name), "forward", &[], S::ForwardedInternally).await;
    }

    async fn offered_and_stayed(&mut self) -> String {
        // While the claim is heard the first offer opens a conciliation; of a drafted case it waits for the office, which tells it.
        let heard = self.admitted("es.general").await;
        let carried_out = [("department", "billing"), ("term_days", "10")];
        self.take(Seat::Liaison, &heard, "offer", &carried_out, S::Conciliation).await;
        self.take(Seat::Registry, &heard, "end-conciliation", &[], S::Investigation).await;
        let case = self.drafted("es.general").await;
        let web = (Channel::Web as i32).to_string();
        let at_once = [("department", ""), ("term_days", "")];
        self.take(Seat::Liaison, &case, "offer", &at_once, S::Drafted).await;
        self.take(Seat::Registry, &case, "tell-offer", &[("channel", &web)], S::Conciliation).await;
        self.take(Seat::Registry, &case, "answer-offer", &[("accepted", "no")], S::Investigation).await;
        self.take(Seat::Registry, &case, "stay", &[], S::Stayed).await;
        self.take(Seat::Registry, &case, "resume", &[], S::Investigation).await;
        self.take(Seat::Registry, &case, "stay", &[], S::Stayed).await;
        self.take(Seat::Registry, &case, "close-stayed", &[("reason", "1")], S::Closed).await;
        self.drafted("es.general").await
    }

    /// Before an accredited body, which hears what the firm has answered, and takes longer to decide it.
    async fn prolonged(&mut self) {
        let ticket =
            self.affair.complain(&self.customer, "").await.expect("a good complaint").ticket.expect("it is there");
        self.affair.work(&ticket).await.expect("the firm works on it");
        let late =
            "Sus dos cartas de la semana pasada se traspapelaron al cambiar de oficina y hoy se contestan por escrito";
        self.affair.answer(&ticket.name, "p2", late).await.expect("the firm answers");
        let case = self.affair.bring_under(&ticket.name, "es.adr").await.expect("the office takes it");
        let case = id(&self.affair.admit(&case).await.expect("it is admitted").name);
        testkit::eventually(LIMIT, || async { self.stands(&case).await.decide_due_time.ok_or("no term is known") })
            .await;
        self.take(Seat::Ombudsman, &case, "extend-term", &[], S::Admitted).await;
    }

    async fn withdrawn(&mut self) {
        let case = self.drafted("es.general").await;
        self.take(Seat::Registry, &case, "withdraw", &[], S::Withdrawn).await;
        self.take(Seat::Ombudsman, &case, "own-initiative", &[], S::OwnInitiative).await;
    }

    async fn rectified(&mut self) {
        let case = self.drafted("es.general").await;
        self.take(Seat::Registry, &case, "rectify", &[], S::Rectified).await;
        self.take(Seat::Registry, &case, "close", &[], S::Closed).await;
    }

    /// Who investigates has not declared for more than a year: the wall stands against their seat, and another takes it, who is taken off as they
    /// come to act for the firm. The registry steps aside.
    async fn seats(&mut self) {
        let case = self.admitted("es.general").await;
        self.hire("investigator-2").await;
        let ran_out = "alter table ombudsman.relation_declaration disable trigger user;
                       update ombudsman.relation_declaration set declared_at = declared_at - interval '2 years', expires_at = expires_at - interval '2 years'
                        where person = 'investigator-1';
                       alter table ombudsman.relation_declaration enable trigger user";
        sqlx::raw_sql(ran_out).execute(&self.scene.admin().await).await.expect("it ran out");
        let seats = [("seat", "2 investigator-1"), ("substitute", "investigator-2")];
        self.take(Seat::Registry, &case, "substitute", &seats, S::Admitted).await;
        let sits = |case: &office::Case, person: &str| {
            case.assignments.iter().any(|seat| seat.person == person && seat.recuse_time.is_none())
        };
        let stands = self.stands(&case).await;
        assert!(sits(&stands, "investigator-2") && !sits(&stands, "investigator-1"), "{stands:?}");
        let agent = self.scene.person("investigator-2", &[Role::Agent], Some("billing"));
        let elsewhere = self.affair.complaint(&self.customer, "");
        agent.tickets.clone().create_ticket(elsewhere).await.expect("somebody of the firm takes a complaint");
        fingerprint::settled(&self.scene.admin().await, LIMIT).await;
        assert!(!sits(&self.stands(&case).await, "investigator-2"));
        self.take(Seat::Registry, &case, "recuse", &[], S::Admitted).await;
        assert!(!sits(&self.stands(&case).await, "registry-1"));
    }

    async fn hire(&self, person: &str) {
        let at = |days: i64| {
            let at = self.scene.ambient.now() + SignedDuration::from_hours(24 * days);
            Some(prost_types::Timestamp { seconds: at.as_second(), nanos: 0 })
        };
        let member = office::OfficeMember {
            person: person.to_owned(),
            office_roles: vec![office::OfficeRole::Investigator.into()],
            unit: "ombudsman-office".to_owned(),
            mandate: Some(office::Mandate { start_time: at(-1), end_time: at(3 * 365), ending: None }),
            ..Default::default()
        };
        let register =
            office::RegisterOfficeMemberRequest { member: Some(member), request_id: self.scene.request_id() };
        self.affair.cast.ombudsman.office.clone().register_office_member(register).await.expect("a new colleague");
        let declaration = Some(office::RelationDeclaration::default());
        let declare = office::DeclareRelationsRequest { declaration, request_id: self.scene.request_id() };
        let colleague = self.scene.person(person, &[Role::Investigator], None);
        colleague.office.clone().declare_relations(declare).await.expect("without relations");
    }
}

fn id(name: &str) -> String {
    name.trim_start_matches("cases/").to_owned()
}

fn name(id: &str) -> String {
    format!("cases/{id}")
}
