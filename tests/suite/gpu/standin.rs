//! The stand-in's library, built once from `native/standin` against the program's libtorch; it is never shipped.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use sha2::{Digest, Sha256};

const SOURCES: &str = "native/standin";
const SHARED: [&str; 2] = ["native/plugin.h", "native/text.h"];

/// The path of the library.
pub fn library() -> &'static str {
    static LIBRARY: OnceLock<String> = OnceLock::new();
    LIBRARY.get_or_init(|| build().display().to_string())
}

fn sources() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(SOURCES).expect("the stand-in's sources");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.extend(SHARED.map(PathBuf::from));
    paths.sort();
    paths
}

/// Builds the library in a folder named by a hash of its sources.
fn build() -> PathBuf {
    let torch = Path::new(env!("FREEZEWISE_LIBTORCH")).parent().expect("lib lies in torch");
    let mut digest = Sha256::new_with_prefix(torch.display().to_string());
    let sources = sources();
    for path in &sources {
        digest.update(std::fs::read(path).expect("a source"));
    }
    let name = &freezewise::text::hex(&digest.finalize())[..16];
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("standin-{name}"));
    let library = folder.join("libstandin.so");
    if library.is_file() {
        return library;
    }
    std::fs::create_dir_all(&folder).expect("a folder");
    let unfinished = folder.join(format!("unfinished-{}.so", std::process::id()));
    let mut compiler = Command::new("g++");
    compiler.args(["-std=c++17", "-O1", "-fPIC", "-shared", "-w", "-D_GLIBCXX_USE_CXX11_ABI=1"]);
    compiler.arg("-isystem").arg(torch.join("include"));
    compiler.arg("-isystem").arg(torch.join("include/torch/csrc/api/include"));
    compiler.args(sources.iter().filter(|path| path.extension().is_some_and(|ending| ending == "cpp")));
    compiler.arg("-L").arg(torch.join("lib")).args(["-Wl,--no-as-needed", "-ltorch_cpu", "-lc10", "-o"]);
    let status = compiler.arg(&unfinished).status().expect("g++ starts");
    assert!(status.success(), "the stand-in does not compile");
    std::fs::rename(&unfinished, &library).expect("one file system");
    library
}
