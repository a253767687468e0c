//! The whole view of a customer, in one statement.

use std::fmt;

use customer_profile_domain::{CustomerId, Disability};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::ResourceId;
use postgres::StoreError;
use serde::Deserialize;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;

use super::dealing::Summary;
use super::relation::Standing;
use super::wishes::{self, ConsentRow, PreferenceRow, VulnerabilityRow};
use super::{customer, interaction};

/// Everything the statement gives.
pub(crate) struct View {
    /// Who goes on.
    pub id: CustomerId,
    pub customer: proto::Customer,
    pub tickets: Vec<Ticket>,
    pub promises: Vec<Promise>,
    pub surveys: Vec<Survey>,
    pub clocks: Vec<Clock>,
    pub breaches: Vec<Clock>,
    pub cases: Vec<Case>,
    pub interactions: Vec<interaction::Row>,
    /// The last contacts that the customer made, newest first.
    pub own: Vec<interaction::OwnRow>,
    pub consents: Vec<ConsentRow>,
    pub preferences: Option<PreferenceRow>,
    pub vulnerabilities: Vec<VulnerabilityRow>,
    pub disability: Option<Disability>,
    pub relations: Vec<Standing>,
    pub dealings: Summary,
    pub costs: Vec<interaction::CostRow>,
    /// Sources with entries that wait for release.
    pub parked: Vec<String>,
}

/// An affair. `total` counts all of its section, past the limit too.
#[derive(Deserialize)]
pub(crate) struct Ticket {
    pub ticket_id: Uuid,
    pub customer_id: Uuid,
    pub ticket_type: i32,
    pub severity: i32,
    pub state: i32,
    pub channel: i32,
    pub department: String,
    pub owner: String,
    pub subject: String,
    pub first_received_at: Timestamp,
    pub updated_at: Timestamp,
    pub cure_due_at: Option<Timestamp>,
    pub incident_id: Option<Uuid>,
    pub merged_into: Option<Uuid>,
    pub complains: bool,
    pub total: i32,
}

/// A promise.
#[derive(Deserialize)]
pub(crate) struct Promise {
    pub promise_id: Uuid,
    pub ticket_id: Uuid,
    pub channel: i32,
    pub text: String,
    pub due_at: Timestamp,
    pub made_at: Timestamp,
    pub state: i32,
    pub danger: i16,
    pub total: i32,
}

/// A survey. `asked_total` and `answered_total` count all of the customer's.
#[derive(Debug, Deserialize)]
pub(crate) struct Survey {
    pub ticket_id: Uuid,
    pub department: String,
    pub asked_at: Timestamp,
    pub answered_at: Option<Timestamp>,
    pub csat: Option<i32>,
    pub nps: Option<i32>,
    pub ces: Option<i32>,
    pub causes: Vec<i32>,
    pub asked_total: i32,
    pub answered_total: i32,
}

/// A clock.
#[derive(Debug, Deserialize)]
pub(crate) struct Clock {
    pub clock_id: Uuid,
    pub subject: String,
    pub rule: String,
    pub stage: String,
    pub state: i32,
    pub due_at: Option<Timestamp>,
    pub warned_percent: i32,
    pub breached_at: Option<Timestamp>,
    pub department: String,
    pub total: i32,
}

/// A case.
#[derive(Debug, Deserialize)]
pub(crate) struct Case {
    pub case_id: Uuid,
    pub ticket_id: Uuid,
    pub regime: String,
    pub state: i32,
    pub filed_at_office_at: Timestamp,
    pub outcome: i32,
    pub binding: bool,
    pub total: i32,
}

/// Without what is personal.
impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("ticket_id", &self.ticket_id).finish_non_exhaustive()
    }
}

/// Without what is personal.
impl fmt::Debug for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Promise").field("promise_id", &self.promise_id).finish_non_exhaustive()
    }
}

