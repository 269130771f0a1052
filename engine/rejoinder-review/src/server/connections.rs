//! Connections and requests: no client, however slow or garbled, keeps the others waiting.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{io, pin};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use rejoinder_scan::StopFlag;
use tokio::net::TcpStream;
use tokio::task::{self, AbortHandle};
use tokio::time;

use super::gate::Gate;
use super::reply::WebReply;
use crate::site::{Site, SiteRequest};

/// So many connections at a time; a browser takes six. The oldest one that waits for nothing gives way to a further one.
const CONNECTIONS: usize = 64;
/// How long a client may take to say what it wants.
const REQUEST_TIME: Duration = Duration::from_secs(10);
/// How long a connection is kept: a client that does not read its answers is rid of by this.
const CONNECTION_TIME: Duration = Duration::from_secs(300);
/// The most that a label with its span takes, generously.
const MOST_BYTES: usize = 64 << 10;
/// How often the server looks whether it should stop.
const STOP_TIME: Duration = Duration::from_millis(50);

/// The connections that are kept, the oldest first.
#[derive(Default)]
struct Kept(VecDeque<KeptConnection>);

struct KeptConnection {
    /// Whether an answer to a request with the token is under way.
    is_answering: Arc<AtomicBool>,
    task: AbortHandle,
}

impl Kept {
    /// Whether there is room for one more connection. Where there is none, the oldest one that waits for no answer is closed.
    fn make_room(&mut self) -> bool {
        self.0.retain(|kept| !kept.task.is_finished());
        if self.0.len() < CONNECTIONS {
            return true;
        }
        let idle = self.0.iter().position(|kept| !kept.is_answering.load(Ordering::Relaxed));
        let closed = idle.and_then(|place| self.0.remove(place));
        closed.inspect(|kept| kept.task.abort()).is_some()
    }
}

/// Accepts connections until the flag is raised.
pub(super) async fn serve(
    listener: TcpListener,
    gate: Gate,
    site: Arc<impl Site>,
    stop: &StopFlag,
) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let gate = Arc::new(gate);
    let mut kept = Kept::default();
    let mut looks = time::interval(STOP_TIME);
    while !stop.is_raised() {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = looks.tick() => continue,
        };
        // A connection that broke before it was accepted, or too many open files, ends nothing else.
        let Ok((stream, _)) = accepted else {
            time::sleep(STOP_TIME).await;
            continue;
        };
        if kept.make_room() {
            let is_answering = Arc::new(AtomicBool::new(false));
            let answers = keep(stream, Arc::clone(&gate), Arc::clone(&site), Arc::clone(&is_answering));
            let task = task::spawn(answers).abort_handle();
            kept.0.push_back(KeptConnection { is_answering, task });
        }
    }
    Ok(())
}

/// Serves a connection for as long as it is kept.
async fn keep(stream: TcpStream, gate: Arc<Gate>, site: Arc<impl Site>, is_answering: Arc<AtomicBool>) {
    let service = service_fn(|request| {
        let (gate, site, is_answering) = (Arc::clone(&gate), Arc::clone(&site), Arc::clone(&is_answering));
        async move {
            let reply = reply(request, &gate, site, &is_answering).await;
            is_answering.store(false, Ordering::Relaxed);
            Ok::<_, Infallible>(Response::<Full<Bytes>>::from(reply))
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(REQUEST_TIME)
        .max_buf_size(MOST_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin::pin!(connection);
    // How a connection ends is its client's business.
    if time::timeout(CONNECTION_TIME, connection.as_mut()).await.is_err() {
        connection.as_mut().graceful_shutdown();
        let _ = time::timeout(REQUEST_TIME, connection).await;
    }
}

/// The answer to a request.
async fn reply(
    request: Request<Incoming>,
    gate: &Gate,
    site: Arc<impl Site>,
    is_answering: &AtomicBool,
) -> WebReply {
    let (head, body) = request.into_parts();
    let path = match gate.let_in(&head) {
        Err(refusal) => return WebReply::error(StatusCode::FORBIDDEN, refusal.0),
        Ok(Some(path)) => path.to_owned(),
        Ok(None) => return to_the_page(head.uri.path()),
    };
    let request = match head.method {
        Method::GET => SiteRequest::Get(path),
        Method::POST if !is_json(&head.headers) => {
            let words = "A POST needs the header Content-Type: application/json.";
            return WebReply::error(StatusCode::UNSUPPORTED_MEDIA_TYPE, words);
        }
        Method::POST => match read(body).await {
            Ok(content) => SiteRequest::Post(path, content),
            Err(refused) => return refused,
        },
        _ => {
            let refused =
                WebReply::error(StatusCode::METHOD_NOT_ALLOWED, "This server knows GET and POST alone.");
            return refused.with(ALLOW, HeaderValue::from_static("GET, POST"));
        }
    };
    is_answering.store(true, Ordering::Relaxed);
    // A panic ends this answer alone.
    let answered = task::spawn_blocking(move || site.answer(&request)).await;
    answered.unwrap_or_else(|_| {
        let words = "A fault of the program: the terminal where `rejoinder review` runs says which.";
        WebReply::error(StatusCode::INTERNAL_SERVER_ERROR, words)
    })
}

/// Leads from the token without a slash, against which the names of the page's files would be wrong, to the page.
fn to_the_page(path: &str) -> WebReply {
    match HeaderValue::try_from(format!("{path}/")) {
        Ok(page) => WebReply::error(StatusCode::PERMANENT_REDIRECT, "The page's address ends with a slash.")
            .with(LOCATION, page),
        Err(_) => WebReply::error(StatusCode::NOT_FOUND, "There is nothing here."),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let told = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = told.split_once(';').map_or(told, |(kind, _)| kind);
    kind.trim().eq_ignore_ascii_case("application/json")
}

async fn read(body: Incoming) -> Result<Bytes, WebReply> {
    let refused = |status, words: &str| Err(WebReply::error(status, words));
    match time::timeout(REQUEST_TIME, Limited::new(body, MOST_BYTES).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            refused(StatusCode::PAYLOAD_TOO_LARGE, "That is more than 64 KiB, which no label takes.")
        }
        Ok(Err(_)) => refused(StatusCode::BAD_REQUEST, "The request broke off."),
        Err(_) => refused(StatusCode::REQUEST_TIMEOUT, "The request took too long."),
    }
}
