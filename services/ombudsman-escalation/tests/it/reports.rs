//! The yearly report: its figures counted once more by a client, what the public is told, and the report as files.

use std::collections::BTreeMap;

use kernel::Role;
use tonic::Code;
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::ombudsman::v1::ReportTable as T;
use ventanilla_proto::r#type::v1::{Language, Money};

use crate::docket::{Brought, DOUBLE, NOT_UPHELD, PARTLY, UPHELD};
use crate::world::{World, fields, fresh_id, reason};

type Figures = BTreeMap<(T, String), (i64, Option<i64>)>;

/// Where the test left each case: where it stands, and what its decision came to.
type Left = BTreeMap<String, (&'static str, Option<&'static str>)>;

/// A year of an office, in which something of everything happened.
async fn a_year(world: &World) -> Left {
    let mut cases = Vec::new();
    let claims = [
        "La comisión de la hipoteca subió",
        "El seguro no cubrió la avería",
        "La transferencia tardó un mes",
        "El recibo se giró antes",
    ];
    for (number, claim) in (0..).zip(claims) {
        let brought =
            Brought { customer: 30 + number, topic: ["billing", "cards", "", "billing"][usize::from(number)], claim };
        let outcome = [UPHELD, NOT_UPHELD, PARTLY, UPHELD][usize::from(number)];
        let name = world.bring_to_draft(brought).await;
        world.days(i64::from(number) * 3 + 2);
        let mut request = world.decision_of(&name, outcome, "el asunto").await;
        if outcome != NOT_UPHELD {
            let minor_units = 1_000 * (i64::from(number) + 1);
            request.points[0].redress_amount = Some(Money { currency_code: "EUR".into(), minor_units });
        }
        request.precedents = world.answered(&name, outcome).await;
        world.elena().issue_decision(request).await.unwrap();
        cases.push(name);
    }
    // Alike in all that is counted, so that what they are given is added up.
    for alike in [&cases[0], &cases[3]] {
        world.notify(alike).await;
        world.put_away(alike).await;
    }
    world.notify(&cases[1]).await;
    let complied = ("closed/complied", Some("complied"));
    let left = [complied, ("notified", Some("notified")), ("decided", Some("decided")), complied];
    let mut left: Left = cases.into_iter().zip(left).collect();
    for (customer, claimed) in [(1, 12_345), (2, 55)] {
        let open = world.bring(DOUBLE.of(customer)).await;
        world.classify(&open, "billing", Some((claimed, "EUR"))).await.unwrap();
        left.insert(open, ("registered", None));
    }
    let admitted = world.bring(DOUBLE.of(40)).await;
    world.admit(&admitted).await.unwrap();
    let stopped = world.bring(DOUBLE.of(41)).await;
    let etag = world.etag(&stopped).await;
    let statement = "I do not want it any more".into();
    let request = pb::WithdrawCaseRequest { name: stopped.clone(), etag, statement, request_id: fresh_id() };
    world.ines().withdraw_case(request).await.unwrap();
    let refused = world.bring(DOUBLE.of(42)).await;
    let request = pb::RequestCureRequest {
        name: refused.clone(),
        etag: world.etag(&refused).await,
        items: vec![pb::MissingItem::Documents.into()],
        explanation: "the statement of the account is missing".into(),
        request_id: fresh_id(),
    };
    world.ines().request_cure(request).await.unwrap();
    world.days(11);
    let request = pb::RefuseCaseRequest {
        name: refused.clone(),
        etag: world.etag(&refused).await,
        ground: pb::InadmissibilityGround::EssentialDataMissing.into(),
        reasons: "the statement did not come".into(),
        signpost: "the courts".into(),
        request_id: fresh_id(),
    };
    world.elena().refuse_case(request).await.unwrap();
    left.extend([
        (admitted, ("admitted", None)),
        (stopped, ("withdrawn", None)),
        (refused, ("archived_uncured", None)),
    ]);
    left
}

