//! What is kept of the law that ships: every version of its rules, and which of them were in force together.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::{Db, StoreError};
use sla_monitor_domain::{Catalogue, Company, Rule};
use sqlx::PgConnection;

/// A version of a rule as it is kept; without what it says where a newer release wrote it.
#[derive(Debug)]
pub struct KeptRule {
    /// Id.
    pub id: String,
    /// Version, from 1.
    pub version: i32,
    /// What it says.
    pub rule: Option<Rule>,
}

/// Versions of rules that were in force together, for a company.
#[derive(Debug)]
pub struct KeptLaw {
    /// Version, from 1.
    pub version: i32,
    /// The company; none where a newer release wrote it.
    pub company: Option<Company>,
    /// Versions by id of the rule.
    pub rules: BTreeMap<String, i32>,
}

/// All that is kept of the law that ships, each rule's and the law's oldest first.
#[derive(Debug, Default)]
pub struct Shipped {
    /// Rules.
    pub rules: Vec<KeptRule>,
    /// Laws.
    pub laws: Vec<KeptLaw>,
}

/// Under what versions a catalogue is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Of the whole.
    pub law: i32,
    /// Of its rules, by id.
    pub rules: BTreeMap<String, i32>,
}

impl Shipped {
    /// The version that says what a rule says.
    fn number_of(&self, rule: &Rule) -> Option<i32> {
        let same = |kept: &&KeptRule| kept.rule.as_ref().is_some_and(|kept| kept.says_the_same_as(rule));
        self.rules.iter().find(same).map(|kept| kept.version)
    }

    /// The versions of a catalogue, where all of it is kept.
    fn numbers_of(&self, catalogue: &Catalogue) -> Option<Numbers> {
        let rules = catalogue.rules().map(|rule| Some((rule.id.clone(), self.number_of(rule)?)));
        let rules: BTreeMap<String, i32> = rules.collect::<Option<_>>()?;
        let same = |law: &&KeptLaw| law.company.as_ref() == Some(catalogue.company()) && law.rules == rules;
        let law = self.laws.iter().find(same)?.version;
        Some(Numbers { law, rules })
    }

    /// The versions a catalogue is to be kept under: what is not kept yet gets the next.
    fn numbers_for(&self, catalogue: &Catalogue) -> Numbers {
        let next =
            |id: &str| self.rules.iter().filter(|kept| kept.id == id).map(|kept| kept.version).max().unwrap_or(0) + 1;
        let number = |rule: &Rule| self.number_of(rule).unwrap_or_else(|| next(&rule.id));
        Numbers {
            law: self.laws.iter().map(|law| law.version).max().unwrap_or(0) + 1,
            rules: catalogue.rules().map(|rule| (rule.id.clone(), number(rule))).collect(),
        }
    }
}

/// Reads all of it.
#[tracing::instrument(name = "db.shipped.load", skip_all)]
pub async fn load(connection: &mut PgConnection) -> Result<Shipped, StoreError> {
    let rows = sqlx::query!(
        "select rule_id, rule_version, content from sla_monitor.shipped_rule order by rule_id, rule_version"
    )
    .fetch_all(&mut *connection)
    .await?;
    let rules = rows.into_iter().map(|row| KeptRule {
        rule: Rule::parse(&row.content, row.rule_version).ok(),
        id: row.rule_id,
        version: row.rule_version,
    });
    let rules = rules.collect();
    let rows = sqlx::query!(
        "select law_version, company, rule_ids, rule_versions from sla_monitor.shipped_law order by law_version"
    )
    .fetch_all(&mut *connection)
    .await?;
    let laws = rows.into_iter().map(|row| KeptLaw {
        version: row.law_version,
        company: Company::parse(&row.company).ok(),
        rules: row.rule_ids.into_iter().zip(row.rule_versions).collect(),
    });
    Ok(Shipped { rules, laws: laws.collect() })
}

/// Keeps what ships, each version once, however many start with it at once; answers under what versions.
#[tracing::instrument(name = "db.shipped.keep", skip_all)]
pub async fn keep(db: &Db, catalogue: &Catalogue, now: Timestamp) -> Result<Numbers, StoreError> {
    let mut tx = db.tx().await?;
    if let Some(numbers) = load(&mut tx).await?.numbers_of(catalogue) {
        tx.rollback().await?;
        return Ok(numbers);
    }
    // One after the other from here on, and each reads what the one before it wrote. Who waits for its turn at
    // the start waits for all that start beside it, and none of them can stand idle for longer than this.
    sqlx::query!("set local lock_timeout = '60s'").execute(&mut *tx).await?;
    super::law::bump(&mut tx).await?;
    let kept = load(&mut tx).await?;
    if let Some(numbers) = kept.numbers_of(catalogue) {
        tx.rollback().await?;
        return Ok(numbers);
    }
    let numbers = kept.numbers_for(catalogue);
    write(&mut tx, catalogue, &kept, &numbers, now).await?;
    tx.commit().await?;
    Ok(numbers)
}

/// Writes the versions that are not there yet.
async fn write(
    tx: &mut PgConnection,
    catalogue: &Catalogue,
    kept: &Shipped,
    numbers: &Numbers,
    now: Timestamp,
) -> Result<(), StoreError> {
    let fresh: Vec<&Rule> = catalogue.rules().filter(|rule| kept.number_of(rule).is_none()).collect();
    let ids: Vec<String> = fresh.iter().map(|rule| rule.id.clone()).collect();
    let versions: Vec<i32> = fresh.iter().filter_map(|rule| numbers.rules.get(&rule.id).copied()).collect();
    let unwritable = |_| StoreError::corrupt("shipped_rule", "content", "what ships");
    let texts = fresh.iter().map(|rule| rule.text()).collect::<Result<Vec<String>, _>>().map_err(unwritable)?;
    sqlx::query!(
        "insert into sla_monitor.shipped_rule (rule_id, rule_version, content, first_seen_at)
         select *, $4::timestamptz from unnest($1::text[], $2::integer[], $3::text[])",
        &ids,
        &versions,
        &texts,
        now.to_sqlx() as _,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "insert into sla_monitor.shipped_law (law_version, company, rule_ids, rule_versions, first_seen_at) values ($1, $2, $3, $4, $5)",
        numbers.law,
        catalogue.company().text().map_err(unwritable)?,
        &numbers.rules.keys().cloned().collect::<Vec<String>>(),
        &numbers.rules.values().copied().collect::<Vec<i32>>(),
        now.to_sqlx() as _,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}
