//! What of a service's ledger belongs to an affair: the edge of `GetSteps`, which every service has alike.

use kernel::Violations;
use ledger::{Part, Subjects};
use tonic::{Request, Status};
use ventanilla_proto::ledger::v1::GetStepsRequest;

use crate::{Call, parse, status};

/// Names in one question at most.
const MOST_SUBJECTS: usize = 500;
/// Characters of a name at most.
const LONGEST_SUBJECT: usize = 200;

/// What a service knows of affairs.
#[tonic::async_trait]
pub trait Affairs: Send + Sync + 'static {
    /// What of its ledger belongs to the affair that is known by these names, as far as whoever acts may be told. No entry is in two parts.
    ///
    /// # Errors
    /// What the caller is answered.
    async fn parts(&self, call: Call, subjects: Subjects) -> Result<Vec<Part>, Status>;
}

/// A ledger that ties none of its entries to an affair.
pub(crate) struct NoAffairs;

#[tonic::async_trait]
impl Affairs for NoAffairs {
    async fn parts(&self, _: Call, _: Subjects) -> Result<Vec<Part>, Status> {
        Ok(Vec::new())
    }
}

/// Reads the question for the service.
pub(crate) struct Parsed<A>(pub(crate) A);

#[tonic::async_trait]
impl<A: Affairs> ledger::Affairs for Parsed<A> {
    async fn parts(&self, request: &Request<GetStepsRequest>) -> Result<Vec<Part>, Status> {
        let subjects = subjects(request.get_ref()).map_err(|violations| status(&violations))?;
        self.0.parts(Call::of(request), subjects).await
    }
}

fn subjects(request: &GetStepsRequest) -> Result<Subjects, Violations> {
    let mut violations = Violations::new();
    if !(1..=MOST_SUBJECTS).contains(&request.subjects.len()) {
        violations.push("subjects", format!("must be 1 to {MOST_SUBJECTS}"));
    }
    for (place, subject) in request.subjects.iter().take(MOST_SUBJECTS).enumerate() {
        let names = subject.split_once('/').is_some_and(|(collection, id)| !collection.is_empty() && !id.is_empty());
        if !names || subject.len() > LONGEST_SUBJECT || !subject.bytes().all(|b| b.is_ascii_graphic()) {
            violations.push(format!("subjects[{place}]"), "must be the name of a resource, such as tickets/{id}");
        }
    }
    parse::optional_time(&mut violations, "from_time", request.from_time.as_ref());
    violations.into_result()?;
    Ok(Subjects::new(request.subjects.clone()))
}
