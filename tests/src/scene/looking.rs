//! How affairs are looked for.

use kernel::Role;
use tonic::Status;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::ticketing::v1 as ticketing;

use super::affair::Affair;

impl Affair<'_> {
    /// An agent keeps what they look for every morning under a name.
    pub async fn be_looked_for(&self) -> Result<ticketing::View, Status> {
        let filter = ticketing::TicketFilter {
            states: vec![ticketing::TicketState::Pending.into(), ticketing::TicketState::Held.into()],
            department: "billing".to_owned(),
            ..Default::default()
        };
        let view = ticketing::View {
            name: "views/what-waits".to_owned(),
            title: "Lo que espera".to_owned(),
            filter: Some(filter),
            ..Default::default()
        };
        let put = ticketing::PutViewRequest { view: Some(view), request_id: self.scene.request_id() };
        Ok(self.cast.agent.finding.clone().put_view(put).await?.into_inner())
    }

    /// A supervisor writes down how soon the house wants the next word said, and has it hold for what is received from now on.
    pub async fn be_measured(&self) -> Result<sla::Policy, Status> {
        let policy = sla::Policy {
            name: "policies/next-word".to_owned(),
            kind: sla::PolicyKind::Sla.into(),
            term: "8bh".to_owned(),
            summary_es: "Contestar al cliente en ocho horas de servicio.".to_owned(),
            summary_en: "Answer the customer within eight service hours.".to_owned(),
            measure: Some(sla::PolicyMeasure { metric: sla::PolicyMetric::NextReply.into(), ..Default::default() }),
            ..Default::default()
        };
        let mut policies = self.scene.role(Role::Supervisor).policies;
        let put = sla::PutPolicyRequest { policy: Some(policy), request_id: self.scene.request_id() };
        let draft = policies.put_policy(put).await?.into_inner();
        let activate = sla::ActivatePolicyRequest {
            name: draft.name,
            etag: draft.etag,
            from_time: None,
            request_id: self.scene.request_id(),
        };
        Ok(policies.activate_policy(activate).await?.into_inner())
    }

    /// A year that is long over is evaluated.
    pub async fn be_evaluated(&self) -> Result<sla::Evaluation, Status> {
        let publish = sla::PublishEvaluationRequest {
            name: "evaluations/2001".to_owned(),
            request_id: self.scene.request_id(),
            known_version: 0,
        };
        Ok(self.scene.role(Role::Supervisor).measures.publish_evaluation(publish).await?.into_inner())
    }
}
