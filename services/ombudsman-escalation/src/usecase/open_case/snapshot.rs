//! The ticket as the other services tell it at this moment: what the dossier keeps.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, ActorKind, Language, Personal, ResourceId as _, Violations};
use ombudsman_escalation_domain::admissibility::{FirmClock, FirmClockStands, FirmTerm};
use ombudsman_escalation_domain::case::ClaimPoint;
use ombudsman_escalation_domain::matter::Matter;
use ombudsman_escalation_domain::phrase::{Missed, Phrase};
use ombudsman_escalation_domain::vocabulary::{DossierKind, Visibility};
use ombudsman_escalation_domain::{CustomerId, TicketId};
use server::parse;
use server::{Call, PeerChannel, Peers};
use tonic::{Code, Status};
use ventanilla_proto::customer::v1 as customer;
use ventanilla_proto::customer::v1::customer_service_client::CustomerServiceClient;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::sla::v1::sla_service_client::SlaServiceClient;
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::ticketing::v1::relation_service_client::RelationServiceClient;
use ventanilla_proto::ticketing::v1::ticket_service_client::TicketServiceClient;

use crate::error::Failure;
use crate::usecase::{Paper, affair};

/// Largest page there is.
const PAGE: i32 = 100;
/// Messages at once: each may have a long text and twenty files.
const MESSAGES: i32 = 25;
/// Pages that are followed at most: an affair with more is a fault of the peer's paging.
const PAGES: usize = 200;
/// Clocks and screen are wanted, not needed: what is left of the caller's time belongs to the case.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the peers answered.
pub(super) struct Snapshot {
    pub(super) own: Told,
    /// The tickets that are answered with it, or it with them.
    others: Vec<Told>,
    /// Those of them that were brought before the office without it: they are heard there, or were.
    apart: BTreeSet<String>,
    clocks: Result<Vec<sla::ExplainClockResponse>, Code>,
    /// The customer as the firm's screen shows them now.
    screen: Result<Box<customer::CustomerView>, Code>,
}

/// All that ticketing tells of one ticket.
pub(super) struct Told {
    pub(super) ticket: ticketing::Ticket,
    /// The receipt that was given for it; none where none was.
    receipt: Option<ticketing::Receipt>,
    messages: ticketing::ListMessagesResponse,
    history: ticketing::ListTicketHistoryResponse,
}

impl Told {
    async fn of(client: &mut Tickets, name: &str) -> Result<Self, Status> {
        let ticket = client.get_ticket(ticketing::GetTicketRequest { name: name.to_owned() }).await?.into_inner();
        let receipt = client.get_receipt(ticketing::GetReceiptRequest { name: format!("{name}/receipt") }).await;
        let receipt = match receipt {
            Ok(given) => Some(given.into_inner()),
            Err(status) if status.code() == Code::NotFound => None,
            Err(status) => return Err(status),
        };
        Ok(Self { ticket, receipt, messages: messages(client, name).await?, history: history(client, name).await? })
    }

    /// The papers of one ticket: what the customer has of it too is for both parties, what the firm kept to itself is the office's to weigh.
    fn papers(&self, claimant: &str) -> Vec<Paper> {
        let office = Visibility::Office;
        // What is answered with the affair and is another customer's is theirs to read, and nobody else's.
        let parties = if self.ticket.customer == claimant { Visibility::Parties } else { office };
        let is_note = |message: &ticketing::Message| message.visibility() != ticketing::MessageVisibility::Public;
        let (notes, correspondence) = self.messages.messages.iter().cloned().partition(is_note);
        let page = |messages| ticketing::ListMessagesResponse { messages, next_page_token: String::new() };
        let papers = [
            Paper::message(DossierKind::TicketSnapshot, parties, &self.ticket),
            Paper::message(DossierKind::CorrespondenceSnapshot, parties, &page(correspondence)),
            Paper::message(DossierKind::MessagesSnapshot, office, &page(notes)),
            Paper::message(DossierKind::HistorySnapshot, office, &self.history),
        ];
        let receipt = self.receipt.iter().map(|receipt| Paper::message(DossierKind::ReceiptSnapshot, parties, receipt));
        papers.into_iter().chain(receipt).collect()
    }
}

