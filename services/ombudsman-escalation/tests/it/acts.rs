//! Acts of the procedure, said in one line: who does what in which case, with the etag read just before.

use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::r#type::v1::Language;

use crate::world::{World, fresh_id};

/// Somebody does something in a case, or about an obligation of it.
macro_rules! act {
    ($world:expr, $who:expr, $method:ident, $request:ident, $name:expr $(, $field:ident: $value:expr)* $(,)?) => {{
        let name: &str = $name;
        #[allow(clippy::needless_update, reason = "of some requests every field is said")]
        let request = ventanilla_proto::ombudsman::v1::$request {
            name: name.to_owned(),
            etag: $world.etag($crate::acts::case_of(name)).await,
            request_id: $crate::world::fresh_id(),
            $($field: $value.into(),)*
            ..Default::default()
        };
        $world.procedure($who).$method(request).await.map(tonic::Response::into_inner)
    }};
}

/// The name of the case in the name of something of it.
pub fn case_of(name: &str) -> &str {
    name.split_once("/obligations/").map_or(name, |(case, _)| case)
}

/// The registry proposes to refuse a case.
pub async fn propose(world: &World, case: &str, ground: impl Into<i32>) -> Result<pb::Case, tonic::Status> {
    let request = pb::ProposeInadmissibilityRequest {
        name: case.to_owned(),
        etag: world.etag(case).await,
        ground: ground.into(),
        reasons: "the facts are of 2019, and a court has it".into(),
        request_id: fresh_id(),
        repeats: Vec::new(),
    };
    world.ines().propose_inadmissibility(request).await.map(tonic::Response::into_inner)
}

/// The registry proposes to refuse a case since it repeats these, as it holds.
pub async fn propose_repeated(world: &World, case: &str, repeats: &[&str]) -> Result<pb::Case, tonic::Status> {
    let request = pb::ProposeInadmissibilityRequest {
        name: case.to_owned(),
        etag: world.etag(case).await,
        ground: pb::InadmissibilityGround::Repeated.into(),
        reasons: "the same charge of March, under another number".into(),
        request_id: fresh_id(),
        repeats: repeats.iter().map(|case| (*case).to_owned()).collect(),
    };
    world.ines().propose_inadmissibility(request).await.map(tonic::Response::into_inner)
}

/// The ombudsman refuses a case.
pub async fn refuse(world: &World, case: &str, ground: impl Into<i32>) -> Result<pb::Case, tonic::Status> {
    let request = pb::RefuseCaseRequest {
        name: case.to_owned(),
        etag: world.etag(case).await,
        ground: ground.into(),
        reasons: "the facts are of 2019, and a court has it".into(),
        signpost: "the courts".into(),
        request_id: fresh_id(),
    };
    world.elena().refuse_case(request).await.map(tonic::Response::into_inner)
}

/// What the claimant sent reaches the registry.
pub async fn sent(
    world: &World,
    case: &str,
    change: impl FnOnce(&mut pb::ReceiveCureRequest),
) -> Result<pb::Case, tonic::Status> {
    let mut request = pb::ReceiveCureRequest {
        name: case.to_owned(),
        etag: world.etag(case).await,
        content: "here it is".into(),
        request_id: fresh_id(),
        ..Default::default()
    };
    change(&mut request);
    world.ines().receive_cure(request).await.map(tonic::Response::into_inner)
}

impl World {
    pub async fn stands(&self, case: &str) -> pb::CaseState {
        self.get(case).await.state()
    }

    pub async fn told(&self, case: &str) -> pb::Procedure {
        let request = pb::GetProcedureRequest { name: format!("{case}/procedure") };
        self.procedure("liaison").get_procedure(request).await.unwrap().into_inner()
    }

    pub async fn owed(&self, case: &str) -> Vec<pb::Obligation> {
        let request = pb::ListObligationsRequest { parent: case.to_owned(), ..Default::default() };
        self.procedure("liaison").list_obligations(request).await.unwrap().into_inner().obligations
    }

    pub async fn close(&self, case: &str) -> Result<pb::Case, tonic::Status> {
        let request =
            pb::CloseCaseRequest { name: case.to_owned(), etag: self.etag(case).await, request_id: fresh_id() };
        self.ines().close_case(request).await.map(tonic::Response::into_inner)
    }

    pub async fn withdraw(&self, case: &str) -> Result<pb::Case, tonic::Status> {
        let request = pb::WithdrawCaseRequest {
            name: case.to_owned(),
            etag: self.etag(case).await,
            statement: "I do not want to go on".into(),
            request_id: fresh_id(),
        };
        self.ines().withdraw_case(request).await.map(tonic::Response::into_inner)
    }

    /// What both parties can read in the dossier of these kinds, in order.
    pub async fn papers(&self, case: &str, kind: pb::DossierKind) -> Vec<String> {
        Self::papers_for(self.liaison(), case, kind).await
    }

    /// The same as the office reads them.
    pub async fn papers_of_the_office(&self, case: &str, kind: pb::DossierKind) -> Vec<String> {
        Self::papers_for(self.ines(), case, kind).await
    }

    async fn papers_for(mut reader: crate::world::Office, case: &str, kind: pb::DossierKind) -> Vec<String> {
        let request = pb::ListDossierEntriesRequest { parent: case.to_owned(), page_size: 100, ..Default::default() };
        let entries = reader.list_dossier_entries(request).await.unwrap().into_inner().entries;
        let of_kind = entries.into_iter().filter(|entry| entry.kind() == kind);
        of_kind.map(|entry| String::from_utf8_lossy(&entry.content).into_owned()).collect()
    }

    /// Whose word papers of the case are said to be, in order.
    pub async fn answered_by(&self, case: &str) -> Vec<(pb::DossierKind, pb::Party)> {
        let request = pb::ListDossierEntriesRequest { parent: case.to_owned(), page_size: 100, ..Default::default() };
        let entries = self.liaison().list_dossier_entries(request).await.unwrap().into_inner().entries;
        let said = entries.iter().filter(|entry| entry.answered_by() != pb::Party::Unspecified);
        said.map(|entry| (entry.kind(), entry.answered_by())).collect()
    }

    /// The claimant of this case speaks this language.
    pub async fn speaks(&self, case: &str, language: Language) {
        let code = if language == Language::En { "en" } else { "es" };
        sqlx::query("update ombudsman.office_case set language = $2 where case_id = $1")
            .bind(crate::world::uuid_of(case))
            .bind(code)
            .execute(&self.database.admin().await)
            .await
            .unwrap();
    }

    /// The same as the office reads it.
    pub async fn all_papers(&self, case: &str, kind: pb::DossierKind) -> Vec<Vec<u8>> {
        let request = pb::ListDossierEntriesRequest { parent: case.to_owned(), page_size: 100, ..Default::default() };
        let entries = self.ines().list_dossier_entries(request).await.unwrap().into_inner().entries;
        entries.into_iter().filter(|entry| entry.kind() == kind).map(|entry| entry.content).collect()
    }

    /// The moves of a case, as the ledger tells them.
    pub async fn moves(&self, case: &str) -> Vec<(pb::CaseState, pb::CaseState)> {
        let moves = self.entries::<pb::CaseTransitioned>().await;
        let own = moves.into_iter().filter(|moved| moved.case_name == case);
        own.map(|moved| (moved.from_state(), moved.to_state())).collect()
    }
}
