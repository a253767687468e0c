//! What there is on the floor for whoever looks.

use askama::Template;
use axum::response::Response;
use web::{Lang, Layout, Session, page};

use crate::calls::may;

struct Door {
    href: &'static str,
    title: &'static str,
    about: &'static str,
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    lang: Lang,
    doors: Vec<Door>,
}

/// `/floor`.
pub(crate) async fn show(session: Session) -> Response {
    let lang = session.lang;
    let home = Home { lang, doors: doors(&session) };
    page(Layout::new(lang, lang.of("La planta", "The floor")).of(&session, "/floor"), home)
}

fn doors(session: &Session) -> Vec<Door> {
    let lang = session.lang;
    let all = [
        (
            "/ventanilla.sla.v1.SlaService/GetBoard",
            "/floor/board",
            lang.of("Tablero", "Board"),
            lang.of(
                "Qué se cumplió y qué no, y cuánto tardó.",
                "What was kept and what was missed, and how long it took.",
            ),
        ),
        (
            "/ventanilla.sla.v1.MeasureService/GetServiceParameters",
            "/floor/law",
            lang.of("Lo que la ley publica", "What the law has published"),
            lang.of(
                "Parámetros de la Ley 10/2025, equidad y evaluación anual.",
                "Parameters of Ley 10/2025, fairness and the yearly evaluation.",
            ),
        ),
        (
            "/ventanilla.sla.v1.MeasureService/GetCalibration",
            "/floor/forecasts",
            lang.of("Pronósticos", "Forecasts"),
            lang.of("Si lo pronosticado acabó pasando.", "Whether what was foretold came about."),
        ),
        (
            "/ventanilla.ticketing.v1.LearningService/MeasureRootCauses",
            "/floor/causes",
            lang.of("Causas", "Causes"),
            lang.of("Qué origina los asuntos, y cómo cambia.", "What brings affairs about, and how it changes."),
        ),
        (
            "/ventanilla.ticketing.v1.ProcessService/MeasureProcess",
            "/floor/processes",
            lang.of("Procesos", "Processes"),
            lang.of(
                "Por dónde van los asuntos, dónde se salen y qué paso se come el tiempo.",
                "How affairs go, where they leave the map, and which step eats the time.",
            ),
        ),
        (
            "/ventanilla.customer.v1.CustomerService/ListMatchProposals",
            "/floor/matches",
            lang.of("Coincidencias probables", "Probable matches"),
            lang.of(
                "Pares de registros que seguramente son una persona.",
                "Pairs of records that are most likely one person.",
            ),
        ),
        (
            "/ventanilla.customer.v1.CustomerService/GetCustomerView",
            "/floor/customers",
            lang.of("Clientes", "Customers"),
            lang.of("Una persona, con todos los departamentos.", "One person, with every department."),
        ),
    ];
    all.into_iter()
        .filter(|(rpc, ..)| may(session, rpc))
        .map(|(_, href, title, about)| Door { href, title, about })
        .collect()
}
