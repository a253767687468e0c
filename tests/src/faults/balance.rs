//! What stands before the replicas of a service: each new connection goes to the next one that takes it.
//! Knows nothing of what goes through.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// How long a replica may take to accept.
const CONNECT: Duration = Duration::from_millis(500);

/// Runs until it is dropped.
pub struct Balance {
    addr: SocketAddr,
    _accepting: JoinSet<()>,
}

impl Balance {
    /// Listens on a free port before these replicas.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn before(replicas: Vec<SocketAddr>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = listener.local_addr()?;
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, replicas));
        Ok(Self { addr, _accepting: accepting })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}

async fn accept(listener: TcpListener, replicas: Vec<SocketAddr>) {
    let turn = AtomicUsize::new(0);
    let mut open = JoinSet::new();
    loop {
        let Ok((client, _)) = listener.accept().await else { continue };
        // Who connects and ends is forgotten as others come.
        while open.try_join_next().is_some() {}
        let replicas = replicas.clone();
        let first = turn.fetch_add(1, Ordering::Relaxed);
        open.spawn(join(client, replicas, first));
    }
}

async fn join(mut client: TcpStream, replicas: Vec<SocketAddr>, first: usize) {
    for step in 0..replicas.len() {
        let replica = replicas[(first + step) % replicas.len()];
        let Ok(Ok(mut server)) = tokio::time::timeout(CONNECT, TcpStream::connect(replica)).await else { continue };
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
        return;
    }
}
