//! The statements of the three operations, taken from the stores' own source files when this is
//! compiled, as scripts for pgbench. A statement that is changed there is changed here.

use anyhow::{Context as _, ensure};
use sqlx::{AssertSqlSafe, PgPool, Row as _};

use super::drive::Operation;
use super::pgbench::Script;
use super::seed::{self, Sample};

const RING: &str = include_str!("../../../services/customer-profile/src/store/ring.rs");
const VIEW: &str = include_str!("../../../services/customer-profile/src/store/view.rs");
const CREATE: &str = include_str!("../../../services/ticketing/src/store/create.rs");

/// The phone of the `n`th customer, as the seed made it.
fn phone() -> String {
    format!("('+346' || ({} + :n::bigint)::text)", seed::FIRST)
}
/// The id of the `n`th customer.
const CUSTOMER: &str = "lpad(to_hex(:n::bigint), 32, '0')::uuid";

/// Ids by time as the services give them, from a number drawn per transaction.
fn id(variable: &str) -> String {
    let millis = "lpad(to_hex((extract(epoch from now()) * 1000)::bigint), 12, '0')";
    format!("({millis} || '7000' || lpad(to_hex(:{variable}::bigint), 16, '0'))::uuid")
}

/// Where the value of each parameter of CreateTicket is read in what the service itself wrote for
/// the sample; `None` for those that are new in every call. One ticket, as a lone call writes it.
const CREATE_PARAMETERS: [Option<&str>; 88] = [
    // the claim
    None,
    Some("array[q.method]"),
    Some("array[q.body_hash]"),
    Some("array[q.answer]"),
    // the ticket with its receipt
    None,
    None,
    Some("array[t.ticket_type]"),
    Some("array[t.severity]"),
    Some("array[t.subject]"),
    Some("array[t.channel]"),
    Some("array[t.language]"),
    Some("array[t.sector]"),
    Some("array[t.topic]"),
    Some("array[t.first_received_at]"),
    None,
    Some("array[t.proof_salt]"),
    Some("array[t.proof_hash]"),
    Some("array[t.interaction_id]"),
    Some("array[t.follow_up_of]"),
    Some("array[t.department]"),
    Some("array[t.owner]"),
    Some("array[t.state]"),
    Some("array[t.state_reason]"),
    Some("array[t.state_since]"),
    Some("array[t.resolution]"),
    Some("array[t.signpost]"),
    Some("array[t.last_change_at]"),
    Some("array[t.change_count]"),
    Some("array[t.created_at]"),
    Some("array[t.version]"),
    Some("array[r.received_at]"),
    Some("array[r.text]"),
    Some("array[r.content_hash]"),
    // its points
    None,
    Some(
        "(select array_agg(p.ordinal order by p.ordinal) from ticketing.claim_point p where p.ticket_id = t.ticket_id)",
    ),
    Some("(select array_agg(p.text order by p.ordinal) from ticketing.claim_point p where p.ticket_id = t.ticket_id)"),
    Some(
        "(select array_agg(p.answer order by p.ordinal) from ticketing.claim_point p where p.ticket_id = t.ticket_id)",
    ),
    Some(
        "(select array_agg(p.answered_at order by p.ordinal) from ticketing.claim_point p where p.ticket_id = t.ticket_id)",
    ),
    // no message
    Some("null"),
    Some("null"),
    Some("null"),
    Some("null"),
    Some("null"),
    Some("null"),
    Some("null"),
    Some("null"),
    Some("null"),
    Some("null"),
    Some("null"),
    Some("null"),
    // its history
    None,
    Some("array[c.sequence]"),
    Some("array[c.kind]"),
    Some("array[c.from_state]"),
    Some("array[c.to_state]"),
    Some("array[c.reason]"),
    Some("array[c.department]"),
    Some("array[c.related]"),
    Some("array[c.note]"),
    Some("array[c.actor_kind]"),
    Some("array[c.actor_id]"),
    Some("array[c.actor_department]"),
    Some("array[c.occurred_at]"),
    Some("array[c.recorded_at]"),
    // its entry
    None,
    None,
    None,
    Some("array[e.type]"),
    Some("array[e.occurred_at]"),
    Some("array[e.recorded_at]"),
    Some("array[e.actor_kind]"),
    Some("array[e.actor_id]"),
    Some("array[e.actor_department]"),
    Some("array[e.traceparent]"),
    Some("array[e.payload]"),
    Some("array[e.commitment]"),
    Some("array[s.salt]"),
    Some("array[s.personal]"),
    // who is served first
    Some("array[t.served_first]"),
    // its messages, of which it has none
    Some("null"),
    // the seal of its receipt
    Some("array[r.key_id]"),
    Some("array[r.signature]"),
    // what it is known by, and what that was held against
    Some("array[t.characteristics]"),
    Some("array[t.characteristic_set]"),
    Some("array[t.characteristic_set_version]"),
    Some("array[true]"),
    // what it was ever about
    Some("array[t.ever_continuity]"),
    Some("array[t.ever_finance_complaint]"),
];

const SAMPLE_ROWS: &str = "from ticketing.ticket t
    join ticketing.receipt r using (ticket_id)
    join ticketing.ticket_change c on c.ticket_id = t.ticket_id and c.sequence = 1
    join ticketing.ledger e on e.aggregate = 'tickets/' || t.ticket_id
    join ticketing.ledger_personal s using (position)
    join ticketing.request q on q.request_id = $2
    where t.ticket_id = $1 order by e.position limit 1";

