//! A filled form as the one call it stands for.

use http::StatusCode;
use jiff::Timestamp;
use jiff::civil::{Date, Time, time};
use jiff::tz::TimeZone;
use tonic::Status;
use ventanilla_proto::ombudsman::v1::{
    AddDossierEntryRequest, AdmitCaseRequest, AnswerDecisionRequest, AnswerOfferRequest, AssignCaseRequest, CaseMatter,
    ClaimPoint, ClassifyCaseRequest, CloseCaseRequest, CloseStayedCaseRequest, ComplianceOrder,
    ContinueByOwnInitiativeRequest, CorrectDecisionRequest, EndConciliationRequest, ExtendTermRequest,
    ForwardCaseRequest, GiveDisclosureRequest, MarkLeadingDecisionRequest, NotifyDecisionRequest,
    OrderComplianceRequest, ProposeInadmissibilityRequest, ReceiveCureRequest, RecommendRequest, RectifyCaseRequest,
    RecuseFromCaseRequest, RefuseCaseRequest, ReportOverdueRequest, RequestCureRequest, ResumeCaseRequest,
    ReviewCaseRequest, ReviewExecutionRequest, StartInvestigationRequest, StayCaseRequest, SubstituteSeatRequest,
    TellOfferRequest, WithdrawCaseRequest,
};
use web::Trouble;

use super::catalog::Step;
use super::values::Values;
use crate::money;
use crate::office::Office;

/// Why nothing was done.
pub(super) enum Unsent {
    /// A field cannot be read.
    Unreadable(Trouble),
    /// The office refused.
    Refused(Box<Status>),
}

impl From<Status> for Unsent {
    fn from(status: Status) -> Self {
        Self::Refused(Box::new(status))
    }
}

