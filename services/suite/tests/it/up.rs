//! `up`: ready on one line, gone without a trace, its data found again.

use std::time::Duration;

use testkit::eventually;
use uuid::Uuid;
use ventanilla_proto::customer::v1::customer_service_client::CustomerServiceClient;
use ventanilla_proto::customer::v1::{
    Identifier, IdentifierType, IngestSourceRecordRequest, LookupByPhoneRequest, SourceRecord,
};
use ventanilla_proto::ticketing::v1::ticket_service_client::TicketServiceClient;
use ventanilla_proto::ticketing::v1::{
    ClaimPoint, CreateTicketRequest, DocumentFormat, GetPublicReceiptRequest, Ticket, TicketType,
};
use ventanilla_proto::r#type::v1::Channel;

use crate::running::{Folder, Running, left_running, run, text};

const DRAINED: Duration = Duration::from_secs(30);

async fn bring_a_customer(suite: &Running) -> String {
    let record = SourceRecord {
        source_system: "crm-retail".to_owned(),
        department: "billing".to_owned(),
        external_id: "C-1".to_owned(),
        identifiers: vec![Identifier {
            r#type: IdentifierType::Phone.into(),
            value: "+34600123456".to_owned(),
            ..Identifier::default()
        }],
        observed_time: Some(prost_types::Timestamp { seconds: 1_790_000_000, nanos: 0 }),
        ..SourceRecord::default()
    };
    let request = IngestSourceRecordRequest { record: Some(record), request_id: Uuid::from_u128(7).to_string() };
    let mut customers = CustomerServiceClient::new(suite.client("customer-profile", "crm"));
    customers.ingest_source_record(request).await.unwrap().into_inner().customer
}

async fn who_calls(suite: &Running) -> String {
    let request = LookupByPhoneRequest { phone_number: "+34600123456".to_owned(), region_code: String::new() };
    let mut customers = CustomerServiceClient::new(suite.client("customer-profile", "ivr"));
    customers.lookup_by_phone(request).await.unwrap().into_inner().customer
}

#[tokio::test(flavor = "multi_thread")]
async fn starts_serves_stops_and_finds_its_data_again() {
    let folder = Folder::new("again");
    let suite = Running::start(&folder);
    assert_eq!(suite.ready["services"].as_object().unwrap().len(), 6);
    assert_eq!(suite.ready["tokens"].as_object().unwrap().len(), kernel::Role::ALL.len());
    assert_eq!(suite.ready["pid"], suite.pid());
    assert_eq!(suite.ready["data"].as_str().unwrap(), folder.data().to_string_lossy());
    let customer = bring_a_customer(&suite).await;

    suite.signal("-TERM");
    assert_eq!(suite.end(DRAINED), Some(0));
    assert_eq!(left_running(&folder.0), Vec::<String>::new());

    let suite = Running::start(&folder);
    assert_eq!(who_calls(&suite).await, customer);
    suite.signal("-INT");
    assert_eq!(suite.end(DRAINED), Some(0));
    assert_eq!(left_running(&folder.0), Vec::<String>::new());
}

