//! Boards by team and by manager, over what ticketing's ledger tells: clocks are of the team of whoever has their affair, and of whoever had it when
//! they were settled.

use jiff::Timestamp;
use kernel::Role;
use testkit::{Served, eventually};
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::ticketing::v1 as ticketing;

use crate::world::{SOON, Ticket, World, at, client};

const RECEIVED: &str = "2026-11-02T09:00:00Z";

impl World {
    /// Somebody works in a team, under somebody.
    async fn seat(&self, agent: &str, team: &str, manager: &str) {
        let put = ticketing::AgentPut {
            agent: format!("agents/{agent}"),
            department: "customer-service".to_owned(),
            capacity: 5,
            team: team.to_owned(),
            manager: if manager.is_empty() { String::new() } else { format!("agents/{manager}") },
            ..Default::default()
        };
        self.ticketing.write(&put.agent, &put, at(RECEIVED)).await;
    }

    async fn open_for(&self, owner: &str) -> Ticket {
        let ticket = Ticket::incident(at(RECEIVED));
        self.open_as(&ticket, owner).await;
        ticket
    }

    async fn open_as(&self, ticket: &Ticket, owner: &str) {
        let opened = ticketing::TicketOpened { owner: owner.to_owned(), ..ticket.opened() };
        self.ticketing.write(&ticket.name, &opened, ticket.received).await;
    }

    async fn assign(&self, ticket: &Ticket, owner: &str, when: Timestamp) {
        let assigned = ticketing::TicketAssigned {
            ticket: ticket.name.clone(),
            from_department: ticket.department.to_owned(),
            to_department: ticket.department.to_owned(),
            owner: owner.to_owned(),
            ..Default::default()
        };
        self.ticketing.write(&ticket.name, &assigned, when).await;
    }

    async fn versions(&self) -> Vec<i64> {
        let read = "select version from sla_monitor.clock order by clock_id";
        sqlx::query_scalar(read).fetch_all(&self.admin).await.unwrap()
    }
}

/// Lines of the board: key, clocks, of which met.
type Lines = Vec<(String, i64, i64)>;

/// By team, and by manager, once everything that was written is known.
async fn told(world: &World, served: &Served) -> (Lines, Lines) {
    world.caught_up(served).await;
    let board = client(served, Role::Sre).get_board(sla::GetBoardRequest::default()).await.unwrap().into_inner();
    let lines = |rows: Vec<sla::BoardRow>| {
        rows.into_iter().map(|row| (row.key, row.clock_count, row.met_count)).collect::<Lines>()
    };
    (lines(board.by_team), lines(board.by_manager))
}

fn lines(expected: &[(&str, i64, i64)]) -> Lines {
    expected.iter().map(|(key, clocks, met)| ((*key).to_owned(), *clocks, *met)).collect()
}

#[tokio::test]
async fn open_clocks_go_with_the_affair_to_another_team_and_settled_ones_stay_with_the_team_that_settled_them() {
    let world = World::new().await;
    let served = world.start().await;
    let (later, last) = (at("2026-11-02T12:00:00Z"), at("2026-11-02T15:00:00Z"));
    world.seat("u-1", "norte", "u-9").await;
    world.seat("u-2", "sur", "u-8").await;
    let (queued, solved, owned) = (world.open_for("").await, world.open_for("").await, world.open_for("u-1").await);
    assert_eq!(told(&world, &served).await, (lines(&[("norte", 1, 0)]), lines(&[("agents/u-9", 1, 0)])));

    world.assign(&queued, "u-1", later).await;
    world.assign(&solved, "u-1", later).await;
    // What is promised while somebody has the affair is theirs.
    world.promise(&queued, later, at("2099-03-05T10:00:00Z")).await;
    world.resolve(&solved, last).await;
    assert_eq!(told(&world, &served).await, (lines(&[("norte", 4, 1)]), lines(&[("agents/u-9", 4, 1)])));

    for ticket in [&queued, &solved] {
        world.assign(ticket, "u-2", last).await;
    }
    let (norte, sur) = (("norte", 2, 1), ("sur", 2, 0));
    assert_eq!(
        told(&world, &served).await,
        (lines(&[norte, sur]), lines(&[("agents/u-8", 2, 0), ("agents/u-9", 2, 1)]))
    );

    // Back to the queue, and to somebody of no team: nobody's.
    world.assign(&owned, "", last).await;
    world.assign(&queued, "u-3", last).await;
    assert_eq!(told(&world, &served).await, (lines(&[("norte", 1, 1)]), lines(&[("agents/u-9", 1, 1)])));
}