/// Builds the request and sends it; gives the name of the case to show next, which is another one after a review.
pub(super) async fn send(office: &Office, case: &str, step: Step, v: &Values) -> Result<String, Unsent> {
    let text = |field: &str| v.text(field).to_owned();
    let (name, etag, request_id) = (case.to_owned(), text("etag"), text("request_id"));
    let mut cases = office.cases();
    let mut procedure = office.procedure();
    let changed = match step {
        Step::Assign => {
            let (person, office_role) = (text("person"), v.number("office_role"));
            cases.assign_case(AssignCaseRequest { name, etag, person, office_role, request_id }).await?
        }
        Step::Recuse => {
            cases.recuse_from_case(RecuseFromCaseRequest { name, etag, cause: text("cause"), request_id }).await?
        }
        Step::Substitute => {
            let (office_role, person) =
                text("seat").split_once(' ').map(|(r, p)| (r.parse().unwrap_or(0), p.to_owned())).unwrap_or_default();
            let substitute = text("substitute");
            let request = SubstituteSeatRequest { name, etag, person, office_role, substitute, request_id };
            office.house().substitute_seat(request).await?
        }
        Step::Classify => {
            let claimed_amount = money::euros(v.text("claimed_amount")).map_err(|()| {
                unreadable("claimed_amount", "Escriba un importe como 30,50.", "Write an amount such as 30.50.")
            })?;
            let matter = Some(CaseMatter { motive: text("motive"), claimed_amount, ..CaseMatter::default() });
            office.precedents().classify_case(ClassifyCaseRequest { name, etag, matter, request_id }).await?
        }
        Step::RequestCure => {
            let (items, explanation) = (v.numbers("items"), text("explanation"));
            cases.request_cure(RequestCureRequest { name, etag, items, explanation, request_id }).await?
        }
        Step::ReceiveCure => cases.receive_cure(cure(name, etag, request_id, v, office.now)?).await?,
        Step::Admit => {
            let repetition_seen = v.is_yes("repetition_seen");
            cases.admit_case(AdmitCaseRequest { name, etag, request_id, repetition_seen }).await?
        }
        Step::ProposeInadmissibility => {
            let (ground, reasons) = (v.number("ground"), text("reasons"));
            let lines = v.text("repeats").lines().map(str::trim).filter(|line| !line.is_empty());
            // A number is taken by itself, as the page shows it, or as the contract names the case.
            let repeats = lines.map(|line| format!("cases/{}", line.trim_start_matches("cases/"))).collect();
            let request = ProposeInadmissibilityRequest { name, etag, ground, reasons, request_id, repeats };
            cases.propose_inadmissibility(request).await?
        }
        Step::Refuse => {
            let (ground, reasons, signpost) = (v.number("ground"), text("reasons"), text("signpost"));
            cases.refuse_case(RefuseCaseRequest { name, etag, ground, reasons, signpost, request_id }).await?
        }
        Step::Forward => {
            let (competent, reasons) = (text("competent"), text("reasons"));
            procedure.forward_case(ForwardCaseRequest { name, etag, competent, reasons, request_id }).await?
        }
        Step::AddEntry => {
            let request = AddDossierEntryRequest {
                parent: name,
                kind: v.number("kind"),
                visibility: v.number("visibility"),
                content_type: String::new(),
                content: text("content").into_bytes(),
                request_id,
                receive_time: came(v, office.now)?,
            };
            cases.add_dossier_entry(request).await?;
            return Ok(case.to_owned());
        }
        Step::StartInvestigation => {
            cases.start_investigation(StartInvestigationRequest { name, etag, request_id }).await?
        }
        Step::TellOffer => {
            let channel = v.number("channel");
            procedure.tell_offer(TellOfferRequest { name, etag, channel, request_id }).await?
        }
        Step::AnswerOffer => {
            let (accepted, statement) = (v.is_yes("accepted"), text("statement"));
            procedure.answer_offer(AnswerOfferRequest { name, etag, accepted, statement, request_id }).await?
        }
        Step::EndConciliation => {
            let reasons = text("reasons");
            procedure.end_conciliation(EndConciliationRequest { name, etag, reasons, request_id }).await?
        }
        Step::ExtendTerm => {
            procedure.extend_term(ExtendTermRequest { name, etag, reasons: text("reasons"), request_id }).await?
        }
        Step::Stay => {
            let proceedings = text("proceedings");
            procedure.stay_case(StayCaseRequest { name, etag, proceedings, request_id }).await?
        }
        Step::Resume => {
            let statement = text("statement");
            procedure.resume_case(ResumeCaseRequest { name, etag, statement, request_id }).await?
        }
        Step::CloseStayed => {
            let (reason, statement) = (v.number("reason"), text("statement"));
            procedure.close_stayed_case(CloseStayedCaseRequest { name, etag, reason, statement, request_id }).await?
        }
        Step::Withdraw => {
            cases.withdraw_case(WithdrawCaseRequest { name, etag, statement: text("statement"), request_id }).await?
        }
        Step::Rectify => {
            cases.rectify_case(RectifyCaseRequest { name, etag, proof: text("proof"), request_id }).await?
        }
        Step::OwnInitiative => {
            let request = ContinueByOwnInitiativeRequest { name, etag, reasons: text("reasons"), request_id };
            procedure.continue_by_own_initiative(request).await?
        }
        Step::Notify => {
            let channel = v.number("channel");
            cases.notify_decision(NotifyDecisionRequest { name, etag, channel, request_id }).await?
        }
        Step::AnswerDecision => {
            let (party, accepted, statement) = (v.number("party"), v.is_yes("accepted"), text("statement"));
            let request = AnswerDecisionRequest { name, etag, party, accepted, statement, request_id };
            procedure.answer_decision(request).await?
        }
        Step::OrderCompliance => {
            let orders = orders(v)?;
            procedure.order_compliance(OrderComplianceRequest { name, etag, orders, request_id }).await?
        }
        Step::Recommend => {
            let (recommendation, department) = (text("recommendation"), text("department"));
            let term_days = v.number("term_days");
            let request = RecommendRequest { name, etag, recommendation, department, term_days, request_id };
            procedure.recommend(request).await?
        }
        Step::ReviewExecution => {
            let (name, holds, reasons) = (text("obligation"), v.is_yes("holds"), text("reasons"));
            procedure.review_execution(ReviewExecutionRequest { name, etag, holds, reasons, request_id }).await?
        }
        Step::ReportOverdue => {
            procedure.report_overdue(ReportOverdueRequest { name, etag, report: text("report"), request_id }).await?
        }
        Step::CorrectDecision => {
            let request = CorrectDecisionRequest {
                name,
                etag,
                claim_point: text("claim_point"),
                text: v.number("text"),
                stood: text("stood"),
                stands: text("stands"),
                reason: text("reason"),
                request_id,
            };
            procedure.correct_decision(request).await?
        }
        Step::MarkCriterion => {
            let (criterion, language) = (text("criterion"), v.number("language"));
            let request = MarkLeadingDecisionRequest { name, etag, criterion, language, request_id };
            office.precedents().mark_leading_decision(request).await?;
            return Ok(case.to_owned());
        }
        Step::Disclose => {
            let language = v.number("language");
            office.house().give_disclosure(GiveDisclosureRequest { name, language, request_id }).await?;
            return Ok(case.to_owned());
        }
        Step::Review => {
            procedure.review_case(ReviewCaseRequest { name, etag, cause: text("cause"), request_id }).await?
        }
        Step::Close => cases.close_case(CloseCaseRequest { name, etag, request_id }).await?,
    };
    Ok(changed.into_inner().name)
}

fn unreadable(field: &str, es: &'static str, en: &'static str) -> Unsent {
    let trouble = Trouble::new(StatusCode::BAD_REQUEST).saying(
        "Hay algo que no se puede leer. No se ha cambiado nada.",
        "Something cannot be read. Nothing was changed.",
    );
    Unsent::Unreadable(trouble.naming(field, es, en))
}

