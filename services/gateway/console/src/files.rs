//! Files of a dossier, which the house knows by where they are and what they hold. The console fetches none and shows none: it says what is known of each,
//! and leads the reader to one only where that does no harm.

use futures::stream::{self, StreamExt as _};
use tonic::Code;
use ventanilla_proto::ombudsman::v1::DossierEntry;
use ventanilla_proto::ticketing::v1::desk_service_client::DeskServiceClient;
use ventanilla_proto::ticketing::v1::{Attachment, GetScanRequest, ListMessagesResponse, ScanState};
use web::Lang;

use crate::office::Office;
use crate::papers::message_of;

/// Files of one paper that are looked up and shown at once: an address may have 2,000 letters, and stands there twice.
pub(crate) const MOST: usize = 6;
/// How many are asked about at once.
const AT_ONCE: usize = 8;
/// Media types that a browser shows or saves, and never runs.
const SHOWN: [&str; 12] = [
    "application/pdf",
    "audio/mpeg",
    "audio/ogg",
    "audio/wav",
    "image/gif",
    "image/jpeg",
    "image/png",
    "image/tiff",
    "image/webp",
    "text/plain",
    "video/mp4",
    "video/webm",
];

/// A file as a page tells of it.
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) media_type: String,
    pub(crate) size: String,
    pub(crate) sha256: String,
    /// Where it is, as whoever attached it wrote it.
    pub(crate) uri: String,
    pub(crate) state: &'static str,
    pub(crate) clean: bool,
    /// Where the reader is led; otherwise why they are not.
    pub(crate) link: Result<String, &'static str>,
}

/// Files of a paper after the first `skipped`, each with what has been found in it until now, and whether there are others after them.
pub(crate) async fn of(office: &Office, entry: &DossierEntry, skipped: usize) -> (Vec<File>, bool) {
    let Some(messages) = message_of::<ListMessagesResponse>(entry) else { return (Vec::new(), false) };
    let attached: Vec<_> = messages.messages.into_iter().flat_map(|message| message.attachments).collect();
    let more = attached.len() > skipped.saturating_add(MOST);
    let attached = attached.into_iter().skip(skipped).take(MOST);
    let told = attached.map(|attached| async move {
        let state = found(office, &attached).await;
        told(office.lang, attached, state)
    });
    (stream::iter(told).buffered(AT_ONCE).collect().await, more)
}

/// What was found in a file; `None` where that cannot be said now.
async fn found(office: &Office, attached: &Attachment) -> Option<ScanState> {
    let desk = office.session.channel(office.peers(), "ticketing").ok()?;
    let name = format!("scans/{}", hex(&attached.sha256));
    match DeskServiceClient::new(desk).get_scan(GetScanRequest { name }).await {
        Ok(scan) => Some(scan.into_inner().state()),
        Err(status) if status.code() == Code::NotFound => Some(ScanState::Pending),
        Err(_) => None,
    }
}

