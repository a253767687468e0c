//! Words that clocks are counted under and of which there may be many, as numbers.

use std::collections::{HashMap, HashSet};

use postgres::StoreError;
use sqlx::PgConnection;

/// The words there are.
#[derive(Debug, Default)]
pub struct Words {
    by_number: HashMap<i32, String>,
    by_word: HashMap<String, i32>,
}

impl Words {
    /// The word of a number; nothing is 0.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] where it is none's.
    pub fn said(&self, number: i32) -> Result<String, StoreError> {
        if number == 0 {
            return Ok(String::new());
        }
        self.by_number.get(&number).cloned().ok_or_else(|| StoreError::corrupt("board_word", "word", number))
    }

    /// The number of a word; none where nothing was ever counted under it.
    pub fn number(&self, word: &str) -> Option<i32> {
        if word.is_empty() { Some(0) } else { self.by_word.get(word).copied() }
    }
}

/// The words there are.
#[tracing::instrument(name = "db.board.words", skip_all)]
pub async fn words(tx: &mut PgConnection) -> Result<Words, StoreError> {
    let rows = sqlx::query!("select word, said from sla_monitor.board_word").fetch_all(tx).await?;
    let mut words = Words::default();
    for row in rows {
        words.by_number.insert(row.word, row.said.clone());
        words.by_word.insert(row.said, row.word);
    }
    Ok(words)
}

/// Gives a number to each of these that has none.
#[tracing::instrument(name = "db.board.number", skip_all)]
pub(super) async fn number(tx: &mut PgConnection, words: &mut Words, used: HashSet<&str>) -> Result<(), StoreError> {
    let new: Vec<String> = used.into_iter().filter(|word| words.number(word).is_none()).map(str::to_owned).collect();
    if new.is_empty() {
        return Ok(());
    }
    let rows = sqlx::query!(
        r#"insert into sla_monitor.board_word (said) select unnest($1::text[]) returning word, said"#,
        &new
    )
    .fetch_all(tx)
    .await?;
    for row in rows {
        words.by_number.insert(row.word, row.said.clone());
        words.by_word.insert(row.said, row.word);
    }
    Ok(())
}
