//! What a customer reads that no process map says: one canonical wording, the same whoever answers.
//!
//! Each language that a customer may have has a wording. In Basque what a date is said of stands beside it, since an ending on a number is read aloud and not written.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use kernel::Language;

use crate::{Cause, CureLaw, Facts, TicketType};

/// Zone whose date and hour people are told.
pub(crate) const ZONE: &str = "Europe/Madrid";

/// Date and time of day to the second, with the zone: `22/11/2026 10:30:00 CET (Europe/Madrid)`.
pub(crate) fn to_the_second(at: Timestamp, language: Language) -> String {
    let time = spell(at, language, "%H:%M:%S %Z");
    format!("{time} ({ZONE})")
}

/// Date and hour with the zone, as people are told them: `22/11/2026 10:30 (Europe/Madrid)`.
pub fn spelled(at: Timestamp, language: Language) -> String {
    format!("{} ({ZONE})", spell(at, language, "%H:%M"))
}

fn spell(at: Timestamp, language: Language, time: &str) -> String {
    let zone = TimeZone::get(ZONE).expect("the zone database is compiled in");
    let date = match language {
        Language::En => "%Y-%m-%d",
        Language::Eu => "%Y/%m/%d",
        Language::Es | Language::Ca | Language::Gl => "%d/%m/%Y",
    };
    at.to_zoned(zone).strftime(&format!("{date} {time}")).to_string()
}

