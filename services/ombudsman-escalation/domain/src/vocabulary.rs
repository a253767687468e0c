//! The closed vocabularies of the house, as words that are stored and read back.

use std::fmt;
use std::str::FromStr;

/// A stored word that no value of the named vocabulary has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a known {0}")]
pub struct UnknownWord(&'static str);

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident => $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word that is stored.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;
            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                match text { $($text => Ok(Self::$variant),)+ _ => Err(UnknownWord(stringify!($name))) }
            }
        }
    };
}

words! {
    /// The stages a case goes through; `case::State` carries what belongs to each.
    Stage {
        /// Arrived; nobody looked at it yet.
        Received => "received",
        /// In the registry; admission under examination.
        Registered => "registered",
        /// The claimant was asked to complete it.
        NeedsCure => "needs_cure",
        /// Not completed in time.
        ArchivedUncured => "archived_uncured",
        /// A refusal was proposed.
        InadmissibleProposed => "inadmissible_proposed",
        /// Refused.
        Inadmissible => "inadmissible",
        /// Admitted; the firm's time runs.
        Admitted => "admitted",
        /// The firm stated its position.
        EntityAllegations => "entity_allegations",
        /// Under investigation.
        Investigation => "investigation",
        /// A draft exists.
        Drafted => "drafted",
        /// Decided.
        Decided => "decided",
        /// The parties were told.
        Notified => "notified",
        /// Over.
        Closed => "closed",
        /// The claimant stopped.
        Withdrawn => "withdrawn",
        /// The firm gave in.
        Rectified => "rectified",
        /// The office is not competent; the claimant was told who is.
        ForwardedInternally => "forwarded_internally",
        /// Stands still: other proceedings run on the same facts.
        Stayed => "stayed",
        /// An offer of the firm is before the claimant.
        Conciliation => "conciliation",
        /// The claimant accepted the offer.
        Settled => "settled",
        /// Withdrawn, and continued by the office for the firm alone.
        OwnInitiative => "own_initiative",
        /// The decision binds the firm.
        Binding => "binding",
        /// The decision binds nobody.
        NotBinding => "not_binding",
        /// The firm has to carry out what was ordered.
        Compliance => "compliance",
        /// Everything ordered was carried out, with proof.
        Complied => "complied",
        /// Something ordered was not carried out in time.
        Overdue => "overdue",
        /// That was reported to whom the regime names.
        Reported => "reported",
    }
}

words! {
    /// The grounds of all closed lists (Ley 44/2002 art. 29 quater.3, Ley 7/2017 art. 18.1); each regime has its own of them.
    Ground {
        /// a) essential data missing and not cured.
        EssentialDataMissing => "essential_data_missing",
        /// b) a matter for courts, arbitration or the administration.
        OtherForum => "other_forum",
        /// c) not about concrete operations.
        NotConcreteOperations => "not_concrete_operations",
        /// d) repeats a decided complaint.
        Repeated => "repeated",
        /// e) the filing window of the office's rules has passed.
        FilingWindowPassed => "filing_window_passed",
        /// f) time-barred, or five years since the facts.
        TimeBarred => "time_barred",
        /// Last paragraph: proceedings run in parallel.
        ParallelProceedings => "parallel_proceedings",
        /// The firm was not asked first (Ley 7/2017 art. 18.1.a).
        NoPriorContact => "no_prior_contact",
        /// Manifestly unfounded (art. 18.1.b).
        ManifestlyUnfounded => "manifestly_unfounded",
        /// Vexatious (art. 18.1.c).
        Vexatious => "vexatious",
        /// An injury, a death or a crime may be behind it (art. 18.1).
        InjuryOrCrime => "injury_or_crime",
    }
}

words! {
    /// What the claimant declares about other proceedings on the same facts.
    Parallel {
        /// None was started.
        None => "none",
        /// One is pending.
        Pending => "pending",
        /// One has been decided.
        Decided => "decided",
    }
}

words! {
    /// What may be missing in a complaint and can be completed.
    MissingItem {
        /// Who claims.
        Identity => "identity",
        /// What is claimed.
        ClaimPoints => "claim_points",
        /// When the facts happened.
        FactsDate => "facts_date",
        /// The declaration about other proceedings.
        ParallelProceedingsDeclaration => "parallel_declaration",
        /// Proof of who acts for the claimant.
        Representation => "representation",
        /// Documents the claim stands on.
        Documents => "documents",
    }
}

words! {
    /// What a person of the office does in a case.
    OfficeRole {
        /// Registers, asks for cures, notifies.
        Intake => "intake",
        /// Investigates and drafts.
        Investigator => "investigator",
        /// Decides.
        Ombudsman => "ombudsman",
        /// Reads drafts and notes what could be better.
        Quality => "quality",
        /// Audits the office; sits on no case.
        Auditor => "auditor",
    }
}

