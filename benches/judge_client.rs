//! The judge's client against a server that does nothing but answer: what a request costs on this side, beside what
//! HTTP alone costs. `benches/judge_client.py` runs the parts in turn and prints the table.
//!
//! `serve` answers every POST with one label and six log-probabilities; `hyper` sends a ready-made body over raw
//! connections; `bare` is [`rejoinder_judge::ask`] with ledger and replies in memory, `full` with both on the disk and
//! all four limits of a budget set. The last three print requests a second, after a warm-up.

use std::cell::Cell;
use std::error::Error;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::{Args, Parser};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue};
use hyper::server::conn::http1 as server;
use hyper::{Method, Request, Response, Uri};
use hyper_util::rt::TokioIo;
use rejoinder_core::{RecordId, Role};
use rejoinder_judge::accounts::LocalAccounts;
use rejoinder_judge::prompt::AnswerFormat;
use rejoinder_judge::{
    DialogueLine, JudgeConfig, Pace, Price, Question, QuestionForm, QuestionSource, ServerCapabilities, ask,
};
use rejoinder_ledger::{Ledger, ReplyStore, SpendingLimits};
use tokio::net::{TcpListener, TcpStream};

type Failure = Box<dyn Error>;

#[derive(Parser)]
enum Command {
    /// Answers until it is killed; prints its port. `/seen` tells how many questions came in, and when
    Serve {
        #[arg(long, default_value_t = 0)]
        delay_ms: u64,
        #[arg(long, default_value_t = 0)]
        port: u16,
        /// Threads that answer; one does so on the main thread
        #[arg(long, default_value_t = 1)]
        threads: usize,
    },
    /// Raw connections, a ready-made body, answers read and not looked at
    Hyper(Load),
    /// The judge's client with ledger and replies in memory
    Bare(Load),
    /// The judge's client with everything on
    Full {
        #[command(flatten)]
        load: Load,
        /// Where ledger and replies are made, and removed
        #[arg(long, default_value = ".")]
        dir: PathBuf,
    },
    /// Prints a body such as `hyper` sends
    Body,
}

#[derive(Args)]
struct Load {
    #[arg(long, default_value_t = 20_000)]
    requests: u64,
    #[arg(long, default_value_t = 64)]
    in_flight: usize,
    /// Such as http://127.0.0.1:8000/v1
    #[arg(long)]
    url: String,
}

fn main() -> Result<(), Failure> {
    match Command::parse() {
        Command::Serve { delay_ms, port, threads } => serve(Duration::from_millis(delay_ms), port, threads),
        Command::Hyper(load) => hyper_alone(&load),
        Command::Bare(load) => {
            println!(
                "without: files, fsync. With: prompts, keys, JSON, SQLite in memory, budget, pace, parsing"
            );
            measure(&load, &Ledger::in_memory()?, &ReplyStore::in_memory()?)
        }
        Command::Full { load, dir } => {
            let folder = tempfile::tempdir_in(dir)?;
            let ledger = Ledger::create(&folder.path().join("ledger.sqlite"))?;
            measure(&load, &ledger, &ReplyStore::open(&folder.path().join("replies.sqlite"))?)
        }
        Command::Body => {
            let config = config("http://127.0.0.1:1/v1", 1);
            println!("{}", body(&config)?);
            Ok(())
        }
    }
}

