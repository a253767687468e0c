//! Keys that are found by discovery: rotated under load, asked for by forgers, and not to be had.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fetch::Fetcher;
use futures::future::join_all;
use tonic::Code;
use ventanilla_server::{KeySource as _, KeysError, Pace, ProviderKeys};

use crate::support::provider::{Provider, SigningKey, claims};
use crate::support::{reason, until};
use crate::trust::{STAFF, ask, discovered, house, settings};

const WORDS: &[&str] = &["vt-auditor"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_valid_token_is_refused_while_keys_are_rotated_under_hundreds_of_calls() {
    const CALLERS: usize = 200;
    let provider = Provider::begin(SigningKey::ed("k0")).await;
    let house = Arc::new(house(settings(&discovered("staff", &provider.url, STAFF))).await);
    let over = Arc::new(AtomicBool::new(false));
    let answered = Arc::new(AtomicUsize::new(0));
    let callers: Vec<_> = (0..CALLERS)
        .map(|number| {
            let (house, provider, over, answered) =
                (Arc::clone(&house), provider.clone(), Arc::clone(&over), Arc::clone(&answered));
            tokio::spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    // Signed with the newest key, a moment after it was published; each token is a new one.
                    let token = provider.token(&format!("u-{number}"), WORDS);
                    ask(&house, &token).await.unwrap();
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for round in 1..=3 {
        let before = answered.load(Ordering::Relaxed);
        until("calls are answered", || answered.load(Ordering::Relaxed) >= before + CALLERS).await;
        // Nobody rotates faster than the provider may be asked.
        let since = Instant::now();
        until("a second is over", || since.elapsed() > Duration::from_millis(1_100)).await;
        let kid = format!("k{round}");
        provider.rotate(if round == 2 { SigningKey::ec(&kid) } else { SigningKey::ed(&kid) });
    }
    let before = answered.load(Ordering::Relaxed);
    until("calls are answered", || answered.load(Ordering::Relaxed) >= before + CALLERS).await;
    over.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await.expect("every call was answered");
    }
    assert!(
        provider.asked.load(Ordering::SeqCst) <= 8,
        "{} questions for 3 rotations",
        provider.asked.load(Ordering::SeqCst)
    );
}

#[tokio::test]
async fn forged_key_names_are_no_storm_at_the_provider_and_keep_nobody_out() {
    let provider = Provider::begin(SigningKey::ed("k0")).await;
    let house = Arc::new(house(settings(&discovered("staff", &provider.url, STAFF))).await);
    ask(&house, &provider.token("u", WORDS)).await.unwrap();
    let begun = Instant::now();
    let forgers: Vec<_> = (0..20)
        .map(|forger| {
            let (house, provider) = (Arc::clone(&house), provider.clone());
            tokio::spawn(async move {
                for number in 0.. {
                    let key = SigningKey::ed(&format!("forged-{forger}-{number}"));
                    let refused = ask(&house, &key.sign(&claims(&provider.url, "u", WORDS))).await.unwrap_err();
                    assert_eq!(refused.code(), Code::Unauthenticated, "{refused}");
                    if begun.elapsed() > Duration::from_millis(1_500) {
                        return;
                    }
                }
            })
        })
        .collect();
    for number in 0..50 {
        ask(&house, &provider.token(&format!("u-{number}"), WORDS)).await.unwrap();
    }
    for forger in forgers {
        forger.await.unwrap();
    }
    let seconds = usize::try_from(begun.elapsed().as_secs()).unwrap();
    let asked = provider.asked.load(Ordering::SeqCst);
    assert!(asked <= 3 + seconds, "{asked} questions in {seconds} s");
}

#[tokio::test]
async fn many_that_miss_one_key_are_one_question() {
    let provider = Provider::begin(SigningKey::ed("k0")).await;
    let pace = Pace { at_most_every: Duration::from_millis(100), ..Pace::default() };
    let keys = ProviderKeys::of(&provider.url, Fetcher::new().unwrap(), pace);
    until("the key is known", || keys.key("k0").is_some()).await;
    provider.rotate(SigningKey::ed("k1"));
    // All of them ask before the one task that asks the provider is on its way.
    let all = join_all((0..10).map(|_| keys.asked("k1"))).await;
    assert!(all.iter().all(|key| matches!(key, Ok(Some(_)))));
    let since = Instant::now();
    until("another might be asked", || since.elapsed() > Duration::from_millis(300)).await;
    assert_eq!(provider.asked.load(Ordering::SeqCst), 2, "at the beginning, and for the key");
}

#[tokio::test]
async fn few_calls_may_wait_for_a_key_that_nobody_may_ask_for_yet() {
    let provider = Provider::begin(SigningKey::ed("k0")).await;
    let pace = Pace { at_most_every: Duration::from_secs(2), ..Pace::default() };
    let keys = Arc::new(ProviderKeys::of(&provider.url, Fetcher::new().unwrap(), pace));
    until("the key is known", || keys.key("k0").is_some()).await;
    assert!(keys.asked("first").await.unwrap().is_none(), "asked for at once");
    let waiting: Vec<_> = (0..100)
        .map(|number| {
            let keys = Arc::clone(&keys);
            tokio::spawn(async move { keys.asked(&format!("forged-{number}")).await.map(|key| key.is_some()) })
        })
        .collect();
    let (mut crowded, mut told) = (0, 0);
    for asked in waiting {
        match asked.await.unwrap() {
            Err(KeysError::Crowded) => crowded += 1,
            said => {
                assert_eq!(said, Ok(false));
                told += 1;
            }
        }
    }
    assert_eq!((crowded, told), (36, 64));
}

#[tokio::test]
async fn what_was_known_holds_while_the_provider_is_down_and_what_is_new_is_not_called_invalid() {
    let provider = Provider::begin(SigningKey::ed("k0")).await;
    let house = house(settings(&discovered("staff", &provider.url, STAFF))).await;
    ask(&house, &provider.token("u", WORDS)).await.unwrap();
    provider.down.store(true, Ordering::SeqCst);
    ask(&house, &provider.token("u-2", WORDS)).await.unwrap();
    provider.rotate(SigningKey::ed("k1"));
    let refused = ask(&house, &provider.token("u", WORDS)).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).0.as_str()), (Code::Unavailable, "TOKEN_INVALID"), "{refused}");
    provider.down.store(false, Ordering::SeqCst);
    ask(&house, &provider.token("u", WORDS)).await.unwrap();
}

