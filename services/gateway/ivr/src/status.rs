//! How the affair stands whose key is spoken or typed.

use ventanilla_proto::ticketing::v1::GetKeypadStatusRequest;
use ventanilla_proto::ticketing::v1::public_service_client::PublicServiceClient;
use ventanilla_proto::r#type::v1::Language;

use crate::affair::version;
use crate::answer::{Fault, Next, Reply};
use crate::ask::{Asked, TICKETING};
use crate::say::{self, Lang};
use crate::spoken;

pub(crate) const FIELDS: &[&str] = &["key", "proof"];

const KEY: usize = 13;
const PROOF: usize = 6;
/// Digits of a telephone number at least.
const SHORTEST: usize = 6;

/// Tells how the affair stands to whoever has its key and proof. Wrong ones are counted for call, number and
/// key, and after a few of them a person takes over. Only what ticketing found to be wrong is counted.
pub(crate) async fn answer(asked: Asked) -> Result<Reply, Fault> {
    let (key, proof) = (asked.required("key")?, asked.required("proof")?);
    let typed = spoken::digits(key, KEY).zip(spoken::digits(proof, PROOF));
    let of_key = typed.as_ref().map(|(key, _)| format!("key {key}")).unwrap_or_default();
    let tried_by = [format!("call {}", asked.field("call")), number(asked.field("phone")), of_key];
    let tries = &asked.desk.tries;
    if tries.spent(&tried_by, asked.now()) {
        return Err(Fault::TooManyTries);
    }
    // What cannot be a key is answered as a wrong one: the caller does the same about either.
    let (key_digits, proof_digits) = typed.ok_or(Fault::KeyUnknown)?;
    let language = Lang::of(asked.field("lang")).map_or(Language::Unspecified, Lang::language).into();
    let answer = look(&asked, key, GetKeypadStatusRequest { key_digits, proof_digits, language }).await;
    if matches!(answer, Err(Fault::KeyUnknown)) {
        tries.count(&tried_by, asked.now());
        if tries.spent(&tried_by, asked.now()) {
            return Err(Fault::TooManyTries);
        }
    }
    answer
}

/// The number that calls, where it reads as one: those who withhold theirs are not counted as if they were one.
fn number(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    let reads = digits.len() >= SHORTEST && phone.chars().all(|c| c.is_ascii_digit() || "+ -().".contains(c));
    if reads { format!("number {digits}") } else { String::new() }
}

/// All of it is spoken in one language: the one that was asked for, or else the affair's.
async fn look(asked: &Asked, key: &str, request: GetKeypadStatusRequest) -> Result<Reply, Fault> {
    let mut tickets = PublicServiceClient::new(asked.channel(TICKETING)?);
    let status = tickets.get_keypad_status(request).await?.into_inner();
    let compact: String = status.tracking_key.chars().filter(char::is_ascii_alphanumeric).collect();
    // Letters that were heard have to be those of the key.
    if spoken::exact(key, KEY).is_some_and(|heard| heard != compact) {
        return Err(Fault::KeyUnknown);
    }
    let lang = Lang::of_customer(status.language()).unwrap_or(asked.lang());
    let due = asked.local(status.answer_due_time.as_ref());
    let day = due.as_ref().map(|due| asked.day(due, lang));
    let state = status.state().as_str_name().trim_start_matches("TICKET_STATE_").to_ascii_lowercase();
    let say = say::status(lang, &status.state_text, &status.next_step, day);
    Ok(Reply::new(lang, Next::Done, say)
        .with("state", state)
        .with("step", status.step_title.clone())
        .with("department", status.department.clone())
        .with("due_date", due.map(|due| due.date().to_string()).unwrap_or_default())
        .with("at_ombudsman", status.office_case_open.to_string())
        .with("ticket", status.ticket.clone())
        .with("etag", version(&status.etag)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_withholds_a_number_is_nobody() {
        for phone in ["", "anonymous", "Unavailable", "anonymous123456", "0", "+"] {
            assert_eq!(number(phone), "", "{phone}");
        }
        assert_eq!(number("+34 611 111 111"), "number 34611111111");
    }
}
