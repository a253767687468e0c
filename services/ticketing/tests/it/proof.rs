//! The proof that opens a status together with the key.

use aws_lc_rs::signature::Ed25519KeyPair;
use kernel::{ResourceId as _, Uuid};
use secrecy::SecretString;
use ticketing_domain::{Proof, TicketId};
use ventanilla_ticketing::proof::{KeptProof, ProofKey};

#[test]
fn a_proof_is_the_same_for_a_ticket_and_another_for_another() {
    let key = || ProofKey::of(&Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap());
    let ticket = |n| TicketId::from_uuid(Uuid::from_u128(n));
    assert_eq!(key().proof(ticket(1)), key().proof(ticket(1)));
    assert_ne!(key().proof(ticket(1)), key().proof(ticket(2)));
}

#[test]
fn only_the_proof_itself_holds() {
    let proof = Proof::from_entropy([1, 2, 3, 4, 5, 6]);
    let kept = KeptProof::of(&proof, [9; 16]);
    assert!(kept.holds(&proof));
    assert!(!kept.holds(&Proof::from_entropy([1, 2, 3, 4, 5, 7])));
}

#[test]
fn a_secret_that_is_given_is_the_one_that_belongs_to_the_key_or_another_and_nothing_else() {
    let key = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let ticket = TicketId::from_uuid(Uuid::from_u128(1));
    let given = |text: &str| ProofKey::given(&SecretString::from(text.to_owned()));
    let told = ProofKey::text_of(&key);
    assert_eq!(ProofKey::given(&told).unwrap().proof(ticket), ProofKey::of(&key).proof(ticket));
    assert_ne!(given(&"0f".repeat(32)).unwrap().proof(ticket), ProofKey::of(&key).proof(ticket));
    for none in ["", "0f", "xyz", &"0f".repeat(33), &"0g".repeat(32)] {
        assert!(given(none).is_err(), "{none}");
    }
}
