//! A client that goes away.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use kernel::{Ambient, Role};
use uuid::Uuid;
use ventanilla_proto::customer::v1 as customer;

use super::Way;
use super::call::{Call, Clients, GENEROUS, Open, until_answered};
use crate::faults::dice::Dice;
use crate::faults::fleet::Fleet;
use crate::faults::journal::{Journal, Kind, Wish};
use crate::faults::load::{Settled, requests, settled};
use crate::faults::proxy::{Proxy, Through};
use crate::faults::service::Service;

/// What a run of cancelled calls left behind.
#[derive(Default)]
pub(super) struct Left {
    /// Calls that were cancelled, by way.
    pub(super) cancelled: BTreeMap<Way, usize>,
    /// Calls that were answered.
    pub(super) answered: usize,
    /// Calls whose outcome is open.
    pub(super) open: Vec<Open>,
    /// Answers that call a fault internal, and refusals: there should be none.
    pub(super) refused: Vec<String>,
}

/// A client that goes away in the middle of some of its calls.
pub(super) struct Goer {
    dice: Dice,
    percent: u64,
    ambient: Ambient,
    journal: Arc<Journal>,
    straight: Clients,
    through: Clients,
    proxies: [Proxy; 2],
    customer: String,
    ticket: String,
    /// A moving mean of how long answers take, so that random moments fall before, in and after the work.
    usual: Duration,
    pub(super) left: Left,
}

impl Goer {
    pub(super) async fn new(fleet: &Fleet, journal: Arc<Journal>, dice: Dice, percent: u64) -> anyhow::Result<Self> {
        let services = [Service::CustomerProfile, Service::Ticketing];
        let proxies = [
            Proxy::start(fleet.addr(services[0]), || Through).await?,
            Proxy::start(fleet.addr(services[1]), || Through).await?,
        ];
        let by = |proxy: &Proxy| fleet.keys().caller(&format!("http://{}", proxy.addr()), Role::Agent);
        let through = Clients::of(by(&proxies[0])?, by(&proxies[1])?);
        let straight = Clients::of(fleet.caller(services[0], Role::Agent)?, fleet.caller(services[1], Role::Agent)?);
        let mut goer = Self {
            dice,
            percent,
            ambient: Ambient::system(),
            journal,
            straight,
            through,
            proxies,
            customer: String::new(),
            ticket: String::new(),
            usual: Duration::from_millis(5),
            left: Left::default(),
        };
        goer.settle().await?;
        Ok(goer)
    }

    /// A customer and a ticket to talk about.
    async fn settle(&mut self) -> anyhow::Result<()> {
        let (wish, request_id) = self.wish(Kind::Record);
        let record = requests::record(&wish.mark, self.ambient.now());
        self.journal.asked(&wish, request_id)?;
        let request = requests::ingest(&record, request_id);
        let record = self.straight.profile.ingest_source_record(request).await?.into_inner();
        self.journal.acknowledged(&wish, request_id, &record.name)?;
        self.customer = record.own_customer;
        let (wish, request_id) = self.wish(Kind::Ticket);
        self.journal.asked(&wish, request_id)?;
        let request = requests::with_id(&requests::ticket(&self.customer, &wish.mark, true), request_id);
        let answer = self.straight.tickets.create_ticket(request).await?.into_inner();
        self.ticket = answer.ticket.unwrap_or_default().name;
        self.journal.acknowledged(&wish, request_id, &self.ticket)?;
        Ok(())
    }

    fn wish(&mut self, kind: Kind) -> (Wish, Uuid) {
        (Wish { kind, mark: format!("m_{}", self.dice.uuid().simple()) }, self.dice.uuid())
    }

    fn call(&self, wish: &Wish, request_id: Uuid, now: Timestamp) -> Call {
        fn under<M: requests::Mutation>(mut message: M, id: Uuid) -> M {
            message.set_request_id(id.to_string());
            message
        }
        match wish.kind {
            Kind::Record => {
                let record = Some(requests::record(&wish.mark, now));
                Call::Record(customer::IngestSourceRecordRequest { record, request_id: request_id.to_string() })
            }
            Kind::Interaction => {
                Call::Interaction(under(requests::interaction(&self.customer, &wish.mark, now), request_id))
            }
            Kind::Message => Call::Message(under(requests::message(&self.ticket, &wish.mark), request_id)),
            Kind::Promise => Call::Promise(under(requests::promise(&self.ticket, &wish.mark, now), request_id)),
            Kind::Ticket | Kind::Start | Kind::Transition | Kind::Case => {
                Call::Ticket(Box::new(under(requests::ticket(&self.customer, &wish.mark, false), request_id)))
            }
        }
    }

    /// One call, kept or cancelled; whether it was cancelled.
    pub(super) async fn step(&mut self) -> anyhow::Result<bool> {
        const KINDS: [Kind; 6] =
            [Kind::Ticket, Kind::Ticket, Kind::Message, Kind::Promise, Kind::Record, Kind::Interaction];
        let kind = self.dice.pick(&KINDS);
        let (wish, request_id) = self.wish(kind);
        let call = self.call(&wish, request_id, self.ambient.now());
        self.journal.asked(&wish, request_id)?;
        let began = Instant::now();
        if !self.dice.chance(self.percent) {
            // A busy house may say that storage is not available just now: a client asks again under the same id.
            let kept = Open { wish: wish.clone(), request_id, call };
            let resource = until_answered(&self.straight, &kept).await?;
            self.usual = (self.usual * 7 + began.elapsed()) / 8;
            self.answered(&wish, request_id, &resource)?;
            return Ok(false);
        }
        let way = self.dice.pick(&[Way::Drop, Way::Drop, Way::Deadline, Way::Deadline, Way::Reset]);
        let moment = self.dice.up_to(self.usual * 5 / 4);
        let answer = match way {
            Way::Drop => {
                let sent = self.straight.clone().send(call.clone(), GENEROUS);
                tokio::time::timeout(moment, sent).await.ok()
            }
            Way::Deadline => Some(self.straight.clone().send(call.clone(), moment).await),
            Way::Reset => {
                let sent = self.through.clone().send(call.clone(), GENEROUS);
                tokio::pin!(sent);
                tokio::select! {
                    answer = &mut sent => Some(answer),
                    () = tokio::time::sleep(moment) => {
                        self.proxies.iter().for_each(Proxy::cut_all);
                        Some(sent.await)
                    }
                }
            }
        };
        match answer {
            Some(Ok(resource)) => {
                self.answered(&wish, request_id, &resource)?;
                return Ok(false);
            }
            Some(Err(status)) if settled(&status) != Settled::Again => {
                self.left.refused.push(format!("{wish:?}: {:?} {}", status.code(), status.message()));
            }
            Some(Err(_)) | None => {}
        }
        *self.left.cancelled.entry(way).or_default() += 1;
        self.left.open.push(Open { wish, request_id, call });
        Ok(true)
    }

    fn answered(&mut self, wish: &Wish, request_id: Uuid, resource: &str) -> anyhow::Result<()> {
        self.left.answered += 1;
        self.journal.acknowledged(wish, request_id, resource)
    }
}
