//! Who calls.

use ventanilla_proto::customer::v1::{CallerNumber, MatchGrade};

use crate::answer::{Fault, Next, Reply};
use crate::ask::{Asked, is_first, written_under};
use crate::say;

pub(crate) const FIELDS: &[&str] = &[];

/// Tells who is known by the number, whether to serve them first, and what is open. Nobody's name is said: whoever holds the telephone may be another. For that
/// reason a right to be served first is a fact for whoever puts the call through, and is said aloud to whom the number is certainly theirs alone: it tells of
/// age, illness or a disability.
pub(crate) async fn answer(asked: Asked) -> Result<Reply, Fault> {
    let found = asked.look_up().await?;
    let lang = asked.spoken_with(&found);
    let (first, grade) = (is_first(&found), found.grade());
    // Of a line of several people nothing is told that is one's.
    let told = grade == MatchGrade::Certain && !found.shared_line && !found.restricted;
    let open = if told { found.open_ticket_count } else { 0 };
    // A machine is not put before who is to be served first.
    let next = if first { Next::Human } else { Next::Menu };
    Ok(Reply::new(lang, next, say::greeting(lang, open, told && first))
        .with("known", known(grade))
        .with("number", number(found.caller_number()))
        .with("customer", found.customer.clone())
        .with("own_customer", written_under(&found))
        .with("shared", found.shared_line.to_string())
        .with("open_count", found.open_ticket_count.to_string())
        .with("open_complaint", found.open_complaint.to_string())
        .with("late", found.breached.to_string())
        .with("first", first.to_string())
        .with("on_hold", found.on_hold.to_string())
        .with("partial", (!found.gaps.is_empty()).to_string()))
}

const fn known(grade: MatchGrade) -> &'static str {
    match grade {
        MatchGrade::Certain => "certain",
        MatchGrade::Probable => "probable",
        MatchGrade::Possible => "possible",
        MatchGrade::None | MatchGrade::CertainlyNot | MatchGrade::Unspecified => "none",
    }
}

fn number(number: CallerNumber) -> String {
    number.as_str_name().trim_start_matches("CALLER_NUMBER_").to_ascii_lowercase()
}
