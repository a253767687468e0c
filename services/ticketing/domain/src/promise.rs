//! Promises: who promised what, when it falls due, and how it ended.

use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, Channel, Language};

use crate::{
    AttemptOutcome, Cause, ClockId, Notice, PromiseId, PromiseStanding, PromiseText, Refusal, State, Word, new_date,
};

/// What is promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PromiseKind {
    /// Something else than what follows.
    Other,
    /// That the affair will be answered.
    Resolution,
    /// To call back in a window of time, which ends when the promise is due.
    Callback {
        /// When it begins.
        from: Timestamp,
        /// How the customer was tried so far.
        tried: Tried,
    },
    /// To come, or to receive the customer, in a window of time, which ends when the promise is due.
    Appointment {
        /// When it begins.
        from: Timestamp,
        /// How the customer was tried so far.
        tried: Tried,
    },
    /// To ask later whether all is well.
    FollowUp,
}

/// How often a customer was tried within the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tried {
    /// How often.
    pub times: u32,
    /// When last.
    pub last: Option<Timestamp>,
}

/// What affairs like it tell of one that is promised to be answered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PromiseForecast {
    /// Before which fewer than the house asks for were answered.
    pub earliest: Timestamp,
    /// How many that is, in percent.
    pub percent: u8,
    /// Share that were answered by the day promised, 0 to 1.
    pub kept_share: f64,
    /// How many affairs it rests on.
    pub basis: i64,
}

/// What the house does about an answer that is promised too early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PromiseGate {
    /// It refuses, unless a reason is given.
    Refuse,
    /// It lets it be, and says so.
    Flag,
}

/// What is promised.
#[derive(Debug, Clone)]
pub struct PromiseDraft {
    /// What kind of promise it is.
    pub kind: PromiseKind,
    /// Why it will be kept though affairs like this one take longer.
    pub despite: Option<Word>,
    /// In the words used.
    pub text: PromiseText,
    /// When it falls due.
    pub due: Timestamp,
    /// By which channel it was made.
    pub channel: Channel,
    /// The promise it takes the place of.
    pub replaces: Option<PromiseId>,
}

impl PromiseDraft {
    /// Refuses what a telephone system does not promise: it takes down when a customer wants to be called, and knows nothing of answers and visits.
    ///
    /// # Errors
    /// [`Refusal::PromiseNotByMachine`].
    pub fn refuse_from(&self, telephone_system: bool) -> Result<(), Refusal> {
        let calls_back = matches!(self.kind, PromiseKind::Callback { .. });
        if telephone_system && !calls_back { Err(Refusal::PromiseNotByMachine) } else { Ok(()) }
    }

    /// Whether it is earlier than affairs like this one are answered.
    ///
    /// # Errors
    /// [`Refusal::PromiseTooEarly`] where the house refuses that and no reason is given.
    pub fn too_early(&self, told: Option<&PromiseForecast>, gate: PromiseGate) -> Result<bool, Refusal> {
        let Some(told) = told.filter(|told| self.due < told.earliest) else { return Ok(false) };
        if gate == PromiseGate::Refuse && self.despite.is_none() {
            let PromiseForecast { earliest, percent, kept_share, .. } = *told;
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share is 0 to 1")]
            // A share of half is fifty, whatever was rounded on the way here.
            let kept_percent = (kept_share * 100.0 + 1e-6).floor() as u8;
            return Err(Refusal::PromiseTooEarly { earliest, percent, kept_percent });
        }
        Ok(true)
    }
}

/// One promise.
#[derive(Debug, Clone, PartialEq)]
pub struct Promise {
    /// Its id.
    pub id: PromiseId,
    /// What kind of promise it is.
    pub kind: PromiseKind,
    /// What affairs like this one told when it was made, of a promised answer.
    pub forecast: Option<PromiseForecast>,
    /// Why it will be kept though they take longer.
    pub despite: Option<Word>,
    /// In the words used.
    pub text: PromiseText,
    /// When it falls due.
    pub due: Timestamp,
    /// By which channel it was made.
    pub channel: Channel,
    /// The promise it takes the place of.
    pub replaces: Option<PromiseId>,
    /// Who promised.
    pub by: Actor,
    /// When it was made, in the world.
    pub made: Timestamp,
    /// The clock of the term that it stands for; none where somebody promised it.
    pub term: Option<ClockId>,
    /// Where it stands.
    pub state: PromiseState,
}

