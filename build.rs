//! Compiles the C++ shim that is linked into the program, and the CUDA plugin, against the libtorch that torch-sys
//! links. Sets the rpath of the binary to that libtorch.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

const PLUGIN: &str = "libfreezewise_cuda.so";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=native");
    println!("cargo:rerun-if-env-changed=DEP_TCH_LIBTORCH_LIB");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let (mut plugin, mut capabilities) = (None, String::new());
    // torch-sys names the place of libtorch; without it (documentation builds) there is nothing to compile.
    if let Some(library) = env::var_os("DEP_TCH_LIBTORCH_LIB").map(PathBuf::from) {
        check_version(&library);
        println!("cargo:rustc-link-arg=-Wl,-rpath,{}", library.display());
        println!("cargo:rerun-if-changed={}", library.join("libtorch_cpu.so").display());
        compile_shim(&library);
        plugin = compile_plugin(&library, &out);
        capabilities = cuda_capabilities(&library);
    }
    println!("cargo:rustc-env=FREEZEWISE_CUDA_CAPABILITIES={capabilities}");
    let plugin = plugin.map(|path| path.display().to_string()).unwrap_or_default();
    println!("cargo:rustc-env=FREEZEWISE_BUILT_PLUGIN={plugin}");
    // Tests compile a stand-in for CUDA against the same libtorch.
    let library = env::var("DEP_TCH_LIBTORCH_LIB").unwrap_or_default();
    println!("cargo:rustc-env=FREEZEWISE_LIBTORCH={library}");
}

/// The bindings work with exactly one release of libtorch, and do not check it themselves.
fn check_version(library: &Path) {
    const NEEDED: [&str; 3] = ["MAJOR 2", "MINOR 11", "PATCH 0"];
    let header = library.join("../include/torch/headeronly/version.h");
    // A libtorch without this header is older than the required release.
    let text = fs::read_to_string(&header).unwrap_or_default();
    let fits = NEEDED.iter().all(|part| text.contains(&format!("#define TORCH_VERSION_{part}\n")));
    assert!(fits, "libtorch in {} is not 2.11.0: scripts/setup installs it", library.display());
}

/// Compiles the part of the shim that needs no CUDA and links it into the program.
fn compile_shim(library: &Path) {
    let torch = library.join("../include");
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .opt_level(2)
        .debug(false)
        .define("_GLIBCXX_USE_CXX11_ABI", "1")
        // Must match libtorch's own build: without it, its headers lay out some classes differently.
        .define("NDEBUG", None)
        .flag("-isystem")
        .flag(torch.to_str().expect("a path in UTF-8"))
        .file("native/shim.cpp")
        .file("native/count.cpp")
        .compile("freezewise_shim");
}

/// Compiles the CUDA plugin; `None` if libtorch has no CUDA support or the CUDA headers are missing.
fn compile_plugin(library: &Path, out: &Path) -> Option<PathBuf> {
    let torch = library.parent()?.canonicalize().ok()?;
    if !library.join("libtorch_cuda.so").exists() {
        return None;
    }
    let cuda = cuda_headers(&torch)?;
    let plugin = out.join(PLUGIN);
    let mut compiler = cc::Build::new()
        .cpp(true)
        .std("c++17")
        .opt_level(2)
        .pic(true)
        .warnings(false)
        .debug(false)
        .get_compiler()
        .to_command();
    compiler.arg("-shared").arg("native/cuda.cpp").arg("-o").arg(&plugin);
    compiler.args(["-D_GLIBCXX_USE_CXX11_ABI=1", "-Wl,--no-as-needed"]);
    compiler.arg("-isystem").arg(torch.join("include"));
    compiler.arg("-isystem").arg(torch.join("include/torch/csrc/api/include"));
    compiler.arg("-isystem").arg(cuda);
    compiler.arg("-L").arg(library).args(["-ltorch_cuda", "-lc10_cuda", "-ltorch_cpu", "-lc10"]);
    run(&mut compiler);
    let beside = beside_binary(out);
    fs::copy(&plugin, &beside)
        .unwrap_or_else(|error| panic!("cannot copy the plugin to {}: {error}", beside.display()));
    Some(plugin)
}

/// The compute capabilities that libtorch has kernels for, such as `75 80 90`. `libtorch_cuda.so` holds the compiler
/// options as text, the same that `torch.__config__.show()` prints. Empty if that text is missing.
fn cuda_capabilities(library: &Path) -> String {
    let options = Command::new("grep")
        .args(["-aohE", "code=sm_[0-9]+"])
        .arg(library.join("libtorch_cuda.so"))
        .env("LC_ALL", "C")
        .output()
        .map(|output| output.stdout)
        .unwrap_or_default();
    let options = String::from_utf8_lossy(&options);
    let mut numbers: Vec<u32> =
        options.lines().filter_map(|line| line.strip_prefix("code=sm_")?.parse().ok()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(" ")
}

/// CUDA headers: from the Python wheels beside libtorch, or from an installed toolkit.
fn cuda_headers(torch: &Path) -> Option<PathBuf> {
    // CUDA 13's wheels share one folder; each of CUDA 12's has its own.
    let wheels = ["../nvidia/cu13/include", "../nvidia/cuda_runtime/include"].map(|folder| torch.join(folder));
    let mut candidates = wheels.into_iter().chain([PathBuf::from("/usr/local/cuda/include")]);
    let found = candidates.find(|path| path.join("cuda_runtime_api.h").exists());
    if found.is_none() {
        println!("cargo:warning=CUDA headers not found: this build runs on the CPU only (scripts/setup installs them)");
    }
    found
}

/// Path of the plugin in target/release, given target/release/build/NAME/out, so that it can be copied along with the
/// binary.
fn beside_binary(out: &Path) -> PathBuf {
    out.ancestors().nth(3).unwrap_or(out).join(PLUGIN)
}

fn run(command: &mut Command) {
    let compiler = command.get_program().to_string_lossy().into_owned();
    let status = command.status().unwrap_or_else(|error| panic!("cannot run `{compiler}`: {error}"));
    assert!(status.success(), "`{compiler}` failed to compile native/cuda.cpp: {status}");
}
