//! Questions as they arrive: a flat form or flat JSON, read once, and what each is answered with.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::Request;
use edge::Caller;
use http::header::CONTENT_TYPE;
use http_body_util::{BodyExt as _, Limited};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use server::PeerChannel;
use tonic::{Code, Status};
use uuid::Uuid;
use ventanilla_proto::customer::v1::customer_service_client::CustomerServiceClient;
use ventanilla_proto::customer::v1::{
    CustomerView, GetCustomerViewRequest, LookupByPhoneRequest, MatchGrade, PhoneAnswer, PriorityRight,
};
use ventanilla_proto::ticketing::v1::ticket_service_client::TicketServiceClient;
use ventanilla_proto::r#type::v1::Language;

use crate::State;
use crate::answer::Fault;
use crate::say::Lang;
use crate::tries::Tries;

pub(crate) const CUSTOMER_PROFILE: &str = "customer-profile";
pub(crate) const TICKETING: &str = "ticketing";

/// Bytes of a question at most: a transcript of some minutes is its longest field.
const LARGEST: usize = 32 * 1024;
/// Fields that every question may have.
const COMMON: &[&str] = &["call", "lang", "phone", "customer"];
/// What request ids are made of, with the call and the question.
const NAMESPACE: Uuid = Uuid::from_u128(0x0190_a000_7674_7220_8000_6976_7220_0001);

/// The desk that questions come to.
pub(crate) struct Desk {
    pub state: State,
    pub tries: Tries,
}

/// One question.
pub(crate) struct Asked {
    pub desk: Arc<Desk>,
    fields: BTreeMap<String, String>,
    caller: Caller,
    until: Instant,
}

/// Reads a question. A field that nobody asked for is a mistyped one.
pub(crate) async fn read(
    desk: &Arc<Desk>,
    caller: Caller,
    until: Instant,
    request: Request,
    known: &'static [&'static str],
) -> Result<Asked, (Fault, Lang)> {
    let json = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/json"));
    let body = Limited::new(request.into_body(), LARGEST).collect();
    let body = match tokio::time::timeout_at(until.into(), body).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(_)) => return Err((Fault::Unreadable, Lang::Es)),
        Err(_) => return Err((Fault::Late, Lang::Es)),
    };
    let fields = if json { flat_json(&body) } else { form(&body) };
    let fields = fields.ok_or((Fault::Unreadable, Lang::Es))?;
    let lang = fields.get("lang").and_then(|lang| Lang::of(lang)).unwrap_or(Lang::Es);
    let is_known = |name: &String| known.contains(&name.as_str()) || COMMON.contains(&name.as_str());
    let mut wrong: Vec<String> = fields.keys().filter(|name| !is_known(name)).cloned().collect();
    let call = fields.get("call").map(String::as_str).unwrap_or_default();
    if call.is_empty() || call.len() > 128 || !call.chars().all(|c| c.is_ascii_graphic()) {
        wrong.push("call".to_owned());
    }
    if !wrong.is_empty() {
        return Err((Fault::Invalid(wrong), lang));
    }
    Ok(Asked { desk: Arc::clone(desk), fields, caller, until })
}

fn form(body: &[u8]) -> Option<BTreeMap<String, String>> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(body).ok()?;
    Some(pairs.into_iter().map(|(name, value)| (name, value.trim().to_owned())).collect())
}

fn flat_json(body: &[u8]) -> Option<BTreeMap<String, String>> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(body).ok()?;
    let text = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => Some(text.trim().to_owned()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        serde_json::Value::Bool(said) => Some(said.to_string()),
        serde_json::Value::Null => Some(String::new()),
        serde_json::Value::Array(_) | serde_json::Value::Object(_) => None,
    };
    object.into_iter().map(|(name, value)| text(value).map(|value| (name, value))).collect()
}

