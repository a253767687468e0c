//! What every use case, reaction and worker of this service is surrounded by.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use kernel::Ambient;
use ledger::{Ledger, Standings};
use postgres::{Db, StoreError};
use sla_monitor_domain::data::DataError;
use sla_monitor_domain::{Calendar, Catalogue, Rule};
use sqlx::PgConnection;
use tokio::sync::Semaphore;

use crate::config::{BoardSettings, DueSettings, LawSettings, MeasureSettings};
use crate::store;
use crate::store::law::{self, Kept};
use crate::store::shipped::{Numbers, Shipped};
use crate::usecase::watch_board::Watched;

/// Boards that are added up at once.
const BOARDS_AT_ONCE: usize = 2;

/// The service's surroundings. Cheap to clone.
#[derive(Clone)]
pub struct Monitor {
    /// Its schema.
    pub db: Db,
    /// Its ledger.
    pub ledger: Ledger,
    /// Ids, and the time entries are written down. What falls due is decided by the database's time alone.
    pub ambient: Ambient,
    /// How far behind its sources it is.
    pub standings: Standings,
    /// How due clocks are raised.
    pub due: Arc<DueSettings>,
    /// How what is measured is read.
    pub measures: MeasureSettings,
    /// How boards are summed.
    pub board: BoardSettings,
    /// Boards that are added up at once: each holds a connection, and the processor for a while.
    pub boards: Arc<Semaphore>,
    /// Boards that are watched: those of one window are added up once for all who watch it.
    pub watched: Watched,
    /// What the firm is called on what it publishes.
    pub firm: Arc<str>,
    book: Arc<RwLock<Arc<Law>>>,
}

impl Monitor {
    /// The surroundings, with the law that ships; [`Monitor::refresh`] brings the house's own.
    pub fn new(db: Db, ledger: Ledger, ambient: Ambient, standings: Standings, (law, due): (Law, DueSettings)) -> Self {
        Self {
            db,
            ledger,
            ambient,
            standings,
            due: Arc::new(due),
            measures: MeasureSettings::default(),
            board: BoardSettings::default(),
            boards: Arc::new(Semaphore::new(BOARDS_AT_ONCE)),
            watched: Watched::default(),
            firm: Arc::from(""),
            book: Arc::new(RwLock::new(Arc::new(law))),
        }
    }

    /// The database's time: what is asked of now is judged by it, whatever the clock of the machine says.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn now(&self) -> Result<Timestamp, StoreError> {
        store::now(self.db.reader()).await
    }

    /// Rules and calendars as they were last read.
    pub fn law(&self) -> Arc<Law> {
        Arc::clone(&self.book.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Rules and calendars at this revision or a later one.
    ///
    /// # Errors
    /// [`StoreError`] of the database, or of a policy or calendar in it that cannot be read.
    pub async fn law_at(&self, tx: &mut PgConnection, revision: i64) -> Result<Arc<Law>, StoreError> {
        let law = self.law();
        if law.revision >= revision { Ok(law) } else { self.refresh_in(tx).await }
    }

    /// Rules and calendars at the revision that holds for a transaction: who changes them waits for it, or is waited for.
    ///
    /// # Errors
    /// As [`Monitor::law_at`].
    pub async fn law_now(&self, tx: &mut PgConnection) -> Result<Arc<Law>, StoreError> {
        let revision = law::revision_held(tx).await?;
        self.law_at(tx, revision).await
    }

    /// Rules and calendars as they are now.
    ///
    /// # Errors
    /// As [`Monitor::law_at`].
    pub async fn current(&self) -> Result<Arc<Law>, StoreError> {
        let revision = law::revision(self.db.reader()).await?;
        let law = self.law();
        if law.revision >= revision { Ok(law) } else { self.refresh().await }
    }

    /// Reads the house's policies and calendars anew.
    ///
    /// # Errors
    /// As [`Monitor::law_at`].
    pub async fn refresh(&self) -> Result<Arc<Law>, StoreError> {
        let mut connection = self.db.reader().acquire().await?;
        self.refresh_in(&mut connection).await
    }

    async fn refresh_in(&self, connection: &mut PgConnection) -> Result<Arc<Law>, StoreError> {
        let kept = law::load(connection).await?;
        let read = Arc::new(self.law().with(kept)?);
        let mut book = self.book.write().unwrap_or_else(PoisonError::into_inner);
        // Of two who read at once, the one who read more stays.
        if book.revision <= read.revision {
            *book = read;
        }
        Ok(Arc::clone(&book))
    }

    /// The rule and the calendar a clock keeps by name and version. Who does not know them yet reads anew first.
    ///
    /// # Errors
    /// [`StoreError`] when they are not in the database either.
    pub async fn terms(&self, pinned: &Pinned<'_>) -> Result<(Arc<Rule>, Arc<Calendar>), StoreError> {
        if let Some(terms) = self.law().terms(pinned) {
            return Ok(terms);
        }
        let mut connection = self.db.reader().acquire().await?;
        self.terms_in(&mut connection, pinned).await
    }

    /// The same by the connection of a transaction, so that nobody waits for another while holding one.
    ///
    /// # Errors
    /// As [`Monitor::terms`].
    pub async fn terms_in(
        &self,
        connection: &mut PgConnection,
        pinned: &Pinned<'_>,
    ) -> Result<(Arc<Rule>, Arc<Calendar>), StoreError> {
        if let Some(terms) = self.law().terms(pinned) {
            return Ok(terms);
        }
        let law = self.refresh_in(connection).await?;
        law.terms(pinned).ok_or_else(|| StoreError::corrupt("clock", "rule", pinned.clock))
    }
}

impl Monitor {
    /// The law that shipped when a clock was started.
    ///
    /// # Errors
    /// [`StoreError`] when it is not in the database.
    pub async fn law_of(&self, clock: uuid::Uuid, version: i32) -> Result<Arc<Catalogue>, StoreError> {
        if let Some(law) = self.law().shipped_law(version) {
            return Ok(Arc::clone(law));
        }
        let law = self.refresh().await?;
        law.shipped_law(version).cloned().ok_or_else(|| StoreError::corrupt("clock", "law_version", clock))
    }
}

/// Which version of a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version<'a> {
    /// The newest.
    Newest,
    /// The first that was kept: of clocks that were started before versions were.
    First,
    /// This one.
    Of(&'a str),
}

/// What a clock keeps of the rule and the calendar it was started under.
#[derive(Debug, Clone, Copy)]
pub struct Pinned<'a> {
    /// The clock.
    pub clock: uuid::Uuid,
    /// Id of the rule.
    pub rule: &'a str,
    /// Version of the rule.
    pub rule_version: i32,
    /// Id of the calendar.
    pub calendar: &'a str,
    /// Version of the calendar.
    pub calendar_version: Version<'a>,
}