/// Where a promise stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PromiseState {
    /// Given, not yet due.
    Made,
    /// Its clock has warned.
    AtRisk {
        /// When.
        since: Timestamp,
        /// The clock.
        clock: ClockId,
    },
    /// Kept in time.
    Kept {
        /// When.
        at: Timestamp,
    },
    /// Replaced by another.
    Renegotiated {
        /// When.
        at: Timestamp,
    },
    /// Not kept, and the customer was told in time.
    BrokenAnnounced {
        /// When it ended: as the customer was told, or when it was due, of which they had been told before.
        at: Timestamp,
        /// What the customer was told.
        cause: Cause,
    },
    /// Not kept, and nobody told the customer.
    BrokenSilent {
        /// When that was noted.
        at: Timestamp,
        /// What is known of why.
        cause: Option<Cause>,
    },
    /// Not kept; somebody had the notice when it was due, and has not said what became of it.
    BrokenUnreported {
        /// When it was due.
        at: Timestamp,
        /// What the notice says.
        cause: Cause,
    },
    /// It fell away with its affair, before it was due.
    Lapsed {
        /// When.
        at: Timestamp,
    },
}

/// What of what was promised is owed of each, where one affair becomes two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GoesAlong {
    /// Answers: an answer that somebody promised is owed of every part of what it was promised of.
    Answers,
    /// All of it: there are two customers, and it is not known to which of them it was promised.
    Everything,
}

/// What a customer had been told by the instant a promise to them was due, as far as anybody said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToldBefore {
    /// Why it will not be kept.
    InTime(Cause),
    /// The same, by somebody who has not said whether it arrived.
    Unreported(Cause),
    /// Nothing.
    Nothing,
}

impl ToldBefore {
    /// Whichever of the two says more: that it arrived before that it may have.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (told @ Self::InTime(_), _) | (_, told @ Self::InTime(_)) => told,
            (told @ Self::Unreported(_), _) | (_, told) => told,
        }
    }
}

/// How a promise is said to have ended.
#[derive(Debug, Clone)]
pub enum Settlement {
    /// Kept.
    Kept,
    /// The customer was told that it will be broken.
    Announced {
        /// Why, in words for the customer.
        cause: Cause,
    },
    /// It was broken and nobody told the customer.
    Silent {
        /// What is known of why.
        cause: Option<Cause>,
    },
}

impl PromiseState {
    /// The state without its data.
    pub const fn standing(&self) -> PromiseStanding {
        match self {
            Self::Made => PromiseStanding::Made,
            Self::AtRisk { .. } => PromiseStanding::AtRisk,
            Self::Kept { .. } => PromiseStanding::Kept,
            Self::Renegotiated { .. } => PromiseStanding::Renegotiated,
            Self::BrokenAnnounced { .. } => PromiseStanding::BrokenAnnounced,
            Self::BrokenSilent { .. } => PromiseStanding::BrokenSilent,
            Self::BrokenUnreported { .. } => PromiseStanding::BrokenUnreported,
            Self::Lapsed { .. } => PromiseStanding::Lapsed,
        }
    }

    /// When it ended.
    pub const fn settled(&self) -> Option<Timestamp> {
        match self {
            Self::Made | Self::AtRisk { .. } => None,
            Self::Kept { at }
            | Self::Renegotiated { at }
            | Self::BrokenAnnounced { at, .. }
            | Self::BrokenSilent { at, .. }
            | Self::BrokenUnreported { at, .. }
            | Self::Lapsed { at } => Some(*at),
        }
    }