words! {
    /// What no person of the office may be or have.
    IncompatibilityKind {
        /// Works for the firm or its group.
        EmployedByFirm => "employed_by_firm",
        /// Sits on a governing body of the firm or its group.
        GovernsFirm => "governs_firm",
        /// Holds a significant share of the firm.
        OwnsFirm => "owns_firm",
        /// Is paid by how cases come out (Ley 7/2017 art. 23.1.c).
        PaidByOutcome => "paid_by_outcome",
        /// Advises or represents claimants or the firm in disputes.
        AdvisesParties => "advises_parties",
        /// Is disqualified, bankrupt, or convicted of what makes unfit (Orden ECO/734/2004 art. 5).
        Disqualified => "disqualified",
    }
}

words! {
    /// The closed list of causes a term may end for before its time.
    EndCause {
        /// The person resigned.
        Resignation => "resignation",
        /// The person died.
        Death => "death",
        /// The person can no longer do the work.
        Incapacity => "incapacity",
        /// An incompatibility came up and lasts.
        Incompatibility => "incompatibility",
        /// Convicted or disqualified by a final judgment.
        Conviction => "conviction",
        /// Gravely breached the duties of the office.
        SeriousBreach => "serious_breach",
    }
}

words! {
    /// Why the wall keeps a person off a case.
    ConflictGround {
        /// Acted on the ticket.
        TouchedTicket => "touched_ticket",
        /// The person's unit acted on it.
        UnitTouchedTicket => "unit_touched_ticket",
        /// Somebody above or below in the line acted on it.
        LineTouchedTicket => "line_touched_ticket",
        /// A relation with a party, now or in the last three years.
        RelationWithParty => "relation_with_party",
        /// No current declaration of relations.
        MissingDeclaration => "missing_declaration",
        /// Acted for the firm within three years.
        FirmPrincipal => "firm_principal",
        /// Not in the register, or no mandate that runs.
        NoMandate => "no_mandate",
        /// Who acted on the ticket is not known, in whole or in part.
        InvolvementUnknown => "involvement_unknown",
        /// A declared post or interest that no person of the office may have.
        Incompatible => "incompatible",
        /// No longer appointed for what they do in the case.
        NotAppointed => "not_appointed",
        /// Stepped aside from this case of their own accord.
        SteppedAside => "stepped_aside",
    }
}

words! {
    /// Who may see an entry of the dossier.
    Visibility {
        /// Both parties and the office.
        Parties => "parties",
        /// The office alone.
        Office => "office",
        /// Those assigned to the case.
        Sealed => "sealed",
    }
}

words! {
    /// How a decision, or a point of it, went for the claimant.
    Outcome {
        /// For the claimant.
        Upheld => "upheld",
        /// In part.
        PartlyUpheld => "partly_upheld",
        /// Against.
        NotUpheld => "not_upheld",
    }
}

words! {
    /// Whose time something is: a party to a case, or the office between them.
    Party {
        /// Who claims.
        Claimant => "claimant",
        /// The firm.
        Firm => "firm",
        /// The office itself, where it may do something and owes nothing.
        Office => "office",
    }
}

words! {
    /// What a party has time for.
    TermKind {
        /// The claimant completes the complaint.
        Cure => "cure",
        /// The claimant answers a proposed refusal.
        Allegations => "allegations",
        /// The firm states its position.
        Statement => "statement",
        /// The claimant thinks an offer over.
        Reflection => "reflection",
        /// The claimant answers an offer.
        OfferAnswer => "offer_answer",
        /// The party whose word makes the decision bind answers it.
        DecisionAnswer => "decision_answer",
        /// The office refuses the complaint.
        Refusal => "refusal",
    }
}

words! {
    /// Kind of relation with a party (Ley 7/2017 art. 23.1.b).
    RelationKind {
        /// Family, friendship, enmity.
        Personal => "personal",
        /// Employment or services.
        Professional => "professional",
        /// Trade, ownership, credit.
        Commercial => "commercial",
    }
}