impl Asked {
    /// A field; empty when it was left out.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.fields.get(name).map(String::as_str).unwrap_or_default()
    }

    /// A field that must be there.
    pub(crate) fn required(&self, name: &str) -> Result<&str, Fault> {
        Some(self.field(name)).filter(|value| !value.is_empty()).ok_or_else(|| Fault::Invalid(vec![name.to_owned()]))
    }

    /// The language that was asked for, or Spanish.
    pub(crate) fn lang(&self) -> Lang {
        Lang::of(self.field("lang")).unwrap_or(Lang::Es)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.desk.state.ambient.now()
    }

    pub(crate) fn zone(&self) -> TimeZone {
        TimeZone::get(&self.desk.state.settings.zone).unwrap_or(TimeZone::UTC)
    }

    /// An instant where the house's customers live.
    pub(crate) fn local(&self, at: Option<&prost_types::Timestamp>) -> Option<Zoned> {
        let mut violations = kernel::Violations::new();
        let at = server::parse::optional_time(&mut violations, "time", at)?;
        Some(at.to_zoned(self.zone()))
    }

    /// A day in words.
    pub(crate) fn day(&self, at: &Zoned, lang: Lang) -> String {
        crate::speech::day(at.date(), self.now().to_zoned(self.zone()).date(), lang)
    }

    /// The id of a change that this call asks for: the same call, question and turn make the same change once.
    pub(crate) fn request_id(&self, what: &str) -> String {
        let turn = Some(self.field("turn")).filter(|turn| !turn.is_empty()).unwrap_or("1");
        let name = format!("{}\n{what}\n{turn}", self.field("call"));
        Uuid::new_v5(&NAMESPACE, name.as_bytes()).to_string()
    }

    /// The id of a change that a call makes once, whatever its turn.
    pub(crate) fn request_id_of_call(&self, what: &str) -> String {
        Uuid::new_v5(&NAMESPACE, format!("{}\n{what}", self.field("call")).as_bytes()).to_string()
    }

    /// A channel in the telephone system's own name, for as long as the caller waits.
    pub(crate) fn channel(&self, peer: &'static str) -> Result<PeerChannel, Fault> {
        let channel =
            self.desk.state.peers.channel(peer).map_err(|_| Status::unavailable("no address is configured"))?;
        Ok(channel.as_caller(self.caller.bearer.as_ref(), Some(self.until)))
    }

    pub(crate) fn customers(&self) -> Result<CustomerServiceClient<PeerChannel>, Fault> {
        self.channel(CUSTOMER_PROFILE).map(CustomerServiceClient::new)
    }

    pub(crate) fn tickets(&self) -> Result<TicketServiceClient<PeerChannel>, Fault> {
        self.channel(TICKETING).map(TicketServiceClient::new)
    }

    /// Who is known by the number that calls.
    pub(crate) async fn look_up(&self) -> Result<PhoneAnswer, Fault> {
        let request = LookupByPhoneRequest {
            phone_number: self.field("phone").to_owned(),
            region_code: self.desk.state.settings.region.clone(),
        };
        Ok(self.customers()?.lookup_by_phone(request).await?.into_inner())
    }

    /// Whose affair it is about: the customer that the telephone system names, else the one that the number leads to.
    pub(crate) async fn identified(&self) -> Result<Identified, Fault> {
        if !self.field("customer").is_empty() {
            return self.named().await;
        }
        let found = self.look_up().await?;
        let one = matches!(found.grade(), MatchGrade::Certain | MatchGrade::Probable) && !found.shared_line;
        if !one || found.customer.is_empty() {
            return Err(Fault::CallerUnknown);
        }
        let lang = self.spoken_with(&found);
        Ok(Identified { first: is_first(&found), customer: written_under(&found), lang })
    }

    /// Whom the telephone system names, with their language and right. Where these are not told in half of the time that is left, what is
    /// asked for is done without them.
    async fn named(&self) -> Result<Identified, Fault> {
        let customer = self.field("customer").to_owned();
        let half = self.until.saturating_duration_since(Instant::now()) / 2;
        let request = GetCustomerViewRequest { name: customer.clone() };
        let looked = async { Ok(self.customers()?.get_customer_view(request).await?.into_inner()) };
        let view = match tokio::time::timeout(half, looked).await {
            Ok(Ok(view)) => view,
            Ok(Err(Fault::Service(refused))) if !is_silence(refused.code()) => return Err(Fault::Service(refused)),
            Ok(Err(_)) | Err(_) => {
                tracing::warn!("language and right of a customer who was named could not be read");
                CustomerView::default()
            }
        };
        let golden = view.golden.and_then(|section| section.customer?.golden);
        let language = golden.and_then(|golden| golden.language).map(|known| known.value()).unwrap_or_default();
        let right = view.care.map(|care| care.priority_right()).unwrap_or_default();
        Ok(Identified { customer, lang: self.spoken_to(language), first: right != PriorityRight::Unspecified })
    }

    /// The language to speak: what was asked for, else the customer's.
    pub(crate) fn spoken_with(&self, found: &PhoneAnswer) -> Lang {
        self.spoken_to(found.language())
    }

    fn spoken_to(&self, theirs: Language) -> Lang {
        Lang::of(self.field("lang")).or_else(|| Lang::of_customer(theirs)).unwrap_or(Lang::Es)
    }
}

/// Whose affair it is about.
pub(crate) struct Identified {
    pub customer: String,
    pub lang: Lang,
    /// They have a right to be served first.
    pub first: bool,
}

/// The id under which what a caller brings is written: it goes with the number when customers who were made one come apart.
pub(crate) fn written_under(found: &PhoneAnswer) -> String {
    // A customer-profile from before there was one tells none.
    let own = Some(&found.own_customer).filter(|own| !own.is_empty());
    own.unwrap_or(&found.customer).clone()
}

/// Whether the caller has a right to be served first.
pub(crate) fn is_first(found: &PhoneAnswer) -> bool {
    found.priority_right() != PriorityRight::Unspecified
}

/// Whether a service did not answer, whatever it would have said.
const fn is_silence(code: Code) -> bool {
    matches!(
        code,
        Code::Unavailable | Code::DeadlineExceeded | Code::ResourceExhausted | Code::Cancelled | Code::Unknown
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_and_flat_json_say_the_same() {
        let form = form(b"call=1.2&phone=%2B34600123456&lang=es").unwrap();
        let json = flat_json(br#"{"call": "1.2", "phone": "+34600123456", "lang": "es"}"#).unwrap();
        assert_eq!(form, json);
        assert_eq!(flat_json(br#"{"call": 12, "superior": true}"#).unwrap()["superior"], "true");
    }

    #[test]
    fn what_is_not_flat_is_not_read() {
        assert!(flat_json(br#"{"call": {"id": 1}}"#).is_none());
        assert!(flat_json(b"[]").is_none());
    }
}