/// What the window answers, head and body; `headers` each with its line end.
async fn window(suite: &Running, line: &str, headers: &str, body: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let address = suite.ready["services"]["gateway"].as_str().unwrap().trim_start_matches("http://").to_owned();
    let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_answers_systems_telephones_staff_and_customers() {
    let folder = Folder::new("window");
    let suite = Running::start(&folder);
    let customer = bring_a_customer(&suite).await;
    let bearer = format!("authorization: Bearer {}\r\n", suite.ready["tokens"]["ivr"].as_str().unwrap());
    let (json, form) = ("content-type: application/json\r\n", "content-type: application/x-www-form-urlencoded\r\n");
    let number = r#"{"phoneNumber": "+34600123456"}"#;
    let rings = window(&suite, "POST /v1/customers:lookupByPhone", &format!("{bearer}{json}"), number).await;
    assert!(rings.starts_with("HTTP/1.1 200") && rings.contains(&customer), "{rings}");
    let nobody = window(&suite, "POST /v1/customers:lookupByPhone", json, number).await;
    assert!(nobody.starts_with("HTTP/1.1 401") && nobody.contains("application/problem+json"), "{nobody}");
    let spoken =
        window(&suite, "POST /ivr/v1/caller", &format!("{bearer}{form}"), "phone=%2B34600123456&call=c-1").await;
    assert!(spoken.starts_with("HTTP/1.1 200") && spoken.contains("\"say\""), "{spoken}");
    for (line, status, holds) in [
        ("GET /readyz", "200", "ready"),
        ("GET /sign-in", "200", "content-security-policy: default-src 'none'"),
        ("GET /t", "200", "<form"),
        ("GET /console", "303", "location: /sign-in"),
        ("GET /floor", "303", "location: /sign-in"),
        ("GET /openapi.json", "200", "\"openapi\""),
        ("GET /reference", "200", "<html"),
        ("GET /nowhere", "404", "NO_SUCH_ROUTE"),
    ] {
        let answer = window(&suite, line, "", "").await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")) && answer.contains(holds), "{line}: {answer}");
    }
    suite.signal("-TERM");
    assert_eq!(suite.end(DRAINED), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_suite_leaves_no_postgres_and_loses_nothing() {
    let folder = Folder::new("killed");
    let suite = Running::start(&folder);
    let customer = bring_a_customer(&suite).await;
    suite.signal("-KILL");
    assert_eq!(suite.end(DRAINED), None);
    eventually(DRAINED, || {
        let left = left_running(&folder.0);
        async move { if left.is_empty() { Ok(()) } else { Err(left) } }
    })
    .await;

    let suite = Running::start(&folder);
    assert_eq!(who_calls(&suite).await, customer);
    let receipts = hand_out(&suite, &customer, &folder).await;
    suite.signal("-TERM");
    assert_eq!(suite.end(DRAINED), Some(0));
    let verified = run(&folder.data(), &["verify"]);
    assert!(verified.status.success(), "{}", text(&verified.stderr));

    // Whoever has the house's key holds both files against it, without the house.
    let told = text(&verified.stdout);
    let key = told.lines().find_map(|line| line.strip_prefix("checkpoint key ")).unwrap();
    for receipt in &receipts {
        let holds = run(&folder.data(), &["verify-receipt", receipt, "--key", key]);
        assert!(holds.status.success(), "{receipt}: {}", text(&holds.stderr));
        assert!(text(&holds.stdout).starts_with("holds: tickets/"), "{}", text(&holds.stdout));
    }
    let altered = std::fs::read_to_string(&receipts[0]).unwrap().replace("octubre", "noviembre");
    std::fs::write(&receipts[0], altered).unwrap();
    let broken = run(&folder.data(), &["verify-receipt", &receipts[0], "--key", key]);
    assert_eq!(broken.status.code(), Some(1));
    assert!(text(&broken.stderr).contains("its hash differs"), "{}", text(&broken.stderr));
}

/// The customer complains and takes the receipt along: its signed text, and the one that is inside its PDF.
async fn hand_out(suite: &Running, customer: &str, folder: &Folder) -> [String; 2] {
    let ticket = Ticket {
        customer: customer.to_owned(),
        ticket_type: TicketType::Reclamacion.into(),
        subject: "Cobro doble en octubre".to_owned(),
        channel: Channel::Phone.into(),
        department: "billing".to_owned(),
        claim_points: vec![ClaimPoint { text: "Se cobró dos veces.".to_owned(), ..ClaimPoint::default() }],
        ..Ticket::default()
    };
    let request =
        CreateTicketRequest { ticket: Some(ticket), request_id: Uuid::from_u128(8).to_string(), occurred_time: None };
    let mut tickets = TicketServiceClient::new(suite.client("ticketing", "agent"));
    let opened = tickets.create_ticket(request).await.unwrap().into_inner();
    let mut document = async |format: DocumentFormat| {
        let request = GetPublicReceiptRequest {
            tracking_key: opened.tracking_key.clone(),
            proof: opened.proof.clone(),
            format: format.into(),
        };
        tickets.get_public_receipt(request).await.unwrap().into_inner().content
    };
    let [plain, inside, paper] = ["plain.txt", "inside.txt", "receipt.pdf"].map(|name| folder.0.join(name));
    std::fs::write(&plain, document(DocumentFormat::Text).await).unwrap();
    std::fs::write(&paper, document(DocumentFormat::Pdf).await).unwrap();
    // An independent reader: every stream of the file, inflated, until one is the sealed text.
    let script = r"import re, sys, zlib
for stream in re.findall(rb'stream\r?\n(.*?)\r?\nendstream', open(sys.argv[1], 'rb').read(), re.S):
    try: text = zlib.decompress(stream)
    except zlib.error: text = stream
    if b'----- ventanilla seal -----' in text: open(sys.argv[2], 'wb').write(text)";
    let taken = std::process::Command::new("python3").args(["-c", script]).args([&paper, &inside]).status().unwrap();
    assert!(taken.success());
    assert_eq!(std::fs::read(&plain).unwrap(), std::fs::read(&inside).unwrap());
    [plain, inside].map(|path| path.to_string_lossy().into_owned())
}

#[test]
fn a_second_suite_on_the_same_folder_is_refused_in_one_sentence() {
    let folder = Folder::new("twice");
    let suite = Running::start(&folder);
    let second = run(&folder.data(), &["up", "--port-base", "0"]);
    let said = text(&second.stderr);
    assert_eq!(second.status.code(), Some(1));
    assert!(said.contains(&suite.pid().to_string()) && said.contains("--data"), "{said}");
    assert_eq!(said.trim().lines().count(), 1, "{said}");
    suite.signal("-TERM");
    assert_eq!(suite.end(DRAINED), Some(0));
}

#[test]
fn a_taken_port_is_refused_in_one_sentence_and_leaves_nothing() {
    let folder = Folder::new("port");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().min(65_532);
    let refused = run(&folder.data(), &["up", "--port-base", &port.to_string()]);
    let said = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said.contains("taken") && said.contains("--port-base"), "{said}");
    assert_eq!(said.trim().lines().count(), 1, "{said}");
    assert_eq!(left_running(&folder.0), Vec::<String>::new());
}
