//! `MatchCustomer`: who a described person may be, how sure that is, and why.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kernel::Role;
use tonic::Code;
use ventanilla_customer_profile::IdentitySettings;
use ventanilla_proto::customer::v1::*;

use crate::support::{Dice, Say, World, dni, fields, reason, record};

impl World {
    /// Waits until the match keys of everything that was ingested are made.
    async fn keyed(&self) {
        let admin = self.admin().await;
        testkit::eventually(Duration::from_secs(20), || async {
            let waiting = "select count(*) from customer_profile.source_record where keyed_by is null";
            let waiting: i64 = sqlx::query_scalar(waiting).fetch_one(&admin).await.unwrap();
            if waiting == 0 { Ok(()) } else { Err(waiting) }
        })
        .await;
    }

    async fn matches(&self, said: SourceRecord) -> Vec<CustomerMatch> {
        self.keyed().await;
        let request = MatchCustomerRequest { person: Some(person(said)), max_results: 50 };
        let answer = self.client(Role::Agent).match_customer(request).await.unwrap().into_inner();
        assert!(!answer.rules_version.is_empty());
        answer.matches
    }
}

/// What a record says of a person, without whose record it is.
fn person(said: SourceRecord) -> PersonDescription {
    PersonDescription {
        person_name: said.person_name,
        identifiers: said.identifiers,
        birth_date: said.birth_date,
        address: said.address,
    }
}

/// A person as they say it themselves.
fn said(name: [&str; 3], born: &str) -> SourceRecord {
    record("x", "sales", "x").parts(name).born(born)
}

fn known(id: &str, name: [&str; 3], born: &str) -> SourceRecord {
    SourceRecord { external_id: id.to_owned(), source_system: "crm".to_owned(), ..said(name, born) }
}