/// Asks a customer to complete an affair: what is missing, until when, what happens otherwise.
pub(crate) fn cure_request(facts: &Facts, missing: &str, due: Timestamp, law: CureLaw) -> String {
    let (key, until) = (&facts.tracking_key, spell(due, facts.language, "%H:%M"));
    match (facts.language, law) {
        (Language::En, CureLaw::General) => format!(
            "To go on with your affair {key} we need the following from you:\n\n{missing}\n\nYou can send it until {until} ({ZONE}) by any of our \
             channels. The term for our answer counts from the moment we have it (Ley 10/2025, art. 13.3). If we have not received it by then, \
             your affair will count as resolved (art. 13.4). You can object to that, and you can present it again."
        ),
        (Language::En, CureLaw::Finance) => format!(
            "To go on with your affair {key} we need the following from you:\n\n{missing}\n\nYou can send it until {until} ({ZONE}) by any of our \
             channels. Until we have it the term for our decision stands still (Ley 44/2002, art. 29 quater.2). If we have not received it by \
             then, your affair will be filed away without a decision. You can object to that, and you can present it again."
        ),
        (Language::Ca, CureLaw::General) => format!(
            "Per continuar amb el seu assumpte {key} necessitem que ens enviï el següent:\n\n{missing}\n\nPot enviar-ho fins al {until} \
             ({ZONE}) per qualsevol dels nostres canals. El termini per respondre-li compta des que ho tinguem (Llei 10/2025, art. 13.3). Si no \
             ho rebem fins llavors, el seu assumpte es donarà per resolt (art. 13.4). Pot oposar-s'hi, i pot tornar-lo a presentar."
        ),
        (Language::Ca, CureLaw::Finance) => format!(
            "Per continuar amb el seu assumpte {key} necessitem que ens enviï el següent:\n\n{missing}\n\nPot enviar-ho fins al {until} \
             ({ZONE}) per qualsevol dels nostres canals. Mentrestant el termini per decidir queda aturat (Llei 44/2002, art. 29 quater.2). Si no \
             ho rebem fins llavors, el seu assumpte s'arxivarà sense decisió. Pot oposar-s'hi, i pot tornar-lo a presentar."
        ),
        (Language::Gl, CureLaw::General) => format!(
            "Para seguir co seu asunto {key} necesitamos que nos envíe o seguinte:\n\n{missing}\n\nPode envialo ata o {until} ({ZONE}) por \
             calquera das nosas canles. O prazo para responderlle conta desde que o teñamos (Lei 10/2025, art. 13.3). Se non o recibimos ata \
             entón, o seu asunto darase por resolto (art. 13.4). Pode opoñerse a iso, e pode volver presentalo."
        ),
        (Language::Eu, CureLaw::General) => format!(
            "Zure gaiarekin ({key}) jarraitzeko, honako hau bidali behar diguzu:\n\n{missing}\n\nGure kanaletako edozeinen bidez bidal \
             dezakezu. Azken eguna eta ordua: {until} ({ZONE}). Zuri erantzuteko epea hori jasotzen dugunetik zenbatzen da (10/2025 Legea, 13.3 \
             art.). Ordurako jaso ez badugu, zure gaia ebatzitzat emango da (13.4 art.). Horren aurka egin dezakezu, eta berriro aurkez dezakezu."
        ),
        (Language::Es, CureLaw::General) => format!(
            "Para seguir con su asunto {key} necesitamos que nos envíe lo siguiente:\n\n{missing}\n\nPuede enviarlo hasta el {until} ({ZONE}) \
             por cualquiera de nuestros canales. El plazo para responderle cuenta desde que lo tengamos (Ley 10/2025, art. 13.3). Si no lo \
             recibimos hasta entonces, su asunto se dará por resuelto (art. 13.4). Puede oponerse a ello, y puede volver a presentarlo."
        ),
        (Language::Gl, CureLaw::Finance) => format!(
            "Para seguir co seu asunto {key} necesitamos que nos envíe o seguinte:\n\n{missing}\n\nPode envialo ata o {until} ({ZONE}) por \
             calquera das nosas canles. Mentres tanto o prazo para decidir queda parado (Lei 44/2002, art. 29 quater.2). Se non o recibimos ata \
             entón, o seu asunto arquivarase sen decisión. Pode opoñerse a iso, e pode volver presentalo."
        ),
        (Language::Eu, CureLaw::Finance) => format!(
            "Zure gaiarekin ({key}) jarraitzeko, honako hau bidali behar diguzu:\n\n{missing}\n\nGure kanaletako edozeinen bidez bidal \
             dezakezu. Azken eguna eta ordua: {until} ({ZONE}). Hori jaso arte, erabakitzeko epea geldirik egongo da (44/2002 Legea, 29 quater.2 \
             art.). Ordurako jaso ez badugu, zure gaia erabakirik gabe artxibatuko da. Horren aurka egin dezakezu, eta berriro aurkez dezakezu."
        ),
        (Language::Es, CureLaw::Finance) => format!(
            "Para seguir con su asunto {key} necesitamos que nos envíe lo siguiente:\n\n{missing}\n\nPuede enviarlo hasta el {until} ({ZONE}) \
             por cualquiera de nuestros canales. Mientras tanto el plazo para decidir queda parado (Ley 44/2002, art. 29 quater.2). Si no lo \
             recibimos hasta entonces, su asunto se archivará sin decisión. Puede oponerse a ello, y puede volver a presentarlo."
        ),
    }
}

/// Tells a customer why the answer takes longer, and by when it comes.
pub(crate) fn holding_reply(facts: &Facts, explanation: &str, answer_by: Timestamp) -> String {
    let (key, until) = (&facts.tracking_key, spell(answer_by, facts.language, "%H:%M"));
    match facts.language {
        Language::En => format!(
            "Our answer to your affair {key} takes longer than we wished, for this reason:\n\n{explanation}\n\nYou will have it by {until} ({ZONE}) at the \
             latest."
        ),
        Language::Ca => format!(
            "La nostra resposta al seu assumpte {key} triga més del que voldríem, per aquest motiu:\n\n{explanation}\n\nLa tindrà com a molt tard el {until} \
             ({ZONE})."
        ),
        Language::Gl => format!(
            "A nosa resposta ao seu asunto {key} tarda máis do que quixeramos, por este motivo:\n\n{explanation}\n\nTerá a resposta como moi tarde o {until} \
             ({ZONE})."
        ),
        Language::Eu => format!(
            "Zure gaiari ({key}) erantzuteko nahi baino denbora gehiago behar dugu, arrazoi honengatik:\n\n{explanation}\n\nErantzuna izateko azken eguna eta \
             ordua: {until} ({ZONE})."
        ),
        Language::Es => format!(
            "Nuestra respuesta a su asunto {key} tarda más de lo que quisiéramos, por este motivo:\n\n{explanation}\n\nLa tendrá a más tardar el {until} \
             ({ZONE})."
        ),
    }
}

