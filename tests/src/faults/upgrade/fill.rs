//! Rows that nobody wrote, so that a migration has something to go through: as many as are asked for in every table that takes what can be made
//! up from the types of its columns and the words that its checks know.

use sqlx::{AssertSqlSafe, Executor as _, PgConnection};

/// What was filled.
pub struct Filled {
    /// How many tables.
    pub filled: usize,
    /// Tables that take nothing that can be made up.
    pub empty: Vec<String>,
}

struct Column {
    name: String,
    kind: String,
    required: bool,
}

/// Fills the tables of a schema.
///
/// # Errors
/// When the database is gone.
pub async fn fill(admin: &mut PgConnection, schema: &str, rows: u32) -> anyhow::Result<Filled> {
    let tables = "select c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
                  where n.nspname = $1 and c.relkind = 'r' and c.relname <> 'schema_migration' order by 1";
    let tables: Vec<String> = sqlx::query_scalar(tables).bind(schema).fetch_all(&mut *admin).await?;
    // What a check asks is the schema's own too.
    admin.execute(AssertSqlSafe(format!("set search_path = {schema}"))).await?;
    let mut done = Filled { filled: 0, empty: Vec::new() };
    for table in tables {
        if let Some(statement) = statement(admin, schema, &table, rows).await?
            && admin.execute(AssertSqlSafe(statement)).await.is_ok()
        {
            done.filled += 1;
        } else {
            done.empty.push(format!("{schema}.{table}"));
        }
    }
    Ok(done)
}

/// The statement that fills a table; `None` where a column is of a kind that nothing is known of.
async fn statement(admin: &mut PgConnection, schema: &str, table: &str, rows: u32) -> anyhow::Result<Option<String>> {
    let of = format!("{schema}.{table}");
    let columns = "select attname::text, format_type(atttypid, null),
                       attnotnull and not atthasdef and attidentity = '' and attgenerated = ''
                   from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum";
    let columns: Vec<(String, String, bool)> = sqlx::query_as(columns).bind(&of).fetch_all(&mut *admin).await?;
    let checks = "select pg_get_constraintdef(oid) from pg_constraint where conrelid = $1::regclass and contype = 'c'";
    let checks: Vec<String> = sqlx::query_scalar(checks).bind(&of).fetch_all(&mut *admin).await?;
    let required: Vec<Column> = columns
        .into_iter()
        .map(|(name, kind, required)| Column { name, kind, required })
        .filter(|column| column.required)
        .collect();
    let values: Option<Vec<String>> = required.iter().map(|column| value(column, &checks)).collect();
    let Some(values) = values.filter(|values| !values.is_empty()) else { return Ok(None) };
    let names: Vec<&str> = required.iter().map(|column| column.name.as_str()).collect();
    Ok(Some(format!(
        "insert into {of} ({}) select {} from generate_series(1, {rows}) i on conflict do nothing",
        names.join(", "),
        values.join(", ")
    )))
}

/// What a column is given in row `i`.
fn value(column: &Column, checks: &[String]) -> Option<String> {
    let of_kind = match column.kind.as_str() {
        "uuid" => "('00000000-0000-4000-8000-' || lpad(to_hex(i), 12, '0'))::uuid",
        "text" | "character varying" => {
            return Some(word(&column.name, checks).unwrap_or_else(|| "'x' || i".to_owned()));
        }
        "bigint" | "integer" | "numeric" | "double precision" | "real" => "i",
        "smallint" => "(i % 30000)::smallint",
        "boolean" => "false",
        "timestamp with time zone" => "now() - i * interval '1 second'",
        "date" => "current_date - i % 3000",
        "bytea" => "sha256(i::text::bytea)",
        "jsonb" => "'{}'::jsonb",
        "interval" => "interval '1 hour'",
        "time without time zone" => "time '12:00'",
        array if array.ends_with("[]") => return Some(format!("'{{}}'::{array}")),
        _ => return None,
    };
    Some(of_kind.to_owned())
}

/// The first word that a check knows for this column.
fn word(column: &str, checks: &[String]) -> Option<String> {
    let known = format!("({column} = ANY (ARRAY['");
    let words = checks.iter().find_map(|check| check.split_once(&known))?.1;
    Some(format!("'{}'", words.split('\'').next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_given_a_word_that_its_check_knows() {
        let column = Column { name: "kind".to_owned(), kind: "text".to_owned(), required: true };
        let checks = ["CHECK ((kind = ANY (ARRAY['phone'::text, 'email'::text])))".to_owned()];
        assert_eq!(value(&column, &checks).as_deref(), Some("'phone'"));
        assert_eq!(value(&column, &[]).as_deref(), Some("'x' || i"));
        let strange = Column { kind: "tsvector".to_owned(), ..column };
        assert_eq!(value(&strange, &checks), None);
    }
}