const ANSWER: &str = r#"{"id":"chatcmpl-0123456789abcdef","object":"chat.completion","created":1750000000,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"F"},"logprobs":{"content":[{"token":"F","logprob":-0.1054,"bytes":[70],"top_logprobs":[{"token":"F","logprob":-0.1054,"bytes":[70]},{"token":"E","logprob":-2.9957,"bytes":[69]},{"token":"D","logprob":-4.2687,"bytes":[68]},{"token":"B","logprob":-4.6052,"bytes":[66]},{"token":"A","logprob":-5.1160,"bytes":[65]},{"token":"C","logprob":-5.8091,"bytes":[67]}]}]},"finish_reason":"length"}],"usage":{"prompt_tokens":612,"total_tokens":613,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":400}}}"#;
const LETTER: &str = r#"{"id":"chatcmpl-0123456789abcdef","object":"chat.completion","created":1750000000,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"A"},"logprobs":{"content":[{"token":"A","logprob":-0.1054,"bytes":[65],"top_logprobs":[{"token":"A","logprob":-0.1054,"bytes":[65]},{"token":"E","logprob":-2.9957,"bytes":[69]}]}]},"finish_reason":"length"}],"usage":{"prompt_tokens":20,"total_tokens":21,"completion_tokens":1}}"#;
const MODELS: &str =
    r#"{"object":"list","data":[{"id":"m","object":"model","owned_by":"vllm","max_model_len":32768}]}"#;

/// Questions that came in, and when, in microseconds since 1970.
#[derive(Default)]
struct Seen {
    questions: AtomicU64,
    first: AtomicU64,
    last: AtomicU64,
}

impl Seen {
    fn note(&self) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros() as u64;
        if self.questions.fetch_add(1, Ordering::Relaxed) == 0 {
            self.first.store(now, Ordering::Relaxed);
        }
        self.last.store(now, Ordering::Relaxed);
    }

    fn told(&self) -> String {
        let seconds = |at: &AtomicU64| at.load(Ordering::Relaxed) as f64 / 1e6;
        let questions = self.questions.load(Ordering::Relaxed);
        format!(
            r#"{{"questions":{questions},"first":{:.6},"last":{:.6}}}"#,
            seconds(&self.first),
            seconds(&self.last)
        )
    }
}

fn serve(delay: Duration, port: u16, threads: usize) -> Result<(), Failure> {
    let mut builder = match threads {
        0 | 1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    if threads > 1 {
        builder.worker_threads(threads);
    }
    builder.enable_all().build()?.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        println!("port {}", listener.local_addr()?.port());
        let seen = Arc::new(Seen::default());
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let seen = Arc::clone(&seen);
            tokio::spawn(async move {
                let answering = |request| answer(request, delay, &seen);
                let service = hyper::service::service_fn(answering);
                // Whoever is measured may hang up at any time.
                let _ = server::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    })
}

async fn answer(
    request: Request<Incoming>,
    delay: Duration,
    seen: &Seen,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let json = |text: Bytes| {
        let mut response = Response::new(Full::new(text));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(response)
    };
    if request.method() == Method::GET {
        return json(match request.uri().path() {
            "/seen" => seen.told().into(),
            _ => Bytes::from_static(MODELS.as_bytes()),
        });
    }
    let mut body = request.into_body();
    if seen.first.load(Ordering::Relaxed) > 0 {
        while let Some(frame) = body.frame().await {
            frame?;
        }
    } else {
        // What finds out what the server can do is no question.
        let body = body.collect().await?.to_bytes();
        if !body.windows(10).any(|w| w == b"<dialogue>") {
            return json(Bytes::from_static(LETTER.as_bytes()));
        }
    }
    seen.note();
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    json(Bytes::from_static(ANSWER.as_bytes()))
}

/// Requests a second from the end of the warm-up on, in which the client finds how much the server bears.
struct Meter {
    warm: u64,
    all: u64,
    begun: Cell<Option<(Instant, u64)>>,
    ended: Cell<Option<Instant>>,
}

impl Meter {
    fn new(load: &Load) -> Self {
        let warm = (load.in_flight as u64 * 8).min(load.requests / 2);
        Self { warm, all: load.requests, begun: Cell::new(None), ended: Cell::new(None) }
    }

    fn see(&self, answered: u64) {
        if answered >= self.warm && self.begun.get().is_none() {
            self.begun.set(Some((Instant::now(), answered)));
        }
        if answered == self.all && self.ended.get().is_none() {
            self.ended.set(Some(Instant::now()));
        }
    }

    fn print(&self) -> Result<(), Failure> {
        let (Some((begun, first)), Some(ended)) = (self.begun.get(), self.ended.get()) else {
            return Err("not everything was answered".into());
        };
        println!("{:.0}", (self.all - first) as f64 / (ended - begun).as_secs_f64());
        Ok(())
    }
}

fn hyper_alone(load: &Load) -> Result<(), Failure> {
    let uri: Uri = format!("{}/chat/completions", load.url).parse()?;
    let address: SocketAddr = uri.authority().ok_or("an address is needed")?.as_str().parse()?;
    let body = Bytes::from(body(&config(&load.url, 1))?);
    let meter = Meter::new(load);
    let (asked, answered) = (Cell::new(0), Cell::new(0));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let tasks = tokio::task::LocalSet::new();
    let connection = async || -> Result<(), Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::task::spawn_local(connection);
        while asked.get() < load.requests {
            asked.set(asked.get() + 1);
            let request = Request::post(uri.path())
                .header(HOST, address.to_string())
                .header(CONTENT_TYPE, "application/json")
                .body(Full::new(body.clone()))?;
            sender.ready().await?;
            let mut response = sender.send_request(request).await?;
            while let Some(frame) = response.body_mut().frame().await {
                frame?;
            }
            answered.set(answered.get() + 1);
            meter.see(answered.get());
        }
        Ok(())
    };
    let all = futures_util::future::try_join_all((0..load.in_flight).map(|_| connection()));
    runtime.block_on(tasks.run_until(all))?;
    meter.print()
}

