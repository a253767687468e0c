//! What is applied together comes to what it comes to one by one.

use jiff::{SignedDuration, Timestamp};
use testkit::eventually;
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::r#type::v1::{Channel, Direction, Language};

use crate::world::{SOON, State, Ticket, World};

/// Something that ticketing tells, in a world.
enum Step {
    Seat(&'static str, &'static str),
    Open(Box<(Ticket, ticketing::TicketOpened)>),
    Work(Ticket),
    Say(Ticket),
}

impl Step {
    async fn write(&self, world: &World) {
        match self {
            Self::Seat(agent, team) => {
                let put = ticketing::AgentPut {
                    agent: format!("agents/{agent}"),
                    department: "billing".to_owned(),
                    capacity: 5,
                    team: (*team).to_owned(),
                    ..Default::default()
                };
                world.ticketing.write(&put.agent, &put, "2026-11-01T09:00:00Z".parse().unwrap()).await;
            }
            Self::Open(of) => world.ticketing.write(&of.0.name, &of.1, of.0.received).await,
            Self::Work(ticket) => {
                world.transition(ticket, (State::Acknowledged, State::InProgress), "", after(ticket)).await;
            }
            Self::Say(ticket) => world.say(ticket, Direction::Outbound, after(ticket)).await,
        }
    }
}

fn after(ticket: &Ticket) -> Timestamp {
    ticket.received.checked_add(SignedDuration::from_mins(5)).unwrap()
}

/// Affairs of every type, department and owner, others that were split off them, and between them what happens to some.
fn steps(now: Timestamp) -> Vec<Step> {
    let mut steps = vec![Step::Seat("ana", "retail"), Step::Seat("ben", "wholesale")];
    let mut opened: Vec<Ticket> = Vec::new();
    for n in 0..40_usize {
        let received = now.checked_sub(SignedDuration::from_mins(60 - i64::try_from(n).unwrap())).unwrap();
        let ticket = match n % 4 {
            0 => Ticket::complaint(received),
            1 => Ticket::incident(received),
            2 => Ticket::complaint(received).of_sector("finance"),
            _ => Ticket::incident(received).about("billing"),
        };
        let whole = if n % 11 == 10 { opened[n - 5].name.clone() } else { String::new() };
        let entry = ticketing::TicketOpened {
            owner: ["", "ana", "ben", "carla"][n % 4].to_owned(),
            department: ["customer-service", "billing"][n % 2].to_owned(),
            channel: if n % 3 == 0 { Channel::Email.into() } else { Channel::Phone.into() },
            language: if n % 5 == 0 { Language::En.into() } else { Language::Es.into() },
            severity: (i32::try_from(n).unwrap() % 3) + 1,
            served_first: n % 7 == 0,
            split_from: whole,
            ..ticket.opened()
        };
        steps.push(Step::Open(Box::new((ticket.clone(), entry))));
        opened.push(ticket);
        if n % 9 == 8 {
            steps.push(Step::Work(opened[n - 2].clone()));
            steps.push(Step::Say(opened[n - 4].clone()));
        }
    }
    steps
}

/// Everything that came of it, but for ids and the times of writing it down.
async fn what_is_kept(world: &World) -> Vec<String> {
    const KEPT: &str = "
        select concat_ws('|', 'clock', subject, rule, rule_version, kind, stage, calendar, calendar_version, subject_type, department,
                         state, epoch, first_origin_at, origin_at, due_at, settled_at, breached_at, by_conditions, customer_id, team, manager)
        from sla_monitor.clock
        union all
        select concat_ws('|', 'entry', c.subject, c.rule, e.seq, e.kind, e.ground, e.until_at, e.occurred_at, e.source, e.position)
        from sla_monitor.clock_entry e join sla_monitor.clock c using (clock_id)
        union all
        select concat_ws('|', 'due', c.subject, c.rule, d.kind, d.epoch, d.origin_at, d.due_at)
        from sla_monitor.due d join sla_monitor.clock c using (clock_id)
        union all
        select concat_ws('|', 'affair', a) from sla_monitor.affair a
        union all
        select concat_ws('|', 'event', affair_id, seq, kind, ground, occurred_at) from sla_monitor.affair_event
        union all
        select concat_ws('|', 'told', type, occurred_at, actor_kind, actor_id, count(*))
        from (select type, occurred_at, actor_kind, actor_id from sla_monitor.ledger
              union all select type, occurred_at, actor_kind, actor_id from sla_monitor.ledger_inbox) e
        group by type, occurred_at, actor_kind, actor_id
        order by 1";
    sqlx::query_scalar(KEPT).fetch_all(&world.admin).await.unwrap()
}

async fn applied(world: &World, entries: usize) {
    eventually(SOON, || async {
        let position: Option<i64> =
            sqlx::query_scalar("select max(position) from sla_monitor.ledger_cursor where source = 'ticketing'")
                .fetch_one(&world.admin)
                .await
                .unwrap();
        if position == i64::try_from(entries).ok() { Ok(()) } else { Err(format!("{position:?} of {entries}")) }
    })
    .await;
}

#[tokio::test]
async fn affairs_that_arrive_at_once_come_to_what_they_come_to_one_by_one() {
    let (behind, beside) = (World::new().await, World::new().await);
    let steps = steps(behind.now().await);

    for step in &steps {
        step.write(&behind).await;
    }
    let _behind = behind.start().await;
    applied(&behind, steps.len()).await;

    let _beside = beside.start().await;
    for (n, step) in steps.iter().enumerate() {
        step.write(&beside).await;
        applied(&beside, n + 1).await;
    }

    let (at_once, one_by_one) = (what_is_kept(&behind).await, what_is_kept(&beside).await);
    assert!(one_by_one.len() > 200, "{}", one_by_one.len());
    similar(&at_once, &one_by_one);
}

/// Says which lines differ, where some do.
fn similar(left: &[String], right: &[String]) {
    let only = |these: &[String], others: &[String]| {
        these.iter().filter(|line| !others.contains(line)).take(5).cloned().collect::<Vec<_>>()
    };
    assert!(left == right, "at once: {:#?}\none by one: {:#?}", only(left, right), only(right, left));
}
