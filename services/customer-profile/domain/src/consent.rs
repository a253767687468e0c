//! What a customer allows: by purpose and channel, on which basis, since when and until when.

use std::collections::BTreeSet;

use jiff::{Timestamp, ToSpan, tz::TimeZone};
use kernel::Channel;

/// What for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Calls that sell.
    CommercialCalls,
    /// Messages that sell.
    CommercialMessages,
    /// Automated evaluation of the person.
    Profiling,
    /// Recording of conversations.
    Recording,
    /// Giving data to others.
    Sharing,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 5] =
        [Self::CommercialCalls, Self::CommercialMessages, Self::Profiling, Self::Recording, Self::Sharing];

    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CommercialCalls => "commercial_calls",
            Self::CommercialMessages => "commercial_messages",
            Self::Profiling => "profiling",
            Self::Recording => "recording",
            Self::Sharing => "sharing",
        }
    }

    /// The purpose with this stored word.
    pub fn stored(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == word)
    }
}

/// On which ground of GDPR art. 6.1 the firm relies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LegalBasis {
    /// 6.1.a: the person agreed.
    Consent,
    /// 6.1.b: a contract needs it.
    Contract,
    /// 6.1.c: the law demands it.
    LegalObligation,
    /// 6.1.f: an interest that outweighs.
    LegitimateInterest,
}

impl LegalBasis {
    /// Every basis.
    pub const ALL: [Self; 4] = [Self::Consent, Self::Contract, Self::LegalObligation, Self::LegitimateInterest];

    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Consent => "consent",
            Self::Contract => "contract",
            Self::LegalObligation => "legal_obligation",
            Self::LegitimateInterest => "legitimate_interest",
        }
    }

    /// The basis with this stored word.
    pub fn stored(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|basis| basis.as_str() == word)
    }
}

/// Something the customer said, or had said for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// What for.
    pub purpose: Purpose,
    /// By which channel; every channel when absent.
    pub channel: Option<Channel>,
    /// When it was said.
    pub said_at: Timestamp,
    /// What was said.
    pub says: Says,
}

/// What a statement says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// Yes.
    Give {
        /// On which ground.
        basis: LegalBasis,
        /// Until when, where that was said.
        until: Option<Timestamp>,
    },
    /// No.
    Withdraw,
}

/// How things stand with a purpose on a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Allowed.
    Given {
        /// On which ground.
        basis: LegalBasis,
        /// When it was said.
        since: Timestamp,
        /// When it lapses, if it does.
        lapses: Option<Timestamp>,
    },
    /// It was allowed, and time is over.
    Lapsed {
        /// Since when.
        at: Timestamp,
    },
    /// It was taken back.
    Withdrawn {
        /// When.
        at: Timestamp,
    },
}

/// How long agreement to calls that sell holds before it has to be asked for again, in years (Ley 10/2025).
const COMMERCIAL_CALLS_YEARS: i32 = 2;

/// When what was given at `since` lapses by itself: when it was said to, and agreement to commercial calls after two
/// years, to the day in Spanish peninsular time.
pub fn lapses(purpose: Purpose, basis: LegalBasis, since: Timestamp, until: Option<Timestamp>) -> Option<Timestamp> {
    let by_law = (purpose == Purpose::CommercialCalls && basis == LegalBasis::Consent).then(|| {
        let zone = TimeZone::get("Europe/Madrid").unwrap_or(TimeZone::UTC);
        let since = since.to_zoned(zone);
        since.checked_add(COMMERCIAL_CALLS_YEARS.years()).map_or(Timestamp::MAX, |end| end.timestamp())
    });
    match (until, by_law) {
        (Some(said), Some(law)) => Some(said.min(law)),
        (one, other) => one.or(other),
    }
}