#[tokio::test]
async fn a_service_comes_up_without_its_provider_and_takes_its_tokens_once_it_answers() {
    let provider = Provider::begin(SigningKey::ed("k0")).await;
    provider.down.store(true, Ordering::SeqCst);
    let house = house(settings(&discovered("staff", &provider.url, STAFF))).await;
    let token = provider.token("u", WORDS);
    assert_eq!(ask(&house, &token).await.unwrap_err().code(), Code::Unavailable);
    provider.down.store(false, Ordering::SeqCst);
    ask(&house, &token).await.unwrap();
}

#[tokio::test]
async fn who_answers_in_another_issuers_name_or_with_no_usable_key_is_not_believed() {
    let provider = Provider::begin(SigningKey::ed("k0")).await;
    *provider.issuer.lock().unwrap() = "https://id.test".to_owned();
    let lying = house(settings(&discovered("staff", &provider.url, STAFF))).await;
    assert_eq!(ask(&lying, &provider.token("u", WORDS)).await.unwrap_err().code(), Code::Unavailable);
    assert_eq!(provider.asked.load(Ordering::SeqCst), 0, "its keys are not even asked for");

    *provider.issuer.lock().unwrap() = provider.url.clone();
    let honest = house(settings(&discovered("staff", &provider.url, STAFF))).await;
    let token = provider.token("u", WORDS);
    ask(&honest, &token).await.unwrap();
    // A set without keys is a provider that is broken, and not one that withdrew them all.
    let kept = provider.keys.lock().unwrap().drain(..).collect::<Vec<_>>();
    let unknown = SigningKey::ed("k9").sign(&claims(&provider.url, "u", WORDS));
    assert_eq!(ask(&honest, &unknown).await.unwrap_err().code(), Code::Unavailable);
    ask(&honest, &kept[0].sign(&claims(&provider.url, "u-2", WORDS))).await.unwrap();
}

#[tokio::test]
async fn keys_that_are_withdrawn_go_and_none_is_trusted_for_ever_while_nobody_answers() {
    let provider = Provider::begin(SigningKey::ed("k0")).await;
    let pace = Pace {
        refresh: Duration::from_millis(50),
        at_most_every: Duration::from_millis(20),
        kept: Duration::from_secs(1),
    };
    let keys = ProviderKeys::of(&provider.url, Fetcher::new().unwrap(), pace);
    until("the key is known", || keys.key("k0").is_some()).await;
    provider.rotate(SigningKey::ed("k1"));
    provider.rotate(SigningKey::ed("k2"));
    until("the old key is gone", || keys.key("k0").is_none()).await;
    assert!(keys.key("k1").is_some() && keys.key("k2").is_some());
    let down_since = Instant::now();
    provider.down.store(true, Ordering::SeqCst);
    until("no key is trusted", || keys.key("k2").is_none()).await;
    assert!(down_since.elapsed() > Duration::from_millis(700), "{:?}", down_since.elapsed());
}
