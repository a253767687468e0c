//! Under which keys drafts are closed.

use postgres::{Db, StoreError};
use ventanilla_proto::ombudsman::v1 as pb;

use crate::error::Failure;
use crate::office::Office;
use crate::seal::{KeyId, Keyring};
use crate::store::{dossier, draft};

/// Every key the office was given or a draft names, and how many drafts are under it; the one in use first.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "draft.keys", skip_all)]
pub async fn run(office: Office) -> Result<pb::GetDraftKeysResponse, Failure> {
    let by_key = draft::by_key(office.db.reader()).await?;
    let unclosed_count = dossier::unclosed(office.db.reader()).await?;
    let count = |id: Option<&KeyId>| {
        by_key.iter().find(|(key, _)| key.as_ref() == id).map(|(_, drafts)| *drafts).unwrap_or_default()
    };
    let told = |id: &KeyId, given: bool, draft_count: i64| pb::DraftKey {
        name: name(id),
        in_use: id == office.seal.in_use(),
        given,
        draft_count,
    };
    let mut keys = vec![told(office.seal.in_use(), true, count(Some(office.seal.in_use())))];
    keys.extend(office.seal.former().iter().map(|id| told(id, true, count(Some(id)))));
    let strange = by_key.iter().filter_map(|(key, drafts)| key.as_ref().zip(Some(*drafts)));
    keys.extend(strange.filter(|(id, _)| !office.seal.has(id)).map(|(id, drafts)| told(id, false, drafts)));
    let unnamed = count(None);
    if unnamed > 0 {
        keys.push(told(&KeyId::unnamed(), false, unnamed));
    }
    keys[1..].sort_by(|one, other| one.name.cmp(&other.name));
    Ok(pb::GetDraftKeysResponse { keys, unclosed_count })
}

/// `draftKeys/{id}`.
pub(crate) fn name(id: &KeyId) -> String {
    format!("draftKeys/{id}")
}

/// Keys that drafts name, and that the office neither was given nor told to be lost.
pub(crate) async fn missing(db: &Db, seal: &Keyring, lost: &[&str]) -> Result<Vec<String>, StoreError> {
    let by_key = draft::by_key(db.reader()).await?;
    let named = by_key.into_iter().filter_map(|(key, _)| key);
    Ok(named.filter(|id| !seal.has(id) && !lost.contains(&id.as_str())).map(|id| id.to_string()).collect())
}
