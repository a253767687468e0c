//! Who may call what, read from the contract when it was compiled.

/// Order in which calls keep being served under overload; earlier ones longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TrafficClass {
    /// A caller is on the line.
    Ivr,
    /// A person waits at a screen.
    Console,
    /// A system synchronises and can retry.
    Sync,
    /// Bulk reading or loading.
    Export,
}

/// The policy option of one RPC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MethodPolicy {
    /// Full path, e.g. `/ventanilla.ticketing.v1.TicketService/CreateTicket`.
    pub path: &'static str,
    /// Roles of which the caller needs one, as tokens spell them; empty when `open`.
    pub roles: &'static [&'static str],
    /// No token is asked for.
    pub open: bool,
    /// A denial goes into the service's ledger.
    pub denial_recorded: bool,
    /// How soon it is turned away under overload.
    pub traffic_class: TrafficClass,
    /// Whether either side streams.
    pub streaming: bool,
}

include!(concat!(env!("OUT_DIR"), "/policies.rs"));

/// Every RPC of the contract.
pub fn policies() -> &'static [MethodPolicy] {
    METHODS
}

/// The policy of the RPC with this path, if it is one of the contract.
pub fn policy_of(path: &str) -> Option<&'static MethodPolicy> {
    METHODS.binary_search_by(|method| method.path.cmp(path)).ok().map(|found| &METHODS[found])
}
