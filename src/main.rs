//! The command line program: its arguments go to the library, an exit code comes back.

fn main() -> std::process::ExitCode {
    freezewise::cli::main()
}
