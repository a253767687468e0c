//! Redress, causes, surveys in figures and articles as the contract spells them.

use kernel::ResourceId as _;
use postgres::etag;
use server::parse::{actor_to_proto, language_to_proto, time_to_proto};
use ticketing_domain::{
    Amount, Answers, Counted, Estimated, HeardCounts, Question, ReadabilityGrade, RedressStanding, RedressState,
    Silence, SilenceEstimate, SlugId as _, readability, scored,
};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::r#type::v1::Money;

use crate::store::article::{Citation, StoredArticle};
use crate::store::named::{StoredCause, StoredItem};
use crate::store::redress::StoredRedress;

pub(crate) fn item(stored: &StoredItem) -> pb::RedressItem {
    let named = &stored.named;
    pb::RedressItem {
        name: named.id.name(),
        title: named.title.as_str().to_owned(),
        department: named.department.as_ref().map(ToString::to_string).unwrap_or_default(),
        actor: Some(actor_to_proto(&named.by)),
        create_time: Some(time_to_proto(named.at)),
        etag: etag(stored.version),
        ..named.content.clone()
    }
}

pub(crate) fn money(amount: &Amount) -> Money {
    Money { currency_code: amount.currency.clone(), minor_units: amount.minor_units }
}

pub(crate) const fn redress_state(standing: RedressStanding) -> pb::RedressState {
    match standing {
        RedressStanding::Proposed => pb::RedressState::Proposed,
        RedressStanding::Granted => pb::RedressState::Granted,
        RedressStanding::Refused => pb::RedressState::Refused,
        RedressStanding::Given => pb::RedressState::Given,
    }
}

pub(crate) fn redress(stored: &StoredRedress) -> pb::Redress {
    let redress = &stored.redress;
    let (mut deciders, mut decided, mut refusal) =
        (redress.granted_by.iter().map(actor_to_proto).collect::<Vec<_>>(), None, String::new());
    let (mut given, mut reference) = (None, String::new());
    match &redress.state {
        RedressState::Proposed => {}
        RedressState::Granted { at } => decided = Some(*at),
        RedressState::Refused { at, by, why } => {
            deciders.push(actor_to_proto(by));
            decided = Some(*at);
            why.expose().clone_into(&mut refusal);
        }
        RedressState::Given { granted, at, reference: proves } => {
            decided = Some(*granted);
            given = Some(*at);
            proves.expose().clone_into(&mut reference);
        }
    }
    let missing = if redress.state == RedressState::Proposed { redress.missing() } else { 0 };
    pb::Redress {
        name: redress.id.name(),
        item: redress.item.name(),
        amount: redress.amount.as_ref().map(money),
        reason: redress.reason.expose().to_owned(),
        state: redress_state(redress.state.standing()).into(),
        actor: Some(actor_to_proto(&redress.by)),
        propose_time: Some(time_to_proto(redress.proposed)),
        deciders,
        decide_time: decided.map(time_to_proto),
        refusal,
        missing_count: i32::try_from(missing).unwrap_or(i32::MAX),
        give_time: given.map(time_to_proto),
        reference,
        etag: etag(stored.version),
    }
}

pub(crate) fn cause(stored: &StoredCause) -> pb::RootCause {
    let named = &stored.named;
    pb::RootCause {
        name: named.id.name(),
        title: named.title.as_str().to_owned(),
        department: named.department.as_ref().map(ToString::to_string).unwrap_or_default(),
        actor: Some(actor_to_proto(&named.by)),
        create_time: Some(time_to_proto(named.at)),
        etag: etag(stored.version),
        ..named.content.clone()
    }
}

/// What was counted of a cause, of `tickets` itself; `all` affairs were looked at, in the time and before it.
pub(crate) fn cause_figures(
    id: Option<&str>,
    tickets: i64,
    total: &Counted,
    (all, all_before): (i64, i64),
) -> pb::CauseFigures {
    #[allow(clippy::cast_precision_loss, reason = "at most some hundred thousand affairs are counted")]
    let share = |part: i64, all: i64| if all > 0 { part as f64 / all as f64 } else { 0.0 };
    let mut given: Vec<Money> = total
        .given
        .iter()
        .map(|(currency, sum)| Money { currency_code: currency.clone(), minor_units: *sum })
        .collect();
    given.sort_by(|a, b| a.currency_code.cmp(&b.currency_code));
    pb::CauseFigures {
        cause: id.map(|slug| format!("causes/{slug}")).unwrap_or_default(),
        ticket_count: tickets,
        total_count: total.tickets,
        complaint_count: total.complaints,
        given,
        share: share(total.tickets, all),
        share_before: share(total.before, all_before),
    }
}

