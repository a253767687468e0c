//! Why the office refused, in plain words, and what to do about it. Tells nothing of the case but what the refusal itself names.

use tonic::{Code, Status};
use ventanilla_proto::ombudsman::v1::ConflictGround;
use web::{Lang, Trouble};

use crate::words;

/// The page for a refusal that came while looking at a case.
pub(crate) fn at_case(status: Status, id: &str) -> Trouble {
    let trouble = Trouble::from(status);
    if trouble.reason() == "CASE_NOT_FOUND" || trouble.code() == Some(Code::InvalidArgument) {
        return explained(trouble).back_to("/console", "Volver a los expedientes", "Back to the cases");
    }
    explained(trouble).back_to(format!("/console/cases/{id}"), "Volver al expediente", "Back to the case")
}

/// The refusal with its explanation.
pub(crate) fn explained(trouble: Trouble) -> Trouble {
    match explanation(&trouble) {
        Some((es, en)) => trouble.saying(es, en),
        None => trouble,
    }
}

/// What is said of it in this language: the explanation, or what is generally said.
pub(crate) fn text(trouble: &Trouble, lang: Lang) -> String {
    match explanation(trouble) {
        Some((es, en)) => lang.of(&es, &en).to_owned(),
        None => trouble.text(lang).to_owned(),
    }
}

