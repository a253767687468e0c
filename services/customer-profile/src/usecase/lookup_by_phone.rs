//! `LookupByPhone`: who is calling, inside the ring.

use customer_profile_domain::{CallerNumber, CustomerId, LineUse, MatchGrade, grade_phone, priority_right};
use jiff::Timestamp;
use kernel::ResourceId;
use prost::Message;
use ventanilla_proto::customer::v1 as proto;

use super::get_customer_view::Told;
use super::{Profile, get_customer_view, standing};
use crate::error::ProfileError;
use crate::store::ring::{self, Affairs, Found, Holder};
use crate::wishes;
use crate::{OMBUDSMAN, SLA_MONITOR, TICKETING};

#[tracing::instrument(name = "customer.lookup_by_phone", skip_all)]
pub(crate) async fn lookup_by_phone(
    profile: &Profile,
    caller: CallerNumber,
) -> Result<proto::PhoneAnswer, ProfileError> {
    let phone = match caller {
        CallerNumber::Usable(phone) => phone,
        CallerNumber::Withheld => return Ok(nobody(proto::CallerNumber::Withheld)),
        CallerNumber::Unreadable => return Ok(nobody(proto::CallerNumber::Unreadable)),
    };
    let known = [TICKETING, SLA_MONITOR, OMBUDSMAN].map(|source| (source, profile.standings.of(source)));
    let now = profile.ambient.now();
    let Found { holders, crowded, parked } = ring::holders(&mut *profile.db.ring().await?, &phone, now).await?;
    let uses: Vec<LineUse> = holders.iter().map(|h| h.line).collect();
    let found = grade_phone(&uses, crowded, now);
    let gaps = known
        .into_iter()
        .filter_map(|(source, known)| standing::of(source, known, parked.iter().any(|p| p == source), now).gap);
    let mut answer = proto::PhoneAnswer {
        caller_number: proto::CallerNumber::Usable.into(),
        grade: grade(found.grade).into(),
        shared_line: found.shared_line,
        customer: found.customer.map(|id| id.name()).unwrap_or_default(),
        own_customer: own_customer(&holders, found.customer).map(|id| id.name()).unwrap_or_default(),
        candidates: found.candidates.iter().map(|id| id.name()).collect(),
        language: common_language(&holders),
        gaps: gaps.collect(),
        ..Default::default()
    };
    answer.restricted = holders.iter().any(|holder| holder.restricted);
    if answer.restricted {
        // What is open may be served; how somebody is to be spoken to is theirs (GDPR art. 18.2).
        answer.language = 0;
    }
    if let [Holder { affairs: Some(affairs), profile, restricted, line, .. }] = holders.as_slice()
        && !crowded
        && !line.unproven
    {
        // Whoever else uses the line is told nothing of what one of them has open. A place in the queue tells nothing.
        if found.tells {
            tell(&mut answer, affairs, now);
        }
        let profile = profile.as_deref().filter(|_| !restricted);
        let known = profile.and_then(|profile| proto::Customer::decode(profile).ok());
        let right = priority_right(
            known.as_ref().and_then(wishes::birth_date),
            affairs.disability.filter(|_| !restricted),
            now,
        );
        answer.priority_right = wishes::priority_to_proto(right).into();
    }
    Ok(answer)
}

fn tell(answer: &mut proto::PhoneAnswer, affairs: &Affairs, now: Timestamp) {
    answer.open_ticket_count = i32::try_from(affairs.open_tickets).unwrap_or(i32::MAX);
    answer.open_complaint = affairs.open_complaint;
    answer.breached = affairs.breached;
    answer.breach_risk = affairs.breach_risk;
    answer.on_hold = affairs.on_hold;
    // What was promised is not said to whoever has the telephone.
    let told = |p: &ring::Promise| Told {
        ticket: p.ticket,
        id: p.id,
        text: String::new(),
        channel: p.channel.into(),
        due_at: p.due_at,
        made_at: p.made_at,
        state: p.state.into(),
        danger: p.danger,
    };
    answer.top_promise = affairs.promise.as_ref().map(|p| get_customer_view::promise(told(p), now));
}

/// The id under which what the customer brings by this number is to be written.
fn own_customer(holders: &[Holder], customer: Option<CustomerId>) -> Option<CustomerId> {
    let holder = holders.iter().find(|holder| Some(holder.line.customer) == customer)?;
    holder.own_customer
}

/// The language of all who have the number, 0 when they have not the same.
fn common_language(holders: &[Holder]) -> i32 {
    let Some(first) = holders.first() else { return 0 };
    if holders.iter().all(|h| h.language == first.language) { first.language.into() } else { 0 }
}

fn nobody(number: proto::CallerNumber) -> proto::PhoneAnswer {
    proto::PhoneAnswer { caller_number: number.into(), grade: proto::MatchGrade::None.into(), ..Default::default() }
}

const fn grade(grade: MatchGrade) -> proto::MatchGrade {
    match grade {
        MatchGrade::Certain => proto::MatchGrade::Certain,
        MatchGrade::Probable => proto::MatchGrade::Probable,
        MatchGrade::Possible => proto::MatchGrade::Possible,
        MatchGrade::None => proto::MatchGrade::None,
    }
}