/// Why an affair ends that the customer was asked to complete at `asked` and did not until `due`.
pub(crate) fn uncured(facts: &Facts, asked: Timestamp, due: Timestamp, law: CureLaw) -> String {
    let (asked, until) = (spell(asked, facts.language, "%H:%M"), spell(due, facts.language, "%H:%M"));
    match (facts.language, law) {
        (Language::En, CureLaw::General) => format!(
            "On {asked} we asked you for what was missing, and told you that without it your affair would count as resolved. We have received \
             nothing until {until} ({ZONE}), so it counts as resolved (Ley 10/2025, art. 13.4). You can object to this, and you can present it again."
        ),
        (Language::En, CureLaw::Finance) => format!(
            "On {asked} we asked you for what was missing, and told you that without it your affair would be filed away. We have received \
             nothing until {until} ({ZONE}), so it is filed away (Ley 44/2002, art. 29 quater.2). You can object to this, and you can present it again."
        ),
        (Language::Ca, CureLaw::General) => format!(
            "El {asked} li vam demanar el que faltava i li vam dir que sense això el seu assumpte es donaria per resolt. No hem rebut res fins al \
             {until} ({ZONE}), de manera que es dona per resolt (Llei 10/2025, art. 13.4). Pot oposar-s'hi, i pot tornar-lo a presentar."
        ),
        (Language::Ca, CureLaw::Finance) => format!(
            "El {asked} li vam demanar el que faltava i li vam dir que sense això el seu assumpte s'arxivaria. No hem rebut res fins al {until} \
             ({ZONE}), de manera que s'arxiva (Llei 44/2002, art. 29 quater.2). Pot oposar-s'hi, i pot tornar-lo a presentar."
        ),
        (Language::Gl, CureLaw::General) => format!(
            "O {asked} pedímoslle o que faltaba e dixémoslle que sen iso o seu asunto se daría por resolto. Non recibimos nada ata o {until} \
             ({ZONE}), así que se dá por resolto (Lei 10/2025, art. 13.4). Pode opoñerse a iso, e pode volver presentalo."
        ),
        (Language::Eu, CureLaw::General) => format!(
            "Falta zena egun eta ordu honetan eskatu genizun: {asked}. Esan genizun hori gabe zure gaia ebatzitzat emango zela. Epea egun eta ordu \
             honetan amaitu da: {until} ({ZONE}). Ez dugu ezer jaso; beraz, ebatzitzat ematen da (10/2025 Legea, 13.4 art.). Horren aurka egin \
             dezakezu, eta berriro aurkez dezakezu."
        ),
        (Language::Es, CureLaw::General) => format!(
            "El {asked} le pedimos lo que faltaba y le dijimos que sin ello su asunto se daría por resuelto. No hemos recibido nada hasta el \
             {until} ({ZONE}), así que se da por resuelto (Ley 10/2025, art. 13.4). Puede oponerse a ello, y puede volver a presentarlo."
        ),
        (Language::Gl, CureLaw::Finance) => format!(
            "O {asked} pedímoslle o que faltaba e dixémoslle que sen iso o seu asunto se arquivaría. Non recibimos nada ata o {until} ({ZONE}), \
             así que se arquiva (Lei 44/2002, art. 29 quater.2). Pode opoñerse a iso, e pode volver presentalo."
        ),
        (Language::Eu, CureLaw::Finance) => format!(
            "Falta zena egun eta ordu honetan eskatu genizun: {asked}. Esan genizun hori gabe zure gaia artxibatu egingo zela. Epea egun eta ordu \
             honetan amaitu da: {until} ({ZONE}). Ez dugu ezer jaso; beraz, artxibatu egiten da (44/2002 Legea, 29 quater.2 art.). Horren aurka egin \
             dezakezu, eta berriro aurkez dezakezu."
        ),
        (Language::Es, CureLaw::Finance) => format!(
            "El {asked} le pedimos lo que faltaba y le dijimos que sin ello su asunto se archivaría. No hemos recibido nada hasta el {until} \
             ({ZONE}), así que se archiva (Ley 44/2002, art. 29 quater.2). Puede oponerse a ello, y puede volver a presentarlo."
        ),
    }
}

