//! Which rules hold for an affair: by sector, type, topic, and the law in force on the civil day of the first receipt.
//!
//! The order of choice, from the most special to the most general:
//! 1. rules of the affair's own sector; a rule for its topic takes the place of the rules it displaces;
//! 2. where the sector has none, the rules for all traders;
//! 3. where no law sets a term at all, the house's own.

use jiff::Timestamp;
use jiff::civil::Date;

use super::Catalogue;
use crate::Calendar;
use crate::rule::{Kind, Rule, Subject};

/// What is known of an affair when its clocks are chosen.
#[derive(Debug, Clone, Copy)]
pub struct TicketFacts<'a> {
    /// Type, in lower case, e.g. `reclamacion`.
    pub ticket_type: &'a str,
    /// Sector; empty counts as `general`.
    pub sector: &'a str,
    /// Topic; empty when none.
    pub topic: &'a str,
    /// First receipt in any department.
    pub received: Timestamp,
}

/// All that an affair was ever filed as, under the sector it is filed under now.
///
/// Filing it as something else adds what that obliges to and takes nothing away, whatever the order; only another sector brings another law.
#[derive(Debug, Clone, Copy)]
pub struct Filed<'a> {
    /// Every type it was filed as, in lower case.
    pub types: &'a [String],
    /// Every topic it was filed under; empty ones for none.
    pub topics: &'a [String],
    /// Sector; empty counts as `general`.
    pub sector: &'a str,
    /// First receipt in any department.
    pub received: Timestamp,
}

/// What is known of a case when its clock is chosen.
#[derive(Debug, Clone, Copy)]
pub struct CaseFacts<'a> {
    /// Regime, e.g. `es.finance`.
    pub regime: &'a str,
    /// When the complaint was first presented to the firm, at any door: the law of that day holds.
    pub received: Timestamp,
}

/// A rule that holds, and why.
#[derive(Debug, Clone)]
pub struct Chosen<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// Why, in Spanish.
    pub because_es: String,
    /// Why, in English.
    pub because_en: String,
}