/// Both languages' explanation of a reason.
fn explanation(trouble: &Trouble) -> Option<(String, String)> {
    let law = trouble.fact("article").map(|article| format!(" ({article})")).unwrap_or_default();
    let due = |lang: Lang| {
        let at = trouble.fact("due_time").and_then(|text| text.parse().ok());
        at.map(|at| web::moment(lang, at)).unwrap_or_default()
    };
    let both = |es: &str, en: &str| Some((format!("{es}{law}"), format!("{en}{law}")));
    match trouble.reason() {
        "CONFLICT_OF_INTEREST" => Some((wall(trouble, Lang::Es), wall(trouble, Lang::En))),
        "NOT_ASSIGNED" => both(
            "No está asignado a este expediente en una función que permita esto, así que no se muestra ni se cambia nada. Pida a registro o al defensor que le asigne; si hay un conflicto de interés, lo llevará otra persona.",
            "You are not assigned to this case in a role that may do this, so nothing is shown or changed. Ask intake or the ombudsman to assign you; if there is a conflict of interest, somebody else will take it.",
        ),
        "NO_MANDATE" => both(
            "No tiene un mandato en vigor, y sin él nada se hace en nombre de la oficina. Hable con el defensor.",
            "You have no mandate that runs, and without one nothing is done in the office's name. Talk to the ombudsman.",
        ),
        "NO_DEPARTMENT" => both(
            "Habla usted por la entidad y su acceso no dice por qué departamento. Pida a quien lleva los accesos que lo añada, y vuelva a enviarlo.",
            "You speak for the firm, and your access does not say for which department. Ask whoever keeps accesses to add it, and send it again.",
        ),
        "NOT_APPOINTED" => both(
            "Esa persona no está nombrada para esa función. Elija otra función u otra persona.",
            "That person is not appointed for that role. Choose another role or another person.",
        ),
        "ALREADY_ASSIGNED" => both("Esa persona ya tiene ese asiento en el expediente.", "That person has that seat already."),
        "CASE_NOT_FOUND" => both(
            "No existe ese expediente, o no le corresponde verlo.",
            "There is no such case, or it is not yours to see.",
        ),
        "CASE_STATE" => Some((
            format!("El expediente está «{}» y este paso no se da desde ahí. Vuelva al expediente: muestra los que sí.", state_fact(trouble, Lang::Es)),
            format!("The case is “{}”, and this step is not taken from there. Go back to the case: it shows those that are.", state_fact(trouble, Lang::En)),
        )),
        "CURE_FIRST" => both(
            "Lo que falta se puede completar: pida antes la subsanación.",
            "What is missing can be completed: ask for that first.",
        ),
        "GROUND_NOT_MET" => both(
            "Los hechos del expediente no sostienen ese motivo. Elija el que sostengan, o admita.",
            "The facts of the case do not bear out that ground. Choose one they do, or admit it.",
        ),
        "DECLARATION_MISSING" => both(
            "El reclamante no ha declarado si hay otros procedimientos: pida la subsanación.",
            "The claimant has not declared whether other proceedings run: ask to complete it.",
        ),
        "MUST_ABSTAIN" => both(
            "Hay otro procedimiento sobre los mismos hechos: la oficina tiene que abstenerse. Suspéndalo hasta que termine.",
            "Other proceedings run on the same facts: the office must abstain. Stay the case until they end.",
        ),
        "REPEATS_DECIDED" => both(
            "Repite lo que ya se resolvió. Proponga inadmitirla por repetida, o diga que se ha visto y admítala.",
            "It repeats what was decided. Propose to refuse it as repeated, or say that this was seen and admit it.",
        ),
        "NOT_ASKED_FOR" => both(
            "La reclamación ya lo dice, y no se había pedido: solo el reclamante lo dice de otro modo.",
            "The complaint says it already, and nobody asked for it: only the claimant says it otherwise.",
        ),
        "OFFER_STANDS" => Some((
            format!("La oferta comunicada está en pie hasta el {}: otra ocupa su lugar cuando caduque o se rechace.", due(Lang::Es)),
            format!("The offer that was told stands until {}: another takes its place once it lapsed or was declined.", due(Lang::En)),
        )),
        "REMEDY_ORDERED" => both(
            "Lo que se ordena ya está ordenado como estaba: lo cambia una revisión.",
            "The remedy was ordered as it stood: a review changes it.",
        ),
        "CLAIMANT_TERM_RUNNING" => Some((
            format!("El reclamante aún tiene plazo, hasta el {}{law}.", due(Lang::Es)),
            format!("The claimant still has time, until {}{law}.", due(Lang::En)),
        )),
        "PREMATURE" => Some((
            format!("La entidad aún no ha contestado ni ha terminado su plazo{law}. Puede presentarse con su respuesta, o a partir del {}.", due(Lang::Es)),
            format!("The firm has not answered, and its time is not over{law}. It may be brought with its answer, or after {}.", due(Lang::En)),
        )),
        "REFUSAL_LATE" => Some((
            format!("Solo podía inadmitirse hasta el {}{law}: hay que admitir.", due(Lang::Es)),
            format!("It could be refused until {} only{law}: admit it.", due(Lang::En)),
        )),
        "ENTITY_TERM_RUNNING" => Some((
            format!("La entidad aún tiene plazo para alegar, hasta el {}{law}.", due(Lang::Es)),
            format!("The firm still has time to state its position, until {}{law}.", due(Lang::En)),
        )),
        "REFLECTION_RUNNING" => Some((
            format!("El reclamante tiene tiempo para pensar la oferta hasta el {}; nadie la acepta antes{law}.", due(Lang::Es)),
            format!("The claimant has time to think the offer over until {}; nobody accepts before{law}.", due(Lang::En)),
        )),
        "ACCEPTANCE_RUNNING" => Some((
            format!("La resolución aún puede aceptarse, hasta el {}{law}.", due(Lang::Es)),
            format!("The decision may still be accepted, until {}{law}.", due(Lang::En)),
        )),
        "OBLIGATION_OPEN" => Some((
            format!("La entidad aún tiene plazo para cumplir, hasta el {}.", due(Lang::Es)),
            format!("The firm still has time to comply, until {}.", due(Lang::En)),
        )),
        "REPORT_OWED" => both(
            "Lo ordenado o acordado no se cumplió en plazo. Comuníquelo antes de cerrar el expediente.",
            "What was ordered or agreed was not carried out in time. Report it before you close the case.",
        ),
        "OFFER_NOT_TOLD" => both("Aún no se ha comunicado la oferta al reclamante.", "The claimant was not told the offer yet."),
        "OFFER_TOLD_ALREADY" => both("La oferta ya se comunicó.", "The claimant was told the offer already."),
        "OFFER_LAPSED" => both("La oferta ha caducado.", "The offer stands no more."),
        "DECISION_INCOMPLETE" => both(
            "Hay puntos sin contestar, o contestados con frases que valdrían para cualquier caso. La ley pide motivar cada uno.",
            "Points are unanswered, or answered in words that would fit any case. Law asks for reasons on each.",
        ),
        "PRECEDENTS_UNANSWERED" => both(
            "Resoluciones anteriores parecidas fueron en otro sentido, y no se dice por qué esta se aparta. Contéstelas en el borrador.",
            "Similar earlier decisions went another way, and nothing says why this one departs. Answer them in the draft.",
        ),
        "DECISION_IMMUTABLE" => both("La resolución ya está firmada y no se cambia.", "The decision was issued and does not change."),
        "DECISION_NOT_FOUND" => both("No hay resolución en este expediente.", "There is no decision in this case."),
        "DRAFT_KEY_MISSING" => both(
            "El borrador se cerró con una clave que la oficina ya no tiene: quien administra la suite debe devolverla.",
            "The draft was closed under a key the office was not given: whoever runs the suite must give it back.",
        ),
        "NEVER_ADMITTED" => both("De oficio solo se continúa lo que se había admitido.", "The office continues only what it had admitted."),
        "BINDS_BY_LAW" => both("La resolución vincula por ley: nadie tiene que aceptarla.", "The decision binds by law: nobody has to accept it."),
        "BINDS_BY_NO_WORD" => both(
            "En este régimen la resolución no pasa a vincular por lo que diga esa parte.",
            "Under this regime the decision does not come to bind by what that party says.",
        ),
        "BINDS_NOBODY_YET" => both("La resolución aún no vincula a nadie: no puede ordenarse nada.", "The decision binds nobody yet: nothing can be ordered."),
        "COMPLIANCE_OWED" => both("La resolución vincula y aún no se ha cumplido.", "The decision binds and was not carried out yet."),
        "NO_PROOF_PENDING" => both("No hay prueba pendiente de examinar.", "No proof awaits to be judged."),
        "OBLIGATION_MET" => both("Eso ya está cumplido.", "That was met already."),
        "PROOF_PENDING" => both("Hay una prueba pendiente de examinar.", "A proof awaits to be judged."),
        "SEAT_STANDS" => both("Nada se opone a ese asiento: a nadie se aparta sin motivo.", "Nothing stands against that seat: nobody is taken off without a ground."),
        "NO_SUBSTITUTE" => both("No hay nadie nombrado y libre de conflicto para ese asiento.", "Nobody appointed and free of conflict is there for that seat."),
        "TERM_NOT_EXTENDED" => both("El plazo no se prorroga: la norma no lo permite, ya se prorrogó o ya venció.", "The term is not extended: the rules do not know it, it was extended before, or it is over."),
        "YEAR_NOT_OVER" => both("El año no ha terminado: su resumen público aún no se da.", "The year is not over: its public summary is not given yet."),
        "CASE_ERASED" => both("Los datos del reclamante se borraron: nada sigue ya.", "The claimant's data were erased: nothing follows any more."),
        "REVIEW_AT_OFFICE" => both("Ya hay una revisión ante la oficina.", "A review is before the office already."),
        "REVIEW_BY_ANOTHER" => both("La revisión la decide otro defensor.", "Another ombudsman decides the review."),
        "CRITERION_EXISTS" => both("Esa resolución ya marca un criterio.", "The decision stands for a criterion already."),
        "TICKET_AT_OFFICE" => both("Ese asunto ya está ante la oficina.", "That affair is before the office already."),
        "TICKET_NOT_FOUND" => both("No se conoce ese asunto.", "No such affair is known."),
        "CHANNEL_NOT_ADMISSIBLE" => both("El régimen no admite reclamaciones por ese canal: por escrito.", "The regime does not admit complaints by that channel: in writing."),
        "NOT_IN_DECISION" => both("La resolución no dice eso ahí, a la letra.", "The decision does not say that there, to the letter."),
        "MEMBER_EXISTS" => both("Esa persona ya está en el registro.", "That person is in the register already."),
        "MEMBER_NOT_FOUND" => both("Esa persona no está en el registro de la oficina.", "That person is not in the office's register."),
        "MANDATE_OVERLAPS" => both("El mandato nuevo empieza antes de que acabe el anterior.", "The new term begins before the last is over."),
        "MANDATE_OVER" => both("Ese mandato ya terminó.", "That term is over already."),
        "SUBSTITUTE_NEEDED" => both(
            "Tiene asientos en expedientes pendientes: diga quién la sustituye en cada uno.",
            "They have seats on pending cases: say who takes over on each.",
        ),
        "STALE_ETAG" => Some((
            "Alguien cambió el expediente mientras usted escribía. Lo que escribió sigue aquí; mire qué ha cambiado y envíelo otra vez si aún vale.".to_owned(),
            "Somebody changed the case while you were writing. What you wrote is still here; see what changed and send it again if it still holds.".to_owned(),
        )),
        _ => None,
    }
}

