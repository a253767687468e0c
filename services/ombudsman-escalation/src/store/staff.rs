//! The register of the office: members, mandates, declarations of relations.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::ResourceId as _;
use ombudsman_escalation_domain::vocabulary::{EndCause, OfficeRole};
use ombudsman_escalation_domain::wall::{Declaration, Mandate, Member, Party};
use ombudsman_escalation_domain::{HouseRefused, MemberId, Refused};
use postgres::StoreError;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::Failure;

pub(crate) use roll::{Enrolled, Term, get, page, register, terms_of};

mod roll;

/// Identity and version of a member's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MemberRef {
    /// The member.
    pub(crate) id: MemberId,
    /// Row version.
    pub(crate) version: i64,
}

/// Writes a new member with the first mandate.
#[tracing::instrument(name = "db.staff.insert", skip_all)]
pub(crate) async fn insert(
    tx: &mut PgConnection,
    id: MemberId,
    member: &Member,
    (by, now): (&str, Timestamp),
) -> Result<(), Failure> {
    let roles: Vec<String> = member.office_roles.iter().map(ToString::to_string).collect();
    let inserted = sqlx::query!(
        "insert into ombudsman.staff (member_id, version, person, office_roles, unit, line_manager, created_at)
         values ($1, 1, $2, $3, $4, $5, $6)",
        id.uuid(),
        member.person,
        &roles,
        member.unit.as_str(),
        member.line_manager,
        now.to_sqlx() as _,
    )
    .execute(&mut *tx)
    .await
    .map_err(StoreError::from);
    match inserted {
        Err(error) if error.constraint() == Some("staff_person_key") => return Err(Refused::MemberExists.into()),
        other => other?,
    };
    grant(tx, &member.person, &member.mandate, (by, now)).await
}

/// Writes a term of office, and who entered it. The database refuses one that begins before another is over, and one by who does not govern the register.
#[tracing::instrument(name = "db.staff.grant", skip_all)]
pub(crate) async fn grant(
    tx: &mut PgConnection,
    person: &str,
    term: &Mandate,
    (by, now): (&str, Timestamp),
) -> Result<(), Failure> {
    let inserted = sqlx::query!(
        "insert into ombudsman.mandate (person, starts_at, ends_at, entered_at, entered_by) values ($1, $2, $3, $4, $5)",
        person,
        term.from.to_sqlx() as _,
        term.to.to_sqlx() as _,
        now.to_sqlx() as _,
        by,
    )
    .execute(tx)
    .await
    .map_err(StoreError::from);
    match inserted {
        // Committed by somebody else after we looked.
        Err(error) if matches!(error.constraint(), Some("mandate_follows_the_last" | "mandate_pkey")) => {
            Err(Refused::from(HouseRefused::MandateOverlaps { free_from: term.from }).into())
        }
        other => other.map(drop).map_err(Failure::from),
    }
}

/// Why a term ends before its time, and who says so.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ending<'a> {
    pub(crate) cause: EndCause,
    pub(crate) explanation: &'a str,
    pub(crate) by: &'a str,
    pub(crate) at: Timestamp,
}

