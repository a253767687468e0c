//! Yearly evaluations: what they say is what the measures say, they are kept as they were published, and their hashes are in the ledger.

use kernel::Role;
use prost_types::Timestamp as Wire;
use tonic::Code;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::r#type::v1::Language;

use crate::calls::{call, record, request};
use crate::world::{Ticket, World, at, clocks_that, fields, later, measures, reason, wire};

const DAY: i64 = 86_400_000;

fn uuid(world: &World) -> String {
    world.harness.surroundings.ambient.uuid(at("2026-01-01T00:00:00Z")).to_string()
}

fn name(year: i32) -> String {
    format!("evaluations/{year}")
}

/// A year of one affair a month, of which the one of March is late, and of three calls.
async fn a_year(world: &World, served: &testkit::Served) {
    let mut last = String::new();
    for month in 0..12 {
        let ticket = Ticket::incident(later(at("2025-01-10T09:00:00Z"), month * 30 * DAY));
        world.open(&ticket).await;
        world.resolve(&ticket, later(ticket.received, if month == 2 { 60 } else { 1 } * DAY)).await;
        last = ticket.name;
    }
    clocks_that(served, &last, |c| !c.is_empty() && c.iter().all(|c| c.settled_time.is_some())).await;
}

#[tokio::test]
async fn what_is_published_says_what_the_measures_say_and_is_never_changed() {
    let world = World::new().await;
    let mut settings = world.settings();
    settings.firm_name = "Aguas: de\nOro".to_owned();
    let served = world.start_with(settings).await;
    a_year(&world, &served).await;
    let mut client = measures(&served, Role::Supervisor);
    let preview =
        client.preview_evaluation(sla::PreviewEvaluationRequest { name: name(2025) }).await.unwrap().into_inner();
    assert_eq!((preview.version, preview.published_by.as_str()), (0, ""));
    let publish = sla::PublishEvaluationRequest { name: name(2025), request_id: uuid(&world), known_version: 0 };
    let first = client.publish_evaluation(publish.clone()).await.unwrap().into_inner();
    assert_eq!(client.publish_evaluation(publish).await.unwrap().into_inner(), first);
    assert_eq!((first.name.as_str(), first.version), ("evaluations/2025", 1));

    // The figures are those of the measures, of the year in Madrid.
    let (from, to) = (at("2024-12-31T23:00:00Z"), at("2025-12-31T23:00:00Z"));
    let (from_time, to_time): (Option<Wire>, Option<Wire>) = (Some(wire(from)), Some(wire(to)));
    let asked = sla::GetServiceParametersRequest { from_time, to_time, ..Default::default() };
    let told = client.get_service_parameters(asked).await.unwrap().into_inner();
    assert_eq!(first.parameters.as_ref().unwrap().parameters, told.parameters);
    let asked = sla::GetBoardRequest { from_time, to_time, ..Default::default() };
    let board = crate::world::client(&served, Role::Supervisor).get_board(asked).await.unwrap().into_inner();
    let kept = first.board.clone().unwrap();
    assert_eq!((kept.total, kept.by_month, kept.by_kind), (board.total.clone(), board.by_month, board.by_kind));
    let total = board.total.unwrap();
    assert!(total.breached_count > 0 && total.met_count > 0);

    // So are the texts: the share in hundredths of a percent, rounded down.
    let share = total.met_count * 10_000 / (total.met_count + total.breached_count);
    let spanish = format!(
        "Todos: a tiempo {},{:02} % ({} de {})",
        share / 100,
        share % 100,
        total.met_count,
        total.met_count + total.breached_count
    );
    assert!(first.text_es.contains(&spanish), "{spanish}\n{}", first.text_es);
    assert!(
        first
            .text_en
            .contains(&spanish.replace("Todos: a tiempo", "All: in time").replace(',', ".").replace(" de ", " of "))
    );
    assert!(first.text_es.contains("\nEmpresa: Aguas: de Oro\n") && first.text_en.contains("2025-03"));
    assert!(first.text_en.contains("Art. 17, Affairs resolved and answered within their legal term"));

    // Another version corrects it, and both are kept.
    let again = sla::PublishEvaluationRequest { name: name(2025), request_id: uuid(&world), known_version: 1 };
    let unknowing = sla::PublishEvaluationRequest { known_version: 0, request_id: uuid(&world), ..again.clone() };
    let refused = client.publish_evaluation(unknowing).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Aborted, "STALE_ETAG"));
    // Of two who correct the first at once, one does.
    let other = sla::PublishEvaluationRequest { request_id: uuid(&world), ..again.clone() };
    let (mut one, mut two) = (client.clone(), client.clone());
    let (one, two) = tokio::join!(one.publish_evaluation(again), two.publish_evaluation(other));
    let (second, refused) = match (one, two) {
        (Ok(second), Err(refused)) | (Err(refused), Ok(second)) => (second.into_inner(), refused),
        both => panic!("{both:?}"),
    };
    assert_eq!(refused.code(), Code::Aborted, "{refused:?}");
    assert_eq!(second.version, 2);
    let get = |version| sla::GetEvaluationRequest { name: name(2025), version };
    let mut agent = measures(&served, Role::Agent);
    assert_eq!(agent.get_evaluation(get(1)).await.unwrap().into_inner(), first);
    assert_eq!(agent.get_evaluation(get(0)).await.unwrap().into_inner(), second);
    for statement in [
        "update sla_monitor.evaluation set text_es = ''",
        "delete from sla_monitor.evaluation",
        "truncate sla_monitor.evaluation",
    ] {
        let refused = sqlx::query(statement).execute(&world.admin).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{refused}");
    }
    let published = world.told::<sla::EvaluationPublished>().await;
    let told: Vec<(i32, &[u8], &[u8])> = published
        .iter()
        .map(|t| (t.payload.version, t.payload.sha256_es.as_slice(), t.payload.sha256_en.as_slice()))
        .collect();
    assert_eq!(told, [(1, &*first.sha256_es, &*first.sha256_en), (2, &*second.sha256_es, &*second.sha256_en)]);

    // The document is made of the text; that what is put inside comes out again is tested where it is written.
    for (language, text) in [(Language::Unspecified, &first.text_es), (Language::En, &first.text_en)] {
        let asked = sla::GetEvaluationDocumentRequest { name: name(2025), version: 1, language: language.into() };
        let document = agent.get_evaluation_document(asked).await.unwrap().into_inner();
        assert!(document.content.starts_with(b"%PDF-") && document.media_type == "application/pdf");
        assert_eq!(
            document.file_name,
            format!("evaluation-2025-1-{}.pdf", if language == Language::En { "en" } else { "es" })
        );
        assert!(document.content.len() > text.len() / 4);
    }
}

