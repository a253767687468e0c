//! Rows of clocks as shares of affairs.

use std::collections::HashMap;
use std::sync::Arc;

use postgres::StoreError;
use sla_monitor_domain::board::{End, Labels, Piece, Share};
use uuid::Uuid;

use super::words::Words;

/// A clock with its affair.
pub(super) struct Row {
    pub affair_id: Uuid,
    pub received_at: jiff_sqlx::Timestamp,
    pub entry_count: i64,
    pub channel: String,
    pub clock_id: Uuid,
    pub rule: String,
    pub department: String,
    pub subject_type: String,
    pub stage: String,
    pub kind: String,
    pub outcome: String,
    pub team: String,
    pub manager: String,
    pub queue: String,
    pub segment: String,
    pub cause: String,
    pub first_origin_at: jiff_sqlx::Timestamp,
    pub ended_as: String,
    pub settle_micros: Option<i64>,
    pub breached: bool,
}

/// A clock with its affair, as it was summed.
pub(super) struct SummedRow {
    pub affair_id: Uuid,
    pub received_at: jiff_sqlx::Timestamp,
    pub entry_count: i64,
    pub channel: String,
    pub clock_id: Uuid,
    pub rule: i32,
    pub department: i32,
    pub subject_type: String,
    pub stage: String,
    pub kind: String,
    pub outcome: String,
    pub team: i32,
    pub manager: i32,
    pub queue: i32,
    pub segment: String,
    pub cause: i32,
    pub first_origin_at: jiff_sqlx::Timestamp,
    pub cancelled: bool,
    pub settle_micros: Option<i64>,
    pub breached: bool,
}

impl SummedRow {
    /// The same in words.
    pub fn said(self, words: &Words) -> Result<Row, StoreError> {
        let ended_as = match (self.settle_micros, self.cancelled) {
            (Some(_), _) => "fulfilled",
            (None, true) => "cancelled",
            (None, false) => "open",
        };
        Ok(Row {
            affair_id: self.affair_id,
            received_at: self.received_at,
            entry_count: self.entry_count,
            channel: self.channel,
            clock_id: self.clock_id,
            rule: words.said(self.rule)?,
            department: words.said(self.department)?,
            subject_type: self.subject_type,
            stage: self.stage,
            kind: self.kind,
            outcome: self.outcome,
            team: words.said(self.team)?,
            manager: words.said(self.manager)?,
            queue: words.said(self.queue)?,
            segment: self.segment,
            cause: words.said(self.cause)?,
            first_origin_at: self.first_origin_at,
            ended_as: ended_as.to_owned(),
            settle_micros: self.settle_micros,
            breached: self.breached,
        })
    }
}

/// Reads rows; what many clocks are counted under is held once.
#[derive(Default)]
pub(super) struct Shares {
    labels: HashMap<Labels, Arc<Labels>>,
    words: HashMap<String, Arc<str>>,
}

impl Shares {
    /// The shares of rows that come affair by affair, with the ids of affairs.
    pub fn read(&mut self, rows: Vec<Row>) -> Result<Vec<(Uuid, Share)>, StoreError> {
        let shares = self.read_with_clocks(rows)?;
        Ok(shares.into_iter().map(|(id, share, _)| (id, share)).collect())
    }

    /// The same with the ids of clocks, in the order of the pieces.
    pub fn read_with_clocks(&mut self, rows: Vec<Row>) -> Result<Vec<(Uuid, Share, Vec<Uuid>)>, StoreError> {
        let mut shares: Vec<(Uuid, Share, Vec<Uuid>)> = Vec::new();
        for row in rows {
            let end = match (row.ended_as.as_str(), row.settle_micros) {
                ("open", _) => End::Open,
                ("cancelled", _) => End::Cancelled,
                ("fulfilled", Some(micros)) => End::Fulfilled { micros },
                _ => return Err(StoreError::corrupt("clock", "state", row.clock_id)),
            };
            let labels = Labels {
                rule: self.word(row.rule),
                department: self.word(row.department),
                subject_type: self.word(row.subject_type),
                stage: self.word(row.stage),
                kind: self.word(row.kind),
                channel: self.word(row.channel),
                outcome: self.word(row.outcome),
                team: self.word(row.team),
                manager: self.word(row.manager),
                queue: self.word(row.queue),
                segment: self.word(row.segment),
                cause: self.word(row.cause),
            };
            let labels = Arc::clone(self.labels.entry(labels).or_insert_with_key(|labels| Arc::new(labels.clone())));
            let piece = Piece { labels, origin: row.first_origin_at.to_jiff(), end, breached: row.breached };
            match shares.last_mut() {
                Some((id, share, clocks)) if *id == row.affair_id => {
                    share.pieces.push(piece);
                    clocks.push(row.clock_id);
                }
                _ => {
                    let received = row.received_at.to_jiff();
                    let share = Share { received, entries: row.entry_count, pieces: vec![piece] };
                    shares.push((row.affair_id, share, vec![row.clock_id]));
                }
            }
        }
        Ok(shares)
    }

    fn word(&mut self, word: String) -> Arc<str> {
        Arc::clone(self.words.entry(word).or_insert_with_key(|word| Arc::from(word.as_str())))
    }
}