words! {
    /// What an entry of the dossier is.
    DossierKind {
        /// The complaint.
        Complaint => "complaint",
        /// The ticket when the case was opened.
        TicketSnapshot => "ticket_snapshot",
        /// What of its messages is the firm's own; all of them, from before there was the correspondence.
        MessagesSnapshot => "messages_snapshot",
        /// Its history.
        HistorySnapshot => "history_snapshot",
        /// The clocks on it.
        ClocksSnapshot => "clocks_snapshot",
        /// Something that could not be had.
        Gap => "gap",
        /// What the claimant was asked to complete.
        CureRequest => "cure_request",
        /// What the claimant sent.
        Cure => "cure",
        /// A refusal was proposed.
        InadmissibilityProposal => "inadmissibility_proposal",
        /// What the claimant states.
        ClaimantStatement => "claimant_statement",
        /// Refused.
        Refusal => "refusal",
        /// Admitted.
        Admission => "admission",
        /// What the firm states.
        EntityStatement => "entity_statement",
        /// Assigned or stepped aside.
        Assignment => "assignment",
        /// Evidence.
        Evidence => "evidence",
        /// A note.
        Note => "note",
        /// The investigation was opened.
        Investigation => "investigation",
        /// The decision.
        Decision => "decision",
        /// The parties were told.
        Notification => "notification",
        /// The claimant withdrew.
        Withdrawal => "withdrawal",
        /// The firm gave in.
        Rectification => "rectification",
        /// Who sat on the case and what they declared, as a party was told.
        Disclosure => "disclosure",
        /// The claimant was told who is competent.
        Forwarding => "forwarding",
        /// Other proceedings run.
        Stay => "stay",
        /// They run no more.
        StayEnd => "stay_end",
        /// Why the office takes longer to decide.
        TermExtension => "term_extension",
        /// That the claimant was told the code.
        CodeNotice => "code_notice",
        /// Evidence of the claimant that the office entered.
        ClaimantEvidence => "claimant_evidence",
        /// Evidence of the firm.
        EntityEvidence => "entity_evidence",
        /// What the firm offers.
        Offer => "offer",
        /// The claimant was told the offer.
        OfferNotice => "offer_notice",
        /// What the claimant answers to it.
        OfferAnswer => "offer_answer",
        /// No agreement came about.
        ConciliationEnd => "conciliation_end",
        /// The office continues by its own initiative.
        OwnInitiative => "own_initiative",
        /// What a party answers to the decision.
        DecisionAnswer => "decision_answer",
        /// What the firm has to do, until when and who of it.
        ComplianceOrder => "compliance_order",
        /// What the office recommends.
        Recommendation => "recommendation",
        /// What proves that the firm did it.
        ExecutionProof => "execution_proof",
        /// Whether the proof holds.
        ExecutionReview => "execution_review",
        /// What was not carried out in time.
        Overdue => "overdue",
        /// The report of it.
        OverdueReport => "overdue_report",
        /// What stood in the decision by a slip, and what is to stand.
        Correction => "correction",
        /// A case that reviews this one, or that this one reviews.
        Review => "review",
        /// The acknowledgement the claimant was given, signed.
        Acknowledgement => "acknowledgement",
        /// The customer as the firm's screen showed them when the case was opened.
        ScreenSnapshot => "screen_snapshot",
        /// The receipt that the claimant was given for the ticket.
        ReceiptSnapshot => "receipt_snapshot",
        /// What the firm and the customer wrote to each other.
        CorrespondenceSnapshot => "correspondence_snapshot",
    }
}

words! {
    /// What makes somebody a claimant's representative.
    RepresentativeKind {
        /// A power of attorney, or an authorisation in writing.
        Authorised => "authorised",
        /// The law: parents, guardians, administrators.
        ByLaw => "by_law",
        /// A consumers' association of which the claimant is a member.
        Association => "association",
    }
}

words! {
    /// How a case came before the office.
    Origin {
        /// The firm had answered every point.
        Answer => "answer",
        /// It had not, and its time to answer was over.
        Silence => "silence",
        /// A regulator sent it.
        Regulator => "regulator",
        /// It reviews a decided case.
        Review => "review",
        /// The firm had not answered every point, and it was not known that its time was over.
        Direct => "direct",
    }
}

words! {
    /// Whose word, or what, binds the firm to a decision.
    BoundBy {
        /// The law, by the outcome alone.
        Law => "law",
        /// The claimant accepted it.
        Claimant => "claimant",
        /// The firm accepted it.
        Firm => "firm",
    }
}

words! {
    /// Why a stayed case is closed.
    StayClosure {
        /// The other proceedings decided the matter.
        ProceedingsDecided => "proceedings_decided",
        /// The claimant stopped meanwhile.
        Withdrawn => "withdrawn",
    }
}

words! {
    /// Why the term to decide becomes no longer.
    NotExtended {
        /// The rules of the case know no longer term.
        NoRule => "no_rule",
        /// It was made longer before.
        Extended => "extended",
        /// It is over.
        Over => "over",
        /// It is not known yet when it ends.
        Unknown => "unknown",
    }
}

words! {
    /// What the firm owes after a case.
    ObligationKind {
        /// Ordered by a binding decision.
        Order => "order",
        /// Recommended: an answer is owed.
        Recommendation => "recommendation",
        /// Offered and accepted.
        Settlement => "settlement",
    }
}

words! {
    /// What of a decision may be corrected.
    DecisionText {
        /// What was found.
        Finding => "finding",
        /// Why it goes the way it goes.
        Reason => "reason",
        /// What is ordered.
        Remedy => "remedy",
        /// Where the claimant may turn.
        Signpost => "signpost",
    }
}

impl Stage {
    /// Whether nothing can follow.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::ArchivedUncured | Self::Inadmissible | Self::ForwardedInternally | Self::Closed)
    }

    /// Whether the claim is heard no more and nothing is added to its dossier by hand; all that may follow is that the office closes it,
    /// goes on by its own initiative, or sees to it that what was agreed is carried out.
    pub const fn is_over(self) -> bool {
        self.is_terminal() || matches!(self, Self::Withdrawn | Self::Rectified | Self::Settled)
    }

    /// Whether only a decided case stands here.
    pub const fn is_decided(self) -> bool {
        matches!(
            self,
            Self::Decided
                | Self::Notified
                | Self::Binding
                | Self::NotBinding
                | Self::Compliance
                | Self::Complied
                | Self::Overdue
                | Self::Reported
        )
    }
}
