//! The same wishes through the window: REST, whose answers are read as those of gRPC.

use std::net::SocketAddr;
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use kernel::Role;
use prost::bytes::Bytes;
use prost::{Message, Name};
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use serde_json::Value as Json;
use tonic::{Code, Request, Response, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use super::ask::TRY;
use crate::contract;
use crate::faults::fleet::Fleet;
use crate::faults::service::Part;

/// How long the window may take to say that it is ready.
const READY: Duration = Duration::from_secs(1);

/// A client of the window. Cheap to clone.
#[derive(Clone)]
pub struct Window {
    client: Client<HttpConnector, Full<Bytes>>,
    door: SocketAddr,
    token: String,
    contract: DescriptorPool,
}

impl Window {
    /// Before this fleet's window, as somebody with this role; `None` where no window runs.
    ///
    /// # Errors
    /// When the fleet has no token for it.
    pub fn of(fleet: &Fleet, role: Role) -> anyhow::Result<Option<Self>> {
        if !fleet.parts().contains(&Part::Window) {
            return Ok(None);
        }
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(READY));
        Ok(Some(Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            door: fleet.door(Part::Window),
            token: fleet.keys().token(&format!("driver-{role}"), role)?,
            contract: contract::current(),
        }))
    }

    /// Posts a request to `path` and reads the answer, or the refusal as the services' own status.
    ///
    /// # Errors
    /// The refusal; without a reason of the house when nobody answered.
    pub async fn post<Q: Message + Name, A: Message + Name + Default>(
        &self,
        path: &str,
        request: Request<Q>,
    ) -> Result<Response<A>, Status> {
        let body = self.json(&request.into_inner())?;
        let request = http::Request::builder()
            .method(Method::POST)
            .uri(format!("http://{}{path}", self.door))
            .header(AUTHORIZATION, format!("Bearer {}", self.token))
            .header(CONTENT_TYPE, "application/json")
            .body(Full::from(body.to_string()))
            .map_err(|error| Status::invalid_argument(error.to_string()))?;
        let asking = async {
            let (parts, body) = self.client.request(request).await.map_err(broken)?.into_parts();
            let body = body.collect().await.map_err(broken)?.to_bytes();
            Ok::<_, Status>((parts.status, body))
        };
        let answer = tokio::time::timeout(TRY, asking).await;
        let (status, body) = answer.map_err(|_| Status::deadline_exceeded("the driver's own limit"))??;
        if !status.is_success() {
            return Err(refusal(status, &serde_json::from_slice(&body).unwrap_or_default()));
        }
        self.message(&body).map(Response::new)
    }

    fn json<M: Message + Name>(&self, message: &M) -> Result<Json, Status> {
        let descriptor = self.contract.get_message_by_name(&M::full_name()).ok_or_else(|| unreadable::<M>())?;
        let message =
            DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice()).map_err(|_| unreadable::<M>())?;
        let json = message.serialize_with_options(serde_json::value::Serializer, &SerializeOptions::new());
        json.map_err(|_| unreadable::<M>())
    }

    fn message<M: Message + Name + Default>(&self, json: &[u8]) -> Result<M, Status> {
        let descriptor = self.contract.get_message_by_name(&M::full_name()).ok_or_else(|| unreadable::<M>())?;
        let mut json = serde_json::Deserializer::from_slice(json);
        let message = DynamicMessage::deserialize(descriptor, &mut json).map_err(|_| unreadable::<M>())?;
        message.transcode_to().map_err(|_| unreadable::<M>())
    }
}

/// Asks whether requests should come to the window at this address.
///
/// # Errors
/// That they should not, or that nobody answers.
pub async fn asks_ready(at: SocketAddr) -> Result<(), Status> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let asking = async {
        let mut stream = tokio::net::TcpStream::connect(at).await?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await?;
        let mut answer = String::new();
        stream.take(1_024).read_to_string(&mut answer).await.map(|_| answer)
    };
    let answer = tokio::time::timeout(READY, asking).await;
    let answer = answer.map_err(|_| Status::deadline_exceeded("the window is silent"))?.map_err(broken)?;
    if answer.split(' ').nth(1) == Some("200") { Ok(()) } else { Err(Status::unavailable("the window is not ready")) }
}

fn broken(error: impl std::error::Error) -> Status {
    Status::unavailable(error.to_string())
}

fn unreadable<M: Name>() -> Status {
    let details = ErrorDetails::with_error_info("UNREADABLE", "driver", []);
    Status::with_error_details(Code::Internal, format!("{} and its JSON do not agree", M::full_name()), details)
}

/// A problem of the window as the status that the service gave, or would have given.
fn refusal(status: StatusCode, problem: &Json) -> Status {
    let reason = problem["reason"].as_str().unwrap_or_default();
    let code = match status.as_u16() {
        400 => Code::InvalidArgument,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::NotFound,
        409 | 412 => Code::Aborted,
        429 => Code::ResourceExhausted,
        499 => Code::Cancelled,
        500 => Code::Internal,
        504 => Code::DeadlineExceeded,
        _ => Code::Unavailable,
    };
    let detail = problem["detail"].as_str().unwrap_or_default();
    // 499 says that a call was broken off on its way, and no service said it.
    if reason.is_empty() || code == Code::Cancelled {
        return Status::new(code, detail);
    }
    let domain = problem["domain"].as_str().unwrap_or_default();
    Status::with_error_details(code, detail, ErrorDetails::with_error_info(reason, domain, []))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Settled, settled};
    use super::*;

    fn read(status: u16, reason: &str) -> Settled {
        settled(&refusal(StatusCode::from_u16(status).unwrap(), &json!({"reason": reason, "detail": "x"})))
    }

    #[test]
    fn problems_mean_what_the_statuses_mean_that_they_were() {
        assert_eq!(read(503, "SERVICE_UNREACHABLE"), Settled::Again);
        assert_eq!(read(503, ""), Settled::Again);
        assert_eq!(read(504, "DEADLINE_EXCEEDED"), Settled::Again);
        assert_eq!(read(499, "CANCELLED"), Settled::Again);
        assert_eq!(read(500, "INTERNAL"), Settled::Internal);
        assert_eq!(read(409, "STALE_ETAG"), Settled::Refused("STALE_ETAG".to_owned()));
        assert_eq!(read(400, "INVALID_REQUEST"), Settled::Refused("INVALID_REQUEST".to_owned()));
    }
}
