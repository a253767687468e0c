//! Conflicts that come to light late: the seat is lost, it is seen that it is, and somebody else takes it.

use std::time::Duration;

use kernel::Role;
use testkit::eventually;
use tonic::Code;
use ventanilla_proto::ombudsman::v1 as pb;

use crate::world::{CUSTOMER, World, fresh_id, reason, refusal, relation};

const INVESTIGATOR: pb::OfficeRole = pb::OfficeRole::Investigator;
pub const OTHER: &str = "customers/0190a000-0000-7000-8000-000000000099";

impl World {
    async fn conflicts(&self) -> Vec<pb::SeatConflict> {
        let mut found = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = pb::ListSeatConflictsRequest { page_size: 1, page_token };
            let page = self.house("ines", Role::OfficeIntake).list_seat_conflicts(request).await.unwrap().into_inner();
            found.extend(page.conflicts);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return found;
            }
        }
    }

    async fn substitute(&self, case: &str, person: &str, substitute: &str) -> Result<pb::Case, tonic::Status> {
        let request = pb::SubstituteSeatRequest {
            name: case.to_owned(),
            etag: self.etag(case).await,
            person: person.to_owned(),
            office_role: INVESTIGATOR.into(),
            substitute: substitute.to_owned(),
            request_id: fresh_id(),
        };
        self.house("elena", Role::Ombudsman).substitute_seat(request).await.map(tonic::Response::into_inner)
    }

    /// customer-profile tells that these two are one person, and the office has heard it.
    pub async fn linked(&self, customer: &str, absorbed: &str) {
        let written = self.profile().link(customer, absorbed).await;
        let admin = self.database.admin().await;
        eventually(Duration::from_secs(20), || async {
            let heard = "select position from ombudsman.ledger_cursor where source = 'customer-profile'";
            let heard: Option<i64> = sqlx::query_scalar(heard).fetch_optional(&admin).await.unwrap();
            if heard == Some(written) { Ok(()) } else { Err(heard) }
        })
        .await;
    }
}

/// Who sits on the case in this role now.
fn sitting(case: &pb::Case, role: pb::OfficeRole) -> Vec<&str> {
    let live = case.assignments.iter().filter(|seat| seat.recuse_time.is_none() && seat.office_role() == role);
    live.map(|seat| seat.person.as_str()).collect()
}

#[tokio::test]
async fn a_relation_declared_after_the_assignment_costs_the_seat_at_once_and_who_is_free_is_proposed() {
    let world = World::staffed().await;
    for person in ["rita", "sara", "tono"] {
        world.hire(person, Role::Investigator, INVESTIGATOR).await;
    }
    let case = world.seated_case().await.name;
    // Rita has a case already, Sara knows the claimant: Toño is free and has nothing to do.
    let busy = world.case().await.name;
    world.assign(&busy, "rita", INVESTIGATOR).await.unwrap();
    world.declare("sara", Role::Investigator, vec![relation(CUSTOMER)]).await;
    assert!(world.conflicts().await.is_empty());

    world.declare("oscar", Role::Investigator, vec![relation(CUSTOMER)]).await;
    let found = world.get(&case).await;
    assert!(sitting(&found, INVESTIGATOR).is_empty());
    let recused = world.entries::<pb::CaseRecused>().await;
    assert_eq!((recused.len(), recused[0].person.as_str(), recused[0].substitute.as_str()), (1, "oscar", "tono"));
    let start = pb::SaveDraftRequest { ..world.draft_request(&case, "as before").await };
    let refused = world.oscar().save_draft(start).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::PermissionDenied, "NOT_ASSIGNED".into()));

    let wanting = world.conflicts().await;
    assert_eq!(wanting.len(), 1);
    let one = &wanting[0];
    assert_eq!(
        (one.case_name.as_str(), one.person.as_str(), one.office_role()),
        (case.as_str(), "oscar", INVESTIGATOR)
    );
    assert!(one.leave_time.is_some());
    assert_eq!(one.grounds, [i32::from(pb::ConflictGround::RelationWithParty)]);
    let ranked: Vec<(&str, i32)> = one.proposals.iter().map(|p| (p.person.as_str(), p.seat_count)).collect();
    assert_eq!(ranked, [("tono", 0), ("rita", 1)]);
    let asked = pb::ProposeSubstitutesRequest { name: case.clone(), office_role: INVESTIGATOR.into() };
    let answered = world.house("ines", Role::OfficeIntake).propose_substitutes(asked).await.unwrap().into_inner();
    assert_eq!(answered.proposals, one.proposals);

    world.assign(&case, "tono", INVESTIGATOR).await.unwrap();
    assert!(world.conflicts().await.is_empty());
    let verdict = world.ines().verify_dossier(pb::VerifyDossierRequest { name: case }).await.unwrap();
    assert!(verdict.into_inner().intact);
}

