//! Making a data folder, and the password that opens it.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use super::account::Account;
use super::binaries::Binaries;
use super::{ClusterError, Options, SUPERUSER};

pub(super) fn read_password(home: &Path) -> Result<String, ClusterError> {
    let path = home.join("password");
    let text = fs::read_to_string(&path).map_err(|source| ClusterError::at(&path, source))?;
    Ok(text.trim().to_owned())
}

/// Runs initdb into a neighbour folder and renames it, so that a crash leaves no half-made one.
pub(super) fn init(
    binaries: &Binaries,
    home: &Path,
    account: &Account,
    options: &Options,
) -> Result<String, ClusterError> {
    let making = home.join("making");
    // The rest of an interrupted initdb.
    if making.exists() {
        fs::remove_dir_all(&making).map_err(|source| ClusterError::at(&making, source))?;
    }
    let password = random_word().map_err(|source| ClusterError::at(Path::new("/dev/urandom"), source))?;
    let file = home.join("password");
    let _ = fs::remove_file(&file);
    OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(&file)
        .and_then(|mut open| open.write_all(password.as_bytes()))
        .map_err(|source| ClusterError::at(&file, source))?;
    account.own(&file)?;

    // Stretching a key for each of thousands of connections costs a third of a test's time; what is thrown away guards nobody's data.
    let auth = if options.durable { "scram-sha-256" } else { "md5" };
    let mut last = None;
    // C.UTF-8 knows the case of letters beyond ASCII and sorts the same everywhere; not every system has it.
    for locale in ["C.UTF-8", "C"] {
        let mut command = Command::new(binaries.initdb());
        command.arg("--pgdata").arg(&making);
        command.args(["--username", SUPERUSER, "--auth", auth, "--encoding", "UTF8", "--locale", locale]);
        command.arg("--pwfile").arg(&file);
        if !options.durable {
            command.arg("--no-sync");
        }
        command.env("LC_ALL", "C").current_dir(home).stdin(Stdio::null());
        account.put_on(&mut command);
        let output = command.output().map_err(|source| ClusterError::at(&binaries.initdb(), source))?;
        if output.status.success() {
            let data = home.join("data");
            fs::rename(&making, &data).map_err(|source| ClusterError::at(&data, source))?;
            return Ok(password);
        }
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        last = Some(ClusterError::from_log(&text, home, 0));
        if !text.contains("locale") {
            break;
        }
        let _ = fs::remove_dir_all(&making);
    }
    Err(last.expect("the loop ran at least once"))
}

fn random_word() -> std::io::Result<String> {
    let mut bytes = [0_u8; 24];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
