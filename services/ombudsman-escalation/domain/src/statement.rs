//! What a party may know of the people who sat on its case, in words.
//!
//! Relations with others than the parties are nobody's to know here; nor is what somebody wrote when they stepped aside.

use jiff::Timestamp;
use kernel::{Language, ResourceId as _};

use crate::vocabulary::{ConflictGround, OfficeRole, RelationKind};
use crate::wall::{Mandate, Party, Person, Relation};
use crate::{CaseId, term};

/// One seat, as a party may know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disclosed {
    /// Who, by their opaque id.
    pub person: Person,
    /// As what.
    pub office_role: OfficeRole,
    /// Since when.
    pub since: Timestamp,
    /// Until when, and the grounds; none when the person stepped aside by themselves.
    pub left: Option<(Timestamp, Vec<ConflictGround>)>,
    /// Terms of office, oldest first.
    pub mandates: Vec<Mandate>,
    /// When relations were last declared.
    pub declared_at: Option<Timestamp>,
    /// Declared relations with a party to this case.
    pub relations: Vec<Relation>,
}

/// The statement in words. Languages other than Spanish are answered in English.
pub fn text(case: CaseId, seats: &[Disclosed], language: Language, now: Timestamp) -> String {
    let words = if language == Language::Es { &ES } else { &EN };
    let mut told = format!("{}\n{}: {}\n{}: {}\n", words.title, words.case, case.name(), words.given, day(now));
    told.push_str(words.basis);
    told.push('\n');
    if seats.is_empty() {
        told.push_str(words.nobody);
        told.push('\n');
    }
    for seat in seats {
        told.push('\n');
        told.push_str(&seat_text(seat, words));
    }
    told
}

fn seat_text(seat: &Disclosed, words: &Words) -> String {
    let mut lines = vec![format!("{} ({})", seat.person, (words.role)(seat.office_role))];
    lines.push(match &seat.left {
        None => format!("{} {}", words.since, day(seat.since)),
        Some((left, _)) => format!("{} {} {} {}", words.from, day(seat.since), words.until, day(*left)),
    });
    if let Some((_, grounds)) = &seat.left {
        let why: Vec<&str> = grounds.iter().map(|ground| (words.ground)(*ground)).collect();
        let why = if why.is_empty() { words.stepped_aside.to_owned() } else { why.join("; ") };
        lines.push(format!("{}: {why}", words.left));
    }
    for mandate in &seat.mandates {
        let mut line = format!("{}: {} - {}", words.mandate, day(mandate.from), day(mandate.to));
        // Why it ended early is the person's own affair.
        if let Some((at, _)) = mandate.ended {
            line.push_str(&format!(" ({} {})", words.ended, day(at)));
        }
        lines.push(line);
    }
    lines.push(match seat.declared_at {
        None => words.never_declared.to_owned(),
        Some(at) if seat.relations.is_empty() => format!("{} {}: {}", words.declared, day(at), words.no_relation),
        Some(at) => {
            let told: Vec<String> = seat.relations.iter().map(|relation| relation_text(relation, words)).collect();
            format!("{} {}: {}", words.declared, day(at), told.join("; "))
        }
    });
    let mut told = lines.join("\n  ");
    told.push('\n');
    told
}

fn relation_text(relation: &Relation, words: &Words) -> String {
    let party = match &relation.party {
        Party::Customer(_) => words.claimant.to_owned(),
        Party::Unit(unit) => format!("{} {unit}", words.unit),
    };
    let kind = (words.relation)(relation.kind);
    match relation.ended_at {
        None => format!("{kind}, {party}, {}", words.lasts),
        Some(ended) => format!("{kind}, {party}, {} {}", words.until, day(ended)),
    }
}

/// The date where the office is.
fn day(at: Timestamp) -> String {
    term::date(at).to_string()
}

/// What is said in one language.
struct Words {
    title: &'static str,
    case: &'static str,
    given: &'static str,
    basis: &'static str,
    nobody: &'static str,
    since: &'static str,
    from: &'static str,
    until: &'static str,
    left: &'static str,
    stepped_aside: &'static str,
    mandate: &'static str,
    ended: &'static str,
    declared: &'static str,
    never_declared: &'static str,
    no_relation: &'static str,
    claimant: &'static str,
    unit: &'static str,
    lasts: &'static str,
    role: fn(OfficeRole) -> &'static str,
    ground: fn(ConflictGround) -> &'static str,
    relation: fn(RelationKind) -> &'static str,
}

