//! How fresh what other services told is, and what may be missing.

use jiff::{SignedDuration, Timestamp};
use ledger::SourceStanding;
use server::parse::time_to_proto;
use ventanilla_proto::customer::v1 as proto;

/// A connected source says where its head is every second; after this long without being caught up
/// something is in the way.
const PATIENCE: SignedDuration = SignedDuration::from_secs(3);

/// The standing of a section fed by `source`. `known` must have been read before the section's
/// rows, so that the rows are at least as fresh as is said.
pub(super) fn of(source: &str, known: SourceStanding, parked: bool, now: Timestamp) -> proto::SectionStanding {
    let age = known.as_of.map(|as_of| now.duration_since(as_of).max(SignedDuration::ZERO));
    proto::SectionStanding {
        as_of_time: known.as_of.map(time_to_proto),
        lag: age.map(duration),
        gap: reason(known, parked, age).map(|reason| proto::SectionGap {
            source: source.to_owned(),
            reason: reason.into(),
            age: age.map(duration),
        }),
    }
}

fn reason(known: SourceStanding, parked: bool, age: Option<SignedDuration>) -> Option<proto::GapReason> {
    match age {
        None => Some(proto::GapReason::NeverReached),
        Some(_) if !known.connected => Some(proto::GapReason::Silent),
        Some(age) if age > PATIENCE && known.position < known.head_position => Some(proto::GapReason::Behind),
        Some(age) if age > PATIENCE => Some(proto::GapReason::Silent),
        Some(_) if parked => Some(proto::GapReason::Parked),
        Some(_) => None,
    }
}

/// The standing of a section that several sources feed: as fresh as the least fresh of them, with the first gap.
pub(super) fn together<const N: usize>(sources: [Option<proto::SectionStanding>; N]) -> Option<proto::SectionStanding> {
    let sources: Vec<proto::SectionStanding> = sources.into_iter().flatten().collect();
    let gap = sources.iter().find_map(|source| source.gap.clone());
    let at = |source: &proto::SectionStanding| source.as_of_time.map(|at| (at.seconds, at.nanos));
    // A source that was never reached has no instant, and neither has what it feeds.
    let least = sources.into_iter().min_by_key(at)?;
    Some(proto::SectionStanding { gap, ..least })
}

/// The standing of a section that is this service's own.
pub(super) fn own(now: Timestamp) -> proto::SectionStanding {
    let lag = Some(prost_types::Duration::default());
    proto::SectionStanding { as_of_time: Some(time_to_proto(now)), lag, gap: None }
}

fn duration(of: SignedDuration) -> prost_types::Duration {
    prost_types::Duration { seconds: of.as_secs(), nanos: of.subsec_nanos() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(known: SourceStanding, parked: bool) -> Option<proto::GapReason> {
        let now = "2026-11-23T09:00:10Z".parse().unwrap();
        of("ticketing", known, parked, now).gap.map(|gap| gap.reason())
    }

    #[test]
    fn every_way_of_being_behind_has_its_name() {
        let heard = |at: &str| SourceStanding {
            position: 7,
            head_position: 7,
            as_of: Some(at.parse().unwrap()),
            connected: true,
            carried: false,
        };
        let fresh = heard("2026-11-23T09:00:09Z");
        assert_eq!(gap(SourceStanding::default(), false), Some(proto::GapReason::NeverReached));
        assert_eq!(gap(fresh, false), None);
        assert_eq!(gap(fresh, true), Some(proto::GapReason::Parked));
        assert_eq!(gap(SourceStanding { connected: false, ..fresh }, false), Some(proto::GapReason::Silent));
        let old = heard("2026-11-23T09:00:00Z");
        assert_eq!(gap(old, false), Some(proto::GapReason::Silent));
        assert_eq!(gap(SourceStanding { head_position: 9, ..old }, false), Some(proto::GapReason::Behind));
    }

    #[test]
    fn what_two_sources_feed_is_as_fresh_as_the_least_fresh_and_names_its_gap() {
        let now = "2026-11-23T09:00:10Z".parse().unwrap();
        let heard = |at: Option<&str>| SourceStanding {
            as_of: at.map(|at| at.parse().unwrap()),
            connected: at.is_some(),
            ..Default::default()
        };
        let fresh = Some(of("ticketing", heard(Some("2026-11-23T09:00:09Z")), false, now));
        let old = of("ombudsman-escalation", heard(Some("2026-11-23T08:00:00Z")), false, now);
        let never = Some(of("ombudsman-escalation", heard(None), false, now));
        let both = together([fresh.clone(), Some(old.clone())]).unwrap();
        assert_eq!((both.as_of_time, both.lag), (old.as_of_time, old.lag));
        assert_eq!(both.gap.unwrap().source, "ombudsman-escalation");
        assert_eq!(together([fresh.clone(), never]).unwrap().as_of_time, None);
        assert_eq!(together([fresh.clone(), fresh.clone()]), fresh);
    }

    #[test]
    fn a_source_whose_clock_runs_ahead_has_no_negative_lag() {
        let now = "2026-11-23T09:00:00Z".parse().unwrap();
        let ahead = SourceStanding {
            as_of: Some("2026-11-23T09:00:01Z".parse().unwrap()),
            connected: true,
            ..Default::default()
        };
        assert_eq!(of("ticketing", ahead, false, now).lag, Some(prost_types::Duration::default()));
    }
}
