//! A scene with one affair in full swing, and the means to find out whether bad calls left a trace.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use kernel::Role;
use prost::Message as _;
use prost_reflect::{DynamicMessage, MethodDescriptor};
use sqlx::PgPool;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};
use ventanilla_proto::MethodPolicy;
use ventanilla_proto::ombudsman::v1::ListOfficeMembersRequest;
use ventanilla_proto::sla::v1::ListClocksRequest;
use ventanilla_proto::r#type::v1::Refusal;
use ventanilla_proto::webhook::v1::ListDeliveriesRequest;

use super::affair::Affair;
use super::caller::{Clients, Transport, reason, violations};
use super::fingerprint::{self, Fingerprint};
use super::hostile::{self, Facts, Path};
use super::people::Person;
use super::services::Service;
use super::{Scene, raw};
use crate::contract;

/// How long the affair may take to reach every service.
const LIMIT: Duration = Duration::from_secs(30);

/// Bad calls on a scene, and what went wrong with their refusal.
pub struct Trial {
    /// Where it takes place.
    pub scene: Scene,
    /// Plausible values, from the affair that is there.
    pub facts: Facts,
    /// What the affair made, by type of resource.
    pub resources: BTreeMap<&'static str, String>,
    /// The database's owner.
    pub admin: PgPool,
    /// Somebody of each role.
    pub people: BTreeMap<Role, Clients>,
    before: Fingerprint,
    denied_before: BTreeMap<Service, i64>,
    failures: Vec<String>,
}

impl Trial {
    /// Plays an affair as far as an open case, waits until nothing moves, and takes the fingerprint.
    ///
    /// # Panics
    /// When the affair cannot be played.
    pub async fn begin() -> Self {
        let scene = Scene::fresh().await;
        let resources = play(&scene).await.unwrap_or_else(|status| panic!("no affair: {status:?}"));
        let admin = scene.admin().await;
        fingerprint::settled(&admin, LIMIT).await;
        let before = fingerprint::take(&admin).await.expect("the database answers");
        let mut denied_before = BTreeMap::new();
        for service in Service::ALL {
            denied_before.insert(service, fingerprint::denials(&admin, service).await.expect("the database answers"));
        }
        let people = Role::ALL.iter().map(|role| (*role, scene.role(*role))).collect();
        let ambient = scene.ambient.clone();
        let known = resources.clone();
        let facts = Facts {
            now: scene.ambient.now().as_second(),
            uuid: Box::new(move || ambient.uuid(ambient.now()).to_string()),
            resource: Box::new(move |kind| known.get(kind).cloned()),
        };
        Self { scene, facts, resources, admin, people, before, denied_before, failures: Vec::new() }
    }

    /// Notes what went wrong, when something did.
    pub fn expect(&mut self, what: &str, outcome: Result<(), String>) {
        if let Err(wrong) = outcome {
            self.failures.push(format!("{what}: {wrong}"));
        }
    }

    /// Denials a service has written since the beginning.
    ///
    /// # Panics
    /// When the database is gone.
    pub async fn denials(&self, service: Service) -> i64 {
        fingerprint::denials(&self.admin, service).await.expect("the database answers") - self.denied_before[&service]
    }

    /// Ends the trial: every failure at once, those that wrote included.
    ///
    /// # Panics
    /// When there was a failure, or something was written.
    pub async fn end(mut self) {
        self.look().await;
        self.judge();
    }

    /// Notes what was written since the beginning, of which there should be nothing.
    ///
    /// # Panics
    /// When the database is gone.
    pub async fn look(&mut self) {
        fingerprint::settled(&self.admin, LIMIT).await;
        let after = fingerprint::take(&self.admin).await.expect("the database answers");
        let written = fingerprint::differences(&self.before, &after);
        self.failures.extend(written.into_iter().map(|line| format!("something was written to {line}")));
    }

    /// Ends a trial in which something may have been written since it was looked at.
    ///
    /// # Panics
    /// When there was a failure.
    pub fn judge(self) {
        assert!(self.failures.is_empty(), "{} failures:\n{}", self.failures.len(), self.failures.join("\n"));
    }

    /// Where a method is served, with the connection of somebody who may call it.
    pub fn allowed(&self, method: &MethodDescriptor) -> Vec<Transport> {
        let policy = policy(method);
        let caller = match policy.roles.first() {
            Some(role) => self.people[&role.parse::<Role>().expect("policies name roles")].clone(),
            None => self.scene.stranger(),
        };
        services(method).into_iter().map(|service| caller.transport(service)).collect()
    }