impl Snapshot {
    /// Asks ticketing, which must answer, and sla-monitor and customer-profile, which may be down.
    pub(super) async fn take(peers: &Peers, call: &Call, ticket: TicketId) -> Result<Self, Failure> {
        let name = ticket.name();
        let channel = channel(peers, call, crate::TICKETING).map_err(|code| peer(crate::TICKETING, code))?;
        let mut client = TicketServiceClient::new(channel.clone());
        let own = Told::of(&mut client, &name).await.map_err(refused)?;
        let mut others = Vec::new();
        if !own.ticket.merged_into.is_empty() || own.ticket.merged_count > 0 {
            let mut relations = RelationServiceClient::new(channel);
            for other in affair::linked(&mut relations, &name, affair::ANSWERED_TOGETHER).await.map_err(refused)? {
                others.push(Told::of(&mut client, &other).await.map_err(refused)?);
            }
        }
        let subjects: Vec<&str> = of_one_claimant(&own, &others).map(|told| told.ticket.name.as_str()).collect();
        let (clocks, screen) = tokio::join!(
            patiently(clocks(peers, call, &subjects)),
            patiently(screen(peers, call, &own.ticket.customer))
        );
        Ok(Self { own, others, apart: BTreeSet::new(), clocks, screen })
    }

    /// The ticket, and those of the same customer that are answered with it and were not brought without it: one affair, which is brought as a whole, and again so.
    fn of_the_claimant(&self) -> impl Iterator<Item = &Told> {
        of_one_claimant(&self.own, &self.others).filter(|told| !self.apart.contains(&told.ticket.name))
    }

    /// What was brought before the office without this ticket is no part of what is brought now: its clocks are not either.
    pub(super) fn leave_apart(&mut self, brought: impl IntoIterator<Item = TicketId>) {
        let own = self.own.ticket.name.clone();
        self.apart = brought.into_iter().map(|ticket| ticket.name()).filter(|ticket| *ticket != own).collect();
        let apart = &self.apart;
        if let Ok(clocks) = &mut self.clocks {
            clocks.retain(|told| told.clock.as_ref().is_none_or(|clock| !apart.contains(&clock.subject)));
        }
    }

    /// The tickets of the affair that is brought, by name.
    pub(super) fn affair(&self) -> Result<Vec<TicketId>, Failure> {
        let ids = self.of_the_claimant().map(|told| TicketId::parse(&told.ticket.name));
        ids.collect::<Result<_, _>>().map_err(|_| Failure::PeerAnswer { peer: crate::TICKETING })
    }

    /// First presentation of any part of the affair at any door of the firm.
    pub(super) fn first_received(&self) -> Result<Timestamp, Failure> {
        let mut violations = Violations::new();
        let first = self
            .of_the_claimant()
            .map(|told| parse::time(&mut violations, "first_received_time", told.ticket.first_received_time.as_ref()));
        let first: Option<Vec<Timestamp>> = first.collect();
        first.and_then(|first| first.into_iter().min()).ok_or(Failure::PeerAnswer { peer: crate::TICKETING })
    }

    /// Whose affair it is.
    pub(super) fn customer(&self) -> Result<CustomerId, Failure> {
        CustomerId::parse(&self.own.ticket.customer).map_err(|_| Failure::PeerAnswer { peer: crate::TICKETING })
    }

    /// What it is about, as far as the ticket tells. A topic that is no motive is none.
    pub(super) fn matter(&self) -> Matter {
        let mut violations = Violations::new();
        let language = parse::language(&mut violations, "language", self.own.ticket.language);
        Matter { motive: self.own.ticket.topic.parse().ok(), language: language.unwrap_or(Language::Es), claimed: None }
    }

    /// The key by which the claimant follows the affair.
    pub(super) fn key(&self) -> Option<&str> {
        Some(self.own.ticket.tracking_key.as_str()).filter(|key| !key.is_empty())
    }

    /// Whether the firm has answered every point that it answers here.
    pub(super) fn answered(&self) -> bool {
        let mut own = self.points().peekable();
        own.peek().is_some() && own.all(|point| point.answer_time.is_some())
    }

    /// The claim points of the affair, but those that were split off and are answered elsewhere.
    fn points(&self) -> impl Iterator<Item = &ticketing::ClaimPoint> {
        self.of_the_claimant().flat_map(|told| &told.ticket.claim_points).filter(|point| point.moved_to.is_empty())
    }

