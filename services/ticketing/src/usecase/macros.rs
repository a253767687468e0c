//! What is said and done often, kept under a name, and applied to an affair.

use kernel::{Channel, Violations};
use postgres::{RequestKey, StoreError};
use server::Call;
use ticketing_domain::{
    Body, Command, MacroId, Placeholder, Refusal, SlugId as _, Template, Texts, TicketId, Visibility, spelled,
};
use ventanilla_proto::ticketing::v1 as pb;

use super::Ticketing;
use super::change_tickets::Change;
use super::chronicle::Said;
use super::named::{EndOfNamed, Kind, NamedPage, NewNamed};
use super::team::called;
use super::transfer_ticket::refuse_silent;
use super::writing::{Begun, kept_answer};
use crate::Error;
use crate::grpc::{convert, present};
use crate::store::message::{Direction, Way};
use crate::store::named::Macros;
use crate::store::{Stored, public_status, ticket};

const MACROS: Kind<Macros, pb::Macro> =
    Kind { present: present::macro_, put: |entries, kept| entries.macro_put(kept), refusal: || Refusal::NotYours };

/// What a macro says and does.
#[derive(Debug, Clone)]
pub(crate) struct MacroContent {
    /// What it says; each text is a template.
    pub texts: Texts<5_000>,
    /// Who may read it.
    pub visibility: Visibility,
    /// It offers the customer something for sale.
    pub sales_offer: bool,
    /// What is done besides.
    pub change: Option<Change>,
}

/// What ApplyMacro is asked.
#[derive(Debug, Clone)]
pub(crate) struct MacroUse {
    /// Which.
    pub id: MacroId,
    /// In which affair.
    pub ticket: TicketId,
    /// What is said in place of its text.
    pub body: Option<Body>,
    /// What is known, for who takes over.
    pub known: Option<Body>,
    /// By which channel it goes to the customer; the one the affair came by where none is said.
    pub channel: Option<Channel>,
    /// The version of the affair that the caller decided on.
    pub etag: i64,
    /// The call.
    pub key: RequestKey,
}

impl Ticketing {
    /// Keeps a macro under a name, or changes it.
    #[tracing::instrument(name = "macro.put", skip_all, fields(macro.id = %new.id))]
    pub(crate) async fn put_macro(&self, call: &Call, new: NewNamed<MacroId, pb::Macro>) -> Result<pb::Macro, Error> {
        self.put_named(call, MACROS, new).await
    }

    /// One macro.
    #[tracing::instrument(name = "macro.get", skip_all, fields(macro.id = %id))]
    pub(crate) async fn get_macro(&self, id: &MacroId) -> Result<pb::Macro, Error> {
        Ok(present::macro_(&self.get_named::<Macros>(id).await?))
    }

    /// A page of macros, and the id of its last one when there are more.
    #[tracing::instrument(name = "macro.list", skip_all)]
    pub(crate) async fn list_macros(&self, page: &NamedPage) -> Result<(Vec<pb::Macro>, Option<String>), Error> {
        self.list_named(MACROS, page).await
    }

    /// Forgets a macro.
    #[tracing::instrument(name = "macro.delete", skip_all, fields(macro.id = %end.id))]
    pub(crate) async fn delete_macro(&self, call: &Call, end: EndOfNamed<MacroId>) -> Result<(), Error> {
        self.delete_named(call, MACROS, |entries, id| entries.macro_deleted(id), end).await
    }

    /// What a macro would say in an affair.
    #[tracing::instrument(name = "macro.preview", skip_all, fields(macro.id = %id, ticket.id = %ticket))]
    pub(crate) async fn preview_macro(
        &self,
        id: &MacroId,
        ticket: TicketId,
    ) -> Result<pb::PreviewMacroResponse, Error> {
        let content = self.macro_content(id).await?;
        let body = self.filled(&content, &self.affair(ticket).await?).await?;
        Ok(pb::PreviewMacroResponse { body: body.expose().to_owned() })
    }

