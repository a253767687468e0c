//! What to do next for a customer of one's own accord: call in person, make good, follow up. Proposed with its reasons, done only once
//! somebody has approved it.

use jiff::{SignedDuration, Timestamp};

use crate::{ChurnSignal, Sound};

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ActionKind {
    /// Somebody with the power to solve it calls in person.
    PersonalCall,
    /// Something is given for what went wrong.
    Goodwill,
    /// Somebody asks how it goes, and listens.
    FollowUp,
}

impl ActionKind {
    /// Every kind, the most pressing first.
    pub const ALL: [Self; 3] = [Self::PersonalCall, Self::Goodwill, Self::FollowUp];

    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PersonalCall => "personal_call",
            Self::Goodwill => "goodwill",
            Self::FollowUp => "follow_up",
        }
    }

    /// The kind with this stored word.
    pub fn stored(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Whether it would be a retention pitch with somebody who has said why they leave.
    pub const fn is_pitch(self) -> bool {
        matches!(self, Self::Goodwill | Self::FollowUp)
    }

    /// Whether who proposed it may not be who approves it: it costs money.
    pub const fn needs_another(self) -> bool {
        matches!(self, Self::Goodwill)
    }

    /// Whether what was proposed is not to be done any more for the customer as they are known now, who may have turned out since to
    /// be one with somebody: nobody who has said within [`PEACE`] why they leave is offered anything, and something is given once a year.
    pub const fn is_overtaken(self, in_peace: bool, given_beside: bool) -> bool {
        (self.is_pitch() && in_peace) || (matches!(self, Self::Goodwill) && given_beside)
    }
}

/// What speaks for doing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ActionReason {
    /// A term or a promise was missed in an affair that is not over.
    MissedTerm,
    /// What contacts cost the customer has come to the cap.
    Effort,
    /// A complaint is not over.
    Complaint,
    /// The customer sounded unhappy when last heard.
    Unhappy,
    /// Nobody works on anything for the customer.
    NothingOpen,
    /// Something else speaks of the customer's leaving.
    Leaving,
    /// The customer said in a survey that an affair was handled badly.
    Dissatisfied,
}

impl ActionReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::MissedTerm,
        Self::Effort,
        Self::Complaint,
        Self::Unhappy,
        Self::NothingOpen,
        Self::Leaving,
        Self::Dissatisfied,
    ];

    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MissedTerm => "missed_term",
            Self::Effort => "effort",
            Self::Complaint => "complaint",
            Self::Unhappy => "unhappy",
            Self::NothingOpen => "nothing_open",
            Self::Leaving => "leaving",
            Self::Dissatisfied => "dissatisfied",
        }
    }

    /// The reason with this stored word.
    pub fn stored(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }
}

/// A contact as far as it speaks for something: only of those whose words whoever serves may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// When it took place.
    pub at: Timestamp,
    /// The customer made it.
    pub inbound: bool,
    /// How it sounded.
    pub sound: Option<Sound>,
}

/// What a customer said in a survey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    /// When.
    pub at: Timestamp,
    /// Satisfaction, 1 to 5.
    pub csat: Option<i32>,
    /// Recommendation, 0 to 10.
    pub nps: Option<i32>,
    /// Ease, 1 to 7.
    pub ces: Option<i32>,
}

impl Judged {
    /// Whether it was handled badly: one of the two lowest satisfactions; where that was not asked, "it was not made easy"; where that was
    /// not either, a detractor of the Net Promoter Score. The question about the affair itself comes before the one about the firm.
    pub const fn is_bad(&self) -> bool {
        match (self.csat, self.ces, self.nps) {
            (Some(csat), _, _) => csat <= 2,
            (None, Some(ces), _) => ces <= 3,
            (None, None, Some(nps)) => nps <= 6,
            (None, None, None) => false,
        }
    }
}

/// How things stand with a customer.
#[derive(Debug, Clone, Default)]
pub struct Situation {
    /// The last contacts, in any order.
    pub contacts: Vec<Heard>,
    /// What the customer said in surveys, in any order.
    pub judged: Vec<Judged>,
    /// A term or a promise was missed in an affair that is not over.
    pub missed_term: bool,
    /// A complaint is not over.
    pub complaint: bool,
    /// How many affairs are not over, as far as is known.
    pub open_affairs: usize,
    /// Affairs may have come that are not known yet: who tells of them is behind or down.
    pub affairs_unknown: bool,
    /// What contacts cost has come to the cap.
    pub effort_reached: bool,
    /// What speaks of leaving.
    pub signals: Vec<ChurnSignal>,
    /// The customer has said within [`PEACE`] why they leave.
    pub in_peace: bool,
    /// Something was given to the customer, or is about to be, within a year.
    pub goodwill_within_year: bool,
}

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextAction {
    /// What.
    pub kind: ActionKind,
    /// Why, in the order of [`ActionReason`].
    pub reasons: Vec<ActionReason>,
}

