//! The archive of an export: a ZIP file, made as it is given away, with one JSON file a kind of thing.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest::{Context, SHA256};
use jiff::Timestamp;
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use prost_types::Any;
use serde_json::json;
use std::sync::LazyLock;
use zip::write::{SimpleFileOptions, StreamWriter, ZipWriter};

/// Messages by name, to be written as JSON.
static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(ventanilla_proto::DESCRIPTOR_SET).expect("the contract that was compiled in can be read")
});

/// What stands in the archive for who opens it.
const README: &str = "\
ES  Este archivo contiene los datos personales que la empresa conserva sobre usted en su servicio de atención a la clientela
    (RGPD, arts. 15 y 20). Cada carpeta es un servicio; cada fichero JSON, una clase de datos. No se incluyen las
    deliberaciones internas de la oficina del defensor del cliente ni los documentos que ésta ha sellado. Las fechas van en UTC.
    manifest.json indica cuántos registros hay en cada fichero y su huella SHA-256.

EN  This archive holds the personal data that the firm keeps of you in its customer service (GDPR art. 15 and 20). Each folder
    is a service; each JSON file a kind of data. What the office of the ombudsman deliberates, and documents it has sealed, are
    not included. Instants are UTC. manifest.json says how many records each file holds, and its SHA-256.
";

