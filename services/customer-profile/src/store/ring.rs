//! What a phone number says, in one statement: this is read while somebody waits in a ring.

use customer_profile_domain::{CustomerId, Disability, LineUse, Phone};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::ResourceId;
use postgres::StoreError;
use sqlx::PgExecutor;
use uuid::Uuid;

use super::wishes;

/// One customer who has the number.
pub(crate) struct Holder {
    pub line: LineUse,
    /// What the record with the number brought that was observed last; present when the number leads to this customer alone.
    pub own_customer: Option<CustomerId>,
    pub language: i16,
    /// The customer's data is kept and not used.
    pub restricted: bool,
    /// Present when the number leads to this customer alone: encoded, for the birth date in it.
    pub profile: Option<Vec<u8>>,
    /// Present when the number leads to this customer alone.
    pub affairs: Option<Affairs>,
}

/// What a number leads to.
pub(crate) struct Found {
    pub holders: Vec<Holder>,
    /// More records carry it than were looked at.
    pub crowded: bool,
    /// Sources of which entries wait.
    pub parked: Vec<String>,
}

/// What is going on with the customer.
pub(crate) struct Affairs {
    pub open_tickets: i64,
    pub open_complaint: bool,
    pub breached: bool,
    pub breach_risk: bool,
    pub on_hold: bool,
    pub disability: Option<Disability>,
    pub promise: Option<Promise>,
}

/// The promise that falls due first.
pub(crate) struct Promise {
    pub id: Uuid,
    pub ticket: Uuid,
    pub channel: i16,
    pub due_at: Timestamp,
    pub made_at: Timestamp,
    pub state: i16,
    pub danger: i16,
}

