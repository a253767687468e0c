//! The ombudsman's house: who may hear the case, and what is decided.

use anyhow::bail;
use kernel::Role;
use ventanilla_proto::ombudsman::v1::{
    AdmitCaseRequest, AssignCaseRequest, Case, DecisionOutcome, DecisionPoint, DeclareRelationsRequest, GetCaseRequest,
    IssueDecisionRequest, Mandate, NotifyDecisionRequest, OfficeMember, OfficeRole, OpenCaseRequest,
    ParallelProceedings, RegisterOfficeMemberRequest, Relation, RelationDeclaration, RelationKind, SaveDraftRequest,
    StartInvestigationRequest, SubmitEntityStatementRequest,
};
use ventanilla_proto::r#type::v1::{Channel, Language};

use super::affair::Affair;
use super::stage::{Scene, Stage, refused, say};
use crate::client::describe;

const UNIT: &str = "ombudsman-office";
const THREE_YEARS: i64 = 3 * 365 * 24;

/// Who works in the office: name, role of the token, appointment.
const STAFF: [(&str, Role, OfficeRole); 4] = [
    ("elena", Role::Ombudsman, OfficeRole::Ombudsman),
    ("ines", Role::OfficeIntake, OfficeRole::Intake),
    ("oscar", Role::Investigator, OfficeRole::Investigator),
    ("tomas", Role::Investigator, OfficeRole::Investigator),
];

/// From the complaint at the office's door to the notified decision; gives the case's name.
pub async fn play(stage: &mut Stage<'_>, affair: &Affair) -> anyhow::Result<String> {
    the_house_is_staffed(stage, affair).await?;
    let case = brought_to_the_office(stage, affair).await?;
    the_wall(stage, &case).await?;
    heard(stage, &case).await?;
    decided(stage, &case, affair).await?;
    Ok(case)
}

async fn the_house_is_staffed(stage: &mut Stage<'_>, affair: &Affair) -> anyhow::Result<()> {
    // Nobody enters themselves: the first is entered by who appoints.
    let board = stage.step(Role::Ombudsman, "consejo", None, "the board appoints an ombudsman for three years")?;
    enter(stage, &board, &STAFF[..1]).await?;
    let elena = stage.step(Role::Ombudsman, "elena", None, "the ombudsman enters the people of her house")?;
    enter(stage, &elena, &STAFF[1..]).await?;
    for (name, role, _) in STAFF {
        let conflicted = name == "tomas";
        let what = if conflicted {
            "Tomás declares that he does business with the claimant"
        } else {
            "declares that there is no relation with any party"
        };
        let what = if conflicted { what.to_owned() } else { format!("{name} {what}") };
        let scene = stage.step(role, name, None, &what)?;
        let relation =
            Relation { party: affair.customer.clone(), kind: RelationKind::Commercial.into(), end_time: None };
        let relations = if conflicted { vec![relation] } else { Vec::new() };
        let request = DeclareRelationsRequest {
            declaration: Some(RelationDeclaration { relations, ..RelationDeclaration::default() }),
            request_id: stage.request_id(),
        };
        scene.office().declare_relations(request).await.map_err(|status| refused(&status))?;
    }
    Ok(())
}

async fn brought_to_the_office(stage: &mut Stage<'_>, affair: &Affair) -> anyhow::Result<String> {
    let scene = stage.step(
        Role::OfficeIntake,
        "ines",
        None,
        "the customer is not satisfied: the office takes the complaint in, with the ticket's whole history",
    )?;
    let request = OpenCaseRequest {
        ticket: affair.ticket.clone(),
        regime: "es.general".to_owned(),
        channel: Channel::Web.into(),
        parallel_proceedings: ParallelProceedings::None.into(),
        claim_points: Vec::new(),
        facts_time: stage.in_hours(-20 * 24),
        request_id: stage.request_id(),
        ..OpenCaseRequest::default()
    };
    let case = scene.office().open_case(request).await.map_err(|status| refused(&status))?.into_inner();
    say(format_args!("{} · {}", case.name, case.state().as_str_name()));
    Ok(case.name)
}

async fn the_wall(stage: &mut Stage<'_>, case: &str) -> anyhow::Result<()> {
    for (person, office_role) in [("ines", OfficeRole::Intake), ("elena", OfficeRole::Ombudsman)] {
        let scene =
            stage.step(Role::Ombudsman, "elena", None, &format!("{person} is assigned; the wall lets her through"))?;
        assign(stage, &scene, case, person, office_role).await.map_err(|status| refused(&status))?;
    }
    let scene =
        stage.step(Role::Ombudsman, "elena", None, "Tomás is proposed to investigate; the wall keeps him out")?;
    match assign(stage, &scene, case, "tomas", OfficeRole::Investigator).await {
        Err(status) => say(format_args!("refused with {}", describe(&status))),
        Ok(_) => bail!("the wall let a person with a relation to a party through"),
    }
    let scene = stage.step(Role::Ombudsman, "elena", None, "Óscar, who knows nobody in it, takes his place")?;
    assign(stage, &scene, case, "oscar", OfficeRole::Investigator).await.map_err(|status| refused(&status))?;
    Ok(())
}

async fn assign(
    stage: &Stage<'_>,
    scene: &Scene,
    case: &str,
    person: &str,
    office_role: OfficeRole,
) -> Result<Case, tonic::Status> {
    let current = scene.office().get_case(GetCaseRequest { name: case.to_owned() }).await?.into_inner();
    let request = AssignCaseRequest {
        name: case.to_owned(),
        etag: current.etag,
        person: stage.person(person),
        office_role: office_role.into(),
        request_id: stage.request_id(),
    };
    Ok(scene.office().assign_case(request).await?.into_inner())
}