fn cure(
    name: String,
    etag: String,
    request_id: String,
    v: &Values,
    now: Timestamp,
) -> Result<ReceiveCureRequest, Unsent> {
    let day = |field: &'static str, hour: i8| match v.text(field) {
        "" => Ok(None),
        day => on(day, time(hour, 0, 0, 0))
            .map(Some)
            .ok_or_else(|| unreadable(field, "Escriba un día como 2026-11-27.", "Write a day such as 2026-11-27.")),
    };
    let facts_time = day("facts_time", 12)?;
    let facts_known_time = day("facts_known_time", 13)?;
    let receive_time = came(v, now)?;
    let lines = v.text("claim_points").lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(ReceiveCureRequest {
        name,
        etag,
        parallel_proceedings: v.number("parallel_proceedings"),
        facts_time,
        claim_points: lines.map(|line| ClaimPoint { id: String::new(), text: line.to_owned() }).collect(),
        content: v.text("content").to_owned(),
        request_id,
        representation_proven: v.is_yes("representation_proven"),
        receive_time,
        facts_known_time,
    })
}

/// When something reached the office: at the hour that is said, and of what came on a day whenever on it; what came today came by now.
fn came(v: &Values, now: Timestamp) -> Result<Option<prost_types::Timestamp>, Unsent> {
    let (day, hour) = (v.text("receive_time"), v.text("receive_hour"));
    if day.is_empty() && hour.is_empty() {
        return Ok(None);
    }
    let hour_of_day: Option<Time> =
        match hour {
            "" => None,
            hour => Some(hour.parse().map_err(|_| {
                unreadable("receive_hour", "Escriba una hora como 09:30.", "Write an hour such as 09:30.")
            })?),
        };
    let came = on(day, hour_of_day.unwrap_or(time(23, 59, 59, 0))).ok_or_else(|| {
        unreadable("receive_time", "Escriba un día como 2026-11-27.", "Write a day such as 2026-11-27.")
    })?;
    // Of an hour that is to come the office says that it is.
    Ok(Some(came).filter(|came| hour_of_day.is_some() || came.seconds < now.as_second()))
}

/// Noon of that day in the house's zone: a day without an hour.
pub(crate) fn noon(day: &str) -> Option<prost_types::Timestamp> {
    on(day, time(12, 0, 0, 0))
}

fn on(day: &str, hour: Time) -> Option<prost_types::Timestamp> {
    let day: Date = day.parse().ok()?;
    let zone = TimeZone::get("Europe/Madrid").unwrap_or(TimeZone::UTC);
    let at = day.to_datetime(hour).to_zoned(zone).ok()?.timestamp();
    Some(prost_types::Timestamp { seconds: at.as_second(), nanos: 0 })
}

/// The orders of the points where a department was named.
fn orders(v: &Values) -> Result<Vec<ComplianceOrder>, Unsent> {
    let mut orders = Vec::new();
    for point in v.suffixes("department-") {
        let department = v.text(&format!("department-{point}")).to_owned();
        if department.is_empty() {
            continue;
        }
        let field = format!("term_days-{point}");
        let term_days = v.text(&field).parse().map_err(|_| {
            unreadable(&field, "Escriba cuántos días, de 1 a 365.", "Write how many days, from 1 to 365.")
        })?;
        orders.push(ComplianceOrder { claim_point: point, department, term_days });
    }
    Ok(orders)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_given_for_the_points_that_name_who_carries_them_out() {
        let typed = [("department-p1", ""), ("term_days-p1", ""), ("department-p2", "billing"), ("term_days-p2", "30")];
        let values = Values::new(typed.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
        let orders = orders(&values).unwrap_or_default();
        let told: Vec<_> =
            orders.iter().map(|o| (o.claim_point.as_str(), o.department.as_str(), o.term_days)).collect();
        assert_eq!(told, [("p2", "billing", 30)]);
    }

    #[test]
    fn what_came_counts_at_its_hour_or_whenever_on_its_day_and_what_came_today_by_now() {
        let now: Timestamp = "2026-11-27T10:00:00Z".parse().unwrap_or_default();
        let told = |day: &str, hour: &str| {
            let typed = [("receive_time", day), ("receive_hour", hour)];
            let values = Values::new(typed.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
            let at = came(&values, now).map_err(|_| ())?;
            Ok(at.map(|at| Timestamp::from_second(at.seconds).unwrap_or_default().to_string()))
        };
        let at = |text: &str| Ok::<_, ()>(Some(text.to_owned()));
        assert_eq!(told("", ""), Ok(None));
        assert_eq!(told("2026-11-26", ""), at("2026-11-26T22:59:59Z"));
        assert_eq!(told("2026-11-26", "09:30"), at("2026-11-26T08:30:00Z"));
        assert_eq!(told("2026-11-27", ""), Ok(None));
        assert_eq!(told("2026-11-27", "09:30"), at("2026-11-27T08:30:00Z"));
        assert_eq!(told("2026-11-27", "23:00"), at("2026-11-27T22:00:00Z"), "the office says that it is to come");
        assert_eq!([told("", "09:30"), told("26-11-2026", ""), told("2026-11-26", "9h")], [Err(()), Err(()), Err(())]);
    }

    #[test]
    fn a_day_is_noon_in_the_time_of_the_house() {
        assert_eq!(noon("2026-11-27").map(|at| at.seconds), Some(1_795_777_200));
        assert_eq!(noon("27-11-2026"), None);
    }
}