/// What a customer is told who withdrew an affair, as they had said at `said`.
pub fn withdrawn(facts: &Facts, said: Timestamp) -> String {
    let (key, said) = (&facts.tracking_key, spelled(said, facts.language));
    match facts.language {
        Language::En => format!(
            "We have withdrawn your affair {key}, as you told us on {said}. If that is not what you wanted, tell us: we open it again with the date on which \
             you first presented it."
        ),
        Language::Ca => format!(
            "Hem retirat el seu assumpte {key}, com ens va dir el {said}. Si no és el que volia, digui'ns-ho: el tornem a obrir amb la data en què el va \
             presentar per primera vegada."
        ),
        Language::Gl => format!(
            "Retiramos o seu asunto {key}, como nos dixo o {said}. Se non é o que quería, díganolo: volvémolo abrir coa data en que o presentou por primeira \
             vez."
        ),
        Language::Eu => format!(
            "Zure gaia ({key}) erretiratu dugu, egun eta ordu honetan esan zenigun bezala: {said}. Hori ez bada nahi zenuena, esan iezaguzu: berriro irekiko \
             dugu, lehen aldiz aurkeztu zenuen datarekin."
        ),
        Language::Es => format!(
            "Hemos retirado su asunto {key}, como nos dijo el {said}. Si no es lo que quería, díganoslo: lo volvemos a abrir con la fecha en que lo presentó por \
             primera vez."
        ),
    }
}

/// What a customer is told whose affair is not taken up.
pub fn rejected(facts: &Facts, explanation: &str, signpost: &str) -> String {
    let key = &facts.tracking_key;
    match facts.language {
        Language::En => {
            format!(
                "We do not take up your affair {key}, for this reason:\n\n{explanation}\n\nWhere you can turn to:\n\n{signpost}"
            )
        }
        Language::Ca => {
            format!(
                "No admetem el seu assumpte {key}, per aquest motiu:\n\n{explanation}\n\nOn pot adreçar-se:\n\n{signpost}"
            )
        }
        Language::Gl => {
            format!(
                "Non admitimos o seu asunto {key}, por este motivo:\n\n{explanation}\n\nA onde pode dirixirse:\n\n{signpost}"
            )
        }
        Language::Eu => {
            format!(
                "Ez dugu zure gaia ({key}) onartzen, arrazoi honengatik:\n\n{explanation}\n\nNora jo dezakezun:\n\n{signpost}"
            )
        }
        Language::Es => {
            format!(
                "No admitimos su asunto {key}, por este motivo:\n\n{explanation}\n\nAdónde puede dirigirse:\n\n{signpost}"
            )
        }
    }
}

/// Why what was promised about an affair that is not taken up is not done.
pub fn promise_ends(language: Language) -> Cause {
    let cause = match language {
        Language::En => "Your affair was not taken up, for the reason that we have told you.",
        Language::Ca => "El seu assumpte no s'ha admès, pel motiu que li hem explicat.",
        Language::Gl => "O seu asunto non se admitiu, polo motivo que lle explicamos.",
        Language::Eu => "Zure gaia ez da onartu, azaldu dizugun arrazoiagatik.",
        Language::Es => "Su asunto no se ha admitido, por el motivo que le hemos explicado.",
    };
    cause.parse().expect("a wording of ours is a cause")
}

/// What a customer is told of a promise that will not be kept.
pub fn announced(text: &str, due: Timestamp, cause: &str, language: Language) -> String {
    let until = spelled(due, language);
    match language {
        Language::En => format!("We will not keep what we promised you by {until} ({text}), for this reason: {cause}"),
        Language::Ca => {
            format!("No complirem el que li vam prometre per al {until} ({text}), per aquest motiu: {cause}")
        }
        Language::Gl => {
            format!("Non cumpriremos o que lle prometemos para o {until} ({text}), por este motivo: {cause}")
        }
        Language::Eu => {
            format!("{until} epearekin hitzeman genizuna ({text}) ez dugu beteko, arrazoi honengatik: {cause}")
        }
        Language::Es => {
            format!("No cumpliremos lo que le prometimos para el {until} ({text}), por este motivo: {cause}")
        }
    }
}

