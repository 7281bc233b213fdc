//! Sets the rpath of the fuzzers to libtorch, like the program's build script.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if let Ok(library) = std::env::var("DEP_TCH_LIBTORCH_LIB") {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{library}");
    }
}