    /// It was not kept, told or untold.
    pub const fn is_broken(&self) -> bool {
        matches!(self, Self::BrokenAnnounced { .. } | Self::BrokenSilent { .. } | Self::BrokenUnreported { .. })
    }

    /// Why it was broken.
    pub const fn cause(&self) -> Option<&Cause> {
        match self {
            Self::BrokenAnnounced { cause, .. } | Self::BrokenUnreported { cause, .. } => Some(cause),
            Self::BrokenSilent { cause, .. } => cause.as_ref(),
            _ => None,
        }
    }
}

impl Promise {
    /// A promise made at `at`. That it is due later than that is checked where requests are parsed.
    pub fn make(
        draft: PromiseDraft,
        forecast: Option<PromiseForecast>,
        id: PromiseId,
        by: Actor,
        at: Timestamp,
    ) -> Self {
        let PromiseDraft { kind, despite, text, due, channel, replaces } = draft;
        let (term, state) = (None, PromiseState::Made);
        Self { id, kind, forecast, despite, text, due, channel, replaces, by, made: at, term, state }
    }

    /// A term of law or of the house that the answer to an affair meets, as the promise it is to its customer: to be written down once its clock warns.
    #[must_use]
    pub fn standing_for(self, term: ClockId) -> Self {
        Self { kind: PromiseKind::Resolution, term: Some(term), ..self }
    }

    /// Whether affairs like this one were answered later.
    pub fn is_too_early(&self) -> bool {
        self.forecast.is_some_and(|told| self.due < told.earliest)
    }

    /// Refuses that an answer which was promised is said to be kept while there is none, and a call or a visit before anybody was reached or tried often enough:
    /// that keeps it by itself ([`Self::attempt`]), and no word does.
    ///
    /// # Errors
    /// [`Refusal::NotAnsweredYet`], [`Refusal::NotReachedYet`].
    pub fn refuse_kept(&self, state: &State) -> Result<(), Refusal> {
        match self.kind {
            PromiseKind::Resolution if !state.is_answered() => Err(Refusal::NotAnsweredYet { state: state.standing() }),
            PromiseKind::Callback { tried, .. } | PromiseKind::Appointment { tried, .. } => {
                Err(Refusal::NotReachedYet { tried: tried.times })
            }
            PromiseKind::Resolution | PromiseKind::Other | PromiseKind::FollowUp => Ok(()),
        }
    }

    /// How it ends as its affair is answered at `at`; `None` where it goes on, or has ended. `refused` is why the affair is not taken up, where it is not: then there
    /// is nothing more to do, and the customer is told so.
    pub fn as_answered(&self, refused: Option<&Cause>, at: Timestamp) -> Option<Self> {
        let settlement = match (self.kind, refused) {
            (PromiseKind::Resolution, _) => Settlement::Kept,
            (_, Some(cause)) => Settlement::Announced { cause: cause.clone() },
            (_, None) => return None,
        };
        self.clone().settle(settlement, at).ok()
    }

    /// How it ends as its customer withdraws the affair at `at`: nothing of what was promised in it is to be done any more. What was due before was broken
    /// before, and its customer had been told of that what they had been. `None` where it has ended.
    pub fn as_withdrawn(&self, told: ToldBefore, at: Timestamp) -> Option<Self> {
        self.clone().lapse(told, at).ok()
    }

    /// How it ends as its affair ends at `at` because the customer was asked to complete it and did not: there is no answer that could keep a promise of one.
    /// `None` where it goes on (what else was promised is owed), or has ended.
    pub fn as_uncured(&self, told: ToldBefore, at: Timestamp) -> Option<Self> {
        (self.kind == PromiseKind::Resolution).then(|| self.clone().lapse(told, at).ok()).flatten()
    }

    /// Kept, where it is of an answer and its affair stands answered in time; `None` otherwise, and when it has ended.
    pub fn kept_by(&self, state: &State) -> Option<Self> {
        let in_time = self.kind == PromiseKind::Resolution && state.is_answered() && state.since() <= self.due;
        in_time.then(|| self.clone().settle(Settlement::Kept, state.since()).ok()).flatten()
    }

