//! GetReceipt, GetReceiptDocument, GetPublicReceipt: what a customer keeps, and whoever has the house's key can check.

use kernel::Role;
use testkit::Client;
use ticketing::seal::{Broken, verify};
use tonic::{Code, Status};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::DocumentFormat as Format;
use ventanilla_proto::ticketing::v1::ticket_service_client::TicketServiceClient;
use ventanilla_proto::r#type::v1::Language;
use ventanilla_ticketing as ticketing;

use crate::world::{Tickets, World, assert_refused, complaint, create_request, fields, open};

async fn document(agent: &mut Tickets, ticket: &str, format: Format) -> Result<pb::ReceiptDocument, Status> {
    let request = pb::GetReceiptDocumentRequest { name: format!("{ticket}/receipt"), format: format.into() };
    agent.get_receipt_document(request).await.map(tonic::Response::into_inner)
}

async fn fetch(world: &World, key: &str, proof: &str, format: Format) -> Result<pb::ReceiptDocument, Status> {
    let request = pb::GetPublicReceiptRequest { tracking_key: key.into(), proof: proof.into(), format: format.into() };
    let mut anybody: TicketServiceClient<Client> = TicketServiceClient::new(world.served.anonymous());
    anybody.get_public_receipt(request).await.map(tonic::Response::into_inner)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_signed_text_holds_against_the_houses_key_and_no_other() {
    let world = World::new().await;
    let mut agent = world.agent();
    let opened = open(&mut agent).await;
    let (ticket, receipt) = (opened.ticket.unwrap(), opened.receipt.unwrap());
    let made = document(&mut agent, &ticket.name, Format::Text).await.unwrap();
    assert_eq!(made.media_type, "text/plain; charset=utf-8");
    assert_eq!(made.file_name, format!("{}.txt", opened.tracking_key));

    let key = world.harness.checkpoint_key();
    let text = String::from_utf8(made.content).unwrap();
    let sealed = verify(&text, &key).unwrap();
    assert_eq!(sealed.text, receipt.text);
    assert_eq!(sealed.seal.key.to_string(), opened.tracking_key);
    assert_eq!(sealed.seal.content_hash.as_slice(), receipt.content_hash.as_slice());
    assert_eq!((sealed.signature, sealed.seal.key_id), (receipt.signature, receipt.key_id));

    assert_eq!(verify(&text.replace("cobran", "cobren"), &key), Err(Broken::Text));
    assert_eq!(verify(&text.replace("2026-11-23T", "2026-11-22T"), &key), Err(Broken::Signature));
    assert_eq!(verify(&text, &[7; 32]), Err(Broken::OtherKey));
    let other = text.replace(&opened.tracking_key, &ticketing_domain::TrackingKey::from_entropy([3; 12]).to_string());
    assert!(verify(&other, &key).is_err(), "the key of another affair");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_receipt_is_told_by_whoever_is_asked_and_whenever() {
    let world = World::new().await;
    let mut agent = world.agent();
    let opened = open(&mut agent).await;
    let ticket = opened.ticket.unwrap();
    let told = agent.get_receipt(pb::GetReceiptRequest { name: format!("{}/receipt", ticket.name) }).await.unwrap();
    assert_eq!(told.into_inner(), opened.receipt.unwrap());
    for format in [Format::Text, Format::Pdf] {
        let first = document(&mut agent, &ticket.name, format).await.unwrap();
        world.advance(jiff::SignedDuration::from_hours(1_000));
        let later = document(&mut world.as_role(Role::Auditor), &ticket.name, format).await.unwrap();
        assert_eq!(first, later);
        let spoken = opened.tracking_key.to_lowercase().replace('-', " ");
        let fetched = fetch(&world, &spoken, &opened.proof.to_lowercase(), format).await.unwrap();
        assert_eq!(pb::ReceiptDocument { name: first.name.clone(), ..fetched }, first);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pdf_is_in_the_customers_language_and_names_what_it_is() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = pb::Ticket { language: Language::En.into(), ..complaint() };
    let opened = agent.create_ticket(create_request(ticket)).await.unwrap().into_inner();
    let made = document(&mut agent, &opened.ticket.unwrap().name, Format::Pdf).await.unwrap();
    assert_eq!((made.media_type.as_str(), &made.content[..5]), ("application/pdf", &b"%PDF-"[..]));
    assert_eq!(made.file_name, format!("{}.pdf", opened.tracking_key));
    let holds = |part: &str| made.content.windows(part.len()).any(|window| window == part.as_bytes());
    assert!(holds("/Lang(en)") || holds("/Lang (en)"), "the document says its language");
    assert!(holds("pdfaid"), "and that it is made to be kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_wrong_pair_of_key_and_proof_is_answered_alike() {
    let world = World::new().await;
    let mut agent = world.agent();
    let (mine, other) = (open(&mut agent).await, open(&mut agent).await);
    let nobody = ticketing_domain::TrackingKey::from_entropy([31; 12]).to_string();
    let mut told = Vec::new();
    for (key, proof) in [(&mine.tracking_key, &other.proof), (&nobody, &mine.proof)] {
        let refused = fetch(&world, key, proof, Format::Pdf).await;
        let refused = assert_refused(refused, Code::NotFound, "KEY_OR_PROOF_UNKNOWN");
        told.push((refused.message().to_owned(), refused.details().to_vec()));
    }
    assert_eq!(told[0], told[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_told_at_once_and_what_is_not_there_as_such() {
    let world = World::new().await;
    let mut agent = world.agent();
    let wrong = pb::GetReceiptDocumentRequest { name: "tickets/1".into(), format: 9 };
    let refused = assert_refused(agent.get_receipt_document(wrong).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["name", "format"]);
    let refused = fetch(&world, "x", "y", Format::Unspecified).await;
    let refused = assert_refused(refused, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["tracking_key", "proof", "format"]);
    let nowhere = document(&mut agent, "tickets/0190a000-0000-7000-8000-000000000001", Format::Text).await;
    assert_refused(nowhere, Code::NotFound, "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_handed_out_under_the_seal_that_was_not_sealed() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = open(&mut agent).await.ticket.unwrap();
    let pool = world.database.admin().await;
    // Whoever can write to the database cannot have the house sign another hash.
    sqlx::query("update ticketing.receipt set text = 'otra cosa', content_hash = sha256('otra cosa')")
        .execute(&pool)
        .await
        .unwrap();
    let made = document(&mut agent, &ticket.name, Format::Text).await.unwrap();
    let text = String::from_utf8(made.content).unwrap();
    assert_eq!(verify(&text, &world.harness.checkpoint_key()), Err(Broken::Signature));
    sqlx::query("update ticketing.receipt set text = 'aún otra'").execute(&pool).await.unwrap();
    let refused = document(&mut agent, &ticket.name, Format::Text).await;
    assert_refused(refused, Code::Internal, "INTERNAL");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_a_customer_wrote_does_not_pass_for_one_of_the_houses() {
    let world = World::new().await;
    let mut agent = world.agent();
    let posing = "Luz\nFecha y hora de recepción: 01/01/2020 09:00:00";
    let ticket = pb::Ticket { subject: posing.into(), ..complaint() };
    let receipt = agent.create_ticket(create_request(ticket)).await.unwrap().into_inner().receipt.unwrap();
    let lines: Vec<&str> =
        receipt.text.lines().filter(|line| line.starts_with("Fecha y hora de recepción: ")).collect();
    assert_eq!(lines.len(), 1, "{}", receipt.text);
    assert!(receipt.text.contains("\n    Fecha y hora de recepción: 01/01/2020"));
}
