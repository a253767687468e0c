//! Texts that the house signs, and the plain file that carries text and seal together.
//!
//! Whoever has the sealed text and the house's public key needs nobody else to know that the house said this. The seal
//! stands below the text and is read from the end, so that nothing the text quotes can stand in its place.
//!
//! What is signed is a [`Form`] filled in: which statement it is, a few facts, the hash of the text, the key. No word of any
//! language stands here.

mod signing;
mod text;

pub use signing::{Broken, Sealer, key_id, sha256, verify};
pub use text::{Form, Seal, SealError, Sealed, named_key, unhex};
