//! What was typed into a form, and the lists it chooses from.

use ventanilla_proto::ombudsman::v1::{
    BoundBy, Case, DecisionText, DossierKind, DossierVisibility, InadmissibilityGround, MissingItem, Obligation,
    OfficeRole, ParallelProceedings, StayClosure,
};
use ventanilla_proto::r#type::v1::{Channel, Language, Money};
use web::{Lang, Trouble};

use super::catalog::{Field, Kind, List, Step};
use crate::money;
use crate::words::{self, Both};

/// Open duties that one is chosen from; others come up as these are met.
const OWED: usize = 150;

/// What was typed, by field.
pub(super) struct Values(Vec<(String, String)>);

impl Values {
    pub(super) fn new(sent: Vec<(String, String)>) -> Self {
        Self(sent)
    }

    /// What the case says already, for steps that change it.
    pub(super) fn of(case: &Case, step: Step) -> Self {
        let matter = case.matter.clone().unwrap_or_default();
        let pairs = match step {
            Step::Classify => vec![
                ("motive", matter.motive),
                ("claimed_amount", matter.claimed_amount.as_ref().map(plain).unwrap_or_default()),
            ],
            Step::Notify | Step::TellOffer => vec![("channel", case.channel.to_string())],
            Step::Refuse => {
                let refusal = case.refusal.clone().unwrap_or_default();
                vec![("ground", refusal.ground.to_string()), ("reasons", refusal.reasons)]
            }
            _ => Vec::new(),
        };
        Self(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// The value of this field, without the blanks around it; empty for none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim()).unwrap_or_default()
    }

    /// All values of this field.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
    }

    /// The number of a choice; 0, which every list refuses, for none.
    pub(super) fn number(&self, name: &str) -> i32 {
        self.text(name).parse().unwrap_or(0)
    }

    /// The numbers of choices.
    pub(super) fn numbers(&self, name: &str) -> Vec<i32> {
        self.all(name).into_iter().filter_map(|text| text.parse().ok()).collect()
    }

    /// What follows `prefix` in the names of fields, in their order.
    pub(super) fn suffixes(&self, prefix: &str) -> Vec<String> {
        self.0.iter().filter_map(|(key, _)| key.strip_prefix(prefix)).map(str::to_owned).collect()
    }

    pub(super) fn is_yes(&self, name: &str) -> bool {
        self.text(name) == "yes"
    }

    /// Names every field that must not be left empty and was.
    pub(super) fn missing(&self, fields: &[Field]) -> Option<Trouble> {
        let needed = fields.iter().filter(|field| field.required && field.kind != Kind::Orders);
        let empty: Vec<_> = needed.filter(|field| self.all(field.name).iter().all(|v| v.trim().is_empty())).collect();
        if empty.is_empty() {
            return None;
        }
        let trouble = Trouble::new(http::StatusCode::BAD_REQUEST)
            .saying("Faltan datos. No se ha cambiado nada.", "Something is missing. Nothing was changed.");
        Some(empty.into_iter().fold(trouble, |trouble, field| {
            trouble.naming(
                field.name,
                format!("{}: hace falta", field.label.0),
                format!("{}: is needed", field.label.1),
            )
        }))
    }
}

fn plain(money: &Money) -> String {
    money::text(Lang::Es, money).trim_end_matches(" EUR").to_owned()
}

/// One thing to choose.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) chosen: bool,
}

