//! The sentences, in Spanish and English: short, one thought each, nothing that only reads well.

use ventanilla_proto::r#type::v1::Language;

/// A language that a voice speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lang {
    /// Spanish.
    Es,
    /// English.
    En,
}

impl Lang {
    /// What a question asked for; Spanish for what is not spoken here.
    pub(crate) fn of(word: &str) -> Option<Self> {
        match word.get(..2).map(str::to_ascii_lowercase).as_deref() {
            Some("es") => Some(Self::Es),
            Some("en") => Some(Self::En),
            _ => None,
        }
    }

    /// The customer's language, as far as a voice speaks it.
    pub(crate) const fn of_customer(language: Language) -> Option<Self> {
        match language {
            Language::Unspecified => None,
            Language::En => Some(Self::En),
            Language::Es | Language::Ca | Language::Gl | Language::Eu => Some(Self::Es),
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Es => "es",
            Self::En => "en",
        }
    }

    pub(crate) const fn language(self) -> Language {
        match self {
            Self::Es => Language::Es,
            Self::En => Language::En,
        }
    }

    const fn pick(self, es: &'static str, en: &'static str) -> &'static str {
        match self {
            Self::Es => es,
            Self::En => en,
        }
    }
}

pub(crate) const fn one_moment(lang: Lang) -> &'static str {
    lang.pick(
        "Un momento, por favor. Le paso con una persona.",
        "One moment, please. I am putting you through to a person.",
    )
}

pub(crate) const fn key_unknown(lang: Lang) -> &'static str {
    lang.pick(
        "No encuentro ningún asunto con esa clave y esa contraseña. Inténtelo otra vez.",
        "I find no affair with that key and that password. Please try again.",
    )
}

pub(crate) fn greeting(lang: Lang, open: i32, first: bool) -> String {
    let hello = lang.pick("Hola.", "Hello.");
    let affairs = match (lang, open) {
        (_, i32::MIN..=0) => String::new(),
        (Lang::Es, 1) => " Tiene un asunto abierto con nosotros.".to_owned(),
        (Lang::En, 1) => " You have one open affair with us.".to_owned(),
        (Lang::Es, n) => format!(" Tiene {} asuntos abiertos con nosotros.", count(n, lang)),
        (Lang::En, n) => format!(" You have {} open affairs with us.", count(n, lang)),
    };
    let served = if first {
        lang.pick(" Tiene derecho a que le atendamos antes.", " You have a right to be served first.")
    } else {
        ""
    };
    format!("{hello}{affairs}{served}")
}

fn count(n: i32, lang: Lang) -> String {
    crate::speech::number(u32::try_from(n).unwrap_or_default(), lang)
}

pub(crate) const fn need_the_key(lang: Lang) -> &'static str {
    lang.pick(
        "Para decirle cómo va su asunto necesito la clave y la contraseña de su justificante.",
        "To tell you how your affair stands I need the key and the password of your receipt.",
    )
}

pub(crate) const fn nothing_open(lang: Lang) -> &'static str {
    lang.pick("No tiene ningún asunto abierto con nosotros.", "You have no open affair with us.")
}

pub(crate) fn open(lang: Lang, affairs: i32, due: Option<String>, waiting: bool) -> String {
    let affairs = match (lang, affairs) {
        (Lang::Es, 1) => "Tiene un asunto abierto.".to_owned(),
        (Lang::En, 1) => "You have one open affair.".to_owned(),
        (Lang::Es, n) => format!("Tiene {} asuntos abiertos.", count(n, lang)),
        (Lang::En, n) => format!("You have {} open affairs.", count(n, lang)),
    };
    let due = match (lang, due) {
        (_, None) => String::new(),
        (Lang::Es, Some(day)) => format!(" Debe tener respuesta {day}, como muy tarde."),
        (Lang::En, Some(day)) => format!(" You must have an answer {day}, at the latest."),
    };
    let waiting = if waiting {
        lang.pick(" Esperamos algo de usted para seguir.", " We need something from you to go on.")
    } else {
        ""
    };
    format!("{affairs}{due}{waiting}")
}

