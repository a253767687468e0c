//! The vocabularies of the contract and of the domain, told into each other.

use kernel::Violations;
use ombudsman_escalation_domain::dossier::FaultKind;
use ombudsman_escalation_domain::vocabulary::{
    BoundBy, ConflictGround, DecisionText, DossierKind, EndCause, Ground, IncompatibilityKind, MissingItem,
    ObligationKind, OfficeRole, Origin, Outcome, Parallel, Party, RelationKind, RepresentativeKind, Stage, StayClosure,
    TermKind, Visibility,
};
use server::parse::not_a_value;
use ventanilla_proto::ombudsman::v1 as pb;

macro_rules! told {
    ($domain:ident, $proto:ident, $to:ident, $of:ident: $($value:ident),+ $(,)?) => {
        /// The value on the wire.
        #[allow(dead_code, reason = "some vocabularies are only asked")]
        pub(crate) const fn $to(value: $domain) -> pb::$proto {
            match value { $($domain::$value => pb::$proto::$value),+ }
        }

        /// The value of a request, or what is wrong with it.
        #[allow(dead_code, reason = "some vocabularies are only answered")]
        pub(crate) fn $of(violations: &mut Violations, field: &str, value: i32) -> Option<$domain> {
            match pb::$proto::try_from(value) {
                $(Ok(pb::$proto::$value) => Some($domain::$value),)+
                Ok(pb::$proto::Unspecified) | Err(_) => not_a_value(violations, field, value),
            }
        }
    };
}

told!(Stage, CaseState, stage_to_proto, stage: Received, Registered, NeedsCure, ArchivedUncured, InadmissibleProposed,
    Inadmissible, Admitted, EntityAllegations, Investigation, Drafted, Decided, Notified, Closed, Withdrawn, Rectified,
    ForwardedInternally, Stayed, Conciliation, Settled, OwnInitiative, Binding, NotBinding, Compliance, Complied, Overdue,
    Reported);
told!(Ground, InadmissibilityGround, ground_to_proto, ground: EssentialDataMissing, OtherForum, NotConcreteOperations,
    Repeated, FilingWindowPassed, TimeBarred, ParallelProceedings, NoPriorContact, ManifestlyUnfounded, Vexatious, InjuryOrCrime);
told!(Parallel, ParallelProceedings, parallel_to_proto, parallel: None, Pending, Decided);
told!(MissingItem, MissingItem, missing_item_to_proto, missing_item: Identity, ClaimPoints, FactsDate,
    ParallelProceedingsDeclaration, Representation, Documents);
told!(OfficeRole, OfficeRole, office_role_to_proto, office_role: Intake, Investigator, Ombudsman, Quality, Auditor);
told!(ConflictGround, ConflictGround, conflict_ground_to_proto, conflict_ground: TouchedTicket, UnitTouchedTicket,
    LineTouchedTicket, RelationWithParty, MissingDeclaration, FirmPrincipal, NoMandate, InvolvementUnknown, Incompatible, NotAppointed, SteppedAside);
told!(Visibility, DossierVisibility, visibility_to_proto, visibility: Parties, Office, Sealed);
told!(Outcome, DecisionOutcome, outcome_to_proto, outcome: Upheld, PartlyUpheld, NotUpheld);
told!(RelationKind, RelationKind, relation_kind_to_proto, relation_kind: Personal, Professional, Commercial);
told!(IncompatibilityKind, IncompatibilityKind, incompatibility_kind_to_proto, incompatibility_kind: EmployedByFirm, GovernsFirm,
    OwnsFirm, PaidByOutcome, AdvisesParties, Disqualified);
told!(EndCause, MandateEndCause, end_cause_to_proto, end_cause: Resignation, Death, Incapacity, Incompatibility, Conviction,
    SeriousBreach);
told!(DossierKind, DossierKind, dossier_kind_to_proto, dossier_kind: Complaint, TicketSnapshot, MessagesSnapshot,
    HistorySnapshot, ClocksSnapshot, Gap, CureRequest, Cure, InadmissibilityProposal, ClaimantStatement, Refusal, Admission,
    EntityStatement, Assignment, Evidence, Note, Investigation, Decision, Notification, Withdrawal, Rectification,
    Forwarding, Stay, StayEnd, TermExtension, CodeNotice, ClaimantEvidence, EntityEvidence, Offer, OfferNotice, OfferAnswer, ConciliationEnd, OwnInitiative, DecisionAnswer, ComplianceOrder,
    Recommendation, ExecutionProof, ExecutionReview, Overdue, OverdueReport, Correction, Review, Disclosure,
    Acknowledgement, ScreenSnapshot, ReceiptSnapshot, CorrespondenceSnapshot);
told!(Party, Party, party_to_proto, party: Claimant, Firm, Office);
told!(TermKind, PartyTermKind, term_kind_to_proto, term_kind: Cure, Allegations, Statement, Reflection, OfferAnswer, DecisionAnswer,
    Refusal);
told!(BoundBy, BoundBy, bound_by_to_proto, bound_by: Law, Claimant, Firm);
told!(StayClosure, StayClosure, stay_closure_to_proto, stay_closure: ProceedingsDecided, Withdrawn);
told!(ObligationKind, ObligationKind, obligation_kind_to_proto, obligation_kind: Order, Recommendation, Settlement);
told!(RepresentativeKind, RepresentativeKind, representative_kind_to_proto, representative_kind: Authorised, ByLaw, Association);
told!(Origin, CaseOrigin, origin_to_proto, origin: Answer, Silence, Regulator, Review, Direct);
told!(DecisionText, DecisionText, decision_text_to_proto, decision_text: Finding, Reason, Remedy, Signpost);
told!(FaultKind, DossierFault, fault_to_proto, fault: Missing, BrokenLink, Altered, ContentAltered, HeadMismatch, NotAsRecorded, ContentMissing);
