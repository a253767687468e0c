//! Cases by danger: however many are open, those whose term is over first come first.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kernel::ResourceId as _;
use ledger::{Follower, Ledger, Received, Standings};
use ombudsman_escalation::{SOURCE, reactions::sla_monitor::Clocks};
use ombudsman_escalation_domain::CaseId;
use prost::{Message, Name};
use sqlx::{AssertSqlSafe, Connection as _, PgPool};
use testkit::eventually;
use tonic::Code;
use uuid::Uuid;
use ventanilla_proto::ledger::v1::Entry;
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::r#type::v1::{Actor, ActorKind};

use crate::world::{World, fields, reason, time, uuid_of};

/// More than anybody looks through.
const MANY: u32 = 1_500;

/// A clock, with its instants as minutes after the first.
#[derive(Default)]
struct Written {
    due: Option<u32>,
    breached: Option<u32>,
    settled: Option<u32>,
    /// Time of a party, in which nobody owes anything.
    of_party: bool,
}

fn due(minutes: u32) -> Written {
    Written { due: Some(minutes), ..Written::default() }
}

/// A case as it is written straight into the tables, and what the list has to make of it.
struct Case {
    id: Uuid,
    over: bool,
    clocks: Vec<Written>,
}

impl Case {
    /// The case of this number, of whatever kind it falls to be. Neighbours in number are far from each other in danger.
    fn numbered(n: u32) -> Self {
        let minutes = n * 7_919 % MANY;
        let clocks = match n % 10 {
            // Nothing runs.
            0 => vec![],
            // What runs is paused.
            1 => vec![Written::default()],
            // It was missed, and then paused.
            2 => vec![Written { breached: Some(minutes), ..Written::default() }],
            // What was kept counts no more, what a party has time for never did.
            3 => {
                vec![Written { settled: Some(1), ..due(1) }, Written { of_party: true, ..due(2) }, due(minutes)]
            }
            // Two run: the earlier one counts.
            4 => vec![due(minutes + 500), due(minutes)],
            _ => vec![due(minutes)],
        };
        let id = Uuid::from_u128((u128::from(n) << 80) | 0x7000_8000_0000_0000_0000);
        Self { id, over: n.is_multiple_of(13), clocks }
    }

    /// When its next term is over, if one runs.
    fn term(&self, begin: Timestamp) -> Option<Timestamp> {
        let open = self.clocks.iter().filter(|clock| clock.settled.is_none() && !clock.of_party);
        let first = open.filter_map(|clock| clock.due.or(clock.breached)).min();
        first.map(|minutes| begin + SignedDuration::from_mins(minutes.into()))
    }
}

/// Writes them beside a case that is there, of which they are copies.
async fn write(admin: &PgPool, like: Uuid, begin: Timestamp, cases: &[Case]) {
    let ids: Vec<Uuid> = cases.iter().map(|case| case.id).collect();
    let over: Vec<Uuid> = cases.iter().filter(|case| case.over).map(|case| case.id).collect();
    sqlx::query(
        "insert into ombudsman.office_case
         select (jsonb_populate_record(c, jsonb_build_object('case_id', given.id, 'ticket_id', gen_random_uuid(),
             'created_at', c.created_at + given.n * interval '1 second'))).*
           from ombudsman.office_case c, unnest($2::uuid[]) with ordinality as given (id, n)
          where c.case_id = $1",
    )
    .bind(like)
    .bind(&ids)
    .execute(admin)
    .await
    .unwrap();
    let end = "update ombudsman.office_case set state = 'forwarded_internally', signpost = 'the courts', reasons = 'not ours', refused_at = updated_at where case_id = any($1)";
    sqlx::query(end).bind(&over).execute(admin).await.unwrap();
    for case in cases {
        for (place, clock) in case.clocks.iter().enumerate() {
            let at = |minutes: Option<u32>| minutes.map(|m| (begin + SignedDuration::from_mins(m.into())).to_string());
            sqlx::query(
                "insert into ombudsman.case_clock (clock_id, case_id, rule, stage, due_at, breached_at, settled_at, bearer)
                 values ($1, $2, 'r', $7, $3::timestamptz, $4::timestamptz, $5::timestamptz, $6)",
            )
            .bind(format!("clocks/{}-{place}", case.id))
            .bind(case.id)
            .bind(at(clock.due))
            .bind(at(clock.breached))
            .bind(at(clock.settled))
            .bind(clock.of_party.then_some("claimant"))
            .bind(if clock.of_party { "cure" } else { "decide" })
            .execute(admin)
            .await
            .unwrap();
        }
    }
}