/// For how long what was said is worth acting on.
const FRESH: SignedDuration = SignedDuration::from_hours(24 * 30);
/// For how long who said why they leave is left in peace.
pub const PEACE: SignedDuration = SignedDuration::from_hours(24 * 90);

impl NextAction {
    /// What to do at `now`, the most pressing first; nothing when nothing speaks for it.
    ///
    /// * Somebody calls in person when two things weigh on the customer, the cap is reached, or the customer said in a survey that an
    ///   affair was handled badly (who is asked and not heard is worse off than who was not asked), and nobody has called since the
    ///   customer last spoke.
    /// * Something is given when the house itself failed, once a year, and to nobody who has said why they leave: that would be a
    ///   retention pitch.
    /// * Somebody follows up when an unhappy customer has no affair that anybody works on, or leaving is spoken of and no affair is
    ///   open (the fifth and sixth rights of the customer); not beside a call, and not with who has said why they leave.
    pub fn of(situation: &Situation, now: Timestamp) -> Vec<Self> {
        let within = |span: SignedDuration| {
            let fresh = move |contact: &&Heard| contact.at <= now && now.duration_since(contact.at) < span;
            situation.contacts.iter().filter(fresh)
        };
        let judged = situation.judged.iter().filter(|judged| judged.at <= now && now.duration_since(judged.at) < FRESH);
        let judged = judged.max_by_key(|judged| judged.at);
        let dissatisfied = judged.is_some_and(Judged::is_bad);
        let last = within(FRESH).filter(|contact| contact.inbound).map(|contact| contact.at).max();
        let last = last.max(judged.map(|judged| judged.at));
        let heard = within(FRESH).filter(|contact| contact.inbound && contact.sound.is_some());
        let unhappy = heard.max_by_key(|contact| contact.at).is_some_and(|c| c.sound == Some(Sound::Negative));
        let answered = last.is_some_and(|last| within(FRESH).any(|contact| !contact.inbound && contact.at > last));
        let in_peace = situation.in_peace;
        let nothing_open = situation.open_affairs == 0 && !situation.affairs_unknown;
        let leaving = situation
            .signals
            .iter()
            .any(|signal| matches!(signal, ChurnSignal::PurchaseLate | ChurnSignal::ContractEnded));

        let burden: Vec<ActionReason> = [
            (ActionReason::MissedTerm, situation.missed_term),
            (ActionReason::Effort, situation.effort_reached),
            (ActionReason::Complaint, situation.complaint),
            (ActionReason::Unhappy, unhappy),
            (ActionReason::Dissatisfied, dissatisfied),
        ]
        .into_iter()
        .filter_map(|(reason, holds)| holds.then_some(reason))
        .collect();

        let mut actions = Vec::new();
        let calls = !answered && (burden.len() >= 2 || situation.effort_reached || dissatisfied);
        if calls {
            actions.push(Self { kind: ActionKind::PersonalCall, reasons: burden.clone() });
        }
        let failed: Vec<ActionReason> =
            burden.into_iter().filter(|r| matches!(r, ActionReason::MissedTerm | ActionReason::Effort)).collect();
        if !failed.is_empty() && !situation.goodwill_within_year && !in_peace {
            actions.push(Self { kind: ActionKind::Goodwill, reasons: failed });
        }
        if !calls && !answered && !in_peace && nothing_open && (unhappy || leaving) {
            let all =
                [(ActionReason::Unhappy, unhappy), (ActionReason::NothingOpen, true), (ActionReason::Leaving, leaving)];
            let reasons = all.into_iter().filter_map(|(reason, holds)| holds.then_some(reason)).collect();
            actions.push(Self { kind: ActionKind::FollowUp, reasons });
        }
        actions
    }
}

/// How far a proposal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActionState {
    /// Somebody is to decide.
    Proposed,
    /// It is to be done.
    Approved,
    /// It is not to be done.
    Declined,
    /// It was done.
    Done,
    /// Nobody decided or did it in time.
    Lapsed,
}

impl ActionState {
    /// What is stored; lapsing is seen when it is read.
    pub const STORED: [Self; 4] = [Self::Proposed, Self::Approved, Self::Declined, Self::Done];