    /// Says how it went when the customer was tried at `at`. Whoever is reached is served: it is kept. So it is when they were tried often enough within the
    /// window, though nobody answered. A try counts some time after the one before, and where it was theirs that was tried.
    ///
    /// # Errors
    /// [`Refusal`] when it is neither of a call back nor of an appointment, has ended or is past due.
    pub fn attempt(
        mut self,
        outcome: AttemptOutcome,
        (enough, gap): (u32, SignedDuration),
        at: Timestamp,
    ) -> Result<Self, Refusal> {
        self.refuse_if_over()?;
        let (PromiseKind::Callback { from, tried } | PromiseKind::Appointment { from, tried }) = &mut self.kind else {
            return Err(Refusal::NothingToAttempt);
        };
        if at > self.due {
            return Err(Refusal::PromisePastDue { due: self.due });
        }
        let early = tried.last.is_some_and(|last| at.duration_since(last) < gap);
        if at >= *from && !early && outcome != AttemptOutcome::WrongAddress {
            tried.times = tried.times.saturating_add(1);
            tried.last = Some(at);
        }
        if outcome == AttemptOutcome::Reached || tried.times >= enough {
            self.state = PromiseState::Kept { at };
        }
        Ok(self)
    }

    /// Says how it ended.
    ///
    /// # Errors
    /// [`Refusal`] when it has ended, or when the time of day contradicts what is said.
    pub fn settle(mut self, settlement: Settlement, at: Timestamp) -> Result<Self, Refusal> {
        self.refuse_if_over()?;
        self.state = match settlement {
            Settlement::Kept => {
                self.refuse_if_past_due(at)?;
                PromiseState::Kept { at }
            }
            Settlement::Announced { cause } => {
                self.refuse_if_past_due(at)?;
                PromiseState::BrokenAnnounced { at, cause }
            }
            Settlement::Silent { .. } if at < self.due => return Err(Refusal::PromiseNotDue { due: self.due }),
            Settlement::Silent { cause } => PromiseState::BrokenSilent { at, cause },
        };
        Ok(self)
    }

    /// It was due at `at` and is not kept. Whoever was told in time, and why, was not left waiting in silence; of whom that is not known, it is told apart.
    ///
    /// # Errors
    /// [`Refusal`] when it has ended or is not due.
    pub fn breach(mut self, told: ToldBefore, at: Timestamp) -> Result<Self, Refusal> {
        self.refuse_if_over()?;
        if at < self.due {
            return Err(Refusal::PromiseNotDue { due: self.due });
        }
        self.state = match told {
            ToldBefore::InTime(cause) => PromiseState::BrokenAnnounced { at, cause },
            ToldBefore::Unreported(cause) => PromiseState::BrokenUnreported { at, cause },
            ToldBefore::Nothing => PromiseState::BrokenSilent { at, cause: None },
        };
        Ok(self)
    }

    /// Somebody said what became of the notice that was on its way when it was broken; `None` where that changes nothing.
    pub fn learn(mut self, told: &ToldBefore) -> Option<Self> {
        let PromiseState::BrokenUnreported { at, cause } = self.state else { return None };
        self.state = match told {
            ToldBefore::InTime(_) => PromiseState::BrokenAnnounced { at, cause },
            ToldBefore::Nothing => PromiseState::BrokenSilent { at, cause: Some(cause) },
            ToldBefore::Unreported(_) => return None,
        };
        Some(self)
    }

