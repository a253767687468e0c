//! The smaller commands, and what they say when something is wrong.

use std::fs;
use std::time::{Duration, Instant};

use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use kernel::ResourceId as _;
use ombudsman_escalation_domain::dossier::{Content, Draft, Head};
use ombudsman_escalation_domain::vocabulary::{DecisionText, Outcome, Visibility};
use ombudsman_escalation_domain::{CaseId, document, notice};
use prost_reflect::{DescriptorPool, DynamicMessage};
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::sla::v1::measure_service_client::MeasureServiceClient;
use ventanilla_proto::r#type::v1::Channel;

use crate::running::{Folder, Running, run, text};

fn sentence(output: &std::process::Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let said = text(&output.stderr);
    assert_eq!(said.trim().lines().count(), 1, "one sentence: {said}");
    said
}

#[test]
fn a_foreign_data_folder_is_refused() {
    let folder = Folder::new("foreign");
    fs::create_dir_all(folder.data()).unwrap();
    fs::write(folder.data().join("thesis.txt"), "mine").unwrap();
    let said = sentence(&run(&folder.data(), &["up", "--port-base", "0"]));
    assert!(said.contains("thesis.txt") && said.contains("--data"), "{said}");
}

#[test]
fn an_unreachable_server_is_refused_with_its_cure() {
    let folder = Folder::new("server");
    let output = crate::running::command(&folder.data())
        .env("VENTANILLA_DATABASE_URL", "postgres://nobody:x@127.0.0.1:1/none")
        .args(["up", "--port-base", "0"])
        .output()
        .unwrap();
    let said = sentence(&output);
    assert!(said.contains("VENTANILLA_DATABASE_URL") && said.contains("unset"), "{said}");
}

#[test]
fn there_is_nothing_to_verify_before_the_first_start() {
    let folder = Folder::new("nothing");
    let said = sentence(&run(&folder.data(), &["verify"]));
    assert!(said.contains("start the suite once"), "{said}");
}