fn measure(load: &Load, ledger: &Ledger, replies: &ReplyStore) -> Result<(), Failure> {
    let config = config(&load.url, load.in_flight);
    let form = form(&config)?;
    let requests = load.requests;
    let source: Box<QuestionSource<'_>> = Box::new(move |sink| {
        let _ = (0..requests).try_for_each(|number| sink(vec![question(number)]));
    });
    // All of them are reached for, none is reached.
    let much = u64::MAX / 4;
    let limits = SpendingLimits { calls: Some(much), tokens: Some(much), money: Some(much), gpu: Some(much) };
    let meter = Meter::new(load);
    let accounts = LocalAccounts { ledger, replies, limits };
    let asked = ask(&config, &form, source, &accounts, &mut |progress| {
        meter.see(progress.answered);
        ControlFlow::Continue(())
    })?;
    if asked.stop.is_some() || asked.progress.unparseable > 0 || asked.progress.attempts != requests {
        return Err(format!("not as it should be: {asked:?}").into());
    }
    meter.print()
}

fn config(url: &str, in_flight: usize) -> JudgeConfig {
    JudgeConfig {
        answer: Some(AnswerFormat::Label),
        pace: Pace { max_in_flight: in_flight, timeout: Duration::from_secs(60), ..Pace::default() },
        price: Price { input: 0.5, output: 1.5, gpu_input: 40.0, gpu_output: 900.0, ..Price::default() },
        ..JudgeConfig::new(url, "m")
    }
}

fn form(config: &JudgeConfig) -> Result<QuestionForm, Failure> {
    Ok(QuestionForm::new(config, &ServerCapabilities::common(config))?)
}

fn body(config: &JudgeConfig) -> Result<String, Failure> {
    let request = form(config)?.next(&[question(0)], &[]).ok_or("a question makes a request")?;
    Ok(request.body)
}

/// A short window: a request, an answer, and what the user says to it.
fn question(number: u64) -> Question {
    let line = |index, role, text: String| DialogueLine { index, role, text };
    let answer =
        "Here is the table, sorted by its second column; rows with the same value stay in their order. ";
    Question {
        id: RecordId { shard: 0, ordinal: number, message_index: 2 },
        lines: vec![
            line(0, Role::User, "Please sort this table by the second column.".to_owned()),
            line(1, Role::Assistant, answer.repeat(4)),
            line(
                2,
                Role::User,
                format!("And now number {number}: the same by the third column, in reverse."),
            ),
        ],
        open: vec![2],
        hints: Vec::new(),
    }
}
