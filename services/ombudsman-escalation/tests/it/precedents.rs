//! ClassifyCase, FindPrecedents, and decisions that answer earlier ones.

use std::collections::{BTreeMap, BTreeSet};

use kernel::Role;
use sqlx::Connection as _;
use tonic::Code;
use ventanilla_proto::ombudsman::v1 as pb;

use crate::docket::{Brought, DEPARTURE, DOUBLE, NOT_UPHELD, PARTLY, UPHELD, considering};
use crate::world::{World, fields, fresh_id, reason, refusal, uuid_of};

const CARD: Brought =
    Brought { customer: 2, topic: "billing", claim: "La tarjeta robada siguió activa y nadie atendió el teléfono" };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_decisions_that_speak_of_a_claim_are_shown_with_outcome_and_the_words_they_share() {
    let world = World::staffed().await;
    let (_, card) = world.bring_and_decide(CARD, NOT_UPHELD).await;
    let (_, double) = world.bring_and_decide(DOUBLE.of(3), UPHELD).await;
    let asked = world.bring(DOUBLE).await;
    let point = world.find(&asked).await.unwrap().points.remove(0);
    assert_eq!((point.claim_point.as_str(), point.decided_point_count), ("p1", 2));
    let first = &point.precedents[0];
    assert_eq!((first.decision.as_str(), first.outcome()), (double.name.as_str(), UPHELD));
    assert!((first.similarity - 1.0).abs() < 1e-9, "the same claim: {}", first.similarity);
    assert!(first.must_be_answered);
    let stems: Vec<&str> = first.shared_words.iter().map(|word| word.stem.as_str()).collect();
    assert!(stems.contains(&"comision") && stems.contains(&"contador") || stems.contains(&"contad"), "{stems:?}");
    let told: f64 = first.shared_words.iter().map(|word| word.share).sum();
    assert!((told - first.similarity).abs() < 1e-9, "the words explain the similarity: {told}");
    let others: Vec<f64> =
        point.precedents[1..].iter().filter(|one| one.decision == card.name).map(|one| one.similarity).collect();
    assert!(others.iter().all(|similarity| *similarity < 0.5), "{others:?}");
}

/// Similarity once more, from the words and the formula alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn similarity_is_what_a_calculation_by_its_definition_says() {
    let world = World::staffed().await;
    let claims = [
        "Cobraron la comisión de la tarjeta dos veces",
        "La comisión de apertura del préstamo no se pactó",
        "El cajero retuvo la tarjeta y cobraron otra nueva",
        "Nadie devolvió la comisión del préstamo cancelado",
    ];
    for (customer, claim) in (10..).zip(claims) {
        world.bring_and_decide(Brought { customer, topic: "fees", claim }, UPHELD).await;
    }
    let claim = "Cobraron la comisión de la tarjeta y del préstamo, y el cajero retuvo mil euros de Begoña";
    let asked = world.bring(Brought { customer: 20, topic: "fees", claim }).await;
    let request = pb::FindPrecedentsRequest { case_name: asked, max_count: 50, ..Default::default() };
    let found = world.precedents().find_precedents(request).await.unwrap().into_inner().points.remove(0).precedents;
    assert!(!found.is_empty());

    let pool = world.database.admin().await;
    let stems = async |text: String| -> BTreeSet<String> {
        let plain: String =
            text.chars().map(|c| "áéíóú".find(c).map_or(c, |at| ['a', 'e', 'i', 'o', 'u'][at / 2])).collect();
        let stems: Vec<String> =
            sqlx::query_scalar("select unnest(tsvector_to_array(to_tsvector('pg_catalog.spanish', $1)))")
                .bind(plain)
                .fetch_all(&pool)
                .await
                .unwrap();
        stems
            .into_iter()
            .filter(|stem| stem.chars().all(|c| c.is_ascii_lowercase() || c == 'ñ') && stem.len() > 1)
            .collect()
    };
    let rows: Vec<(uuid::Uuid, String)> = sqlx::query_as(
        "select p.case_id, q.claim || ' ' || p.finding || ' ' || p.reason from ombudsman.decision_point p
           join ombudsman.claim_point q using (case_id, point_id)",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let mut decided: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (case, text) in rows {
        decided.insert(format!("cases/{case}/decision"), stems(text).await);
    }
    let asked = stems(claim.to_lowercase()).await;
    let all = decided.len() as f64;
    let weight = |stem: &String| {
        let having = decided.values().filter(|own| own.contains(stem)).count().max(1) as f64;
        ((all + 1.0) / having).ln()
    };
    let whole: f64 = asked.iter().map(weight).sum();
    let expected: BTreeMap<&String, f64> = decided
        .iter()
        .map(|(name, own)| (name, asked.intersection(own).map(weight).sum::<f64>() / whole))
        .filter(|(_, similarity)| *similarity >= 0.1)
        .collect();
    assert_eq!(found.len(), expected.len(), "{expected:?}");
    for one in &found {
        let expected = expected[&one.decision];
        assert!((one.similarity - expected).abs() < 1e-9, "{} {expected}", one.similarity);
    }
    assert!(found.windows(2).all(|pair| pair[0].similarity >= pair[1].similarity));
}