#[test]
fn a_token_names_who_was_asked_for() {
    let folder = Folder::new("token");
    let output = run(&folder.data(), &["token", "--role", "agent", "--subject", "lucia", "--department", "billing"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout).trim().split('.').count(), 3);
    let refused = run(&folder.data(), &["token", "--role", "agent", "--department", "Not A Slug"]);
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn the_offices_key_is_changed_and_the_one_before_it_kept() {
    let folder = Folder::new("office-key");
    for times in 1..=2 {
        let output = run(&folder.data(), &["rotate-office-key"]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert!(text(&output.stdout).contains(&format!("{times} before it")), "{}", text(&output.stdout));
        let keys = fs::read_to_string(folder.data().join("keys/office.key")).unwrap();
        assert_eq!(keys.lines().count(), times + 1);
        assert!(!text(&output.stdout).contains(keys.lines().next().unwrap()), "no key is printed");
    }
}

#[test]
fn an_export_verifies_elsewhere_until_a_byte_is_changed() {
    let folder = Folder::new("export");
    let log = folder.0.join("log.csv");
    fs::write(&log, "CaseID,ActivityID,CompleteTimestamp\na,1,2010-04-01 10:00:00\na,2,2010-04-01 11:00:00\n").unwrap();
    let imported = run(&folder.data(), &["import", log.to_str().unwrap(), "--json"]);
    assert!(imported.status.success(), "{}", text(&imported.stderr));

    let verified = run(&folder.data(), &["verify"]);
    let said = text(&verified.stdout);
    assert!(verified.status.success() && said.matches("intact").count() == 5, "{said}");
    let key = said.lines().find_map(|line| line.strip_prefix("checkpoint key ")).unwrap().to_owned();

    let export = folder.0.join("ticketing.jsonl");
    let written = run(&folder.data(), &["export", "--service", "ticketing", "--out", export.to_str().unwrap()]);
    assert!(written.status.success(), "{}", text(&written.stderr));
    let checkpoints = folder.data().join("checkpoints/ticketing.checkpoints.jsonl");
    let offline = || {
        let files = [export.to_str().unwrap(), checkpoints.to_str().unwrap()];
        run(&folder.data(), &["verify", "--export", files[0], "--checkpoints", files[1], "--key", &key])
    };
    assert!(offline().status.success(), "{}", text(&offline().stderr));
    assert!(text(&offline().stdout).contains("read up to position "), "{}", text(&offline().stdout));

    // A folder that holds nothing of this ledger proves nothing.
    let checkpoints_file = checkpoints.to_str().unwrap();
    let elsewhere = folder.0.to_str().unwrap();
    let wrong =
        run(&folder.data(), &["verify", "--archive", elsewhere, "--checkpoints", checkpoints_file, "--key", &key]);
    let said = sentence(&wrong);
    assert!(said.contains("there is no month of ticketing in"), "{said}");

    let lines: Vec<String> = fs::read_to_string(&export).unwrap().lines().map(str::to_owned).collect();
    let forged: Vec<String> = lines
        .iter()
        .enumerate()
        .map(|(at, line)| {
            if at == 1 {
                line.replacen("importer", "impostor", 1).replacen("event-log-import", "event-log-imposer", 1)
            } else {
                line.clone()
            }
        })
        .collect();
    assert_ne!(lines, forged, "something was forged");
    fs::write(&export, forged.join("\n")).unwrap();
    let said = sentence(&offline());
    assert!(said.contains("ticketing") && said.contains("entry 2"), "{said}");
}

#[test]
fn the_demo_plays_on_a_running_suite_and_its_ledgers_hold() {
    let folder = Folder::new("demo");
    let suite = Running::start(&folder);
    let played = run(&folder.data(), &["demo"]);
    let said = text(&played.stdout);
    assert!(played.status.success(), "{}\n{said}", text(&played.stderr));
    for part in ["tracking key", "the wall keeps him out", "refused with", "DecisionIssued", "TicketOpened", "trace"] {
        assert!(said.contains(part), "{part} is missing in {said}");
    }
    // A few days of the year no month from date to date ends: then it says so.
    let told =
        said.contains("La ley fija el ") && said.contains(" y eso no cambia. Si no contestamos a tiempo puede acudir");
    assert!(told || said.contains("there is no notice to show today"), "{said}");
    let verified = run(&folder.data(), &["verify"]);
    assert!(verified.status.success(), "{}", text(&verified.stderr));
    suite.signal("-TERM");
    assert_eq!(suite.end(std::time::Duration::from_secs(30)), Some(0));
}

#[test]
fn what_is_published_is_counted_once_more_from_an_exported_ledger_and_a_difference_is_named() {
    let folder = Folder::new("recompute");
    let suite = Running::start(&folder);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let published = runtime.block_on(published(&suite));
    let answer = folder.0.join("answer.json");
    let write = |told: &sla::ServiceParameters| {
        let pool = DescriptorPool::decode(ventanilla_proto::DESCRIPTOR_SET).unwrap();
        let mut json = DynamicMessage::new(pool.get_message_by_name("ventanilla.sla.v1.ServiceParameters").unwrap());
        json.transcode_from(told).unwrap();
        fs::write(&answer, serde_json::to_vec(&json).unwrap()).unwrap();
    };
    write(&published);
    let export = folder.0.join("clocks.jsonl");
    let told = |word: &str| fs::read_to_string(&export).is_ok_and(|ledger| ledger.contains(word));
    let deadline = Instant::now() + Duration::from_secs(20);
    while !told("CallsMeasured") {
        assert!(Instant::now() < deadline, "the calls never reach the ledger");
        std::thread::sleep(Duration::from_millis(20));
        let file = export.to_str().unwrap();
        let written = run(&folder.data(), &["export", "--service", "sla-monitor", "--out", file]);
        assert!(written.status.success(), "{}", text(&written.stderr));
    }
    let again = |more: &[&str]| {
        let files = ["recompute", "--export", export.to_str().unwrap()];
        run(&folder.data(), &[&files[..], more].concat())
    };
    let against = ["--against", answer.to_str().unwrap()];
    let counted = again(&against);
    let said = text(&counted.stdout);
    assert!(counted.status.success(), "{}\n{said}", text(&counted.stderr));
    assert!(said.contains("what was published is what the ledger gives"), "{said}");
    let line = said.lines().find(|line| line.starts_with("calls_answered_within_3_min")).unwrap();
    assert_eq!(line.split_whitespace().collect::<Vec<_>>()[1..4], ["2", "3", "66.67"], "{said}");

    let whole = ["--from", "2026-07-01T00:00:00Z", "--to", "2026-08-01T00:00:00Z", "--json"];
    let json: serde_json::Value = serde_json::from_slice(&again(&whole).stdout).unwrap();
    assert_eq!((&json["parameters"][0]["with_count"], &json["differences"]), (&2.into(), &serde_json::Value::Null));

    let mut lying = published.clone();
    lying.parameters.iter_mut().find(|one| one.id == "calls_answered_within_3_min").unwrap().with_count = 3;
    lying.hung_up_count = 4;
    write(&lying);
    let said = text(&again(&against).stderr);
    assert!(said.contains("calls_answered_within_3_min: 3 of 3"), "{said}");
    assert!(said.contains("the ledger gives 2 of 3") && said.contains("hung up: 4 was published"), "{said}");

    let ledger = fs::read_to_string(&export).unwrap();
    for (left, told) in
        [("", "holds no entry"), (&ledger.replacen("\"position\":1", "\"position\":2", 1), "begins at entry 2")]
    {
        fs::write(&export, left).unwrap();
        let said = sentence(&again(&against));
        assert!(said.contains(told), "{said}");
    }
}

/// Three calls of one day, of which two were answered in time, and what is published of them.
async fn published(suite: &Running) -> sla::ServiceParameters {
    let at = |text: &str| {
        let at: jiff::Timestamp = text.parse().unwrap();
        Some(prost_types::Timestamp { seconds: at.as_second(), nanos: at.subsec_nanosecond() })
    };
    let call = |id: &str, ended: &str| sla::MeasuredCall {
        external_id: id.to_owned(),
        department: "billing".to_owned(),
        queue: "invoices".to_owned(),
        channel: Channel::Phone.into(),
        arrived_time: at("2026-07-06T10:00:00Z"),
        wait_end: sla::WaitEnd::Answered.into(),
        wait_ended_time: at(ended),
        ..sla::MeasuredCall::default()
    };
    let calls = vec![
        call("a", "2026-07-06T10:00:10Z"),
        call("b", "2026-07-06T10:02:59.999Z"),
        call("c", "2026-07-06T10:03:00Z"),
    ];
    let request_id = "6f1c0e62-6f4f-4a52-9e0b-0d8b6a9a7c11".to_owned();
    let request = sla::RecordCallsRequest { source_system: "pbx".to_owned(), calls, request_id };
    let mut pbx = MeasureServiceClient::new(suite.client("sla-monitor", "ivr"));
    assert_eq!(pbx.record_calls(request).await.unwrap().into_inner().recorded_count, 3);
    let month = sla::GetServiceParametersRequest {
        from_time: at("2026-07-01T00:00:00Z"),
        to_time: at("2026-08-01T00:00:00Z"),
        department: String::new(),
    };
    let mut auditor = MeasureServiceClient::new(suite.client("sla-monitor", "auditor"));
    auditor.get_service_parameters(month).await.unwrap().into_inner()
}

#[test]
fn weights_are_learned_written_and_held_against_the_people_they_were_learned_from() {
    let folder = Folder::new("estimate");
    let (people, rules) = (folder.0.join("people.csv"), folder.0.join("rules.json"));
    let mut lines = "rec_id;nombre;apellido1;apellido2;fecha_nacimiento\n".to_owned();
    let names = ["Lucía", "Hugo", "Begoña", "Iñaki", "Nekane", "Pablo", "Rosa"];
    let surnames = ["Núñez", "Gil", "Soto", "Echeverría", "Ortega", "Vega", "Mas", "Oca", "Ruiz", "Sanz", "Roca"];
    for n in 0..400_usize {
        let (given, first, second) = (names[n % 7], surnames[n % 11], surnames[n * n % 11]);
        let born = format!("{}-{:02}-{:02}", 1940 + n % 61, 1 + n % 12, 1 + n % 28);
        lines += &format!("rec-{n}-org;{given};{first};{second};{born}\n");
        lines += &format!("rec-{n}-dup-0;{};{first};;{born}\n", given.to_uppercase());
    }
    std::fs::write(&people, lines).unwrap();
    let [people, rules] = [people.to_str().unwrap(), rules.to_str().unwrap()];
    let output = run(&folder.data(), &["estimate-matching", people, "--out", rules, "--json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let learned: serde_json::Value = serde_json::from_str(&text(&output.stdout)).unwrap();
    assert!(learned["rules"].as_str().unwrap().starts_with("weights-em-"), "{learned}");
    assert!(!learned["weights"].as_array().unwrap().is_empty(), "something was learned");
    // Seven names and eleven surnames tell few people apart: not among as many as a service expects, but among themselves.
    let output = run(&folder.data(), &["evaluate-matching", people, "--rules", rules, "--among-themselves", "--json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let found: serde_json::Value = serde_json::from_str(&text(&output.stdout)).unwrap();
    assert!(found["rules"].as_str().unwrap().starts_with(learned["rules"].as_str().unwrap()), "{found}");
    assert!(found["grades"][1]["recall"].as_f64().unwrap() > 0.9, "{found}");
    std::fs::write(rules, "{\"version\": \"\"}").unwrap();
    let output = run(&folder.data(), &["evaluate-matching", people, "--rules", rules]);
    assert!(!output.status.success() && text(&output.stderr).contains("holds no rules"), "{}", text(&output.stderr));
}

#[test]
fn matching_is_evaluated_without_anything_running() {
    let folder = Folder::new("evaluate");
    let people = folder.0.join("people.csv");
    let lines = "rec_id;nombre;apellido1;apellido2;fecha_nacimiento;dni\n\
        rec-1-org;María José;Núñez;Ibáñez;12/03/1975;12345678Z\n\
        rec-1-dup-0;M. Jose;NUNEZ;;1975-03-12;12345678Z\n\
        rec-2-org;Hugo;Gil;Soto;01/07/1988;\n";
    std::fs::write(&people, lines).unwrap();
    let output = run(&folder.data(), &["evaluate-matching", people.to_str().unwrap(), "--json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let found: serde_json::Value = serde_json::from_str(&text(&output.stdout)).unwrap();
    assert_eq!((found["records"].as_u64(), found["true_pairs"].as_u64()), (Some(3), Some(1)));
    let grades: Vec<_> = found["grades"].as_array().unwrap().iter().map(|at| at["grade"].as_str().unwrap()).collect();
    assert_eq!(grades, ["certain", "probable", "possible"]);
    assert_eq!(found["grades"][1]["f1"].as_f64(), Some(1.0), "{found}");
    assert!(!folder.data().exists(), "it starts nothing");
}

#[test]
fn a_decision_is_held_against_the_offices_key_without_the_office() {
    let folder = Folder::new("decision");
    let key = std::sync::Arc::new(aws_lc_rs::signature::Ed25519KeyPair::from_seed_unchecked(&[5; 32]).unwrap());
    let sealer = seal::Sealer::new(key.clone());
    let case = CaseId::from_uuid(uuid::Uuid::from_u128(7));
    let said = "Resolución\n\nResultado: estimada\n";
    let (hash, issued) = (seal::sha256(said.as_bytes()), "2026-11-22T09:30:00Z".parse().unwrap());
    let seal = document::seal_of(case, issued, Outcome::Upheld, hash, sealer.key_id().to_owned());
    let sealed = seal.beneath(said, &sealer.sign(&seal.statement()));
    let (file, public) = (folder.0.join("decision.txt"), hex::encode(key.public_key().as_ref()));
    fs::write(&file, &sealed).unwrap();
    let verify =
        |file: &std::path::Path| run(&folder.data(), &["verify-decision", file.to_str().unwrap(), "--key", &public]);
    let holds = verify(&file);
    assert!(holds.status.success(), "{}", text(&holds.stderr));
    assert_eq!(
        text(&holds.stdout).trim(),
        format!("holds: {} was decided at 2026-11-22T09:30:00Z: upheld", case.name())
    );
    fs::write(&file, sealed.replace("estimada", "desestimada")).unwrap();
    assert!(sentence(&verify(&file)).contains("its hash differs"));
    fs::write(&file, sealed.replace("outcome: upheld", "outcome: not_upheld")).unwrap();
    assert!(sentence(&verify(&file)).contains("the signature does not hold"));
}

#[test]
fn a_correction_and_an_acknowledgement_are_held_against_the_offices_key_without_the_office() {
    let folder = Folder::new("papers");
    let key = std::sync::Arc::new(aws_lc_rs::signature::Ed25519KeyPair::from_seed_unchecked(&[5; 32]).unwrap());
    let sealer = seal::Sealer::new(key.clone());
    let (case, at) = (CaseId::from_uuid(uuid::Uuid::from_u128(7)), "2026-11-22T09:30:00Z".parse().unwrap());
    let (file, public) = (folder.0.join("paper.txt"), hex::encode(key.public_key().as_ref()));
    let verify = || run(&folder.data(), &["verify-decision", file.to_str().unwrap(), "--key", &public]);
    let beneath = |text: &str, seal: &seal::Seal| seal.beneath(text, &sealer.sign(&seal.statement()));

    let said = "Acuse de recibo\n\nExpediente: 7\n";
    let seal = notice::seal_of_acknowledgement(case, at, seal::sha256(said.as_bytes()), sealer.key_id().to_owned());
    let acknowledged = beneath(said, &seal);
    fs::write(&file, &acknowledged).unwrap();
    let holds = text(&verify().stdout);
    assert_eq!(holds.trim(), format!("holds: {} reached the office at 2026-11-22T09:30:00Z", case.name()));
    fs::write(&file, acknowledged.replace("Expediente: 7", "Expediente: 8")).unwrap();
    assert!(sentence(&verify()).contains("its hash differs"));

    let corrected = notice::Corrected {
        office: "Defensor",
        case,
        number: 1,
        corrects: [3; 32],
        part: DecisionText::Signpost,
        claim_point: None,
        stood: "Banco de Espana",
        stands: "Banco de España",
        reason: "a letter is missing",
        by: "elena",
        at,
        language: kernel::Language::Es,
    };
    let said = corrected.text();
    let correction = beneath(&said, &corrected.seal(seal::sha256(said.as_bytes()), sealer.key_id().to_owned()));
    fs::write(&file, &correction).unwrap();
    let (name, hash) = (notice::correction_name(case, 1), hex::encode([3; 32]));
    let holds = text(&verify().stdout);
    assert_eq!(
        holds.trim(),
        format!("holds: {name} was issued at 2026-11-22T09:30:00Z and corrects the text with the SHA-256 {hash}")
    );
    fs::write(&file, correction.replace("issued: 2026-11-22", "issued: 2026-11-21")).unwrap();
    assert!(sentence(&verify()).contains("the signature does not hold"));
}

#[test]
fn a_dossier_is_held_against_itself_without_the_office_and_its_first_altered_entry_is_named() {
    let folder = Folder::new("dossier");
    let key = std::sync::Arc::new(aws_lc_rs::signature::Ed25519KeyPair::from_seed_unchecked(&[5; 32]).unwrap());
    let (sealer, public) = (seal::Sealer::new(key.clone()), hex::encode(key.public_key().as_ref()));
    let case = CaseId::from_uuid(uuid::Uuid::from_u128(7));
    let actor = kernel::Actor { kind: kernel::ActorKind::Office, id: "ines".to_owned(), department: None };
    let at = "2026-11-22T09:30:00Z".parse().unwrap();
    let said = "Acuse de recibo\n";
    let seal = notice::seal_of_acknowledgement(case, at, seal::sha256(said.as_bytes()), sealer.key_id().to_owned());
    let acknowledged = seal.beneath(said, &sealer.sign(&seal.statement()));
    let mut last = Head::EMPTY;
    let papers =
        [("COMPLAINT", "a complaint"), ("EVIDENCE", "a statement"), ("ACKNOWLEDGEMENT", acknowledged.as_str())];
    let entries: Vec<serde_json::Value> = papers
        .into_iter()
        .map(|(kind, said)| {
            let draft = Draft {
                kind: kind.to_ascii_lowercase().parse().unwrap(),
                visibility: Visibility::Parties,
                content_type: "text/plain".to_owned(),
                content: Content { salt: [7; 32], bytes: said.as_bytes().to_vec() },
            };
            let sealed = draft.seal(case, last, &actor, at);
            last = sealed.head();
            serde_json::json!({
                "name": format!("{}/entries/{}", case.name(), last.sequence),
                "sequence": last.sequence.to_string(), "kind": format!("DOSSIER_KIND_{kind}"),
                "visibility": "DOSSIER_VISIBILITY_PARTIES", "actor": {"kind": "ACTOR_KIND_OFFICE", "id": "ines"},
                "recordTime": "2026-11-22T09:30:00Z", "contentType": "text/plain", "content": base64(said.as_bytes()),
                "commitment": base64(&sealed.entry.commitment), "prevHash": base64(&sealed.entry.prev_hash),
                "hash": base64(&sealed.hash), "salt": base64(&[7; 32]),
            })
        })
        .collect();
    let file = folder.0.join("dossier.json");
    let write = |entries: &[serde_json::Value]| {
        let (case, head) = (case.name(), base64(&last.hash));
        let dossier = serde_json::json!({"caseName": case, "entries": entries, "headHash": head, "entryCount": "3"});
        fs::write(&file, dossier.to_string()).unwrap();
    };
    let verify = |more: &[&str]| run(&folder.data(), &[&["verify-dossier", file.to_str().unwrap()], more].concat());
    let head = hex::encode(last.hash);
    write(&entries);
    let holds = verify(&["--head", &head, "--key", &public]);
    assert!(holds.status.success(), "{}", text(&holds.stderr));
    let told = format!("holds: the dossier of {} with 3 entries\nhead {head}\nsigned by the office: 3\n", case.name());
    assert_eq!(text(&holds.stdout), told);
    // Redacted it holds as well; altered, cut, under another key or under another head it does not.
    let mut redacted = entries.clone();
    redacted[1]["content"] = "".into();
    redacted[1]["salt"] = "".into();
    write(&redacted);
    assert!(text(&verify(&["--head", &head]).stdout).contains("without content, which is not proven: 2\n"));
    let mut altered = entries.clone();
    altered[1]["content"] = base64(b"another statement").into();
    write(&altered);
    assert!(sentence(&verify(&[])).contains("entry 2 was altered: its content is not what was committed to"));
    write(&entries[..2]);
    assert!(sentence(&verify(&[])).contains("entry 3 is not there"));
    write(&entries);
    assert!(sentence(&verify(&["--head", &"00".repeat(32)])).contains("entry 3 is not the one that the head names"));
    assert!(
        sentence(&verify(&["--key", &"07".repeat(32)]))
            .contains("entry 3 is no paper of this case that the key signed")
    );
    fs::write(&file, "[]").unwrap();
    assert!(sentence(&verify(&[])).contains("is no dossier as JSON"));
}

/// Bytes as JSON of the contract has them.
fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