#[tokio::test]
async fn a_seat_that_stands_against_the_wall_is_shown_and_given_to_a_substitute() {
    let world = World::staffed().await;
    let case = world.seated_case().await.name;
    let stands = world.substitute(&case, "oscar", "").await.unwrap_err();
    assert_eq!(reason(&stands), (Code::FailedPrecondition, "SEAT_STANDS".into()));
    // Half a year before the declarations run out two more come; after it the first three have none.
    world.days(180);
    world.hire("rita", Role::Investigator, INVESTIGATOR).await;
    world.hire("sara", Role::Investigator, INVESTIGATOR).await;
    world.days(190);
    let shown = world.conflicts().await;
    let people: Vec<&str> = shown.iter().map(|one| one.person.as_str()).collect();
    assert_eq!(people, ["elena", "ines", "oscar"]);
    assert!(shown.iter().all(|one| one.leave_time.is_none()));
    assert!(shown.iter().all(|one| one.grounds == [i32::from(pb::ConflictGround::MissingDeclaration)]));
    assert_eq!(shown[2].etag, world.etag(&case).await);
    assert!(shown[0].proposals.is_empty(), "nobody else is an ombudsman");

    let refused = world.oscar().save_draft(world.draft_request(&case, "as before").await).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::FailedPrecondition, "CONFLICT_OF_INTEREST".into()));
    let unknown = world.substitute(&case, "rita", "sara").await.unwrap_err();
    assert_eq!(reason(&unknown), (Code::PermissionDenied, "NOT_ASSIGNED".into()));
    let unfit = world.substitute(&case, "oscar", "elena").await.unwrap_err();
    assert_eq!(refusal(&unfit).2["grounds"], "missing_declaration");

    let after = world.substitute(&case, "oscar", "").await.unwrap();
    assert_eq!(sitting(&after, INVESTIGATOR), ["rita"]);
    assert_eq!(after.etag, world.etag(&case).await);
    let recused = world.entries::<pb::CaseRecused>().await;
    assert_eq!((recused[0].person.as_str(), recused[0].substitute.as_str()), ("oscar", "rita"));
    let verdict = world.ines().verify_dossier(pb::VerifyDossierRequest { name: case.clone() }).await.unwrap();
    assert!(verdict.into_inner().intact);
    assert_eq!(world.conflicts().await.len(), 2);
}

#[tokio::test]
async fn nobody_takes_a_seat_when_nobody_is_free() {
    let world = World::staffed().await;
    let case = world.seated_case().await.name;
    world.days(370);
    let none = world.substitute(&case, "oscar", "").await.unwrap_err();
    assert_eq!(reason(&none), (Code::FailedPrecondition, "NO_SUBSTITUTE".into()));
}

#[tokio::test]
async fn customers_who_turn_out_to_be_one_make_the_relation_one_with_the_claimant() {
    let world = World::staffed().await;
    world.hire("rita", Role::Investigator, INVESTIGATOR).await;
    let case = world.case().await.name;
    world.declare("oscar", Role::Investigator, vec![relation(OTHER)]).await;
    world.declare("rita", Role::Investigator, vec![relation(OTHER)]).await;
    world.assign(&case, "oscar", INVESTIGATOR).await.unwrap();

    // By way of a third: the family grows, whichever id goes on.
    let third = "customers/0190a000-0000-7000-8000-000000000050";
    world.linked(third, OTHER).await;
    assert_eq!(sitting(&world.get(&case).await, INVESTIGATOR), ["oscar"]);
    world.linked(third, CUSTOMER).await;
    assert!(sitting(&world.get(&case).await, INVESTIGATOR).is_empty());
    let recused = world.entries::<pb::CaseRecused>().await;
    assert_eq!(recused[0].grounds, [i32::from(pb::ConflictGround::RelationWithParty)]);
    assert_eq!(recused[0].substitute, "", "Rita knows the same person");
    let refused = world.assign(&case, "rita", INVESTIGATOR).await.unwrap_err();
    assert_eq!(refusal(&refused).2["grounds"], "relation_with_party");
}

#[tokio::test]
async fn an_assignment_waits_for_what_is_being_written_about_the_person_and_goes_by_it() {
    let world = World::staffed().await;
    world.hire("rita", Role::Investigator, INVESTIGATOR).await;
    world.declare("oscar", Role::Investigator, vec![relation(OTHER)]).await;
    let declaration = format!(
        "update ombudsman.staff set version = version + 1 where person = 'rita';
         insert into ombudsman.relation_declaration (declaration_id, person, revision, declared_at, expires_at)
         values ('0190a000-0000-7000-8000-00000000000a', 'rita', 99, '2026-11-23T09:00:00Z', '2027-11-23T09:00:00Z');
         insert into ombudsman.relation values
             ('0190a000-0000-7000-8000-00000000000a', 0, 'customer', '{}', 'personal', null)",
        crate::world::uuid_of(CUSTOMER)
    );
    let family = format!(
        "select pg_advisory_xact_lock(hashtextextended('ombudsman.customer_family', 0));
         insert into ombudsman.customer_family values ('{0}', '{0}'), ('{1}', '{0}')",
        crate::world::uuid_of(CUSTOMER),
        crate::world::uuid_of(OTHER)
    );
    let admin = world.database.admin().await;
    for (person, under_way) in [("rita", declaration), ("oscar", family)] {
        let case = world.case().await.name;
        let mut writer = admin.acquire().await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("begin; {under_way}"))).execute(&mut *writer).await.unwrap();
        let write = async {
            eventually(Duration::from_secs(20), || async {
                let waits: bool = sqlx::query_scalar(
                    "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')",
                )
                .fetch_one(&admin)
                .await
                .unwrap();
                if waits { Ok(()) } else { Err("nobody waits") }
            })
            .await;
            sqlx::raw_sql("commit").execute(&mut *writer).await.unwrap();
        };
        let (assigned, ()) = tokio::join!(world.assign(&case, person, INVESTIGATOR), write);
        assert_eq!(refusal(&assigned.unwrap_err()).2["grounds"], "relation_with_party", "{person}");
    }
}
