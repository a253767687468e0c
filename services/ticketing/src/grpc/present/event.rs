//! Ledger entries as the events that watchers are told.

use postgres::StoreError;
use prost::{Message as _, Name as _};
use ventanilla_proto::ledger::v1::Entry;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::ticket_event::Change;

/// A ledger entry as an event that follows the one at `previous`; a kind that this contract does not know has no change.
pub(crate) fn event(entry: Entry, previous: i64) -> Result<pb::TicketEvent, StoreError> {
    macro_rules! read {
        ($($message:ident => $variant:ident),+ $(,)?) => {
            $(if entry.r#type == pb::$message::full_name() {
                pb::$message::decode(entry.payload.as_slice()).map(|m| Some(Change::$variant(m)))
            } else)+ { Ok(None) }
        };
    }
    let change = read! {
        TicketOpened => Opened,
        TicketTransitioned => Transitioned,
        TicketAssigned => Assigned,
        MessageAdded => MessageAdded,
        ClaimPointAnswered => ClaimPointAnswered,
        PromiseMade => PromiseMade,
        PromiseAtRisk => PromiseAtRisk,
        PromiseSettled => PromiseSettled,
        OfficeCaseNoted => OfficeCaseNoted,
        SurveyAsked => SurveyAsked,
        SurveyAnswered => SurveyAnswered,
        CureRequested => CureRequested,
        CureSettled => CureSettled,
        TicketAffected => Affected,
        TicketUnaffected => Unaffected,
        SupervisorCalled => SupervisorCalled,
        TicketReclassified => Reclassified,
        TicketSplit => Split,
        TicketMerged => Merged,
        TicketUnmerged => Unmerged,
        TicketLinked => Linked,
        TicketUnlinked => Unlinked,
        StepEntered => StepEntered,
        PromiseAttempted => PromiseAttempted,
        NoticeWritten => NoticeWritten,
        NoticeReported => NoticeReported,
        RootCauseStated => RootCauseStated,
        RedressProposed => RedressProposed,
        RedressDecided => RedressDecided,
        RedressGiven => RedressGiven,
        ArticleCited => ArticleCited,
        CharacteristicsStated => CharacteristicsStated,
        HoldingReplySent => HoldingReplySent,
    };
    let change = change.map_err(|_| StoreError::corrupt("ledger", "payload", entry.position))?;
    Ok(pb::TicketEvent {
        position: entry.position,
        ticket: entry.aggregate,
        occurred_time: entry.occurred_time,
        recorded_time: entry.recorded_time,
        actor: entry.actor,
        change,
        previous_position: previous,
    })
}

#[cfg(test)]
mod tests {
    use prost_types::{DescriptorProto, FileDescriptorSet};

    use super::*;

    /// What the contract calls an entry about a ticket: its first field names one.
    fn entries_of_tickets() -> Vec<String> {
        let set = FileDescriptorSet::decode(ventanilla_proto::DESCRIPTOR_SET).unwrap();
        let file = set.file.iter().find(|file| file.name() == "ventanilla/ticketing/v1/entry.proto").unwrap();
        let of_ticket =
            |message: &&DescriptorProto| message.field.iter().any(|f| f.number() == 1 && f.name() == "ticket");
        file.message_type
            .iter()
            .filter(of_ticket)
            .map(|message| format!("{}.{}", file.package(), message.name()))
            .collect()
    }

    #[test]
    fn whatever_the_ledger_says_of_a_ticket_is_told_whole() {
        let kinds = entries_of_tickets();
        assert!(kinds.len() > 30, "{kinds:?}");
        let told = |kind: &String| {
            let entry = Entry { r#type: kind.clone(), ..Entry::default() };
            event(entry, 0).unwrap().change.is_some()
        };
        let silent: Vec<&String> = kinds.iter().filter(|kind| !told(kind)).collect();
        assert!(silent.is_empty(), "told without what happened: {silent:?}");
    }

    #[test]
    fn what_this_contract_does_not_know_is_told_without_what_it_is() {
        let entry =
            Entry { r#type: "ventanilla.ticketing.v1.TicketPraised".to_owned(), position: 9, ..Entry::default() };
        let event = event(entry, 7).unwrap();
        assert_eq!((event.position, event.previous_position, event.change), (9, 7, None));
    }
}
