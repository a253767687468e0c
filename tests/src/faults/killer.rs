//! The killer: SIGKILL at random moments, and how long it takes until all is served again.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::cluster::Postgres;
use super::dice::Dice;
use super::fleet::Fleet;
use super::service::Service;

/// Longest time between two kills, counted from when all was served again.
const LONGEST_PEACE: Duration = Duration::from_millis(400);

/// Who is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Victim {
    /// The process of a service.
    Service(Service),
    /// The postmaster.
    Postgres,
}

impl Victim {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Service(service) => service.name(),
            Self::Postgres => "postgres",
        }
    }
}

/// Who may be killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Victims {
    /// Everybody, each as often as the others.
    All,
    /// Services alone.
    Services,
    /// Postgres alone.
    Postgres,
}

/// One kill and what followed.
#[derive(Debug, Clone, Copy)]
pub struct Kill {
    /// Who was killed.
    pub victim: Victim,
    /// From the kill until every service answered from its database again.
    pub recovered: Duration,
    /// For Postgres: from when it accepted connections until every service answered again, without
    /// having been restarted.
    pub followed: Option<Duration>,
}

/// Kills `count` times. `told` hears of each.
///
/// # Errors
/// When something does not come back.
pub async fn kill(
    fleet: &Fleet,
    postgres: &Postgres,
    dice: &mut Dice,
    count: usize,
    victims: Victims,
    mut told: impl FnMut(&Kill),
) -> anyhow::Result<Vec<Kill>> {
    let mut kills = Vec::with_capacity(count);
    for _ in 0..count {
        tokio::time::sleep(dice.up_to(LONGEST_PEACE)).await;
        let kill = match victim(dice, victims) {
            Victim::Postgres => kill_postgres(fleet, postgres).await?,
            Victim::Service(service) => kill_service(fleet, service).await?,
        };
        told(&kill);
        kills.push(kill);
    }
    Ok(kills)
}

fn victim(dice: &mut Dice, victims: Victims) -> Victim {
    let services = Service::ALL.map(Victim::Service);
    match victims {
        Victims::All if dice.below(services.len() as u64 + 1) == 0 => Victim::Postgres,
        Victims::All | Victims::Services => dice.pick(&services),
        Victims::Postgres => Victim::Postgres,
    }
}

async fn kill_service(fleet: &Fleet, service: Service) -> anyhow::Result<Kill> {
    let began = Instant::now();
    fleet.replace(service)?;
    fleet.ready(service).await?;
    Ok(Kill { victim: Victim::Service(service), recovered: began.elapsed(), followed: None })
}

async fn kill_postgres(fleet: &Fleet, postgres: &Postgres) -> anyhow::Result<Kill> {
    let began = Instant::now();
    postgres.replace().await?;
    let back = Instant::now();
    for service in fleet.services() {
        fleet.ready(service).await?;
    }
    Ok(Kill { victim: Victim::Postgres, recovered: began.elapsed(), followed: Some(back.elapsed()) })
}
