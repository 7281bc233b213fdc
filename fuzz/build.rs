//! Tells the fuzzers where libtorch is, as the program's own build does.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if let Ok(library) = std::env::var("DEP_TCH_LIBTORCH_LIB") {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{library}");
    }
}
