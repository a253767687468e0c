//! Who works on which processor. A driver that sends ten times more than can be served is busier than the services are, and on their
//! processors it would measure itself.
//!
//! Where services and Postgres run in units or containers of their own, each gets its share of the processor, and the units of
//! `deploy/systemd` more than Postgres' (`CPUWeight`). Here they are processes of one group, of which the scheduler gives every backend
//! that works as much as a whole service: thirty of them leave a service that has to turn callers away a thirtieth. So Postgres is made
//! to yield.

use anyhow::Context as _;
use postgres::cluster::Cluster;
use rustix::process::{Pid, setpriority_process};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// A backend's niceness: thirty of them have half the weight of one process that says nothing.
const NICE: i32 = 19;

/// The processors of this machine, one of them for the driver.
#[derive(Debug)]
pub(super) struct Cores {
    one: CpuSet,
}

impl Cores {
    /// Leaves the first processor; whatever this process starts from now on works on the others. `None` where there is but one.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn split() -> anyhow::Result<Option<Self>> {
        let all = sched_getaffinity(None).context("the processors cannot be counted")?;
        let Some((one, others)) = parted(&all) else { return Ok(None) };
        work_on(&others)?;
        Ok(Some(Self { one }))
    }

    /// From here on this process works on the first one alone.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn drive(&self) -> anyhow::Result<()> {
        work_on(&self.one)
    }
}

/// The first processor, and the others.
fn parted(all: &CpuSet) -> Option<(CpuSet, CpuSet)> {
    let mut numbers = (0..CpuSet::MAX_CPU).filter(|number| all.is_set(*number));
    let (mut one, mut others) = (CpuSet::new(), CpuSet::new());
    one.set(numbers.next()?);
    numbers.for_each(|number| others.set(number));
    (others.count() > 0).then_some((one, others))
}

/// Every thread of this process, and those they will start.
fn work_on(cores: &CpuSet) -> anyhow::Result<()> {
    for thread in std::fs::read_dir("/proc/self/task").context("the threads cannot be listed")? {
        let number = thread?.file_name().to_string_lossy().parse().ok().and_then(Pid::from_raw);
        match sched_setaffinity(number, cores) {
            // A thread that ended meanwhile.
            Ok(()) | Err(rustix::io::Errno::SRCH) => {}
            Err(refused) => return Err(refused).context("a thread cannot be put on its processor"),
        }
    }
    Ok(())
}

/// Lets the backends that are started from now on yield to the services.
///
/// # Errors
/// When the system refuses.
pub(super) fn yields(cluster: &Cluster) -> anyhow::Result<()> {
    let server = i32::try_from(cluster.pid()).ok().and_then(Pid::from_raw).context("Postgres has no process id")?;
    setpriority_process(Some(server), NICE).context("Postgres cannot be made to yield")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(numbers: &[usize]) -> CpuSet {
        let mut set = CpuSet::new();
        numbers.iter().for_each(|number| set.set(*number));
        set
    }

    #[test]
    fn the_driver_has_the_first_and_the_house_the_others() {
        assert_eq!(parted(&set(&[2, 3, 5])), Some((set(&[2]), set(&[3, 5]))));
        assert_eq!(parted(&set(&[4])), None, "one processor cannot be parted");
        assert_eq!(parted(&set(&[])), None);
    }
}
