//! Who the driver is to the services: tokens of its own issuer, and channels that carry them.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::signature::Ed25519KeyPair;
use kernel::{Ambient, Role};
use server::TokenIssuer;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

/// `iss` and `aud` of the driver's tokens.
pub const ISSUER: &str = "ventanilla-faults";
/// See [`ISSUER`].
pub const AUDIENCE: &str = "ventanilla";
/// Department that the driver's agents work for.
pub const DEPARTMENT: &str = "customer-service";
/// Longer than any run.
const TTL: Duration = Duration::from_secs(7 * 24 * 3600);

/// What generated clients are made of here.
pub type Caller = InterceptedService<Channel, Bearer>;

/// Puts one token on every call.
#[derive(Clone)]
pub struct Bearer(MetadataValue<Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

/// Issues the tokens of one run.
#[derive(Clone)]
pub struct Keys {
    issuer: Arc<TokenIssuer>,
    ambient: Ambient,
}

impl Keys {
    /// Keys nobody else has.
    ///
    /// # Errors
    /// When no key can be made.
    pub fn new() -> anyhow::Result<Self> {
        let ambient = Ambient::system();
        let key = Ed25519KeyPair::from_seed_unchecked(&ambient.bytes::<32>()).map_err(|_| anyhow::anyhow!("no key"))?;
        Ok(Self { issuer: Arc::new(TokenIssuer::new(&key, ISSUER, AUDIENCE)?), ambient })
    }

    /// The public key, as services read it.
    pub fn jwks(&self) -> String {
        self.issuer.jwks()
    }

    /// Who issues them.
    pub fn issuer(&self) -> Arc<TokenIssuer> {
        Arc::clone(&self.issuer)
    }

    /// A token for somebody with this role.
    ///
    /// # Errors
    /// When the key does not sign.
    pub fn token(&self, subject: &str, role: Role) -> anyhow::Result<String> {
        let department = match role {
            Role::Agent => Some(DEPARTMENT.parse().map_err(|_| anyhow::anyhow!("the department is a slug"))?),
            _ => None,
        };
        Ok(self.issuer.issue(subject, &[role], department.as_ref(), TTL, self.ambient.now())?)
    }

    /// A way to call the service at `address` (`http://…`) as somebody with this role. Connects when
    /// it is first used, and again whenever the connection broke.
    ///
    /// # Errors
    /// When the address is none.
    pub fn caller(&self, address: &str, role: Role) -> anyhow::Result<Caller> {
        let bearer = format!("Bearer {}", self.token(&format!("driver-{role}"), role)?).parse()?;
        let endpoint =
            Endpoint::from_shared(address.to_owned())?.connect_timeout(Duration::from_secs(1)).tcp_nodelay(true);
        Ok(InterceptedService::new(endpoint.connect_lazy(), Bearer(bearer)))
    }
}
