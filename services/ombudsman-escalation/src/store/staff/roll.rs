//! Reading the register: people with every term and the newest declaration.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kernel::ResourceId as _;
use ombudsman_escalation_domain::vocabulary::EndCause;
use ombudsman_escalation_domain::wall::{
    Declaration, Earlier, Incompatibility, Mandate, Member, Party, Register, Relation, current,
};
use ombudsman_escalation_domain::{CustomerId, MemberId};
use postgres::StoreError;
use sqlx::PgConnection;
use uuid::Uuid;

use super::MemberRef;
use crate::store::word;

/// A term of office, and what its ending rests on.
#[derive(Debug, Clone)]
pub(crate) struct Term {
    /// The term.
    pub(crate) mandate: Mandate,
    /// What was written when it was ended before its time.
    pub(crate) explanation: String,
    /// Who recorded that.
    pub(crate) ended_by: String,
}

/// A person of the register, whole.
#[derive(Debug, Clone)]
pub(crate) struct Enrolled {
    /// Identity and version.
    pub(crate) row: MemberRef,
    /// The person, under the term that counts now.
    pub(crate) member: Member,
    /// Every term, oldest first.
    pub(crate) terms: Vec<Term>,
}

/// The whole register.
#[tracing::instrument(name = "db.staff.register", skip_all)]
pub(crate) async fn register(tx: &mut PgConnection, now: Timestamp) -> Result<Register, StoreError> {
    let roll = read(tx, None, None, i64::MAX, now).await?;
    Ok(roll.into_iter().map(|one| (one.member.person.clone(), one.member)).collect())
}

/// A person of the register.
#[tracing::instrument(name = "db.staff.get", skip_all)]
pub(crate) async fn get(tx: &mut PgConnection, id: MemberId, now: Timestamp) -> Result<Option<Enrolled>, StoreError> {
    Ok(read(tx, Some(id.uuid()), None, 1, now).await?.pop())
}

/// People after this one, in the order they were entered.
#[tracing::instrument(name = "db.staff.page", skip_all)]
pub(crate) async fn page(
    tx: &mut PgConnection,
    after: Option<MemberId>,
    limit: i64,
    now: Timestamp,
) -> Result<Vec<Enrolled>, StoreError> {
    read(tx, None, after.map(|id| id.uuid()), limit, now).await
}

async fn read(
    tx: &mut PgConnection,
    only: Option<Uuid>,
    after: Option<Uuid>,
    limit: i64,
    now: Timestamp,
) -> Result<Vec<Enrolled>, StoreError> {
    let rows = sqlx::query!(
        "select member_id, version, person, office_roles, unit, line_manager from ombudsman.staff
          where ($1::uuid is null or member_id = $1) and ($2::uuid is null or member_id > $2)
          order by member_id limit $3",
        only,
        after,
        limit,
    )
    .fetch_all(&mut *tx)
    .await?;
    let people: Vec<String> = rows.iter().map(|row| row.person.clone()).collect();
    let mut terms = terms_of(&mut *tx, &people).await?;
    let mut declarations = declarations_of(tx, &people).await?;
    rows.into_iter()
        .map(|row| {
            let mut declarations = declarations.remove(&row.person).unwrap_or_default();
            let earlier = Earlier::of(&declarations);
            let terms = terms.remove(&row.person).unwrap_or_default();
            let mandates: Vec<Mandate> = terms.iter().map(|term| term.mandate).collect();
            let mandate =
                current(&mandates, now).ok_or_else(|| StoreError::corrupt("mandate", "person", &row.person))?;
            let office_roles = row.office_roles.iter().map(|role| word(role, "staff", "office_roles", &row.person));
            let member = Member {
                office_roles: office_roles.collect::<Result<_, _>>()?,
                unit: word(&row.unit, "staff", "unit", &row.person)?,
                line_manager: row.line_manager,
                mandate,
                declaration: declarations.pop(),
                earlier,
                person: row.person,
            };
            let row = MemberRef { id: MemberId::from_uuid(row.member_id), version: row.version };
            Ok(Enrolled { row, member, terms })
        })
        .collect()
}

/// Every term of these people, oldest first.
#[tracing::instrument(name = "db.staff.terms", skip_all)]
pub(crate) async fn terms_of(
    tx: &mut PgConnection,
    people: &[String],
) -> Result<BTreeMap<String, Vec<Term>>, StoreError> {
    let rows = sqlx::query!(
        "select person, starts_at, ends_at, ended_at, end_cause, end_explanation, ended_by from ombudsman.mandate
          where person = any($1) order by person, starts_at",
        people
    )
    .fetch_all(tx)
    .await?;
    let mut found: BTreeMap<String, Vec<Term>> = BTreeMap::new();
    for row in rows {
        let ended = match (row.ended_at, row.end_cause) {
            (Some(at), Some(cause)) => {
                Some((at.to_jiff(), word::<EndCause>(&cause, "mandate", "end_cause", &row.person)?))
            }
            _ => None,
        };
        let mandate = Mandate { from: row.starts_at.to_jiff(), to: row.ends_at.to_jiff(), ended };
        let term = Term {
            mandate,
            explanation: row.end_explanation.unwrap_or_default(),
            ended_by: row.ended_by.unwrap_or_default(),
        };
        found.entry(row.person).or_default().push(term);
    }
    Ok(found)
}

/// Everything these people ever declared, oldest first.
async fn declarations_of(
    tx: &mut PgConnection,
    people: &[String],
) -> Result<BTreeMap<String, Vec<Declaration>>, StoreError> {
    let rows = sqlx::query!(
        "select declaration_id, person, declared_at, expires_at from ombudsman.relation_declaration
          where person = any($1) order by person, revision",
        people
    )
    .fetch_all(&mut *tx)
    .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.declaration_id).collect();
    let mut relations = relations(&mut *tx, &ids).await?;
    let mut incompatibilities = incompatibilities(tx, &ids).await?;
    let mut found: BTreeMap<String, Vec<Declaration>> = BTreeMap::new();
    for row in rows {
        found.entry(row.person).or_default().push(Declaration {
            declared_at: row.declared_at.to_jiff(),
            expires_at: row.expires_at.to_jiff(),
            relations: relations.remove(&row.declaration_id).unwrap_or_default(),
            incompatibilities: incompatibilities.remove(&row.declaration_id).unwrap_or_default(),
        });
    }
    Ok(found)
}

async fn relations(tx: &mut PgConnection, declarations: &[Uuid]) -> Result<BTreeMap<Uuid, Vec<Relation>>, StoreError> {
    let rows = sqlx::query!(
        "select declaration_id, party_kind, party, kind, ended_at from ombudsman.relation
          where declaration_id = any($1) order by declaration_id, place",
        declarations
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

async fn incompatibilities(
    tx: &mut PgConnection,
    declarations: &[Uuid],
) -> Result<BTreeMap<Uuid, Vec<Incompatibility>>, StoreError> {
    let rows = sqlx::query!(
        "select declaration_id, kind, ended_at from ombudsman.incompatibility
          where declaration_id = any($1) order by declaration_id, place",
        declarations
    )
    .fetch_all(tx)
    .await?;
    let mut found: BTreeMap<Uuid, Vec<Incompatibility>> = BTreeMap::new();
    for row in rows {
        let kind = word(&row.kind, "incompatibility", "kind", row.declaration_id)?;
        let ended_at = row.ended_at.map(|at| at.to_jiff());
        found.entry(row.declaration_id).or_default().push(Incompatibility { kind, ended_at });
    }
    Ok(found)
}
