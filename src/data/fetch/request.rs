//! One HTTP request, and as much of a file as it brings.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::time::Duration;

use ureq::http::{Response, StatusCode, header};
use ureq::{Agent, Body};

use super::{FetchWatch, Patience};
use crate::text;

/// In bytes. No known data set has a file of nearly this size; limits servers that never stop sending.
const LARGEST: u64 = 4 << 30;

/// Why a request did not bring the rest of the file.
#[derive(Debug)]
pub(super) enum RequestFailure {
    /// Temporary: the server is down, slow or disconnected. Retry.
    Passing(String),
    /// Permanent: the server does not have the file.
    Lasting(String),
    /// The file cannot be written here.
    Ours(io::Error),
}

impl From<io::Error> for RequestFailure {
    fn from(error: io::Error) -> Self {
        Self::Ours(error)
    }
}

pub(super) fn agent(patience: Patience) -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(Duration::from_secs(30).min(patience.silence)))
        .timeout_recv_response(Some(patience.silence))
        .timeout_per_read(Some(patience.silence))
        .user_agent(concat!("freezewise/", env!("CARGO_PKG_VERSION")))
        .build()
        .into()
}

/// Requests the missing bytes and appends them. If the server sends the whole file, the file starts over.
pub(super) fn request(
    agent: &Agent,
    url: &str,
    bytes: Option<u64>,
    file: &mut File,
    watch: FetchWatch<'_>,
) -> Result<(), RequestFailure> {
    let mut start = file.metadata()?.len();
    if bytes.is_some_and(|bytes| start > bytes) {
        file.set_len(0)?;
        start = 0;
    }
    if bytes == Some(start) {
        return Ok(());
    }
    let mut get = agent.get(url);
    if start > 0 {
        get = get.header(header::RANGE, format!("bytes={start}-"));
    }
    let mut response = get.call().map_err(|error| RequestFailure::Passing(error.to_string()))?;
    match response.status() {
        // The file is cut only once the length of the answer is known to be right.
        StatusCode::OK => start = 0,
        StatusCode::PARTIAL_CONTENT if first_byte(&response) == Some(start) => {}
        StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE => {
            file.set_len(0)?;
            return Err(RequestFailure::Passing("the server did not resume at the requested byte".into()));
        }
        status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
            return Err(RequestFailure::Passing(format!("the server answered {status}")));
        }
        status => return Err(RequestFailure::Lasting(format!("the server answered {status}"))),
    }
    let rest = response.body().content_length();
    let total = rest.map(|rest| start + rest);
    if let (Some(total), Some(bytes)) = (total, bytes)
        && total != bytes
    {
        let [total, bytes] = [total, bytes].map(text::grouped);
        return Err(RequestFailure::Lasting(format!(
            "the file on the server has {total} bytes, the published file {bytes}"
        )));
    }
    file.set_len(start)?;
    let total = total.or(bytes);
    let end = append(response.body_mut().as_reader(), file, start, total, watch)?;
    match total {
        Some(total) if end < total => Err(RequestFailure::Passing(cut_off(end, Some(total)))),
        _ => Ok(()),
    }
}

/// The first byte of a partial response: `Content-Range: bytes 100-199/1000`.
fn first_byte(response: &Response<Body>) -> Option<u64> {
    let range = response.headers().get(header::CONTENT_RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split('-').next()?.trim().parse().ok()
}

fn append(
    mut body: impl Read,
    file: &mut File,
    start: u64,
    total: Option<u64>,
    watch: FetchWatch<'_>,
) -> Result<u64, RequestFailure> {
    let most = total.unwrap_or(LARGEST);
    let mut end = file.seek(SeekFrom::Start(start))?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        watch(end, total);
        let count = match body.read(&mut buffer) {
            Ok(0) => return Ok(end),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(RequestFailure::Passing(format!("{}: {error}", cut_off(end, total)))),
        };
        if end + count as u64 > most {
            file.set_len(0)?;
            return Err(RequestFailure::Lasting(format!("the server sent more than {} bytes", text::grouped(most))));
        }
        file.write_all(&buffer[..count])?;
        end += count as u64;
    }
}

fn cut_off(end: u64, total: Option<u64>) -> String {
    let of = total.map_or(String::new(), |total| format!(" of {}", text::grouped(total)));
    format!("the connection ended after {}{of} bytes", text::grouped(end))
}
