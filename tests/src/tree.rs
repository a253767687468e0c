//! The repository as files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// Every file below `folder` (relative to the root) with that extension, relative to the root.
pub fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let root = root();
    walkdir::WalkDir::new(root.join(folder))
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|item| item.file_name() != "target" && !item.file_name().to_string_lossy().starts_with(".git"))
        .flatten()
        .filter(|item| item.file_type().is_file() && item.path().extension().is_some_and(|e| e == extension))
        .filter_map(|item| item.path().strip_prefix(&root).map(Path::to_path_buf).ok())
        .collect()
}

/// The text of a file, by its path from the root.
///
/// # Panics
/// When it cannot be read.
pub fn text(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names below a `[section]` of a Cargo.toml.
pub fn dependencies(manifest: &str, section: &str) -> BTreeSet<String> {
    let header = format!("[{section}]");
    manifest
        .lines()
        .skip_while(|line| line.trim() != header)
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split(['=', '.']).next())
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty() && !name.starts_with('#'))
        .collect()
}