/// Reads the view of the customer this id resolves to. Each section is limited; a customer with
/// thousands of affairs is read as fast as another.
#[tracing::instrument(name = "db.view.get", skip_all)]
pub(crate) async fn get(
    executor: impl PgExecutor<'_>,
    id: CustomerId,
    currency: &str,
    now: Timestamp,
) -> Result<Option<View>, StoreError> {
    let row = sqlx::query!(
        r#"select c.id, c.profile, c.restricted, c.row_version,
               (select json_agg(t) from (
                   select *, count(*) over () as total from customer_profile.view_ticket
                   where customer_id = any(c.ids) and is_open order by first_received_at, ticket_id limit 50
               ) t) as "tickets: Json<Vec<Ticket>>",
               (select json_agg(p) from (
                   select p.*, count(*) over () as total, (
                       select coalesce(max(case when k.breached_at is not null then 100 else k.warned_percent end), 0)
                       from customer_profile.view_clock k
                       where k.customer_id = any(c.ids) and k.is_open
                         and k.subject = 'tickets/' || p.ticket_id || '/promises/' || p.promise_id
                   ) as danger
                   from customer_profile.view_promise p
                   where p.customer_id = any(c.ids) and p.is_open order by p.due_at, p.promise_id limit 50
               ) p) as "promises: Json<Vec<Promise>>",
               (select json_agg(u) from (
                   select *, count(*) over () as asked_total, count(answered_at) over () as answered_total
                   from customer_profile.view_survey
                   where customer_id = any(c.ids) order by asked_at desc, ticket_id limit 10
               ) u) as "surveys: Json<Vec<Survey>>",
               (select json_agg(k) from (
                   select *, count(*) over () as total from customer_profile.view_clock
                   where customer_id = any(c.ids) and is_open order by due_at nulls last, clock_id limit 50
               ) k) as "clocks: Json<Vec<Clock>>",
               (select json_agg(b) from (
                   select *, count(*) over () as total from customer_profile.view_clock
                   where customer_id = any(c.ids) and breached_at is not null order by breached_at desc, clock_id limit 50
               ) b) as "breaches: Json<Vec<Clock>>",
               (select json_agg(s) from (
                   select *, count(*) over () as total from customer_profile.view_case
                   where customer_id = any(c.ids) order by filed_at_office_at desc, case_id limit 50
               ) s) as "cases: Json<Vec<Case>>",
               (select json_agg(n) from (
                   with recent as (
                       select i.* from unnest(c.ids) as k (id)
                       cross join lateral (
                           select * from customer_profile.interaction
                           where customer_id = k.id order by occurred_at desc, id desc limit 10
                       ) i order by i.occurred_at desc, i.id desc limit 10
                   ), spoken as (
                       -- Of who has more: from one department to the next along the index, however many contacts each has.
                       select distinct on (i.department) i.* from unnest(c.ids) as k (id)
                       cross join lateral (
                           with recursive seek (department) as (
                               select min(department) from customer_profile.interaction where customer_id = k.id
                               union all
                               select (select min(n.department) from customer_profile.interaction n
                                       where n.customer_id = k.id and n.department > s.department)
                               from seek s where s.department is not null
                           )
                           select l.* from seek s cross join lateral (
                               select * from customer_profile.interaction
                               where customer_id = k.id and department = s.department order by occurred_at desc, id desc limit 1
                           ) l
                       ) i where (select count(*) from recent) >= 10 order by i.department, i.occurred_at desc, i.id desc
                   )
                   select * from (
                       select * from recent
                       union all
                       select * from spoken s where not exists (select from recent r where r.id = s.id)
                   ) w order by occurred_at desc, id desc limit 100
               ) n) as "interactions: Json<Vec<interaction::Row>>",
               (select json_agg(n) from (
                   select i.id, i.channel, i.occurred_at, i.discretion, i.sentiment_language, i.sentiment_score
                   from unnest(c.ids) as k (id)
                   cross join lateral (
                       select * from customer_profile.interaction
                       where customer_id = k.id and direction = 'inbound' order by occurred_at desc, id desc limit 10
                   ) i order by i.occurred_at desc, i.id desc limit 10
               ) n) as "own: Json<Vec<interaction::OwnRow>>",
               (select json_agg(s) from (
                   select distinct on (purpose, channel) id, purpose, channel, says, legal_basis, expires_at, said_at
                   from customer_profile.consent_statement
                   where customer_id = any(c.ids) order by purpose, channel, said_at desc, says desc
               ) s) as "consents: Json<Vec<ConsentRow>>",
               (select row_to_json(w) from (
                   select * from customer_profile.contact_preference_statement
                   where customer_id = any(c.ids) order by said_at desc, id desc limit 1
               ) w) as "preferences: Json<PreferenceRow>",
               (select json_agg(v) from (
                   select * from customer_profile.vulnerability
                   where customer_id = any(c.ids) and ended_at is null and (expires_at is null or expires_at > $2)
                   order by declared_at desc, id desc limit 20
               ) v) as "vulnerabilities: Json<Vec<VulnerabilityRow>>",
               (select max(case when access_class = 'serving' then 2 else 1 end) from customer_profile.vulnerability
                where customer_id = any(c.ids) and ended_at is null and driver = 'disability'
                  and (expires_at is null or expires_at > $2)) as disability,
               (select json_agg(r) from (
                   select r.*, o.customer_id as other from (
                       select id, kind, false as inverse, other_id as given, evidence, stated_at, expires_at, actor_id
                       from customer_profile.relation
                       where customer_id = any(c.ids) and ended_at is null and (expires_at is null or expires_at > $2)
                       union all
                       select id, kind, true, customer_id, evidence, stated_at, expires_at, actor_id
                       from customer_profile.relation
                       where other_id = any(c.ids) and ended_at is null and (expires_at is null or expires_at > $2)
                   ) r join customer_profile.customer_alias o on o.id = r.given
                   where o.customer_id <> c.id order by r.stated_at desc, r.id desc limit 20
               ) r) as "relations: Json<Vec<Standing>>",
               (select row_to_json(w) from (
                   select (select json_agg(l) from (
                              select kind, occurred_at as at from customer_profile.dealing
                              where customer_id = any(c.ids) and occurred_at <= $2 order by occurred_at desc, id desc limit 60
                          ) l) as last,
                          (select count(*) filter (where kind = 'contract_start') - count(*) filter (where kind = 'contract_end')
                           from customer_profile.dealing
                           where customer_id = any(c.ids) and kind in ('contract_start', 'contract_end') and occurred_at <= $2
                          ) as contracts,
                          (select min(f.occurred_at) from unnest(c.ids) i cross join lateral (
                              select occurred_at from customer_profile.dealing
                              where customer_id = i and kind in ('contract_start', 'purchase') and occurred_at <= $2
                              order by occurred_at, id limit 1) f
                          ) as first_at,
                          count(*) filter (where kind = 'purchase') as purchases,
                          coalesce(sum(case kind when 'purchase' then minor_units when 'refund' then -minor_units end)
                                   filter (where currency = $3), 0)::bigint as spent
                   from customer_profile.dealing
                   where customer_id = any(c.ids) and occurred_at > $2 - interval '365 days' and occurred_at <= $2
               ) w) as "dealings!: Json<Summary>",
               (select json_agg(n) from (
                   select occurred_at, waited_seconds, handled_seconds, transfer_count, ticket_id from customer_profile.interaction
                   where customer_id = any(c.ids) and occurred_at > $2 - interval '90 days' and direction = 'inbound'
                   order by occurred_at desc limit 500
               ) n) as "costs: Json<Vec<interaction::CostRow>>",
               array(select distinct source from customer_profile.ledger_parked) as "parked!"
           from customer_profile.customer_alias a
           join customer_profile.customer c on c.id = a.customer_id
           where a.id = $1"#,
        id.uuid(),
        now.to_sqlx() as _,
        currency,
    )
    .fetch_optional(executor)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(View {
        id: CustomerId::from_uuid(row.id),
        customer: customer::decode(row.id, row.profile.as_deref(), row.restricted, row.row_version)?,
        tickets: row.tickets.map(|j| j.0).unwrap_or_default(),
        promises: row.promises.map(|j| j.0).unwrap_or_default(),
        surveys: row.surveys.map(|j| j.0).unwrap_or_default(),
        clocks: row.clocks.map(|j| j.0).unwrap_or_default(),
        breaches: row.breaches.map(|j| j.0).unwrap_or_default(),
        cases: row.cases.map(|j| j.0).unwrap_or_default(),
        interactions: row.interactions.map(|j| j.0).unwrap_or_default(),
        own: row.own.map(|j| j.0).unwrap_or_default(),
        consents: row.consents.map(|j| j.0).unwrap_or_default(),
        preferences: row.preferences.map(|j| j.0),
        vulnerabilities: row.vulnerabilities.map(|j| j.0).unwrap_or_default(),
        disability: wishes::disability(row.disability),
        relations: row.relations.map(|j| j.0).unwrap_or_default(),
        dealings: row.dealings.0,
        costs: row.costs.map(|j| j.0).unwrap_or_default(),
        parked: row.parked,
    }))
}

