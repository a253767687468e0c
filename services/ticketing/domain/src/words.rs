//! The closed vocabularies, with the word each value is stored as.

use crate::Word;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident => $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word that is stored.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The value a stored word means, if any.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($text => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// Kind of affair (Ley 10/2025 art. 3).
    TicketType {
        /// Request for information.
        Consulta => "consulta",
        /// Grievance about how somebody was treated.
        Queja => "queja",
        /// Claim of a defective supply.
        Reclamacion => "reclamacion",
        /// Contract handling: fault, change, interruption.
        Incidencia => "incidencia",
        /// Request that something be done.
        Solicitud => "solicitud",
        /// The customer leaves.
        Baja => "baja",
    }
}

impl TicketType {
    /// Whether the customer complains, so that there must be points to answer.
    pub const fn is_complaint(self) -> bool {
        matches!(self, Self::Queja | Self::Reclamacion)
    }
}

words! {
    /// How much harm an affair does.
    Severity {
        /// An annoyance.
        Low => "low",
        /// Ordinary.
        Medium => "medium",
        /// The customer loses money or a service.
        High => "high",
        /// Safety, or many customers.
        Critical => "critical",
    }
}

words! {
    /// Where an affair stands, without the state's data.
    Standing {
        /// Received, nobody works on it yet.
        Acknowledged => "acknowledged",
        /// Somebody works on it.
        InProgress => "in_progress",
        /// Waits for the customer.
        Pending => "pending",
        /// Waits for the firm or a third party.
        Held => "held",
        /// Answered on every point.
        Resolved => "resolved",
        /// Over.
        Closed => "closed",
        /// Not taken up. Over.
        Rejected => "rejected",
        /// Withdrawn. Over.
        Cancelled => "cancelled",
    }
}

impl Standing {
    /// Whether nothing can follow.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Closed | Self::Rejected | Self::Cancelled)
    }
}

words! {
    /// Why a ticket is over.
    CloseReason {
        /// The customer said that it is settled.
        AcceptedByCustomer => "accepted_by_customer",
        /// The customer did not object in the house's window.
        ObjectionWindowOver => "objection_window_over",
        /// A term has passed: asked for by many, granted to none.
        TermElapsed => "term_elapsed",
        /// The system a history comes from had closed it.
        ClosedAtSource => "closed_at_source",
    }
}

words! {
    /// Why a customer withdraws.
    CancelReason {
        /// They do not want it any more.
        WithdrawnByCustomer => "withdrawn_by_customer",
        /// The matter is settled otherwise.
        SettledOtherwise => "settled_otherwise",
        /// It was not what they wanted to present.
        PresentedByMistake => "presented_by_mistake",
    }
}

impl CancelReason {
    /// The reason as the state keeps it.
    pub fn word(self) -> Word {
        self.as_str().parse().expect("it is a word")
    }
}

words! {
    /// How it went when a customer was called back, or visited.
    AttemptOutcome {
        /// They were reached.
        Reached => "reached",
        /// Nobody answered, or nobody was there.
        NoAnswer => "no_answer",
        /// The line was busy.
        Busy => "busy",
        /// The number or the address is another's.
        WrongAddress => "wrong_address",
    }
}

words! {
    /// Who may read a message.
    Visibility {
        /// The customer too.
        Public => "public",
        /// The firm and the office only.
        Internal => "internal",
    }
}

words! {
    /// Where a redress stands, without the state's data.
    RedressStanding {
        /// Somebody has to grant it.
        Proposed => "proposed",
        /// Granted, and not given yet.
        Granted => "granted",
        /// Not granted.
        Refused => "refused",
        /// The customer was given it.
        Given => "given",
    }
}

words! {
    /// Whether an article is in use.
    ArticleStanding {
        /// Being written.
        Draft => "draft",
        /// In use.
        Published => "published",
        /// Out of use.
        Retired => "retired",
    }
}

words! {
    /// What was found in a file.
    ScanState {
        /// Nobody has looked.
        Pending => "pending",
        /// Nothing that does harm.
        Clean => "clean",
        /// Something that does harm.
        Infected => "infected",
        /// It could not be looked into.
        Failed => "failed",
    }
}

words! {
    /// Where a promise stands, without the state's data.
    PromiseStanding {
        /// Given, not yet due.
        Made => "made",
        /// Given, and its clock has warned.
        AtRisk => "at_risk",
        /// Kept in time.
        Kept => "kept",
        /// Replaced by another promise.
        Renegotiated => "renegotiated",
        /// Not kept, and the customer was told in time.
        BrokenAnnounced => "broken_announced",
        /// Not kept, and nobody told the customer.
        BrokenSilent => "broken_silent",
        /// Not kept; a notice was with who delivers it, and nobody has said what became of that.
        BrokenUnreported => "broken_unreported",
        /// Fell away with its affair before it was due: the customer withdrew it, or did not complete it.
        Lapsed => "lapsed",
    }
}

