//! A NATS server of a test's own, for tests of what is carried by one.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::eventually;

const UP: Duration = Duration::from_secs(20);

/// A server that keeps what it was given on the disk, until it is told to lose it.
pub struct NatsServer {
    folder: PathBuf,
    port: u16,
    environment: Vec<(String, String)>,
    running: Option<Child>,
}

impl NatsServer {
    /// Whether there is a server on this machine; tests that need one stand aside where there is none, with a word.
    ///
    /// # Panics
    /// When it is asked for by `VENTANILLA_NATS=required` and not there.
    pub fn is_there() -> bool {
        let asked = Command::new("nats-server").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if asked.is_ok() {
            return true;
        }
        let required = std::env::var("VENTANILLA_NATS").is_ok_and(|word| word == "required");
        assert!(!required, "VENTANILLA_NATS=required, and there is none: apt-get install nats-server");
        eprintln!("there is no nats-server here: not tried");
        false
    }

    /// One that lets everybody in.
    pub async fn start() -> Self {
        Self::start_with(&[], |port, folder| {
            let store = folder.join("store");
            format!("listen: \"127.0.0.1:{port}\"\njetstream {{ store_dir: \"{}\" }}\n", store.display())
        })
        .await
    }

    /// One by a configuration of one's own, which is made of its port and its folder (its `store` is what can be lost).
    ///
    /// # Panics
    /// When the machine has no port or no place for it.
    pub async fn start_with(
        environment: &[(String, String)],
        configuration: impl FnOnce(u16, &Path) -> String,
    ) -> Self {
        #[allow(clippy::disallowed_methods, reason = "a folder name nobody else has; it decides nothing in a test")]
        let name = format!("ventanilla-nats-{}", uuid::Uuid::new_v4().simple());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
        let port = free.expect("a free port").port();
        std::fs::write(folder.join("nats.conf"), configuration(port, &folder)).expect("the folder is ours");
        let mut server = Self { folder, port, environment: environment.to_vec(), running: None };
        server.up().await;
        server
    }

    /// Starts it again where it stood.
    ///
    /// # Panics
    /// When it does not listen.
    pub async fn up(&mut self) {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.folder.join("log"));
        let mut command = Command::new("nats-server");
        command.arg("-c").arg(self.folder.join("nats.conf")).envs(self.environment.iter().cloned());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log.expect("the folder is ours"));
        self.running = Some(command.spawn().expect("there is a server"));
        let at = self.addr();
        eventually(UP, || async move { tokio::net::TcpStream::connect(at).await.map(|_| ()) }).await;
    }

    /// SIGKILL.
    ///
    /// # Panics
    /// When the system refuses.
    pub fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.kill().expect("it is ours to kill");
            running.wait().expect("it is ours to collect");
        }
    }

    /// Loses everything that it kept.
    ///
    /// # Panics
    /// When it runs.
    pub fn lose_all(&self) {
        assert!(self.running.is_none(), "it runs");
        std::fs::remove_dir_all(self.folder.join("store")).expect("it kept something");
    }

    /// Writes a file into its folder.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.join(name);
        std::fs::write(&path, text).expect("the folder is ours");
        path
    }

    /// Where it is.
    pub fn addr(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