#[tokio::test]
async fn a_year_that_goes_on_is_previewed_and_not_published() {
    let world = World::new().await;
    let served = world.start().await;
    record(&served, request(&world, vec![call("a", at("2026-03-02T09:00:00Z"), sla::WaitEnd::Answered, 1_000)]))
        .await
        .unwrap();
    let mut client = measures(&served, Role::Supervisor);
    let preview =
        client.preview_evaluation(sla::PreviewEvaluationRequest { name: name(2999) }).await.unwrap().into_inner();
    assert!(preview.text_es.contains("no hubo") && preview.text_en.contains("there were none"), "{}", preview.text_es);
    let asked = sla::PublishEvaluationRequest { name: name(2999), request_id: uuid(&world), known_version: 0 };
    let refused = client.publish_evaluation(asked).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "YEAR_NOT_OVER"));
    let refused = client.get_evaluation(sla::GetEvaluationRequest { name: name(2999), version: 0 }).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "EVALUATION_NOT_FOUND"));
}

#[tokio::test]
async fn everything_wrong_with_a_request_is_told_at_once() {
    let world = World::new().await;
    let served = world.start().await;
    let mut client = measures(&served, Role::Supervisor);
    let wrong = sla::GetEvaluationDocumentRequest { name: "evaluations/26".to_owned(), version: -1, language: 3 };
    let refused = client.get_evaluation_document(wrong).await.unwrap_err();
    assert_eq!(fields(&refused), ["name", "version", "language"]);
    let wrong = sla::PublishEvaluationRequest {
        name: "evaluations/3000".to_owned(),
        request_id: "x".to_owned(),
        known_version: -1,
    };
    let refused = client.publish_evaluation(wrong).await.unwrap_err();
    assert_eq!(fields(&refused), ["name", "request_id", "known_version"]);
    let mut agent = measures(&served, Role::Agent);
    let asked = sla::PublishEvaluationRequest { name: name(2025), request_id: uuid(&world), known_version: 0 };
    assert_eq!(agent.publish_evaluation(asked).await.unwrap_err().code(), Code::PermissionDenied);
}