const BEGONA: [&str; 3] = ["Begoña", "Echeverría", "Larrañaga"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_found_through_slips_and_told_why() {
    let world = World::new().await;
    let record = world.ingest(known("1", BEGONA, "1975-03-12").phone("600111222")).await;
    world.ingest(known("2", ["Hugo", "Gil", "Soto"], "1988-07-01")).await;
    // No accents, one letter wrong, no second surname, day and month swapped, the same line.
    let found = world.matches(said(["BEGONA", "Echevarria", ""], "1975-12-03").phone("+34 600 111 222")).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((&found[0].customer, &found[0].source_record), (&record.customer, &record.name));
    assert_eq!(found[0].own_customer, record.own_customer);
    assert!(matches!(found[0].grade(), MatchGrade::Certain | MatchGrade::Probable), "{found:?}");
    let sum: f64 = found[0].findings.iter().map(|finding| finding.weight).sum();
    assert!((sum - found[0].score).abs() < 1e-9, "the findings add up to the score");
    let level = |field| found[0].findings.iter().find(|f| f.field() == field).unwrap().level();
    assert_eq!(level(MatchField::Phone), MatchLevel::Exact);
    assert_eq!(level(MatchField::FirstSurname), MatchLevel::Near);
    assert_eq!(level(MatchField::SecondSurname), MatchLevel::Missing);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parent_and_child_are_never_certainly_one() {
    let world = World::new().await;
    let at_home = |record: SourceRecord| record.phone("943111222");
    world.ingest(at_home(known("mother", BEGONA, "1950-03-12"))).await;
    let found = world.matches(at_home(said(BEGONA, "1975-08-30"))).await;
    assert!(found.iter().all(|found| found.grade() != MatchGrade::Certain), "{found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_valid_documents_stand_against_it() {
    let world = World::new().await;
    world.ingest(known("1", BEGONA, "1975-03-12").dni(&dni(20_000_001))).await;
    let found = world.matches(said(BEGONA, "1975-03-12").dni(&dni(20_000_002))).await;
    assert_eq!(found.len(), 1);
    assert_ne!(found[0].grade(), MatchGrade::Certain);
    assert_eq!(found[0].doubt(), MatchDoubt::DifferentDocuments);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_found_for_a_stranger_and_nothing_is_written() {
    let world = World::new().await;
    world.ingest(known("1", BEGONA, "1975-03-12")).await;
    world.keyed().await;
    // Sequenced, so that no entry is on its way between the two counts.
    world.entries(1).await;
    let before = world.count("ledger_inbox").await + world.count("ledger").await + world.count("request").await;
    assert_eq!(world.matches(said(["Iñaki", "Zubizarreta", "Otaegi"], "1931-11-23")).await, []);
    let after = world.count("ledger_inbox").await + world.count("ledger").await + world.count("request").await;
    assert_eq!(after, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_of_several_records_is_told_once_by_the_nearest() {
    let world = World::new().await;
    let far = world.ingest(known("1", ["B.", "Echeverría", ""], "").dni(&dni(20_000_001))).await;
    let near = world.ingest(known("2", BEGONA, "1975-03-12").dni(&dni(20_000_001))).await;
    assert_eq!(far.customer, near.customer);
    let found = world.matches(said(BEGONA, "1975-03-12").dni(&dni(20_000_001))).await;
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0].customer, &found[0].source_record), (&near.customer, &near.name));
    assert_eq!(found[0].grade(), MatchGrade::Certain);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_is_found_by_what_it_says_now() {
    let world = World::new().await;
    let before = ["Begoña", "Echeverría", "Larrañaga"];
    world.ingest(known("1", before, "1975-03-12")).await;
    assert_eq!(world.matches(said(before, "1975-03-12")).await.len(), 1);
    let later = SourceRecord {
        observed_time: Some(crate::support::time("2026-11-23T09:00:30Z")),
        ..known("1", ["Iñaki", "Zubizarreta", "Otaegi"], "1931-11-23")
    };
    world.harness.surroundings.advance(jiff::SignedDuration::from_mins(1));
    world.ingest(later).await;
    assert_eq!(world.matches(said(before, "1975-03-12")).await, []);
    assert_eq!(world.matches(said(["Iñaki", "Zubizarreta", "Otaegi"], "1931-11-23")).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_everybody_has_finds_nobody_for_certain() {
    let world = World::new().await;
    let everybody = |n: u32| known(&format!("{n}"), ["Ana", &surname(n), &surname(n * 7 + 3)], "").phone("900100100");
    let sent = (0..160).map(|n| world.insist(everybody(n)));
    futures::future::join_all(sent).await;
    let found = world.matches(said(["Ana", "Zubizarreta", "Otaegi"], "").phone("900100100")).await;
    assert_eq!(found, [], "the number alone says nothing");
    let found = world.matches(said(["Ana", &surname(5), &surname(38)], "").phone("900100100")).await;
    assert!(found.iter().all(|found| found.grade() != MatchGrade::Certain), "{found:?}");
    let phone = |found: &CustomerMatch| found.findings.iter().find(|f| f.field() == MatchField::Phone).unwrap().weight;
    assert!(found.iter().all(|found| phone(found) <= 0.0), "{found:?}");
}

/// One of many surnames that do not sound alike.
fn surname(n: u32) -> String {
    const HEADS: [&str; 12] = ["Ba", "Cor", "Du", "Fer", "Gui", "Ju", "Lo", "Mar", "Nu", "Pe", "Ra", "Sal"];
    const TAILS: [&str; 14] = [
        "rrio", "tés", "que", "nal", "llermo", "lbán", "zano", "chena", "mbela", "drera", "vira", "sco", "gado", "tuna",
    ];
    let n = n as usize;
    format!("{}{}", HEADS[n % HEADS.len()], TAILS[(n / HEADS.len()) % TAILS.len()])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_of_older_rules_are_made_anew() {
    let world = World::new().await;
    world.ingest(known("1", BEGONA, "1975-03-12")).await;
    world.keyed().await;
    // As an earlier version would have left it: other keys, under another name.
    let admin = world.admin().await;
    for change in [
        "update customer_profile.match_key set key = gen_random_uuid()",
        "update customer_profile.source_record set keyed_by = 'keys-0'",
    ] {
        sqlx::query(change).execute(&admin).await.unwrap();
    }
    assert_eq!(world.matches(said(BEGONA, "1975-03-12")).await, []);
    let world = world.restarted().await;
    testkit::eventually(Duration::from_secs(20), || async {
        let found = world.matches(said(BEGONA, "1975-03-12")).await;
        if found.len() == 1 { Ok(()) } else { Err(found) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_that_a_process_of_before_made_since_are_made_anew_within_the_hour() {
    let world = World::new().await;
    world.ingest(known("1", BEGONA, "1975-03-12")).await;
    world.keyed().await;
    let admin = world.admin().await;
    for change in [
        "update customer_profile.match_key set key = gen_random_uuid()",
        "update customer_profile.source_record set keyed_by = 'keys-0'",
    ] {
        sqlx::query(change).execute(&admin).await.unwrap();
    }
    assert_eq!(world.matches(said(BEGONA, "1975-03-12")).await, []);
    world.harness.surroundings.advance(jiff::SignedDuration::from_hours(1));
    testkit::eventually(Duration::from_secs(20), || async {
        let found = world.matches(said(BEGONA, "1975-03-12")).await;
        if found.len() == 1 { Ok(()) } else { Err(found) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_wrong_with_a_person_is_said_at_once_by_its_path() {
    let world = World::new().await;
    let wrong = PersonDescription {
        identifiers: vec![Identifier { r#type: 99, ..Default::default() }],
        birth_date: "12/03/1975".to_owned(),
        ..Default::default()
    };
    let request = MatchCustomerRequest { person: Some(wrong), max_results: -1 };
    let refused = world.client(Role::Agent).match_customer(request).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "INVALID_REQUEST"));
    assert_eq!(fields(&refused), ["person.identifiers[0].type", "person.birth_date", "max_results"]);
    let nothing = MatchCustomerRequest { person: Some(PersonDescription::default()), max_results: 0 };
    let refused = world.client(Role::Agent).match_customer(nothing).await.unwrap_err();
    assert_eq!(fields(&refused), ["person"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_ingesting_the_same_words_would_make_one_is_certain_by_that_identifier() {
    let world = World::new().await;
    let ana = world.ingest(known("1", BEGONA, "1975-03-12").dni(&dni(20_000_001)).phone("943111222")).await.customer;
    let words: [fn() -> SourceRecord; 4] = [
        // A document alone; a line with the same name; a line with another; a document with another birth date.
        || record("x", "sales", "x").dni(&dni(20_000_001)),
        || record("x", "sales", "x").named("Begoña Echeverría Larrañaga").phone("943111222"),
        || record("x", "sales", "x").named("Hugo Gil Soto").phone("943111222"),
        || said(BEGONA, "1981-11-30").dni(&dni(20_000_001)),
    ];
    for (nth, words) in words.into_iter().enumerate() {
        let found = world.matches(words()).await;
        let told = found.iter().find(|found| found.customer == ana);
        let certain = told.is_some_and(|found| found.grade() == MatchGrade::Certain);
        let ingested = world.ingest(SourceRecord { external_id: format!("said-{nth}"), ..words() }).await;
        assert_eq!(certain, ingested.customer == ana, "{nth}: {told:?}");
        assert_eq!(certain, nth < 2, "{nth}: {told:?}");
        if let Some(found) = told {
            assert_eq!(found.by_identifier, certain);
            assert!(!certain || found.doubt() == MatchDoubt::Unspecified);
        }
    }
    let by_score = world.matches(said(BEGONA, "1975-03-12").dni(&dni(20_000_001)).phone("943111222")).await;
    assert_eq!((by_score[0].grade(), by_score[0].by_identifier), (MatchGrade::Certain, false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_certain_of_whom_another_record_says_what_contradicts_it() {
    const ONE_SURNAME: [&str; 3] = ["Antonio", "García", ""];
    const TWO_SURNAMES: [&str; 3] = ["Antonio", "Otaegi", "Zubizarreta"];
    let document = |said: SourceRecord, of: u32| said.dni(&dni(20_000_000 + of));
    let born = |said: SourceRecord, of: u32| said.born(if of == 1 { "1950-03-12" } else { "1981-07-30" });
    type Tells = fn(SourceRecord, u32) -> SourceRecord;
    let tells: [(Tells, MatchDoubt); 2] =
        [(document, MatchDoubt::DifferentDocuments), (born, MatchDoubt::DifferentBirthDates)];
    for (name, by_score) in [(ONE_SURNAME, false), (TWO_SURNAMES, true)] {
        for (tells, doubt) in tells {
            let world = World::new().await;
            let father = |system: &str| record(system, "sales", "1").parts(name).email("a@correo.example");
            let father_by_mail = world.ingest(tells(father("bank"), 1)).await;
            let of_the_house = world.ingest(father("shop").phone("943111222")).await;
            assert_eq!(of_the_house.customer, father_by_mail.customer);
            world.compared().await;
            let son = || tells(record("x", "sales", "x").parts(name).phone("943111222"), 2);
            let found = world.matches(son()).await;
            let told =
                found.iter().find(|found| found.customer == of_the_house.customer).expect("the shop's record fits");
            assert!(told.grade() != MatchGrade::Certain && !told.by_identifier, "{told:?}");
            assert!(told.grade() == MatchGrade::Probable || !by_score, "its score alone is certain: {told:?}");
            assert_eq!(told.doubt(), doubt);
            let ingested = world.ingest(son()).await;
            world.compared().await;
            let apart = world.customer(&ingested.own_customer).await;
            assert_eq!((apart.name, apart.source_records.len()), (ingested.own_customer, 1), "as ingesting them does");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_record_more_would_make_everybodys_is_so_for_whom_it_would_describe() {
    let world = World::new().await;
    let on_the_line =
        |n: usize, name: [&str; 3]| record(&format!("system-{n}"), "sales", "1").parts(name).phone("643555010");
    // Certain by name and line together, and not without the line.
    let one = world.ingest(on_the_line(0, ["José", "Echeverría", "Larrañaga"])).await.customer;
    let same = || on_the_line(9, ["José", "Echeverría", "Larrañaga"]);
    for (n, surname) in ["Abad", "Bosch", "Cano", "Durán", "Espín", "Font", "Garro"].into_iter().enumerate() {
        let found = world.matches(same()).await;
        assert_eq!((found[0].grade(), found[0].customer.as_str()), (MatchGrade::Certain, one.as_str()), "{n} others");
        world.ingest(on_the_line(n + 1, ["Hugo", surname, "Soto"])).await;
    }
    let found = world.matches(same()).await;
    assert!(found.iter().all(|found| found.grade() != MatchGrade::Certain), "the ninth: {found:?}");
    let ingested = world.ingest(same()).await;
    world.compared().await;
    assert_eq!(world.customer(&ingested.own_customer).await.name, ingested.own_customer, "as ingesting them does");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_a_record_more_would_make_a_crowds_finds_nobody() {
    let world = World::new().await;
    let one = world.ingest(known("1", BEGONA, "1975-03-12")).await.customer;
    world.keyed().await;
    let others = "insert into customer_profile.match_key (key, source_record_id, weight)
                  select key, gen_random_uuid(), weight from customer_profile.match_key, generate_series(1, $1)
                  where source_record_id = (select id from customer_profile.source_record)";
    let admin = world.admin().await;
    sqlx::query(others).bind(62).execute(&admin).await.unwrap();
    assert_eq!(world.matches(said(BEGONA, "1975-03-12")).await.len(), 1, "the 64th of whom it says the same");
    sqlx::query(others).bind(1).execute(&admin).await.unwrap();
    assert_eq!(world.matches(said(BEGONA, "1975-03-12")).await, []);
    world.ingest(known("2", BEGONA, "1975-03-12")).await;
    world.compared().await;
    assert_eq!(
        (world.customer(&one).await.source_records.len(), world.queue().await.len()),
        (1, 0),
        "as comparing them does"
    );
}

/// Who says nothing but this.
fn asked() -> SourceRecord {
    record("x", "sales", "x")
}

/// The same with what an issuer gave out.
fn issued(said: SourceRecord, kind: IdentifierType, issuer: &str, value: &str) -> SourceRecord {
    let mut said = said.with(kind, value);
    issuer.clone_into(&mut said.identifiers.last_mut().unwrap().issuer);
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_carries_what_is_asked_for_is_found_however_many_records_are_expected() {
    let on_chat = |said| issued(said, IdentifierType::Chat, "whatsapp", "begona.e");
    let on_the_net = |said| issued(said, IdentifierType::Social, "instagram", "@Begona.E");
    for expected_records in [100_000, 1_000_000] {
        let world = World::telling(IdentitySettings { expected_records, ..IdentitySettings::default() }).await;
        let begona = known("1", BEGONA, "1975-03-12").email("begona@correo.example").phone("600111222");
        let begona = world.ingest(on_the_net(on_chat(begona))).await;
        world.ingest(known("2", ["Hugo", "Gil", "Soto"], "1988-07-01").email("hugo@correo.example")).await;
        let by_mail = |said: SourceRecord| said.email("Begona@correo.example");
        for (said, carries) in [
            (by_mail(asked()), vec![IdentifierType::Email]),
            (asked().phone("600111222"), vec![IdentifierType::Phone]),
            (by_mail(asked().phone("600111222")), vec![IdentifierType::Phone, IdentifierType::Email]),
            (on_chat(asked()), vec![IdentifierType::Chat]),
            (on_the_net(asked()), vec![IdentifierType::Social]),
            // Whatever else they say: somebody else may be writing for her.
            (by_mail(said(["Iñaki", "Zubizarreta", "Otaegi"], "1931-11-23")), vec![IdentifierType::Email]),
        ] {
            let found = world.matches(said.clone()).await;
            assert_eq!(found.len(), 1, "of {expected_records}, by {said:?}: {found:?}");
            assert_eq!((&found[0].customer, &found[0].source_record), (&begona.customer, &begona.name));
            assert!(matches!(found[0].grade(), MatchGrade::Possible | MatchGrade::Probable), "{found:?}");
            assert_eq!(found[0].carries().collect::<Vec<_>>(), carries);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_shared_over_or_a_things_finds_nobody_by_itself() {
    let world = World::new().await;
    let mut said = issued(known("1", BEGONA, "1975-03-12"), IdentifierType::Device, "broadband", "SIM1")
        .email("casa@correo.example")
        .email("antes@correo.example")
        .email("begona@correo.example");
    said.identifiers[1].shared = true;
    said.identifiers[2].valid_until_time = Some(crate::support::time("2026-01-01T00:00:00Z"));
    let begona = world.ingest(said).await;
    for nobody in [
        issued(asked(), IdentifierType::Device, "broadband", "SIM1"),
        asked().email("casa@correo.example"),
        asked().email("antes@correo.example"),
    ] {
        assert_eq!(world.matches(nobody.clone()).await, [], "{nobody:?}");
    }
    let mut shared = asked().email("begona@correo.example");
    shared.identifiers[0].shared = true;
    assert_eq!(world.matches(shared).await, []);
    let found = world.matches(asked().email("begona@correo.example")).await;
    assert_eq!((found.len(), &found[0].customer), (1, &begona.customer));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mailbox_finds_all_who_carry_it_until_they_are_a_crowd() {
    let world = World::new().await;
    for n in 1..=9 {
        let other = ["Ana", &surname(n), &surname(n * 7 + 3)];
        world.ingest(known(&n.to_string(), other, "").email("oficina@correo.example")).await;
        let found = world.matches(asked().email("oficina@correo.example")).await;
        assert_eq!(found.len(), if n <= 8 { n as usize } else { 0 }, "{n} carry it");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_form_alone_says_is_found_until_somebody_is_known_by_it() {
    let world = World::new().await;
    let form = SourceRecord { source_system: "web-form".to_owned(), ..known("1", BEGONA, "") };
    let request =
        IngestSourceRecordRequest { record: Some(form.email("begona@correo.example")), request_id: world.request_id() };
    let written = world.client(Role::Form).ingest_source_record(request).await.unwrap().into_inner();
    let by_mail = || asked().email("begona@correo.example");
    let found = world.matches(by_mail()).await;
    assert_eq!((found.len(), &found[0].customer), (1, &written.customer), "{found:?}");
    let hugo = world.ingest(known("2", ["Hugo", "Gil", "Soto"], "").email("begona@correo.example")).await;
    let found = world.matches(by_mail()).await;
    assert_eq!((found.len(), &found[0].customer), (1, &hugo.customer), "{found:?}");
}

/// Somebody of a small house, by chance.
fn of_the_house(dice: &mut Dice, nth: u32) -> SourceRecord {
    const NAMES: [[&str; 3]; 5] = [
        ["Begoña", "Echeverría", "Larrañaga"],
        ["Begona", "Echevarria", "Larrañaga"],
        ["Antonio", "Otaegi", "Zubizarreta"],
        ["Antonio", "Otaegi", ""],
        ["Nekane", "Otaegi", "Zubizarreta"],
    ];
    // The second is a slip of the first, and the third another person's.
    const BIRTH_DATES: [&str; 3] = ["1950-03-12", "1950-12-03", "1981-07-30"];
    let mut said = record(&format!("system-{nth}"), "sales", "1").parts(dice.one_of(&NAMES));
    if dice.below(2) == 0 {
        said = said.born(dice.one_of(&BIRTH_DATES));
    }
    if dice.below(3) == 0 {
        said = said.dni(&dni(20_000_000 + u32::try_from(dice.below(2)).unwrap()));
    }
    if dice.below(5) == 0 {
        said = said.with(IdentifierType::Account, "ES-100");
    }
    if dice.below(4) > 0 {
        said = said.phone(dice.one_of(&["600111222", "943333444"]));
    }
    if dice.below(3) == 0 {
        said = said.email(dice.one_of(&["a@correo.example", "b@correo.example"]));
    }
    said
}

/// Customers with their records.
async fn customers(world: &World) -> BTreeMap<String, BTreeSet<String>> {
    world.compared().await;
    let members = "select 'customers/' || customer_id, 'sourceRecords/' || id from customer_profile.source_record";
    let members: Vec<(String, String)> = sqlx::query_as(members).fetch_all(&world.admin().await).await.unwrap();
    let mut customers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (customer, record) in members {
        customers.entry(customer).or_default().insert(record);
    }
    customers
}

/// The nearest record contradicts nothing, and another, or somebody else, does.
fn by_others(found: &CustomerMatch) -> bool {
    let far = [MatchLevel::Far, MatchLevel::Contradicted];
    let told = [MatchField::NationalId, MatchField::BirthDate];
    let itself = found.findings.iter().any(|finding| told.contains(&finding.field()) && far.contains(&finding.level()));
    let doubts = [MatchDoubt::DifferentDocuments, MatchDoubt::DifferentBirthDates, MatchDoubt::SeveralPeople];
    !itself && doubts.contains(&found.doubt())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_any_small_house_certain_are_those_whom_ingesting_the_same_words_makes_one_and_nobody_else() {
    let (mut joined_ever, mut held_apart) = (0, 0);
    for seed in 1..=8 {
        let (world, mut dice) = (World::new().await, Dice(seed));
        for nth in 0..12 {
            let words = of_the_house(&mut dice, nth);
            let before = customers(&world).await;
            let found = world.matches(words.clone()).await;
            let certain: BTreeSet<&String> = found
                .iter()
                .filter(|found| found.grade() == MatchGrade::Certain)
                .map(|found| &found.customer)
                .collect();
            let record = world.ingest(words.clone()).await;
            let after = customers(&world).await;
            let now = after.values().find(|records| records.contains(&record.name)).unwrap();
            let joined: BTreeSet<&String> =
                before.iter().filter(|(_, records)| records.is_subset(now)).map(|(customer, _)| customer).collect();
            assert_eq!(certain, joined, "seed {seed}, step {nth}: {words:?} {found:?}");
            joined_ever += joined.len();
            held_apart += found.iter().filter(|found| by_others(found)).count();
        }
    }
    assert!(joined_ever > 10 && held_apart > 3, "{joined_ever} joined, {held_apart} held apart");
}
