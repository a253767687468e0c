//! Which rules hold for an affair: by the place of its calendar, sector, type, topic, channel, the size of the company, and the law in
//! force on the civil day of the first receipt.
//!
//! Only rules of the place hold: those of the jurisdiction of the calendar, of the Union in its member states, and the house's own. The
//! order of choice among them, from the most special to the most general:
//! 1. rules of the affair's own sector; a special rule takes the place of the rules it displaces. One that binds large companies alone
//!    is none for a small one;
//! 2. where the sector has none, the rules for all traders;
//! 3. where no law sets a term at all, the house's own.
//!
//! A channel that the sector's law does not admit never opens the way to a more general rule: either the term counts all the same, or
//! none starts, and [`Catalogue::withheld`] says why.

use jiff::Timestamp;
use jiff::civil::Date;

use super::Catalogue;
use crate::Calendar;
use crate::rule::{ChannelBar, Kind, Rule, Subject};

/// What is known of an affair when its clocks are chosen.
#[derive(Debug, Clone, Copy)]
pub struct TicketFacts<'a> {
    /// Type, in lower case, e.g. `reclamacion`.
    pub ticket_type: &'a str,
    /// Sector; empty counts as `general`.
    pub sector: &'a str,
    /// Topic; empty when none.
    pub topic: &'a str,
    /// Channel it was presented by, in lower case, e.g. `phone`, `web`, `email`, `post`, `branch`; empty where that is not known.
    pub channel: &'a str,
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
    /// Channel it was first presented by, in lower case; empty where that is not known.
    pub channel: &'a str,
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

