//! Asking the services in the name of whoever looks at the page.

use axum::extract::FromRequestParts;
use http::request::Parts;
use jiff::Timestamp;
use server::{PeerChannel, Peers};
use ventanilla_proto::ombudsman::v1::house_service_client::HouseServiceClient;
use ventanilla_proto::ombudsman::v1::ombudsman_service_client::OmbudsmanServiceClient;
use ventanilla_proto::ombudsman::v1::precedent_service_client::PrecedentServiceClient;
use ventanilla_proto::ombudsman::v1::procedure_service_client::ProcedureServiceClient;
use ventanilla_proto::ombudsman::v1::report_service_client::ReportServiceClient;
use ventanilla_proto::ombudsman::v1::{Case, GetCaseRequest};
use ventanilla_proto::sla::v1::sla_service_client::SlaServiceClient;
use web::{Lang, Session, Trouble};

use crate::{State, wrong};

/// Somebody at the console, and the services as they see them.
#[derive(Clone)]
pub(crate) struct Office {
    pub(crate) session: Session,
    pub(crate) lang: Lang,
    pub(crate) now: Timestamp,
    state: State,
    office: PeerChannel,
    clocks: PeerChannel,
}

impl FromRequestParts<State> for Office {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Trouble> {
        let session = Session::from_request_parts(parts, state).await?;
        Self::of(session, state.clone())
    }
}

impl Office {
    fn of(session: Session, state: State) -> Result<Self, Trouble> {
        let office = session.channel(&state.peers, "ombudsman-escalation")?;
        let clocks = session.channel(&state.peers, "sla-monitor")?;
        let now = state.web.ambient().now();
        Ok(Self { lang: session.lang, now, session, state, office, clocks })
    }

    /// The same for what comes after the page was answered: with time of its own.
    pub(crate) fn renewed(&self) -> Self {
        Self::of(self.session.clone(), self.state.clone()).unwrap_or_else(|_| self.clone())
    }

    pub(crate) fn cases(&self) -> OmbudsmanServiceClient<PeerChannel> {
        // A dossier may hold whole histories.
        OmbudsmanServiceClient::new(self.office.clone()).max_decoding_message_size(32 * 1024 * 1024)
    }

    pub(crate) fn procedure(&self) -> ProcedureServiceClient<PeerChannel> {
        ProcedureServiceClient::new(self.office.clone())
    }

    pub(crate) fn precedents(&self) -> PrecedentServiceClient<PeerChannel> {
        PrecedentServiceClient::new(self.office.clone()).max_decoding_message_size(16 * 1024 * 1024)
    }

    pub(crate) fn reports(&self) -> ReportServiceClient<PeerChannel> {
        ReportServiceClient::new(self.office.clone()).max_decoding_message_size(16 * 1024 * 1024)
    }

    pub(crate) fn house(&self) -> HouseServiceClient<PeerChannel> {
        HouseServiceClient::new(self.office.clone())
    }

    pub(crate) fn clocks(&self) -> SlaServiceClient<PeerChannel> {
        SlaServiceClient::new(self.clocks.clone())
    }

    /// The case of this id.
    pub(crate) async fn case(&self, id: &str) -> Result<Case, Trouble> {
        let request = GetCaseRequest { name: name(id) };
        let answer = self.cases().get_case(request).await.map_err(|status| wrong::at_case(status, id))?;
        Ok(answer.into_inner())
    }

    /// The services.
    pub(crate) fn peers(&self) -> &Peers {
        &self.state.peers
    }

    /// A fresh id for a request that changes something: the form carries it, so that sending twice does nothing twice.
    pub(crate) fn request_id(&self) -> String {
        self.state.web.ambient().uuid(self.now).to_string()
    }
}

/// The name of the case with this id. What is no id is refused by the service.
pub(crate) fn name(id: &str) -> String {
    format!("cases/{id}")
}

/// The id in a name.
pub(crate) fn id(name: &str) -> &str {
    name.split('/').nth(1).unwrap_or_default()
}

/// What people call a case: its last characters, which differ from case to case.
pub(crate) fn short(name: &str) -> String {
    let id = id(name);
    let before = id.chars().count().saturating_sub(6);
    id.chars().skip(before).collect::<String>().to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_called_by_its_last_six_letters_whatever_they_are() {
        assert_eq!(short("cases/0190-abcdef/decision"), "ABCDEF");
        assert_eq!(short("cases/añoñéñíñ"), "OÑÉÑÍÑ");
        assert_eq!(short("cases/ab"), "AB");
        assert_eq!(short("cases"), "");
    }
}