/// Those who have the number now, at most nine of them. Whether a customer has it still, or has it yet, the record says that was observed last
/// of those of theirs that state a period, however many others mention it, unless it was verified with them since: the domain's
/// `golden` decides the same for screens. Of what nobody proved nothing is told while somebody else is known to
/// have the number. Records past the 65th are not looked at: by then nobody can say who is calling.
#[tracing::instrument(name = "db.ring.holders", skip_all)]
pub(crate) async fn holders(db: impl PgExecutor<'_>, phone: &Phone, now: Timestamp) -> Result<Found, StoreError> {
    let rows = sqlx::query!(
        r#"with proven as materialized (
               select source_record_id, customer_id, observed_at, verified_at, shared, unproven from customer_profile.identifier i
               where kind = 'phone' and key = $1 and not unproven and (valid_from is null or valid_from <= $2)
                 and (valid_until is null or valid_until > $2)
                 and not exists (
                     select from (
                         select e.valid_from, e.valid_until, e.observed_at from customer_profile.identifier e
                         where e.kind = 'phone' and e.key = $1 and e.customer_id = i.customer_id
                           and (e.valid_from is not null or e.valid_until is not null) and not e.unproven
                         order by e.observed_at desc, e.valid_until, e.valid_from desc nulls last limit 1
                     ) said where (said.valid_until <= $2 or said.valid_from > $2) and (i.verified_at > said.observed_at) is not true
                 ) limit 65
           ), carrier as materialized (
               select * from proven
               union all
               (select source_record_id, customer_id, observed_at, verified_at, shared, unproven from customer_profile.identifier i
                where kind = 'phone' and key = $1 and unproven and not exists (select from proven)
                  and (valid_from is null or valid_from <= $2) and (valid_until is null or valid_until > $2)
                  and not exists (
                      select from (
                          select e.valid_from, e.valid_until, e.observed_at from customer_profile.identifier e
                          where e.kind = 'phone' and e.key = $1 and e.customer_id = i.customer_id
                            and (e.valid_from is not null or e.valid_until is not null)
                          order by e.unproven, e.observed_at desc, e.valid_until, e.valid_from desc nulls last limit 1
                      ) said where (said.valid_until <= $2 or said.valid_from > $2) and (i.verified_at > said.observed_at) is not true
                  ) limit 65)
           ), uses as materialized (
               select customer_id, max(observed_at) as observed_at, max(verified_at) as verified_at,
                      bool_or(shared) as shared, bool_and(unproven) as unproven,
                      (array_agg(source_record_id order by observed_at desc, source_record_id))[1] as record
               from carrier group by customer_id
           )
           select u.customer_id as "customer_id!", u.observed_at as "observed_at!", u.verified_at, u.shared as "shared!", u.unproven as "unproven!", (select count(*) > 64 from carrier) as "crowded!", c.language, c.restricted,
                  one.open_tickets as "open_tickets?", one.open_complaint as "open_complaint?", one.breached as "breached?",
                  one.breach_risk as "breach_risk?", one.unanswered or one.brought as "on_hold?",
                  one.disability as "disability?", case when one.open_tickets is not null then c.profile end as profile,
                  one.promise_id as "promise_id?", one.ticket_id as "ticket_id?", one.channel as "channel?",
                  one.due_at as "due_at?", one.made_at as "made_at?", one.state as "state?", one.danger as "danger?",
                  case when one.open_tickets is not null then
                      (select r.own_customer_id from customer_profile.source_record r where r.id = u.record) end as own_customer,
                  array(select distinct source from customer_profile.ledger_parked) as "parked!"
           from uses u
           join customer_profile.customer c on c.id = u.customer_id
           left join lateral (
               select t.open_tickets, t.open_complaint, t.unanswered, p.*,
                      exists (
                          select from customer_profile.view_clock k
                          left join customer_profile.view_ticket a on a.ticket_id = k.ticket_id
                          where k.customer_id = any(c.ids) and k.breached_at is not null and (k.is_open or a.is_open)
                      ) as breached,
                      exists (
                          select from customer_profile.view_clock k
                          where k.customer_id = any(c.ids) and k.is_open and k.breached_at is null and k.warned_percent >= 75
                      ) as breach_risk,
                      exists (
                          select from customer_profile.view_case s
                          where s.customer_id = any(c.ids) and s.state not in (4, 6, 12, 13, 14, 15, 16, 19, 20, 21, 22, 23, 24, 25, 26) and s.regime <> 'es.finance'
                      ) as brought,
                      (
                          select max(case when v.access_class = 'serving' then 2 else 1 end) from customer_profile.vulnerability v
                          where v.customer_id = any(c.ids) and v.ended_at is null and v.driver = 'disability'
                            and (v.expires_at is null or v.expires_at > $2)
                      ) as disability
               from (
                   select count(*) as open_tickets, coalesce(bool_or(complains), false) as open_complaint,
                          coalesce(bool_or(complains and state <> 5), false) as unanswered
                   from customer_profile.view_ticket where customer_id = any(c.ids) and is_open
               ) t
               left join lateral (
                   select promise_id, ticket_id, channel, due_at, made_at, state, (
                       select coalesce(max(case when k.breached_at is not null then 100 else k.warned_percent end), 0)::smallint
                       from customer_profile.view_clock k
                       where k.customer_id = any(c.ids) and k.is_open
                         and k.subject = 'tickets/' || v.ticket_id || '/promises/' || v.promise_id
                   ) as danger
                   from customer_profile.view_promise v
                   where customer_id = any(c.ids) and is_open order by due_at limit 1
               ) p on true
           ) one on (select count(*) from uses) = 1
           order by u.customer_id limit 9"#,
        phone.e164(),
        now.to_sqlx() as _,
    )
    .fetch_all(db)
    .await?;
    let crowded = rows.first().is_some_and(|row| row.crowded);
    let parked = rows.first().map(|row| row.parked.clone()).unwrap_or_default();
    let holders = rows
        .into_iter()
        .map(|row| {
            let promise = row.promise_id.zip(row.ticket_id).zip(row.due_at.zip(row.made_at)).map(
                |((id, ticket), (due_at, made_at))| Promise {
                    id,
                    ticket,
                    channel: row.channel.unwrap_or_default(),
                    due_at: due_at.to_jiff(),
                    made_at: made_at.to_jiff(),
                    state: row.state.unwrap_or_default(),
                    danger: row.danger.unwrap_or_default(),
                },
            );
            Holder {
                line: LineUse {
                    customer: CustomerId::from_uuid(row.customer_id),
                    observed_at: row.observed_at.to_jiff(),
                    verified_at: row.verified_at.map(|t| t.to_jiff()),
                    shared: row.shared,
                    unproven: row.unproven,
                },
                own_customer: row.own_customer.map(CustomerId::from_uuid),
                language: row.language,
                restricted: row.restricted,
                profile: row.profile,
                affairs: row.open_tickets.map(|open_tickets| Affairs {
                    open_tickets,
                    open_complaint: row.open_complaint.unwrap_or_default(),
                    breached: row.breached.unwrap_or_default(),
                    breach_risk: row.breach_risk.unwrap_or_default(),
                    on_hold: row.on_hold.unwrap_or_default(),
                    disability: wishes::disability(row.disability),
                    promise,
                }),
            }
        })
        .collect();
    Ok(Found { holders, crowded, parked })
}
