//! The signing key is changed: what customers were told still opens, and what was signed still holds.

use aws_lc_rs::signature::Ed25519KeyPair;
use kernel::Role;
use secrecy::SecretString;
use testkit::{Database, Harness, Served};
use ticketing::AssembleError;
use ticketing::proof::ProofKey;
use ticketing::seal::{Broken, verify};
use tonic::Code;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::public_service_client::PublicServiceClient;
use ventanilla_proto::ticketing::v1::ticket_service_client::TicketServiceClient;
use ventanilla_ticketing as ticketing;

use crate::public::typed;
use crate::world::{World, assert_refused, complaint, create_request, open};

async fn served(
    harness: &Harness,
    database: &Database,
    proof_key: Option<SecretString>,
) -> Result<Served, AssembleError> {
    let settings =
        ticketing::Settings { proof_key, ..ticketing::Settings::new(database.settings_of(ticketing::SCHEMA)) };
    let assembly = ticketing::assemble(settings, harness.house_with("ticketing", &[])).await?;
    Ok(harness.start(assembly).await)
}

async fn on_the_telephone(served: &Served, opened: &pb::CreateTicketResponse) -> Result<String, tonic::Status> {
    let request = pb::GetKeypadStatusRequest {
        key_digits: typed(&opened.tracking_key),
        proof_digits: typed(&opened.proof),
        language: 0,
    };
    let told = PublicServiceClient::new(served.channel(Role::Ivr)).get_keypad_status(request).await?;
    Ok(told.into_inner().tracking_key)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proofs_that_customers_were_told_open_on_the_telephone_after_the_signing_key_was_changed() {
    let World { mut harness, database, served: first } = World::new().await;
    let mut agent = TicketServiceClient::new(first.channel(Role::Agent));
    let request = create_request(complaint());
    let opened = agent.create_ticket(request.clone()).await.unwrap().into_inner();
    assert_eq!(on_the_telephone(&first, &opened).await.unwrap(), opened.tracking_key);
    let signed = pb::GetReceiptDocumentRequest {
        name: opened.receipt.clone().unwrap().name,
        format: pb::DocumentFormat::Text.into(),
    };
    first.stop().await;

    let former = harness.checkpoint_key();
    harness.rotate_signing_key();
    let lost = served(&harness, &database, None).await.err().expect("it does not start");
    assert!(matches!(lost, AssembleError::ProofKeyLost) && lost.to_string().contains("ventanilla proof-key"), "{lost}");
    let none = served(&harness, &database, Some(SecretString::from("0f"))).await.err().expect("it does not start");
    assert!(matches!(none, AssembleError::ProofKey(_)), "{none}");

    // As it is printed of the key that was changed: the harness's first.
    let printed = ProofKey::text_of(&Ed25519KeyPair::from_seed_unchecked(&[2; 32]).unwrap());
    let second = served(&harness, &database, Some(printed)).await.unwrap();
    assert_eq!(on_the_telephone(&second, &opened).await.unwrap(), opened.tracking_key);
    let mut agent = TicketServiceClient::new(second.channel(Role::Agent));
    assert_eq!(agent.create_ticket(request.clone()).await.unwrap().into_inner().proof, opened.proof, "told again");
    // What was signed is told as it was signed; what is new, by the new key.
    let text = agent.get_receipt_document(signed).await.unwrap().into_inner().content;
    let text = String::from_utf8(text).unwrap();
    assert!(verify(&text, &former).is_ok());
    assert_eq!(verify(&text, &harness.checkpoint_key()), Err(Broken::OtherKey));
    let later = open(&mut agent).await;
    assert_ne!(later.receipt.unwrap().key_id, opened.receipt.clone().unwrap().key_id);
    second.stop().await;

    // Under a secret of its own it would have been as if nobody had been told anything.
    let third = served(&harness, &database, Some(SecretString::from("0f".repeat(32)))).await.unwrap();
    assert_refused(on_the_telephone(&third, &opened).await, Code::NotFound, "KEY_OR_PROOF_UNKNOWN");
    let mut agent = TicketServiceClient::new(third.channel(Role::Agent));
    assert_eq!(agent.create_ticket(request).await.unwrap().into_inner().proof, "");
}
