//! What one side of the house tells the other.

/// Entries of the office that the firm is told anyway, by the full names of their messages: webhooks bring them, and a journey shows them. What it
/// deliberates, drafts, and looks into is not among them.
pub const OFFICE_TO_FIRM: &[&str] = &[
    "ventanilla.ombudsman.v1.CaseOpened",
    "ventanilla.ombudsman.v1.CaseTransitioned",
    "ventanilla.ombudsman.v1.DecisionNotified",
    "ventanilla.ombudsman.v1.DecisionCorrected",
    "ventanilla.ombudsman.v1.ReviewOpened",
    "ventanilla.ombudsman.v1.ObligationSet",
    "ventanilla.ombudsman.v1.ObligationMet",
    "ventanilla.ombudsman.v1.ObligationOverdue",
    "ventanilla.ombudsman.v1.OverdueReported",
];
