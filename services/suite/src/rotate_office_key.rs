//! `rotate-office-key`: a new key for what the office deliberates.

use kernel::Ambient;

use crate::cli;
use crate::data_folder::DataFolder;
use crate::keys::rotate_office_key;

/// Runs `rotate-office-key`. The suite must not run: it would go on closing drafts under the key it started with.
pub fn run(data: &cli::Data) -> anyhow::Result<()> {
    let folder = DataFolder::open(data.data.as_deref())?;
    let _lock = folder.lock()?;
    let former = rotate_office_key(&folder, &Ambient::system())?;
    println!(
        "new key in {}; {former} before it. Start the suite, then call RecloseDrafts as the ombudsman until nothing remains; a former key's \
         line may go once GetDraftKeys tells of no draft under it",
        folder.at("keys/office.key").display()
    );
    Ok(())
}
