//! The key that signs is changed on a real suite with entries before and after, and all of it still holds.

use std::fs;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use kernel::{Ambient, ResourceId as _};
use ledger::checkpoint::{Checkpoint, key_id, read};
use ombudsman_escalation_domain::vocabulary::Outcome;
use ombudsman_escalation_domain::{CaseId, document};

use crate::doctor::{Deployment, SERVICES, bring_a_customer};
use crate::running::{Folder, run, text};

/// Whose ledger has entries of both times.
const SOURCE: &str = "customer-profile";

fn printed(data: &Path, what: &str, of: &Path) -> String {
    let output = run(data, &[what, of.to_str().unwrap()]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout).trim().to_owned()
}

/// What `verify` says of an export elsewhere, with these keys.
fn elsewhere(deployment: &Deployment, keys: &[&str]) -> Output {
    let data = deployment.folder.data();
    let (export, file) = (deployment.folder.0.join("export.jsonl"), checkpoints(deployment));
    let written = run(&data, &["export", "--service", SOURCE, "--out", export.to_str().unwrap()]);
    assert!(written.status.success(), "{}", text(&written.stderr));
    let files = ["verify", "--export", export.to_str().unwrap(), "--checkpoints", file.to_str().unwrap()];
    let given = keys.iter().flat_map(|key| ["--key", *key]);
    run(&data, &files.into_iter().chain(given).collect::<Vec<_>>())
}

fn checkpoints(deployment: &Deployment) -> std::path::PathBuf {
    deployment.data(&format!("checkpoints/{SOURCE}.checkpoints.jsonl"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_signed_before_the_key_was_changed_holds_and_a_forged_line_of_it_does_not() {
    let deployment = Deployment::start("rotation").await;
    bring_a_customer(&deployment.suite, 1).await;
    let (signing, proofs) = (deployment.data("keys/ledger.pk8"), deployment.data("keys/proof.key"));
    let data = deployment.folder.data();
    let (former, proof_key) = (printed(&data, "public-key", &signing), printed(&data, "proof-key", &signing));
    let deployment = deployment.restart_after(|folder| {
        let rotated = run(&folder.data(), &["rotate-signing-key"]);
        assert!(rotated.status.success(), "{}", text(&rotated.stderr));
        assert!(!text(&rotated.stdout).contains(&proof_key), "no secret is told that nobody asked for");
    });
    assert_eq!(fs::read_to_string(proofs).unwrap(), proof_key, "proofs stay what customers were told");
    bring_a_customer(&deployment.suite, 2).await;
    let deployment = deployment.restart_after(|_| ());
    let own = printed(&data, "public-key", &signing);

    // In place: both keys are there.
    let verified = run(&data, &["verify"]);
    let said = text(&verified.stdout);
    assert!(verified.status.success() && said.matches("intact").count() == SERVICES.len(), "{said}");
    assert!(said.contains(&format!("former key {former}")) && said.contains(&format!("to {own}")), "{said}");
    // Elsewhere: with both, one by one or in one file, with the former alone, and not with the new one alone.
    let file = deployment.folder.0.join("keys.txt");
    fs::write(&file, format!("{own}\n{former}\n")).unwrap();
    for keys in [&[own.as_str(), former.as_str()][..], &[file.to_str().unwrap()], &[former.as_str()]] {
        let held = elsewhere(&deployment, keys);
        assert!(held.status.success(), "{keys:?}: {}", text(&held.stderr));
    }
    let alone = text(&elsewhere(&deployment, &[&own]).stderr);
    assert!(alone.contains("was not signed by a known key"), "{alone}");

    // The doctor: red until the former key is named, and for ticketing its proofs' secret.
    let said = deployment.doctor(&[]);
    assert!(said.is_ill(SOURCE, "ledger") && said.text.contains("former_signing_keys"), "{}", said.text);
    let named = format!("former_signing_keys = \"{former}\"\n[auth]");
    for (name, _) in SERVICES {
        deployment.write(name, &[("[auth]", &named)]);
    }
    let said = deployment.doctor(&[]);
    assert!(said.is_ill("ticketing", "keys") && !said.is_ill(SOURCE, "ledger"), "{}", said.text);
    let kept = format!("[service]\nproof_key = \"{proof_key}\"");
    deployment.write("ticketing", &[("[auth]", &named), ("[service]", &kept)]);
    deployment.is_well();

    // A line in the name of the key that handed over, and one that it really signed: neither is believed.
    let before = fs::read(deployment.data("keys/ledger.before.pk8")).unwrap();
    let before = Ed25519KeyPair::from_pkcs8(&before).unwrap();
    assert_eq!(hex::encode(before.public_key()), former);
    let honest = fs::read_to_string(checkpoints(&deployment)).unwrap();
    let last = read(&checkpoints(&deployment)).unwrap().pop().unwrap();
    assert_eq!(last.key_id, key_id(&hex::decode(&own).unwrap()));
    let (hash, now) = (hex::decode(&last.hash).unwrap(), Ambient::system().now());
    let stolen = Checkpoint::sign(&before, SOURCE, last.position, &hash, now);
    let posing = Checkpoint { key_id: stolen.key_id.clone(), ..last.clone() };
    for (line, because) in [(stolen, "had been handed over before"), (posing, "was not signed by a known key")] {
        fs::write(checkpoints(&deployment), format!("{honest}{}\n", serde_json::to_string(&line).unwrap())).unwrap();
        let said = deployment.doctor(&[]);
        assert!(said.is_ill(SOURCE, "ledger") && said.text.contains(because), "{}", said.text);
        let elsewhere = text(&elsewhere(&deployment, &[&own, &former]).stderr);
        assert!(elsewhere.contains(because), "{elsewhere}");
    }
    fs::write(checkpoints(&deployment), honest).unwrap();
    deployment.is_well();
}

#[test]
fn a_sealed_text_is_held_against_each_key_that_is_given_and_says_which_it_names() {
    let folder = Folder::new("two-keys");
    let key = |seed: u8| Arc::new(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap());
    let (sealer, said) = (seal::Sealer::new(key(5)), "Resolución\n\nResultado: estimada\n");
    let (case, issued) = (CaseId::from_uuid(uuid::Uuid::from_u128(7)), "2026-11-22T09:30:00Z".parse().unwrap());
    let hash = seal::sha256(said.as_bytes());
    let seal = document::seal_of(case, issued, Outcome::Upheld, hash, sealer.key_id().to_owned());
    let file = folder.0.join("decision.txt");
    fs::write(&file, seal.beneath(said, &sealer.sign(&seal.statement()))).unwrap();
    let public = |seed: u8| hex::encode(key(seed).public_key());
    let verify = |keys: &[&str]| {
        let given = keys.iter().flat_map(|key| ["--key", *key]);
        run(&folder.data(), &["verify-decision", file.to_str().unwrap()].into_iter().chain(given).collect::<Vec<_>>())
    };
    let held = verify(&[&public(6), &public(5)]);
    assert!(held.status.success() && text(&held.stdout).contains(&case.name()), "{}", text(&held.stderr));
    let other = text(&verify(&[&public(6)]).stderr);
    assert!(other.contains(sealer.key_id()) && other.contains("it was sealed with another key"), "{other}");
    fs::write(&file, fs::read_to_string(&file).unwrap().replace("estimada", "desestimada")).unwrap();
    assert!(text(&verify(&[&public(6), &public(5)]).stderr).contains("its hash differs"));
}
