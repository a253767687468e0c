//! `token`: a token from the key of a data folder, whether its suite runs or not.

use kernel::Ambient;

use crate::cli;
use crate::data_folder::DataFolder;
use crate::keys::Keys;

/// Runs `token`.
pub fn run(token: &cli::Token) -> anyhow::Result<()> {
    let ambient = Ambient::system();
    let folder = DataFolder::open(token.data.data.as_deref())?;
    let keys = Keys::open(&folder, &ambient)?;
    println!("{}", keys.token(token.role, token.subject.as_deref(), token.department.as_ref(), &ambient)?);
    Ok(())
}
