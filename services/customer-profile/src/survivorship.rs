//! Which values are believed, as it is in force. It stands in the database in versions, so that all processes of the service
//! choose alike, customers who were written by other settings are written anew, and what screens showed until then is known.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use customer_profile_domain::{Attribute, GoldenEdition, Slug, SourceOrder, Survivorship};
use jiff::Timestamp;
use postgres::StoreError;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;

use crate::store::survivorship as store;

/// A survivorship as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    edition: String,
    order: Vec<String>,
    authorities: BTreeMap<String, Vec<String>>,
}

impl From<&Survivorship> for Written {
    fn from(survivorship: &Survivorship) -> Self {
        let names = |order: &SourceOrder| order.systems().iter().map(ToString::to_string).collect();
        let authorities = survivorship.authorities().iter();
        Self {
            edition: survivorship.edition().as_str().to_owned(),
            order: names(survivorship.order()),
            authorities: authorities.map(|(of, systems)| (of.as_str().to_owned(), names(systems))).collect(),
        }
    }
}

impl Written {
    /// The survivorship itself; `None` when nobody can read it any more.
    pub(crate) fn read(&self) -> Option<Survivorship> {
        let order = |names: &[String]| {
            let systems: Result<Vec<Slug>, _> = names.iter().map(|name| name.parse()).collect();
            systems.ok().map(SourceOrder::new)
        };
        let of_word = |word: &String| Attribute::ALL.into_iter().find(|attribute| attribute.as_str() == word);
        let mut survivorship = Survivorship::by_order(order(&self.order)?).by(GoldenEdition::stored(&self.edition)?);
        for (word, names) in &self.authorities {
            survivorship = survivorship.with_authority(of_word(word)?, order(names)?);
        }
        Some(survivorship)
    }
}

/// A survivorship with its number.
#[derive(Debug)]
pub(crate) struct Numbered {
    pub number: i32,
    pub survivorship: Survivorship,
}

/// The survivorship in force. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SurvivorshipInForce {
    current: Arc<RwLock<Arc<Numbered>>>,
}

impl SurvivorshipInForce {
    /// Brings that of the settings into force, where another is. Customers from before it was kept were written by the first edition of the
    /// program and, as far as is known, by these settings.
    pub(crate) async fn open(pool: &PgPool, configured: Survivorship, now: Timestamp) -> Result<Self, StoreError> {
        let before = Written::from(&configured.clone().by(GoldenEdition::First));
        store::put_before(pool, &before, now).await?;
        let written = Written::from(&configured);
        let number = loop {
            if let Some(adopted) = store::adopt(pool, &written, now).await? {
                tracing::info!(
                    number = adopted,
                    "other settings of which values to believe: customers are written anew by them"
                );
            }
            // Another process may have been faster, with the same settings or with others.
            let (number, in_force) = store::in_force(pool).await?;
            if in_force == written {
                break number;
            }
        };
        let current = Arc::new(RwLock::new(Arc::new(Numbered { number, survivorship: configured })));
        Ok(Self { current })
    }

    /// That in force, as this process knows it.
    pub(crate) fn current(&self) -> Arc<Numbered> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// That in force, looked up.
    pub(crate) async fn refresh(&self, pool: &PgPool) -> Result<Arc<Numbered>, StoreError> {
        let current = self.current();
        if store::number(pool).await? == current.number {
            return Ok(current);
        }
        let (number, written) = store::in_force(pool).await?;
        let found = Arc::new(read(number, &written)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&found);
        Ok(found)
    }
}

/// A survivorship that was kept.
pub(crate) fn read(number: i32, written: &Written) -> Result<Numbered, StoreError> {
    let survivorship = written.read().ok_or_else(|| StoreError::corrupt("survivorship", "written", number))?;
    Ok(Numbered { number, survivorship })
}