/// How an affair stands: what the house tells of the step and of what comes next, and until when.
pub(crate) fn status(lang: Lang, text: &str, next: &str, due: Option<String>) -> String {
    let due = match (lang, due) {
        (_, None) => String::new(),
        (Lang::Es, Some(day)) => format!(" Debe tener respuesta {day}, como muy tarde."),
        (Lang::En, Some(day)) => format!(" You must have an answer {day}, at the latest."),
    };
    format!("{text} {next}{due}")
}

pub(crate) fn complaint_taken(lang: Lang, key: &str, proof: &str) -> String {
    let (key, proof) = (crate::speech::spelled(key, lang), crate::speech::spelled(proof, lang));
    match lang {
        Lang::Es => format!(
            "Hemos registrado su reclamación. Apunte su clave: {key}. Y su contraseña: {proof}. Con las dos puede saber \
             cómo va."
        ),
        Lang::En => format!(
            "We have registered your complaint. Please write down your key: {key}. And your password: {proof}. With both \
             you can find out how it stands."
        ),
    }
}

/// The same as a text message.
pub(crate) fn complaint_text(lang: Lang, key: &str, proof: &str, url: &str) -> String {
    let more = match (lang, url.is_empty()) {
        (_, true) => String::new(),
        (Lang::Es, false) => format!(" Consulte su estado en {url}"),
        (Lang::En, false) => format!(" Follow it on {url}"),
    };
    match lang {
        Lang::Es => format!("Reclamación registrada. Clave {key}, contraseña {proof}.{more}"),
        Lang::En => format!("Complaint registered. Key {key}, password {proof}.{more}"),
    }
}

pub(crate) fn call_back(lang: Lang, day: &str, from: &str, until: &str) -> String {
    match lang {
        Lang::Es => format!("Le llamaremos {day}, entre {from} y {until}."),
        Lang::En => format!("We will call you {day}, between {from} and {until}."),
    }
}

pub(crate) const fn superior_free(lang: Lang) -> &'static str {
    lang.pick("Le paso con la persona responsable.", "I am putting you through to the person in charge.")
}

pub(crate) const fn superior_later(lang: Lang) -> &'static str {
    lang.pick(
        "La persona responsable no está libre ahora. Le paso con una persona que le dirá cuándo le llamará hoy.",
        "The person in charge is not free now. I am putting you through to a person who will tell you when they will call you today.",
    )
}

/// For whoever looks at the customer next.
pub(crate) const fn wants_superior(lang: Lang, several: bool) -> &'static str {
    match several {
        true => lang.pick(
            "Ha pedido por teléfono hablar con una persona responsable. Tiene varios asuntos abiertos y no ha dicho cuál.",
            "Asked by telephone to speak to a person in charge. Has several affairs open and did not say which.",
        ),
        false => lang.pick(
            "Ha pedido por teléfono hablar con una persona responsable.",
            "Asked by telephone to speak to a person in charge.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_one_and_many_are_many() {
        assert_eq!(greeting(Lang::Es, 0, false), "Hola.");
        assert_eq!(greeting(Lang::Es, 1, false), "Hola. Tiene un asunto abierto con nosotros.");
        assert_eq!(
            greeting(Lang::En, 3, true),
            "Hello. You have three open affairs with us. You have a right to be served first."
        );
    }

    #[test]
    fn a_language_that_no_voice_speaks_is_answered_in_spanish() {
        assert_eq!(Lang::of("en-GB"), Some(Lang::En));
        assert_eq!(Lang::of("fr"), None);
        assert_eq!(Lang::of("é"), None);
        assert_eq!(Lang::of_customer(Language::Ca), Some(Lang::Es));
    }
}