fn state_fact(trouble: &Trouble, lang: Lang) -> String {
    let word = trouble.fact("state").unwrap_or_default();
    let name = format!("CASE_STATE_{}", word.to_uppercase());
    match ventanilla_proto::ombudsman::v1::CaseState::from_str_name(&name) {
        Some(state) => words::of(lang, words::state(state)).to_owned(),
        None => word.to_owned(),
    }
}

/// What the wall says.
fn wall(trouble: &Trouble, lang: Lang) -> String {
    let grounds: Vec<_> = grounds(trouble.fact("grounds").unwrap_or_default())
        .into_iter()
        .map(|ground| words::of(lang, words::conflict(ground)))
        .collect();
    let law = trouble.fact("article").map(|article| format!(" ({article})")).unwrap_or_default();
    format!(
        "{}{law}: {}. {}",
        lang.of(
            "El muro de conflictos no deja pasar a esta persona",
            "The conflict wall does not let this person through"
        ),
        grounds.join("; "),
        lang.of(
            "Elija a otra: la página de la casa propone a quienes pueden. El intento queda en el registro.",
            "Choose somebody else: the page of the house proposes who can. The attempt is in the ledger."
        ),
    )
}

/// The grounds that a refusal names, e.g. `touched_ticket, no_mandate`.
pub(crate) fn grounds(list: &str) -> Vec<ConflictGround> {
    let words = list.split([',', ' ']).filter(|word| !word.is_empty());
    words
        .map(|word| {
            let name = format!("CONFLICT_GROUND_{}", word.to_uppercase());
            ConflictGround::from_str_name(&name).unwrap_or(ConflictGround::Unspecified)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wall_names_every_ground_and_nothing_else() {
        let told = grounds("relation_with_party, missing_declaration");
        assert_eq!(told, [ConflictGround::RelationWithParty, ConflictGround::MissingDeclaration]);
        assert_eq!(grounds("something_new"), [ConflictGround::Unspecified]);
        assert!(grounds("").is_empty());
    }
}
