//! SearchTickets, CountTickets and views.

use std::collections::HashSet;
use std::time::Duration;

use jiff::SignedDuration;
use kernel::Role;
use testkit::{Client, eventually};
use ticketing_domain::TrackingKey;
use tonic::{Code, Status};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::TicketState as S;
use ventanilla_proto::ticketing::v1::finding_service_client::FindingServiceClient;
use ventanilla_proto::r#type::v1::{Channel, Direction, Language};

use crate::world::{
    CUSTOMER, World, answer, assert_refused, complaint, create_request, fields, fresh_id, open, say, start, started,
    time, wait, withdrawal,
};

pub type Finder = FindingServiceClient<Client>;
const LIMIT: Duration = Duration::from_secs(20);
const OTHER_CUSTOMER: &str = "customers/0190a000-0000-7000-8000-000000000009";

impl World {
    pub fn finder(&self, subject: &str, role: Role) -> Finder {
        FindingServiceClient::new(self.served.channel_as(subject, &[role], Some("billing")))
    }
}

/// All that is found, page after page, with how many pages it took.
async fn walk(finder: &mut Finder, request: pb::SearchTicketsRequest) -> (Vec<pb::Ticket>, usize) {
    let (mut request, mut all, mut pages) = (request, Vec::new(), 0);
    loop {
        let page = finder.search_tickets(request.clone()).await.unwrap().into_inner();
        all.extend(page.tickets);
        pages += 1;
        if page.next_page_token.is_empty() {
            return (all, pages);
        }
        request.page_token = page.next_page_token;
    }
}

async fn search(finder: &mut Finder, filter: pb::TicketFilter) -> Vec<String> {
    let request = pb::SearchTicketsRequest { filter: Some(filter), ..Default::default() };
    walk(finder, request).await.0.into_iter().map(|ticket| ticket.name).collect()
}

/// By words, once all that was written has been read for them.
pub async fn by_words(finder: &mut Finder, query: &str) -> Vec<String> {
    let filter = pb::TicketFilter { query: query.into(), ..Default::default() };
    let request = pb::SearchTicketsRequest { filter: Some(filter.clone()), ..Default::default() };
    eventually(LIMIT, || {
        let (mut finder, request) = (finder.clone(), request.clone());
        async move {
            let page = finder.search_tickets(request).await.map_err(|status| status.to_string())?.into_inner();
            if page.unread_count == 0 { Ok(()) } else { Err(format!("{} entries unread", page.unread_count)) }
        }
    })
    .await;
    search(finder, filter).await
}

async fn put(finder: &mut Finder, view: pb::View) -> Result<pb::View, Status> {
    let request = pb::PutViewRequest { view: Some(view), request_id: fresh_id() };
    finder.put_view(request).await.map(tonic::Response::into_inner)
}

fn view(slug: &str, filter: pb::TicketFilter) -> pb::View {
    pb::View {
        name: format!("views/{slug}"),
        title: "Lo que espera".into(),
        filter: Some(filter),
        ..Default::default()
    }
}

/// Affairs that differ in whatever can be looked for by.
async fn crowd(world: &World) -> Vec<pb::Ticket> {
    world.employ(&["u-7"]).await;
    let mut agent = world.agent();
    let types = [pb::TicketType::Reclamacion, pb::TicketType::Queja, pb::TicketType::Incidencia];
    let severities = [pb::Severity::Low, pb::Severity::Medium, pb::Severity::High, pb::Severity::Critical];
    let mut all = Vec::new();
    for n in 0..36_usize {
        let ticket = pb::Ticket {
            customer: if n % 5 == 0 { OTHER_CUSTOMER } else { CUSTOMER }.into(),
            ticket_type: types[n % 3].into(),
            severity: severities[n % 4].into(),
            department: if n % 7 < 4 { "billing" } else { "network" }.into(),
            owner: if n % 6 == 0 { "u-7" } else { "" }.into(),
            topic: if n % 2 == 0 { "billing" } else { "roaming" }.into(),
            channel: if n % 9 == 0 { Channel::Email } else { Channel::Phone }.into(),
            language: if n % 8 == 0 { Language::En } else { Language::Es }.into(),
            served_first: n % 10 == 0,
            ..complaint()
        };
        let opened = agent.create_ticket(create_request(ticket)).await.unwrap().into_inner().ticket.unwrap();
        world.advance(SignedDuration::from_mins(1));
        let moved = match n % 4 {
            0 => opened,
            1 => start(&mut agent, &opened).await.unwrap(),
            2 => {
                let ticket = start(&mut agent, &opened).await.unwrap();
                wait(&mut agent, &ticket).await.unwrap()
            }
            _ => {
                let cancel = pb::CancelTicketRequest {
                    message: withdrawal(&mut agent, &opened.name).await,
                    name: opened.name.clone(),
                    reason: "withdrawn_by_customer".into(),
                    etag: opened.etag,
                    request_id: fresh_id(),
                    occurred_time: None,
                };
                agent.cancel_ticket(cancel).await.unwrap().into_inner()
            }
        };
        all.push(moved);
    }
    all
}