    /// What is promised instead, by `due`: the same, with its window as much later. That it gives way to this one is said nowhere: it may be kept yet.
    pub fn instead(&self, due: Timestamp, channel: Channel, language: Language) -> PromiseDraft {
        let later = |from: Timestamp| from.checked_add(due.duration_since(self.due)).unwrap_or(from);
        let kind = match self.kind {
            PromiseKind::Callback { from, .. } => PromiseKind::Callback { from: later(from), tried: Tried::default() },
            PromiseKind::Appointment { from, .. } => {
                PromiseKind::Appointment { from: later(from), tried: Tried::default() }
            }
            kind @ (PromiseKind::Other | PromiseKind::Resolution | PromiseKind::FollowUp) => kind,
        };
        let text = new_date(self.text.expose(), due, language).parse().expect("a date is a text, and it is cut");
        PromiseDraft { kind, despite: None, text, due, channel, replaces: None }
    }

    /// The promise as it goes along into an affair that is split off its own, or taken out of what was one with it, at `at`. `None` of what has ended or was due
    /// before, of what does not go along, and of what stands for a term, since the other has the clocks of its own. Of a date in whose place the customer was told
    /// another, by one of `notices` that left the house, the other goes along alone; of one that nobody was told, the first. How they were tried before is no try
    /// of it.
    pub fn split_off(&self, goes: GoesAlong, notices: &[Notice], id: PromiseId, at: Timestamp) -> Option<Self> {
        let of_it = goes == GoesAlong::Everything || self.kind == PromiseKind::Resolution;
        let owed = of_it && self.term.is_none() && at < self.due;
        let told_another = notices.iter().any(|notice| notice.promise == self.id && notice.left_the_house());
        let told_by_nobody = notices.iter().any(|notice| notice.new_promise == self.id && !notice.left_the_house());
        let goes_along = owed && self.refuse_if_over().is_ok() && !told_another && !told_by_nobody;
        let kind = match self.kind {
            PromiseKind::Callback { from, .. } => PromiseKind::Callback { from, tried: Tried::default() },
            PromiseKind::Appointment { from, .. } => PromiseKind::Appointment { from, tried: Tried::default() },
            kind @ (PromiseKind::Other | PromiseKind::Resolution | PromiseKind::FollowUp) => kind,
        };
        goes_along.then(|| Self { id, kind, replaces: None, state: PromiseState::Made, ..self.clone() })
    }

    /// Gives way to another promise.
    ///
    /// # Errors
    /// [`Refusal`] when it has ended or is past due: what is broken cannot be bargained away.
    pub fn renegotiate(mut self, at: Timestamp) -> Result<Self, Refusal> {
        self.refuse_if_over()?;
        self.refuse_if_past_due(at)?;
        self.state = PromiseState::Renegotiated { at };
        Ok(self)
    }

    /// Whether people may say that it was kept, or put another in its place: not where it stands for a term, of which its clock alone says so.
    ///
    /// # Errors
    /// [`Refusal::PromiseOfTerm`].
    pub fn refuse_of_term(&self) -> Result<(), Refusal> {
        self.term.map_or(Ok(()), |clock| Err(Refusal::PromiseOfTerm { clock }))
    }

    /// Notes that its clock has warned; `None` when it had warned before or the promise has ended.
    pub fn warn(mut self, clock: ClockId, since: Timestamp) -> Option<Self> {
        if self.state != PromiseState::Made {
            return None;
        }
        self.state = PromiseState::AtRisk { since, clock };
        Some(self)
    }

    /// Falls away at `at`; what was due before is broken as of then.
    fn lapse(mut self, told: ToldBefore, at: Timestamp) -> Result<Self, Refusal> {
        self.refuse_if_over()?;
        if at > self.due {
            let due = self.due;
            return self.breach(told, due);
        }
        self.state = PromiseState::Lapsed { at };
        Ok(self)
    }

    fn refuse_if_over(&self) -> Result<(), Refusal> {
        match self.state {
            PromiseState::Made | PromiseState::AtRisk { .. } => Ok(()),
            _ => Err(Refusal::PromiseOver { state: self.state.standing() }),
        }
    }

    fn refuse_if_past_due(&self, at: Timestamp) -> Result<(), Refusal> {
        if at > self.due { Err(Refusal::PromisePastDue { due: self.due }) } else { Ok(()) }
    }
}
