//! Causes that bring many customers to the office.

use jiff::Timestamp;
use server::PageToken;
use ventanilla_proto::ombudsman::v1 as pb;

use crate::error::Failure;
use crate::grpc::answer;
use crate::office::Office;
use crate::store::cause::{self, Filter};

const LIST: &str = "systemic_issues";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Query {
    /// Cases that reached the office from here on.
    pub from: Option<Timestamp>,
    /// And before.
    pub to: Option<Timestamp>,
    /// Fewest customers.
    pub customers: i64,
    /// Smallest rate.
    pub rate: f64,
    /// How many at most.
    pub size: usize,
    /// Token of the page before; empty for the first.
    pub token: String,
}

/// Causes, those with most customers first.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "cause.list_systemic", skip_all)]
pub async fn run(office: Office, query: Query) -> Result<pb::ListSystemicIssuesResponse, Failure> {
    let bound = format!("{:?}|{:?}|{}|{}", query.from, query.to, query.customers, query.rate);
    let after = match PageToken::decode(&query.token, LIST, bound.as_bytes())? {
        Some(token) => {
            let [customers, regime, motive] = token.fields::<3>()?;
            Some((customers.parse().map_err(|_| Failure::Unreadable)?, regime, motive))
        }
        None => None,
    };
    let filter = Filter { from: query.from, to: query.to, customers: query.customers, rate: query.rate, after };
    let mut found = cause::issues(&office.db, &filter, i64::try_from(query.size + 1).unwrap_or(i64::MAX)).await?;
    let more = found.len() > query.size;
    found.truncate(query.size);
    let next_page_token = match found.last() {
        Some(last) if more => {
            PageToken::encode(LIST, bound.as_bytes(), &[&last.customers.to_string(), &last.regime, &last.motive])
        }
        _ => String::new(),
    };
    Ok(pb::ListSystemicIssuesResponse { issues: found.iter().map(answer::systemic_issue).collect(), next_page_token })
}