fn by_term(token: String, size: i32) -> pb::ListCasesRequest {
    pb::ListCasesRequest {
        page_size: size,
        page_token: token,
        standing: pb::CaseStanding::Open.into(),
        order: pb::CaseOrder::Term.into(),
        ..Default::default()
    }
}

#[tokio::test]
async fn the_most_endangered_of_any_number_of_open_cases_come_first_page_by_page() {
    let world = World::staffed().await;
    let only = uuid_of(&world.case().await.name);
    let admin = world.database.admin().await;
    let begin: Timestamp = "2026-11-01T09:00:00Z".parse().unwrap();
    let mut cases: Vec<Case> = (1..=MANY).map(Case::numbered).collect();
    write(&admin, only, begin, &cases).await;

    cases.push(Case { id: only, over: false, clocks: vec![] });
    let last = Timestamp::MAX;
    let mut expected: Vec<(Timestamp, Uuid)> =
        cases.iter().filter(|case| !case.over).map(|case| (case.term(begin).unwrap_or(last), case.id)).collect();
    expected.sort_unstable();
    assert!(expected.len() > 1_300, "more than a thousand are open: {}", expected.len());

    let mut told = Vec::new();
    let mut request = by_term(String::new(), 100);
    loop {
        let page = world.elena().list_cases(request).await.unwrap().into_inner();
        told.extend(page.cases.iter().map(|case| {
            let due = case.next_due_time.as_ref().map_or(last, |due| Timestamp::new(due.seconds, due.nanos).unwrap());
            (due, uuid_of(&case.name))
        }));
        if page.next_page_token.is_empty() {
            break;
        }
        assert_eq!(page.cases.len(), 100);
        request = by_term(page.next_page_token, 100);
    }
    assert_eq!(told, expected);

    // What is over is listed by itself, the newest first.
    let over = pb::ListCasesRequest { page_size: 100, standing: pb::CaseStanding::Over.into(), ..Default::default() };
    let page = world.elena().list_cases(over).await.unwrap().into_inner();
    let newest: Vec<Uuid> = cases.iter().rev().filter(|case| case.over).take(100).map(|case| case.id).collect();
    assert_eq!(page.cases.iter().map(|case| uuid_of(&case.name)).collect::<Vec<_>>(), newest);
    the_index_leads_to_them(&admin).await;
}

/// The statement of the store, as it stands there, goes by the index wherever a page begins.
async fn the_index_leads_to_them(admin: &PgPool) {
    // The columns, and what a page by term asks of them.
    let quoted = |source: &'static str, begins: &str| {
        let begin = source.find(begins).expect("it stands there");
        source[begin + 1..].split('"').next().expect("it ends")
    };
    let columns = quoted(include_str!("../../src/store/case/row.rs"), "\"select case_id, version,");
    let page = quoted(include_str!("../../src/store/case.rs"), "\"where ombudsman.is_open(state)\n");
    let statement = format!("{columns}{page}");
    let mut connection = admin.acquire().await.unwrap();
    sqlx::query("analyze ombudsman.office_case").execute(&mut *connection).await.unwrap();
    let prepare = format!("prepare page (text, uuid, text, timestamptz, uuid, bigint) as {statement}");
    sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut *connection).await.unwrap();
    let explain = "explain execute page (null, null, null, '2026-11-01', '00000000-0000-0000-0000-000000000000', 101)";
    // So often that a plan for whatever is asked would have been chosen by then, if it were thought to be as good.
    let mut plan = String::new();
    for _ in 0..8 {
        let lines: Vec<String> = sqlx::query_scalar(explain).fetch_all(&mut *connection).await.unwrap();
        plan = lines.join("\n");
    }
    assert!(plan.contains("Index Scan using office_case_by_term_idx"), "{plan}");
    assert!(plan.contains("Index Cond: (ROW(COALESCE(term_due_at"), "a page begins where the one before ended: {plan}");
    assert!(!plan.contains("Sort"), "{plan}");
}