/// What a list offers for this case.
pub(super) fn choices(lang: Lang, list: List, case: &Case, owed: &[Obligation], chosen: &[&str]) -> Vec<Choice> {
    let numbered = |all: Vec<(i32, Both)>| -> Vec<(String, String)> {
        all.into_iter().map(|(value, both)| (value.to_string(), words::of(lang, both).to_owned())).collect()
    };
    let pairs = match list {
        List::Seats => numbered(
            [OfficeRole::Intake, OfficeRole::Investigator, OfficeRole::Ombudsman, OfficeRole::Quality]
                .map(|role| (role.into(), words::seat(role)))
                .into(),
        ),
        List::LivingSeats => {
            let living = case.assignments.iter().filter(|seat| seat.recuse_time.is_none());
            living
                .map(|seat| {
                    let role = words::of(lang, words::seat(seat.office_role()));
                    (format!("{} {}", seat.office_role, seat.person), format!("{} ({role})", seat.person))
                })
                .collect()
        }
        List::Missing => every(MissingItem::try_from, words::missing, numbered),
        List::Grounds => every(InadmissibilityGround::try_from, words::ground, numbered),
        List::Parallel => every(ParallelProceedings::try_from, words::parallel, numbered),
        List::Channels => every(Channel::try_from, words::channel, numbered),
        List::YesNo => vec![("yes".to_owned(), lang.of("sí", "yes").to_owned()), ("no".to_owned(), "no".to_owned())],
        List::PaperKinds => numbered(
            [DossierKind::Evidence, DossierKind::Note, DossierKind::ClaimantStatement, DossierKind::ClaimantEvidence]
                .map(|kind| (kind.into(), words::paper(kind)))
                .into(),
        ),
        List::Visibilities => every(DossierVisibility::try_from, words::visibility, numbered),
        List::StayClosures => numbered(vec![
            (
                StayClosure::ProceedingsDecided.into(),
                ("se decidió en el otro procedimiento", "the other proceedings decided it"),
            ),
            (StayClosure::Withdrawn.into(), ("el reclamante desistió", "the claimant stopped")),
        ]),
        List::Parties => numbered(vec![
            (BoundBy::Claimant.into(), ("el reclamante", "the claimant")),
            (BoundBy::Firm.into(), ("la entidad", "the firm")),
        ]),
        List::Obligations => owed
            .iter()
            .filter(|one| one.met_time.is_none())
            .take(OWED)
            .map(|one| {
                let kind = words::of(lang, words::obligation(one.kind()));
                (one.name.clone(), format!("{kind} {} · {}", one.claim_point, one.department))
            })
            .collect(),
        List::Points => case.claim_points.iter().map(|point| (point.id.clone(), point.id.clone())).collect(),
        List::DecisionTexts => numbered(vec![
            (DecisionText::Finding.into(), ("lo que se constata", "the finding")),
            (DecisionText::Reason.into(), ("el porqué", "the reason")),
            (DecisionText::Remedy.into(), ("lo que se ordena", "the remedy")),
            (DecisionText::Signpost.into(), ("las indicaciones finales", "the signpost")),
        ]),
        List::Languages => {
            numbered(vec![(Language::Es.into(), ("español", "Spanish")), (Language::En.into(), ("inglés", "English"))])
        }
    };
    let is_chosen = |value: &str| chosen.contains(&value);
    pairs.into_iter().map(|(value, label)| Choice { chosen: is_chosen(&value), value, label }).collect()
}

/// Every word of an enum but the first, which means nothing.
fn every<E, X>(
    of: impl Fn(i32) -> Result<E, X>,
    word: impl Fn(E) -> Both,
    numbered: impl Fn(Vec<(i32, Both)>) -> Vec<(String, String)>,
) -> Vec<(String, String)> {
    numbered((1..32).map_while(|n| of(n).ok().map(|one| (n, word(one)))).collect())
}

#[cfg(test)]
mod tests {
    use super::super::catalog::STEPS;
    use super::*;

    #[test]
    fn every_field_that_is_needed_and_empty_is_named_at_once() {
        for spec in STEPS {
            let needed = spec.fields.iter().filter(|field| field.required && field.kind != Kind::Orders).count();
            let named = Values::new(Vec::new()).missing(spec.fields).map_or(0, |trouble| trouble.faults().len());
            assert_eq!(named, needed, "{}", spec.slug);
        }
    }

    #[test]
    fn no_list_offers_what_every_service_refuses() {
        let case = Case::default();
        for list in [List::Missing, List::Grounds, List::Parallel, List::Channels, List::Visibilities, List::Seats] {
            let offered = choices(Lang::Es, list, &case, &[], &[]);
            assert!(!offered.is_empty() && offered.iter().all(|choice| choice.value != "0"), "{list:?}");
        }
    }
}
