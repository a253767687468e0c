//! The register of the office: members, mandates, declarations of relations.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::ResourceId as _;
use ombudsman_escalation_domain::wall::{Declaration, Mandate, Member, Party, Register, Relation};
use ombudsman_escalation_domain::{CustomerId, MemberId, Refused};
use postgres::StoreError;
use sqlx::PgConnection;
use uuid::Uuid;

use super::word;
use crate::error::Failure;

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
    now: Timestamp,
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
    sqlx::query!(
        "insert into ombudsman.mandate (person, starts_at, ends_at) values ($1, $2, $3)",
        member.person,
        member.mandate.from.to_sqlx() as _,
        member.mandate.to.to_sqlx() as _,
    )
    .execute(tx)
    .await
    .map_err(StoreError::from)?;
    Ok(())
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

/// Writes a declaration; it replaces the one before by being newer.
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
    Ok(())
}

/// The whole register, each with the mandate that runs (or the last one) and the newest declaration.
#[tracing::instrument(name = "db.staff.register", skip_all)]
pub(crate) async fn register(tx: &mut PgConnection, now: Timestamp) -> Result<Register, StoreError> {
    let mut relations = relations(&mut *tx).await?;
    let rows = sqlx::query!(
        r#"select s.person, s.office_roles, s.unit, s.line_manager, m.starts_at, m.ends_at,
                  d.declaration_id as "declaration_id?", d.declared_at as "declared_at?", d.expires_at as "expires_at?"
             from ombudsman.staff s
             join lateral (select starts_at, ends_at from ombudsman.mandate where person = s.person
                            order by (starts_at <= $1 and ends_at > $1) desc, starts_at desc limit 1) m on true
             left join lateral (select declaration_id, declared_at, expires_at from ombudsman.relation_declaration
                                 where person = s.person order by revision desc limit 1) d on true"#,
        now.to_sqlx() as _
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let declaration = match (row.declaration_id, row.declared_at, row.expires_at) {
                (Some(id), Some(declared_at), Some(expires_at)) => Some(Declaration {
                    declared_at: declared_at.to_jiff(),
                    expires_at: expires_at.to_jiff(),
                    relations: relations.remove(&id).unwrap_or_default(),
                }),
                _ => None,
            };
            let office_roles = row.office_roles.iter().map(|role| word(role, "staff", "office_roles", &row.person));
            let member = Member {
                office_roles: office_roles.collect::<Result<_, _>>()?,
                unit: word(&row.unit, "staff", "unit", &row.person)?,
                line_manager: row.line_manager,
                mandate: Mandate { from: row.starts_at.to_jiff(), to: row.ends_at.to_jiff() },
                declaration,
                person: row.person,
            };
            Ok((member.person.clone(), member))
        })
        .collect()
}

/// Relations of every newest declaration.
async fn relations(tx: &mut PgConnection) -> Result<BTreeMap<Uuid, Vec<Relation>>, StoreError> {
    let rows = sqlx::query!(
        "select r.declaration_id, r.party_kind, r.party, r.kind, r.ended_at from ombudsman.relation r
          where r.declaration_id in (select distinct on (person) declaration_id from ombudsman.relation_declaration
                                      order by person, revision desc)
          order by r.declaration_id, r.place"
    )
    .fetch_all(tx)
    .await?;
    let mut found: BTreeMap<Uuid, Vec<Relation>> = BTreeMap::new();
    for row in rows {
        let corrupt = || StoreError::corrupt("relation", "party", row.declaration_id);
        let party = if row.party_kind == "customer" {
            Party::Customer(CustomerId::from_uuid(Uuid::try_parse(&row.party).map_err(|_| corrupt())?))
        } else {
            Party::Unit(row.party.parse().map_err(|_| corrupt())?)
        };
        let kind = word(&row.kind, "relation", "kind", row.declaration_id)?;
        let ended_at = row.ended_at.map(|at| at.to_jiff());
        found.entry(row.declaration_id).or_default().push(Relation { party, kind, ended_at });
    }
    Ok(found)
}
