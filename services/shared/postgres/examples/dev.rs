//! Recreates one schema of the development database that the checked queries are checked against:
//! `cargo run -p ventanilla-postgres --example dev -- SCHEMA MIGRATIONS_FOLDER` with `DATABASE_URL` set
//! in the environment or in `.env`.

use std::path::Path;

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use ventanilla_postgres::{Settings, migrate};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(schema), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("usage: dev SCHEMA MIGRATIONS_FOLDER".into());
    };
    let url = match std::env::var("DATABASE_URL") {
        Ok(url) => url,
        Err(_) => std::fs::read_to_string(".env")
            .unwrap_or_default()
            .lines()
            .find_map(|line| line.strip_prefix("DATABASE_URL=").map(str::to_owned))
            .ok_or("DATABASE_URL is not set")?,
    };
    let mut admin = PgConnection::connect(&url).await?;
    admin.execute(AssertSqlSafe(format!("drop schema if exists {schema} cascade"))).await?;
    let service = sqlx::migrate::Migrator::new(Path::new(&folder)).await?;
    migrate(&Settings::new(url, schema.as_str()), &service).await?;
    eprintln!("{schema} recreated with {} migrations of its own", service.iter().count());
    Ok(())
}