    /// Sends the request wherever the method is served, as somebody who may, and notes what is wrong
    /// with each answer. To a stream it is all that is said; its answer is the first message, or what that refuses.
    pub async fn send(
        &mut self,
        what: &str,
        method: &MethodDescriptor,
        request: &DynamicMessage,
        judge: impl Fn(Result<Vec<u8>, Status>) -> Result<(), String>,
    ) {
        for transport in self.allowed(method) {
            let answer = answer(&transport, method, request.encode_to_vec()).await;
            self.expect(&format!("{} with {what}", method.name()), judge(answer));
        }
    }

    /// The request nothing is wrong with.
    pub fn plausible(&self, method: &MethodDescriptor, also: Option<&Path>) -> DynamicMessage {
        hostile::plausible(method, &self.facts, also)
    }
}

/// The affair: what it made, by type of resource.
async fn play(scene: &Scene) -> Result<BTreeMap<&'static str, String>, Status> {
    let affair = Affair::of(scene, Person::numbered(41_000_001));
    let subscription = affair.be_listened_to().await?;
    let record = affair.arrive().await?;
    let proposal = affair.be_taken_for_another().await?;
    let review = affair.review_rules().await?;
    let interaction = affair.talk(&record.customer).await?;
    let action = affair.weigh_on(&record.customer).await?;
    let opened = affair.complain(&record.customer, &interaction.name).await?;
    let (ticket, tracking_key, proof) = (opened.ticket.unwrap_or_default(), opened.tracking_key, opened.proof);
    let promise = affair.work(&ticket).await?;
    let (survey, asked) = affair.be_answered_at_once(&record.customer).await?;
    let agent = affair.be_hired().await?;
    let incident = affair.be_one_of_many(&ticket.name).await?;
    let worked = affair.be_worked_on(&ticket.name).await?;
    // Who is tried with bad calls has a draft of their own.
    let draft = affair.be_drafted(&ticket.name, &scene.role(Role::Agent), "scene-agent").await?;
    let view = affair.be_looked_for().await?;
    let policy = affair.be_measured().await?;
    let evaluation = affair.be_evaluated().await?;
    let link = affair.be_taken_apart(&ticket.name).await?;
    affair.appoint().await?;
    let case = affair.bring(&ticket.name).await?;
    let case = affair.admit(&case).await?;
    let office_code = affair.code_of(&case.name).await?;
    let members = affair.cast.ombudsman.house.clone().list_office_members(ListOfficeMembersRequest::default()).await?;
    let member = members.into_inner().members.into_iter().next().unwrap_or_default();
    let list = ListClocksRequest { subject: ticket.name.clone(), ..ListClocksRequest::default() };
    let clock = testkit::eventually(LIMIT, || {
        let (mut clocks, list) = (affair.cast.agent.clocks.clone(), list.clone());
        async move {
            let answer = clocks.list_clocks(list).await.map_err(|status| status.to_string())?;
            answer.into_inner().clocks.into_iter().next().ok_or_else(|| "no clock yet".to_owned())
        }
    })
    .await;
    let list = ListDeliveriesRequest { parent: subscription.clone(), ..ListDeliveriesRequest::default() };
    let delivery = testkit::eventually(LIMIT, || {
        let (mut listener, list) = (scene.role(Role::Sre).webhooks, list.clone());
        async move {
            let answer = listener.list_deliveries(list).await.map_err(|status| status.to_string())?;
            answer.into_inner().deliveries.into_iter().next().ok_or_else(|| "no delivery yet".to_owned())
        }
    })
    .await;
    // The office follows too; a fingerprint must not be taken while it still hears of the case.
    Ok(BTreeMap::from([
        ("Customer", record.customer),
        ("Subscription", subscription),
        ("Delivery", delivery.name),
        ("SourceRecord", record.name),
        ("MatchProposal", proposal.name),
        ("RulesReview", review.name),
        ("Interaction", interaction.name),
        ("NextAction", action.name),
        ("Survey", survey.name),
        ("Agent", agent.name),
        ("Queue", "queues/billing".to_owned()),
        ("Incident", incident.name),
        ("TicketLink", link.name),
        ("Scan", worked.scan.name),
        ("Mention", worked.mention.name),
        ("Draft", draft.name),
        ("Macro", worked.kept.name),
        ("RootCause", worked.cause.name),
        ("CharacteristicSet", worked.known_by.name),
        ("RedressItem", worked.item.name),
        ("Redress", worked.redress.name),
        ("NoticeTemplate", worked.notice.name),
        // None was written: nothing here was about to be broken.
        ("Notice", format!("{}/notices/0190a000-0000-7000-8000-0000000000f0", ticket.name)),
        ("Article", worked.article.name),
        ("Citation", worked.citation.name),
        ("View", view.name),
        ("Process", "processes/standard".to_owned()),
        ("TicketCourse", format!("{}/course", ticket.name)),
        ("Ticket", ticket.name),
        // No resources: what customers show of an affair.
        ("TrackingKey", tracking_key),
        ("Proof", proof),
        ("AskedTrackingKey", asked.tracking_key),
        ("AskedProof", asked.proof),
        ("OfficeCode", office_code),
        ("Promise", promise.name),
        ("Decision", format!("{}/decision", case.name)),
        ("Procedure", format!("{}/procedure", case.name)),
        // Nothing was decided yet, so that nothing is owed.
        ("Obligation", format!("{}/obligations/1", case.name)),
        // None was made: what the office recommends is asked for by no call.
        ("Recommendation", "recommendations/0190a000-0000-7000-8000-0000000000f1".to_owned()),
        ("Case", case.name),
        ("OfficeMember", member.name),
        ("Policy", policy.name),
        // None was recorded.
        ("CallExplanation", "telephoneSystems/pbx/calls/call-1".to_owned()),
        ("Evaluation", evaluation.name),
        ("Calendar", clock.calendar),
        ("Clock", clock.name),
    ]))
}

