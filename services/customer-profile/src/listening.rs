//! A contact on the wire, as far as its reader may read it.

use customer_profile_domain::{ContactKind, Discretion, ExitReason, Sentiment, Sound};
use kernel::{ResourceId, Role};
use server::Call;
use server::parse::{channel_to_proto, language_to_proto, time_to_proto};
use ventanilla_proto::customer::v1 as proto;

use crate::store::interaction::{Interaction, ticket_name};

/// Who reads.
pub(crate) enum Reader<'a> {
    /// Whoever calls.
    Caller(&'a Call),
    /// Who may read everything: the person it is about, and who has just written it.
    Whole,
}

/// Roles that read whatever was said.
const TRUSTED: [Role; 3] = [Role::Steward, Role::Supervisor, Role::PrivacyOfficer];

impl Reader<'_> {
    fn may_read(&self, interaction: &Interaction) -> bool {
        match self {
            Self::Whole => true,
            Self::Caller(call) => {
                let reader = call.acting();
                let trusted = reader.has_any(&TRUSTED);
                interaction.discretion.lets_read(&interaction.department, reader.actor.department.as_ref(), trusted)
            }
        }
    }
}

/// The contact as this reader may read it.
pub(crate) fn to_proto(interaction: &Interaction, reader: &Reader<'_>) -> proto::Interaction {
    let mut shown = proto::Interaction {
        name: interaction.id.name(),
        customer: interaction.customer.name(),
        channel: channel_to_proto(interaction.channel).into(),
        direction: interaction.direction.into(),
        department: interaction.department.to_string(),
        ticket: interaction.ticket.map(ticket_name).unwrap_or_default(),
        occurred_time: Some(time_to_proto(interaction.occurred_at)),
        create_time: Some(time_to_proto(interaction.created_at)),
        // Contacts are written once.
        etag: postgres::etag(1),
        wait_duration: seconds(interaction.cost.waited),
        handle_duration: seconds(interaction.cost.handled),
        transfer_count: interaction.cost.transfers,
        kind: kind_to_proto(&interaction.kind).into(),
        offer_made: interaction.kind.offer_made(),
        discretion: discretion_to_proto(interaction.discretion).into(),
        ..Default::default()
    };
    if reader.may_read(interaction) {
        shown.summary.clone_from(interaction.summary.expose());
        shown.what_customer_said.clone_from(interaction.what_customer_said.expose());
        shown.exit_reasons = reasons_to_proto(&interaction.kind);
        shown.sentiment = interaction.sentiment.map(sentiment_to_proto);
    } else {
        shown.withheld = true;
    }
    shown
}

/// A time that somebody says.
fn seconds(seconds: i32) -> Option<prost_types::Duration> {
    (seconds > 0).then(|| prost_types::Duration { seconds: i64::from(seconds), nanos: 0 })
}

/// A kind on the wire.
pub(crate) const fn kind_to_proto(kind: &ContactKind) -> proto::InteractionKind {
    match kind {
        ContactKind::Contact { .. } => proto::InteractionKind::Contact,
        ContactKind::ExitInterview { .. } => proto::InteractionKind::ExitInterview,
    }
}

/// A class on the wire.
pub(crate) const fn discretion_to_proto(discretion: Discretion) -> proto::Discretion {
    match discretion {
        Discretion::Open => proto::Discretion::Open,
        Discretion::Department => proto::Discretion::Department,
        Discretion::Sealed => proto::Discretion::Sealed,
    }
}

/// The reasons of a contact on the wire.
pub(crate) fn reasons_to_proto(kind: &ContactKind) -> Vec<i32> {
    let on_the_wire = |reason: &ExitReason| match reason {
        ExitReason::Price => proto::ExitReason::Price,
        ExitReason::Quality => proto::ExitReason::Quality,
        ExitReason::Unsolved => proto::ExitReason::Unsolved,
        ExitReason::BrokenPromise => proto::ExitReason::BrokenPromise,
        ExitReason::Treatment => proto::ExitReason::Treatment,
        ExitReason::Billing => proto::ExitReason::Billing,
        ExitReason::BetterOffer => proto::ExitReason::BetterOffer,
        ExitReason::NoNeed => proto::ExitReason::NoNeed,
        ExitReason::Moved => proto::ExitReason::Moved,
        ExitReason::Other => proto::ExitReason::Other,
    };
    kind.exit_reasons().iter().map(|reason| on_the_wire(reason).into()).collect()
}

/// A reason read from the wire.
pub(crate) fn reason(value: i32) -> Option<ExitReason> {
    match proto::ExitReason::try_from(value).ok()? {
        proto::ExitReason::Unspecified => None,
        proto::ExitReason::Price => Some(ExitReason::Price),
        proto::ExitReason::Quality => Some(ExitReason::Quality),
        proto::ExitReason::Unsolved => Some(ExitReason::Unsolved),
        proto::ExitReason::BrokenPromise => Some(ExitReason::BrokenPromise),
        proto::ExitReason::Treatment => Some(ExitReason::Treatment),
        proto::ExitReason::Billing => Some(ExitReason::Billing),
        proto::ExitReason::BetterOffer => Some(ExitReason::BetterOffer),
        proto::ExitReason::NoNeed => Some(ExitReason::NoNeed),
        proto::ExitReason::Moved => Some(ExitReason::Moved),
        proto::ExitReason::Other => Some(ExitReason::Other),
    }
}

fn sentiment_to_proto(sentiment: Sentiment) -> proto::Sentiment {
    let label = match sentiment.sound() {
        Sound::Negative => proto::SentimentLabel::Negative,
        Sound::Neutral => proto::SentimentLabel::Neutral,
        Sound::Positive => proto::SentimentLabel::Positive,
    };
    proto::Sentiment {
        language: language_to_proto(sentiment.language).into(),
        score: sentiment.score.into(),
        label: label.into(),
    }
}