#[tokio::test]
async fn a_list_by_term_is_of_open_cases_alone_and_says_what_it_is_not_asked() {
    let world = World::staffed().await;
    let list = async |request: pb::ListCasesRequest| world.elena().list_cases(request).await;
    for standing in [pb::CaseStanding::Unspecified, pb::CaseStanding::Over] {
        let request = pb::ListCasesRequest { standing: standing.into(), ..by_term(String::new(), 1) };
        let refused = list(request).await.unwrap_err();
        assert_eq!(reason(&refused).0, Code::InvalidArgument);
        assert_eq!(fields(&refused), ["order"]);
    }
    let unknown = pb::ListCasesRequest { standing: 9, order: 9, ..Default::default() };
    assert_eq!(fields(&list(unknown).await.unwrap_err()), ["standing", "order"]);

    for _ in 0..2 {
        world.case().await;
    }
    let token = list(by_term(String::new(), 1)).await.unwrap().into_inner().next_page_token;
    let newest = pb::ListCasesRequest { order: pb::CaseOrder::Newest.into(), ..by_term(token.clone(), 1) };
    assert_eq!(reason(&list(newest).await.unwrap_err()).1, "INVALID_PAGE_TOKEN", "a token is of one order");
    let mine = pb::ListCasesRequest { assigned_to_me: true, ..by_term(token, 1) };
    assert_eq!(reason(&list(mine).await.unwrap_err()).1, "INVALID_PAGE_TOKEN");
    let mine = pb::ListCasesRequest { assigned_to_me: true, ..by_term(String::new(), 5) };
    assert!(list(mine).await.unwrap().into_inner().cases.is_empty(), "she sits on none");
}

/// sla-monitor tells something of a clock.
async fn told<M: Message + Name>(world: &World, position: i64, payload: &M) {
    let ledger = Ledger::open(world.database.db().await, SOURCE);
    let ambient = world.harness.surroundings.ambient.clone();
    let standings = Standings::new(&["sla-monitor"]);
    let follower = Follower::new(ledger, "sla-monitor", Clocks::new(ambient.clone()), ambient, standings);
    let actor = Actor { kind: ActorKind::System.into(), id: "sla-monitor".into(), department: String::new() };
    let entry = Entry {
        position,
        aggregate: "clocks/1".into(),
        r#type: M::full_name(),
        occurred_time: time("2026-11-23T09:00:00Z"),
        recorded_time: time("2026-11-23T09:00:00Z"),
        actor: Some(actor),
        payload: payload.encode_to_vec(),
        ..Default::default()
    };
    follower.apply(&[Received::read(entry).unwrap()]).await.unwrap();
}

