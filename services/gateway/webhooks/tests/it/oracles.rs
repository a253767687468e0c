//! What is sent, held against the reference libraries of PyPI and npm where they are there; `VENTANILLA_WEBHOOK_ORACLES=required` makes
//! their absence a failure. `VENTANILLA_WEBHOOK_PYTHON` names an interpreter that has them, `NODE_PATH` a folder of modules.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ventanilla_proto::webhook::v1 as proto;

use crate::receiver::{Got, Receiver};
use crate::world::{World, supervisor};

/// Whether one of the signatures is by this secret, as a receiver without a library would find out.
pub fn recomputed(got: &Got, secret: &str) -> bool {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("a secret")).expect("base64");
    let mut signed = format!("{}.{}.", got.header("webhook-id"), got.header("webhook-timestamp")).into_bytes();
    signed.extend_from_slice(&got.body);
    let expected = format!("v1,{}", STANDARD.encode(sign(&Key::new(HMAC_SHA256, &key), &signed)));
    got.header("webhook-signature").split(' ').any(|signature| signature == expected)
}

fn script(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/oracles").join(name)
}

/// Runs a program on an input; what it printed, or what was wrong.
fn run(program: &str, arguments: &[&str], input: &str) -> Result<String, String> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("{program}: {error}"))?;
    child.stdin.take().expect("piped").write_all(input.as_bytes()).map_err(|error| error.to_string())?;
    let done = child.wait_with_output().map_err(|error| error.to_string())?;
    if done.status.success() {
        Ok(String::from_utf8_lossy(&done.stdout).trim().to_owned())
    } else {
        Err(String::from_utf8_lossy(&done.stderr).into_owned())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reference_libraries_take_what_is_sent_and_refuse_what_was_touched() {
    let world = World::new().await;
    let served = world.start().await;
    let receiver = Receiver::start().await;
    let (made, first) = world.subscribe(&served, &receiver).await;
    let rotate =
        proto::RotateSecretRequest { name: made.name, grace_duration: None, etag: made.etag, request_id: world.uuid() };
    let second = supervisor(&served).rotate_secret(rotate).await.unwrap().into_inner().secret;
    world.open("billing").await;
    let got = receiver.got_at_least(1).await.remove(0);
    assert!(recomputed(&got, &first) && recomputed(&got, &second));
    let given = |secrets: &[&str], others: &[&str]| {
        serde_json::json!({
            "secrets": secrets, "others": others, "headers": got.headers, "body": String::from_utf8_lossy(&got.body),
        })
        .to_string()
    };
    let never = "whsec_bm90IHRoZSBzZWNyZXQgb2YgYW55Ym9keSBhdCBhbGw=";
    let good = given(&[&first, &second], &[never]);
    let bad = given(&[never], &[]);
    let python = std::env::var("VENTANILLA_WEBHOOK_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let (py, js) = (script("check.py"), script("check.js"));
    let (py, js) = (py.to_str().unwrap(), js.to_str().unwrap());
    let all = [
        (python.as_str(), py, ["-c", "import standardwebhooks, cloudevents"]),
        ("node", js, ["-e", "require('standardwebhooks')"]),
    ];
    for (program, script, there) in all {
        if let Err(missing) = run(program, &there, "") {
            assert!(
                std::env::var("VENTANILLA_WEBHOOK_ORACLES").as_deref() != Ok("required"),
                "{program} lacks the reference libraries: {missing}"
            );
            println!("not held against the libraries of {program}, which are not there");
            continue;
        }
        assert_eq!(run(program, &[script], &good), Ok(got.header("webhook-id").to_owned()), "{program}");
        assert!(run(program, &[script], &bad).is_err(), "{program} is seen to refuse");
    }
}