/// Whether a ticket is what is looked for, read from the ticket itself.
fn is(ticket: &pb::Ticket, filter: &pb::TicketFilter) -> bool {
    let one_of = |list: &[i32], value: i32| list.is_empty() || list.contains(&value);
    let same = |asked: &str, value: &str| asked.is_empty() || asked == value;
    let created = ticket.create_time.unwrap().seconds;
    one_of(&filter.states, ticket.state)
        && one_of(&filter.ticket_types, ticket.ticket_type)
        && one_of(&filter.severities, ticket.severity)
        && same(&filter.department, &ticket.department)
        && same(&filter.owner, &ticket.owner)
        && same(&filter.customer, &ticket.customer)
        && same(&filter.topic, &ticket.topic)
        && (filter.channel == 0 || filter.channel == ticket.channel)
        && (filter.language == 0 || filter.language == ticket.language)
        && (!filter.unowned || ticket.owner.is_empty())
        && (!filter.served_first || ticket.served_first)
        && filter.from_time.is_none_or(|from| created >= from.seconds)
        && filter.to_time.is_none_or(|to| created < to.seconds)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_mixture_of_filters_finds_what_is_so_and_nothing_else_page_by_page() {
    let world = World::new().await;
    let mut all = crowd(&world).await;
    all.reverse();
    let mut finder = world.finder("u-7", Role::Agent);
    let middle = all[17].create_time;
    let mut draw = 7_u32;
    let mut coin = |of: u32| {
        draw = draw.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (draw >> 16) % of
    };
    let states = [S::Acknowledged, S::InProgress, S::Pending, S::Cancelled];
    for _ in 0..120 {
        let pick = |yes: u32, value: &str| if yes == 0 { value.to_owned() } else { String::new() };
        let filter = pb::TicketFilter {
            states: states.iter().filter(|_| coin(3) == 0).map(|state| (*state).into()).collect(),
            department: pick(coin(3), "billing"),
            owner: pick(coin(5), "u-7"),
            customer: pick(coin(4), OTHER_CUSTOMER),
            ticket_types: if coin(4) == 0 { vec![2, 3] } else { Vec::new() },
            severities: if coin(4) == 0 { vec![4] } else { Vec::new() },
            topic: pick(coin(4), "roaming"),
            channel: if coin(6) == 0 { Channel::Email.into() } else { 0 },
            language: if coin(6) == 0 { Language::En.into() } else { 0 },
            served_first: coin(7) == 0,
            from_time: if coin(5) == 0 { middle } else { None },
            ..Default::default()
        };
        let unowned = filter.owner.is_empty() && coin(5) == 0;
        let to_time = if filter.from_time.is_none() && coin(5) == 0 { middle } else { None };
        let filter = pb::TicketFilter { unowned, to_time, ..filter };
        let wanted: Vec<&pb::Ticket> = all.iter().filter(|ticket| is(ticket, &filter)).collect();
        let page_size = i32::try_from(coin(9) + 1).unwrap();
        let request = pb::SearchTicketsRequest { filter: Some(filter.clone()), page_size, ..Default::default() };
        let (found, pages) = walk(&mut finder, request).await;
        assert_eq!(found.iter().collect::<Vec<_>>(), wanted, "{filter:?}");
        assert_eq!(pages, wanted.len().div_ceil(usize::try_from(page_size).unwrap()).max(1));
        let count = pb::CountTicketsRequest { filter: Some(filter), ..Default::default() };
        let counted = finder.count_tickets(count).await.unwrap().into_inner().counts;
        assert_eq!((counted[0].count, counted[0].at_least), (i64::try_from(wanted.len()).unwrap(), false));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_are_found_whatever_their_endings_and_accents_in_subject_points_answers_and_messages() {
    let world = World::new().await;
    let mut agent = world.agent();
    let mut finder = world.finder("u-7", Role::Agent);
    let ticket = started(&mut agent).await;
    answer(&mut agent, &ticket, "p1", "La facturación duplicada se devolvió el martes por transferencia.")
        .await
        .unwrap();
    let english = pb::Ticket {
        subject: "The invoices were wrong twice".into(),
        language: Language::En.into(),
        claim_points: vec![pb::ClaimPoint { text: "I was charged for roaming".into(), ..Default::default() }],
        ..complaint()
    };
    let english = agent.create_ticket(create_request(english)).await.unwrap().into_inner().ticket.unwrap();
    let heard = pb::Message {
        direction: Direction::Inbound.into(),
        visibility: pb::MessageVisibility::Public.into(),
        channel: Channel::Email.into(),
        body: "El cañón del jardín perdió agua".into(),
        ..Default::default()
    };
    let said = pb::AddMessageRequest {
        parent: english.name.clone(),
        message: Some(heard),
        request_id: fresh_id(),
        occurred_time: None,
    };
    agent.add_message(said).await.unwrap();
    for query in
        ["facturación", "facturacion", "facturaciones", "DUPLICADAS", "begoña", "begona cobro", "factura marzo"]
    {
        assert_eq!(by_words(&mut finder, query).await, [ticket.name.as_str()], "{query}");
    }
    for query in
        ["invoice", "charging", "\"wrong twice\"", "jardin", "canon", "invoice -transferencia", "submarino or roaming"]
    {
        assert_eq!(by_words(&mut finder, query).await, [english.name.as_str()], "{query}");
    }
    // What must not be there is not there however it is read, with its accents or without.
    for query in [
        "submarino",
        "\"twice wrong\"",
        "invoice jardin",
        "invoice -wrong",
        "martes -transferencia",
        "begona -facturación",
    ] {
        assert_eq!(by_words(&mut finder, query).await, Vec::<String>::new(), "{query}");
    }
    // With what they are, too.
    let both = pb::TicketFilter { query: "transferencia".into(), language: Language::En.into(), ..Default::default() };
    assert_eq!(search(&mut finder, both).await, Vec::<String>::new());
    for query in ["-factura", "¿?", "-factura -cobro"] {
        let filter = pb::TicketFilter { query: query.into(), ..Default::default() };
        let request = pb::SearchTicketsRequest { filter: Some(filter), ..Default::default() };
        let refused = assert_refused(finder.search_tickets(request).await, Code::InvalidArgument, "INVALID_REQUEST");
        assert_eq!(fields(&refused), ["filter.query"], "{query}");
    }
}

/// Singular and plural of what people write about, as the field has them.
const NUMBERS: [(&str, &str); 22] = [
    ("reclamación", "reclamaciones"),
    ("devolución", "devoluciones"),
    ("facturación", "facturaciones"),
    ("comisión", "comisiones"),
    ("conexión", "conexiones"),
    ("interés", "intereses"),
    ("almacén", "almacenes"),
    ("línea", "líneas"),
    ("imagen", "imágenes"),
    ("régimen", "regímenes"),
    ("dólar", "dólares"),
    ("luz", "luces"),
    ("vez", "veces"),
    ("día", "días"),
    ("año", "años"),
    ("mes", "meses"),
    ("avería", "averías"),
    ("tecnología", "tecnologías"),
    ("buzón", "buzones"),
    ("país", "países"),
    ("cliente", "clientes"),
    ("café", "cafés"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_in_one_number_is_found_by_the_other_with_its_accents_or_without() {
    let world = World::new().await;
    let admin = world.database.admin().await;
    let bare = |word: &str| -> String {
        let plain = |c| "áéíóúñ".chars().position(|one| one == c).map_or(c, |at| ['a', 'e', 'i', 'o', 'u', 'n'][at]);
        word.chars().map(plain).collect()
    };
    let found = "select ticketing.words_of('es', $1) @@ ticketing.words_asked($2),
                        ticketing.words_of('es', $1) @@ ticketing.words_asked('cosa -' || $2)";
    for (one, many) in NUMBERS {
        for (said, asked) in [(one, many), (many, one), (one, one), (many, many)] {
            for said in [said.to_owned(), bare(said)] {
                for asked in [asked.to_owned(), bare(asked), asked.to_uppercase()] {
                    let text = format!("Cosa de {said}, que va.");
                    let (there, left): (bool, bool) =
                        sqlx::query_as(found).bind(&text).bind(&asked).fetch_one(&admin).await.unwrap();
                    assert_eq!((there, left), (true, false), "{text} by {asked}");
                }
            }
        }
    }
    // Whoever writes the accents of a verb finds it in its other forms.
    for (said, asked) in [("recibir", "recibió"), ("devolver", "devolverán"), ("cobrado", "cobró")] {
        let (there, _): (bool, bool) = sqlx::query_as(found).bind(said).bind(asked).fetch_one(&admin).await.unwrap();
        assert!(there, "{said} by {asked}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_in_a_row_are_found_where_they_stand_in_a_row_and_nowhere_else() {
    let world = World::new().await;
    let (mut agent, mut finder) = (world.agent(), world.finder("u-7", Role::Agent));
    let said = pb::Ticket {
        subject: "Reclamación".into(),
        claim_points: vec![pb::ClaimPoint { text: "Factura duplicada, y más cara".into(), ..Default::default() }],
        ..complaint()
    };
    let ticket = agent.create_ticket(create_request(said)).await.unwrap().into_inner().ticket.unwrap();
    let other = pb::Ticket {
        subject: "Mala cara".into(),
        claim_points: vec![pb::ClaimPoint { text: "La pusieron por duplicado".into(), ..Default::default() }],
        ..complaint()
    };
    let other = agent.create_ticket(create_request(other)).await.unwrap().into_inner().ticket.unwrap();
    // A word that every text has is one of those in a row all the same.
    for (query, found) in [("\"más cara\"", &ticket), ("\"mas cara\"", &ticket), ("cara -\"más cara\"", &other)] {
        assert_eq!(by_words(&mut finder, query).await, [found.name.as_str()], "{query}");
    }
    for query in ["\"factura duplicada\"", "\"facturas duplicadas\"", "\"RECLAMACION factura duplicada\"", "\"factura"]
    {
        assert_eq!(by_words(&mut finder, query).await, [ticket.name.as_str()], "{query}");
    }
    for query in ["\"duplicada factura\"", "\"cara reclamación\"", "factura -\"factura duplicada\""] {
        assert_eq!(by_words(&mut finder, query).await, Vec::<String>::new(), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_earlier_version_read_is_read_anew_text_by_text() {
    let world = World::new().await;
    let (mut agent, mut finder) = (world.agent(), world.finder("u-7", Role::Agent));
    let mut names = Vec::new();
    for _ in 0..150 {
        let said = pb::Ticket { subject: "Sin líneas ni luces".into(), ..complaint() };
        let ticket = agent.create_ticket(create_request(said)).await.unwrap().into_inner().ticket.unwrap();
        say(&mut agent, &ticket.name, Direction::Inbound, pb::MessageVisibility::Public).await;
        names.push(ticket.name);
    }
    // All are of one instant, and stand by their ids.
    names.sort_unstable_by(|one, other| other.cmp(one));
    by_words(&mut finder, "recibo").await;
    let admin = world.database.admin().await;
    let before = "update ticketing.ticket_words w set words = array_to_tsvector(array['@es']) || ticketing.times_of(w.created_at)
            || to_tsvector('spanish', a.body) || to_tsvector('spanish', ticketing.plain(a.body))
        from (select ticket_id, 0 as part, subject as body from ticketing.ticket
              union all select ticket_id, sequence, body from ticketing.message) a where a.ticket_id = w.ticket_id and a.part = w.part";
    sqlx::query(before).execute(&admin).await.unwrap();
    assert_eq!(by_words(&mut finder, "línea").await, Vec::<String>::new());
    assert_eq!(by_words(&mut finder, "luz").await, Vec::<String>::new());
    sqlx::query("update ticketing.ticket_words_anew set done = false").execute(&admin).await.unwrap();
    let next = crate::world::serve(&world.harness, &world.database, &[]).await;
    eventually(LIMIT, async || {
        let done = "select done from ticketing.ticket_words_anew";
        let done: bool = sqlx::query_scalar(done).fetch_one(&world.database.admin().await).await.unwrap();
        if done { Ok(()) } else { Err("it is being read".to_owned()) }
    })
    .await;
    // Subjects and points as one text, and each message.
    for query in ["línea", "luz", "luces marzo", "recibos"] {
        assert_eq!(by_words(&mut finder, query).await, names, "{query}");
    }
    next.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_are_found_newest_first_over_hours_days_months_and_years() {
    let world = World::new().await;
    let mut agent = world.agent();
    let mut finder = world.finder("u-7", Role::Agent);
    let mut names = Vec::new();
    for step in [0, 1, 1, 30, 30, 24 * 5, 24 * 5, 24 * 40, 24 * 200, 24 * 500] {
        world.advance(SignedDuration::from_hours(step));
        names.push(open(&mut agent).await.ticket.unwrap().name);
    }
    names.reverse();
    by_words(&mut finder, "cobro").await;
    for page_size in [1, 3, 100] {
        let filter = pb::TicketFilter { query: "cobros".into(), ..Default::default() };
        let request = pb::SearchTicketsRequest { filter: Some(filter), page_size, ..Default::default() };
        let (found, _) = walk(&mut finder, request).await;
        assert_eq!(found.into_iter().map(|ticket| ticket.name).collect::<Vec<_>>(), names);
    }
    // Long after the last one was written, too.
    world.advance(SignedDuration::from_hours(24 * 3_000));
    assert_eq!(by_words(&mut finder, "cobro").await, names);
}

/// So many affairs more that are like this one, each a second later, with words of their own.
async fn multiply(world: &World, like: &pb::Ticket, times: u32) {
    let id: uuid::Uuid = like.name.trim_start_matches("tickets/").parse().unwrap();
    let key = |n: u32| {
        let mut entropy = [0; 12];
        entropy[..4].copy_from_slice(&n.to_be_bytes().map(|byte| byte & 31));
        entropy[4..8].copy_from_slice(&(n >> 2).to_be_bytes().map(|byte| byte & 31));
        entropy[8..].copy_from_slice(&(n >> 5).to_be_bytes().map(|byte| byte & 31));
        TrackingKey::from_entropy(entropy).compact()
    };
    let keys: Vec<String> = (0..times).map(key).collect();
    let statement = "insert into ticketing.ticket
        select (r).* from (
            select jsonb_populate_record(t, jsonb_build_object('ticket_id', gen_random_uuid(), 'tracking_key', key,
                'created_at', t.created_at + n * interval '1 second')) as r
            from ticketing.ticket t, unnest($2::text[]) with ordinality as k (key, n) where t.ticket_id = $1) as x";
    sqlx::query(statement).bind(id).bind(&keys).execute(&world.database.admin().await).await.unwrap();
    let words = "insert into ticketing.ticket_words
        select ticket_id, 0, created_at, ticketing.words_of('es', 'cobro de la factura') || ticketing.times_of(created_at)
        from ticketing.ticket on conflict do nothing";
    sqlx::query(words).execute(&world.database.admin().await).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_rare_among_very_many_is_found_on_a_later_page_and_each_page_looks_at_so_many_only() {
    let world = World::new().await;
    let mut agent = world.agent();
    let mut finder = world.finder("u-7", Role::Agent);
    let rare = pb::Ticket { topic: "earthquake".into(), ..complaint() };
    let rare = agent.create_ticket(create_request(rare)).await.unwrap().into_inner().ticket.unwrap();
    let common = open(&mut agent).await.ticket.unwrap();
    by_words(&mut finder, "cobro").await;
    multiply(&world, &common, 25_000).await;
    world.advance(SignedDuration::from_secs(25_000));
    for query in ["", "factura"] {
        let filter = pb::TicketFilter { topic: "earthquake".into(), query: query.into(), ..Default::default() };
        let request = pb::SearchTicketsRequest { filter: Some(filter.clone()), ..Default::default() };
        let first = finder.search_tickets(request.clone()).await.unwrap().into_inner();
        assert!(
            first.tickets.is_empty() && !first.next_page_token.is_empty(),
            "{query:?} looked at everything at once"
        );
        let (found, pages) = walk(&mut finder, request).await;
        assert_eq!(found.iter().map(|ticket| &ticket.name).collect::<Vec<_>>(), [&rare.name]);
        assert_eq!(pages, 3, "{query:?}");
        let count = pb::CountTicketsRequest { filter: Some(filter), ..Default::default() };
        let counted = finder.count_tickets(count).await.unwrap().into_inner().counts;
        assert_eq!((counted[0].count, counted[0].at_least), (0, true));
    }
    // What no row says anything about is not there, and not an error.
    let nobody = pb::TicketFilter { office_case_open: true, ..Default::default() };
    let request = pb::SearchTicketsRequest { filter: Some(nobody), ..Default::default() };
    assert_eq!(walk(&mut finder, request).await, (Vec::new(), 3));
    // A page that is exactly full where looking ends is not the last one.
    let new = "update ticketing.ticket set topic = 'flood' where ticket_id in
        (select ticket_id from ticketing.ticket order by created_at desc, ticket_id desc limit 7)";
    sqlx::query(new).execute(&world.database.admin().await).await.unwrap();
    let old = "update ticketing.ticket set topic = 'flood' where topic = 'earthquake'";
    sqlx::query(old).execute(&world.database.admin().await).await.unwrap();
    for query in ["", "factura"] {
        let flood = pb::TicketFilter { topic: "flood".into(), query: query.into(), ..Default::default() };
        let request = pb::SearchTicketsRequest { filter: Some(flood), page_size: 7, ..Default::default() };
        let (found, _) = walk(&mut finder, request).await;
        assert_eq!((found.len(), found[7].name.as_str()), (8, rare.name.as_str()), "{query:?}");
    }
    let all = pb::CountTicketsRequest::default();
    let counted = finder.count_tickets(all).await.unwrap().into_inner().counts;
    assert_eq!((counted[0].count, counted[0].at_least), (1_000, true));
    // Nobody is skipped and nobody told twice, however deep.
    let filter = pb::TicketFilter { topic: "billing".into(), ..Default::default() };
    let request = pb::SearchTicketsRequest { filter: Some(filter), page_size: 100, ..Default::default() };
    let (found, _) = walk(&mut finder, request).await;
    let names: HashSet<&str> = found.iter().map(|ticket| ticket.name.as_str()).collect();
    assert_eq!((found.len(), names.len()), (24_994, 24_994));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_looked_at_a_thousand_for_words_in_vain_reaches_no_further_back() {
    let world = World::new().await;
    let (mut agent, mut finder) = (world.agent(), world.finder("u-7", Role::Agent));
    let rare = pb::Ticket { topic: "earthquake".into(), ..complaint() };
    let old = agent.create_ticket(create_request(rare.clone())).await.unwrap().into_inner().ticket.unwrap();
    world.advance(SignedDuration::from_hours(24 * 100));
    let new = agent.create_ticket(create_request(rare)).await.unwrap().into_inner().ticket.unwrap();
    let common = open(&mut agent).await.ticket.unwrap();
    by_words(&mut finder, "cobro").await;
    multiply(&world, &common, 1_200).await;
    world.advance(SignedDuration::from_secs(1_200));
    let filter = pb::TicketFilter { topic: "earthquake".into(), query: "factura".into(), ..Default::default() };
    let request = pb::SearchTicketsRequest { filter: Some(filter.clone()), ..Default::default() };
    let page = finder.search_tickets(request.clone()).await.unwrap().into_inner();
    assert_eq!(page.tickets.iter().map(|ticket| &ticket.name).collect::<Vec<_>>(), [&new.name]);
    let (found, pages) = walk(&mut finder, request).await;
    assert_eq!(found.iter().map(|ticket| &ticket.name).collect::<Vec<_>>(), [&new.name, &old.name]);
    assert_eq!(pages, 2);
    let count = pb::CountTicketsRequest { filter: Some(filter), ..Default::default() };
    let counted = finder.count_tickets(count).await.unwrap().into_inner().counts;
    assert_eq!((counted[0].count, counted[0].at_least), (1, true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_is_kept_changed_by_its_maker_and_shown_to_its_department() {
    let world = World::new().await;
    let (mut ana, mut boss) = (world.finder("ana", Role::Agent), world.finder("boss", Role::Supervisor));
    let waiting = pb::TicketFilter { states: vec![S::Pending.into()], unowned: true, ..Default::default() };
    let kept = put(&mut ana, view("waiting", waiting.clone())).await.unwrap();
    assert_eq!((kept.actor.as_ref().unwrap().id.as_str(), kept.filter.as_ref()), ("ana", Some(&waiting)));
    assert_refused(put(&mut boss, view("waiting", waiting.clone())).await, Code::Aborted, "STALE_ETAG");
    let mut other = world.finder("bea", Role::Agent);
    let changed =
        pb::View { etag: kept.etag.clone(), department: "billing".into(), ..view("waiting", waiting.clone()) };
    assert_refused(put(&mut other, changed.clone()).await, Code::PermissionDenied, "NOT_YOUR_VIEW");
    let changed = put(&mut boss, changed).await.unwrap();
    assert_eq!(changed.actor, kept.actor, "it stays the view of who made it");
    put(&mut ana, pb::View { department: "network".into(), ..view("apagones", waiting.clone()) }).await.unwrap();
    put(&mut ana, view("todo", waiting.clone())).await.unwrap();
    let request = pb::ListViewsRequest { department: "billing".into(), page_size: 1, ..Default::default() };
    let page = ana.list_views(request.clone()).await.unwrap().into_inner();
    let next = pb::ListViewsRequest { page_token: page.next_page_token.clone(), ..request };
    let rest = ana.list_views(next).await.unwrap().into_inner();
    let names: Vec<String> = page.views.into_iter().chain(rest.views).map(|view| view.name).collect();
    assert_eq!(
        (names, rest.next_page_token),
        (vec!["views/todo".to_owned(), "views/waiting".to_owned()], String::new())
    );

    let personal = pb::TicketFilter { query: "Begoña".into(), customer: CUSTOMER.into(), ..waiting };
    let refused = assert_refused(put(&mut ana, view("mine", personal)).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["view.filter.query", "view.filter.customer"]);

    let delete =
        |etag: &str| pb::DeleteViewRequest { name: "views/waiting".into(), etag: etag.into(), request_id: fresh_id() };
    assert_refused(ana.delete_view(delete(&kept.etag)).await, Code::Aborted, "STALE_ETAG");
    let last = delete(&changed.etag);
    ana.delete_view(last.clone()).await.unwrap();
    ana.delete_view(last).await.unwrap();
    let gone = ana.get_view(pb::GetViewRequest { name: "views/waiting".into() }).await;
    assert_refused(gone, Code::NotFound, "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_goes_by_a_view_and_what_it_says_itself_takes_the_views_place() {
    let world = World::new().await;
    let all = crowd(&world).await;
    let mut finder = world.finder("ana", Role::Agent);
    let kept = pb::TicketFilter {
        states: vec![S::Pending.into(), S::InProgress.into()],
        department: "billing".into(),
        unowned: true,
        from_time: time("2020-01-01T00:00:00.000000005Z"),
        ..Default::default()
    };
    put(&mut finder, view("waiting", kept.clone())).await.unwrap();
    put(&mut finder, view("critical", pb::TicketFilter { severities: vec![4], ..Default::default() })).await.unwrap();
    let count =
        |filter: &pb::TicketFilter| i64::try_from(all.iter().filter(|ticket| is(ticket, filter)).count()).unwrap();
    for said in [
        pb::TicketFilter::default(),
        pb::TicketFilter { states: vec![S::Acknowledged.into()], ..Default::default() },
        pb::TicketFilter { owner: "u-7".into(), ..Default::default() },
        pb::TicketFilter { department: "network".into(), from_time: all[20].create_time, ..Default::default() },
    ] {
        let mut wanted = kept.clone();
        if !said.states.is_empty() {
            wanted.states.clone_from(&said.states);
        }
        if !said.owner.is_empty() {
            (wanted.owner, wanted.unowned) = (said.owner.clone(), false);
        }
        if !said.department.is_empty() {
            (wanted.department, wanted.from_time) = (said.department.clone(), said.from_time);
        }
        let request = pb::SearchTicketsRequest {
            view: "views/waiting".into(),
            filter: Some(said.clone()),
            page_size: 2,
            ..Default::default()
        };
        let (found, _) = walk(&mut finder, request).await;
        assert_eq!(i64::try_from(found.len()).unwrap(), count(&wanted), "{said:?}");
        assert!(found.iter().all(|ticket| is(ticket, &wanted)));
        let views = vec!["views/critical".to_owned(), "views/waiting".to_owned()];
        let counts = finder.count_tickets(pb::CountTicketsRequest { views, filter: Some(said) }).await.unwrap();
        let counts = counts.into_inner().counts;
        assert_eq!((counts[1].view.as_str(), counts[1].count), ("views/waiting", count(&wanted)));
    }
    let unknown = pb::SearchTicketsRequest { view: "views/nada".into(), ..Default::default() };
    assert_refused(finder.search_tickets(unknown).await, Code::NotFound, "NOT_FOUND");
}
