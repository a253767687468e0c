//! What the columns of a file of people are called, in English and in Spanish.

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// Id of the record; its first number is the person's, unless a column says who it is.
    Record,
    /// Who it is.
    Person,
    /// Given name.
    Given,
    /// First surname, or both.
    FirstSurname,
    /// Second surname.
    SecondSurname,
    /// The whole name.
    WholeName,
    /// House number.
    Number,
    /// Street.
    Street,
    /// Second line of an address.
    SecondLine,
    /// Town.
    Locality,
    /// Province or state.
    Region,
    /// Postal code.
    PostalCode,
    /// Birth date.
    BirthDate,
    /// A document of no stated country.
    Document,
    /// A Spanish document.
    SpanishDocument,
    /// A telephone; there may be several.
    Phone,
    /// An e-mail; there may be several.
    Email,
    /// An account or contract.
    Account,
}

const NAMES: &[(Column, &[&str])] = &[
    (Column::Record, &["rec_id", "recid", "record_id", "id", "id_registro"]),
    (
        Column::Person,
        &[
            "person_id",
            "entity_id",
            "ent_id",
            "cluster",
            "cluster_id",
            "true_id",
            "persona",
            "id_persona",
            "persona_id",
        ],
    ),
    (Column::Given, &["given_name", "givenname", "first_name", "firstname", "forename", "given", "nombre"]),
    (
        Column::FirstSurname,
        &[
            "surname",
            "last_name",
            "lastname",
            "family_name",
            "first_surname",
            "surname_1",
            "surname1",
            "apellido",
            "apellidos",
            "apellido1",
            "apellido_1",
            "primer_apellido",
            "apellido_primero",
        ],
    ),
    (
        Column::SecondSurname,
        &["second_surname", "surname_2", "surname2", "apellido2", "apellido_2", "segundo_apellido", "apellido_segundo"],
    ),
    (Column::WholeName, &["name", "full_name", "fullname", "nombre_completo", "nombre_y_apellidos"]),
    (Column::Number, &["street_number", "house_number", "number", "numero", "num", "portal", "numero_calle"]),
    (
        Column::Street,
        &[
            "address_1",
            "address1",
            "address",
            "street",
            "street_name",
            "direccion",
            "direccion_1",
            "calle",
            "domicilio",
            "via",
        ],
    ),
    (Column::SecondLine, &["address_2", "address2", "direccion_2", "direccion2"]),
    (Column::Locality, &["suburb", "city", "town", "locality", "localidad", "municipio", "poblacion", "ciudad"]),
    (Column::Region, &["state", "region", "province", "provincia", "county", "comunidad"]),
    (
        Column::PostalCode,
        &["postcode", "post_code", "postal_code", "zip", "zip_code", "zipcode", "codigo_postal", "cod_postal", "cp"],
    ),
    (
        Column::BirthDate,
        &[
            "date_of_birth",
            "dob",
            "birth_date",
            "birthdate",
            "fecha_nacimiento",
            "fecha_de_nacimiento",
            "nacimiento",
            "f_nacimiento",
            "fecha_nac",
            "fec_nac",
        ],
    ),
    (
        Column::Document,
        &["soc_sec_id", "ssn", "social_security", "national_id", "document", "documento", "id_number", "passport"],
    ),
    (Column::SpanishDocument, &["dni", "nif", "nie", "dni_nie", "dni_nif"]),
    (
        Column::Phone,
        &[
            "phone",
            "phone_number",
            "telephone",
            "tel",
            "telefono",
            "mobile",
            "movil",
            "telefono1",
            "telefono2",
            "telefono_1",
            "telefono_2",
            "telefono_fijo",
            "telefono_movil",
            "fijo",
            "phone_1",
            "phone_2",
            "phone1",
            "phone2",
            "landline",
        ],
    ),
    (Column::Email, &["email", "e_mail", "mail", "correo", "correo_electronico", "email_address"]),
    (Column::Account, &["account", "account_id", "account_number", "cuenta", "contrato", "contract", "iban"]),
];

impl Column {
    /// The column with this heading.
    pub fn named(heading: &str) -> Option<Self> {
        let plain = plain(heading);
        NAMES.iter().find(|(_, names)| names.contains(&plain.as_str())).map(|(column, _)| *column)
    }
}

/// A heading without accents, case and the many ways to part words.
fn plain(heading: &str) -> String {
    let mut words = String::new();
    for c in heading.trim_start_matches('\u{feff}').trim().to_lowercase().chars() {
        match c {
            'á' | 'à' => words.push('a'),
            'é' | 'è' => words.push('e'),
            'í' => words.push('i'),
            'ó' | 'ò' => words.push('o'),
            'ú' | 'ü' => words.push('u'),
            'ñ' => words.push('n'),
            c if c.is_alphanumeric() => words.push(c),
            _ if words.ends_with('_') || words.is_empty() => {}
            _ => words.push('_'),
        }
    }
    words.trim_end_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_known_in_any_dress() {
        assert_eq!(Column::named(" Código  Postal "), Some(Column::PostalCode));
        assert_eq!(Column::named("\u{feff}REC_ID"), Some(Column::Record));
        assert_eq!(Column::named("Fecha-Nacimiento"), Some(Column::BirthDate));
        assert_eq!(Column::named("shoe size"), None);
    }

    #[test]
    fn no_heading_means_two_things() {
        let mut all: Vec<&str> = NAMES.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        let before = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), before);
    }
}