    /// What is known of the firm's own terms to answer the affair, as sla-monitor counts them.
    ///
    /// # Errors
    /// How it did not answer; [`Code::Unavailable`] where it may not have heard of the ticket.
    pub(super) fn firm_term(&self, now: Timestamp) -> Result<FirmTerm, Code> {
        let mut violations = Violations::new();
        let clocks = self.clocks.as_ref().map_err(|code| *code)?;
        let told = clocks.iter().filter_map(|explained| explained.clock.as_ref());
        let ends = told.filter(|clock| clock.ends_with_answer).map(|clock| FirmClock {
            missed: clock.breached_time.is_some(),
            stands: match clock.state() {
                sla::ClockState::Running => {
                    FirmClockStands::Runs(parse::optional_time(&mut violations, "due_time", clock.due_time.as_ref()))
                }
                sla::ClockState::Paused | sla::ClockState::Scheduled => FirmClockStands::Still,
                _ => FirmClockStands::Over,
            },
        });
        let ends: Vec<FirmClock> = ends.collect();
        let created = parse::optional_time(&mut violations, "create_time", self.own.ticket.create_time.as_ref());
        let age = created.map_or(SignedDuration::MAX, |created| now.duration_since(created));
        FirmTerm::of(&ends, age).ok_or(Code::Unavailable)
    }

    /// What is claimed in the affair. Where two of its tickets call a point alike, the later one is named after those before it.
    pub(super) fn claim_points(&self) -> Vec<ClaimPoint> {
        let mut points: Vec<ClaimPoint> = Vec::new();
        for point in self.points() {
            // What was sent twice is claimed once.
            if points.iter().any(|before| before.text.expose().trim() == point.text.trim()) {
                continue;
            }
            let taken = |id: &str| points.iter().any(|before| before.id == id);
            let free = || (points.len() + 1..).map(|number| format!("p{number}")).find(|id| !taken(id));
            let id = if taken(&point.id) { free().unwrap_or_default() } else { point.id.clone() };
            points.push(ClaimPoint { id, text: Personal::new(point.text.clone()) });
        }
        points
    }

    /// Who acted on the ticket or on one that is answered with it, and when. The office's own marks on it involve nobody.
    pub(super) fn touches(&self) -> Vec<(Actor, Timestamp)> {
        let mut violations = Violations::new();
        let told = self.others.iter().chain([&self.own]);
        told.flat_map(|told| &told.history.changes)
            .filter_map(|change| {
                let actor = parse::actor(&mut violations, "actor", change.actor.as_ref())?;
                let at = parse::time(&mut violations, "occurred_time", change.occurred_time.as_ref())?;
                Some((actor, at))
            })
            .filter(|(actor, _)| actor.kind != ActorKind::Office)
            .collect()
    }

    /// Whether the screen is to be asked for again: customer-profile did not say that it does not know the customer, it said nothing.
    pub(super) fn lacks_the_screen(&self) -> bool {
        self.screen.as_ref().is_err_and(|code| *code != Code::NotFound)
    }

    /// The papers of the dossier, and a named gap for what could not be had.
    pub(super) fn papers(&self) -> Vec<Paper> {
        let (parties, claimant) = (Visibility::Parties, self.own.ticket.customer.as_str());
        let mut papers: Vec<Paper> =
            [&self.own].into_iter().chain(&self.others).flat_map(|told| told.papers(claimant)).collect();
        match &self.clocks {
            Ok(explained) => {
                papers.extend(explained.iter().map(|clock| Paper::message(DossierKind::ClocksSnapshot, parties, clock)))
            }
            Err(code) => {
                let told = Phrase::NoClocks(missed(*code)).text(self.matter().language);
                papers.push(Paper::text(DossierKind::Gap, parties, told));
            }
        }
        papers.push(match &self.screen {
            Ok(screen) => Paper::message(DossierKind::ScreenSnapshot, Visibility::Office, &**screen),
            Err(Code::NotFound) => screen_of_nobody(),
            Err(code) => Paper::text(
                DossierKind::Gap,
                Visibility::Office,
                format!(
                    "customer-profile: the customer as the screen shows them could not be had ({code:?}); who they were known as then is taken in once it answers"
                ),
            ),
        });
        papers
    }
}

/// The ticket, and of those that are answered with it the same customer's.
fn of_one_claimant<'a>(own: &'a Told, others: &'a [Told]) -> impl Iterator<Item = &'a Told> {
    let same = |told: &&Told| told.ticket.customer == own.ticket.customer;
    std::iter::once(own).chain(others.iter().filter(same))
}

/// That there is no screen to keep.
pub(crate) fn screen_of_nobody() -> Paper {
    Paper::text(DossierKind::Gap, Visibility::Office, "customer-profile: it knows no such customer, and shows none")
}

