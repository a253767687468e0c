//! A private Postgres as its owners know it: started, stopped, killed, found again.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use postgres::cluster::{Cluster, ClusterError, Options};
use sqlx::{Connection, PgConnection};

/// A folder of this test's own, passable for the server's account, deleted at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ventanilla-cluster-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn ask(url: &str, sql: &'static str) -> Result<i64, sqlx::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = PgConnection::connect(url).await?;
        sqlx::query_scalar(sql).fetch_one(&mut connection).await
    })
}

fn runs(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

fn kill(pid: u32) {
    assert!(std::process::Command::new("kill").args(["-KILL", &pid.to_string()]).status().unwrap().success());
}

#[test]
fn starts_stops_and_finds_its_data_again() {
    let folder = Folder::new("again");
    let cluster = Cluster::start(&folder.0, &Options::throwaway()).unwrap();
    let pid = cluster.pid();
    ask(&cluster.url("postgres"), "select 1::bigint from (select set_config('x.y', 'z', false)) as s").unwrap();
    ask(&cluster.url("postgres"), "with made as (select lo_create(4711)) select lo_create::bigint from made").unwrap();
    cluster.stop().unwrap();
    assert!(!runs(pid));

    let cluster = Cluster::start(&folder.0, &Options::throwaway()).unwrap();
    let kept = ask(&cluster.url("postgres"), "select count(*) from pg_largeobject_metadata where oid = 4711");
    assert_eq!(kept.unwrap(), 1);
}

#[test]
fn asks_for_a_password() {
    let folder = Folder::new("password");
    let cluster = Cluster::start(&folder.0, &Options::throwaway()).unwrap();
    let bare = format!("postgres://postgres:wrong@127.0.0.1:{}/postgres", cluster.port());
    assert!(ask(&bare, "select 1::bigint").is_err());
    ask(&cluster.url("postgres"), "select 1::bigint").unwrap();
}

#[test]
fn a_second_owner_of_the_same_folder_is_refused() {
    let folder = Folder::new("second");
    let _cluster = Cluster::start(&folder.0, &Options::throwaway()).unwrap();
    let error = Cluster::start(&folder.0, &Options::throwaway()).unwrap_err();
    assert!(matches!(error, ClusterError::Held { .. }), "{error}");
}

#[test]
fn a_server_left_running_is_stopped_by_the_next_start() {
    let folder = Folder::new("orphan");
    let cluster = Cluster::start(&folder.0, &Options::throwaway()).unwrap();
    let orphan = cluster.pid();
    cluster.detach();
    let cluster = Cluster::start(&folder.0, &Options::throwaway()).unwrap();
    assert!(!runs(orphan));
    ask(&cluster.url("postgres"), "select 1::bigint").unwrap();
}

#[test]
fn a_killed_server_recovers_at_the_next_start() {
    let folder = Folder::new("killed");
    let cluster = Cluster::start(&folder.0, &Options::durable()).unwrap();
    ask(&cluster.url("postgres"), "with made as (select lo_create(4712)) select lo_create::bigint from made").unwrap();
    kill(cluster.pid());
    drop(cluster);
    let cluster = Cluster::start(&folder.0, &Options::durable()).unwrap();
    let kept = ask(&cluster.url("postgres"), "select count(*) from pg_largeobject_metadata where oid = 4712");
    assert_eq!(kept.unwrap(), 1);
}

#[test]
fn a_pid_file_that_names_a_stranger_is_not_believed() {
    let folder = Folder::new("stranger");
    drop(Cluster::start(&folder.0, &Options::throwaway()).unwrap());
    let note = format!("{}\n/elsewhere\n1\n5432\n\n127.0.0.1\n\nready\n", std::process::id());
    fs::write(folder.0.join("data/postmaster.pid"), note).unwrap();
    let cluster = Cluster::start(&folder.0, &Options::throwaway()).unwrap();
    ask(&cluster.url("postgres"), "select 1::bigint").unwrap();
}

#[test]
fn a_taken_port_is_named_with_its_cure() {
    let folder = Folder::new("port");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = Cluster::start(&folder.0, &Options { port: Some(port), ..Options::throwaway() }).unwrap_err();
    assert!(matches!(error, ClusterError::PortTaken { port: named } if named == port), "{error}");
}

#[test]
fn what_an_interrupted_start_left_is_made_anew() {
    let folder = Folder::new("interrupted");
    fs::create_dir_all(folder.0.join("making")).unwrap();
    fs::write(folder.0.join("making/PG_VERSION"), "15\n").unwrap();
    fs::write(folder.0.join("password"), "of that start").unwrap();
    let cluster = Cluster::start(&folder.0, &Options::throwaway()).unwrap();
    ask(&cluster.url("postgres"), "select 1::bigint").unwrap();
}

#[test]
fn a_foreign_folder_is_left_alone() {
    let folder = Folder::new("foreign");
    fs::create_dir_all(&folder.0).unwrap();
    fs::write(folder.0.join("thesis.txt"), "three years of work").unwrap();
    let error = Cluster::start(&folder.0, &Options::throwaway()).unwrap_err();
    assert!(matches!(error, ClusterError::Foreign { .. }), "{error}");
    assert_eq!(fs::read_to_string(folder.0.join("thesis.txt")).unwrap(), "three years of work");
}

#[test]
fn a_data_folder_of_an_unknown_version_is_named_with_its_cure() {
    let folder = Folder::new("version");
    fs::create_dir_all(folder.0.join("data")).unwrap();
    fs::write(folder.0.join("data/PG_VERSION"), "9\n").unwrap();
    let error = Cluster::start(&folder.0, &Options::throwaway()).unwrap_err();
    assert!(matches!(&error, ClusterError::OtherVersion { wanted, .. } if wanted == "9"), "{error}");
}

#[test]
fn the_watchdog_stops_the_server_of_a_killed_owner() {
    // The owner is this same test binary, run again with a folder to start a server in.
    if let Some(home) = std::env::var_os("VENTANILLA_TEST_OWNER_HOME") {
        let cluster = Cluster::start(&PathBuf::from(home), &Options::throwaway()).unwrap();
        fs::write(cluster.home().parent().unwrap().join(format!("owner-{}", cluster.pid())), "").unwrap();
        loop {
            std::thread::park();
        }
    }
    let folder = Folder::new("watchdog");
    fs::create_dir_all(&folder.0).unwrap();
    let mut owner = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_watchdog_stops_the_server_of_a_killed_owner", "--nocapture"])
        .env("VENTANILLA_TEST_OWNER_HOME", folder.0.join("home"))
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    let server: u32 = loop {
        assert!(Instant::now() < deadline, "the owner never started its server");
        let note = fs::read_dir(&folder.0).unwrap().flatten().find_map(|entry| {
            entry.file_name().to_string_lossy().strip_prefix("owner-").and_then(|pid| pid.parse().ok())
        });
        match note {
            Some(pid) => break pid,
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    assert!(runs(server));
    owner.kill().unwrap();
    owner.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while runs(server) {
        assert!(Instant::now() < deadline, "the server outlived its owner");
        std::thread::sleep(Duration::from_millis(20));
    }
}