/// How things stand with each purpose and channel that was ever spoken of, at `now`. A statement about every channel
/// counts for each; what was said last counts, and of two at one instant the withdrawal. The order of `statements`
/// does not matter.
pub fn standings(statements: &[Statement], now: Timestamp) -> Vec<(Purpose, Option<Channel>, Standing)> {
    let spoken_of: BTreeSet<(Purpose, Option<&'static str>)> =
        statements.iter().map(|s| (s.purpose, s.channel.map(Channel::as_str))).collect();
    let channel = |word: &str| statements.iter().filter_map(|s| s.channel).find(|c| c.as_str() == word);
    spoken_of
        .into_iter()
        .filter_map(|(purpose, word)| {
            let channel = word.and_then(channel);
            standing(statements, purpose, channel, now).map(|standing| (purpose, channel, standing))
        })
        .collect()
}

/// Whether somebody wants no automated evaluation of themselves, by whatever channel they said so.
pub fn refuses_profiling(statements: &[Statement], now: Timestamp) -> bool {
    let withdrawn = |standing: &Standing| matches!(standing, Standing::Withdrawn { .. });
    standings(statements, now)
        .iter()
        .any(|(purpose, _, standing)| *purpose == Purpose::Profiling && withdrawn(standing))
}

/// How things stand with one purpose on one channel (or on all, when absent); `None` when nobody ever spoke of it.
pub fn standing(
    statements: &[Statement],
    purpose: Purpose,
    channel: Option<Channel>,
    now: Timestamp,
) -> Option<Standing> {
    let about =
        |s: &&Statement| s.purpose == purpose && s.said_at <= now && (s.channel.is_none() || s.channel == channel);
    let last = statements.iter().filter(about).max_by_key(|s| (s.said_at, s.says == Says::Withdraw))?;
    Some(match last.says {
        Says::Withdraw => Standing::Withdrawn { at: last.said_at },
        Says::Give { basis, until } => match lapses(purpose, basis, last.said_at, until) {
            Some(at) if at <= now => Standing::Lapsed { at },
            lapses => Standing::Given { basis, since: last.said_at, lapses },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn gives(channel: Option<Channel>, said_at: &str) -> Statement {
        let says = Says::Give { basis: LegalBasis::Consent, until: None };
        Statement { purpose: Purpose::CommercialCalls, channel, said_at: at(said_at), says }
    }

    fn withdraws(channel: Option<Channel>, said_at: &str) -> Statement {
        Statement { says: Says::Withdraw, ..gives(channel, said_at) }
    }

    fn on(channel: Option<Channel>, statements: &[Statement], now: &str) -> Option<Standing> {
        standing(statements, Purpose::CommercialCalls, channel, at(now))
    }

    #[test]
    fn agreement_to_commercial_calls_lapses_after_two_years_to_the_day() {
        let said = [gives(None, "2026-12-28T23:30:00Z")];
        assert!(matches!(on(None, &said, "2028-12-28T23:29:59Z"), Some(Standing::Given { .. })));
        let lapsed = Standing::Lapsed { at: at("2028-12-28T23:30:00Z") };
        assert_eq!(on(None, &said, "2028-12-28T23:30:00Z"), Some(lapsed));
        // A leap day has no day two years later; the last of its month stands for it.
        let leap = lapses(Purpose::CommercialCalls, LegalBasis::Consent, at("2028-02-29T12:00:00Z"), None);
        assert_eq!(leap, Some(at("2030-02-28T12:00:00Z")));
    }

    #[test]
    fn what_rests_on_a_contract_or_is_no_call_lapses_only_when_it_was_said_to() {
        let since = at("2026-01-01T00:00:00Z");
        assert_eq!(lapses(Purpose::CommercialCalls, LegalBasis::Contract, since, None), None);
        assert_eq!(lapses(Purpose::Recording, LegalBasis::Consent, since, None), None);
        let until = Some(at("2026-06-01T00:00:00Z"));
        assert_eq!(lapses(Purpose::CommercialCalls, LegalBasis::Consent, since, until), until);
        let too_long = Some(at("2036-01-01T00:00:00Z"));
        let by_law = lapses(Purpose::CommercialCalls, LegalBasis::Consent, since, too_long);
        assert_eq!(by_law, Some(at("2028-01-01T00:00:00Z")));
    }

    #[test]
    fn the_last_word_counts_and_a_no_beats_a_yes_of_the_same_instant() {
        let now = "2026-06-01T00:00:00Z";
        let yes_no_yes = [
            gives(None, "2026-01-01T00:00:00Z"),
            withdraws(None, "2026-02-01T00:00:00Z"),
            gives(None, "2026-03-01T00:00:00Z"),
        ];
        assert!(matches!(on(None, &yes_no_yes, now), Some(Standing::Given { .. })));
        let both = [withdraws(None, "2026-03-01T00:00:00Z"), gives(None, "2026-03-01T00:00:00Z")];
        assert!(matches!(on(None, &both, now), Some(Standing::Withdrawn { .. })));
    }

    #[test]
    fn a_word_about_every_channel_counts_for_each_and_one_about_a_channel_for_it_alone() {
        let now = "2026-06-01T00:00:00Z";
        let said = [gives(None, "2026-01-01T00:00:00Z"), withdraws(Some(Channel::Sms), "2026-02-01T00:00:00Z")];
        assert!(matches!(on(Some(Channel::Phone), &said, now), Some(Standing::Given { .. })));
        assert!(matches!(on(Some(Channel::Sms), &said, now), Some(Standing::Withdrawn { .. })));
        assert!(matches!(on(None, &said, now), Some(Standing::Given { .. })));
        let then_all = [said[0].clone(), said[1].clone(), withdraws(None, "2026-03-01T00:00:00Z")];
        assert!(matches!(on(Some(Channel::Phone), &then_all, now), Some(Standing::Withdrawn { .. })));
        let listed = standings(&said, at(now));
        assert_eq!(listed.iter().map(|(_, channel, _)| *channel).collect::<Vec<_>>(), [None, Some(Channel::Sms)]);
    }

    #[test]
    fn stored_words_are_read_back() {
        assert!(Purpose::ALL.into_iter().all(|purpose| Purpose::stored(purpose.as_str()) == Some(purpose)));
        assert!(LegalBasis::ALL.into_iter().all(|basis| LegalBasis::stored(basis.as_str()) == Some(basis)));
    }
}
