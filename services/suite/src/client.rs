//! Calling a suite as somebody.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use kernel::{Ambient, Role};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

use crate::data_folder::DataFolder;
use crate::keys::Keys;
use crate::services::Service;
use crate::suite::Suite;

/// What generated clients are made of.
pub type Client = InterceptedService<Channel, Caller>;

/// A suite that answers: one that ran already, or one started for the time of a command.
pub struct Target {
    addresses: BTreeMap<String, String>,
    /// Address of its database for an administrator.
    pub database_url: String,
    /// Its data folder.
    pub folder: DataFolder,
    keys: Arc<Keys>,
    started: Option<Suite>,
}

impl Target {
    /// The suite that runs on the data folder, else one started there on free ports.
    pub async fn reach(data: Option<&Path>, ambient: &Ambient) -> anyhow::Result<Self> {
        let folder = DataFolder::open(data)?;
        match Self::running(&folder, ambient)? {
            Some(target) => Ok(target),
            None => Self::start(folder, ambient).await,
        }
    }

    /// The suite that runs on this folder, if one does.
    pub fn running(folder: &DataFolder, ambient: &Ambient) -> anyhow::Result<Option<Self>> {
        let Some(running) = folder.running() else { return Ok(None) };
        eprintln!("ventanilla: using the suite that runs on {} (pid {})", folder.path().display(), running.pid);
        Ok(Some(Self {
            addresses: running.services,
            database_url: running.database,
            keys: Arc::new(Keys::open(folder, ambient)?),
            folder: folder.clone(),
            started: None,
        }))
    }

    /// A suite of this process, which somebody else ends.
    pub fn of(suite: &Suite) -> Self {
        Self {
            addresses: suite.addresses.clone(),
            database_url: suite.database_url().to_owned(),
            keys: Arc::clone(&suite.keys),
            folder: suite.folder.clone(),
            started: None,
        }
    }

    /// A suite started on this folder.
    pub async fn start(folder: DataFolder, ambient: &Ambient) -> anyhow::Result<Self> {
        eprintln!("ventanilla: starting the suite on {}", folder.path().display());
        let suite = Suite::start(folder.clone(), 0, ambient).await?;
        Ok(Self {
            addresses: suite.addresses.clone(),
            database_url: suite.database_url().to_owned(),
            keys: Arc::clone(&suite.keys),
            folder,
            started: Some(suite),
        })
    }

    /// A connection to a service.
    pub fn connect(&self, service: Service) -> anyhow::Result<Channel> {
        let address =
            self.addresses.get(service.name()).with_context(|| format!("{} has no address", service.name()))?;
        let endpoint =
            Endpoint::from_shared(address.clone()).context("the suite noted no address but something else")?;
        Ok(endpoint.timeout(Duration::from_secs(30)).tcp_nodelay(true).connect_lazy())
    }

    /// Somebody with this role and name.
    pub fn caller(
        &self,
        role: Role,
        subject: Option<&str>,
        department: Option<&str>,
        ambient: &Ambient,
    ) -> anyhow::Result<Caller> {
        let department = department.map(str::parse).transpose().context("no department has such a slug")?;
        Caller::new(&self.keys.token(role, subject, department.as_ref(), ambient)?)
    }

    /// Ends what was started for this command.
    pub async fn leave(self) -> anyhow::Result<()> {
        match self.started {
            Some(suite) => suite.stop().await,
            None => Ok(()),
        }
    }
}

/// Puts a token, and a trace when there is one, on every call.
#[derive(Clone)]
pub struct Caller {
    bearer: MetadataValue<Ascii>,
    traceparent: Option<MetadataValue<Ascii>>,
}

impl Caller {
    fn new(token: &str) -> anyhow::Result<Self> {
        let bearer = format!("Bearer {token}").parse().context("a token is made of letters that a header takes")?;
        Ok(Self { bearer, traceparent: None })
    }

    /// The same caller inside a trace.
    pub fn traced(&self, traceparent: &str) -> anyhow::Result<Self> {
        let traceparent = traceparent.parse().context("a traceparent is made of letters that a header takes")?;
        Ok(Self { bearer: self.bearer.clone(), traceparent: Some(traceparent) })
    }

    /// As a client's transport.
    pub fn on(&self, channel: &Channel) -> Client {
        InterceptedService::new(channel.clone(), self.clone())
    }
}

impl Interceptor for Caller {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.bearer.clone());
        if let Some(traceparent) = &self.traceparent {
            request.metadata_mut().insert("traceparent", traceparent.clone());
        }
        Ok(request)
    }
}

/// Calls until the answer is final: what is refused for the moment is asked again, with the same
/// `request_id`, which makes that harmless.
pub async fn persist<T, F, Fut>(mut call: F) -> Result<T, Status>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<tonic::Response<T>, Status>>,
{
    let mut pause = Duration::from_millis(20);
    for _ in 0..12 {
        match call().await {
            Ok(answer) => return Ok(answer.into_inner()),
            Err(status) if passes(&status) => tokio::time::sleep(pause).await,
            Err(status) => return Err(status),
        }
        pause = (pause * 2).min(Duration::from_secs(5));
    }
    call().await.map(tonic::Response::into_inner)
}

/// Whether time alone may cure it. ABORTED is for the caller, who may have to read again.
fn passes(status: &Status) -> bool {
    matches!(status.code(), Code::Unavailable | Code::ResourceExhausted | Code::DeadlineExceeded | Code::Cancelled)
}

/// A refusal in one line: code, reason, message, and every field that was wrong.
pub fn describe(status: &Status) -> String {
    let details = status.get_error_details();
    let mut text = format!("{:?}", status.code());
    if let Some(info) = details.error_info() {
        text.push_str(&format!(" {}", info.reason));
    }
    text.push_str(&format!(": {}", status.message()));
    let fields = details.bad_request().map_or(&[][..], |bad| &bad.field_violations);
    for violation in fields {
        text.push_str(&format!("; {}: {}", violation.field, violation.description));
    }
    text
}