/// Why an archive cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Packing.
    #[error("the archive cannot be packed")]
    Zip(#[from] zip::result::ZipError),
    /// Writing, into memory.
    #[error("the archive cannot be written")]
    Write(#[from] std::io::Error),
    /// A record of a kind that the contract does not know.
    #[error("a record of the kind {0} cannot be written as JSON")]
    Kind(String),
}

/// Bytes that were packed and not yet given away.
#[derive(Clone, Default)]
struct Packed(Arc<Mutex<Vec<u8>>>);

impl Write for Packed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A file of the archive that is being written.
struct Open {
    service: &'static str,
    kind: String,
    path: String,
    records: u64,
    hash: Context,
}

/// An archive in the making.
pub(crate) struct Archive {
    packed: Packed,
    zip: ZipWriter<StreamWriter<Packed>>,
    options: SimpleFileOptions,
    open: Option<Open>,
    files: Vec<serde_json::Value>,
}

impl Archive {
    /// An archive that explains itself.
    pub(crate) fn new() -> Result<Self, ArchiveError> {
        let packed = Packed::default();
        let mut zip = ZipWriter::new_stream(packed.clone());
        let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        zip.start_file("README.txt", options)?;
        zip.write_all(README.as_bytes())?;
        Ok(Self { packed, zip, options, open: None, files: Vec::new() })
    }

    /// Adds a record of a service. Records of one kind come one after the other; what comes of a kind once more, behind another, is in a
    /// file more: nobody goes without their data for the order it came in.
    pub(crate) fn add(&mut self, service: &'static str, record: &Any) -> Result<(), ArchiveError> {
        let kind = record.type_url.rsplit('/').next().unwrap_or_default();
        let message = POOL.get_message_by_name(kind).ok_or_else(|| ArchiveError::Kind(kind.to_owned()))?;
        let message = DynamicMessage::decode(message, record.value.as_slice())
            .map_err(|_| ArchiveError::Kind(kind.to_owned()))?;
        if self.open.as_ref().is_none_or(|open| open.service != service || open.kind != kind) {
            self.close()?;
            let path = self.free_path(service, kind.rsplit('.').next().unwrap_or(kind));
            self.zip.start_file(&path, self.options)?;
            self.open = Some(Open { service, kind: kind.to_owned(), path, records: 0, hash: Context::new(&SHA256) });
        }
        let mut text = Vec::new();
        let first = self.open.as_ref().is_none_or(|open| open.records == 0);
        text.extend_from_slice(if first { b"[\n" } else { b",\n" });
        let mut json = serde_json::Serializer::new(&mut text);
        let written = message.serialize_with_options(&mut json, &SerializeOptions::new().skip_default_fields(true));
        written.map_err(|_| ArchiveError::Kind(kind.to_owned()))?;
        self.write(&text)?;
        if let Some(open) = &mut self.open {
            open.records += 1;
        }
        Ok(())
    }

    /// Where a file of that name goes: beside those there are.
    fn free_path(&self, service: &str, name: &str) -> String {
        let of = |number: usize| match number {
            1 => format!("{service}/{name}.json"),
            more => format!("{service}/{name}-{more}.json"),
        };
        let taken = |path: &String| self.files.iter().any(|file| file["path"] == *path);
        (1..).map(of).find(|path| !taken(path)).unwrap_or_default()
    }

    fn write(&mut self, text: &[u8]) -> Result<(), ArchiveError> {
        self.zip.write_all(text)?;
        if let Some(open) = &mut self.open {
            open.hash.update(text);
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), ArchiveError> {
        if self.open.is_some() {
            self.write(b"\n]\n")?;
        }
        if let Some(open) = self.open.take() {
            self.files.push(json!({
                "path": open.path,
                "kind": open.kind,
                "records": open.records,
                "sha256": hex(open.hash.finish().as_ref()),
            }));
        }
        Ok(())
    }

    /// The bytes that were packed since this was asked last.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut *self.packed.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many bytes wait to be taken.
    pub(crate) fn waiting(&self) -> usize {
        self.packed.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Ends the archive with its table of contents; answers the last bytes.
    pub(crate) fn finish(mut self, customer: &str, services: &[&str], now: Timestamp) -> Result<Vec<u8>, ArchiveError> {
        self.close()?;
        let manifest = json!({
            "customer": customer,
            "exported_at": now.to_string(),
            "services": services,
            "files": self.files,
        });
        self.zip.start_file("manifest.json", self.options)?;
        self.zip.write_all(serde_json::to_string_pretty(&manifest).unwrap_or_default().as_bytes())?;
        let Self { zip, packed, .. } = self;
        zip.finish()?;
        Ok(std::mem::take(&mut *packed.0.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;
    use ventanilla_proto::customer::v1::Customer;

    #[test]
    fn records_of_one_kind_are_one_readable_file_and_the_manifest_counts_them() {
        let customer = |name: &str| Any::from_msg(&Customer { name: name.to_owned(), ..Default::default() }).unwrap();
        let mut archive = Archive::new().unwrap();
        let mut bytes = archive.take();
        archive.add("customer-profile", &customer("customers/a")).unwrap();
        archive.add("customer-profile", &customer("customers/b")).unwrap();
        bytes.extend(archive.take());
        bytes.extend(archive.finish("customers/a", &["customer-profile"], Timestamp::UNIX_EPOCH).unwrap());
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        let mut read = |name: &str| {
            let mut text = String::new();
            zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
            text
        };
        let records = read("customer-profile/Customer.json");
        let told: serde_json::Value = serde_json::from_str(&records).unwrap();
        assert_eq!(told, json!([{"name": "customers/a"}, {"name": "customers/b"}]));
        let manifest: serde_json::Value = serde_json::from_str(&read("manifest.json")).unwrap();
        assert_eq!(manifest["files"][0]["records"], 2);
        let hash = aws_lc_rs::digest::digest(&SHA256, records.as_bytes());
        assert_eq!(manifest["files"][0]["sha256"], hex(hash.as_ref()));
        assert!(read("README.txt").contains("art. 15"));
    }

    #[test]
    fn a_kind_that_comes_once_more_behind_another_is_a_file_more_and_the_archive_whole() {
        let customer = Any::from_msg(&Customer { name: "customers/a".into(), ..Default::default() }).unwrap();
        let link = Any::from_msg(&ventanilla_proto::customer::v1::IdentityLink::default()).unwrap();
        let mut archive = Archive::new().unwrap();
        for record in [&customer, &link, &customer, &link, &customer] {
            archive.add("customer-profile", record).unwrap();
        }
        let mut bytes = archive.take();
        bytes.extend(archive.finish("customers/a", &["customer-profile"], Timestamp::UNIX_EPOCH).unwrap());
        let zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        let mut names: Vec<&str> = zip.file_names().filter(|name| name.starts_with("customer-profile")).collect();
        names.sort_unstable();
        let files = ["Customer", "IdentityLink", "Customer-2", "IdentityLink-2", "Customer-3"];
        let mut expected: Vec<String> = files.iter().map(|name| format!("customer-profile/{name}.json")).collect();
        expected.sort_unstable();
        assert_eq!(names, expected);
    }

    #[test]
    fn a_record_of_an_unknown_kind_is_no_record() {
        let stranger = Any { type_url: "type.googleapis.com/elsewhere.Thing".into(), value: vec![1] };
        assert!(matches!(Archive::new().unwrap().add("ticketing", &stranger), Err(ArchiveError::Kind(_))));
    }
}