async fn etag(scene: &Scene, case: &str) -> anyhow::Result<String> {
    let request = GetCaseRequest { name: case.to_owned() };
    Ok(scene.office().get_case(request).await.map_err(|status| refused(&status))?.into_inner().etag)
}

async fn heard(stage: &mut Stage<'_>, case: &str) -> anyhow::Result<()> {
    let scene = stage.step(Role::OfficeIntake, "ines", None, "admitted: no ground of the closed list applies")?;
    let request = AdmitCaseRequest {
        name: case.to_owned(),
        etag: etag(&scene, case).await?,
        request_id: stage.request_id(),
        ..Default::default()
    };
    scene.office().admit_case(request).await.map_err(|status| refused(&status))?;

    let scene = stage.step(
        Role::FirmLiaison,
        "pilar",
        Some("legal"),
        "the firm states its position; it can do no more than that",
    )?;
    let request = SubmitEntityStatementRequest {
        name: case.to_owned(),
        etag: etag(&scene, case).await?,
        statement: "La retención se liberó; no consta aviso previo del corte.".to_owned(),
        request_id: stage.request_id(),
    };
    scene.office().submit_entity_statement(request).await.map_err(|status| refused(&status))?;

    let scene = stage.step(
        Role::Investigator,
        "oscar",
        None,
        "the investigation opens, and a draft is kept that only the office can read",
    )?;
    let request = StartInvestigationRequest {
        name: case.to_owned(),
        etag: etag(&scene, case).await?,
        request_id: stage.request_id(),
    };
    scene.office().start_investigation(request).await.map_err(|status| refused(&status))?;
    let request = SaveDraftRequest {
        name: case.to_owned(),
        etag: etag(&scene, case).await?,
        text: "Estimación parcial: sin devolución; compensación por falta de aviso.".to_owned(),
        request_id: stage.request_id(),
    };
    let draft = scene.office().save_draft(request).await.map_err(|status| refused(&status))?.into_inner();
    say(format_args!("revision {}", draft.revision));
    Ok(())
}

async fn decided(stage: &mut Stage<'_>, case: &str, affair: &Affair) -> anyhow::Result<()> {
    let scene = stage.step(
        Role::Ombudsman,
        "elena",
        None,
        "the decision answers every point with finding, reason and remedy",
    )?;
    let current = scene
        .office()
        .get_case(GetCaseRequest { name: case.to_owned() })
        .await
        .map_err(|status| refused(&status))?
        .into_inner();
    let ids: Vec<String> = current.claim_points.iter().map(|point| point.id.clone()).collect();
    let ids = if ids.is_empty() { affair.claim_points.clone() } else { ids };
    let answers = [
        (
            DecisionOutcome::NotUpheld,
            "El extracto bancario muestra una retención liberada el 9 de noviembre.",
            "Lo retenido se devolvió antes de la reclamación, de modo que no queda importe que restituir.",
            "No se ordena nada sobre este punto, porque el importe ya está en la cuenta de la reclamante.",
        ),
        (
            DecisionOutcome::Upheld,
            "La línea estuvo cortada del 3 al 5 de noviembre y la empresa reconoce que no avisó.",
            "La falta de aviso es independiente de la duración del corte, que es lo único que limita el contrato.",
            "La empresa abonará 30 euros en la próxima factura y confirmará por escrito haberlo hecho.",
        ),
    ];
    let points = ids
        .into_iter()
        .zip(answers)
        .map(|(claim_point, (outcome, finding, reason, remedy))| DecisionPoint {
            claim_point,
            outcome: outcome.into(),
            finding: finding.to_owned(),
            reason: reason.to_owned(),
            remedy: remedy.to_owned(),
            redress_amount: None,
        })
        .collect();
    let request = IssueDecisionRequest {
        name: case.to_owned(),
        etag: current.etag,
        points,
        signpost: "Junta Arbitral de Consumo de la Comunidad de Madrid, o los tribunales.".to_owned(),
        language: Language::Es.into(),
        request_id: stage.request_id(),
        precedents: Vec::new(),
    };
    let decision = scene.office().issue_decision(request).await.map_err(|status| refused(&status))?.into_inner();
    say(format_args!(
        "{}, {}",
        decision.outcome().as_str_name(),
        if decision.binding { "binding" } else { "not binding" }
    ));

    let scene =
        stage.step(Role::OfficeIntake, "ines", None, "both parties are told, by the channel the claim came by")?;
    let request = NotifyDecisionRequest {
        name: case.to_owned(),
        etag: etag(&scene, case).await?,
        channel: Channel::Web.into(),
        request_id: stage.request_id(),
    };
    let notified = scene.office().notify_decision(request).await.map_err(|status| refused(&status))?.into_inner();
    say(notified.state().as_str_name());
    Ok(())
}

async fn enter(stage: &Stage<'_>, who: &Scene, people: &[(&str, Role, OfficeRole)]) -> anyhow::Result<()> {
    for &(name, _, office_role) in people {
        let member = OfficeMember {
            person: stage.person(name),
            office_roles: vec![office_role.into()],
            unit: UNIT.to_owned(),
            line_manager: if name == "elena" { String::new() } else { stage.person("elena") },
            mandate: Some(Mandate {
                start_time: stage.in_hours(-1),
                end_time: stage.in_hours(THREE_YEARS),
                ending: None,
            }),
            ..OfficeMember::default()
        };
        let request = RegisterOfficeMemberRequest { member: Some(member), request_id: stage.request_id() };
        who.office().register_office_member(request).await.map_err(|status| refused(&status))?;
    }
    Ok(())
}
