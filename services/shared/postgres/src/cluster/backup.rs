//! A base backup of a running cluster, and a new one rolled forward from it to an instant by the WAL that was archived.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use jiff::Timestamp;

use super::account::Account;
use super::binaries::Binaries;
use super::{Cluster, ClusterError, SUPERUSER, make_home, postmaster};

impl Cluster {
    /// Copies the whole cluster into the new folder `into` while it runs: data, and the password that opens it.
    ///
    /// # Errors
    /// [`ClusterError`] names what could not be copied.
    pub fn back_up(&self, into: &Path) -> Result<(), ClusterError> {
        let account = Account::for_server()?;
        make_folder(into, &account)?;
        let data = self.home.join("data");
        let binaries = Binaries::find(postmaster::version_of(&data)?.as_deref(), &self.home)?;
        let mut command = Command::new(binaries.base_backup());
        command.args(["--host", "127.0.0.1", "--username", SUPERUSER, "--no-password", "--checkpoint", "fast"]);
        command.args(["--wal-method", "stream", "--format", "plain", "--port", &self.port.to_string()]);
        command.arg("--pgdata").arg(into.join("data"));
        command.env("PGPASSWORD", &self.password).env("LC_ALL", "C").current_dir(into).stdin(Stdio::null());
        account.put_on(&mut command);
        run(command, &binaries.base_backup())?;
        copy(&account, &self.home.join("password"), &into.join("password"))
    }
}

/// Makes a cluster's folder `home` of a backup. Its first start rolls it forward by what is in `archive` up to the last commit at or
/// before `until`, and no further: the start fails when the archive does not reach so far.
///
/// # Errors
/// [`ClusterError`] names what could not be written.
pub fn restore(home: &Path, backup: &Path, archive: &Path, until: Timestamp) -> Result<(), ClusterError> {
    let account = Account::for_server()?;
    make_home(home, &account)?;
    for part in ["password", "data"] {
        copy(&account, &backup.join(part), &home.join(part))?;
    }
    let data = home.join("data");
    let settings = format!(
        "\nrestore_command = 'cp \"{}/%f\" \"%p\"'\n\
         recovery_target_time = '{}'\nrecovery_target_inclusive = on\nrecovery_target_action = 'promote'\n\
         # Who only reads is not ready yet.\nhot_standby = off\n",
        plain(archive)?,
        until.strftime("%Y-%m-%d %H:%M:%S%.6f+00"),
    );
    let written = |path: &Path, text: &str| {
        let file = OpenOptions::new().create(true).append(true).open(path);
        file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|source| ClusterError::at(path, source))
    };
    written(&data.join("postgresql.auto.conf"), &settings)?;
    let signal = data.join("recovery.signal");
    written(&signal, "")?;
    account.own(&signal)
}

/// What a server is told to put its WAL into `archive`, each file whole or not at all.
pub(super) fn archiving(archive: &Path) -> Result<Vec<String>, ClusterError> {
    let at = plain(archive)?;
    Ok(vec![
        "archive_mode=on".to_owned(),
        format!(
            "archive_command=test ! -f \"{at}/%f\" && cp \"%p\" \"{at}/%f.part\" && sync \"{at}/%f.part\" && mv \"{at}/%f.part\" \"{at}/%f\""
        ),
        // A segment that is not full is archived all the same: what is later than this is what a disaster takes.
        "archive_timeout=1".to_owned(),
    ])
}

/// Makes the folder `path` for the server's account, and for it alone.
pub(super) fn make_folder(path: &Path, account: &Account) -> Result<(), ClusterError> {
    let made = fs::DirBuilder::new().mode(0o700).recursive(true).create(path);
    made.map_err(|source| ClusterError::at(path, source))?;
    account.own(path)
}

/// A path as it stands inside a command of the server's.
fn plain(path: &Path) -> Result<&str, ClusterError> {
    let fits = |text: &&str| !text.contains(['"', '\'', '\\', '$', '`', '%', '\n']);
    path.to_str().filter(fits).ok_or_else(|| ClusterError::Unspeakable { path: path.to_owned() })
}

fn copy(account: &Account, from: &Path, to: &Path) -> Result<(), ClusterError> {
    let mut command = Command::new("cp");
    command.arg("-a").arg(from).arg(to).stdin(Stdio::null());
    account.put_on(&mut command);
    run(command, &PathBuf::from("cp"))
}

fn run(mut command: Command, program: &Path) -> Result<(), ClusterError> {
    let output = command.output().map_err(|source| ClusterError::at(program, source))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let said = text.lines().last().unwrap_or("no word from it").trim().to_owned();
    Err(ClusterError::NotCopied { program: program.to_owned(), said })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_a_shell_would_read_otherwise_is_refused() {
        assert_eq!(plain(Path::new("/var/lib/a b")).unwrap(), "/var/lib/a b");
        for path in ["/a'b", "/a\"b", "/a%b", "/$HOME", "/a`b"] {
            assert!(matches!(plain(Path::new(path)), Err(ClusterError::Unspeakable { .. })), "{path}");
        }
    }
}
