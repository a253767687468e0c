//! How the office comes by its people.

use kernel::Role;
use tonic::Status;
use ventanilla_proto::ombudsman::v1 as office;

use super::affair::Affair;

impl Affair<'_> {
    /// The people of the office are appointed and declare their relations, if nobody saw to that in this scene.
    pub async fn appoint(&self) -> Result<(), Status> {
        self.scene.appointed.get_or_try_init(|| self.appoint_them()).await.copied()
    }

    async fn appoint_them(&self) -> Result<(), Status> {
        use office::OfficeRole::{Intake, Investigator, Ombudsman};
        let members = [
            ("ombudsman-1", &self.cast.ombudsman, Ombudsman),
            ("registry-1", &self.cast.intake, Intake),
            ("investigator-1", &self.cast.investigator, Investigator),
        ];
        for (person, clients, role) in members {
            let member = office::OfficeMember {
                person: person.to_owned(),
                office_roles: vec![role.into()],
                unit: "ombudsman-office".to_owned(),
                mandate: Some(office::Mandate {
                    start_time: Some(self.at(-20 * 24 * 3600)),
                    end_time: Some(self.at(4 * 365 * 24 * 3600)),
                    ending: None,
                }),
                ..office::OfficeMember::default()
            };
            let register =
                office::RegisterOfficeMemberRequest { member: Some(member), request_id: self.scene.request_id() };
            // Nobody enters themselves: the first is entered by who appoints.
            let board = self.scene.person("board", &[Role::Ombudsman], None);
            let by = if person == "ombudsman-1" { &board } else { &self.cast.ombudsman };
            by.office.clone().register_office_member(register).await?;
            let declare = office::DeclareRelationsRequest {
                declaration: Some(office::RelationDeclaration::default()),
                request_id: self.scene.request_id(),
            };
            clients.office.clone().declare_relations(declare).await?;
        }
        Ok(())
    }
}
