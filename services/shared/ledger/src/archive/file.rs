//! The file of one month: lines of JSON, compressed.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, BufWriter, Read, Write as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use crate::verify::Exported;

/// Entries that are read together.
const PAGE: usize = 1_000;

/// A file that is being written, under another name until it is whole.
pub(super) struct Writing {
    out: GzEncoder<BufWriter<File>>,
    beside: PathBuf,
    path: PathBuf,
}

impl Writing {
    pub(super) fn begin(path: PathBuf) -> io::Result<Self> {
        let mut beside = path.clone().into_os_string();
        beside.push(".part");
        let beside = PathBuf::from(beside);
        let out = GzEncoder::new(BufWriter::new(File::create(&beside)?), Compression::default());
        Ok(Self { out, beside, path })
    }

    pub(super) fn push(&mut self, entry: &Exported) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, entry)?;
        self.out.write_all(b"\n")
    }

    /// Written down, and under its own name.
    pub(super) fn finish(self) -> io::Result<()> {
        self.out.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        std::fs::rename(&self.beside, &self.path)?;
        // The name too.
        let folder = self.path.parent().unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()
    }
}

/// A file that is read, and digested as it is.
pub(crate) struct MonthFile {
    lines: BufReader<GzDecoder<Digested>>,
}

impl MonthFile {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let digested = Digested { file: BufReader::new(File::open(path)?), digest: Context::new(&SHA256) };
        Ok(Self { lines: BufReader::new(GzDecoder::new(digested)) })
    }

    /// The next entries; none at the end.
    ///
    /// # Errors
    /// When it cannot be read, or holds what is no entry.
    pub(crate) fn page(&mut self) -> io::Result<Vec<Exported>> {
        let (mut page, mut line) = (Vec::new(), String::new());
        while page.len() < PAGE {
            line.clear();
            if self.lines.read_line(&mut line)? == 0 {
                break;
            }
            page.push(serde_json::from_str(&line)?);
        }
        Ok(page)
    }

    /// SHA-256 of the whole file, hex, what stands behind the last entry included.
    pub(crate) fn sha256(self) -> io::Result<String> {
        let mut rest = self.lines.into_inner().into_inner();
        io::copy(&mut rest, &mut io::sink())?;
        Ok(hex::encode(rest.digest.finish()))
    }
}

struct Digested {
    file: BufReader<File>,
    digest: Context,
}

impl Read for Digested {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.digest.update(&buffer[..read]);
        Ok(read)
    }
}