/// What a customer is told of a promise that takes the place of another: of the old one text and due instant, then of the new one.
pub fn renegotiated(old: (&str, Timestamp), new: (&str, Timestamp), language: Language) -> String {
    let ((was, was_due), (is, due)) = (old, new);
    let (was_due, due) = (spelled(was_due, language), spelled(due, language));
    match language {
        Language::En => format!("In place of what we promised you by {was_due} ({was}) we promise you, by {due}: {is}"),
        Language::Ca => {
            format!(
                "En lloc del que li vam prometre per al {was_due} ({was}) li prometem, com a molt tard el {due}: {is}"
            )
        }
        Language::Gl => {
            format!(
                "En lugar do que lle prometemos para o {was_due} ({was}) prometémoslle, como moi tarde o {due}: {is}"
            )
        }
        Language::Eu => {
            format!(
                "{was_due} epearekin hitzeman genizunaren ({was}) ordez, beste hau hitzematen dizugu, {due} epearekin: {is}"
            )
        }
        Language::Es => {
            format!(
                "En lugar de lo que le prometimos para el {was_due} ({was}) le prometemos, a más tardar el {due}: {is}"
            )
        }
    }
}

/// What a customer is told of the term of the answer, which ends at `due` or stands still.
pub fn answer_due(due: Option<Timestamp>, by_law: bool, now: Timestamp, language: Language) -> String {
    let Some(due) = due else {
        return match language {
            Language::En => "The term for our answer does not run at the moment.",
            Language::Ca => "El termini per respondre-li no corre en aquest moment.",
            Language::Gl => "O prazo para responderlle non corre neste momento.",
            Language::Eu => "Zuri erantzuteko epea geldirik dago une honetan.",
            Language::Es => "El plazo para responderle no corre en este momento.",
        }
        .to_owned();
    };
    let until = spelled(due, language);
    match (language, now <= due, by_law) {
        (Language::En, true, true) => format!("By law you must have our answer by {until}."),
        (Language::En, true, false) => format!("We have undertaken to answer you by {until}."),
        (Language::En, false, true) => format!("By law you should have had our answer by {until}. We are late."),
        (Language::En, false, false) => format!("We had undertaken to answer you by {until}. We are late."),
        (Language::Ca, true, true) => format!("Per llei ha de tenir la nostra resposta com a molt tard el {until}."),
        (Language::Ca, true, false) => format!("Ens hem compromès a respondre-li com a molt tard el {until}."),
        (Language::Ca, false, true) => {
            format!("Per llei havia de tenir la nostra resposta com a molt tard el {until}. Anem amb retard.")
        }
        (Language::Ca, false, false) => {
            format!("Ens havíem compromès a respondre-li com a molt tard el {until}. Anem amb retard.")
        }
        (Language::Gl, true, true) => format!("Por lei debe ter a nosa resposta como moi tarde o {until}."),
        (Language::Eu, true, true) => {
            format!("Legez gure erantzuna izan behar duzu, gehienez ere egun eta ordu honetan: {until}.")
        }
        (Language::Es, true, true) => {
            format!("Por ley debe tener nuestra respuesta a más tardar el {until}.")
        }
        (Language::Gl, true, false) => format!("Comprometémonos a responderlle como moi tarde o {until}."),
        (Language::Eu, true, false) => {
            format!("Zuri erantzuteko konpromisoa hartu dugu, gehienez ere egun eta ordu honetan: {until}.")
        }
        (Language::Es, true, false) => {
            format!("Nos hemos comprometido a responderle a más tardar el {until}.")
        }
        (Language::Gl, false, true) => {
            format!("Por lei debía ter a nosa resposta como moi tarde o {until}. Imos con atraso.")
        }
        (Language::Eu, false, true) => {
            format!(
                "Legez gure erantzuna izan behar zenuen, gehienez ere egun eta ordu honetan: {until}. Berandu gabiltza."
            )
        }
        (Language::Es, false, true) => {
            format!("Por ley debía tener nuestra respuesta a más tardar el {until}. Vamos con retraso.")
        }
        (Language::Gl, false, false) => {
            format!("Comprometerámonos a responderlle como moi tarde o {until}. Imos con atraso.")
        }
        (Language::Eu, false, false) => {
            format!(
                "Zuri erantzuteko konpromisoa hartu genuen, gehienez ere egun eta ordu honetan: {until}. Berandu gabiltza."
            )
        }
        (Language::Es, false, false) => {
            format!("Nos habíamos comprometido a responderle a más tardar el {until}. Vamos con retraso.")
        }
    }
}

