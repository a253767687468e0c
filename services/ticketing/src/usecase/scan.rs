//! What was found in attached files.

use jiff::Timestamp;
use postgres::RequestKey;
use server::Call;
use ticketing_domain::ScanState;
use ventanilla_proto::ticketing::v1 as pb;

use super::claimed::Claimed;
use super::{Ticketing, cut, limit};
use crate::Error;
use crate::grpc::present;
use crate::store::scan::{self, Scan};

/// What PutScan is asked.
#[derive(Debug, Clone)]
pub(crate) struct NewScan {
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
    /// What was found.
    pub state: ScanState,
    /// The call.
    pub key: RequestKey,
}

/// A place in the list of files that nobody has looked into: since when it waits, and SHA-256 of it.
pub(crate) type ScanPlace = (Timestamp, [u8; 32]);

impl Ticketing {
    /// Says what was found in a file.
    #[tracing::instrument(name = "scan.put", skip_all)]
    pub(crate) async fn put_scan(&self, call: &Call, new: NewScan) -> Result<pb::Scan, Error> {
        let now = self.ambient.now();
        let mut tx = match self.claimed(&new.key, now).await? {
            Claimed::Replay(answer) => return Ok(answer),
            Claimed::Fresh(tx) => tx,
        };
        let found = Scan { sha256: new.sha256, state: new.state, at: now, by: call.actor().clone() };
        scan::put(&mut tx, &found).await?;
        self.keep(tx, &new.key, present::scan(&found)).await
    }

    /// What was found in a file.
    #[tracing::instrument(name = "scan.get", skip_all)]
    pub(crate) async fn get_scan(&self, sha256: [u8; 32]) -> Result<pb::Scan, Error> {
        let found = scan::get(self.db.reader(), sha256).await?;
        found.map(|found| present::scan(&found)).ok_or_else(|| Error::not_found(present::scan_name(&sha256)))
    }

    /// A page of files that nobody has looked into, and the place of its last one when there are more.
    #[tracing::instrument(name = "scan.unscanned", skip_all)]
    pub(crate) async fn list_unscanned(
        &self,
        after: Option<ScanPlace>,
        size: usize,
    ) -> Result<(Vec<pb::UnscannedFile>, Option<ScanPlace>), Error> {
        let mut found = scan::unscanned(self.db.reader(), after, limit(size)).await?;
        let more = cut(&mut found, size);
        let last = found.last().filter(|_| more).map(|file| (file.since, file.sha256));
        Ok((found.iter().map(present::unscanned).collect(), last))
    }
}
