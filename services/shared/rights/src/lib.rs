//! What a person may ask of their data, as far as it is the same for every service: to be told all of it, and to have it
//! destroyed.
//!
//! ```text
//! customer-profile: CustomerErased -> ledger -> OnErasure (a row in `erasure`)
//!                                                    -> Eraser: DataHolder::erase, stored answers, personal parts
//!                                                         -> PersonalDataErased -> ledger -> customer-profile
//! ```
//!
//! A service says by [`DataHolder`] what it holds, what it still needs, and how it destroys the rest; the recipe around it
//! stands here once.

mod eraser;
mod holder;
mod reaction;
mod service;

use ledger::Ledger;
use server::{Assembly, House, Worker};
use ventanilla_proto::rights::v1::personal_data_service_server::PersonalDataServiceServer;

pub use eraser::{Eraser, ask};
pub use holder::{DataHolder, Hold, HoldReason, Leftover, Records, latest_first};
pub use reaction::OnErasure;
pub use service::PersonalDataApi;

kernel::typed_id!(
    /// A customer, by any id that was ever given.
    CustomerId,
    "customers"
);
kernel::typed_id!(
    /// One destruction of what four services hold of a person.
    ErasureId,
    "erasures"
);

/// Ids of one person and nothing else.
const LARGEST_REQUEST: usize = 1024 * 1024;

/// Lets the service answer for the personal data that `holder` holds, and destroy it when it is asked to.
#[must_use]
pub fn answer<H: DataHolder>(assembly: Assembly, holder: H, ledger: &Ledger, house: &House) -> Assembly {
    let api = PersonalDataApi::new(holder.clone(), house.ambient.clone());
    let eraser = Eraser::new(ledger.clone(), house.ambient.clone(), assembly.name, holder);
    assembly
        .serve(PersonalDataServiceServer::new(api).max_decoding_message_size(LARGEST_REQUEST))
        .worker(Worker::new("eraser", move |cancel| eraser.clone().run(cancel)))
}