/// Versions of one calendar, by version; and the newest.
#[derive(Debug, Clone)]
struct Versions {
    by_version: BTreeMap<String, Arc<Calendar>>,
    first: Arc<Calendar>,
    newest: Arc<Calendar>,
}

/// Rules and calendars, and which calendar holds for whom.
#[derive(Clone)]
pub struct Law {
    /// What ships, its rules under the versions they are kept under.
    pub catalogue: Arc<Catalogue>,
    /// Under what version the whole of it is kept.
    pub version: i32,
    /// The house's policies: every version that took effect or will.
    pub policies: Vec<Arc<Rule>>,
    /// Which change of them this is.
    pub revision: i64,
    shipped: BTreeMap<String, Arc<Rule>>,
    /// Every version of every rule that ever shipped, by id.
    rules: BTreeMap<String, BTreeMap<i32, Arc<Rule>>>,
    /// Rules that were in force together, by version.
    laws: BTreeMap<i32, Arc<Catalogue>>,
    calendars: BTreeMap<String, Versions>,
    settings: Arc<LawSettings>,
}

impl Law {
    /// What ships, as it is kept under these versions.
    pub fn shipping(catalogue: Catalogue, numbers: &Numbers, settings: LawSettings) -> Self {
        let catalogue = catalogue.numbered(&numbers.rules);
        let shipped = catalogue.rules().map(|rule| (rule.id.clone(), Arc::new(rule.clone()))).collect();
        let mut law = Self {
            policies: Vec::new(),
            revision: -1,
            version: numbers.law,
            shipped,
            rules: BTreeMap::new(),
            laws: BTreeMap::new(),
            calendars: BTreeMap::new(),
            settings: Arc::new(settings),
            catalogue: Arc::new(catalogue),
        };
        for calendar in law.catalogue.clone().calendars() {
            law.hold(calendar.clone());
        }
        law
    }

    /// What the settings name must be there, once the house's own calendars are known.
    ///
    /// # Errors
    /// [`DataError`] when a calendar is unknown.
    pub fn check(&self) -> Result<(), DataError> {
        let named = std::iter::once(&self.settings.calendar).chain(self.settings.department_calendars.values());
        for id in named {
            if self.calendar(id).is_none() {
                return Err(DataError::new("calendars", &format!("no calendar is named {id}")));
            }
        }
        Ok(())
    }