words! {
    /// What happened to a ticket, as its history names it.
    ChangeKind {
        /// It was opened.
        Opened => "opened",
        /// Its state changed.
        Transitioned => "transitioned",
        /// It moved to another department or person.
        Assigned => "assigned",
        /// A message was added.
        MessageAdded => "message_added",
        /// A claim point was answered.
        ClaimPointAnswered => "claim_point_answered",
        /// A promise was made.
        PromiseMade => "promise_made",
        /// A promise is at risk.
        PromiseAtRisk => "promise_at_risk",
        /// A promise ended.
        PromiseSettled => "promise_settled",
        /// The ombudsman's office did something about it.
        OfficeNoted => "office_noted",
        /// The customer was asked what they thought.
        SurveyAsked => "survey_asked",
        /// The customer said what they thought.
        SurveyAnswered => "survey_answered",
        /// The customer was asked to complete it.
        CureRequested => "cure_requested",
        /// A request to complete it ended.
        CureSettled => "cure_settled",
        /// It belongs to a mass incident.
        Affected => "affected",
        /// It does not belong to that incident after all.
        Unaffected => "unaffected",
        /// Its customer wants to speak to a superior.
        SupervisorCalled => "supervisor_called",
        /// It is filed as something else.
        Reclassified => "reclassified",
        /// Claim points went into an affair of their own.
        Split => "split",
        /// It became one with another, or another with it.
        Merged => "merged",
        /// It is an affair of its own again, or another is.
        Unmerged => "unmerged",
        /// It has to do with another.
        Linked => "linked",
        /// It has nothing to do with that one after all.
        Unlinked => "unlinked",
        /// It was said to have come to a step of its map.
        StepEntered => "step_entered",
        /// A customer was tried who had been promised a call or a visit.
        PromiseAttempted => "promise_attempted",
        /// The customer is told that a promise will not be kept.
        NoticeWritten => "notice_written",
        /// It was said what became of such a notice.
        NoticeReported => "notice_reported",
        /// It was said what brought it about.
        RootCauseStated => "root_cause_stated",
        /// It was proposed to give the customer something.
        RedressProposed => "redress_proposed",
        /// That was granted or refused.
        RedressDecided => "redress_decided",
        /// The customer was given it.
        RedressGiven => "redress_given",
        /// It was answered with an article.
        ArticleCited => "article_cited",
        /// Its characteristics were stated anew.
        CharacteristicsStated => "characteristics_stated",
        /// The customer was told why the answer takes longer and by when it comes.
        HoldingReplySent => "holding_reply_sent",
    }
}

words! {
    /// What an affair is to another.
    LinkKind {
        /// The other is a part of it.
        ParentOf => "parent_of",
        /// Both are about the same.
        DuplicateOf => "duplicate_of",
        /// It takes up the other, which is over.
        FollowUpOf => "follow_up_of",
        /// The other brought it about.
        CausedBy => "caused_by",
        /// It was a part of the other.
        SplitFrom => "split_from",
        /// It is answered with the other.
        MergedInto => "merged_into",
    }
}

impl LinkKind {
    /// Whether anybody may say so; the others are made by what brings them about.
    pub const fn is_stated(self) -> bool {
        matches!(self, Self::ParentOf | Self::DuplicateOf | Self::CausedBy)
    }
}

words! {
    /// Whether an affair belongs to an incident.
    AffectedOutcome {
        /// It does from now on.
        Added => "added",
        /// It did before.
        AlreadyThere => "already_there",
        /// It belongs to another.
        OfAnother => "of_another",
        /// It is over.
        TicketOver => "ticket_over",
        /// There is no such affair.
        TicketNotFound => "ticket_not_found",
        /// Somebody is at work on it just now.
        Busy => "busy",
    }
}

words! {
    /// Whether somebody takes affairs.
    Presence {
        /// Takes affairs.
        Available => "available",
        /// Works, and takes no new ones.
        Busy => "busy",
        /// Is not there.
        Away => "away",
    }
}

words! {
    /// Why an affair is somebody's turn.
    TakeReason {
        /// The customer has a right to be served first.
        ServedFirst => "served_first",
        /// It is more severe than others that wait.
        Severity => "severity",
        /// The agent knows the customer from another affair, or had this one before.
        Known => "known",
        /// Of those that are as pressing it has waited longest.
        WaitedLongest => "waited_longest",
    }
}

words! {
    /// What a customer is satisfied or dissatisfied with.
    SatisfactionCause {
        /// What came out of it.
        Outcome => "outcome",
        /// How long it took.
        Time => "time",
        /// How often the customer had to come back, wait, or tell it again.
        Effort => "effort",
        /// How the people were.
        Treatment => "treatment",
        /// How well it was explained.
        Clarity => "clarity",
        /// Whether what was promised was kept.
        Promise => "promise",
        /// How easy it was to reach somebody.
        Access => "access",
        /// The product or its price, not the handling.
        Product => "product",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_back() {
        for standing in Standing::ALL {
            assert_eq!(Standing::from_word(standing.as_str()), Some(*standing));
        }
        for kind in ChangeKind::ALL {
            assert_eq!(ChangeKind::from_word(kind.as_str()), Some(*kind));
        }
        assert_eq!(TicketType::from_word("chisme"), None);
    }
}
