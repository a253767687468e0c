//! What the office deliberates is read with the office's key, in its place, and not otherwise.

use aws_lc_rs::aead::NONCE_LEN;
use ombudsman_escalation::seal::{Seal, Unsealable};
use uuid::Uuid;

#[test]
fn opens_only_with_the_same_key_for_the_same_case_and_revision() {
    let (seal, case) = (Seal::new(&[7; 32]), Uuid::from_u128(1));
    let closed = seal.close(case, 1, [3; NONCE_LEN], "the firm is wrong").unwrap();
    assert_eq!(seal.open(case, 1, closed.clone()).unwrap(), "the firm is wrong");
    assert_eq!(seal.open(case, 2, closed.clone()), Err(Unsealable));
    assert_eq!(seal.open(Uuid::from_u128(2), 1, closed.clone()), Err(Unsealable));
    assert_eq!(Seal::new(&[8; 32]).open(case, 1, closed.clone()), Err(Unsealable));
    let mut touched = closed;
    touched.ciphertext[0] ^= 1;
    assert_eq!(seal.open(case, 1, touched), Err(Unsealable));
}
