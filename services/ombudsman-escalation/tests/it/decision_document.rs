//! GetDecisionDocument: what the parties keep, and whoever has the office's key can check.

use kernel::Role;
use ombudsman_escalation::document::{Broken, verify};
use tonic::Code;
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::ombudsman::v1::DocumentFormat::{Pdf, Text};
use ventanilla_proto::r#type::v1::{Language, Money};

use crate::docket::{DEPARTURE, DOUBLE, GONE, NOT_UPHELD, UPHELD, document};
use crate::world::{World, fields, reason, uuid_of};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_signed_text_tells_all_that_was_decided_and_holds_against_the_offices_key_alone() {
    let world = World::staffed().await;
    let (_, earlier) = world.bring_and_decide(DOUBLE, UPHELD).await;
    let case = world.bring_to_draft(DOUBLE.of(8)).await;
    let mut request = world.decision_of(&case, NOT_UPHELD, "el cobro").await;
    request.precedents = world.answered(&case, NOT_UPHELD).await;
    let decision = world.elena().issue_decision(request).await.unwrap().into_inner();
    let made = document(&mut world.precedents(), &decision.name, Text).await.unwrap();
    assert_eq!(made.media_type, "text/plain; charset=utf-8");
    let text = String::from_utf8(made.content.clone()).unwrap();
    for told in [
        DOUBLE.claim,
        "Consta en el extracto que el cobro se produjo dos veces",
        "La entidad devolverá lo que cobró de más",
        &format!("Resolución anterior: {}#p1", earlier.name),
        &format!("Por qué este caso se resuelve de otro modo: {DEPARTURE}"),
        "Resuelve: elena",
        "no vincula a la entidad (Ley 44/2002 art. 29.2)",
        "Adónde acudir: Banco de España",
    ] {
        assert!(text.contains(told), "{told:?} is not in\n{text}");
    }

    let key = world.harness.checkpoint_key();
    let sealed = verify(&text, &key).unwrap();
    assert_eq!((sealed.case.to_string(), sealed.outcome.as_str()), (case.clone(), "not_upheld"));
    assert_eq!(verify(&text.replace("dos veces", "una vez"), &key), Err(Broken::Text));
    assert_eq!(verify(&text.replace("outcome: not_upheld", "outcome: upheld"), &key), Err(Broken::Signature));
    assert_eq!(verify(&text, &[7; 32]), Err(Broken::OtherKey));

    // Its hash stands on the decision, on its row, and in the chain of the dossier.
    let pool = world.database.admin().await;
    let (hash, contents): (Vec<u8>, Vec<Vec<u8>>) = sqlx::query_as(
        "select d.document_hash, array(select content from ombudsman.dossier_content c where c.case_id = d.case_id)
           from ombudsman.decision d where d.case_id = $1",
    )
    .bind(uuid_of(&case))
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(hash, decision.document_hash);
    assert!(text.contains(&format!("sha256: {}", hex::encode(&hash))));
    assert!(contents.contains(&made.content), "the sealed text itself is a paper of the dossier");
    let verdict = world.elena().verify_dossier(pb::VerifyDossierRequest { name: case }).await.unwrap().into_inner();
    assert!(verdict.intact);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pdf_is_in_the_claimants_language_and_has_the_signed_text_inside() {
    let world = World::staffed().await;
    let case = world.bring_to_draft(DOUBLE).await;
    let mut request = world.decision_of(&case, UPHELD, "el cobro").await;
    let english = pb::IssueDecisionRequest { language: Language::En.into(), ..request.clone() };
    let refused = world.elena().issue_decision(english).await.unwrap_err();
    assert_eq!(crate::world::fields(&refused), ["language"], "it is written in the claimant's");
    world.speaks(&case, Language::En).await;
    request.language = Language::En.into();
    request.points[0].redress_amount = Some(Money { currency_code: "EUR".into(), minor_units: 4_205 });
    let decision = world.elena().issue_decision(request).await.unwrap().into_inner();
    assert_eq!(decision.redress_amount.as_ref().map(|paid| paid.minor_units), Some(4_205));
    let made = document(&mut world.precedents(), &decision.name, Pdf).await.unwrap();
    assert_eq!((made.media_type.as_str(), &made.content[..5]), ("application/pdf", &b"%PDF-"[..]));
    let holds = |part: &str| made.content.windows(part.len()).any(|window| window == part.as_bytes());
    assert!(holds("/Lang(en)") || holds("/Lang (en)"), "the document says its language");
    assert!(holds("pdfaid"), "and that it is made to be kept");
    let text = document(&mut world.precedents(), &decision.name, Text).await.unwrap();
    assert!(String::from_utf8_lossy(&text.content).contains("The firm is to pay: 42.05 EUR"));
    assert_eq!(inside(&made.content), text.content);
    assert_eq!(document(&mut world.precedents(), &decision.name, Pdf).await.unwrap(), made, "whenever it is asked for");
}

/// What an independent reader finds attached: every stream of the file, inflated, until one is a sealed text.
fn inside(pdf: &[u8]) -> Vec<u8> {
    let script = r"import re, sys, zlib
for stream in re.findall(rb'stream\r?\n(.*?)\r?\nendstream', sys.stdin.buffer.read(), re.S):
    try: text = zlib.decompress(stream)
    except zlib.error: text = stream
    if b'----- ventanilla seal -----' in text: sys.stdout.buffer.write(text)";
    let mut reader = std::process::Command::new("python3")
        .args(["-c", script])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut reader.stdin.take().unwrap(), pdf).unwrap();
    reader.wait_with_output().unwrap().stdout
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_claimant_is_given_it_once_it_was_notified_and_nobody_else_is() {
    let world = World::staffed().await;
    let (case, decision) = world.bring_and_decide(DOUBLE, UPHELD).await;
    let mine = DOUBLE.customer_name();
    let claimant = |id: &str| world.precedents_as(id, Role::Customer);
    let early = document(&mut claimant(&mine), &decision.name, Text).await.unwrap_err();
    assert_eq!(reason(&early), (GONE.0, GONE.1.into()));
    world.notify(&case).await;
    let mut given = document(&mut claimant(&mine), &decision.name, Text).await.unwrap();
    assert!(
        verify(&String::from_utf8(std::mem::take(&mut given.content)).unwrap(), &world.harness.checkpoint_key())
            .is_ok()
    );
    let other = document(&mut claimant("customers/0190a000-0000-7000-8000-0000000000ff"), &decision.name, Text).await;
    assert_eq!(reason(&other.unwrap_err()), (GONE.0, GONE.1.into()));
    let list = pb::ListDossierEntriesRequest { parent: case, page_size: 100, ..Default::default() };
    let papers = world.liaison().list_dossier_entries(list).await.unwrap().into_inner().entries;
    let sealed = papers.iter().filter(|paper| String::from_utf8_lossy(&paper.content).contains("ventanilla seal"));
    assert_eq!(sealed.count(), 2, "the parties have it in the dossier, beside the acknowledgement of the case");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_handed_out_that_was_not_signed() {
    let world = World::staffed().await;
    let (case, decision) = world.bring_and_decide(DOUBLE, UPHELD).await;
    let wrong = pb::GetDecisionDocumentRequest { name: "cases/1".into(), format: 9, correction_number: -1 };
    let refused = world.precedents().get_decision_document(wrong).await.unwrap_err();
    assert_eq!(fields(&refused), ["name", "format", "correction_number"]);
    // Somebody who may switch the guards off.
    let pool = world.database.admin().await;
    let mut admin = pool.acquire().await.unwrap();
    let id = uuid_of(&case);
    sqlx::query("set session_replication_role = replica").execute(&mut *admin).await.unwrap();
    sqlx::query("update ombudsman.decision_document set text = 'otra cosa' where case_id = $1")
        .bind(id)
        .execute(&mut *admin)
        .await
        .unwrap();
    let refused = document(&mut world.precedents(), &decision.name, Text).await.unwrap_err();
    assert_eq!(refused.code(), Code::Internal);
    sqlx::query("update ombudsman.decision set document_hash = sha256('otra cosa') where case_id = $1")
        .bind(id)
        .execute(&mut *admin)
        .await
        .unwrap();
    let made = document(&mut world.precedents(), &decision.name, Text).await.unwrap();
    let text = String::from_utf8(made.content).unwrap();
    assert_eq!(verify(&text, &world.harness.checkpoint_key()), Err(Broken::Signature));
    sqlx::query("update ombudsman.decision set document_hash = null, seal_key_id = null, seal_signature = null where case_id = $1")
        .bind(id)
        .execute(&mut *admin)
        .await
        .unwrap();
    let refused = document(&mut world.precedents(), &decision.name, Text).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::FailedPrecondition, "DECISION_UNSIGNED".into()));
    sqlx::query("set session_replication_role = origin").execute(&mut *admin).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_paid_fits_the_outcome_and_is_of_one_currency() {
    let world = World::staffed().await;
    let case = world.bring_to_draft(DOUBLE).await;
    let mut request = world.decision_of(&case, NOT_UPHELD, "el cobro").await;
    request.points[0].redress_amount = Some(Money { currency_code: "EUR".into(), minor_units: 1 });
    let refused = world.elena().issue_decision(request.clone()).await.unwrap_err();
    assert_eq!(fields(&refused), ["points[0].redress_amount"]);
    request.points[0].redress_amount = Some(Money { currency_code: "EUR".into(), minor_units: -1 });
    let refused = world.elena().issue_decision(request).await.unwrap_err();
    assert_eq!(fields(&refused), ["points[0].redress_amount.minor_units"]);
    let unsigned = "insert into ombudsman.decision_point (case_id, point_id, place, outcome, finding, reason, remedy)
                    values ($1, 'p1', 1, 'upheld', 'x', 'x', 'x')";
    sqlx::query(unsigned).bind(uuid_of(&case)).execute(&world.database.admin().await).await.unwrap();
    let decide =
        "insert into ombudsman.decision values ($1, 'upheld', true, 'x', 'x', 'es', 'elena', '2026-11-23T09:00:00Z',
                  '2026-12-23T09:00:00Z', 1, '\\x00')";
    assert_eq!(world.rule_broken_by(decide, uuid_of(&case)).await, "decision_has_its_document");
}