/// A rule that would hold, had the affair come by another channel.
#[derive(Debug, Clone)]
pub struct Withheld<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// Why no term starts, in Spanish.
    pub because_es: String,
    /// Why no term starts, in English.
    pub because_en: String,
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
        let weighed = Weighed::new(self, facts, calendar);
        if !weighed.own.is_empty() {
            let admitted = weighed.own.iter().filter(|rule| !bars(rule, facts.channel));
            return admitted.map(|rule| by_sector(rule, &weighed, facts)).collect();
        }
        let all: Vec<&Rule> = self.rules().filter(|r| weighed.is_law(r) && r.holds_for_all()).collect();
        if !all.is_empty() {
            return all.into_iter().map(|rule| for_all_traders(rule, &weighed)).collect();
        }
        let house = self.rules().filter(|r| weighed.fits(r) && r.only_without_law);
        house.map(|rule| by_the_house(rule, facts.ticket_type, &weighed)).collect()
    }

    /// The rules that would hold for an affair, had it come by another channel, and why they start no term. None under the strict
    /// readings.
    pub fn withheld(&self, facts: TicketFacts<'_>, calendar: &Calendar) -> Vec<Withheld<'_>> {
        let own = Weighed::new(self, facts, calendar).own;
        own.into_iter().filter(|rule| bars(rule, facts.channel)).filter_map(withheld).collect()
    }

    /// The rules that hold for an affair by anything it was ever filed as, each once.
    pub fn for_affair(&self, filed: Filed<'_>, calendar: &Calendar) -> Vec<Chosen<'_>> {
        let mut all: Vec<Chosen<'_>> = Vec::new();
        for ticket_type in filed.types {
            for topic in filed.topics {
                let Filed { sector, channel, received, .. } = filed;
                let facts = TicketFacts { ticket_type, sector, topic, channel, received };
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
            rule.enabled()
                && matches!(rule.subject, Subject::Case | Subject::TicketOrCase)
                && rule.in_force(day)
                && rule.holds_in(&calendar.jurisdiction)
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
        house.map(|rule| without_law(rule, "case", facts.regime, day))
    }

    /// The rule by which the office does this stage with a decision: that of its regime, or the office's own where the regime names none.
    pub fn for_decision(&self, stage: &str, regime: &str, since: Timestamp, calendar: &Calendar) -> Option<Chosen<'_>> {
        let day = calendar.day_of(since);
        let fits = |r: &&Rule| {
            r.enabled()
                && r.subject == Subject::Decision
                && r.stage == stage
                && r.in_force(day)
                && r.holds_in(&calendar.jurisdiction)
        };
        let of = |regime: &str| self.rules().filter(fits).find(|r| r.regimes.iter().any(|x| x == regime));
        if let Some(rule) = of(regime) {
            return Some(Chosen {
                rule,
                because_es: format!("régimen «{regime}», desde el {day}: rige {}", rule.citation),
                because_en: format!("regime «{regime}», since {day}: {} holds", rule.citation),
            });
        }
        of("*").map(|rule| Chosen {
            rule,
            because_es: format!("el régimen «{regime}» no fija este plazo: lo da la norma de la casa"),
            because_en: format!("regime «{regime}» does not set this term: the house's own rule gives it"),
        })
    }

    /// The rule an obligation of this stage is met under.
    pub fn for_obligation(&self, stage: &str) -> Option<Chosen<'_>> {
        let rule = self.rules().find(|r| r.enabled() && r.subject == Subject::Obligation && r.stage == stage)?;
        Some(Chosen {
            rule,
            because_es: "lo que la oficina ordena o recomienda vence cuando ella dice".to_owned(),
            because_en: "what the office orders or recommends falls due when it says".to_owned(),
        })
    }

    /// The rule that gives a party to a case time for this stage: that of the regime, or the office's own where the regime names none.
    pub fn for_party(&self, stage: &str, regime: &str, given: Timestamp, calendar: &Calendar) -> Option<Chosen<'_>> {
        let day = calendar.day_of(given);
        let fits = |r: &&Rule| {
            r.enabled()
                && r.subject == Subject::PartyTerm
                && r.stage == stage
                && r.in_force(day)
                && r.holds_in(&calendar.jurisdiction)
        };
        let of = |regime: &str| self.rules().filter(fits).find(|r| r.regimes.iter().any(|x| x == regime));
        if let Some(rule) = of(regime) {
            return Some(Chosen {
                rule,
                because_es: format!("régimen «{regime}», plazo dado el {day}: rige {}", rule.citation),
                because_en: format!("regime «{regime}», time given on {day}: {} holds", rule.citation),
            });
        }
        of("*").map(|rule| Chosen {
            rule,
            because_es: format!("el régimen «{regime}» no fija este plazo: lo da el reglamento de la oficina"),
            because_en: format!("regime «{regime}» does not set this time: the office's rulebook gives it"),
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

/// An affair held against the rules of its place, day and sector.
struct Weighed<'c, 'f> {
    facts: TicketFacts<'f>,
    sector: &'f str,
    day: Date,
    place: String,
    /// The rules of its own sector that bind the company, without those displaced.
    own: Vec<&'c Rule>,
    /// A rule of its sector that would hold, were the company large.
    spares: Option<&'c Rule>,
}

impl<'c, 'f> Weighed<'c, 'f> {
    fn new(catalogue: &'c Catalogue, facts: TicketFacts<'f>, calendar: &Calendar) -> Self {
        let sector = if facts.sector.is_empty() { "general" } else { facts.sector };
        let (day, place) = (calendar.day_of(facts.received), calendar.jurisdiction.clone());
        let mut weighed = Self { facts, sector, day, place, own: Vec::new(), spares: None };
        let of_sector = catalogue.rules().filter(|r| weighed.is_law(r) && r.holds_for_sector(sector));
        let is_large = catalogue.company.is_large();
        let (mut own, spared): (Vec<&Rule>, Vec<&Rule>) =
            of_sector.partition(|r| is_large || !r.binds_only_large_in(sector));
        let displaced: Vec<&String> = own.iter().flat_map(|r| &r.displaces).collect();
        own.retain(|rule| !displaced.contains(&&rule.id));
        weighed.spares = spared.first().copied();
        weighed.own = own;
        weighed
    }

    /// Whether a rule starts a clock for such an affair, its sector aside.
    fn fits(&self, rule: &Rule) -> bool {
        rule.enabled()
            && matches!(rule.subject, Subject::Ticket | Subject::TicketOrCase)
            && rule.types.iter().any(|t| t == self.facts.ticket_type)
            && (rule.topics.is_empty() || rule.topics.iter().any(|t| t == self.facts.topic))
            && rule.in_force(self.day)
            && rule.holds_in(&self.place)
    }

    fn is_law(&self, rule: &Rule) -> bool {
        self.fits(rule) && !rule.only_without_law
    }

    /// That a rule of the sector spares the company for its size, as the end of a reason.
    fn spared(&self) -> (String, String) {
        self.spares.map_or_else(Default::default, |rule| {
            (
                format!("; {} solo obliga en él a empresas grandes, y esta no lo es", rule.citation),
                format!("; {} binds in it large companies alone, which this one is not", rule.citation),
            )
        })
    }
}

/// Whether the channel keeps the rule from starting a term.
fn bars(rule: &Rule, channel: &str) -> bool {
    rule.bar_of(channel).is_some_and(ChannelBar::starts_none)
}

fn withheld(rule: &Rule) -> Option<Withheld<'_>> {
    let ChannelBar { channel, citation, reading } = rule.channel.as_ref()?;
    Some(Withheld {
        rule,
        because_es: format!(
            "presentada por «{channel}», vía que {citation} no admite: {} no inicia plazo ({} = «{}»)",
            rule.citation, reading.name, reading.value
        ),
        because_en: format!(
            "presented by «{channel}», which {citation} does not admit: {} starts no term ({} = «{}»)",
            rule.citation, reading.name, reading.value
        ),
    })
}

fn by_sector<'a>(rule: &'a Rule, weighed: &Weighed<'_, '_>, facts: TicketFacts<'_>) -> Chosen<'a> {
    let Weighed { sector, day, .. } = weighed;
    let mut because_es = format!("sector «{sector}», recibida el {day}: rige {}", rule.citation);
    let mut because_en = format!("sector «{sector}», received on {day}: {} holds", rule.citation);
    if !rule.topics.is_empty() {
        because_es.push_str(&format!("; asunto «{}»", facts.topic));
        because_en.push_str(&format!("; topic «{}»", facts.topic));
    }
    if !rule.displaces.is_empty() {
        let others = rule.displaces.join(", ");
        because_es.push_str(&format!("; por especial desplaza a {others}"));
        because_en.push_str(&format!("; being the special rule it takes the place of {others}"));
    }
    if rule.binds_only_large_in(sector) {
        because_es.push_str("; la empresa cuenta como grande");
        because_en.push_str("; the company counts as large");
    }
    if let Some(ChannelBar { channel, citation, reading }) = rule.bar_of(facts.channel) {
        let (name, value) = (&reading.name, &reading.value);
        because_es.push_str(&format!(
            "; presentada por «{channel}», vía que {citation} no admite: el plazo cuenta igualmente ({name} = «{value}»)"
        ));
        because_en.push_str(&format!(
            "; presented by «{channel}», which {citation} does not admit: the term counts all the same ({name} = «{value}»)"
        ));
    }
    Chosen { rule, because_es, because_en }
}

fn for_all_traders<'a>(rule: &'a Rule, weighed: &Weighed<'_, '_>) -> Chosen<'a> {
    let Weighed { sector, day, .. } = weighed;
    let (spared_es, spared_en) = weighed.spared();
    Chosen {
        rule,
        because_es: format!(
            "ninguna norma propia del sector «{sector}» rige el {day}: vale la general para todo empresario, {}{spared_es}",
            rule.citation
        ),
        because_en: format!(
            "no rule of sector «{sector}» is in force on {day}: the general one for every trader holds, {}{spared_en}",
            rule.citation
        ),
    }
}

fn by_the_house<'a>(rule: &'a Rule, what: &str, weighed: &Weighed<'_, '_>) -> Chosen<'a> {
    let Chosen { because_es, because_en, .. } = without_law(rule, what, weighed.sector, weighed.day);
    let (spared_es, spared_en) = weighed.spared();
    Chosen { rule, because_es: because_es + &spared_es, because_en: because_en + &spared_en }
}

fn without_law<'a>(rule: &'a Rule, what: &str, sector: &str, day: Date) -> Chosen<'a> {
    debug_assert!(rule.kind != Kind::Statutory, "a house rule is no law");
    Chosen {
        rule,
        because_es: format!(
            "ninguna ley fijaba el {day} un plazo para «{what}» en «{sector}»: vale la norma de la casa"
        ),
        because_en: format!("no law set a term for «{what}» in «{sector}» on {day}: the house's own standard holds"),
    }
}