/// What a peer's refusal means to who reads that something is missing.
const fn missed(code: Code) -> Missed {
    match code {
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled => Missed::Silent,
        Code::NotFound => Missed::Unknown,
        Code::PermissionDenied | Code::Unauthenticated => Missed::Withheld,
        _ => Missed::Failed,
    }
}

/// The answer, or that it did not come in time.
async fn patiently<T>(asked: impl Future<Output = Result<T, Code>>) -> Result<T, Code> {
    tokio::time::timeout(PATIENCE, asked).await.unwrap_or(Err(Code::DeadlineExceeded))
}

fn channel(peers: &Peers, call: &Call, peer: &'static str) -> Result<PeerChannel, Code> {
    peers.channel(peer).map(|channel| channel.for_call(call)).map_err(|_| Code::Unavailable)
}

const fn peer(peer: &'static str, code: Code) -> Failure {
    Failure::Peer { peer, code }
}

/// What ticketing's refusal means here. Its own words are not passed on.
fn refused(status: Status) -> Failure {
    match status.code() {
        Code::NotFound => Failure::TicketNotFound,
        code => peer(crate::TICKETING, code),
    }
}

type Tickets = TicketServiceClient<PeerChannel>;

async fn messages(client: &mut Tickets, parent: &str) -> Result<ticketing::ListMessagesResponse, Status> {
    let mut all = ticketing::ListMessagesResponse::default();
    let mut page_token = String::new();
    for _ in 0..PAGES {
        let request = ticketing::ListMessagesRequest {
            parent: parent.to_owned(),
            page_size: MESSAGES,
            page_token,
            newest_first: false,
        };
        let page = client.list_messages(request).await?.into_inner();
        all.messages.extend(page.messages);
        if page.next_page_token.is_empty() {
            return Ok(all);
        }
        page_token = page.next_page_token;
    }
    Err(Status::out_of_range("pages without end"))
}

async fn history(client: &mut Tickets, name: &str) -> Result<ticketing::ListTicketHistoryResponse, Status> {
    let mut all = ticketing::ListTicketHistoryResponse::default();
    let mut page_token = String::new();
    for _ in 0..PAGES {
        let request = ticketing::ListTicketHistoryRequest { name: name.to_owned(), page_size: PAGE, page_token };
        let page = client.list_ticket_history(request).await?.into_inner();
        all.changes.extend(page.changes);
        if page.next_page_token.is_empty() {
            return Ok(all);
        }
        page_token = page.next_page_token;
    }
    Err(Status::out_of_range("pages without end"))
}

/// Every clock on these tickets with the proof of its due instant.
async fn clocks(peers: &Peers, call: &Call, subjects: &[&str]) -> Result<Vec<sla::ExplainClockResponse>, Code> {
    let mut client = SlaServiceClient::new(channel(peers, call, crate::SLA_MONITOR)?);
    let mut explained = Vec::new();
    for subject in subjects {
        explained.extend(clocks_of(&mut client, subject).await?);
    }
    Ok(explained)
}

async fn clocks_of(
    client: &mut SlaServiceClient<PeerChannel>,
    subject: &str,
) -> Result<Vec<sla::ExplainClockResponse>, Code> {
    let (mut explained, mut page_token) = (Vec::new(), String::new());
    for _ in 0..PAGES {
        let request =
            sla::ListClocksRequest { subject: subject.to_owned(), page_size: PAGE, page_token, ..Default::default() };
        let found = client.list_clocks(request).await.map_err(|status| status.code())?.into_inner();
        for clock in found.clocks {
            let request = sla::ExplainClockRequest { name: clock.name };
            explained.push(client.explain_clock(request).await.map_err(|status| status.code())?.into_inner());
        }
        page_token = found.next_page_token;
        if page_token.is_empty() {
            return Ok(explained);
        }
    }
    Err(Code::OutOfRange)
}

/// What the firm's own people see of the customer at this moment.
async fn screen(peers: &Peers, call: &Call, customer: &str) -> Result<Box<customer::CustomerView>, Code> {
    let mut client = CustomerServiceClient::new(channel(peers, call, crate::CUSTOMER_PROFILE)?);
    let request = customer::GetCustomerViewRequest { name: customer.to_owned() };
    let shown = client.get_customer_view(request).await.map_err(|status| status.code())?;
    Ok(Box::new(shown.into_inner()))
}
