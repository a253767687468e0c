//! The people of the office: who may sit, whom the wall stands against, one's own declaration; and how a case comes in.

use askama::Template;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use kernel::Role;
use serde::Deserialize;
use ventanilla_proto::ombudsman::v1::{
    DeclareRelationsRequest, Incompatibility, IncompatibilityKind, ListOfficeMembersRequest, ListSeatConflictsRequest,
    OpenCaseRequest, ParallelProceedings, Relation, RelationDeclaration, RelationKind,
};
use ventanilla_proto::r#type::v1::Channel;
use web::{Csrf, Form, Lang, Layout, Said, Trouble, When, page};

use crate::office::{self, Office};
use crate::words::{self, Both};
use crate::wrong;

struct Member {
    id: String,
    person: String,
    roles: String,
    until: Option<When>,
    ended: bool,
    declared_until: Option<When>,
    declaration_holds: bool,
}

struct Conflict {
    case_id: String,
    short: String,
    person: String,
    seat: &'static str,
    grounds: Vec<&'static str>,
    proposals: String,
    left: bool,
}

#[derive(Template)]
#[template(path = "house.html")]
struct HousePage {
    lang: Lang,
    members: Vec<Member>,
    conflicts: Option<Vec<Conflict>>,
    done: bool,
    /// Terms of office, and the keys of drafts, are decided on by these.
    decides: bool,
}

/// What was just done.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    done: String,
}

/// `GET /console/house`.
pub(crate) async fn show(
    office: Office,
    axum::extract::Query(wanted): axum::extract::Query<Wanted>,
) -> Result<Response, Trouble> {
    let lang = office.lang;
    let mut house = office.house();
    let list = ListOfficeMembersRequest { page_size: 100, ..ListOfficeMembersRequest::default() };
    let members = house.list_office_members(list).await.map_err(|status| wrong::explained(status.into()))?.into_inner();
    // Whom the wall stands against is not told to every role.
    let conflicts = house.list_seat_conflicts(ListSeatConflictsRequest { page_size: 100, page_token: String::new() });
    let conflicts = conflicts.await.ok().map(|answer| answer.into_inner().conflicts);
    let members = members.members.iter().map(|member| {
        let mandate = member.mandate.clone().unwrap_or_default();
        let declared_until = member.declaration.as_ref().and_then(|said| When::of(lang, said.expire_time));
        Member {
            id: member.name.trim_start_matches("officeMembers/").to_owned(),
            person: member.person.clone(),
            roles: member.office_roles().map(|role| words::of(lang, words::seat(role))).collect::<Vec<_>>().join(", "),
            until: When::of(lang, mandate.end_time),
            ended: mandate.ending.is_some(),
            declaration_holds: declared_until.as_ref().is_some_and(|until| until.at > office.now),
            declared_until,
        }
    });
    let body = HousePage {
        lang,
        members: members.collect(),
        conflicts: conflicts.map(|all| {
            all.iter()
                .map(|one| Conflict {
                    case_id: office::id(&one.case_name).to_owned(),
                    short: office::short(&one.case_name),
                    person: one.person.clone(),
                    seat: words::of(lang, words::seat(one.office_role())),
                    grounds: one.grounds().map(|ground| words::of(lang, words::conflict(ground))).collect(),
                    proposals: one.proposals.iter().map(|p| p.person.as_str()).collect::<Vec<_>>().join(", "),
                    left: one.leave_time.is_some(),
                })
                .collect()
        }),
        done: wanted.done == "declared",
        decides: office.session.principal.has(Role::Ombudsman),
    };
    Ok(page(Layout::new(lang, lang.of("La casa", "The house")).of(&office.session, "/console"), body))
}

