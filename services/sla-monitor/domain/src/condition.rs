//! What of an affair's course starts, stops and moves a clock of the house's own, and the measures that come with conditions of their own.
//!
//! Law says when its terms start and what ends them, and what a ground does to them ([`crate::rule::Effect`]). The house may measure more: the
//! first word, the next one, how long it says nothing. Each such measure is six lists of occasions; all of them can be replaced.

/// Something in the course of an affair that a condition may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Occasion {
    /// It was received.
    Received,
    /// The customer was written or spoken to.
    Answered,
    /// The customer wrote or spoke.
    CustomerWrote,
    /// It waits on the customer.
    WaitsForCustomer,
    /// It waits on the house, or on a third party.
    Held,
    /// Work on it began, or was taken up again.
    Works,
    /// It was resolved, or refused with reasons.
    Resolved,
    /// The customer withdrew it.
    Cancelled,
    /// The resolution did not hold.
    Reopened,
    /// It came to a department of the filter from one that is not.
    TakenIn,
    /// It went from a department of the filter to one that is not.
    HandedOn,
    /// A superior was asked for and none was free.
    SuperiorAwaited,
    /// A superior took over.
    SuperiorCame,
    /// A case of the office was decided, or came to what takes the decision's place.
    Decided,
    /// The parties were told the decision.
    Notified,
    /// The office ordered something.
    Ordered,
    /// What was ordered was carried out.
    ObligationMet,
}

impl Occasion {
    /// Those of cases of the office, whose metrics have fixed conditions.
    pub const OF_CASES: [Self; 4] = [Self::Decided, Self::Notified, Self::Ordered, Self::ObligationMet];

    /// Those in the course of an affair, which conditions may name.
    pub const OF_AFFAIRS: [Self; 13] = [
        Self::Received,
        Self::Answered,
        Self::CustomerWrote,
        Self::WaitsForCustomer,
        Self::Held,
        Self::Works,
        Self::Resolved,
        Self::Cancelled,
        Self::Reopened,
        Self::TakenIn,
        Self::HandedOn,
        Self::SuperiorAwaited,
        Self::SuperiorCame,
    ];

    /// The word it is stored and told by.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Answered => "answered",
            Self::CustomerWrote => "customer_wrote",
            Self::WaitsForCustomer => "waits_for_customer",
            Self::Held => "held",
            Self::Works => "works",
            Self::Resolved => "resolved",
            Self::Cancelled => "cancelled",
            Self::Reopened => "reopened",
            Self::TakenIn => "taken_in",
            Self::HandedOn => "handed_on",
            Self::SuperiorAwaited => "superior_awaited",
            Self::SuperiorCame => "superior_came",
            Self::Decided => "decided",
            Self::Notified => "notified",
            Self::Ordered => "ordered",
            Self::ObligationMet => "obligation_met",
        }
    }
}

/// What is measured. Each metric has conditions of its own; a policy may replace those of affairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// From the receipt to the first word.
    FirstReply,
    /// From the customer's oldest unanswered word to the next one of the house, each time anew.
    NextReply,
    /// From one word of the house to its next, until the resolution.
    PeriodicUpdate,
    /// The same, standing still while it is the customer's turn.
    PausableUpdate,
    /// From the receipt to the resolution without the customer's turns.
    RequesterWait,
    /// From the beginning of work to the resolution, without the customer's turns and without waiting on others.
    AgentWork,
    /// From the receipt to the resolution, whoever's turn it is.
    Resolution,
    /// From a department's receiving an affair to its handing it on, or resolving it.
    DepartmentStay,
    /// From a superior's being asked for to their taking over.
    SupervisorTransfer,
    /// While it waits on the house or on a third party.
    VendorStay,
    /// From a case's coming to the office to its decision, without the claimant's turns and without being stayed.
    DecideCase,
    /// From the decision of a case to its notification.
    NotifyDecision,
    /// From an order of the office to the proof that it was carried out.
    Comply,
    /// From a call's arrival to its answer.
    SpeedOfAnswer,
    /// From the request for a person to a person's taking the call.
    HumanOnRequest,
}

impl Metric {
    /// Those of cases of the office.
    pub const OF_CASES: [Self; 3] = [Self::DecideCase, Self::NotifyDecision, Self::Comply];

    /// Those of calls.
    pub const OF_CALLS: [Self; 2] = [Self::SpeedOfAnswer, Self::HumanOnRequest];

    /// Those of affairs.
    pub const OF_AFFAIRS: [Self; 10] = [
        Self::FirstReply,
        Self::NextReply,
        Self::PeriodicUpdate,
        Self::PausableUpdate,
        Self::RequesterWait,
        Self::AgentWork,
        Self::Resolution,
        Self::DepartmentStay,
        Self::SupervisorTransfer,
        Self::VendorStay,
    ];

