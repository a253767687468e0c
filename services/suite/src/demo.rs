//! `demo`: one affair from the first call to the ombudsman's decision, played over gRPC by everybody
//! who has a part in it, a notice of a term of law that is about to be missed, and then the journey of
//! the affair as the ledgers tell it.

mod affair;
mod journey;
mod office;
mod stage;
mod term;

use kernel::Ambient;

use crate::cli;
use crate::client::Target;
use crate::data_folder::DataFolder;

use stage::Stage;

/// Runs `demo`.
pub async fn run(demo: cli::Demo) -> anyhow::Result<()> {
    let ambient = Ambient::steady();
    if let Some(folder) = DataFolder::existing(demo.data.data.as_deref())?
        && let Some(target) = Target::running(&folder, &ambient)?
    {
        return play(target, &ambient).await;
    }
    let folder = DataFolder::temporary()?;
    let result = match Target::start(folder.clone(), &ambient).await {
        Ok(target) => play(target, &ambient).await,
        Err(error) => Err(error),
    };
    folder.discard();
    result
}

async fn play(target: Target, ambient: &Ambient) -> anyhow::Result<()> {
    let result = async {
        let mut stage = Stage::set(&target, ambient).await?;
        let affair = affair::play(&mut stage).await?;
        let case = office::play(&mut stage, &affair).await?;
        affair::look_back(&mut stage, &affair, &case).await?;
        term::play(&mut stage).await?;
        journey::tell(&stage, &affair).await
    }
    .await;
    target.leave().await?;
    result
}