/// What comes of one message.
async fn answer(transport: &Transport, method: &MethodDescriptor, body: Vec<u8>) -> Result<Vec<u8>, Status> {
    let path = policy(method).path;
    if !method.is_server_streaming() {
        return raw::unary(transport, path, body).await;
    }
    // Who is told something for each message is told so to the last one, and the stream ends.
    let first = raw::first_word(transport, path, body, !method.is_client_streaming()).await?;
    match refusal_in(method, &first) {
        Some(refusal) => Err(as_by_itself(&refusal)),
        None => Ok(first),
    }
}

/// The refusal that a message of a stream holds.
fn refusal_in(method: &MethodDescriptor, message: &[u8]) -> Option<Refusal> {
    let message = DynamicMessage::decode(method.output(), message).expect("the service answers in its own words");
    let field = method.output().get_field_by_name("refusal")?;
    if !message.has_field(&field) {
        return None;
    }
    Some(message.get_field(&field).as_message()?.transcode_to().expect("a refusal"))
}

/// The status that a call by itself would have been refused with.
fn as_by_itself(refusal: &Refusal) -> Status {
    let mut details = ErrorDetails::new();
    details.set_error_info(refusal.reason.clone(), "", HashMap::new());
    for violation in &refusal.violations {
        details.add_bad_request_violation(violation.field.clone(), violation.description.clone());
    }
    Status::with_error_details(Code::from_i32(refusal.code), refusal.message.clone(), details)
}

/// The policy of a method.
///
/// # Panics
/// Never: the build refuses a method without one.
pub fn policy(method: &MethodDescriptor) -> &'static MethodPolicy {
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    ventanilla_proto::policy_of(&path).expect("the build refuses a method without a policy")
}

/// Where a method is served: one service, or all of them.
pub fn services(method: &MethodDescriptor) -> Vec<Service> {
    match method.parent_service().package_name() {
        "ventanilla.rights.v1" => Service::HOLDERS.to_vec(),
        package => Service::of_package(package).map_or(Service::ALL.to_vec(), |one| vec![one]),
    }
}

/// Every method of the contract.
pub fn every_method() -> Vec<MethodDescriptor> {
    hostile::methods(&contract::current())
}

/// Every method of the contract that is called once and answers once.
pub fn unary_methods() -> Vec<MethodDescriptor> {
    every_method().into_iter().filter(|m| !m.is_server_streaming()).collect()
}

/// Whether the answer is INVALID_ARGUMENT and names every one of these fields.
///
/// # Errors
/// What it is instead.
pub fn names_fields<'a>(
    answer: Result<Vec<u8>, Status>,
    fields: impl IntoIterator<Item = &'a Path>,
) -> Result<(), String> {
    let status = refused(answer)?;
    if status.code() != Code::InvalidArgument {
        return Err(told(&status));
    }
    let named = violations(&status);
    let missing: Vec<String> =
        fields.into_iter().filter(|path| !named.iter().any(|name| path.is_named_by(name))).map(Path::text).collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(format!("does not name {missing:?}, only {named:?} ({})", reason(&status)))
    }
}

/// The refusal, or that there was none.
///
/// # Errors
/// When the call was answered.
pub fn refused(answer: Result<Vec<u8>, Status>) -> Result<Status, String> {
    match answer {
        Ok(answer) => Err(format!("was answered with {} bytes", answer.len())),
        Err(status) => Ok(status),
    }
}

/// Whether the refusal has this code and reason.
///
/// # Errors
/// What it has instead.
pub fn is(answer: Result<Vec<u8>, Status>, code: Code, because: &str) -> Result<(), String> {
    let status = refused(answer)?;
    if status.code() == code && reason(&status) == because { Ok(()) } else { Err(told(&status)) }
}

/// A status in one line.
pub fn told(status: &Status) -> String {
    format!("{:?} {} ({:?})", status.code(), reason(status), status.message())
}
