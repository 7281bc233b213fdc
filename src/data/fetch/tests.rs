//! Downloads from a server with all kinds of problems, which runs in a thread.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

use md5::{Digest, Md5};

use super::*;

/// What the server does with one request.
#[derive(Clone)]
enum Reply {
    /// Sends what was requested, a part if a range was given.
    Good,
    /// The same, but disconnects after this many bytes.
    CutAfter(usize),
    /// Ignores ranges and sends everything.
    WithoutRanges,
    /// Sends other bytes of the same length.
    Wrong,
    /// Sends a wrong `Content-Length`.
    Claims(usize),
    /// Sends no length, and never stops.
    Endless,
    /// Sends another range than requested.
    Elsewhere,
    /// Sends only a status.
    Status(&'static str),
    /// Accepts the connection and sends nothing.
    Silent,
}

/// The file on the server.
fn content() -> Vec<u8> {
    (0..300_000u64).map(|index| (index * index % 251) as u8).collect()
}

/// A server that follows a list of replies, and its address; it reports the range of each request.
fn serve(replies: Vec<Reply>) -> (String, Receiver<Option<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}/file.bin", listener.local_addr().expect("an address"));
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut silent = Vec::new();
        for reply in replies {
            let Ok((stream, _)) = listener.accept() else { return };
            let start = range(&stream);
            let _ = sender.send(start);
            // A client may disconnect early.
            let _ = answer(&stream, &reply, start);
            if matches!(reply, Reply::Silent) {
                silent.push(stream);
            }
        }
        if !silent.is_empty() {
            std::thread::park();
        }
    });
    (address, receiver)
}

/// Reads a request, and returns the start of its range.
fn range(stream: &TcpStream) -> Option<usize> {
    let mut start = None;
    for line in BufReader::new(stream).lines() {
        let line = line.unwrap_or_default().to_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(range) = line.strip_prefix("range: bytes=") {
            start = range.trim_end_matches('-').parse().ok();
        }
    }
    start
}

fn answer(mut stream: &TcpStream, reply: &Reply, start: Option<usize>) -> std::io::Result<()> {
    let whole = content();
    let head = |status: &str, length: usize, more: &str| {
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{more}\r\n")
    };
    let part = |from: usize| {
        let range = format!("Content-Range: bytes {from}-{}/{}\r\n", whole.len() - 1, whole.len());
        (head("206 Partial Content", whole.len() - from, &range), whole[from..].to_vec())
    };
    let good = || start.map_or_else(|| (head("200 OK", whole.len(), ""), whole.clone()), part);
    let (head, body) = match reply {
        Reply::Good => good(),
        Reply::CutAfter(count) => {
            let (head, body) = good();
            (head, body[..*count].to_vec())
        }
        Reply::WithoutRanges => (head("200 OK", whole.len(), ""), whole.clone()),
        Reply::Wrong => (head("200 OK", whole.len(), ""), vec![7; whole.len()]),
        Reply::Claims(length) => (head("200 OK", *length, ""), whole.clone()),
        Reply::Elsewhere => part(start.unwrap_or(0) + 5),
        Reply::Status(status) => (head(status, 0, ""), Vec::new()),
        Reply::Silent => return Ok(()),
        Reply::Endless => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
            loop {
                stream.write_all(&whole)?;
            }
        }
    };
    stream.write_all(head.as_bytes())?;
    stream.write_all(&body)
}

/// The result of downloads from a server, and the folder for them.
struct Case {
    folder: tempfile::TempDir,
    bytes: Option<u64>,
}

impl Case {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), bytes: Some(content().len() as u64) }
    }

    fn target(&self) -> PathBuf {
        self.folder.path().join("deep/file.bin")
    }

    fn try_fetch(&self, urls: &[&str]) -> Result<FetchOutcome> {
        let digits = text::hex(&Md5::digest(content()));
        let wanted = FetchRequest {
            urls: urls.iter().map(ToString::to_string).collect(),
            bytes: self.bytes,
            // The catalogue's checksums are static; a test may leak its own.
            checksum: Checksum::Md5(digits.leak()),
            origin: "this test",
        };
        let patience = Patience { attempts: 3, pause: Duration::ZERO, silence: Duration::from_millis(300) };
        fetch(&wanted, &self.target(), patience, &mut |_, _| {})
    }

    /// Downloads, which must succeed, and returns the requested ranges.
    fn fetch(&self, replies: &[Reply]) -> Vec<Option<usize>> {
        let (url, ranges) = serve(replies.to_vec());
        assert_eq!(self.try_fetch(&[&url]).expect("it is fetched"), FetchOutcome::Fetched(300_000));
        assert!(fs::read(self.target()).expect("a file") == content(), "the bytes differ");
        assert_eq!(fs::read_dir(self.folder.path().join("deep")).expect("a folder").count(), 1, "a part is left");
        ranges.try_iter().collect()
    }

    /// Downloads, which must fail, and returns the error with its hints. No file may exist under the final name.
    fn fail(&self, replies: &[Reply]) -> String {
        let (url, _) = serve(replies.to_vec());
        let error = self.try_fetch(&[&url]).expect_err("it cannot be fetched");
        assert!(!self.target().exists());
        let hints = error.downcast_ref::<UserError>().map(|error| error.hints().join("\n")).unwrap_or_default();
        format!("{error:#}\n{hints}")
    }
}

