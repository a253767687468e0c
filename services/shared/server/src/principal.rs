//! Who calls, as the token says.

use std::collections::BTreeSet;

use kernel::{Actor, ActorKind, Role};

/// A caller whose token held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Who it is: `sub` of the token, kind by its roles, department of the token.
    pub actor: Actor,
    /// What the token allows it to be.
    pub roles: BTreeSet<Role>,
}

impl Principal {
    /// A caller with these roles.
    pub fn new(id: impl Into<String>, roles: impl IntoIterator<Item = Role>) -> Self {
        let roles: BTreeSet<Role> = roles.into_iter().collect();
        Self { actor: Actor { kind: kind_of(&roles), id: id.into(), department: None }, roles }
    }

    /// The same caller, working for a department.
    #[must_use]
    pub fn of_department(mut self, department: kernel::Department) -> Self {
        self.actor.department = Some(department);
        self
    }

    /// The caller of an open RPC, who showed no token. Such an RPC exists for customers, and
    /// guards itself by another proof.
    pub fn anonymous() -> Self {
        let actor = Actor { kind: ActorKind::Customer, id: "anonymous".to_owned(), department: None };
        Self { actor, roles: BTreeSet::new() }
    }

    /// Whether the caller has this role.
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Whether the caller has one of these roles.
    pub fn has_any(&self, roles: &[Role]) -> bool {
        roles.iter().any(|role| self.roles.contains(role))
    }

    /// Whether the caller belongs to the ombudsman's office.
    pub fn is_office(&self) -> bool {
        self.roles.iter().any(|role| role.is_office())
    }
}

/// The kind of party that these roles make. A token never mixes the office with the firm, so the
/// order matters for nothing else.
pub(crate) fn kind_of(roles: &BTreeSet<Role>) -> ActorKind {
    let any = |wanted: &[Role]| wanted.iter().any(|role| roles.contains(role));
    if roles.iter().any(|role| role.is_office()) {
        ActorKind::Office
    } else if any(&[Role::Customer]) {
        ActorKind::Customer
    } else if any(&[Role::Ivr, Role::Crm, Role::Importer, Role::Service, Role::Form]) {
        ActorKind::System
    } else {
        ActorKind::Employee
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_party_follows_from_the_roles() {
        let kind = |role| Principal::new("x", [role]).actor.kind;
        for role in Role::ALL {
            let expected = match role {
                Role::OfficeIntake
                | Role::Investigator
                | Role::Ombudsman
                | Role::OfficeQuality
                | Role::OfficeAuditor => ActorKind::Office,
                Role::Customer => ActorKind::Customer,
                Role::Ivr | Role::Crm | Role::Importer | Role::Service | Role::Form => ActorKind::System,
                _ => ActorKind::Employee,
            };
            assert_eq!(kind(*role), expected, "{role}");
        }
    }
}
