//! The proof that opens a status together with the key.

use aws_lc_rs::signature::Ed25519KeyPair;
use kernel::{ResourceId as _, Uuid};
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