#[tokio::test]
async fn the_next_term_of_a_case_goes_with_its_clocks() {
    let world = World::staffed().await;
    let case = world.case().await.name;
    let next = async || world.get(&case).await.next_due_time;
    assert_eq!(next().await, None);
    let started = |clock: &str, due: &str| sla::ClockStarted {
        clock: clock.into(),
        subject: case.clone(),
        rule: "r".into(),
        stage: "decide".into(),
        due_time: time(due),
        ..Default::default()
    };
    told(&world, 1, &started("clocks/1", "2026-12-23T22:59:59Z")).await;
    assert_eq!(next().await, time("2026-12-23T22:59:59Z"));
    told(&world, 2, &started("clocks/2", "2026-12-03T22:59:59Z")).await;
    assert_eq!(next().await, time("2026-12-03T22:59:59Z"), "the earlier of two");
    let settled = sla::ClockSettled {
        clock: "clocks/2".into(),
        subject: case.clone(),
        settled_time: time("2026-12-01T09:00:00Z"),
        ..Default::default()
    };
    told(&world, 3, &settled).await;
    assert_eq!(next().await, time("2026-12-23T22:59:59Z"), "what was kept is over");
    let moved =
        |due| sla::ClockMoved { clock: "clocks/1".into(), subject: case.clone(), due_time: due, ..Default::default() };
    told(&world, 4, &moved(None)).await;
    assert_eq!(next().await, None, "what is paused does not run");
    told(&world, 5, &moved(time("2027-01-02T22:59:59Z"))).await;
    let breached = sla::ClockBreached {
        clock: "clocks/1".into(),
        subject: case.clone(),
        breached_time: time("2027-01-02T22:59:59Z"),
        ..Default::default()
    };
    told(&world, 6, &breached).await;
    told(&world, 7, &moved(None)).await;
    assert_eq!(next().await, time("2027-01-02T22:59:59Z"), "what was missed stays missed while it stands still");
}

#[tokio::test]
async fn no_term_runs_in_a_stayed_case_whatever_is_told_of_its_clocks_meanwhile() {
    let world = World::staffed().await;
    let case = world.drafted_case().await.name;
    let started = sla::ClockStarted {
        clock: "clocks/1".into(),
        subject: case.clone(),
        rule: "r".into(),
        stage: "decide".into(),
        due_time: time("2026-12-23T22:59:59Z"),
        ..Default::default()
    };
    told(&world, 1, &started).await;
    let next = async || world.get(&case).await.next_due_time;
    assert_eq!(next().await, started.due_time);
    act!(world, "ines", stay_case, StayCaseRequest, &case, proceedings: "suit 41/2026").unwrap();
    assert_eq!(next().await, None);
    let moved =
        |due| sla::ClockMoved { clock: "clocks/1".into(), subject: case.clone(), due_time: due, ..Default::default() };
    // The monitor tells of the stay, and of its end before the office has written that down.
    told(&world, 2, &moved(None)).await;
    told(&world, 3, &moved(time("2027-01-02T22:59:59Z"))).await;
    assert_eq!(next().await, None);
    act!(world, "ines", resume_case, ResumeCaseRequest, &case, statement: "dropped").unwrap();
    assert_eq!(next().await, time("2027-01-02T22:59:59Z"));
    let parked: i64 = sqlx::query_scalar("select count(*) from ombudsman.ledger_parked")
        .fetch_one(&world.database.admin().await)
        .await
        .unwrap();
    assert_eq!(parked, 0, "nothing that was told had to wait");
}

#[tokio::test]
async fn two_that_change_what_runs_at_once_leave_the_earlier_term_whoever_is_last() {
    let world = World::staffed().await;
    let case = world.case().await.name;
    let (id, admin) = (CaseId::parse(&case).unwrap().uuid(), world.database.admin().await);
    let start = "insert into ombudsman.case_clock (clock_id, case_id, rule, stage, due_at) values ($1, $2, 'r', 'decide', $3::timestamptz)";
    let mut first = admin.acquire().await.unwrap();
    let mut open = first.begin().await.unwrap();
    sqlx::query(start).bind("clocks/1").bind(id).bind("2026-12-01T00:00:00Z").execute(&mut *open).await.unwrap();
    let other = admin.clone();
    let second = tokio::spawn(async move {
        sqlx::query(start).bind("clocks/2").bind(id).bind("2026-12-09T00:00:00Z").execute(&other).await.unwrap();
    });
    eventually(Duration::from_secs(20), || async {
        let waits =
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        let waiting: i64 = sqlx::query_scalar(waits).fetch_one(&admin).await.unwrap();
        if waiting > 0 { Ok(()) } else { Err("nobody waits for the case".to_owned()) }
    })
    .await;
    open.commit().await.unwrap();
    second.await.unwrap();
    assert_eq!(world.get(&case).await.next_due_time, time("2026-12-01T00:00:00Z"));
}
