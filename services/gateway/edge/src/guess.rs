//! What is a guess: an answer that refused a secret. By the reason that the service gives, since a right pair may lead to nothing as well.

/// Why a tracking key and its proof open nothing.
pub const KEY_OR_PROOF_UNKNOWN: &str = "KEY_OR_PROOF_UNKNOWN";
/// Why a code opens nothing that the ombudsman's office gives.
pub const OFFICE_CODE_WRONG: &str = "OFFICE_CODE_WRONG";

/// Whether this reason is given to who tried a secret that was wrong.
pub fn is_of_guess(reason: &str) -> bool {
    [KEY_OR_PROOF_UNKNOWN, OFFICE_CODE_WRONG].contains(&reason)
}
