//! Asks `read.py` what is in a file.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

/// What each of the files holds; all are read by one process.
pub fn read(files: &[Vec<u8>]) -> Vec<Value> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let paths: Vec<PathBuf> = files
        .iter()
        .map(|bytes| {
            let path = folder.join(format!("{}-{}.pdf", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
            std::fs::write(&path, bytes).expect("the folder for tests is writable");
            path
        })
        .collect();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/read.py");
    let output = Command::new("python3").arg(script).args(&paths).output().expect("python3 runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for path in paths {
        std::fs::remove_file(path).expect("the file is there");
    }
    serde_json::from_slice(&output.stdout).expect("the reader writes JSON")
}

/// The tagged texts in reading order: what a screen reader would say.
pub fn parts(file: &Value) -> Vec<(String, String)> {
    serde_json::from_value(file["parts"].clone()).expect("pairs of tag and text")
}

/// The texts under one tag.
pub fn text(file: &Value, tag: &str) -> Vec<String> {
    parts(file).into_iter().filter(|(of, _)| of == tag).map(|(_, text)| text).collect()
}
