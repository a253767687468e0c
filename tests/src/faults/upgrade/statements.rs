//! What the stores ask, as it is committed, and what of it a schema understands.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use postgres::{Db, Settings};
use sqlx::{AssertSqlSafe, PgConnection};

/// A statement that takes longer than this by itself says nothing of a wait.
const SLOW: Duration = Duration::from_millis(100);

/// A statement of a store that a schema understands.
#[derive(Debug, Clone)]
pub struct Statement {
    /// Its text.
    pub text: String,
    /// SQLSTATE that it ends with where nothing is in its way: nothing as an argument is no value that each takes.
    pub ends: Option<String>,
}

impl Statement {
    /// Prepares it under this name.
    ///
    /// # Errors
    /// SQLSTATE.
    pub async fn prepare(&self, connection: &mut PgConnection, name: &str) -> Result<(), String> {
        let prepare = format!("prepare {name} as {}", self.text);
        sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut *connection).await.map(drop).map_err(|error| code(&error))
    }

    /// Executes what was prepared under this name, and undoes it.
    ///
    /// # Errors
    /// SQLSTATE.
    pub async fn execute(&self, connection: &mut PgConnection, name: &str) -> Result<(), String> {
        let nothing = vec!["null"; arguments(&self.text)].join(", ");
        let nothing = if nothing.is_empty() { nothing } else { format!("({nothing})") };
        let execute = format!("begin; execute {name}{nothing}; rollback");
        let ended = sqlx::raw_sql(AssertSqlSafe(execute)).execute(&mut *connection).await.map_err(|error| code(&error));
        if ended.is_err() {
            sqlx::raw_sql("rollback").execute(&mut *connection).await.map_err(|error| code(&error))?;
        }
        ended.map(drop)
    }

    /// The beginning of its text, on one line.
    pub fn named(&self) -> String {
        let words: Vec<&str> = self.text.split_whitespace().collect();
        words.join(" ").chars().take(120).collect()
    }
}

/// How many arguments a text takes.
fn arguments(text: &str) -> usize {
    let numbers = text.split('$').skip(1).map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
    numbers.filter_map(|number| number.parse().ok()).max().unwrap_or(0)
}

/// SQLSTATE, or that there was none.
fn code(error: &sqlx::Error) -> String {
    let code = error.as_database_error().and_then(|refused| refused.code());
    code.map_or_else(|| "no answer".to_owned(), |code| code.into_owned())
}

/// The texts of a folder of `query-*.json`.
///
/// # Errors
/// When the folder or a file cannot be read.
pub fn read(folder: &Path) -> anyhow::Result<Vec<String>> {
    #[derive(serde::Deserialize)]
    struct Checked {
        query: String,
    }
    let mut texts = BTreeSet::new();
    for item in std::fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let path = item?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let checked = std::fs::read(&path).with_context(|| path.display().to_string())?;
            let checked: Checked = serde_json::from_slice(&checked).with_context(|| path.display().to_string())?;
            texts.insert(checked.query.trim().trim_end_matches(';').to_owned());
        }
    }
    Ok(texts.into_iter().collect())
}

/// Those that this schema understands and that are quick in it.
///
/// # Errors
/// When the database is gone.
pub async fn understood(settings: &Settings, schema: &str, texts: &[String]) -> anyhow::Result<Vec<Statement>> {
    let db = Db::connect(settings).await?;
    let mut connection = db.reader().acquire().await?;
    sqlx::raw_sql("set statement_timeout = '1s'").execute(&mut *connection).await?;
    let mut understood = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        // What names its schema is one service's; what names none is the house's, and runs in each.
        if text.contains('.') && names_another(text, schema) {
            continue;
        }
        let mut statement = Statement { text: text.clone(), ends: None };
        let name = format!("s{number}");
        if statement.prepare(&mut connection, &name).await.is_err() {
            continue;
        }
        let begun = Instant::now();
        statement.ends = statement.execute(&mut connection, &name).await.err();
        if begun.elapsed() < SLOW {
            understood.push(statement);
        }
    }
    Ok(understood)
}

/// Whether a text names a schema of the house that is not this one.
fn names_another(text: &str, schema: &str) -> bool {
    let schemas = super::Service::ALL.map(super::Service::schema);
    schemas.iter().any(|other| *other != schema && text.contains(&format!("{other}.")))
}

/// Those that this schema does not understand any more.
///
/// # Errors
/// When the database is gone.
pub async fn strange(settings: &Settings, statements: &[Statement]) -> anyhow::Result<Vec<String>> {
    let db = Db::connect(settings).await?;
    let mut connection = db.reader().acquire().await?;
    let mut strange = Vec::new();
    for (number, statement) in statements.iter().enumerate() {
        if let Err(code) = statement.prepare(&mut connection, &format!("s{number}")).await {
            strange.push(format!("{code}: {}", statement.named()));
        }
    }
    Ok(strange)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_counted_by_the_highest() {
        assert_eq!(arguments("select $2, $11, $2 from t where a = $1"), 11);
        assert_eq!(arguments("select 1"), 0);
    }
}
