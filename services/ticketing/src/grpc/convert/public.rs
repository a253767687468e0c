//! Requests of customers who show key and proof.

use kernel::{Language, Violations};
use postgres::RequestKey;
use prost::Message;
use server::{PageToken, parse, status};
use ticketing_domain::{Body, KeypadKey, KeypadProof, Opinion};
use tonic::Status;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::r#type::v1::Channel;

use super::survey::opinion;
use super::{etag, key, whole};
use crate::usecase::Shown;

/// Reads key and proof, whatever else the request asks.
fn both(v: &mut Violations, tracking_key: &str, proof: &str) -> Option<Shown> {
    let key = v.check("tracking_key", tracking_key.parse());
    let proof = v.check("proof", proof.parse());
    key.zip(proof).map(|(key, proof)| Shown { key, proof })
}

pub(in crate::grpc) fn shown(tracking_key: &str, proof: &str) -> Result<Shown, Violations> {
    let mut v = Violations::new();
    let shown = both(&mut v, tracking_key, proof);
    whole(v, shown)
}

/// An affair that its customer reads, and from where back its messages are told.
pub(in crate::grpc) struct Read {
    pub shown: Shown,
    /// Messages before the one with this sequence number; none for the newest.
    pub before: Option<i32>,
}

impl Read {
    const LIST: &'static str = "public messages";

    /// The token of the messages before this sequence number.
    pub fn next_token(&self, oldest: Option<i32>) -> String {
        let token =
            |oldest: i32| PageToken::encode(Self::LIST, self.shown.key.compact().as_bytes(), &[&oldest.to_string()]);
        oldest.map(token).unwrap_or_default()
    }
}

pub(in crate::grpc) fn read_public(request: &pb::GetPublicAffairRequest) -> Result<Read, Status> {
    let shown = shown(&request.tracking_key, &request.proof).map_err(|e| status(&e))?;
    let token = PageToken::decode(&request.page_token, Read::LIST, shown.key.compact().as_bytes());
    let before = match token.map_err(|e| status(&e))? {
        Some(token) => {
            let [oldest] = token.fields().map_err(|e| status(&e))?;
            Some(oldest.parse().map_err(|_| status(&super::list::unreadable()))?)
        }
        None => None,
    };
    Ok(Read { shown, before })
}

/// What names the call is made without the proof, so that no hash of it is kept.
fn call<Q: Message>(v: &mut Violations, method: &'static str, id: &str, without_proof: &Q) -> Option<RequestKey> {
    key(v, method, id, without_proof)
}

pub(in crate::grpc) fn say_public(
    request: &pb::AddPublicMessageRequest,
) -> Result<(Shown, Body, RequestKey), Violations> {
    let mut v = Violations::new();
    let shown = both(&mut v, &request.tracking_key, &request.proof);
    let text = v.check("text", request.text.parse::<Body>());
    let bare = pb::AddPublicMessageRequest { proof: String::new(), ..request.clone() };
    let key = call(&mut v, "AddPublicMessage", &request.request_id, &bare);
    let all = || Some((shown?, text?, key?));
    let all = all();
    whole(v, all)
}

pub(in crate::grpc) fn accept_public(
    request: &pb::AcceptPublicAnswerRequest,
) -> Result<(Shown, i64, RequestKey), Violations> {
    let mut v = Violations::new();
    let shown = both(&mut v, &request.tracking_key, &request.proof);
    let etag = etag(&mut v, &request.etag);
    let bare = pb::AcceptPublicAnswerRequest { proof: String::new(), ..request.clone() };
    let key = call(&mut v, "AcceptPublicAnswer", &request.request_id, &bare);
    let all = || Some((shown?, etag?, key?));
    let all = all();
    whole(v, all)
}

pub(in crate::grpc) fn object_public(
    request: &pb::ObjectToPublicAnswerRequest,
) -> Result<(Shown, (i64, Body), RequestKey), Violations> {
    let mut v = Violations::new();
    let shown = both(&mut v, &request.tracking_key, &request.proof);
    let text = v.check("text", request.text.parse::<Body>());
    let etag = etag(&mut v, &request.etag);
    let bare = pb::ObjectToPublicAnswerRequest { proof: String::new(), ..request.clone() };
    let key = call(&mut v, "ObjectToPublicAnswer", &request.request_id, &bare);
    let all = || Some((shown?, (etag?, text?), key?));
    let all = all();
    whole(v, all)
}

pub(in crate::grpc) fn survey_public(
    request: &pb::AnswerPublicSurveyRequest,
) -> Result<(Shown, (i64, Opinion), RequestKey), Violations> {
    let mut v = Violations::new();
    let shown = both(&mut v, &request.tracking_key, &request.proof);
    let answer = pb::SurveyAnswer {
        channel: Channel::Web.into(),
        csat: request.csat,
        nps: request.nps,
        ces: request.ces,
        causes: request.causes.clone(),
        verbatim: request.verbatim.clone(),
    };
    let opinion = opinion(&mut v, "", &answer);
    let etag = etag(&mut v, &request.etag);
    let bare = pb::AnswerPublicSurveyRequest { proof: String::new(), ..request.clone() };
    let key = call(&mut v, "AnswerPublicSurvey", &request.request_id, &bare);
    let all = || Some((shown?, (etag?, opinion?), key?));
    let all = all();
    whole(v, all)
}

pub(in crate::grpc) fn keypad(
    request: &pb::GetKeypadStatusRequest,
) -> Result<(KeypadKey, KeypadProof, Option<Language>), Violations> {
    let mut v = Violations::new();
    let key = v.check("key_digits", request.key_digits.parse());
    let proof = v.check("proof_digits", request.proof_digits.parse());
    let language = parse::language(&mut v, "language", request.language);
    whole(v, key.zip(proof).map(|(key, proof)| (key, proof, language)))
}
