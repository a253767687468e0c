//! A suite started as a process of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

const READY: Duration = Duration::from_secs(120);

/// A folder of one test's own, deleted with it.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ventanilla-it-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        // Postgres, under another account when we are root, must get through.
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn data(&self) -> PathBuf {
        self.0.join("data")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The command, on a data folder, with nothing of the surroundings that would lead it elsewhere.
pub fn command(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ventanilla"));
    command.env_remove("VENTANILLA_DATABASE_URL").env_remove("RUST_LOG").env("VENTANILLA_DATA", data);
    command.stdin(Stdio::null());
    command
}

/// Runs it to its end.
pub fn run(data: &Path, arguments: &[&str]) -> Output {
    command(data).args(arguments).output().unwrap()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A running suite. Killed if the test forgets it.
pub struct Running {
    child: Child,
    pub ready: Value,
    pub log: PathBuf,
}

impl Running {
    pub fn start(folder: &Folder) -> Self {
        let log = folder.0.join("stderr.log");
        let mut child = command(&folder.data())
            .args(["up", "--json", "--port-base", "0"])
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let out = child.stdout.take().unwrap();
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                let _ = tell.send(line);
            }
        });
        let line = told.recv_timeout(READY).unwrap_or_else(|_| {
            let _ = child.kill();
            panic!("never ready: {}", fs::read_to_string(&log).unwrap())
        });
        let ready = serde_json::from_str(&line).unwrap();
        Self { child, ready, log }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A way to call a service in a role.
    pub fn client(
        &self,
        service: &str,
        role: &str,
    ) -> InterceptedService<Channel, impl FnMut(Request<()>) -> Result<Request<()>, Status> + Clone> {
        let address = self.ready["services"][service].as_str().unwrap().to_owned();
        let token = self.ready["tokens"][role].as_str().unwrap();
        let bearer: MetadataValue<Ascii> = format!("Bearer {token}").parse().unwrap();
        let channel = Endpoint::from_shared(address).unwrap().connect_lazy();
        InterceptedService::new(channel, move |mut request: Request<()>| {
            request.metadata_mut().insert("authorization", bearer.clone());
            Ok(request)
        })
    }

    pub fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.pid().to_string()]).status().unwrap().success());
    }

    /// Waits for the end and gives the exit code.
    pub fn end(mut self, limit: Duration) -> Option<i32> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(Instant::now() < deadline, "still running: {}", fs::read_to_string(&self.log).unwrap());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Command lines of processes that have something to do with `folder`, ours and zombies apart.
pub fn left_running(folder: &Path) -> Vec<String> {
    let ours = std::process::id().to_string();
    let mark = folder.to_string_lossy().into_owned();
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let pids = processes.map(|entry| entry.file_name().to_string_lossy().into_owned()).filter(|pid| *pid != ours);
    pids.filter(|pid| pid.chars().all(|digit| digit.is_ascii_digit()))
        .filter_map(|pid| fs::read(format!("/proc/{pid}/cmdline")).ok())
        .map(|line| text(&line).replace('\0', " "))
        .filter(|line| line.contains(&mark))
        .collect()
}
