//! Whether two records are one person when no identifier settles it: what records say is folded
//! once into a [`Person`], [`blocking_keys`] find the pairs worth comparing, and [`Rules::score`]
//! weighs a pair field by field and grades it. Pure and deterministic; a score can be explained
//! line by line, and names the version of the rules that it was made by.
//!
//! Two things a plain sum of agreements gets wrong are dealt with here and nowhere else. Families
//! agree on surnames, address and line, and twins on the birth date too; what they share is taken
//! back unless something personal agrees. And what many records carry is no evidence, however
//! equal it is.

mod address;
mod birth;
mod blocking;
mod contact;
mod edition;
mod estimate;
mod fold;
mod given;
mod level;
mod name;
mod person;
mod rules;
mod score;
mod sound;
mod word;
mod written;

pub use address::AddressText;
pub use birth::WrittenDate;
pub use blocking::{
    BlockingKey, KEYS_VERSION, LARGEST_BLOCK, MOST_COMPARED, Scheme, WORTH_COMPARING, blocking_keys, candidates,
    candidates_of_each,
};
pub use contact::Mention;
pub use edition::Edition;
pub use estimate::{Estimate, Plan, estimate};
pub use level::{Field, Grade, Level};
pub use person::{Description, Frequencies, Person};
pub use rules::{EXPECTED_RECORDS, FamilyAllowance, Odds, Rules, Thresholds};
pub use score::{Comparison, Doubt, Finding, Score, contradicted, contradictions};
pub use written::{RulesFault, WrittenOdds, WrittenRules};
