//! Looking for affairs, newest first: along the index that fits best, looking at so many of its rows and no more.
//!
//! What is looked for by is any mixture of filters, and there is no index for each. So a page is read along one that is in order (of the customer, of the
//! department, of what is not over …), and the rest is looked at row by row. Whatever the mixture, a page costs at most [`MOST_LOOKED_AT`] rows, of a
//! customer with several ids so many of each: where what is asked for is rarer than that, the page ends early and says where to go on.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::{Channel, Department, Language, ResourceId};
use postgres::StoreError;
use sqlx::PgPool;
use ticketing_domain::{CustomerId, IncidentId, Owner, Query, Severity, Slug, Standing, TicketType};
use uuid::Uuid;

/// Rows of an index that one page looks at.
pub(crate) const MOST_LOOKED_AT: i64 = 10_000;

/// Place of an affair in the order of lists.
pub(crate) type Place = (Timestamp, Uuid);

/// Which affairs are looked for: those that everything which is said is true of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    /// Words in them.
    pub query: Option<Query>,
    /// In one of these states.
    pub states: Vec<Standing>,
    /// Worked on by this department.
    pub department: Option<Department>,
    /// Owned by them.
    pub owner: Option<Owner>,
    /// Owned by nobody.
    pub unowned: bool,
    /// Of the customer with these ids; of anybody when there are none.
    pub customers: Vec<CustomerId>,
    /// Of one of these types.
    pub ticket_types: Vec<TicketType>,
    /// Of one of these severities.
    pub severities: Vec<Severity>,
    /// About this.
    pub topic: Option<Slug>,
    /// First received by this channel.
    pub channel: Option<Channel>,
    /// In this language.
    pub language: Option<Language>,
    /// Caused by this incident.
    pub incident: Option<IncidentId>,
    /// Written down from then on.
    pub from: Option<Timestamp>,
    /// And before then.
    pub to: Option<Timestamp>,
    /// The office hears a case about them.
    pub office_case_open: bool,
    /// Their customers have a right to be served first.
    pub served_first: bool,
}

/// The index a page is read along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Along {
    Customer,
    IdsOfCustomer,
    Incident,
    Owner,
    LiveOfDepartment,
    Department,
    Live,
    All,
}

/// What is not over, as partial indexes have it.
const LIVE: [Standing; 4] = [Standing::Acknowledged, Standing::InProgress, Standing::Pending, Standing::Held];

impl Filter {
    fn along(&self) -> Along {
        let live = !self.states.is_empty() && self.states.iter().all(|state| LIVE.contains(state));
        if self.customers.len() > 1 {
            Along::IdsOfCustomer
        } else if !self.customers.is_empty() {
            Along::Customer
        } else if self.incident.is_some() {
            Along::Incident
        } else if self.owner.is_some() {
            Along::Owner
        } else {
            match (live, self.department.is_some()) {
                (true, true) => Along::LiveOfDepartment,
                (false, true) => Along::Department,
                (true, false) => Along::Live,
                (false, false) => Along::All,
            }
        }
    }
}

/// What one look found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Affairs that are what was asked for, newest first, at most as many as were asked for.
    pub places: Vec<Place>,
    /// Where looking ended before there was enough; none when it went to the end, or far enough.
    pub ended_at: Option<Place>,
}

struct Row {
    ticket_id: Uuid,
    created_at: jiff_sqlx::Timestamp,
    matches: bool,
    number: i64,
    last_looked_at: bool,
}

/// The same columns and the same further filters whatever the rows are read along. `$last` is the number of the last row that is looked at, where it is there.
macro_rules! look {
    ($from:literal, $pool:expr, $arguments:expr) => {
        look!($from, "$17::bigint", $pool, $arguments)
    };
    ($from:literal, $last:literal, $pool:expr, $arguments:expr $(, $more:expr)* $(,)?) => {{
        let a: &Arguments<'_> = $arguments;
        sqlx::query_as!(
            Row,
            r#"select c.ticket_id, c.created_at as "created_at: _", c.matches as "matches!", c.number as "number!", c.number = c.last as "last_looked_at!" from (
                   select "# + $last + r#" as last, k.ticket_id, k.created_at, row_number() over (order by k.created_at desc, k.ticket_id desc) as number,
                          coalesce((cardinality($3::text[]) = 0 or k.state = any($3)) and ($4::text is null or k.department = $4)
                          and ($5::text is null or k.owner = $5) and (not $6::bool or k.owner is null)
                          and (cardinality($7::uuid[]) = 0 or k.customer_id = any($7))
                          and (cardinality($8::text[]) = 0 or k.ticket_type = any($8))
                          and (cardinality($9::text[]) = 0 or k.severity = any($9))
                          and ($10::text is null or k.topic = $10) and ($11::text is null or k.channel = $11)
                          and ($12::text is null or k.language = $12) and ($13::uuid is null or k.incident_id = $13)
                          and (not $14::bool or k.office_case_open) and (not $15::bool or k.served_first), false) as matches
                   from "# + $from + r#"
                     and (k.created_at, k.ticket_id) < ($1, $2) and k.created_at >= $16
                   order by k.created_at desc, k.ticket_id desc limit $17
               ) c where c.matches or c.number = c.last order by c.created_at desc, c.ticket_id desc limit $18"#,
            a.before as _,
            a.before_id,
            &a.states,
            a.department,
            a.owner,
            a.unowned,
            &a.customers,
            &a.types,
            &a.severities,
            a.topic,
            a.channel,
            a.language,
            a.incident,
            a.office_case_open,
            a.served_first,
            a.from as _,
            a.most,
            a.limit,
            $($more,)*
        )
        .fetch_all($pool)
        .await
    }};
}

