//! Why nothing is offered for sale.

/// Why nothing is offered for sale in an affair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SalesBan {
    /// It is about the continuity of a service.
    Continuity,
    /// It is a complaint of the finance sector.
    FinanceComplaint,
}

impl SalesBan {
    /// The law that says so.
    pub const fn article(self) -> &'static str {
        match self {
            Self::Continuity => "Ley 10/2025 art. 16.2",
            Self::FinanceComplaint => "Ley 44/2002 art. 29.3",
        }
    }
}
