//! What people keep under a name of their own: filters, macros, and other things that many look up and few change.

use jiff::Timestamp;
use kernel::{Actor, Department};

use crate::Line;

/// What is kept under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named<I, C> {
    /// Its id.
    pub id: I,
    /// What it is called.
    pub title: Line<100>,
    /// The department it is made for; none where it is for all.
    pub department: Option<Department>,
    /// What is kept.
    pub content: C,
    /// Who made it.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

impl<I, C> Named<I, C> {
    /// Whether somebody may change it: who made it, and supervisors.
    pub fn is_changed_by(&self, who: &Actor, supervises: bool) -> bool {
        supervises || (self.by.kind, &self.by.id) == (who.kind, &who.id)
    }
}

#[cfg(test)]
mod tests {
    use kernel::ActorKind;

    use super::*;

    #[test]
    fn who_made_it_and_supervisors_change_it() {
        let actor = |kind, id: &str| Actor { kind, id: id.to_owned(), department: None };
        let (ana, ana_the_program) = (actor(ActorKind::Employee, "ana"), actor(ActorKind::System, "ana"));
        let at = Timestamp::UNIX_EPOCH;
        let kept =
            Named { id: (), title: "Mías".parse().unwrap(), department: None, content: (), by: ana.clone(), at };
        assert!(kept.is_changed_by(&ana, false));
        assert!(!kept.is_changed_by(&ana_the_program, false));
        assert!(kept.is_changed_by(&ana_the_program, true));
    }
}