    /// The same with what is kept of the house.
    fn with(&self, kept: Kept) -> Result<Self, StoreError> {
        let mut law = Self { policies: kept.policies, revision: kept.revision, ..self.clone() };
        law.remember(kept.shipped);
        let mut first_of = BTreeSet::new();
        for calendar in kept.calendars {
            // The version that ships is the newest of its calendar, whatever came before it.
            let ships = law.catalogue.calendar(&calendar.id).is_some();
            let first = first_of.insert(calendar.id.clone());
            match law.calendars.get_mut(&calendar.id) {
                Some(versions) if ships => {
                    let held =
                        versions.by_version.entry(calendar.version.clone()).or_insert_with(|| Arc::new(calendar));
                    if first {
                        versions.first = Arc::clone(held);
                    }
                }
                _ => law.hold(calendar),
            }
        }
        Ok(law)
    }

    /// Takes what is kept of the law that ships in the place of what was. What a newer release wrote, and this one cannot read, is in none of it: who needs
    /// it is refused, and nobody else.
    fn remember(&mut self, shipped: Shipped) {
        self.rules.clear();
        for kept in shipped.rules {
            let Some(rule) = kept.rule else { continue };
            self.rules.entry(kept.id).or_default().insert(kept.version, Arc::new(rule));
        }
        self.laws.clear();
        for kept in shipped.laws {
            let Some(company) = kept.company else { continue };
            let rules = kept.rules.iter().filter_map(|(id, version)| self.rules.get(id)?.get(version));
            let law = self.catalogue.under(rules.map(|rule| Rule::clone(rule)), &company);
            self.laws.insert(kept.version, Arc::new(law));
        }
    }

    fn hold(&mut self, calendar: Calendar) {
        let (id, version, calendar) = (calendar.id.clone(), calendar.version.clone(), Arc::new(calendar));
        let versions = self.calendars.entry(id).or_insert_with(|| Versions {
            by_version: BTreeMap::new(),
            first: Arc::clone(&calendar),
            newest: Arc::clone(&calendar),
        });
        versions.newest = Arc::clone(&calendar);
        versions.by_version.insert(version, calendar);
    }

    /// The newest version of a calendar.
    pub fn calendar(&self, id: &str) -> Option<&Arc<Calendar>> {
        Some(&self.calendars.get(id)?.newest)
    }

    /// The newest version of every calendar, in order of id.
    pub fn calendars(&self) -> impl Iterator<Item = &Arc<Calendar>> {
        self.calendars.values().map(|versions| &versions.newest)
    }

    /// A version of a calendar.
    pub fn calendar_at(&self, id: &str, version: Version<'_>) -> Option<&Arc<Calendar>> {
        let versions = self.calendars.get(id)?;
        match version {
            Version::Newest => Some(&versions.newest),
            Version::First => Some(&versions.first),
            Version::Of(version) => versions.by_version.get(version),
        }
    }

    /// The calendar a department's clocks count on.
    pub fn calendar_of(&self, department: &str) -> &Arc<Calendar> {
        let id = self.settings.department_calendars.get(department).unwrap_or(&self.settings.calendar);
        self.calendar(id).expect("every calendar named in the settings was found at start, and none is ever taken away")
    }

    /// Id of the calendar used unless a department has its own.
    pub fn default_calendar(&self) -> &str {
        &self.settings.calendar
    }

    /// Name of the zone whose days and months the house counts by.
    pub fn zone(&self) -> &str {
        self.calendar(&self.settings.calendar).map_or("UTC", |calendar| &calendar.zone_name)
    }

    /// A rule that ships.
    pub fn shipped(&self, id: &str) -> Option<&Arc<Rule>> {
        self.shipped.get(id)
    }

    /// Whether a rule of this id ships or once did: none of the house may be named so.
    pub fn is_shipped(&self, id: &str) -> bool {
        self.shipped.contains_key(id) || self.rules.contains_key(id)
    }

    /// The versions of a rule that ships or once did, the oldest first.
    pub fn shipped_versions(&self, id: &str) -> impl DoubleEndedIterator<Item = &Arc<Rule>> {
        self.rules.get(id).into_iter().flat_map(BTreeMap::values)
    }

    /// The law that ships as it was under a version; under 0, as it was first known.
    pub fn shipped_law(&self, version: i32) -> Option<&Arc<Catalogue>> {
        match version {
            0 => self.laws.values().next(),
            version => self.laws.get(&version),
        }
    }

    /// A version of a rule: of one that ships, or of the house's policies that took effect.
    pub fn rule(&self, id: &str, version: i32) -> Option<&Arc<Rule>> {
        match self.rules.get(id) {
            Some(versions) => versions.get(&version),
            None => self.policies.iter().find(|rule| rule.id == id && rule.version == version),
        }
    }

    /// A rule and a calendar by what a clock keeps of them.
    pub fn terms(&self, pinned: &Pinned<'_>) -> Option<(Arc<Rule>, Arc<Calendar>)> {
        let rule = self.rule(pinned.rule, pinned.rule_version)?;
        let calendar = self.calendar_at(pinned.calendar, pinned.calendar_version)?;
        Some((Arc::clone(rule), Arc::clone(calendar)))
    }
}