#[test]
fn a_file_is_fetched_once() {
    let case = Case::new();
    assert_eq!(case.fetch(&[Reply::Good]), [None]);
    let (url, ranges) = serve(vec![Reply::Good]);
    assert_eq!(case.try_fetch(&[&url]).expect("it is there"), FetchOutcome::Already);
    assert_eq!(ranges.try_iter().count(), 0, "the server was asked");
}

#[test]
fn interrupted_downloads_resume() {
    let replies = [Reply::CutAfter(100_000), Reply::Status("503 Busy"), Reply::CutAfter(50_000), Reply::Good];
    let ranges = Case::new().fetch(&replies);
    assert_eq!(ranges, [None, Some(100_000), Some(100_000), Some(150_000)]);
}

#[test]
fn a_later_command_resumes_a_download() {
    let case = Case::new();
    let said = case.fail(&[Reply::CutAfter(120_000), Reply::Status("404 Gone")]);
    assert!(said.contains("404") && said.contains("120.0 kB are saved"), "{said}");
    assert_eq!(case.fetch(&[Reply::Good]), [Some(120_000)]);
}

#[test]
fn without_ranges_a_download_restarts() {
    let ranges = Case::new().fetch(&[Reply::CutAfter(10), Reply::WithoutRanges]);
    assert_eq!(ranges, [None, Some(10)]);
    let ranges = Case::new().fetch(&[Reply::CutAfter(10), Reply::Elsewhere, Reply::Good]);
    assert_eq!(ranges, [None, Some(10), None]);
    let ranges = Case::new().fetch(&[Reply::CutAfter(10), Reply::Status("416 Range Not Satisfiable"), Reply::Good]);
    assert_eq!(ranges, [None, Some(10), None]);
}

#[test]
fn wrong_bytes_are_not_kept() {
    let case = Case::new();
    let said = case.fail(&[Reply::Wrong]);
    assert!(said.contains("is not the published file: MD5 is ") && said.contains("this test has "), "{said}");
    assert!(!part_of(&case.target()).exists());
    // A part of another file must not survive either.
    fs::write(part_of(&case.target()), vec![9; 1000]).expect("a stale part");
    assert_eq!(case.fetch(&[Reply::Good, Reply::Good]), [Some(1000), None]);
}

#[test]
fn a_wrong_content_length_is_detected() {
    let said = Case::new().fail(&[Reply::Claims(299_999)]);
    assert!(said.contains("the file on the server has 299,999 bytes, the published file 300,000"), "{said}");
    let mut unknown = Case::new();
    unknown.bytes = None;
    // The server claims less than it sends: the rest is not read, and the checksum differs.
    assert!(unknown.fail(&[Reply::Claims(1000)]).contains("is not the published file"));
    // The server claims more than it sends: like a disconnect, at the end.
    let replies = [Reply::Claims(400_000), Reply::Status("404 Gone")];
    assert!(unknown.fail(&replies).contains("404"));
    assert_eq!(fs::metadata(part_of(&unknown.target())).expect("a part").len(), 300_000);
}

#[test]
fn a_server_with_another_file_does_not_cost_the_saved_part() {
    let case = Case::new();
    case.fail(&[Reply::CutAfter(120_000), Reply::Status("404 Gone")]);
    let said = case.fail(&[Reply::Claims(5_000)]);
    assert!(said.contains("the file on the server has 5,000 bytes") && said.contains("120.0 kB are saved"), "{said}");
    assert_eq!(case.fetch(&[Reply::Good]), [Some(120_000)]);
}

#[test]
fn an_endless_response_is_stopped() {
    let case = Case::new();
    let said = case.fail(&[Reply::Endless]);
    assert!(said.contains("the server sent more than 300,000 bytes"), "{said}");
    assert!(!part_of(&case.target()).exists());
}

#[test]
fn retries_are_limited() {
    let busy = vec![Reply::Status("500 Broken"); 3];
    assert!(Case::new().fail(&busy).contains("the server answered 500"));
    let said = Case::new().fail(&vec![Reply::Silent; 3]);
    assert!(said.contains("timeout"), "{said}");
    assert!(said.contains("or download it from elsewhere and save it as `"), "{said}");
}

#[test]
fn the_next_mirror_is_tried() {
    let case = Case::new();
    let ((one, _), (other, _)) = (serve(vec![Reply::Status("404 Not Found")]), serve(vec![Reply::Good]));
    assert_eq!(case.try_fetch(&[&one, &other]).expect("the other has it"), FetchOutcome::Fetched(300_000));
    let nobody = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let error = Case::new().try_fetch(&[&format!("http://{nobody}/file.bin")]).expect_err("nobody is there");
    assert!(error.to_string().starts_with("`http://127.0.0.1:"), "{error}");
}

#[test]
fn an_existing_other_file_is_kept() {
    let case = Case::new();
    fs::create_dir_all(case.target().parent().expect("a folder")).expect("a folder");
    fs::write(case.target(), "mine").expect("a file");
    let error = case.try_fetch(&["http://127.0.0.1:1/"]).expect_err("it is another");
    assert!(error.to_string().contains("exists, but is not the published file"), "{error}");
    assert_eq!(fs::read(case.target()).expect("it stays"), b"mine");
}

#[test]
fn only_one_process_fetches_a_file() {
    let case = Case::new();
    fs::create_dir_all(case.target().parent().expect("a folder")).expect("a folder");
    let part = File::create(part_of(&case.target())).expect("a part");
    part.lock().expect("a lock");
    let error = case.try_fetch(&["http://127.0.0.1:1/"]).expect_err("it is locked");
    assert!(error.to_string().starts_with("another process is fetching"), "{error}");
}
