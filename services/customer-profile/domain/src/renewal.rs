//! What stands against approaching a customer to renew a contract: whoever has an open affair is answered before they are sold to.

use kernel::Language;

/// One thing that stands against it, gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RenewalObstacle {
    /// Their data is used for nothing but what is open (GDPR art. 18.2).
    Restricted,
    /// The ombudsman's office hears a case.
    OpenCase,
    /// A complaint is not answered.
    OpenComplaint,
    /// What was promised is past due.
    PromisePastDue,
    /// Another affair is not answered.
    OpenAffair,
    /// They have not agreed to be sold to.
    NoConsent,
    /// It is not known whether any of these is so.
    NotKnown,
}

impl RenewalObstacle {
    /// What it is and what is to be done first, for whoever was about to call.
    pub const fn told_in(self, language: Language) -> &'static str {
        let spanish = !matches!(language, Language::En);
        match (self, spanish) {
            (Self::Restricted, true) => {
                "Pidió que sus datos solo se usen para lo que está abierto. No se le ofrece nada."
            }
            (Self::Restricted, false) => {
                "They asked that their data be used for what is open alone. Nothing is offered."
            }
            (Self::OpenCase, true) => "Su caso está en el defensor del cliente. Espere a que decida.",
            (Self::OpenCase, false) => "Their case is with the ombudsman. Wait for the decision.",
            (Self::OpenComplaint, true) => "Tiene una reclamación sin responder. Respóndala antes.",
            (Self::OpenComplaint, false) => "A complaint of theirs is not answered. Answer it first.",
            (Self::PromisePastDue, true) => "Se le prometió algo que ha vencido. Cúmplalo, o dígale cuándo, antes.",
            (Self::PromisePastDue, false) => "What they were promised is past due. Keep it, or tell them when, first.",
            (Self::OpenAffair, true) => "Tiene un asunto abierto. Ciérrelo con la persona antes de hablar de renovar.",
            (Self::OpenAffair, false) => "An affair of theirs is open. Settle it with them before speaking of renewal.",
            (Self::NoConsent, true) => "No ha consentido que se le venda por este medio, o ya no vale. Pídalo antes.",
            (Self::NoConsent, false) => {
                "They have not agreed to be sold to by this channel, or it has lapsed. Ask first."
            }
            (Self::NotKnown, true) => "No se sabe si tiene algo abierto: una fuente no responde. Pruebe más tarde.",
            (Self::NotKnown, false) => "It is not known whether anything is open: a source does not answer. Try later.",
        }
    }
}

/// What stands against it, each with what it is about: the gravest first, and of the most there may be.
pub fn in_order<S>(mut found: Vec<(RenewalObstacle, S)>, most: usize) -> Vec<(RenewalObstacle, S)> {
    found.sort_by_key(|(obstacle, _)| *obstacle);
    found.truncate(most);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gravest_comes_first_and_is_not_cut_off() {
        let mut found: Vec<_> = (0..5).map(|n| (RenewalObstacle::OpenAffair, n)).collect();
        found.push((RenewalObstacle::OpenCase, 7));
        assert_eq!(in_order(found, 2), [(RenewalObstacle::OpenCase, 7), (RenewalObstacle::OpenAffair, 0)]);
    }
}
