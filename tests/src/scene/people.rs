//! People who exist nowhere, each with names, numbers and documents that nobody else has.

use ventanilla_proto::customer::v1::{Identifier, IdentifierType, PersonName, SourceRecord};

use prost_types::Timestamp;

/// Somebody.
#[derive(Debug, Clone)]
pub struct Person {
    /// Given name.
    pub given: String,
    /// Both surnames.
    pub surnames: [String; 2],
    /// Spanish mobile number, nine digits.
    pub phone: String,
    /// E-mail address.
    pub email: String,
    /// Spanish DNI with its check letter.
    pub document: String,
}

impl Person {
    /// The `number`th person, of 100,000,000: the same at every run.
    pub fn numbered(number: u32) -> Self {
        Self {
            given: "Zenobia".to_owned(),
            surnames: ["Quiñonero".to_owned(), "Etxebarrieta".to_owned()],
            phone: format!("6{:08}", number % 100_000_000),
            email: format!("zenobia.{number}@canario.example"),
            document: dni(number),
        }
    }

    /// The phone as customer-profile keeps it.
    pub fn e164(&self) -> String {
        format!("+34{}", self.phone)
    }

    /// The name in parts.
    pub fn name(&self) -> PersonName {
        PersonName {
            given_name: self.given.clone(),
            first_surname: self.surnames[0].clone(),
            second_surname: self.surnames[1].clone(),
            full_name: String::new(),
        }
    }

    /// What `source_system` of `department` says about the person under `external_id`.
    pub fn record(
        &self,
        source_system: &str,
        department: &str,
        external_id: &str,
        observed: Timestamp,
    ) -> SourceRecord {
        let identifier = |kind: IdentifierType, value: &str| Identifier {
            r#type: kind.into(),
            value: value.to_owned(),
            verified_time: Some(observed),
            ..Identifier::default()
        };
        SourceRecord {
            source_system: source_system.to_owned(),
            department: department.to_owned(),
            external_id: external_id.to_owned(),
            person_name: Some(self.name()),
            identifiers: vec![
                identifier(IdentifierType::Phone, &self.phone),
                identifier(IdentifierType::Email, &self.email),
                identifier(IdentifierType::NationalId, &self.document),
            ],
            observed_time: Some(observed),
            ..SourceRecord::default()
        }
    }
}

/// The DNI of this number, with its check letter.
pub fn dni(number: u32) -> String {
    const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";
    let number = number % 100_000_000;
    let letter = char::from(LETTERS[(number % 23) as usize]);
    format!("{number:08}{letter}")
}

#[cfg(test)]
mod tests {
    use super::dni;

    #[test]
    fn a_document_carries_its_check_letter() {
        assert_eq!(dni(12_345_678), "12345678Z");
        assert_eq!(dni(0), "00000000T");
    }
}
