//! Where the pages are, and for whom.

use kernel::Role;
use server::Principal;

use crate::Lang;

struct Place {
    href: &'static str,
    es: &'static str,
    en: &'static str,
    roles: &'static [Role],
}

const OFFICE: &[Role] =
    &[Role::OfficeIntake, Role::Investigator, Role::Ombudsman, Role::OfficeQuality, Role::OfficeAuditor];

/// In the order they are shown.
const PLACES: &[Place] = &[
    Place { href: "/console", es: "Expedientes", en: "Cases", roles: OFFICE },
    Place {
        href: "/console/reports",
        es: "Informes",
        en: "Reports",
        roles: &[Role::OfficeIntake, Role::Investigator, Role::Ombudsman, Role::OfficeAuditor],
    },
    Place { href: "/firm", es: "Expedientes de la entidad", en: "Cases of the firm", roles: &[Role::FirmLiaison] },
    Place { href: "/floor/board", es: "Tablero", en: "Board", roles: &[Role::Supervisor, Role::Auditor] },
    Place { href: "/floor/matches", es: "Coincidencias", en: "Matches", roles: &[Role::Steward, Role::Supervisor] },
    Place {
        href: "/floor/customers",
        es: "Clientes",
        en: "Customers",
        roles: &[Role::Agent, Role::Supervisor, Role::Steward],
    },
    Place {
        href: "/floor",
        es: "Más",
        en: "More",
        roles: &[Role::Agent, Role::Supervisor, Role::Steward, Role::Auditor],
    },
];

/// A link of the navigation.
pub(crate) struct Link {
    pub(crate) href: &'static str,
    pub(crate) text: &'static str,
    pub(crate) here: bool,
}

/// The links somebody has, and which of them the page stands under.
pub(crate) fn links(principal: &Principal, lang: Lang, path: &str) -> Vec<Link> {
    let open = || PLACES.iter().filter(|place| principal.has_any(place.roles));
    let under = |href: &str| path == href || path.strip_prefix(href).is_some_and(|rest| rest.starts_with('/'));
    // `/console/reports` stands under `/console` too: the longest is meant.
    let here = open().filter(|place| under(place.href)).map(|place| place.href).max_by_key(|href| href.len());
    open()
        .map(|place| Link { href: place.href, text: lang.of(place.es, place.en), here: here == Some(place.href) })
        .collect()
}

/// Where somebody lands who signed in and asked for nothing else.
pub(crate) fn home(principal: &Principal) -> Option<&'static str> {
    PLACES.iter().find(|place| principal.has_any(place.roles)).map(|place| place.href)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_sees_the_pages_of_their_roles_and_the_nearest_is_marked() {
        let ombudsman = Principal::new("o", [Role::Ombudsman]);
        let links = links(&ombudsman, Lang::En, "/console/reports/2026");
        let told: Vec<_> = links.iter().map(|link| (link.href, link.here)).collect();
        assert_eq!(told, [("/console", false), ("/console/reports", true)]);
        assert_eq!(home(&Principal::new("s", [Role::Steward])), Some("/floor/matches"));
        assert_eq!(home(&Principal::new("l", [Role::FirmLiaison])), Some("/firm"));
        assert_eq!(home(&Principal::new("c", [Role::Customer])), None);
    }
}