// Below the macro, which it uses.
pub(crate) mod words;

/// The filter as the statements take it.
struct Arguments<'a> {
    before: jiff_sqlx::Timestamp,
    before_id: Uuid,
    states: Vec<String>,
    department: Option<&'a str>,
    owner: Option<&'a str>,
    unowned: bool,
    customers: Vec<Uuid>,
    types: Vec<String>,
    severities: Vec<String>,
    topic: Option<&'a str>,
    channel: Option<&'a str>,
    language: Option<&'a str>,
    incident: Option<Uuid>,
    office_case_open: bool,
    served_first: bool,
    from: jiff_sqlx::Timestamp,
    most: i64,
    limit: i64,
}

impl<'a> Arguments<'a> {
    fn of(filter: &'a Filter, after: Option<Place>, limit: i64) -> Self {
        // Rows are strictly before the place, and `to` is strictly before: the lower of the two, and no id comes before the nil one.
        let to = filter.to.map(|to| (to, Uuid::nil()));
        let (before, before_id) = match (after, to) {
            (Some(after), Some(to)) => after.min(to),
            (Some(place), None) | (None, Some(place)) => place,
            (None, None) => (LAST, Uuid::max()),
        };
        Self {
            before: before.max(FIRST).to_sqlx(),
            before_id,
            states: filter.states.iter().map(ToString::to_string).collect(),
            department: filter.department.as_ref().map(Department::as_str),
            owner: filter.owner.as_ref().map(Owner::as_str),
            unowned: filter.unowned,
            customers: filter.customers.iter().map(|id| id.uuid()).collect(),
            types: filter.ticket_types.iter().map(ToString::to_string).collect(),
            severities: filter.severities.iter().map(ToString::to_string).collect(),
            topic: filter.topic.as_ref().map(Slug::as_str),
            channel: filter.channel.map(Channel::as_str),
            language: filter.language.map(Language::as_str),
            incident: filter.incident.map(ResourceId::uuid),
            office_case_open: filter.office_case_open,
            served_first: filter.served_first,
            from: filter.from.unwrap_or(FIRST).max(FIRST).to_sqlx(),
            most: MOST_LOOKED_AT,
            limit,
        }
    }
}

/// Before and after all that is ever written down.
const FIRST: Timestamp = Timestamp::UNIX_EPOCH;
const LAST: Timestamp = Timestamp::constant(32_503_680_000, 0);

/// Looks for up to `limit` affairs after this place, by what they are.
#[tracing::instrument(name = "db.finding.look", skip_all)]
pub(crate) async fn look(
    pool: &PgPool,
    filter: &Filter,
    after: Option<Place>,
    limit: i64,
) -> Result<Found, StoreError> {
    let arguments = Arguments::of(filter, after, limit);
    let a = &arguments;
    let rows = match filter.along() {
        Along::Customer => look!("ticketing.ticket k where k.customer_id = ($7::uuid[])[1]", pool, a),
        // Along the index of each: an index is in order of one id alone.
        Along::IdsOfCustomer => look!(
            "unnest($7::uuid[]) as w (id) cross join lateral (
                 select * from ticketing.ticket t
                 where t.customer_id = w.id and (t.created_at, t.ticket_id) < ($1, $2) and t.created_at >= $16
                 order by t.created_at desc, t.ticket_id desc limit $17
             ) k where true",
            pool,
            a
        ),
        Along::Incident => look!("ticketing.ticket k where k.incident_id = $13", pool, a),
        Along::Owner => look!("ticketing.ticket k where k.owner = $5", pool, a),
        Along::LiveOfDepartment => look!(
            "ticketing.ticket k where k.department = $4 and k.state in ('acknowledged', 'in_progress', 'pending', 'held')",
            pool,
            a
        ),
        Along::Department => look!("ticketing.ticket k where k.department = $4", pool, a),
        Along::Live => {
            look!("ticketing.ticket k where k.state in ('acknowledged', 'in_progress', 'pending', 'held')", pool, a)
        }
        Along::All => look!("ticketing.ticket k where true", pool, a),
    }?;
    Ok(found(rows, limit))
}

fn found(rows: Vec<Row>, limit: i64) -> Found {
    let full = i64::try_from(rows.iter().filter(|row| row.matches).count()).unwrap_or(i64::MAX) >= limit;
    let place = |row: &Row| (row.created_at.to_jiff(), row.ticket_id);
    // A full page goes on from its own last row.
    let ended_at = rows.last().filter(|last| last.last_looked_at && !full).map(place);
    Found { places: rows.iter().filter(|row| row.matches).map(place).collect(), ended_at }
}