/// What is going on with several customers.
pub(crate) struct Touched {
    pub tickets: Vec<Ticket>,
    pub clocks: Vec<Clock>,
    pub cases: Vec<Case>,
    /// What stands for those that are left out, in the order of the three.
    pub rest: [Vec<u8>; 3],
    /// Sources with entries that wait for release.
    pub parked: Vec<String>,
}

/// Affairs and clocks that are not over, and cases, of all customers that ever had one of these ids; fifty of each.
#[tracing::instrument(name = "db.view.touched", skip_all)]
pub(crate) async fn touched(tx: &mut PgConnection, ids: &[Uuid]) -> Result<Touched, StoreError> {
    let row = sqlx::query!(
        r#"select
               (select json_agg(t) from (
                   select *, count(*) over () as total from customer_profile.view_ticket
                   where customer_id = any($1) and is_open order by first_received_at, ticket_id limit 50
               ) t) as "tickets: Json<Vec<Ticket>>",
               (select json_agg(k) from (
                   select *, count(*) over () as total from customer_profile.view_clock
                   where customer_id = any($1) and is_open order by due_at nulls last, clock_id limit 50
               ) k) as "clocks: Json<Vec<Clock>>",
               (select json_agg(s) from (
                   select *, count(*) over () as total from customer_profile.view_case
                   where customer_id = any($1) order by filed_at_office_at desc, case_id limit 50
               ) s) as "cases: Json<Vec<Case>>",
               (select sha256(convert_to(coalesce(string_agg(t::text, e'\n'), ''), 'UTF8')) from (
                   select * from customer_profile.view_ticket
                   where customer_id = any($1) and is_open order by first_received_at, ticket_id offset 50
               ) t) as "other_tickets!",
               (select sha256(convert_to(coalesce(string_agg(k::text, e'\n'), ''), 'UTF8')) from (
                   select * from customer_profile.view_clock
                   where customer_id = any($1) and is_open order by due_at nulls last, clock_id offset 50
               ) k) as "other_clocks!",
               (select sha256(convert_to(coalesce(string_agg(s::text, e'\n'), ''), 'UTF8')) from (
                   select * from customer_profile.view_case
                   where customer_id = any($1) order by filed_at_office_at desc, case_id offset 50
               ) s) as "other_cases!",
               array(select distinct source from customer_profile.ledger_parked) as "parked!""#,
        ids,
    )
    .fetch_one(tx)
    .await?;
    Ok(Touched {
        tickets: row.tickets.map(|j| j.0).unwrap_or_default(),
        clocks: row.clocks.map(|j| j.0).unwrap_or_default(),
        cases: row.cases.map(|j| j.0).unwrap_or_default(),
        rest: [row.other_tickets, row.other_clocks, row.other_cases],
        parked: row.parked,
    })
}
