//! A real browser in front of a gateway: Chromium by its driver (WebDriver), with what every page is held against.
//!
//! Debian's `chromium` and `chromium-driver`, and axe-core's `axe.min.js` under `VENTANILLA_AXE` or `target/browser/node_modules/axe-core`.
//! Where they are not there a test says so and stands aside, unless `VENTANILLA_BROWSER=required`; `off` lets them rest. Pictures go to `target/screenshots`.

mod driver;
mod hands;
mod judgement;
mod traffic;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use driver::Driver;
pub use hands::key;
use traffic::Traffic;

/// Longest something on a page is waited for.
const PATIENCE: Duration = Duration::from_secs(20);
/// Width of a window on a desk, in CSS pixels.
const DESK: u32 = 1280;
/// Width of a small telephone.
const PHONE: u32 = 360;
/// What scripts are tried as in every field: none may ever run.
pub const SCRIPTS: [&str; 8] = [
    "<script>window.__ran=1</script>",
    "\"><img src=x onerror=\"window.__ran=1\">",
    "'><svg onload=window.__ran=1>",
    "</textarea><script>window.__ran=1</script>",
    "</title><script>window.__ran=1</script>",
    "javascript:window.__ran=1",
    "<iframe srcdoc=\"<script>parent.__ran=1</script>\"></iframe>",
    "{{constructor.constructor('window.__ran=1')()}}<a href=\"javascript:window.__ran=1\" autofocus onfocus=window.__ran=1>x</a>",
];

/// One Chromium window; gone when dropped.
pub struct Browser {
    driver: Driver,
    axe: String,
    pictures: PathBuf,
    window: u32,
    traffic: Traffic,
    judged: BTreeSet<String>,
    /// Everything that was found wrong with pages so far.
    pub faults: Vec<String>,
}

impl Browser {
    /// A browser, or `None` where there is none and none is required.
    ///
    /// # Panics
    /// When one is required, or there is one and it does not start.
    pub async fn open() -> Option<Self> {
        Self::as_wide_as(DESK).await
    }

    /// The same, as wide as a small telephone.
    ///
    /// # Panics
    /// As [`Self::open`].
    pub async fn open_on_a_telephone() -> Option<Self> {
        Self::as_wide_as(PHONE).await
    }

    async fn as_wide_as(window: u32) -> Option<Self> {
        let asked = std::env::var("VENTANILLA_BROWSER").unwrap_or_default();
        if asked == "off" {
            eprintln!("skipped: VENTANILLA_BROWSER=off");
            return None;
        }
        let missing = match (found("chromedriver"), axe()) {
            (Some(program), Some(axe)) => {
                let driver = Driver::start(&program).await.unwrap_or_else(|error| panic!("no browser: {error:#}"));
                let pictures = crate::tree::root().join("target/screenshots");
                std::fs::create_dir_all(&pictures).expect("a folder for pictures");
                let (traffic, judged, faults) = (Traffic::default(), BTreeSet::new(), Vec::new());
                let browser = Self { driver, axe, pictures, window, traffic, judged, faults };
                browser.width(window).await;
                return Some(browser);
            }
            (None, _) => "chromedriver (apt-get install chromium chromium-driver)",
            (_, None) => "axe.min.js (npm install axe-core; VENTANILLA_AXE names the file)",
        };
        assert!(asked != "required", "a browser is required, and {missing} is not here");
        eprintln!("skipped: {missing} is not here");
        None
    }

    /// Ends the visit.
    ///
    /// # Panics
    /// With every fault that was found on the way.
    pub fn end(self) {
        assert!(self.faults.is_empty(), "{} faults:\n{}", self.faults.len(), self.faults.join("\n"));
    }
}

fn found(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

fn axe() -> Option<String> {
    let named = std::env::var_os("VENTANILLA_AXE").map(PathBuf::from);
    let file = named.unwrap_or_else(|| crate::tree::root().join("target/browser/node_modules/axe-core/axe.min.js"));
    std::fs::read_to_string(file).ok()
}
