//! The months of a service's ledger, as its owner has them begun, archived and dropped.

use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;
use kernel::Ambient;
use ledger::archive::{self, Kept, Order};
use ledger::months;
use postgres::{Db, Settings};

use super::{Cause, FLUSH, former_keys, signing_key};
use crate::ProcessSettings;

/// `ledger-archive`.
#[derive(Debug, Args)]
pub(super) struct ToArchive {
    /// Folder of the archive.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// The last month that is archived, as 2026-06; every closed one before it is too.
    #[arg(long, value_name = "MONTH", value_parser = month, required_unless_present = "drop")]
    through: Option<Date>,
    /// Drop the tables of months that were archived seven days ago or more, once their files in DIR were found to be whole.
    #[arg(long, conflicts_with = "through")]
    drop: bool,
}

fn month(word: &str) -> Result<Date, String> {
    let first: Option<Date> = format!("{word}-01").parse().ok().filter(|_| word.len() == 7);
    first.ok_or_else(|| "a month is written as 2026-06".to_owned())
}

async fn open(database: Settings) -> Result<Db, Cause> {
    Ok(Db::connect(&Settings { max_connections: 2, ..database }).await?)
}

/// Begins this month's partition of the ledger, by the database's clock, and says what came of it.
pub(super) async fn begin(database: Settings) -> Result<(), Cause> {
    let db = Db::connect(&Settings { max_connections: 1, ..database }).await?;
    let month = months::current(&db).await?;
    let begun = months::begin(&db, month).await?;
    tracing::info!(schema = db.schema(), %month, ?begun, "the ledger's month");
    db.close(FLUSH).await;
    Ok(())
}

/// Archives closed months, or drops what was archived, and says which.
pub(super) async fn archive(
    source: &'static str,
    database: Settings,
    process: &ProcessSettings,
    kept: Kept,
    wanted: &ToArchive,
) -> Result<(), Cause> {
    let db = open(database).await?;
    let (key, former) = (signing_key(&process.signing_key_file)?, former_keys(process)?.public_keys());
    let order = Order {
        source,
        through: wanted.through.unwrap_or(Date::MIN),
        folder: &wanted.to,
        checkpoint_dir: &process.checkpoint_dir,
        key: &key,
        former: &former,
        kept,
        now: Ambient::system().now(),
    };
    if wanted.drop {
        for month in archive::drop_archived(&db, order).await? {
            println!("{source} {month}: its table was dropped");
        }
    } else {
        for manifest in archive::archive(&db, order).await? {
            let (month, first, last) =
                (archive::written(manifest.month), manifest.first_position, manifest.last_position);
            println!("{source} {month}: entries {first} to {last} are archived in {}", manifest.file_name());
        }
    }
    db.close(FLUSH).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_a_year_and_a_number() {
        assert_eq!(month("2026-06").unwrap(), jiff::civil::date(2026, 6, 1));
        for word in ["2026-6", "2026-13", "2026-06-01", "june", ""] {
            assert!(month(word).is_err(), "{word}");
        }
    }
}