pub(crate) fn silence(counts: &HeardCounts, silence: &Silence) -> pb::SilenceEstimate {
    let told = pb::SilenceEstimate {
        finished_count: count(counts.finished),
        asked_count: count(counts.asked),
        answered_count: count(counts.answered),
        dissatisfied_count: count(counts.dissatisfied),
        came_back_count: count(counts.came_back),
        least_count: count(silence.least()),
        most_count: count(silence.most()),
        ..Default::default()
    };
    match silence.estimate {
        SilenceEstimate::TooFewAnswers { .. } => told,
        SilenceEstimate::Made { share, affairs, low, high, contradicted } => {
            pb::SilenceEstimate { estimated: true, share, estimate: affairs, low, high, contradicted, ..told }
        }
    }
}

/// What customers thought of some affairs; whose they are is the caller's to say.
pub(crate) fn satisfaction(answers: &Answers) -> pb::SatisfactionFigures {
    let figures = |question| Some(score_figures(answers, question));
    pb::SatisfactionFigures {
        asked_count: count(answers.asked),
        answered_count: count(answers.answered),
        csat: figures(Question::Csat),
        nps: figures(Question::Nps),
        ces: figures(Question::Ces),
        ..Default::default()
    }
}

fn score_figures(answers: &Answers, question: Question) -> pb::ScoreFigures {
    let distribution = answers.of(question).iter().map(|said| count(*said)).collect();
    let Some(scored) = scored(answers, question) else {
        return pb::ScoreFigures { distribution, ..Default::default() };
    };
    let told = |figure: Estimated| {
        let (low, high) = figure.interval.map(|[low, high]| (low, high)).unzip();
        Some(pb::EstimatedFigure { value: figure.value, low, high })
    };
    pb::ScoreFigures {
        count: count(scored.count),
        distribution,
        mean: told(scored.mean),
        well_share: told(scored.well),
        ill_share: told(scored.ill),
        net: told(scored.net),
    }
}

fn count(counted: u64) -> i64 {
    i64::try_from(counted).unwrap_or(i64::MAX)
}

pub(crate) fn article(stored: &StoredArticle) -> pb::Article {
    let reads = |text: &ventanilla_proto::r#type::v1::LocalizedText| {
        let language = server::parse::language(&mut kernel::Violations::new(), "", text.language)?;
        let reads = readability(&text.text, language)?;
        Some(pb::ArticleReadability {
            language: language_to_proto(language).into(),
            score: reads.score,
            grade: grade(reads.grade).into(),
            word_count: i32::try_from(reads.words).unwrap_or(i32::MAX),
            sentence_count: i32::try_from(reads.sentences).unwrap_or(i32::MAX),
        })
    };
    pb::Article {
        name: stored.id.name(),
        version: stored.number,
        actor: Some(actor_to_proto(&stored.by)),
        create_time: Some(time_to_proto(stored.at)),
        readability: stored.content.texts.iter().filter_map(reads).collect(),
        cite_count: stored.cited,
        etag: etag(stored.version),
        ..stored.content.clone()
    }
}

const fn grade(grade: ReadabilityGrade) -> pb::ReadabilityGrade {
    match grade {
        ReadabilityGrade::VeryHard => pb::ReadabilityGrade::VeryHard,
        ReadabilityGrade::SomewhatHard => pb::ReadabilityGrade::SomewhatHard,
        ReadabilityGrade::Normal => pb::ReadabilityGrade::Normal,
        ReadabilityGrade::QuiteEasy => pb::ReadabilityGrade::QuiteEasy,
        ReadabilityGrade::VeryEasy => pb::ReadabilityGrade::VeryEasy,
    }
}

pub(crate) fn citation(citation: &Citation) -> pb::Citation {
    pb::Citation {
        name: format!("{}/citations/{}", citation.ticket.name(), citation.article.as_str()),
        article: citation.article.name(),
        version: citation.number,
        actor: Some(actor_to_proto(&citation.by)),
        create_time: Some(time_to_proto(citation.at)),
    }
}