/// What is promised in place of a promise that was made in the words `text`, in as many characters as a promise has.
pub fn new_date(text: &str, due: Timestamp, language: Language) -> String {
    let until = spelled(due, language);
    let date = match language {
        Language::En => format!("New date, {until}, for: "),
        Language::Ca => format!("Nova data, {until}, per a: "),
        Language::Gl => format!("Nova data, {until}, para: "),
        Language::Eu => format!("Data berria, {until}, honetarako: "),
        Language::Es => format!("Nueva fecha, {until}, para: "),
    };
    date.chars().chain(text.chars()).take(500).collect()
}

/// What a customer is told who was dissatisfied and has not complained.
pub const fn complaint_invitation(language: Language) -> &'static str {
    match language {
        Language::En => {
            "We are sorry. You can complain about it, here and now, free of charge; you will get a key to follow it and an answer with reasons. Shall \
             we write it down?"
        }
        Language::Ca => {
            "Ho sentim. Pot presentar una reclamació aquí mateix i ara, sense cap cost; tindrà una clau per seguir-la i una resposta raonada. Vol \
             que la hi recollim?"
        }
        Language::Gl => {
            "Sentímolo. Pode presentar unha reclamación aquí mesmo e agora, sen custo; terá unha clave para seguila e unha resposta motivada. Quere \
             que lla recollamos?"
        }
        Language::Eu => {
            "Sentitzen dugu. Erreklamazioa aurkez dezakezu hementxe eta orain, kosturik gabe; jarraipena egiteko gako bat eta erantzun arrazoitua \
             izango dituzu. Nahi duzu guk jasotzea?"
        }
        Language::Es => {
            "Lo sentimos. Puede presentar una reclamación aquí mismo y ahora, sin coste; tendrá una clave para seguirla y una respuesta motivada. \
             ¿Quiere que se la recojamos?"
        }
    }
}

/// What is said of a receipt where it is handed out as a document.
#[derive(Debug, Clone, Copy)]
pub struct DocumentWords {
    /// The language they are in.
    pub language: Language,
    /// Above the seal.
    pub seal: &'static str,
    /// What the seal is good for, and where its signed text is.
    pub explained: &'static str,
    /// What the attached file is.
    pub attached: &'static str,
    /// That a character could not be drawn.
    pub unprintable: &'static str,
}

