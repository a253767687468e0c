//! What is shipped does what the suite does: the same courses, played against the services' own binaries as `deploy/local` runs them.

use std::path::Path;
use std::sync::Arc;

use ventanilla_tests::deployed::{self, Deployed};
use ventanilla_tests::scene::doorway::Doorway;
use ventanilla_tests::scene::people::Person;
use ventanilla_tests::scene::rest::Rest;
use ventanilla_tests::scene::{Scene, complaint, fingerprint};

use crate::{gateway_ivr, gateway_rest, gateway_tracking, rights};

const NODE: &str = env!("CARGO_BIN_EXE_ventanilla-node");
const LIMIT: std::time::Duration = std::time::Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_shipped_plays_the_same_courses_as_the_suite_and_the_doctor_finds_it_well() {
    let built = match deployed::built(Path::new(NODE)) {
        Ok(folder) => folder,
        Err(why) => {
            let required = std::env::var("VENTANILLA_DEPLOYED").is_ok_and(|word| word == "required");
            assert!(!required, "VENTANILLA_DEPLOYED=required, and {why}");
            println!("skipped: what is shipped, for {why}");
            return;
        }
    };
    let up = tokio::task::spawn_blocking(move || Deployed::up(&built)).await.expect("it does not panic");
    let deployed = Arc::new(up.expect("deploy/local/up brings it up"));
    let (told, of) = (deployed.told().to_owned(), Arc::clone(&deployed));
    // In a task of its own, so that what a service said is told with what went wrong.
    if let Err(error) = tokio::spawn(async move { Box::pin(played(&told, of)).await }).await {
        panic!("{error}\n{}", deployed.logs());
    }
    let deployed = Arc::into_inner(deployed).expect("nobody else holds it");
    tokio::task::spawn_blocking(|| deployed.down()).await.unwrap().expect("deploy/local/down leaves nothing");
}

async fn played(told: &str, deployed: Arc<Deployed>) {
    let scene = Scene::told(told).expect("what `up --json` tells can be used");
    let gateway = scene.gateway().expect("the window is told of");
    let door = Doorway::at(gateway);

    // Each on the heap: together they are more than the stack of a thread holds.
    Box::pin(complaint::travels(&scene, Person::numbered(87_654_321))).await;
    let rest = (Scene::told(told).unwrap(), Rest::at(gateway));
    Box::pin(gateway_rest::requests_mean_what_their_headers_say(rest.0, rest.1)).await;
    Box::pin(gateway_ivr::a_known_caller_asks(&scene, &door)).await;
    Box::pin(gateway_tracking::a_customer_objects_and_goes_on(&scene, &door)).await;
    Box::pin(rights::a_restriction_begins_and_ends(&scene)).await;

    fingerprint::settled(&scene.admin().await, LIMIT).await;
    let looked = tokio::task::spawn_blocking(move || (deployed.status(), deployed.doctor())).await.unwrap();
    let status = looked.0.expect("every process serves");
    assert_eq!(status.lines().filter(|line| line.ends_with(" serving")).count(), 6, "{status}");
    let doctor = looked.1.expect("nothing is wrong");
    let report: serde_json::Value = serde_json::from_str(&doctor).expect("one JSON object");
    assert_eq!(report["well"], true, "{doctor}");
    assert!(report["findings"].as_array().is_some_and(|findings| findings.len() > 40), "{doctor}");
}