const ES: Words = Words {
    title: "Declaración sobre las personas que intervienen en el expediente",
    case: "Expediente",
    given: "Fecha",
    basis: "Se entrega a petición de parte (Ley 7/2017, arts. 23.1.b y 24).",
    nobody: "Ninguna persona de la oficina ha sido asignada todavía.",
    since: "Asignada desde el",
    from: "Asignada del",
    until: "hasta el",
    left: "Causa de abstención",
    stepped_aside: "se abstuvo por decisión propia",
    mandate: "Mandato",
    ended: "terminado el",
    declared: "Declaración de relaciones del",
    never_declared: "No consta declaración de relaciones.",
    no_relation: "ninguna relación con las partes",
    claimant: "con la parte reclamante",
    unit: "con la unidad",
    lasts: "vigente",
    role: |role| match role {
        OfficeRole::Intake => "registro",
        OfficeRole::Investigator => "instrucción",
        OfficeRole::Ombudsman => "defensor",
        OfficeRole::Quality => "calidad",
        OfficeRole::Auditor => "auditoría",
    },
    ground: |ground| match ground {
        ConflictGround::TouchedTicket => "intervino en el asunto",
        ConflictGround::UnitTouchedTicket => "su unidad intervino en el asunto",
        ConflictGround::LineTouchedTicket => "su línea jerárquica intervino en el asunto",
        ConflictGround::RelationWithParty => "relación con una parte",
        ConflictGround::MissingDeclaration => "sin declaración de relaciones vigente",
        ConflictGround::FirmPrincipal => "actuó para la entidad en los últimos tres años",
        ConflictGround::NoMandate => "sin mandato vigente",
        ConflictGround::InvolvementUnknown => "no consta quién intervino en el asunto",
        ConflictGround::Incompatible => "incompatibilidad declarada",
        ConflictGround::NotAppointed => "ya no está nombrada para esa función",
        ConflictGround::SteppedAside => "se abstuvo por decisión propia",
    },
    relation: |kind| match kind {
        RelationKind::Personal => "relación personal",
        RelationKind::Professional => "relación profesional",
        RelationKind::Commercial => "relación comercial",
    },
};

const EN: Words = Words {
    title: "Statement on the people who act in the case",
    case: "Case",
    given: "Date",
    basis: "Given at a party's request (Ley 7/2017, arts. 23.1.b and 24).",
    nobody: "Nobody of the office has been assigned yet.",
    since: "Assigned since",
    from: "Assigned from",
    until: "until",
    left: "Ground for leaving",
    stepped_aside: "stepped aside by their own decision",
    mandate: "Term of office",
    ended: "ended on",
    declared: "Declaration of relations of",
    never_declared: "No declaration of relations is on record.",
    no_relation: "no relation with the parties",
    claimant: "with the claimant",
    unit: "with the unit",
    lasts: "lasting",
    role: |role| match role {
        OfficeRole::Intake => "registry",
        OfficeRole::Investigator => "investigation",
        OfficeRole::Ombudsman => "ombudsman",
        OfficeRole::Quality => "quality",
        OfficeRole::Auditor => "audit",
    },
    ground: |ground| match ground {
        ConflictGround::TouchedTicket => "acted on the affair",
        ConflictGround::UnitTouchedTicket => "their unit acted on the affair",
        ConflictGround::LineTouchedTicket => "their line acted on the affair",
        ConflictGround::RelationWithParty => "a relation with a party",
        ConflictGround::MissingDeclaration => "no current declaration of relations",
        ConflictGround::FirmPrincipal => "acted for the firm within the last three years",
        ConflictGround::NoMandate => "no term of office that runs",
        ConflictGround::InvolvementUnknown => "who acted on the affair is not known",
        ConflictGround::Incompatible => "a declared incompatibility",
        ConflictGround::NotAppointed => "no longer appointed for that work",
        ConflictGround::SteppedAside => "stepped aside by their own decision",
    },
    relation: |kind| match kind {
        RelationKind::Personal => "a personal relation",
        RelationKind::Professional => "a professional relation",
        RelationKind::Commercial => "a commercial relation",
    },
};