    /// The word it is stored and told by; a clock's stage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FirstReply => "first_reply",
            Self::NextReply => "next_reply",
            Self::PeriodicUpdate => "periodic_update",
            Self::PausableUpdate => "pausable_update",
            Self::RequesterWait => "requester_wait",
            Self::AgentWork => "agent_work",
            Self::Resolution => "resolution",
            Self::DepartmentStay => "department_stay",
            Self::SupervisorTransfer => "supervisor_transfer",
            Self::VendorStay => "vendor_stay",
            Self::DecideCase => "decide_case",
            Self::NotifyDecision => "notify_decision",
            Self::Comply => "comply",
            Self::SpeedOfAnswer => "speed_of_answer",
            Self::HumanOnRequest => "human_on_request",
        }
    }

    /// The metric of calls that a stored word means.
    pub fn of_calls_from_word(word: &str) -> Option<Self> {
        Self::OF_CALLS.into_iter().find(|metric| metric.as_str() == word)
    }

    /// Whether it is about cases of the office.
    pub const fn is_of_cases(self) -> bool {
        matches!(self, Self::DecideCase | Self::NotifyDecision | Self::Comply)
    }

    /// Whether it is about calls, which are judged once they are over and have no clock.
    pub const fn is_of_calls(self) -> bool {
        matches!(self, Self::SpeedOfAnswer | Self::HumanOnRequest)
    }

    /// Its conditions unless a policy replaces them; none of calls.
    pub fn conditions(self) -> Conditions {
        use Occasion as O;
        let of = |start: &[O], stop: &[O]| Conditions {
            start: start.to_vec(),
            stop: stop.to_vec(),
            cancel: vec![O::Cancelled],
            ..Conditions::default()
        };
        let pausable = |conditions: Conditions, pause: &[O], resume: &[O]| Conditions {
            pause: pause.to_vec(),
            resume: resume.to_vec(),
            ..conditions
        };
        let update = || Conditions { reset: vec![O::Answered], ..of(&[O::Answered], &[O::Resolved]) };
        match self {
            Self::FirstReply => of(&[O::Received], &[O::Answered, O::Resolved]),
            Self::NextReply => of(&[O::CustomerWrote], &[O::Answered, O::Resolved]),
            Self::PeriodicUpdate => update(),
            Self::PausableUpdate => pausable(update(), &[O::WaitsForCustomer], &[O::Works, O::CustomerWrote]),
            Self::RequesterWait => {
                pausable(of(&[O::Received], &[O::Resolved]), &[O::WaitsForCustomer], &[O::Works, O::CustomerWrote])
            }
            Self::AgentWork => pausable(of(&[O::Works], &[O::Resolved]), &[O::WaitsForCustomer, O::Held], &[O::Works]),
            Self::Resolution => of(&[O::Received], &[O::Resolved]),
            Self::DepartmentStay => of(&[O::TakenIn], &[O::HandedOn, O::Resolved]),
            Self::SupervisorTransfer => of(&[O::SuperiorAwaited], &[O::SuperiorCame, O::Resolved]),
            Self::VendorStay => of(&[O::Held], &[O::Works, O::Resolved]),
            Self::DecideCase => {
                pausable(of(&[O::Received], &[O::Decided]), &[O::WaitsForCustomer, O::Held], &[O::Works])
            }
            Self::NotifyDecision => of(&[O::Decided], &[O::Notified]),
            Self::Comply => of(&[O::Ordered], &[O::ObligationMet]),
            Self::SpeedOfAnswer | Self::HumanOnRequest => Conditions::default(),
        }
    }
}

/// What moves a clock, by occasion. Where one occasion stands in several lists, the order is: cancel, stop, reset, start, resume, pause.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Conditions {
    /// Begins to count; while it counts already, or stands still, nothing. What is named under `resume` too makes it go on where it stands still.
    pub start: Vec<Occasion>,
    /// Falls away without a verdict but the one that time has spoken.
    pub cancel: Vec<Occasion>,
    /// Stands still.
    pub pause: Vec<Occasion>,
    /// Goes on after it stood still.
    pub resume: Vec<Occasion>,
    /// Is met.
    pub stop: Vec<Occasion>,
    /// Counts the whole term again; what was due before stays due then.
    pub reset: Vec<Occasion>,
}

/// What an occasion is to a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It begins to count.
    Start,
    /// It falls away.
    Cancel,
    /// It stands still.
    Pause,
    /// It goes on.
    Resume,
    /// It is met.
    Stop,
    /// The whole term counts again, where it counts or waits.
    Reset,
    /// The same, and it begins where it ended or never counted: one occasion that starts and resets.
    Anew,
    /// The fulfilment did not hold.
    Reopen,
}

