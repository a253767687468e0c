//! A correction mends a slip in a decision as it stands, leaves an answer, and changes nothing of what was decided.

use kernel::Personal;
use ombudsman_escalation_domain::correction::{Slip, Texts};
use ombudsman_escalation_domain::decision::Answer;
use ombudsman_escalation_domain::matter::Amount;
use ombudsman_escalation_domain::vocabulary::{DecisionText, Outcome};

const FINDING: &str = "the bank statement of March shows the same invoice charged on the 3rd and the 5th";
const REASON: &str = "the contract allows one charge per invoice and no exception fits what happened here";
const REMEDY: &str = "the firm must pay 41 EUR of the second charge within 10 days";

fn texts(redress: Option<Amount>) -> Texts {
    let text = |text: &str| Personal::new(text.to_owned());
    let (finding, reason, remedy) = (text(FINDING), text(REASON), text(REMEDY));
    let answer = Answer { claim_point: "p1".to_owned(), outcome: Outcome::Upheld, finding, reason, remedy, redress };
    Texts { signpost: "Banco de España, or the courts".to_owned(), answers: vec![answer] }
}

fn slip<'a>(text: DecisionText, stood: &'a str, stands: &'a str) -> Slip<'a> {
    let claim_point = (text != DecisionText::Signpost).then_some("p1");
    Slip { text, claim_point, stood, stands }
}

fn faults(texts: Texts, slip: Slip<'_>) -> Vec<(String, String)> {
    let refused = texts.correct(slip).expect_err("no slip of the pen");
    refused.as_slice().iter().map(|fault| (fault.field.clone(), fault.description.clone())).collect()
}

#[test]
fn a_slip_is_mended_where_it_stands_and_a_slip_in_a_correction_in_what_stands_since_it() {
    let first = slip(DecisionText::Finding, "the 5th", "the 6ht");
    let mended = texts(None).correct(first).expect("it stands there");
    assert_eq!(mended, FINDING.replace("the 5th", "the 6ht"));
    let second = slip(DecisionText::Finding, "the 6ht", "the 6th");
    let since = || texts(None).since([first]);
    assert_eq!(since().correct(second).expect("it stands since"), FINDING.replace("the 5th", "the 6th"));
    assert_eq!(faults(since(), first), [("stood".to_owned(), "does not stand there".to_owned())]);
    let signpost = slip(DecisionText::Signpost, "or the courts", "or the judge");
    let since = texts(None).since([signpost, first, second]);
    assert_eq!(
        (since.signpost.as_str(), since.answers[0].reason.expose().as_str()),
        ("Banco de España, or the judge", REASON)
    );
    assert_eq!(since.answers[0].finding.expose(), &FINDING.replace("the 5th", "the 6th"));
}

#[test]
fn of_a_remedy_that_grants_an_amount_nothing_is_corrected() {
    let amount = || Amount::new(4_100, "EUR").expect("an amount");
    for (stood, stands) in [
        ("41", "410"),
        ("EUR", "GBP"),
        ("must pay", "need not pay"),
        ("must pay", "must not pay"),
        ("41 EUR", "41 thousand EUR"),
        ("10 days", "15 days"),
        ("41 EUR of the second charge", "nothing of the 41 EUR"),
        ("teh", "the"),
    ] {
        let refused = faults(texts(Some(amount())), slip(DecisionText::Remedy, stood, stands));
        assert_eq!(refused.len(), 1, "{stood} -> {stands}");
        assert_eq!(refused[0].0, "text", "{stood} -> {stands}");
    }
    assert!(texts(Some(amount())).correct(slip(DecisionText::Finding, "the 5th", "the 6th")).is_ok());
    assert!(texts(None).correct(slip(DecisionText::Remedy, "charge", "charges")).is_ok());
}

#[test]
fn in_a_remedy_a_slip_is_a_letter_of_a_word_and_nothing_of_what_is_to_be_done() {
    for (stood, stands) in [
        ("must pay", "must not pay"),
        ("must pay 41 EUR", "need pay nothing"),
        ("must pay", "must keep"),
        ("second", "first"),
        ("41", "410"),
        ("41 EUR", "1 EUR"),
        ("10 days", "15 days"),
        (" within 10 days", ""),
        ("the firm", "the firm or nobody"),
        ("within", "without"),
        ("the firm must", "the claimant must"),
    ] {
        let refused = faults(texts(None), slip(DecisionText::Remedy, stood, stands));
        assert_eq!(refused.len(), 1, "{stood} -> {stands}: {refused:?}");
        assert!(refused[0].0 == "stands" && refused[0].1.ends_with(": a review changes it"), "{refused:?}");
    }
    for (stood, stands) in [
        ("charge", "chrage"),
        ("charge", "charges"),
        ("second", "secnd"),
        ("days", "dags"),
        ("within 10 days", "Within 10 days."),
    ] {
        assert!(texts(None).correct(slip(DecisionText::Remedy, stood, stands)).is_ok(), "{stood} -> {stands}");
    }
}