    /// The word that is stored, or told.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::Done => "done",
            Self::Lapsed => "lapsed",
        }
    }

    /// The state with this stored word.
    pub fn stored(word: &str) -> Option<Self> {
        Self::STORED.into_iter().find(|state| state.as_str() == word)
    }

    /// The state at `now` of what lapses at an instant.
    #[must_use]
    pub fn at(self, now: Timestamp, expires_at: Timestamp) -> Self {
        match self {
            Self::Proposed | Self::Approved if now >= expires_at => Self::Lapsed,
            other => other,
        }
    }
}

/// How long a proposal waits before it lapses.
pub const PATIENCE: SignedDuration = FRESH;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(day: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * day)
    }

    fn said(at: i64, sound: Sound) -> Heard {
        Heard { at: day(at), inbound: true, sound: Some(sound) }
    }

    fn kinds(situation: &Situation) -> Vec<ActionKind> {
        NextAction::of(situation, day(100)).into_iter().map(|action| action.kind).collect()
    }

    #[test]
    fn where_nothing_speaks_for_it_nothing_is_done() {
        assert_eq!(kinds(&Situation::default()), []);
        let content = Situation { contacts: vec![said(99, Sound::Positive)], ..Situation::default() };
        assert_eq!(kinds(&content), []);
        let working = Situation { contacts: vec![said(99, Sound::Negative)], open_affairs: 1, ..Situation::default() };
        assert_eq!(kinds(&working), [], "somebody works on it");
    }

    #[test]
    fn two_burdens_call_for_a_person_and_a_failure_of_the_house_for_goodwill() {
        let failed = Situation {
            contacts: vec![said(99, Sound::Negative)],
            missed_term: true,
            complaint: true,
            open_affairs: 1,
            ..Situation::default()
        };
        let actions = NextAction::of(&failed, day(100));
        assert_eq!(actions[0].reasons, [ActionReason::MissedTerm, ActionReason::Complaint, ActionReason::Unhappy]);
        assert_eq!(actions[1], NextAction { kind: ActionKind::Goodwill, reasons: vec![ActionReason::MissedTerm] });
        assert_eq!(kinds(&failed), [ActionKind::PersonalCall, ActionKind::Goodwill]);
        let given = Situation { goodwill_within_year: true, ..failed.clone() };
        assert_eq!(kinds(&given), [ActionKind::PersonalCall]);
        let mut called = failed;
        called.contacts.push(Heard { at: day(100), inbound: false, sound: None });
        assert_eq!(kinds(&called), [ActionKind::Goodwill], "somebody has called since");
    }

    #[test]
    fn the_unhappy_whom_nobody_works_for_are_asked() {
        let unhappy = Situation { contacts: vec![said(80, Sound::Negative)], ..Situation::default() };
        assert_eq!(kinds(&unhappy), [ActionKind::FollowUp]);
        let later =
            Situation { contacts: vec![said(80, Sound::Negative), said(90, Sound::Positive)], ..unhappy.clone() };
        assert_eq!(kinds(&later), [], "what was said last counts");
        let old = Situation { contacts: vec![said(70, Sound::Negative)], ..unhappy };
        assert_eq!(kinds(&old), []);
    }

    #[test]
    fn what_nobody_decides_or_does_lapses() {
        use ActionState::{Approved, Declined, Done, Lapsed, Proposed};
        let at = |state: ActionState, now| state.at(day(now), day(30));
        assert_eq!([Proposed, Approved, Declined, Done].map(|state| at(state, 30)), [Lapsed, Lapsed, Declined, Done]);
        assert_eq!([Proposed, Approved].map(|state| at(state, 29)), [Proposed, Approved]);
    }

    #[test]
    fn what_sells_is_overtaken_by_who_leaves_and_goodwill_by_goodwill_too() {
        use ActionKind::{FollowUp, Goodwill, PersonalCall};
        let overtaken = |in_peace, given| ActionKind::ALL.into_iter().filter(move |k| k.is_overtaken(in_peace, given));
        assert_eq!(overtaken(false, false).count(), 0);
        assert_eq!(overtaken(true, false).collect::<Vec<_>>(), [Goodwill, FollowUp]);
        assert_eq!(overtaken(false, true).collect::<Vec<_>>(), [Goodwill]);
        assert!(!PersonalCall.is_overtaken(true, true), "to listen is no offer");
    }

    #[test]
    fn every_word_is_read_back() {
        assert!(ActionKind::ALL.into_iter().all(|kind| ActionKind::stored(kind.as_str()) == Some(kind)));
        assert!(ActionReason::ALL.into_iter().all(|reason| ActionReason::stored(reason.as_str()) == Some(reason)));
        assert!(ActionState::STORED.into_iter().all(|state| ActionState::stored(state.as_str()) == Some(state)));
        assert_eq!(ActionState::stored("lapsed"), None);
    }

    #[test]
    fn who_was_asked_and_said_that_it_was_bad_is_called_once() {
        let judged = |at, csat| Judged { at: day(at), csat: Some(csat), nps: Some(10), ces: None };
        let bad = Situation { judged: vec![judged(98, 2)], open_affairs: 1, ..Situation::default() };
        let called = vec![NextAction { kind: ActionKind::PersonalCall, reasons: vec![ActionReason::Dissatisfied] }];
        assert_eq!(NextAction::of(&bad, day(100)), called);
        let answered = Situation { contacts: vec![Heard { at: day(99), inbound: false, sound: None }], ..bad.clone() };
        assert_eq!(kinds(&answered), [], "somebody has called since");
        let better = Situation { judged: vec![judged(98, 2), judged(99, 4)], ..bad.clone() };
        assert_eq!(kinds(&better), [], "what was said last counts");
        let old = Situation { judged: vec![judged(70, 1)], ..bad };
        assert_eq!(kinds(&old), []);
    }

    #[test]
    fn the_question_about_the_affair_comes_before_the_one_about_the_firm() {
        let judged = |csat, ces, nps| Judged { at: day(0), csat, nps, ces };
        assert!(!judged(Some(3), Some(1), Some(0)).is_bad());
        assert!(judged(Some(2), Some(7), Some(10)).is_bad());
        assert!(judged(None, Some(3), Some(10)).is_bad());
        assert!(!judged(None, Some(4), Some(0)).is_bad());
        assert!(judged(None, None, Some(6)).is_bad());
        assert!(!judged(None, None, Some(7)).is_bad());
        assert!(!judged(None, None, None).is_bad(), "words alone are no score");
    }

    fn any_situation() -> impl Strategy<Value = Situation> {
        let sound = prop_oneof![Just(None), Just(Some(Sound::Negative)), Just(Some(Sound::Positive))];
        let contact =
            (0..101_i64, any::<bool>(), sound).prop_map(|(at, inbound, sound)| Heard { at: day(at), inbound, sound });
        let flags =
            (any::<bool>(), any::<bool>(), 0..2_usize, any::<bool>(), any::<bool>(), any::<bool>(), any::<[bool; 2]>());
        let judged = (0..101_i64, 1..6_i32).prop_map(|(at, csat)| Judged {
            at: day(at),
            csat: Some(csat),
            nps: None,
            ces: None,
        });
        let said = (prop::collection::vec(contact, 0..6), prop::collection::vec(judged, 0..2));
        (said, flags).prop_map(|((contacts, judged), flags)| {
            let (missed_term, complaint, open_affairs, effort_reached, late, in_peace, last) = flags;
            let [goodwill_within_year, affairs_unknown] = last;
            let signals = if late { vec![ChurnSignal::PurchaseLate] } else { Vec::new() };
            Situation {
                contacts,
                judged,
                missed_term,
                complaint,
                open_affairs,
                affairs_unknown,
                effort_reached,
                signals,
                in_peace,
                goodwill_within_year,
            }
        })
    }

    proptest! {
        #[test]
        fn whoever_said_why_they_leave_is_offered_nothing(situation in any_situation()) {
            let proposed = NextAction::of(&situation, day(100));
            if situation.in_peace {
                prop_assert!(proposed.iter().all(|action| !action.kind.is_pitch()));
            }
            for action in &proposed {
                prop_assert!(!action.reasons.is_empty());
                prop_assert!(action.reasons.is_sorted());
                if action.kind == ActionKind::FollowUp {
                    prop_assert_eq!(situation.open_affairs, 0, "a renewal call looks for open affairs first");
                    prop_assert!(!situation.affairs_unknown, "and for what nobody told yet");
                }
            }
            prop_assert!(proposed.is_sorted_by_key(|action| action.kind));
            let mut reversed = situation;
            reversed.contacts.reverse();
            let count = reversed.contacts.iter().map(|c| c.at).collect::<std::collections::BTreeSet<_>>().len();
            if count == reversed.contacts.len() {
                prop_assert_eq!(NextAction::of(&reversed, day(100)), proposed);
            }
        }
    }
}