/// The words of a receipt as a document.
pub const fn document_words(language: Language) -> DocumentWords {
    match language {
        Language::En => DocumentWords {
            language: Language::En,
            seal: "Seal",
            explained: "These lines prove that we received the above at that date and hour. The signed text is attached to this file; whoever has \
                        our public key can check it without asking us. Keep this document: it is your proof.",
            attached: "Signed text of the receipt",
            unprintable: "Characters shown as □ are whole in the attached text.",
        },
        Language::Ca => DocumentWords {
            language: Language::Ca,
            seal: "Segell",
            explained: "Aquestes línies proven que vam rebre el que consta més amunt en aquella data i hora. El text signat va adjunt a aquest \
                        fitxer; qui tingui la nostra clau pública pot comprovar-lo sense preguntar-nos. Conservi aquest document: és la seva prova.",
            attached: "Text signat del justificant",
            unprintable: "Els caràcters que es mostren com a □ són sencers al text adjunt.",
        },
        Language::Gl => DocumentWords {
            language: Language::Gl,
            seal: "Selo",
            explained: "Estas liñas proban que recibimos o que consta arriba nesa data e hora. O texto asinado vai anexo a este ficheiro; quen \
             teña a nosa clave pública pode comprobalo sen preguntarnos. Conserve este documento: é a súa proba.",
            attached: "Texto asinado do xustificante",
            unprintable: "Os caracteres que se mostran como □ están completos no texto anexo.",
        },
        Language::Eu => DocumentWords {
            language: Language::Eu,
            seal: "Zigilua",
            explained: "Lerro hauek frogatzen dute goian agertzen dena egun eta ordu horretan jaso genuela. Sinatutako testua fitxategi honi \
             erantsita dago; gure gako publikoa duen edonork egiazta dezake, guri galdetu gabe. Gorde dokumentu hau: zure froga da.",
            attached: "Hartu-agiriaren testu sinatua",
            unprintable: "□ gisa agertzen diren karaktereak osorik daude erantsitako testuan.",
        },
        Language::Es => DocumentWords {
            language: Language::Es,
            seal: "Sello",
            explained: "Estas líneas prueban que recibimos lo que consta arriba en esa fecha y hora. El texto firmado va adjunto a este \
                        fichero; quien tenga nuestra clave pública puede comprobarlo sin preguntarnos. Conserve este documento: es su prueba.",
            attached: "Texto firmado del justificante",
            unprintable: "Los caracteres que se muestran como □ están completos en el texto adjunto.",
        },
    }
}

/// The words of a receipt.
pub(crate) struct ReceiptWords {
    pub title: &'static str,
    pub key: &'static str,
    pub received: &'static str,
    pub first_received: &'static str,
    pub kind: &'static str,
    pub department: &'static str,
    pub subject: &'static str,
    kinds: [&'static str; 6],
}

impl ReceiptWords {
    pub(crate) fn kind_of(&self, kind: TicketType) -> &'static str {
        let place = match kind {
            TicketType::Consulta => 0,
            TicketType::Queja => 1,
            TicketType::Reclamacion => 2,
            TicketType::Incidencia => 3,
            TicketType::Solicitud => 4,
            TicketType::Baja => 5,
        };
        self.kinds[place]
    }
}

pub(crate) fn receipt_words(language: Language) -> &'static ReceiptWords {
    match language {
        Language::En => &ReceiptWords {
            title: "RECEIPT",
            key: "Tracking key",
            received: "Received",
            first_received: "First presented",
            kind: "Type",
            department: "Department",
            subject: "Subject",
            kinds: ["inquiry", "grievance", "claim", "incident", "request", "cancellation of service"],
        },
        Language::Ca => &ReceiptWords {
            title: "JUSTIFICANT DE RECEPCIÓ",
            key: "Clau identificativa",
            received: "Data i hora de recepció",
            first_received: "Primera presentació",
            kind: "Tipus",
            department: "Departament",
            subject: "Assumpte",
            kinds: ["consulta", "queixa", "reclamació", "incidència", "sol·licitud", "baixa"],
        },
        Language::Gl => &ReceiptWords {
            title: "XUSTIFICANTE DE RECEPCIÓN",
            key: "Clave identificativa",
            received: "Data e hora de recepción",
            first_received: "Primeira presentación",
            kind: "Tipo",
            department: "Departamento",
            subject: "Asunto",
            kinds: ["consulta", "queixa", "reclamación", "incidencia", "solicitude", "baixa"],
        },
        Language::Eu => &ReceiptWords {
            title: "HARTU-AGIRIA",
            key: "Identifikazio-gakoa",
            received: "Jasotako eguna eta ordua",
            first_received: "Lehen aurkezpena",
            kind: "Mota",
            department: "Saila",
            subject: "Gaia",
            kinds: ["kontsulta", "kexa", "erreklamazioa", "intzidentzia", "eskaera", "baja"],
        },
        Language::Es => &ReceiptWords {
            title: "JUSTIFICANTE DE RECEPCIÓN",
            key: "Clave identificativa",
            received: "Fecha y hora de recepción",
            first_received: "Primera presentación",
            kind: "Tipo",
            department: "Departamento",
            subject: "Asunto",
            kinds: ["consulta", "queja", "reclamación", "incidencia", "solicitud", "baja"],
        },
    }
}

#[cfg(test)]
mod tests;