#[test]
fn what_was_found_and_why_is_corrected_by_a_few_words_that_do_not_turn_it() {
    use DecisionText::{Finding, Reason, Signpost};
    for (text, stood, stands) in [
        (Finding, "shows the same", "does not show the same"),
        (Finding, "shows the same", "never shows the same"),
        (Reason, "and no exception fits", "and an exception fits"),
        (Reason, "fits what", "doesn't fit what"),
        (Signpost, "or the courts", "without the courts"),
    ] {
        let turned = faults(texts(None), slip(text, stood, stands));
        assert_eq!(turned, [("stands".to_owned(), "turns what is said: a review changes it".to_owned())], "{stands}");
    }
    let other = "a letter of the bank of May has another invoice booked on the 9th alone";
    let rewritten = faults(texts(None), slip(Finding, FINDING, other));
    assert_eq!(rewritten, [("stands".to_owned(), "rewrites the text: a review changes it".to_owned())]);
    assert!(texts(None).correct(slip(Finding, "the 3rd and the 5th", "the 4th and the 6th")).is_ok());
    assert!(texts(None).correct(slip(Signpost, "the courts", "the civil courts")).is_ok());
}

#[test]
fn what_comes_of_a_correction_still_answers_the_point() {
    let generic = faults(texts(None), slip(DecisionText::Reason, REASON, "no procede"));
    assert_eq!(generic[0].0, "stands");
    assert!(generic[0].1.starts_with("points[0].reason is a stock phrase"), "{generic:?}");
    let short = faults(texts(None), slip(DecisionText::Remedy, " pay 41 EUR of the second charge within 10 days", ""));
    assert!(short[0].1.starts_with("points[0].remedy is too short"), "{short:?}");
    let itself = faults(texts(None), slip(DecisionText::Reason, REASON, FINDING));
    assert_eq!(itself[0].1, "points[0].reason repeats points[0].finding; each point needs its own");
    let nothing = faults(texts(None), slip(DecisionText::Signpost, "Banco de España, or the courts", " "));
    assert_eq!(nothing, [("stands".to_owned(), "leaves nothing of the text".to_owned())]);
    let same = faults(texts(None), slip(DecisionText::Finding, "March", "March"));
    assert_eq!(same, [("stands".to_owned(), "is what stands there".to_owned())]);
}

#[test]
fn a_text_that_was_no_answer_when_it_was_issued_is_mended_all_the_same() {
    let mut old = texts(None);
    old.answers[0].remedy = Personal::new("as teh firm said".to_owned());
    old.answers[0].reason = Personal::new("see above".to_owned());
    assert_eq!(
        old.correct(slip(DecisionText::Finding, "the 5th", "the 6th")),
        Ok(FINDING.replace("the 5th", "the 6th"))
    );
}

#[test]
fn what_the_decision_does_not_have_is_not_corrected() {
    let none = Slip { claim_point: Some("p9"), ..slip(DecisionText::Finding, "March", "May") };
    let faults_of = |slip| faults(texts(None), slip).remove(0).0;
    assert_eq!(faults_of(none), "claim_point");
    assert_eq!(faults_of(Slip { claim_point: None, ..slip(DecisionText::Finding, "March", "May") }), "claim_point");
    assert_eq!(
        faults_of(Slip { claim_point: Some("p1"), ..slip(DecisionText::Signpost, "courts", "x") }),
        "claim_point"
    );
}

#[test]
fn corrections_together_go_no_further_from_what_was_issued_than_one_may() {
    let first = slip(DecisionText::Remedy, "must", "mast");
    assert!(texts(None).correct_since([], first).is_ok());
    // One letter each time, and two in the end.
    let second = slip(DecisionText::Remedy, "mast", "mass");
    assert!(texts(None).since([first]).correct(second).is_ok());
    let refused = texts(None).correct_since([first], second).expect_err("another word than was issued");
    assert_eq!(refused.as_slice()[0].field, "stands");
    // What was mended wrongly is mended back.
    assert!(texts(None).correct_since([first], slip(DecisionText::Remedy, "mast", "must")).is_ok());
    let begun = slip(DecisionText::Finding, "the bank statement of March", "one print of May");
    let more = slip(DecisionText::Finding, "charged on the 3rd and the 5th", "paid at once");
    assert!(texts(None).correct_since([], begun).is_ok());
    assert!(texts(None).correct_since([begun], more).is_err(), "a few words each time are a new text in the end");
}

#[test]
fn a_letter_before_a_word_and_any_in_a_short_one_make_another_word_of_it() {
    for (stood, stands) in [("charge", "xcharge"), ("EUR", "EURO"), ("of", "off"), ("the", "they")] {
        assert!(texts(None).correct(slip(DecisionText::Remedy, stood, stands)).is_err(), "{stood} {stands}");
    }
    assert!(texts(None).correct(slip(DecisionText::Remedy, "charge", "chargee")).is_ok());
}