/// Ends a term of office before its time. That no pending case is left alone the database judges at the commit.
#[tracing::instrument(name = "db.staff.end", skip_all)]
pub(crate) async fn end(
    tx: &mut PgConnection,
    person: &str,
    term: &Mandate,
    ending: Ending<'_>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update ombudsman.mandate set ended_at = $3, end_cause = $4, end_explanation = $5, ended_by = $6
          where person = $1 and starts_at = $2",
        person,
        term.from.to_sqlx() as _,
        ending.at.to_sqlx() as _,
        ending.cause.as_str(),
        ending.explanation,
        ending.by,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Writes down which roles are taken away, and why: without it the database takes none away.
#[tracing::instrument(name = "db.staff.withdraw", skip_all)]
pub(crate) async fn withdraw(
    tx: &mut PgConnection,
    (person, version): (&str, i64),
    withdrawn: &BTreeSet<OfficeRole>,
    why: Option<(EndCause, &str)>,
    (by, at): (&str, Timestamp),
) -> Result<(), StoreError> {
    let roles: Vec<String> = withdrawn.iter().map(ToString::to_string).collect();
    sqlx::query!(
        "insert into ombudsman.role_withdrawal (person, version, office_roles, cause, explanation, withdrawn_by, withdrawn_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        person,
        version,
        &roles,
        why.map(|(cause, _)| cause.as_str()),
        why.map(|(_, explanation)| explanation),
        by,
        at.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Changes what a person is appointed for.
#[tracing::instrument(name = "db.staff.appoint", skip_all)]
pub(crate) async fn appoint(
    tx: &mut PgConnection,
    id: MemberId,
    office_roles: &BTreeSet<OfficeRole>,
) -> Result<(), StoreError> {
    let roles: Vec<String> = office_roles.iter().map(ToString::to_string).collect();
    sqlx::query!("update ombudsman.staff set office_roles = $2 where member_id = $1", id.uuid(), &roles)
        .execute(tx)
        .await?;
    Ok(())
}

/// Who the member is, without a lock: what must be locked before the member's own row is found by it.
#[tracing::instrument(name = "db.staff.person", skip_all)]
pub(crate) async fn person(tx: &mut PgConnection, id: MemberId) -> Result<String, Failure> {
    let found = sqlx::query_scalar!("select person from ombudsman.staff where member_id = $1", id.uuid())
        .fetch_optional(tx)
        .await
        .map_err(StoreError::from)?;
    found.ok_or_else(|| Refused::MemberNotFound.into())
}

/// Locks a member's row and moves its version on.
#[tracing::instrument(name = "db.staff.touch", skip_all)]
pub(crate) async fn touch(tx: &mut PgConnection, person: &str) -> Result<MemberRef, Failure> {
    let row = sqlx::query!(
        "update ombudsman.staff set version = version + 1 where person = $1 returning member_id, version",
        person
    )
    .fetch_optional(tx)
    .await
    .map_err(StoreError::from)?;
    let row = row.ok_or(Refused::MemberNotFound)?;
    Ok(MemberRef { id: MemberId::from_uuid(row.member_id), version: row.version })
}

/// Writes a declaration: the newest is the one that counts, and what those before told is kept.
#[tracing::instrument(name = "db.staff.declare", skip_all)]
pub(crate) async fn declare(
    tx: &mut PgConnection,
    id: Uuid,
    person: &str,
    revision: i64,
    declaration: &Declaration,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into ombudsman.relation_declaration (declaration_id, person, revision, declared_at, expires_at)
         values ($1, $2, $3, $4, $5)",
        id,
        person,
        revision,
        declaration.declared_at.to_sqlx() as _,
        declaration.expires_at.to_sqlx() as _,
    )
    .execute(&mut *tx)
    .await?;
    for (place, relation) in (0_i32..).zip(&declaration.relations) {
        let (party_kind, party) = match &relation.party {
            Party::Customer(customer) => ("customer", customer.uuid().to_string()),
            Party::Unit(unit) => ("unit", unit.to_string()),
        };
        sqlx::query!(
            "insert into ombudsman.relation (declaration_id, place, party_kind, party, kind, ended_at)
             values ($1, $2, $3, $4, $5, $6)",
            id,
            place,
            party_kind,
            party,
            relation.kind.as_str(),
            relation.ended_at.map(|at| at.to_sqlx()) as _,
        )
        .execute(&mut *tx)
        .await?;
    }
    for (place, one) in (0_i32..).zip(&declaration.incompatibilities) {
        sqlx::query!(
            "insert into ombudsman.incompatibility (declaration_id, place, kind, ended_at) values ($1, $2, $3, $4)",
            id,
            place,
            one.kind.as_str(),
            one.ended_at.map(|at| at.to_sqlx()) as _,
        )
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// Whether the office ever had an ombudsman: until then it is being set up.
#[tracing::instrument(name = "db.staff.had_ombudsman", skip_all)]
pub(crate) async fn had_ombudsman(tx: &mut PgConnection) -> Result<bool, StoreError> {
    let had = sqlx::query_scalar!(r#"select ombudsman.had_ombudsman() as "had!""#).fetch_one(tx).await?;
    Ok(had)
}

/// Whether the person may change the register of the office at an instant: as an ombudsman whose term runs, as a colleague of one who is alone, or while there is none.
#[tracing::instrument(name = "db.staff.may_govern", skip_all)]
pub(crate) async fn may_govern(tx: &mut PgConnection, person: &str, at: Timestamp) -> Result<bool, StoreError> {
    let may = sqlx::query_scalar!(r#"select ombudsman.may_govern($1, $2) as "may!""#, person, at.to_sqlx() as _)
        .fetch_one(tx)
        .await?;
    Ok(may)
}