fn told(lang: Lang, attached: Attachment, state: Option<ScanState>) -> File {
    let clean = state == Some(ScanState::Clean);
    let link = match (state, leads(&attached.uri), SHOWN.contains(&attached.media_type.to_ascii_lowercase().as_str())) {
        (None, ..) => Err(lang.of(
            "No se puede saber ahora qué se encontró en él: vuelva a cargar la página.",
            "What was found in it cannot be told now: load the page again.",
        )),
        (Some(ScanState::Infected), ..) => {
            Err(lang.of("Contiene algo dañino: no lo abra.", "It holds something that does harm: do not open it."))
        }
        (Some(ScanState::Failed), ..) => Err(lang.of(
            "No se pudo examinar, por ejemplo porque tiene contraseña: pida otra copia.",
            "It could not be looked into, e.g. for a password: ask for another copy.",
        )),
        (Some(ScanState::Pending | ScanState::Unspecified), ..) => {
            Err(lang.of("Nadie lo ha examinado todavía.", "Nobody has looked into it yet."))
        }
        (Some(ScanState::Clean), false, _) => Err(lang.of(
            "No está en una dirección que un navegador abra: pídalo a quien guarda los archivos, con su huella.",
            "It is at no address that a browser opens: ask whoever keeps files for it, by its hash.",
        )),
        (Some(ScanState::Clean), true, false) => Err(lang.of(
            "Un navegador podría ejecutarlo en vez de mostrarlo: pídalo a quien guarda los archivos, con su huella.",
            "A browser could run it and not just show it: ask whoever keeps files for it, by its hash.",
        )),
        (Some(ScanState::Clean), true, true) => Ok(attached.uri.clone()),
    };
    File {
        name: attached.file_name,
        media_type: attached.media_type,
        size: size(attached.size_bytes),
        sha256: hex(&attached.sha256),
        uri: attached.uri,
        state: match state {
            None => lang.of("sin noticia", "not known"),
            Some(ScanState::Clean) => lang.of("examinado, limpio", "looked into, clean"),
            Some(ScanState::Infected) => lang.of("dañino", "harmful"),
            Some(ScanState::Failed) => lang.of("no se pudo examinar", "could not be looked into"),
            Some(ScanState::Pending | ScanState::Unspecified) => lang.of("sin examinar", "not looked into"),
        },
        clean,
        link,
    }
}

/// Whether a browser is led there: https, to a host, and nothing written into the address that could be taken for another one.
fn leads(uri: &str) -> bool {
    let plain = uri.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'<' | b'>' | b'`'));
    let Some(parsed) = plain.then(|| uri.parse::<http::Uri>().ok()).flatten() else { return false };
    let https = parsed.scheme_str().is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"));
    let host = parsed.authority().is_some_and(|at| !at.host().is_empty() && !at.as_str().contains('@'));
    https && host
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes as people read them, in units of 1000.
fn size(bytes: i64) -> String {
    match bytes {
        ..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        1_000_000.. => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attached(uri: &str, media_type: &str) -> Attachment {
        Attachment {
            uri: uri.to_owned(),
            file_name: "recibo.pdf".to_owned(),
            media_type: media_type.to_owned(),
            size_bytes: 1_234_567,
            sha256: vec![0xa5; 32],
            ..Attachment::default()
        }
    }

    #[test]
    fn nobody_is_led_to_what_was_not_found_clean() {
        let at = "https://files.example/1";
        for state in [None, Some(ScanState::Pending), Some(ScanState::Infected), Some(ScanState::Failed)] {
            let file = told(Lang::Es, attached(at, "application/pdf"), state);
            assert!(file.link.is_err() && !file.clean, "{state:?}");
        }
        let file = told(Lang::Es, attached(at, "application/pdf"), Some(ScanState::Clean));
        assert_eq!((file.link.as_deref(), file.size.as_str()), (Ok(at), "1.2 MB"));
        assert_eq!(file.sha256, "a5".repeat(32));
    }

    #[test]
    fn nobody_is_led_to_what_a_browser_runs_or_to_another_place_than_it_looks() {
        let led = |uri: &str, media_type: &str| {
            told(Lang::En, attached(uri, media_type), Some(ScanState::Clean)).link.is_ok()
        };
        for uri in [
            "javascript:alert(1)",
            "JavaScript://files.example/%0aalert(1)",
            "data:text/html,<script>alert(1)</script>",
            "file:///etc/passwd",
            "s3://files/1",
            "http://files.example/1",
            "https://",
            "https:///files.example/1",
            "https://files.example@evil.example/1",
            "https://files.example\\@evil.example/1",
            " https://files.example/1",
            "https://files.example/1\" onclick=\"alert(1)",
            "//files.example/1",
            "vbscript:x",
        ] {
            assert!(!led(uri, "application/pdf"), "{uri}");
        }
        for media_type in
            ["text/html", "image/svg+xml", "application/xhtml+xml", "text/javascript", "application/x-msdownload", ""]
        {
            assert!(!led("https://files.example/1", media_type), "{media_type}");
        }
        assert!(led("HTTPS://files.example/1", "Image/PNG"));
    }
}