/// The three scripts.
pub(super) struct Statements {
    lookup: Script,
    view: Script,
    create: Script,
}

impl Statements {
    /// The scripts, with values like those the service wrote for the sample.
    pub(super) async fn of(admin: &PgPool, sample: &Sample) -> anyhow::Result<Self> {
        let read = |statement: &str, value: &str| Script {
            text: format!(
                "\\set n random(0, :customers - 1)\n{};\n",
                bind(statement, |n| match n {
                    1 => value.to_owned(),
                    2 => "now()".to_owned(),
                    _ => "'EUR'".to_owned(),
                })
            ),
            variables: Vec::new(),
        };
        Ok(Self {
            lookup: read(&statement(RING, "uses as materialized")?, &phone()),
            view: read(&statement(VIEW, "json_agg(t)")?, CUSTOMER),
            create: create(admin, sample).await?,
        })
    }

    /// The script of one operation.
    pub(super) fn script(&self, operation: Operation) -> &Script {
        match operation {
            Operation::LookupByPhone => &self.lookup,
            Operation::GetCustomerView => &self.view,
            Operation::CreateTicket => &self.create,
        }
    }
}

async fn create(admin: &PgPool, sample: &Sample) -> anyhow::Result<Script> {
    let statement = statement(CREATE, "insert into ticketing.request")?;
    ensure!(
        highest_parameter(&statement) == CREATE_PARAMETERS.len(),
        "CreateTicket has other parameters now: bring CREATE_PARAMETERS in line with services/ticketing/src/store/create.rs"
    );
    let columns: Vec<String> =
        CREATE_PARAMETERS.iter().map(|place| format!("({})::text", place.unwrap_or("null"))).collect();
    let row = sqlx::query(AssertSqlSafe(format!("select {} {SAMPLE_ROWS}", columns.join(", "))))
        .bind(sample.ticket)
        .bind(sample.create_request)
        .fetch_one(admin)
        .await
        .context("the sample's ticket cannot be read")?;
    let (mut variables, mut values) = (Vec::new(), Vec::new());
    for (place, known) in CREATE_PARAMETERS.iter().enumerate() {
        let number = place + 1;
        let value: Option<String> = row.try_get(place)?;
        values.push(match (known, value) {
            (Some(_), Some(value)) => {
                variables.push((format!("p{number}"), value));
                format!(":p{number}")
            }
            (Some(_), None) => "null".to_owned(),
            (None, _) => fresh(number),
        });
    }
    let text = bind(&statement, |number| values[number - 1].clone());
    let draw = "\\set n random(0, :customers - 1)\n\\set r random(1, 9223372036854775806)\n\\set q random(1, 9223372036854775806)\n";
    Ok(Script { text: format!("{draw}{text};\n"), variables })
}

/// What is new in every CreateTicket: ids, the customer, the tracking key.
fn fresh(number: usize) -> String {
    match number {
        1 | 66 => format!("array[{}]", id("q")),
        5 | 51 | 65 => format!("array[{}]", id("r")),
        6 => format!("array[{CUSTOMER}]"),
        15 => "array[to_hex(:r::bigint)]".to_owned(),
        34 => format!("array_fill({}, array[cardinality(:p35::int[])])", id("r")),
        _ => format!("array['tickets/' || {}::text]", id("r")),
    }
}

/// The statement in this source file that holds `marker`.
fn statement(source: &str, marker: &str) -> anyhow::Result<String> {
    source
        .split("r#\"")
        .skip(1)
        .filter_map(|rest| rest.split_once("\"#").map(|(statement, _)| statement))
        .find(|statement| statement.contains(marker))
        .map(str::to_owned)
        .with_context(|| format!("no statement with {marker:?} is in the store any more"))
}

/// The statement with each `$n` replaced.
fn bind(statement: &str, value: impl Fn(usize) -> String) -> String {
    let mut bound = String::with_capacity(statement.len());
    let mut rest = statement;
    while let Some(at) = rest.find('$') {
        let digits = rest[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
        bound.push_str(&rest[..at]);
        match rest[at + 1..at + 1 + digits].parse() {
            Ok(number) => bound.push_str(&value(number)),
            Err(_) => bound.push('$'),
        }
        rest = &rest[at + 1 + digits..];
    }
    bound + rest
}

fn highest_parameter(statement: &str) -> usize {
    let highest = std::cell::Cell::new(0);
    bind(statement, |number| {
        highest.set(highest.get().max(number));
        String::new()
    });
    highest.get()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statements_are_found_in_the_stores() {
        assert_eq!(highest_parameter(&statement(RING, "uses as materialized").unwrap()), 2);
        assert_eq!(highest_parameter(&statement(VIEW, "json_agg(t)").unwrap()), 3);
        let create = statement(CREATE, "insert into ticketing.request").unwrap();
        assert_eq!(highest_parameter(&create), CREATE_PARAMETERS.len());
    }

    #[test]
    fn parameters_are_replaced_and_nothing_else_is() {
        assert_eq!(bind("a = $1 and b = $12 and c = '$'", |n| format!("<{n}>")), "a = <1> and b = <12> and c = '$'");
    }
}
