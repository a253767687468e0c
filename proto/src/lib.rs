//! The contract: generated messages, clients and servers of every package, the descriptor set, and
//! the table of who may call what. The `.proto` files beside this crate are the source of it all;
//! `README.md` there is the guide.

#![allow(missing_docs, reason = "generated code carries the comments of the .proto files; a contract test holds them")]
#![allow(clippy::all, reason = "generated code")]

mod policy;
pub mod told;

pub use policy::{MethodPolicy, TrafficClass, policies, policy_of};

/// Encoded `FileDescriptorSet` of the whole contract, custom options and comments included.
pub const DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor.bin"));

macro_rules! package {
    ($(#[$doc:meta])* $module:ident, $package:literal) => {
        $(#[$doc])*
        pub mod $module {
            pub mod v1 {
                include!(concat!(env!("OUT_DIR"), "/", $package, ".rs"));
            }
        }
    };
}

package!(
    /// Shapes that two or more services share.
    r#type, "ventanilla.r#type.v1"
);
package!(
    /// Who may call.
    auth, "ventanilla.auth.v1"
);
package!(
    /// The ledger and its feed.
    ledger, "ventanilla.ledger.v1"
);
package!(
    /// customer-profile.
    customer, "ventanilla.customer.v1"
);
package!(
    /// ticketing.
    ticketing, "ventanilla.ticketing.v1"
);
package!(
    /// sla-monitor.
    sla, "ventanilla.sla.v1"
);
package!(
    /// ombudsman-escalation.
    ombudsman, "ventanilla.ombudsman.v1"
);
package!(
    /// Personal data across services.
    rights, "ventanilla.rights.v1"
);
package!(
    /// webhooks.
    webhook, "ventanilla.webhook.v1"
);
