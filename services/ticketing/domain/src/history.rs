//! A history brought from elsewhere: it tells states, and the verb between two of them follows.

use crate::{Answer, CloseReason, Command, CustomerWord, Signpost, Standing, Word};

/// The state a history says an affair reached, with what that state asks for.
#[derive(Debug, Clone)]
pub enum Destination {
    /// Work began, or went on.
    InProgress {
        /// Why, where the history says.
        reason: Option<Word>,
    },
    /// It waited for the customer.
    Pending {
        /// For what.
        awaiting: Word,
    },
    /// It waited for the firm or a third party.
    Held {
        /// For what.
        awaiting: Word,
    },
    /// It was answered.
    Resolved {
        /// How.
        resolution: Answer,
    },
    /// It was over.
    Closed {
        /// Why.
        reason: CloseReason,
    },
    /// It was not taken up.
    Rejected {
        /// Why.
        reason: Word,
        /// Where the customer can turn to.
        signpost: Signpost,
    },
    /// The customer withdrew it.
    Cancelled {
        /// Why.
        reason: Word,
    },
}

impl Destination {
    /// The verb that leads there from `from`; `spoke` says whether the customer has said something since they were answered. Where none does, the ticket itself
    /// refuses the verb answered.
    pub fn verb_from(self, from: Standing, spoke: bool) -> Command {
        match self {
            Self::InProgress { reason } => match from {
                Standing::Pending | Standing::Held => Command::Resume { reason },
                Standing::Resolved => Command::Reopen { reason: reason.unwrap_or_else(reopened_at_source) },
                _ => Command::Start,
            },
            Self::Pending { awaiting } => Command::WaitForCustomer { awaiting },
            Self::Held { awaiting } => Command::Hold { awaiting },
            Self::Resolved { resolution } => Command::Resolve { resolution },
            // That they accepted, the other system knows; that they were silent, its history tells.
            Self::Closed { reason: reason @ CloseReason::AcceptedByCustomer } => {
                Command::Close { reason, word: CustomerWord::Own }
            }
            Self::Closed { reason } => {
                Command::Close { reason, word: CustomerWord::Told { spoke, by_resolver: false } }
            }
            Self::Rejected { reason, signpost } => Command::Reject { reason, signpost },
            Self::Cancelled { reason } => Command::Cancel { reason },
        }
    }
}

fn reopened_at_source() -> Word {
    "reopened_at_source".parse().expect("it is a word")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn going_to_work_is_beginning_resuming_or_reopening_by_where_it_stood() {
        let verb = |from| Destination::InProgress { reason: None }.verb_from(from, false).verb();
        assert_eq!(verb(Standing::Acknowledged), "start");
        assert_eq!(verb(Standing::Pending), "resume");
        assert_eq!(verb(Standing::Held), "resume");
        assert_eq!(verb(Standing::Resolved), "be reopened");
        assert_eq!(verb(Standing::Closed), "start", "which a closed ticket refuses");
    }
}