/// Posts that nobody of the office may have.
const INCOMPATIBILITIES: [(IncompatibilityKind, Both); 6] = [
    (IncompatibilityKind::EmployedByFirm, ("trabajo para la entidad o su grupo", "I work for the firm or its group")),
    (IncompatibilityKind::GovernsFirm, ("estoy en sus órganos de gobierno", "I sit on its governing bodies")),
    (IncompatibilityKind::OwnsFirm, ("tengo una participación significativa", "I hold a significant share of it")),
    (IncompatibilityKind::PaidByOutcome, ("cobro según cómo acaben los casos", "I am paid by how cases come out")),
    (
        IncompatibilityKind::AdvisesParties,
        ("asesoro o represento en disputas", "I advise or represent parties in disputes"),
    ),
    (
        IncompatibilityKind::Disqualified,
        ("estoy inhabilitado, en concurso o condenado", "I am disqualified, bankrupt or convicted"),
    ),
];

/// Lines of relations that the form has.
const RELATIONS: usize = 4;

#[derive(Template)]
#[template(path = "declaration.html")]
struct DeclarationPage<'a> {
    lang: Lang,
    csrf: Csrf,
    request_id: String,
    relations: Vec<(usize, &'a str, i32)>,
    kinds: Vec<(i32, &'static str)>,
    incompatibilities: Vec<(i32, &'static str, bool)>,
    refused: Option<String>,
    faults: Vec<(String, Said)>,
}

/// A declaration as it was typed.
#[derive(Deserialize, Default)]
pub(crate) struct Declared {
    #[serde(default)]
    party: Vec<String>,
    #[serde(default)]
    kind: Vec<i32>,
    #[serde(default)]
    incompatibility: Vec<i32>,
    #[serde(default)]
    sure: String,
    #[serde(default)]
    request_id: String,
}

/// `GET /console/house/declaration`.
pub(crate) async fn declaration(office: Office) -> Response {
    declaration_form(&office, &Declared::default(), None)
}

fn declaration_form(office: &Office, typed: &Declared, refused: Option<&Trouble>) -> Response {
    let lang = office.lang;
    let party = |at: usize| typed.party.get(at).map_or("", String::as_str);
    let kind = |at: usize| typed.kind.get(at).copied().unwrap_or_default();
    let body = DeclarationPage {
        lang,
        csrf: office.session.csrf.clone(),
        request_id: office.request_id(),
        relations: (0..RELATIONS).map(|at| (at, party(at), kind(at))).collect(),
        kinds: vec![
            (
                RelationKind::Personal.into(),
                lang.of("personal: familia, amistad, enemistad", "personal: family, friendship, enmity"),
            ),
            (RelationKind::Professional.into(), lang.of("profesional", "professional")),
            (RelationKind::Commercial.into(), lang.of("comercial", "commercial")),
        ],
        incompatibilities: INCOMPATIBILITIES
            .map(|(kind, both)| (kind.into(), words::of(lang, both), typed.incompatibility.contains(&kind.into())))
            .into(),
        refused: refused.map(|trouble| wrong::text(trouble, lang)),
        faults: refused
            .map(Trouble::faults)
            .unwrap_or_default()
            .iter()
            .map(|fault| (fault.field.clone(), fault.said(lang)))
            .collect(),
    };
    let status = refused.map_or(StatusCode::OK, Trouble::status);
    let title = lang.of("Mi declaración de relaciones", "My declaration of relations");
    page(Layout::new(lang, title).of(&office.session, "/console").status(status), body)
}

/// `POST /console/house/declaration`.
pub(crate) async fn declare(office: Office, Form(typed): Form<Declared>) -> Result<Response, Trouble> {
    if typed.sure != "yes" {
        let trouble = Trouble::new(StatusCode::UNPROCESSABLE_ENTITY)
            .saying("Marque que la declaración es completa.", "Tick that the declaration is complete.");
        return Ok(declaration_form(&office, &typed, Some(&trouble)));
    }
    let relations = typed.party.iter().zip(typed.kind.iter().chain(std::iter::repeat(&0)));
    let relations = relations.filter(|(party, _)| !party.trim().is_empty());
    let declaration = RelationDeclaration {
        relations: relations
            .map(|(party, kind)| Relation { party: party.trim().to_owned(), kind: *kind, end_time: None })
            .collect(),
        incompatibilities: typed
            .incompatibility
            .iter()
            .map(|kind| Incompatibility { kind: *kind, end_time: None })
            .collect(),
        ..RelationDeclaration::default()
    };
    let request = DeclareRelationsRequest { declaration: Some(declaration), request_id: typed.request_id.clone() };
    match office.cases().declare_relations(request).await {
        Ok(_) => Ok(Redirect::to("/console/house?done=declared").into_response()),
        Err(status) => {
            let trouble = Trouble::from(status);
            if trouble.status() == StatusCode::BAD_REQUEST {
                return Ok(declaration_form(&office, &typed, Some(&trouble)));
            }
            Err(wrong::explained(trouble).back_to("/console/house", "Volver a la casa", "Back to the house"))
        }
    }
}

#[derive(Template)]
#[template(path = "new_case.html")]
struct NewCasePage<'a> {
    lang: Lang,
    csrf: Csrf,
    request_id: String,
    typed: &'a Opened,
    channels: Vec<(i32, &'static str)>,
    declared: Vec<(i32, &'static str)>,
    refused: Option<String>,
    existing: Option<&'a str>,
    faults: Vec<(String, Said)>,
}

/// A case as it is brought.
#[derive(Deserialize, Default)]
pub(crate) struct Opened {
    #[serde(default)]
    ticket: String,
    #[serde(default)]
    regime: String,
    #[serde(default)]
    channel: i32,
    #[serde(default)]
    parallel_proceedings: i32,
    #[serde(default)]
    facts_time: String,
    #[serde(default)]
    request_id: String,
}

/// `GET /console/new`.
pub(crate) async fn new_case(office: Office) -> Result<Response, Trouble> {
    if !office.session.principal.has(Role::OfficeIntake) {
        return Err(Trouble::new(StatusCode::FORBIDDEN)
            .saying("Los expedientes los abre registro.", "Intake opens cases.")
            .back_to("/console", "Volver a los expedientes", "Back to the cases"));
    }
    Ok(case_form(&office, &Opened { regime: "es.general".to_owned(), ..Opened::default() }, None))
}

fn case_form(office: &Office, typed: &Opened, refused: Option<&Trouble>) -> Response {
    let lang = office.lang;
    let channels =
        (1..=9).filter_map(|n| Channel::try_from(n).ok().map(|one| (n, words::of(lang, words::channel(one)))));
    let declared = (0..=3)
        .filter_map(|n| ParallelProceedings::try_from(n).ok().map(|one| (n, words::of(lang, words::parallel(one)))));
    let body = NewCasePage {
        lang,
        csrf: office.session.csrf.clone(),
        request_id: office.request_id(),
        typed,
        channels: channels.collect(),
        declared: declared.collect(),
        refused: refused.map(|trouble| wrong::text(trouble, lang)),
        existing: refused.and_then(|trouble| trouble.fact("case")),
        faults: refused
            .map(Trouble::faults)
            .unwrap_or_default()
            .iter()
            .map(|fault| (fault.field.clone(), fault.said(lang)))
            .collect(),
    };
    let status = refused.map_or(StatusCode::OK, Trouble::status);
    let title = lang.of("Abrir expediente", "Open a case");
    page(Layout::new(lang, title).of(&office.session, "/console").status(status), body)
}

/// `POST /console/new`.
pub(crate) async fn open_case(office: Office, Form(typed): Form<Opened>) -> Result<Response, Trouble> {
    let request = OpenCaseRequest {
        ticket: typed.ticket.trim().to_owned(),
        regime: typed.regime.trim().to_owned(),
        channel: typed.channel,
        parallel_proceedings: typed.parallel_proceedings,
        facts_time: crate::step::noon(typed.facts_time.trim()),
        request_id: typed.request_id.clone(),
        ..OpenCaseRequest::default()
    };
    match office.cases().open_case(request).await {
        Ok(case) => {
            let to = format!("/console/cases/{}?done=opened", office::id(&case.into_inner().name));
            Ok(Redirect::to(&to).into_response())
        }
        Err(status) => {
            let trouble = Trouble::from(status);
            if trouble.status().is_server_error()
                || matches!(trouble.status(), StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED)
            {
                return Err(wrong::explained(trouble).back_to(
                    "/console",
                    "Volver a los expedientes",
                    "Back to the cases",
                ));
            }
            Ok(case_form(&office, &typed, Some(&trouble)))
        }
    }
}
