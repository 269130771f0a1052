//! The server as its owner sees it: bound, with an address, and served until it is told to stop.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use rejoinder_scan::StopFlag;

use super::connections;
use super::gate::Gate;
use super::token::Token;
use crate::session::ReviewSession;
use crate::site::Site;

/// How long answers may take that are under way when the server is told to stop.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// A server on 127.0.0.1, which no other machine can reach, and which answers only to requests with its token.
pub struct ReviewServer {
    listener: TcpListener,
    port: u16,
    token: Token,
}

impl ReviewServer {
    /// A server at a port, or at one that is free; requests wait until it serves.
    ///
    /// # Errors
    /// If the port is taken, or the operating system gives no random numbers.
    pub fn bind(port: Option<u16>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port.unwrap_or(0)))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        Ok(Self { listener, port, token: Token::random()? })
    }

    /// The address of the page, with the token.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}/{}/", self.port, self.token)
    }

    /// Answers for a session until the flag is raised.
    ///
    /// # Errors
    /// If the server cannot listen.
    pub fn serve(self, session: &Arc<ReviewSession>, stop: &StopFlag) -> io::Result<()> {
        self.serve_site(Arc::clone(session), stop)
    }

    pub(super) fn serve_site(self, site: Arc<impl Site>, stop: &StopFlag) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let gate = Gate::new(self.token, self.port);
        let served = runtime.block_on(connections::serve(self.listener, gate, site, stop));
        runtime.shutdown_timeout(LAST_ANSWERS);
        served
    }
}
