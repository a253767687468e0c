//! Drafts, mentions, files and macros as the contract spells them.

use kernel::ResourceId as _;
use postgres::etag;
use server::parse::{actor_to_proto, time_to_proto};
use ticketing_domain::{Attachment, ScanState, SlugId as _};
use ventanilla_proto::ticketing::v1 as pb;

use super::message;
use crate::store::draft::StoredDraft;
use crate::store::mention::Mention;
use crate::store::message::Message;
use crate::store::named::StoredMacro;
use crate::store::scan::{Scan, Unscanned};
use crate::usecase::draft::DraftId;
use crate::usecase::mention::MentionId;

/// A file, without what was found in it.
pub(crate) fn attachment(file: &Attachment) -> pb::Attachment {
    pb::Attachment {
        uri: file.uri.expose().to_owned(),
        file_name: file.file_name.expose().to_owned(),
        media_type: file.media_type.as_str().to_owned(),
        size_bytes: i64::try_from(file.size).unwrap_or(i64::MAX),
        sha256: file.sha256.to_vec(),
        scan_state: pb::ScanState::Unspecified.into(),
    }
}

pub(crate) const fn scan_state(state: ScanState) -> pb::ScanState {
    match state {
        ScanState::Pending => pb::ScanState::Pending,
        ScanState::Clean => pb::ScanState::Clean,
        ScanState::Infected => pb::ScanState::Infected,
        ScanState::Failed => pb::ScanState::Failed,
    }
}

pub(crate) fn draft(stored: &StoredDraft) -> pb::Draft {
    let id = DraftId { agent: stored.agent.clone(), ticket: stored.ticket };
    pb::Draft {
        name: id.name(),
        message: Some(stored.message.clone()),
        update_time: Some(time_to_proto(stored.updated_at)),
        etag: etag(stored.version),
    }
}

pub(crate) fn mention(mention: &Mention, note: &Message) -> pb::Mention {
    let id = MentionId { agent: mention.agent.clone(), message: mention.message.id };
    pb::Mention {
        name: id.name(),
        ticket: mention.message.ticket.name(),
        message: Some(message(note)),
        see_time: mention.seen.map(time_to_proto),
    }
}

pub(crate) fn scan_name(sha256: &[u8; 32]) -> String {
    format!("scans/{}", hex::encode(sha256))
}

pub(crate) fn scan(scan: &Scan) -> pb::Scan {
    pb::Scan {
        name: scan_name(&scan.sha256),
        state: scan_state(scan.state).into(),
        scan_time: Some(time_to_proto(scan.at)),
        actor: Some(actor_to_proto(&scan.by)),
    }
}

pub(crate) fn unscanned(file: &Unscanned) -> pb::UnscannedFile {
    pb::UnscannedFile {
        sha256: file.sha256.to_vec(),
        uri: file.uri.clone(),
        size_bytes: file.size,
        attach_time: Some(time_to_proto(file.since)),
    }
}

pub(crate) fn macro_(stored: &StoredMacro) -> pb::Macro {
    let named = &stored.named;
    pb::Macro {
        name: named.id.name(),
        title: named.title.as_str().to_owned(),
        department: named.department.as_ref().map(ToString::to_string).unwrap_or_default(),
        actor: Some(actor_to_proto(&named.by)),
        create_time: Some(time_to_proto(named.at)),
        etag: etag(stored.version),
        ..named.content.clone()
    }
}
