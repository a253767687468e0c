//! The worklist of an office with more open cases than anybody looks through.

use http::StatusCode;
use kernel::Role;
use ventanilla_tests::scene::Scene;
use ventanilla_tests::scene::affair::Affair;
use ventanilla_tests::scene::doorway::Doorway;
use ventanilla_tests::scene::filled::plain;
use ventanilla_tests::scene::people::Person;

use super::{at_the_console, pages};

/// Open cases beside the one that came in by the door.
const MANY: i32 = 1_100;
/// Hours that the first of them is late by.
const LATE: i32 = 50;

/// Copies of a case with a term each, an hour after one another, and in no order of when they came in; answers their ids in order of their terms.
async fn copies(scene: &Scene, case: &str) -> Vec<String> {
    let admin = scene.admin().await;
    let like: uuid::Uuid = case.trim_start_matches("cases/").parse().expect("a case is a uuid");
    let hours: Vec<i32> = (1..=MANY).map(|n| n * 7_919 % MANY).collect();
    let ids: Vec<uuid::Uuid> = hours.iter().map(|_| scene.ambient.uuid(scene.ambient.now())).collect();
    sqlx::query(
        "insert into ombudsman.office_case
         select (jsonb_populate_record(c, jsonb_build_object('case_id', given.id, 'ticket_id', gen_random_uuid(),
             'created_at', c.created_at + given.n * interval '1 second', 'term_due_at', null))).*
           from ombudsman.office_case c, unnest($2::uuid[]) with ordinality as given (id, n) where c.case_id = $1",
    )
    .bind(like)
    .bind(&ids)
    .execute(&admin)
    .await
    .expect("cases are copied");
    sqlx::query(
        "insert into ombudsman.case_clock (clock_id, case_id, rule, stage, due_at)
         select 'clocks/' || id, id, 'r', 'decide', now() + (hours - $3) * interval '1 hour' - interval '1 minute'
           from unnest($1::uuid[], $2::integer[]) as given (id, hours)",
    )
    .bind(&ids)
    .bind(&hours)
    .bind(LATE)
    .execute(&admin)
    .await
    .expect("their terms run");
    let mut by_term: Vec<(i32, String)> = hours.into_iter().zip(ids.iter().map(uuid::Uuid::to_string)).collect();
    by_term.sort_unstable();
    by_term.into_iter().map(|(_, id)| id).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_page_holds_the_most_endangered_of_more_than_a_thousand_open_cases_and_leads_to_all_of_them() {
    let scene = Scene::fresh().await;
    let door = Doorway::open(|address| pages(&scene, address)).await;
    let affair = Affair::of(&scene, Person::numbered(63_000_013));
    affair.appoint().await.expect("the office has its people");
    let customer = affair.arrive().await.expect("a good record").customer;
    let ticket = affair.complain(&customer, "").await.expect("a good complaint").ticket.expect("it is there");
    let case = affair.bring(&ticket.name).await.expect("the office takes it").name;
    let expected = copies(&scene, &case).await;

    let mut quality = at_the_console(&scene, &door, "quality-1", Role::OfficeQuality).await;
    let (mut told, mut next, mut first) = (Vec::new(), Some("/console?lang=en".to_owned()), true);
    while let Some(path) = next {
        let page = quality.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text());
        let text = page.text();
        let rows = text.split("<th scope=\"row\"><a href=\"/console/cases/").skip(1);
        let rows: Vec<String> = rows.map(|row| row.split('"').next().unwrap_or_default().to_owned()).collect();
        if first {
            assert_eq!(rows, expected[..100], "the most endangered come first");
            for said in ["<strong>51</strong> past their term.", "<strong>49</strong> due within three days."] {
                assert!(text.contains(said), "{said}: {text}");
            }
            assert!(text.contains("There are more on the next page."), "{text}");
        }
        assert_eq!(text.contains("Back to the first"), !first, "{path}");
        first = false;
        told.extend(rows);
        let link = text.split("<a href=\"").find(|link| link.contains(">See those after them<"));
        next = link.and_then(|link| link.split('"').next()).map(plain);
    }
    // The case itself is among them, where its own term has it.
    let own = case.trim_start_matches("cases/");
    assert_eq!(told.len(), expected.len() + 1);
    told.retain(|id| id != own);
    assert_eq!(told, expected);

    let nonsense = quality.get("/console?after=nonsense").await;
    assert_eq!(nonsense.status, StatusCode::BAD_REQUEST, "{}", nonsense.text());
    // Nobody sits on any, and none is over.
    for empty in ["/console?show=mine", "/console?show=over", "/console?state=13"] {
        let page = quality.get(empty).await;
        assert!(page.text().contains("Nothing to show."), "{empty}: {}", page.text());
    }
    scene.stop().await.expect("the services end well");
}
