//! Who works on which processor, and who comes first there. A driver that sends ten times more than can be served is busier than the services
//! are, and on their processors it would measure itself.
//!
//! Where services and Postgres run in units or containers of their own, each gets its share of the processor, and the units of
//! `deploy/systemd` more than Postgres' (`CPUWeight`). Here the scheduler gives every backend that works as much as all services
//! together: Postgres begins a session for each, and a session is a group of its own to the scheduler (`sched_autogroup_enabled`, sched(7)),
//! in which a niceness says nothing to anybody outside. Thirty of them leave services that have to turn callers away a thirtieth. So
//! Postgres is made to yield, by the groups' own niceness.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Context as _;
use postgres::cluster::Cluster;
use rustix::process::{Pid, setpriority_process};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// How nice a backend is: thirty of them have half the weight of a group that says nothing.
const NICE: i32 = 19;
/// How soon a backend that began yields too.
const LOOK: Duration = Duration::from_millis(200);

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

/// While it lives, all that Postgres starts yields to the services.
pub(super) struct Yielding {
    over: Arc<AtomicBool>,
    looking: Option<JoinHandle<()>>,
}

impl Yielding {
    /// Of this server: what it runs already, and what it will.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn of(cluster: &Cluster) -> anyhow::Result<Self> {
        let server = cluster.pid();
        let mut yielding = BTreeSet::new();
        yield_all(server, &mut yielding).context("Postgres cannot be made to yield")?;
        let over = Arc::new(AtomicBool::new(false));
        let looking = thread::Builder::new().name("yielding".to_owned()).spawn({
            let over = Arc::clone(&over);
            move || {
                while !over.load(Ordering::Relaxed) {
                    thread::park_timeout(LOOK);
                    // Asked again at the next look: who may lower a group by themselves may do so ten times a second.
                    let _ = yield_all(server, &mut yielding);
                }
            }
        })?;
        Ok(Self { over, looking: Some(looking) })
    }
}

impl Drop for Yielding {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(looking) = self.looking.take() {
            looking.thread().unpark();
            let _ = looking.join();
        }
    }
}

/// Lets those children of the server yield that do not already.
fn yield_all(server: u32, yielding: &mut BTreeSet<u32>) -> anyhow::Result<()> {
    let ours = group_of("self");
    let children = fs::read_to_string(format!("/proc/{server}/task/{server}/children")).unwrap_or_default();
    for process in children.split_ascii_whitespace().flat_map(str::parse) {
        if yielding.contains(&process) {
            continue;
        }
        let id = i32::try_from(process).ok().and_then(Pid::from_raw).context("a process without an id")?;
        match setpriority_process(Some(id), NICE) {
            // One that ended meanwhile.
            Ok(()) | Err(rustix::io::Errno::SRCH) => {}
            Err(refused) => return Err(refused.into()),
        }
        // There is no group where the kernel makes none of sessions; and who has not begun a session yet is in ours.
        match group_of(&process.to_string()) {
            Some(group) if ours.as_ref() == Some(&group) => {}
            Some(_) => match fs::write(format!("/proc/{process}/autogroup"), NICE.to_string()) {
                Err(again) if again.kind() == std::io::ErrorKind::WouldBlock => {}
                _ => drop(yielding.insert(process)),
            },
            None => drop(yielding.insert(process)),
        }
    }
    Ok(())
}

/// The name of the group that a process' session is to the scheduler: `/autogroup-25 nice 0` names `/autogroup-25`.
fn group_of(process: &str) -> Option<String> {
    let said = fs::read_to_string(format!("/proc/{process}/autogroup")).ok()?;
    said.split_ascii_whitespace().next().map(str::to_owned)
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
