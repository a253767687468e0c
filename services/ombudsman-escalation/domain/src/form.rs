//! The form by which a complaint comes before the office in writing, sent to who complained by a channel that the law does not admit. It asks for what
//! a complaint has to hold, and says nothing of anybody.

use kernel::Language;

use crate::regime::Regime;

/// The form, in the customer's language: Spanish or English.
pub fn complaint_form(office: &str, regime: &Regime, language: Language) -> String {
    let article = regime.no_phone.unwrap_or(regime.declaration_article);
    match language {
        Language::En => format!(
            "{office}\n\n\
             You told us by telephone that you want to complain. We have noted your call. The law does not let us take this complaint by telephone \
             ({article}): please send it to us in writing, with this form or in your own words. Your affair keeps its first date and its key.\n\n\
             1. Who you are: name, address, and who acts for you if somebody does (with the proof)\n\
             2. What you complain about, point by point\n\
             3. When it happened, and when you learnt of it\n\
             4. What you ask for\n\
             5. Declaration: I do not know of any court, arbitrator or authority that has this matter. If one has it, say which\n\
             6. Documents that show it\n\
             7. Place, date and signature\n\n\
             You can send it by post or e-mail, or with the key and proof of your receipt on our web page, under \"ask the ombudsman\".\n"
        ),
        Language::Es | Language::Ca | Language::Gl | Language::Eu => format!(
            "{office}\n\n\
             Nos ha dicho por teléfono que quiere reclamar. Hemos anotado su llamada. La ley no permite recibir esta reclamación por teléfono \
             ({article}): envíela por escrito, con este formulario o con sus palabras. Su asunto conserva su primera fecha y su clave.\n\n\
             1. Quién es: nombre, domicilio y quién le representa, si alguien lo hace (con la prueba)\n\
             2. Qué reclama, punto por punto\n\
             3. Cuándo ocurrió, y cuándo lo supo\n\
             4. Qué pide\n\
             5. Declaración: no tengo conocimiento de que esta materia esté ante un tribunal, un árbitro o una autoridad. Si lo está, diga cuál\n\
             6. Documentos que lo muestran\n\
             7. Lugar, fecha y firma\n\n\
             Puede enviarla por correo postal o electrónico, o con la clave y la prueba de su justificante en nuestra página, en «acudir al defensor».\n"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_asks_for_what_a_complaint_must_hold_and_fits_a_message() {
        let finance = Regime::find("es.finance").expect("shipped");
        for (language, declared) in
            [(Language::Es, "Declaración"), (Language::En, "Declaration"), (Language::Gl, "Declaración")]
        {
            let form = complaint_form("The office", finance, language);
            assert!(form.contains("Ley 44/2002 art. 29 ter") && form.contains(declared), "{form}");
            assert!(form.chars().count() < 20_000);
        }
    }
}
