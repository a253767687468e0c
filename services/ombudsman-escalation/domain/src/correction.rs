//! What a correction of a slip may do: mend a text as it stands, to one that still answers the point, and change nothing of what is decided.

use kernel::{Personal, Violations};

use crate::decision::{Answer, generic};
use crate::vocabulary::DecisionText;
use slip::beyond_a_slip;

mod slip;

/// A slip that is to be corrected, or was.
#[derive(Debug, Clone, Copy)]
pub struct Slip<'a> {
    /// Which text.
    pub text: DecisionText,
    /// Whose answer; `None` for the signpost.
    pub claim_point: Option<&'a str>,
    /// What stood there.
    pub stood: &'a str,
    /// What stands there.
    pub stands: &'a str,
}

impl Slip<'_> {
    /// The text with what stands in the place of what stood.
    fn mend(&self, text: &str) -> String {
        text.replacen(self.stood, self.stands, 1)
    }
}

/// The texts of a decision, as they stand at one time.
#[derive(Debug, Clone)]
pub struct Texts {
    /// Where the claimant may turn.
    pub signpost: String,
    /// The answers.
    pub answers: Vec<Answer>,
}

impl Texts {
    /// As they stand since these slips were corrected, in this order.
    pub fn since<'a>(self, slips: impl IntoIterator<Item = Slip<'a>>) -> Self {
        slips.into_iter().fold(self, |texts, slip| match texts.of(slip).map(|text| slip.mend(text)) {
            Some(mended) => texts.with(slip, mended),
            None => texts,
        })
    }

    /// The text that a slip is in; `None` where the decision has none such.
    fn of(&self, slip: Slip<'_>) -> Option<&str> {
        let Some(point) = slip.claim_point else {
            return (slip.text == DecisionText::Signpost).then_some(&self.signpost);
        };
        let answer = self.answers.iter().find(|answer| answer.claim_point == point)?;
        match slip.text {
            DecisionText::Finding => Some(answer.finding.expose()),
            DecisionText::Reason => Some(answer.reason.expose()),
            DecisionText::Remedy => Some(answer.remedy.expose()),
            DecisionText::Signpost => None,
        }
    }

    /// The same with another text in the place of the one a slip is in.
    fn with(mut self, slip: Slip<'_>, text: String) -> Self {
        let answer = self.answers.iter_mut().find(|answer| Some(answer.claim_point.as_str()) == slip.claim_point);
        match (slip.text, answer) {
            (DecisionText::Signpost, _) | (_, None) => self.signpost = text,
            (DecisionText::Finding, Some(answer)) => answer.finding = Personal::new(text),
            (DecisionText::Reason, Some(answer)) => answer.reason = Personal::new(text),
            (DecisionText::Remedy, Some(answer)) => answer.remedy = Personal::new(text),
        }
        self
    }

    /// Corrects a slip, and gives the text it was in as it stands from now on.
    ///
    /// # Errors
    /// The fault, by field: what is said to stand there does not, or is left as it stands; what would come of it is no answer to the point; it says another thing
    /// than a slip of the pen hid; or the point grants an amount, of which the remedy says who pays what in what money. A review changes that.
    pub fn correct(self, slip: Slip<'_>) -> Result<String, Violations> {
        let mut violations = Violations::new();
        let Some(said) = self.of(slip).map(str::to_owned) else {
            violations.push("claim_point", "is no claim point whose answer has this text");
            return Err(violations);
        };
        let mended = slip.mend(&said);
        if slip.text == DecisionText::Remedy && self.grants(slip) {
            violations.push("text", "is the remedy of a point that grants an amount: a review changes it");
        } else if !said.contains(slip.stood) {
            violations.push("stood", "does not stand there");
        } else if mended == said {
            violations.push("stands", "is what stands there");
        } else if mended.trim().is_empty() {
            violations.push("stands", "leaves nothing of the text");
        } else {
            self.no_answer(slip, &mended, &mut violations);
            if let Some(beyond) = beyond_a_slip(slip.text, &said, &mended).filter(|_| violations.as_slice().is_empty())
            {
                violations.push("stands", format!("{beyond}: a review changes it"));
            }
        }
        violations.into_result().map(|()| mended)
    }

    /// The same in a decision of which these slips were corrected before: what stands since then is mended, and all of them together go no further from what was
    /// issued than one may.
    ///
    /// # Errors
    /// As [`Texts::correct`].
    pub fn correct_since<'a>(
        self,
        before: impl IntoIterator<Item = Slip<'a>>,
        slip: Slip<'_>,
    ) -> Result<String, Violations> {
        let issued = self.clone();
        let mended = self.since(before).correct(slip)?;
        match issued.of(slip).and_then(|text| beyond_a_slip(slip.text, text, &mended)) {
            None => Ok(mended),
            Some(beyond) => {
                let mut violations = Violations::new();
                violations.push("stands", format!("with what was corrected before it {beyond}: a review changes it"));
                Err(violations)
            }
        }
    }

    fn grants(&self, slip: Slip<'_>) -> bool {
        let of_it = |answer: &&Answer| Some(answer.claim_point.as_str()) == slip.claim_point;
        self.answers.iter().find(of_it).is_some_and(|answer| answer.redress.is_some())
    }

    /// Notes what would make the mended decision no answer that it is not already.
    fn no_answer(self, slip: Slip<'_>, mended: &str, violations: &mut Violations) {
        let before = faults(&self.answers);
        let after = faults(&self.with(slip, mended.to_owned()).answers);
        for fault in after.as_slice().iter().filter(|fault| !before.as_slice().contains(fault)) {
            violations.push("stands", format!("{} {}", fault.field, fault.description));
        }
    }
}

fn faults(answers: &[Answer]) -> Violations {
    let mut violations = Violations::new();
    for (index, answer) in answers.iter().enumerate() {
        generic::check(index, answer, &mut violations);
    }
    crate::decision::repeated_texts(answers, &mut violations);
    violations
}