#[tokio::test]
async fn what_is_split_off_is_of_the_team_of_whoever_has_it_and_what_is_filed_anew_stays_theirs() {
    let world = World::new().await;
    let served = world.start().await;
    world.seat("u-1", "norte", "u-9").await;
    world.seat("u-2", "sur", "").await;
    let whole = Ticket { kind: ticketing::TicketType::Consulta, ..Ticket::incident(at(RECEIVED)) };
    world.open_as(&whole, "u-1").await;
    for owner in ["", "u-2"] {
        let part = Ticket::incident(whole.received);
        let opened =
            ticketing::TicketOpened { split_from: whole.name.clone(), owner: owner.to_owned(), ..part.opened() };
        world.ticketing.write(&part.name, &opened, at("2026-11-02T12:00:00Z")).await;
    }
    // Nothing is owed on an inquiry.
    assert_eq!(told(&world, &served).await, (lines(&[("sur", 1, 0)]), lines(&[])));

    let filed = ticketing::TicketReclassified {
        ticket: whole.name.clone(),
        ticket_type: ticketing::TicketType::Reclamacion.into(),
        from_ticket_type: whole.kind.into(),
        sector: whole.sector.to_owned(),
        from_sector: whole.sector.to_owned(),
        ..Default::default()
    };
    world.ticketing.write(&whole.name, &filed, at("2026-11-02T13:00:00Z")).await;
    // What is owed on a complaint is owed by the team of whoever had the inquiry.
    let filed = (lines(&[("norte", 1, 0), ("sur", 1, 0)]), lines(&[("agents/u-9", 1, 0)]));
    assert_eq!(told(&world, &served).await, filed);
}

#[tokio::test]
async fn whoever_changes_to_another_team_takes_their_open_affairs_along_and_nothing_else() {
    let world = World::new().await;
    let served = world.start().await;
    // An affair is handed to who is put here only later.
    let (open, solved, others) = (world.open_for("").await, world.open_for("u-1").await, world.open_for("u-2").await);
    world.assign(&open, "u-1", at("2026-11-02T12:00:00Z")).await;
    assert_eq!(told(&world, &served).await, (lines(&[]), lines(&[])));
    world.seat("u-1", "norte", "u-9").await;
    world.seat("u-2", "norte", "u-9").await;
    world.resolve(&solved, at("2026-11-02T12:00:00Z")).await;
    assert_eq!(told(&world, &served).await, (lines(&[("norte", 3, 1)]), lines(&[("agents/u-9", 3, 1)])));

    world.seat("u-1", "sur", "u-8").await;
    let moved = (lines(&[("norte", 2, 1), ("sur", 1, 0)]), lines(&[("agents/u-8", 1, 0), ("agents/u-9", 2, 1)]));
    assert_eq!(told(&world, &served).await, moved);

    // Said twice, it changes nothing. What has come due long ago is noted first, which changes clocks too.
    eventually(SOON, || async {
        let come = "select count(*) from sla_monitor.due where fire_at <= now()";
        let come: i64 = sqlx::query_scalar(come).fetch_one(&world.admin).await.unwrap();
        if come == 0 { Ok(()) } else { Err(come) }
    })
    .await;
    let before = world.versions().await;
    world.seat("u-1", "sur", "u-8").await;
    assert_eq!(told(&world, &served).await, moved);
    let marked = world.versions().await;
    assert_eq!(marked[..before.len()], before);

    // The last word holds, also for what is begun after it.
    world.seat("u-1", "", "u-7").await;
    world.promise(&open, at("2026-11-02T14:00:00Z"), at("2099-03-05T10:00:00Z")).await;
    let managers = lines(&[("agents/u-7", 2, 0), ("agents/u-9", 2, 1)]);
    assert_eq!(told(&world, &served).await, (lines(&[("norte", 2, 1)]), managers));
    assert_ne!(others.name, open.name);
}

#[tokio::test]
async fn the_file_of_a_board_has_its_teams_and_managers() {
    use crate::world::measures;
    let world = World::new().await;
    let served = world.start().await;
    world.seat("u-1", "norte", "u-9").await;
    world.open_for("u-1").await;
    world.caught_up(&served).await;
    let request = sla::ExportBoardRequest { format: sla::BoardFormat::Csv.into(), ..Default::default() };
    let mut parts = measures(&served, Role::Auditor).export_board(request).await.unwrap().into_inner();
    let mut content = Vec::new();
    while let Some(part) = parts.message().await.unwrap() {
        content.extend(part.content);
    }
    let file = String::from_utf8(content).unwrap();
    let begun = |start: &str| file.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!(
        (begun("team,norte,1,1,"), begun("team,"), begun("manager,agents/u-9,1,1,"), begun("manager,")),
        (1, 1, 1, 1)
    );
}
