//! Launching the server process with its settings.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::account::Account;
use super::backup::archiving;
use super::binaries::Binaries;
use super::{ClusterError, Options};

const LOG_KEPT: u64 = 10 * 1024 * 1024;

pub(super) fn spawn(
    binaries: &Binaries,
    home: &Path,
    account: &Account,
    port: u16,
    options: &Options,
) -> Result<Child, ClusterError> {
    let log = home.join("postgres.log");
    if fs::metadata(&log).is_ok_and(|meta| meta.len() > LOG_KEPT) {
        let _ = fs::remove_file(&log);
    }
    let open = || OpenOptions::new().create(true).append(true).mode(0o600).open(&log);
    let out = open().map_err(|source| ClusterError::at(&log, source))?;
    let err = open().map_err(|source| ClusterError::at(&log, source))?;

    let mut command = Command::new(binaries.postgres());
    command.arg("-D").arg(home.join("data"));
    let archiving = options.archive.as_deref().map(archiving).transpose()?.unwrap_or_default();
    for setting in settings(port, options).into_iter().chain(archiving) {
        command.arg("-c").arg(setting);
    }
    command.current_dir(home).env("LC_ALL", "C").stdin(Stdio::null()).stdout(out).stderr(err);
    // A group of its own: Ctrl-C in a terminal is for us, and we drain before Postgres may go.
    command.process_group(0);
    account.put_on(&mut command);
    command.spawn().map_err(|source| ClusterError::at(&binaries.postgres(), source))
}

fn settings(port: u16, options: &Options) -> Vec<String> {
    let mut settings = vec![
        "listen_addresses=127.0.0.1".to_owned(),
        "unix_socket_directories=".to_owned(),
        format!("port={port}"),
        format!("max_connections={}", options.max_connections),
        "timezone=UTC".to_owned(),
        "log_timezone=UTC".to_owned(),
        "logging_collector=off".to_owned(),
        // Statements and the DETAIL of an error quote values; values here are about people.
        "log_error_verbosity=terse".to_owned(),
        "log_min_error_statement=panic".to_owned(),
        "log_checkpoints=off".to_owned(),
    ];
    let tuned: &[&str] = if options.durable {
        &["shared_buffers=256MB", "wal_compression=on", "max_wal_size=2GB", "checkpoint_timeout=15min"]
    } else {
        &[
            "shared_buffers=128MB",
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
            "wal_level=minimal",
            "max_wal_senders=0",
            "max_wal_size=2GB",
            "checkpoint_timeout=30min",
            "autovacuum_naptime=60min",
        ]
    };
    settings.extend(tuned.iter().map(|line| (*line).to_owned()));
    settings
}
