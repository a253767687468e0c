//! Fields that several steps ask for, and how one is said.

use super::{Field, Kind, List};
use crate::words::Both;

use Kind::{One, Text};

pub(super) const fn need(name: &'static str, label: Both, hint: Both, kind: Kind) -> Field {
    Field { name, label, hint, kind, required: true }
}

pub(super) const fn may(name: &'static str, label: Both, hint: Both, kind: Kind) -> Field {
    Field { name, label, hint, kind, required: false }
}

pub(super) const NO_HINT: Both = ("", "");
pub(super) const CLAIMANT_READS: Both =
    ("Lo leerá el reclamante: en palabras llanas.", "The claimant will read it: in plain words.");
pub(super) const PARTIES_READ: Both = ("Lo leen ambas partes.", "Both parties read it.");

pub(super) const REASONS: Field = need("reasons", ("Motivos", "Reasons"), PARTIES_READ, Text);
pub(super) const STATEMENT: Field = need("statement", ("Qué dijo", "What was said"), PARTIES_READ, Text);
pub(super) const CHANNEL: Field = need(
    "channel",
    ("Por qué canal", "By which channel"),
    ("El mismo por el que reclamó, si no pidió otro.", "The one they claimed by, unless they asked for another."),
    One(List::Channels),
);
pub(super) const ACCEPTED: Field = need("accepted", ("¿Acepta?", "Does it accept?"), NO_HINT, One(List::YesNo));
pub(super) const GROUND: Field =
    need("ground", ("Motivo de la lista cerrada", "Ground of the closed list"), NO_HINT, One(List::Grounds));

pub(super) const CAME_ON: Field = may(
    "receive_time",
    ("Día en que llegó", "Day it came"),
    (
        "Si es del reclamante y no llegó hoy: cuenta desde entonces.",
        "If it is the claimant's and did not come today: it counts from then.",
    ),
    Kind::Day,
);
pub(super) const CAME_AT: Field = may(
    "receive_hour",
    ("Hora a la que llegó", "Hour it came"),
    (
        "Si se sabe; si no, vale todo el día. Lo que llegó antes de proponer la inadmisión no la contesta.",
        "If it is known; otherwise any of the day. What came before a refusal was proposed does not answer it.",
    ),
    Kind::Hour,
);