impl Catalogue {
    /// The rules that hold for an affair of ticketing.
    pub fn for_ticket(&self, facts: TicketFacts<'_>, calendar: &Calendar) -> Vec<Chosen<'_>> {
        let day = calendar.day_of(facts.received);
        let sector = if facts.sector.is_empty() { "general" } else { facts.sector };
        let fits = |rule: &&Rule| {
            rule.enabled()
                && matches!(rule.subject, Subject::Ticket | Subject::TicketOrCase)
                && rule.types.iter().any(|t| t == facts.ticket_type)
                && (rule.topics.is_empty() || rule.topics.iter().any(|t| t == facts.topic))
                && rule.in_force(day)
        };
        let law = |rule: &&Rule| fits(rule) && !rule.only_without_law;
        let mut own: Vec<&Rule> = self.rules().filter(law).filter(|r| r.holds_for_sector(sector)).collect();
        let displaced: Vec<&String> = own.iter().flat_map(|r| &r.displaces).collect();
        own.retain(|rule| !displaced.contains(&&rule.id));
        if !own.is_empty() {
            return own.into_iter().map(|rule| by_sector(rule, sector, facts.topic, day)).collect();
        }
        let all: Vec<&Rule> = self.rules().filter(law).filter(|r| r.holds_for_all()).collect();
        if !all.is_empty() {
            return all.into_iter().map(|rule| for_all_traders(rule, sector, day)).collect();
        }
        let house = |rule: &&Rule| fits(rule) && rule.only_without_law;
        self.rules().filter(house).map(|rule| by_the_house(rule, facts.ticket_type, sector, day)).collect()
    }

    /// The rules that hold for an affair by anything it was ever filed as, each once.
    pub fn for_affair(&self, filed: Filed<'_>, calendar: &Calendar) -> Vec<Chosen<'_>> {
        let mut all: Vec<Chosen<'_>> = Vec::new();
        for ticket_type in filed.types {
            for topic in filed.topics {
                let facts = TicketFacts { ticket_type, sector: filed.sector, topic, received: filed.received };
                for chosen in self.for_ticket(facts, calendar) {
                    if !all.iter().any(|known| known.rule.id == chosen.rule.id) {
                        all.push(chosen);
                    }
                }
            }
        }
        all
    }

    /// The rule a case is to be decided by.
    pub fn for_case(&self, facts: CaseFacts<'_>, calendar: &Calendar) -> Option<Chosen<'_>> {
        let day = calendar.day_of(facts.received);
        let fits = |rule: &&Rule| {
            rule.enabled() && matches!(rule.subject, Subject::Case | Subject::TicketOrCase) && rule.in_force(day)
        };
        let named = self.rules().filter(fits).find(|r| r.regimes.iter().any(|x| x == facts.regime));
        if let Some(rule) = named {
            return Some(Chosen {
                rule,
                because_es: format!("régimen «{}», recibida el {day}: rige {}", facts.regime, rule.citation),
                because_en: format!("regime «{}», received on {day}: {} holds", facts.regime, rule.citation),
            });
        }
        let house = self.rules().filter(fits).find(|r| r.only_without_law && r.regimes.iter().any(|x| x == "*"));
        house.map(|rule| by_the_house(rule, "case", facts.regime, day))
    }

    /// The rule the decision of a case is to be notified by, where its regime has one.
    pub fn for_decision(&self, regime: &str, decided: Timestamp, calendar: &Calendar) -> Option<Chosen<'_>> {
        let day = calendar.day_of(decided);
        let fits = |r: &&Rule| r.enabled() && r.subject == Subject::Decision && r.in_force(day);
        let rule = self.rules().filter(fits).find(|r| r.regimes.iter().any(|x| x == regime))?;
        Some(Chosen {
            rule,
            because_es: format!("régimen «{regime}», decidida el {day}: rige {}", rule.citation),
            because_en: format!("regime «{regime}», decided on {day}: {} holds", rule.citation),
        })
    }

    /// The rule a promise is kept under.
    pub fn for_promise(&self) -> Option<Chosen<'_>> {
        let rule = self.rules().find(|r| r.enabled() && r.subject == Subject::Promise)?;
        Some(Chosen {
            rule,
            because_es: "lo prometido a un cliente vence cuando se prometió".to_owned(),
            because_en: "what was promised to a customer falls due when it was promised for".to_owned(),
        })
    }
}

fn by_sector<'a>(rule: &'a Rule, sector: &str, topic: &str, day: Date) -> Chosen<'a> {
    let mut because_es = format!("sector «{sector}», recibida el {day}: rige {}", rule.citation);
    let mut because_en = format!("sector «{sector}», received on {day}: {} holds", rule.citation);
    if !rule.topics.is_empty() {
        because_es.push_str(&format!("; asunto «{topic}»"));
        because_en.push_str(&format!("; topic «{topic}»"));
    }
    if !rule.displaces.is_empty() {
        let others = rule.displaces.join(", ");
        because_es.push_str(&format!("; por especial desplaza a {others}"));
        because_en.push_str(&format!("; being the special rule it takes the place of {others}"));
    }
    Chosen { rule, because_es, because_en }
}

fn for_all_traders<'a>(rule: &'a Rule, sector: &str, day: Date) -> Chosen<'a> {
    Chosen {
        rule,
        because_es: format!(
            "ninguna norma propia del sector «{sector}» rige el {day}: vale la general para todo empresario, {}",
            rule.citation
        ),
        because_en: format!(
            "no rule of sector «{sector}» is in force on {day}: the general one for every trader holds, {}",
            rule.citation
        ),
    }
}

fn by_the_house<'a>(rule: &'a Rule, what: &str, sector: &str, day: Date) -> Chosen<'a> {
    debug_assert!(rule.kind != Kind::Statutory, "a house rule is no law");
    Chosen {
        rule,
        because_es: format!(
            "ninguna ley fijaba el {day} un plazo para «{what}» en «{sector}»: vale la norma de la casa"
        ),
        because_en: format!("no law set a term for «{what}» in «{sector}» on {day}: the house's own standard holds"),
    }
}