impl Conditions {
    /// What an occasion is to a clock under these conditions; `None` when it is nothing to it.
    ///
    /// An occasion that resets and starts does both. A resolution that did not hold takes back what it met, unless it is named by a list itself.
    pub fn turn(&self, occasion: Occasion) -> Option<Turn> {
        let lists = [
            (&self.cancel, Turn::Cancel),
            (&self.stop, Turn::Stop),
            (&self.reset, Turn::Reset),
            (&self.start, Turn::Start),
            (&self.resume, Turn::Resume),
            (&self.pause, Turn::Pause),
        ];
        let named = lists.into_iter().find(|(list, _)| list.contains(&occasion)).map(|(_, turn)| turn);
        let taken_back = occasion == Occasion::Reopened && self.stop.contains(&Occasion::Resolved);
        match named {
            Some(Turn::Reset) if self.start.contains(&occasion) => Some(Turn::Anew),
            None if taken_back => Some(Turn::Reopen),
            named => named,
        }
    }

    /// What is wrong with them as conditions of affairs, in words; nothing when a clock can run under them.
    pub fn wrong(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        if self.start.is_empty() {
            wrong.push("start: names no occasion, so no clock would ever count".to_owned());
        }
        if self.stop.is_empty() {
            wrong.push("stop: names no occasion, so no clock could be met".to_owned());
        }
        if !self.stop.is_empty() && !self.stop.contains(&Occasion::Resolved) {
            wrong.push("stop: does not name the resolution, after which nobody would end a clock".to_owned());
        }
        let all = [&self.start, &self.cancel, &self.pause, &self.resume, &self.stop, &self.reset];
        if all.iter().any(|list| list.contains(&Occasion::Reopened)) {
            wrong.push("reopened: takes back by itself what the resolution met, and is named by no list".to_owned());
        }
        if !self.pause.is_empty() && self.resume.is_empty() {
            wrong.push("resume: names no occasion, so a clock that stands still would never go on".to_owned());
        }
        for occasion in Occasion::OF_CASES {
            if all.iter().any(|list| list.contains(&occasion)) {
                wrong.push(format!("{}: is of cases of the office, whose conditions are fixed", occasion.as_str()));
            }
        }
        for occasion in Occasion::OF_AFFAIRS {
            let ends = self.stop.contains(&occasion) || self.cancel.contains(&occasion);
            let goes_on = self.pause.contains(&occasion) || self.resume.contains(&occasion);
            // Starting and resetting by one occasion is how a clock counts from each word to the next.
            if self.stop.contains(&occasion) && self.cancel.contains(&occasion)
                || ends && (goes_on || self.start.contains(&occasion) || self.reset.contains(&occasion))
                || self.pause.contains(&occasion) && self.resume.contains(&occasion)
            {
                wrong.push(format!("{}: cannot do both things it is named for", occasion.as_str()));
            }
        }
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_can_run() {
        for metric in Metric::OF_AFFAIRS {
            assert_eq!(metric.conditions().wrong(), [""; 0], "{metric:?}");
        }
    }

    #[test]
    fn a_word_of_the_house_renews_the_time_to_its_next_and_a_resolution_ends_it() {
        let update = Metric::PeriodicUpdate.conditions();
        assert_eq!(update.turn(Occasion::Answered), Some(Turn::Anew));
        assert_eq!(update.turn(Occasion::Resolved), Some(Turn::Stop));
        assert_eq!(update.turn(Occasion::Reopened), Some(Turn::Reopen));
        assert_eq!(update.turn(Occasion::Held), None);
    }

    #[test]
    fn a_resolution_that_did_not_hold_takes_back_what_it_met() {
        assert_eq!(Metric::Resolution.conditions().turn(Occasion::Reopened), Some(Turn::Reopen));
        assert_eq!(Metric::VendorStay.conditions().turn(Occasion::Reopened), Some(Turn::Reopen));
    }

    #[test]
    fn all_that_is_wrong_with_conditions_is_told_together() {
        let nothing = Conditions { pause: vec![Occasion::Held], ..Conditions::default() };
        assert_eq!(nothing.wrong().len(), 3);
        let both = Conditions { cancel: vec![Occasion::Received], ..Metric::FirstReply.conditions() };
        assert_eq!(both.wrong(), ["received: cannot do both things it is named for"]);
        let of_a_case = Conditions { reset: vec![Occasion::Notified], ..Metric::FirstReply.conditions() };
        assert_eq!(of_a_case.wrong(), ["notified: is of cases of the office, whose conditions are fixed"]);
        let for_ever = Conditions { stop: vec![Occasion::Answered], ..Metric::FirstReply.conditions() };
        assert_eq!(for_ever.wrong().len(), 1);
    }
}