    /// Says what a macro says, and does what it does.
    #[tracing::instrument(name = "macro.apply", skip_all, fields(macro.id = %asked.id, ticket.id = %asked.ticket))]
    pub(crate) async fn apply_macro(&self, call: &Call, asked: MacroUse) -> Result<pb::ApplyMacroResponse, Error> {
        let MacroUse { id, ticket, body, known, channel, etag, key } = asked;
        // What a retry would be filled in with may be another by now.
        if let Some(answer) = postgres::answered(&self.db, &key).await? {
            return kept_answer(&key, &answer);
        }
        // What an affair is filled in with is read before the change begins; the etag says that it is the same affair.
        let mut content = self.macro_content(&id).await?;
        hand_on(call, &mut content, known)?;
        let affair = self.affair(ticket).await?;
        let body = match body {
            Some(body) => body,
            None => self.filled(&content, &affair).await?,
        };
        let mut writing = match self.begin(call, key, ticket, Some(etag), None).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        let channel = channel.unwrap_or(affair.ticket.facts().channel);
        let to_customer = content.visibility == Visibility::Public;
        let said = Said {
            way: to_customer.then_some(Way { direction: Direction::Outbound, channel }),
            visibility: content.visibility,
            sales_offer: content.sales_offer,
            ..Said::note(body)
        };
        let message = writing.say(said, &self.policy).await?;
        match content.change {
            Some(Change::Transfer(over)) => {
                writing.refuse_unknown_owner(call, &over.to).await?;
                writing.hand_over(over, &self.policy).await?;
            }
            Some(Change::Hold { awaiting }) => {
                writing.take_on(call, self).await?;
                writing.chronicle.apply(Command::Hold { awaiting }, writing.moment, &self.policy)?;
            }
            Some(Change::Resume { reason }) => {
                writing.chronicle.apply(Command::Resume { reason }, writing.moment, &self.policy)?;
            }
            None => {}
        }
        let ticket = present::ticket(&writing.chronicle.stored);
        writing.finish(pb::ApplyMacroResponse { message: Some(message), ticket: Some(ticket) }).await
    }

    async fn macro_content(&self, id: &MacroId) -> Result<MacroContent, Error> {
        let kept = self.get_named::<Macros>(id).await?;
        let content = convert::macro_content(&mut Violations::new(), "", &kept.named.content);
        content.ok_or_else(|| StoreError::corrupt("macro", "said", id.as_str()).into())
    }

    async fn affair(&self, id: TicketId) -> Result<Stored, Error> {
        let found = ticket::get(self.db.reader(), id).await?.ok_or_else(|| Error::not_found(id.to_string()))?;
        if found.erased { Err(Refusal::TicketErased.into()) } else { Ok(found) }
    }

    /// What a macro says in an affair, in its customer's language where it has a text in it.
    async fn filled(&self, content: &MacroContent, affair: &Stored) -> Result<Body, Error> {
        let facts = affair.ticket.facts();
        let language = content.texts.language_for(facts.language);
        let status = public_status::status(self.db.reader(), facts.id).await?;
        let fill = |place: Placeholder| match place {
            Placeholder::TrackingKey => Some(facts.tracking_key.to_string()),
            Placeholder::Subject => Some(facts.subject.expose().to_owned()),
            Placeholder::Department => Some(called(&status.department_name, &status.department, language)),
            Placeholder::OwnerName => status.owner_name.clone(),
            Placeholder::Received => Some(spelled(facts.first_received, language)),
            Placeholder::AnswerDue => status.term.and_then(|term| term.due).map(|due| spelled(due, language)),
        };
        let template = content.texts.told_in(language).expose().parse::<Template>();
        let template = template.map_err(|_| StoreError::corrupt("macro", "said", ""))?;
        let text = template.fill(fill).map_err(|placeholder| Refusal::MacroLacks { placeholder })?;
        let mut v = Violations::new();
        let body = v.check("body", text.parse::<Body>());
        body.ok_or(Error::Invalid(v))
    }
}

/// Puts what is known into what a macro does. What is not said to the customer is said to who takes over; one that speaks to the customer alone would hand the
/// affair on in silence.
fn hand_on(call: &Call, content: &mut MacroContent, known: Option<Body>) -> Result<(), Violations> {
    match &mut content.change {
        Some(Change::Transfer(over)) => {
            over.known = known;
            if content.visibility == Visibility::Public { refuse_silent(call, over) } else { Ok(()) }
        }
        _ if known.is_some() => {
            let mut violations = Violations::new();
            violations.push("handover", "is for a macro that hands the affair on");
            violations.into_result()
        }
        _ => Ok(()),
    }
}
