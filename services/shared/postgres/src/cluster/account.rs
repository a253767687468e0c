//! Which account the server runs as. Postgres refuses to run as root, so root lends it another.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::ClusterError;

/// The account of the server process.
pub(super) enum Account {
    /// Ours.
    Same,
    /// Another one, because we are root.
    Lent { name: String, uid: u32, gid: u32 },
}

impl Account {
    pub(super) fn for_server() -> Result<Self, ClusterError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::Same);
        }
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        ["postgres", "nobody"].iter().find_map(|name| find(&passwd, name)).ok_or(ClusterError::NoAccount)
    }

    /// Makes the child run under this account.
    pub(super) fn put_on(&self, command: &mut Command) {
        if let Self::Lent { uid, gid, .. } = self {
            command.uid(*uid).gid(*gid);
        }
    }

    /// Gives `path` to this account.
    pub(super) fn own(&self, path: &Path) -> Result<(), ClusterError> {
        let Self::Lent { uid, gid, .. } = self else { return Ok(()) };
        let owner = fs::metadata(path).map_err(|source| ClusterError::at(path, source))?.uid();
        if owner == *uid {
            return Ok(());
        }
        std::os::unix::fs::chown(path, Some(*uid), Some(*gid)).map_err(|source| ClusterError::at(path, source))
    }

    /// Whether every folder above `home` lets this account through.
    pub(super) fn can_reach(&self, home: &Path) -> Result<(), ClusterError> {
        let Self::Lent { name, uid, gid } = self else { return Ok(()) };
        for folder in home.ancestors().skip(1) {
            let meta = fs::metadata(folder).map_err(|source| ClusterError::at(folder, source))?;
            let bit = if meta.uid() == *uid {
                0o100
            } else if meta.gid() == *gid {
                0o010
            } else {
                0o001
            };
            if meta.mode() & bit == 0 {
                return Err(ClusterError::OutOfReach {
                    home: home.to_owned(),
                    folder: folder.to_owned(),
                    account: name.clone(),
                });
            }
        }
        Ok(())
    }
}

fn find(passwd: &str, name: &str) -> Option<Account> {
    let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    let uid = fields.next()?.parse().ok()?;
    let gid = fields.next()?.parse().ok()?;
    Some(Account::Lent { name: name.to_owned(), uid, gid })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_account_list() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65533:nobody:/:/usr/sbin/nologin\n";
        let Some(Account::Lent { name, uid, gid }) = find(passwd, "nobody") else { panic!("found") };
        assert_eq!((name.as_str(), uid, gid), ("nobody", 65534, 65533));
        assert!(find(passwd, "postgres").is_none());
    }
}
