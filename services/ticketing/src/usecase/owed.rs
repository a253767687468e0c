//! What was promised of one affair and is owed of another too, which comes out of it.

use jiff::Timestamp;
use postgres::Tx;
use ticketing_domain::{GoesAlong, Notice, Promise, PromiseId};

use super::chronicle::Chronicle;
use crate::Error;
use crate::store::notice;
use crate::store::promise::{self, StoredPromise};

/// Notes in `part` what of these promises goes along into it; to be written once the part is there. What goes along `goes` says of what was promised first: a date
/// that the house told its customer in place of another promises nothing that the other had not.
pub(super) async fn goes_along(
    tx: &mut Tx,
    part: &mut Chronicle,
    promised: Vec<PromiseId>,
    goes: impl Fn(&Promise) -> Option<GoesAlong>,
    at: Timestamp,
) -> Result<Vec<StoredPromise>, Error> {
    let mut owed = Vec::new();
    for id in promised {
        let Some(found) = promise::get(tx, id).await? else { continue };
        let notices = spoken(tx, id).await?;
        let first = promised_first(tx, &found.promise, &notices).await?;
        let Some(goes) = goes(&first) else { continue };
        if let Some(promise) = found.promise.split_off(goes, &notices, part.next_promise(), at) {
            let sequence = part.promise_made(&promise, at);
            owed.push(StoredPromise { promise, sequence, version: 1 });
        }
    }
    Ok(owed)
}

async fn spoken(tx: &mut Tx, id: PromiseId) -> Result<Vec<Notice>, Error> {
    Ok(notice::lock_about(tx, id).await?.into_iter().map(|stored| stored.notice).collect())
}

/// The promise in whose place this one, of which these notices speak, came by notices, one after the other; itself where nobody was told another date.
async fn promised_first(tx: &mut Tx, promise: &Promise, notices: &[Notice]) -> Result<Promise, Error> {
    let in_place_of =
        |notices: &[Notice], id| notices.iter().find(|told| told.new_promise == id).map(|told| told.promise);
    let mut first = promise.clone();
    let mut before = in_place_of(notices, first.id);
    while let Some(id) = before {
        let Some(earlier) = promise::get(tx, id).await? else { break };
        first = earlier.promise;
        before = in_place_of(&spoken(tx, id).await?, id);
    }
    Ok(first)
}