async fn report(world: &World, audience: pb::ReportAudience, regime: &str) -> pb::YearlyReport {
    let request = pb::GetYearlyReportRequest { year: 2026, regime: regime.into(), audience: audience.into() };
    world.reports().get_yearly_report(request).await.unwrap().into_inner()
}

fn figures(report: &pb::YearlyReport) -> Figures {
    let told = |line: &pb::ReportLine| {
        ((line.table(), line.key.clone()), (line.count.expect("the board is told"), line.total_minor_units))
    };
    report.lines.iter().map(told).collect()
}

/// Every case and decision, read one by one as a client reads them; what became of them is what was done.
async fn recount(world: &World, left: &Left) -> Figures {
    let mut counted = Figures::new();
    for total in [T::Received, T::Motive, T::Claimed, T::State, T::Recurrence] {
        counted.insert((total, String::new()), (0, None));
    }
    for total in [T::Outcome, T::Redress, T::Term, T::Compliance, T::OutcomeByMotive, T::Binding, T::Precedent] {
        counted.insert((total, String::new()), (0, None));
    }
    let mut add = |table: T, key: &str, amount: Option<i64>| {
        let (count, sum) = counted.entry((table, key.to_owned())).or_default();
        *count += 1;
        if let Some(amount) = amount {
            *sum = Some(sum.unwrap_or_default() + amount);
        }
    };
    let mut page_token = String::new();
    loop {
        let request = pb::ListCasesRequest { page_size: 3, page_token, ..Default::default() };
        let page = world.ines().list_cases(request).await.unwrap().into_inner();
        for case in page.cases {
            let (state, came_to) = left[&case.name];
            let matter = case.matter.clone().unwrap_or_default();
            let motive = if matter.motive.is_empty() { "unclassified" } else { &matter.motive };
            let refused = matches!(case.state(), pb::CaseState::Inadmissible | pb::CaseState::ArchivedUncured);
            let course = match case.state() {
                _ if refused => "refused",
                pb::CaseState::Withdrawn => "withdrawn",
                pb::CaseState::Registered | pb::CaseState::NeedsCure => "pending",
                _ => "admitted",
            };
            for (table, key) in [(T::Received, course), (T::Motive, motive), (T::State, state)] {
                add(table, "", None);
                add(table, key, None);
            }
            add(T::Claimed, "", None);
            match &matter.claimed_amount {
                Some(claimed) => add(T::Claimed, &claimed.currency_code, Some(claimed.minor_units)),
                None => add(T::Claimed, "none", None),
            }
            if refused {
                let ground = case.refusal.unwrap().ground();
                let ground = ground.as_str_name().trim_start_matches("INADMISSIBILITY_GROUND_").to_lowercase();
                add(T::RefusalGround, "", None);
                add(T::RefusalGround, &ground, None);
            }
            if case.decision.is_empty() {
                continue;
            }
            let request = pb::GetDecisionRequest { name: case.decision };
            let decision = world.elena().get_decision(request).await.unwrap().into_inner();
            let outcome = decision.outcome().as_str_name().trim_start_matches("DECISION_OUTCOME_").to_lowercase();
            let departs = decision.precedents.iter().any(|one| !one.departure_reason.is_empty());
            for (table, key) in [
                (T::Outcome, outcome.as_str()),
                (T::OutcomeByMotive, &format!("{motive}/{outcome}")),
                (T::Compliance, came_to.expect("it was decided")),
                (T::Binding, if decision.binding { "binding" } else { "not_binding" }),
                (T::Precedent, if departs { "departs" } else { "follows" }),
                // Nobody counts terms here.
                (T::Term, "unknown"),
            ] {
                add(table, "", None);
                add(table, key, None);
            }
            add(T::Redress, "", None);
            match &decision.redress_amount {
                Some(paid) => add(T::Redress, &paid.currency_code, Some(paid.minor_units)),
                None => add(T::Redress, "none", None),
            }
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return counted;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_figure_is_what_a_client_counts_case_by_case_and_the_files_say_the_same() {
    let world = World::staffed().await;
    let left = a_year(&world).await;
    let told = report(&world, pb::ReportAudience::Board, "").await;
    let (figures, counted) = (figures(&told), recount(&world, &left).await);
    assert_eq!(figures, counted);
    assert_eq!(figures[&(T::Received, String::new())].0, 9);
    assert_eq!(figures[&(T::Redress, "EUR".to_owned())], (3, Some(8_000)));
    let days = told.lines.iter().find(|line| line.table() == T::Outcome && line.key.is_empty()).unwrap();
    assert_eq!((days.median_days, days.p90_days), (Some(5), Some(11)), "2, 5, 8 and 11 days");
    assert_eq!(self::figures(&report(&world, pb::ReportAudience::Board, "es.finance").await), figures);
    let other = report(&world, pb::ReportAudience::Board, "es.general").await;
    assert!(other.lines.iter().all(|line| line.count == Some(0)));

    // As comma-separated values, row by row.
    let csv = String::from_utf8(exported(&world, pb::ReportFormat::Csv).await).unwrap();
    let mut rows = csv.split("\r\n").skip(1).filter(|row| !row.is_empty());
    for line in &told.lines {
        let row: Vec<&str> = rows.next().unwrap().split(',').collect();
        let table = line.table().as_str_name().trim_start_matches("REPORT_TABLE_").to_lowercase();
        assert_eq!(
            (row[0], row[1], row[2]),
            (table.as_str(), line.key.as_str(), line.count.unwrap().to_string().as_str())
        );
    }
    // And of what they are: of which time, as of when, and what is in no sum.
    let about: Vec<&str> = rows.map(|row| row.split(',').nth(1).unwrap()).collect();
    assert_eq!(about, ["from", "to", "as_of", "sums"]);
    assert!(csv.contains("about,from,,,,,false,2025-12-31T23:00:00Z"), "{csv}");
    assert!(csv.contains("what was settled is in none"), "{csv}");
    let json: serde_json::Value = serde_json::from_slice(&exported(&world, pb::ReportFormat::Json).await).unwrap();
    assert_eq!(json["lines"].as_array().unwrap().len(), told.lines.len());
    assert_eq!((json["year"].as_i64(), json["audience"].as_str()), (Some(2026), Some("board")));
}

async fn exported(world: &World, format: pb::ReportFormat) -> Vec<u8> {
    let (audience, format) = (pb::ReportAudience::Board.into(), format.into());
    let request = pb::ExportYearlyReportRequest { year: 2026, regime: String::new(), audience, format };
    let mut parts = world.reports().export_yearly_report(request).await.unwrap().into_inner();
    let mut content = Vec::new();
    while let Some(part) = parts.message().await.unwrap() {
        content.extend(part.content);
    }
    content
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_public_is_told_nobody_and_the_board_what_the_office_says_in_general() {
    let world = World::staffed().await;
    let (case, decision) = world.bring_and_decide(DOUBLE, UPHELD).await;
    let open = world.bring(DOUBLE.of(9)).await;
    let mark = |name: &str, etag: String| pb::MarkLeadingDecisionRequest {
        name: name.to_owned(),
        etag,
        criterion: "=Una comisión se cobra una sola vez".into(),
        language: Language::Es.into(),
        request_id: fresh_id(),
    };
    let marked = mark(&case, world.etag(&case).await);
    let leading = world.precedents().mark_leading_decision(marked.clone()).await.unwrap().into_inner();
    assert_eq!(world.precedents().mark_leading_decision(marked).await.unwrap().into_inner(), leading);
    let again = world.precedents().mark_leading_decision(mark(&case, world.etag(&case).await)).await.unwrap_err();
    assert_eq!(reason(&again), (Code::AlreadyExists, "CRITERION_EXISTS".into()));
    let early = world.precedents().mark_leading_decision(mark(&open, world.etag(&open).await)).await.unwrap_err();
    assert_eq!(reason(&early), (Code::NotFound, "DECISION_NOT_FOUND".into()));
    let recommendation = pb::Recommendation {
        regime: "es.finance".into(),
        motive: "billing".into(),
        text: "Revisar el doble cargo".into(),
        language: Language::Es.into(),
        ..Default::default()
    };
    let request = pb::MakeRecommendationRequest { recommendation: Some(recommendation), request_id: fresh_id() };
    let made = world.reports().make_recommendation(request.clone()).await.unwrap().into_inner();
    assert_eq!(world.reports().make_recommendation(request).await.unwrap().into_inner(), made);
    assert_eq!(world.entries::<pb::RecommendationMade>().await.len(), 1);

    let board = report(&world, pb::ReportAudience::Board, "").await;
    assert_eq!((board.criteria.as_slice(), board.recommendations.as_slice()), (&[leading][..], &[made][..]));
    let csv = String::from_utf8(exported(&world, pb::ReportFormat::Csv).await).unwrap();
    assert!(csv.contains("'=Una comisión"), "no cell is a formula: {csv}");

    let asked = pb::GetYearlyReportRequest {
        year: 2026,
        regime: "es.finance".into(),
        audience: pb::ReportAudience::Public.into(),
    };
    let early = world.reports().get_yearly_report(asked).await.unwrap_err();
    assert_eq!(reason(&early), (Code::FailedPrecondition, "YEAR_NOT_OVER".into()));
    world.days(60);
    let public = report(&world, pb::ReportAudience::Public, "es.finance").await;
    assert!(public.lines.iter().all(|line| !line.count.is_some_and(|count| (1..5).contains(&count))), "{public:?}");
    assert!(public.lines.iter().any(|line| line.withheld));
    assert_eq!(public.criteria[0].criterion, "=Una comisión se cobra una sola vez");
    let said = format!("{public:?}");
    let id = decision.name.split('/').nth(1).unwrap();
    assert!(!said.contains(id) && !said.contains("elena"), "{said}");
    let all =
        pb::GetYearlyReportRequest { year: 1999, regime: String::new(), audience: pb::ReportAudience::Public.into() };
    let refused = world.reports().get_yearly_report(all).await.unwrap_err();
    assert_eq!(fields(&refused), ["year", "regime"]);
    let firm = ventanilla_proto::ombudsman::v1::report_service_client::ReportServiceClient::new(
        world.served.channel(Role::Supervisor),
    );
    let request =
        pb::GetYearlyReportRequest { year: 2026, regime: String::new(), audience: pb::ReportAudience::Board.into() };
    let refused = firm.clone().get_yearly_report(request).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::PermissionDenied, "ROLE_NOT_ALLOWED".into()));

    for (language, words) in [
        (
            Language::Es,
            ["Informe del defensor de la clientela al consejo, 2026", "estimadas: 1", "Revisar el doble cargo"],
        ),
        (Language::En, ["Report of the ombudsman to the board, 2026", "upheld: 1", "Recommendations"]),
    ] {
        let file = |format: pb::DocumentFormat| pb::GetYearlyReportDocumentRequest {
            year: 2026,
            regime: String::new(),
            audience: pb::ReportAudience::Board.into(),
            format: format.into(),
            language: language.into(),
        };
        let text =
            world.reports().get_yearly_report_document(file(pb::DocumentFormat::Text)).await.unwrap().into_inner();
        let text = String::from_utf8(text.content).unwrap();
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
        let pdf = world.reports().get_yearly_report_document(file(pb::DocumentFormat::Pdf)).await.unwrap().into_inner();
        assert_eq!((&pdf.content[..5], pdf.file_name.as_str()), (&b"%PDF-"[..], "report-2026-20270122.pdf"));
        let tag = format!("/Lang({})", if language == Language::Es { "es" } else { "en" });
        let spaced = tag.replace('(', " (");
        let holds = |part: &str| pdf.content.windows(part.len()).any(|window| window == part.as_bytes());
        assert!(holds(&tag) || holds(&spaced));
    }
}
