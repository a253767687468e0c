//! What sla-monitor holds of a person: clocks, which name affairs by id and hold nobody's words. They are told, and stay: a
//! deadline that was kept or missed is the firm's history. What affairs say of the person (how they came, in what language, whether they are served first or
//! vulnerable, what they spent and since when) is told too, and forgotten.

use ::rights::{DataHolder, Hold, Leftover, Records};
use futures::StreamExt as _;
use jiff::Timestamp;
use postgres::{StoreError, Tx};
use prost::Name;
use prost_types::Any;
use uuid::Uuid;

use crate::error::Failure;
use crate::grpc::present;
use crate::monitor::Monitor;
use crate::store::affair::forget_manner;
use crate::store::clock::Filter;
use crate::store::customer::{forget, kept};
use crate::store::queue;
use crate::usecase::list_clocks::{Page, list_clocks};

/// Clocks that are read at once.
const PAGE: usize = 100;
/// Affairs that are read at once.
const AFFAIRS: i64 = 100;

#[tonic::async_trait]
impl DataHolder for Monitor {
    type Error = Failure;

    async fn holds(&self, _customers: &[Uuid], _now: Timestamp) -> Result<Vec<Hold>, Failure> {
        Ok(Vec::new())
    }

    fn records(&self, customers: Vec<Uuid>) -> Records<Failure> {
        let monitor = self.clone();
        async_stream::try_stream! {
            for customer in customers {
                let filter = Filter { customer: Some(customer), ..Filter::default() };
                let mut page = Some(Page { filter, after: None, size: PAGE });
                while let Some(asked) = page {
                    let filter = asked.filter.clone();
                    let (clocks, next) = list_clocks(&monitor, asked).await?;
                    let told: Vec<Any> = clocks.into_iter().map(|clock| packed(&present::clock(clock))).collect::<Result<_, _>>()?;
                    for clock in told {
                        yield clock;
                    }
                    page = next.map(|after| Page { filter, after: Some(after), size: PAGE });
                }
                let mut after = None;
                loop {
                    let affairs = kept(&monitor.db, customer, after, AFFAIRS).await?;
                    let Some(last) = affairs.last() else { break };
                    after = Some(last.affair);
                    let told: Vec<Any> = affairs.into_iter().map(|kept| packed(&present::record(kept))).collect::<Result<_, _>>()?;
                    for affair in told {
                        yield affair;
                    }
                }
            }
        }
        .boxed()
    }

    async fn erase(&self, tx: &mut Tx, customers: &[Uuid], _now: Timestamp) -> Result<Leftover, Failure> {
        forget_manner(tx, customers).await?;
        forget(tx, customers).await?;
        queue::forget(tx, customers).await?;
        Ok(Leftover::default())
    }
}

fn packed(message: &impl Name) -> Result<Any, Failure> {
    Any::from_msg(message).map_err(|_| StoreError::corrupt("clock", "record", "of an export").into())
}