const MANY: Brought = Brought {
    customer: 2,
    topic: "billing",
    claim: "Reclamaciones por devoluciones e intereses de las líneas y las luces de unas estaciones",
};
const ONE: Brought = Brought {
    customer: 3,
    topic: "billing",
    claim: "Reclamacion por la devolución e interés de la linea y la luz de una estación",
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_is_similar_to_one_in_the_other_number_with_its_accents_or_without() {
    let world = World::staffed().await;
    world.bring_and_decide(CARD, NOT_UPHELD).await;
    let (_, many) = world.bring_and_decide(MANY, UPHELD).await;
    let asked = world.bring(ONE).await;
    let point = world.find(&asked).await.unwrap().points.remove(0);
    let first = &point.precedents[0];
    assert_eq!(first.decision, many.name);
    assert!((first.similarity - 1.0).abs() < 1e-9, "the same claim: {}", first.similarity);
    let shared: BTreeSet<&str> = first.shared_words.iter().map(|word| word.stem.as_str()).collect();
    assert_eq!(shared, BTreeSet::from(["reclam", "devolu", "inter", "line", "luz", "estacion"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_decided_before_words_were_read_in_every_number_is_similar_after_the_upgrade() {
    let world = World::staffed().await;
    let (_, many) = world.bring_and_decide(MANY, UPHELD).await;
    world.bring_and_decide(CARD, UPHELD).await;
    let pool = world.database.admin().await;
    // As they stood before.
    let before = "alter table ombudsman.precedent disable trigger precedent_immutable;
        update ombudsman.precedent set words = array_replace(array_replace(words, 'devolu', 'devolucion'), 'inter', 'interes');
        alter table ombudsman.precedent enable trigger precedent_immutable;
        delete from ombudsman.precedent_word;
        insert into ombudsman.precedent_word select words[1], w, count(*) from ombudsman.precedent, unnest(words) w group by 1, 2";
    sqlx::raw_sql(before).execute(&pool).await.unwrap();
    let asked = world.bring(ONE).await;
    let similarity = async || {
        let found = world.find(&asked).await.unwrap().points.remove(0).precedents;
        found.iter().find(|one| one.decision == many.name).map_or(0.0, |one| one.similarity)
    };
    let stands = ombudsman_escalation::migrations();
    let upgrade = stands.iter().find(|one| one.version == 20_261_211_400_100).unwrap();
    assert!(similarity().await < 0.9);
    sqlx::raw_sql("drop function ombudsman.singular").execute(&pool).await.unwrap();
    sqlx::raw_sql(upgrade.sql.clone()).execute(&pool).await.unwrap();
    assert!((similarity().await - 1.0).abs() < 1e-9);
    assert_eq!(miscounted(&pool).await, 0);
    let touched = "update ombudsman.precedent set words = words";
    assert!(sqlx::query(touched).execute(&pool).await.is_err(), "and it stays what it was");
}

/// Words that are counted otherwise than they are there.
async fn miscounted(pool: &sqlx::PgPool) -> i64 {
    let wrong = "select count(*) from (select words[1] as mark, w, count(*) as n from ombudsman.precedent, unnest(words) w group by 1, 2) real
                   full join ombudsman.precedent_word kept on kept.mark = real.mark and kept.word = real.w
                  where real.n is distinct from kept.points";
    sqlx::query_scalar(wrong).fetch_one(pool).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_that_goes_another_way_is_refused_until_it_answers_each_similar_one_and_then_keeps_them() {
    let world = World::staffed().await;
    let (_, decided) = world.bring_and_decide(DOUBLE, UPHELD).await;
    let case = world.bring_to_draft(DOUBLE.of(5)).await;
    let request = world.decision_of(&case, NOT_UPHELD, "el cobro").await;
    let before = world.rows().await;
    let refused = world.elena().issue_decision(request.clone()).await.unwrap_err();
    let (code, reason, metadata) = refusal(&refused);
    assert_eq!((code, reason.as_str()), (Code::FailedPrecondition, "PRECEDENTS_UNANSWERED"));
    assert_eq!(metadata["precedents"], format!("{}#p1 for p1", decided.name));
    assert_eq!(metadata["article"], "Ley 44/2002 art. 29 septies.2");
    assert_eq!(world.rows().await, before, "nothing was written");

    let shown = world.find(&case).await.unwrap().points.remove(0).precedents.remove(0);
    // However many there are: each point has ten of them to answer.
    let many = (0..120).map(|n| pb::ConsideredPrecedent {
        claim_point: "p1".into(),
        decision: shown.decision.clone(),
        decided_point: format!("p{n}"),
        departure_reason: "en aquel caso el cobro lo había pedido quien reclamaba, y en este no".into(),
        ..Default::default()
    });
    let many = pb::IssueDecisionRequest { precedents: many.collect(), request_id: fresh_id(), ..request.clone() };
    let unknown = fields(&world.elena().issue_decision(many).await.unwrap_err());
    assert_eq!(unknown[..2], ["precedents[0].decision", "precedents[2].decision"], "{unknown:?}");
    let stock = pb::IssueDecisionRequest {
        precedents: vec![considering(&shown, "No procede.")],
        request_id: fresh_id(),
        ..request.clone()
    };
    let refused = world.elena().issue_decision(stock).await.unwrap_err();
    assert_eq!(fields(&refused), ["precedents[0].departure_reason"]);
    let unknown = pb::ConsideredPrecedent { decided_point: "p7".into(), ..considering(&shown, DEPARTURE) };
    let mut wrong = pb::IssueDecisionRequest { precedents: vec![unknown], request_id: fresh_id(), ..request.clone() };
    wrong.points[0].remedy = "Se desestima la queja".into();
    let refused = world.elena().issue_decision(wrong).await.unwrap_err();
    assert_eq!(fields(&refused), ["points[0].remedy", "precedents[0].decision"], "both at once");

    let answered = pb::IssueDecisionRequest { precedents: vec![considering(&shown, DEPARTURE)], ..request };
    let answered = pb::IssueDecisionRequest { request_id: fresh_id(), ..answered };
    let decision = world.elena().issue_decision(answered.clone()).await.unwrap().into_inner();
    assert_eq!(world.elena().issue_decision(answered).await.unwrap().into_inner(), decision, "a retry says the same");
    let read = world.elena().get_decision(pb::GetDecisionRequest { name: decision.name.clone() }).await.unwrap();
    assert_eq!(read.into_inner(), decision);
    let kept = &decision.precedents[0];
    assert_eq!((kept.decision.as_str(), kept.outcome()), (decided.name.as_str(), UPHELD));
    assert_eq!((kept.departure_reason.as_str(), kept.similarity), (DEPARTURE, shown.similarity));

    let id = uuid_of(&case);
    for (change, rule) in [
        ("update ombudsman.decision_precedent set departure_reason = 'x' where case_id = $1", "decision_immutable"),
        ("delete from ombudsman.decision_precedent where case_id = $1", "decision_immutable"),
        ("update ombudsman.precedent set outcome = 'upheld' where case_id = $1", "precedent_immutable"),
        ("delete from ombudsman.precedent where case_id = $1", "precedent_immutable"),
        ("update ombudsman.decision_document set text = 'x' where case_id = $1", "decision_immutable"),
    ] {
        assert_eq!(world.rule_broken_by(change, id).await, rule, "{change}");
    }
    let open = world.bring_to_draft(DOUBLE.of(6)).await;
    let silent = "insert into ombudsman.decision_precedent values ($1, 1, 'p1', gen_random_uuid(), 'p1', 'upheld', 0.9, true, null)";
    assert_eq!(world.rule_broken_by(silent, uuid_of(&open)).await, "decision_precedent_was_decided");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_goes_the_same_way_or_is_of_another_motive_binds_nobody() {
    let world = World::staffed().await;
    world.bring_and_decide(DOUBLE, UPHELD).await;
    let same = world.bring_to_draft(DOUBLE.of(5)).await;
    let request = world.decision_of(&same, UPHELD, "el cobro").await;
    let decision = world.elena().issue_decision(request).await.unwrap().into_inner();
    assert!(decision.precedents.is_empty());
    let other = world.bring_to_draft(Brought { topic: "cards", ..DOUBLE.of(6) }).await;
    let point = world.find(&other).await.unwrap().points.remove(0);
    assert_eq!((point.precedents.len(), point.decided_point_count), (0, 0));
    let request = world.decision_of(&other, PARTLY, "el cobro").await;
    world.elena().issue_decision(request).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn precedents_are_for_who_decides_or_investigates_past_the_wall() {
    let world = World::staffed().await;
    world.bring_and_decide(DOUBLE, UPHELD).await;
    let case = world.bring(DOUBLE.of(5)).await;
    let ask = |person: &'static str, role| {
        let mut client = world.precedents_as(person, role);
        let request = pb::FindPrecedentsRequest { case_name: case.clone(), ..Default::default() };
        async move { client.find_precedents(request).await.map(tonic::Response::into_inner) }
    };
    assert_eq!(ask("oscar", Role::Investigator).await.unwrap().points.len(), 1);
    let refused = ask("rita", Role::Investigator).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::PermissionDenied, "NOT_ASSIGNED".into()));
    let refused = ask("ines", Role::OfficeIntake).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::PermissionDenied, "ROLE_NOT_ALLOWED".into()));
    let denied = world.entries::<ventanilla_proto::auth::v1::AccessDenied>().await;
    let paths: Vec<&str> = denied.iter().map(|entry| entry.method.as_str()).collect();
    assert_eq!(paths, ["/ventanilla.ombudsman.v1.PrecedentService/FindPrecedents"; 2]);
    let unknown = pb::FindPrecedentsRequest { case_name: case.clone(), claim_point: "p9".into(), max_count: 51 };
    let refused = world.precedents().find_precedents(unknown).await.unwrap_err();
    assert_eq!(fields(&refused), ["max_count"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_case_is_classified_until_it_is_decided() {
    let world = World::staffed().await;
    let case = world.bring_to_draft(DOUBLE).await;
    assert_eq!(world.get(&case).await.matter.unwrap().motive, "billing", "the topic of its ticket");
    let classified = world.classify(&case, "double-charge", Some((4_205, "EUR"))).await.unwrap();
    let matter = classified.matter.unwrap();
    assert_eq!((matter.motive.as_str(), matter.claimed_amount.unwrap().minor_units), ("double-charge", 4_205));
    assert_eq!(world.get(&case).await.matter.unwrap().motive, "double-charge");
    assert_eq!(world.entries::<pb::CaseClassified>().await.len(), 1);
    let refused = world.classify(&case, "Not A Slug", Some((0, "eur"))).await.unwrap_err();
    assert_eq!(fields(&refused), ["matter.motive", "matter.claimed_amount.currency_code"]);
    let request = world.decision_of(&case, UPHELD, "el cobro").await;
    world.elena().issue_decision(request).await.unwrap();
    let refused = world.classify(&case, "other", None).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::FailedPrecondition, "CASE_STATE".into()));
}

/// The counts by which rare words are known are those of the decided points, whatever comes and goes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_counts_of_words_are_those_of_the_decided_points() {
    let world = World::staffed().await;
    let (gone, _) = world.bring_and_decide(DOUBLE, UPHELD).await;
    world.bring_and_decide(CARD, UPHELD).await;
    world.notify(&gone).await;
    world.put_away(&gone).await;
    let pool = world.database.admin().await;
    assert_eq!(miscounted(&pool).await, 0);
    let id = uuid_of(&gone);
    sqlx::query("insert into ombudsman.erased_case values ($1, now())").bind(id).execute(&pool).await.unwrap();
    sqlx::query("delete from ombudsman.precedent where case_id = $1").bind(id).execute(&pool).await.unwrap();
    assert_eq!(miscounted(&pool).await, 0);
    let left: i64 = sqlx::query_scalar("select count(*) from ombudsman.precedent_word where word like 'comis%'")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(left, 0, "its words are gone with it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_change_of_motive_takes_a_case_away_from_what_it_had_to_answer() {
    let world = World::staffed().await;
    let (_, decided) = world.bring_and_decide(DOUBLE, UPHELD).await;
    let case = world.bring_to_draft(DOUBLE.of(5)).await;
    world.classify(&case, "cards", None).await.unwrap();
    world.classify(&case, "", None).await.unwrap();
    let shown = world.find(&case).await.unwrap().points.remove(0);
    assert_eq!((shown.precedents.len(), shown.decided_point_count), (1, 1));
    assert_eq!(
        (shown.precedents[0].decision.as_str(), shown.precedents[0].must_be_answered),
        (decided.name.as_str(), true)
    );
    let request = world.decision_of(&case, NOT_UPHELD, "el cobro").await;
    let refused = world.elena().issue_decision(request.clone()).await.unwrap_err();
    assert_eq!(crate::world::reason(&refused).1, "PRECEDENTS_UNANSWERED");
    let precedents = world.answered(&case, NOT_UPHELD).await;
    let answered = pb::IssueDecisionRequest { precedents, request_id: fresh_id(), ..request };
    let issued = world.elena().issue_decision(answered).await.unwrap().into_inner();
    assert!((issued.precedents[0].similarity - shown.precedents[0].similarity).abs() < 1e-9);
    let forget = "delete from ombudsman.case_motive where case_id = $1";
    assert_eq!(world.rule_broken_by(forget, crate::world::uuid_of(&case)).await, "case_motive_kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn decisions_whose_motive_nobody_said_are_precedents_of_every_motive_of_their_rules() {
    let world = World::staffed().await;
    let (_, decided) = world.bring_and_decide(Brought { topic: "", ..DOUBLE }, UPHELD).await;
    let case = world.bring_to_draft(DOUBLE.of(5)).await;
    let shown = world.find(&case).await.unwrap().points.remove(0).precedents;
    assert_eq!((shown.len(), shown[0].decision.as_str()), (1, decided.name.as_str()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_contrary_decisions_that_are_issued_at_once_the_second_answers_the_first() {
    let world = World::staffed().await;
    let (one, other) = (world.bring_to_draft(DOUBLE.of(3)).await, world.bring_to_draft(DOUBLE.of(4)).await);
    let requests =
        [world.decision_of(&one, UPHELD, "el cobro").await, world.decision_of(&other, NOT_UPHELD, "el cobro").await];
    let admin = world.database.admin().await;
    // Whoever decides on this cause waits, until both do.
    let mut first = admin.acquire().await.unwrap();
    let mut held = first.begin().await.unwrap();
    sqlx::query(
        "select pg_advisory_xact_lock(hashtextextended('ombudsman.precedent@' || regime || '|', 0)) from ombudsman.office_case where case_id = $1",
    )
    .bind(uuid_of(&one))
    .execute(&mut *held)
    .await
    .unwrap();
    let issuing = requests.map(|request| {
        let mut elena = world.elena();
        tokio::spawn(async move { elena.issue_decision(request).await })
    });
    testkit::eventually(std::time::Duration::from_secs(20), || async {
        let waiting: i64 = sqlx::query_scalar(
            "select count(*) from pg_locks l join pg_database d on d.oid = l.database
              where d.datname = current_database() and l.locktype = 'advisory' and not l.granted",
        )
        .fetch_one(&admin)
        .await
        .unwrap();
        if waiting == 2 { Ok(()) } else { Err(format!("{waiting} wait")) }
    })
    .await;
    held.commit().await.unwrap();
    let mut refused = Vec::new();
    for issued in issuing {
        refused.extend(issued.await.unwrap().err());
    }
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(reason(&refused[0]), (Code::FailedPrecondition, "PRECEDENTS_UNANSWERED".into()));
}
