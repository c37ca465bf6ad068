//! `cargo xtask test` passes all tests; `cargo xtask lint` formats, lints and documents with warnings denied.

use std::process::{Command, ExitCode};

/// Runs cargo with some arguments and says so first.
fn cargo(arguments: &[&str], environment: &[(&str, &str)]) -> bool {
    println!("$ cargo {}", arguments.join(" "));
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    match Command::new(cargo).args(arguments).envs(environment.iter().copied()).status() {
        Ok(status) => status.success(),
        Err(error) => {
            eprintln!("error: cannot run cargo: {error}");
            false
        }
    }
}

fn test() -> bool {
    cargo(&["test", "--workspace"], &[])
}

fn lint() -> bool {
    cargo(&["fmt", "--all", "--check"], &[])
        && cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"], &[])
        && cargo(&["doc", "--workspace", "--no-deps"], &[("RUSTDOCFLAGS", "-D warnings")])
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["test"] => test(),
        ["lint"] => lint(),
        _ => {
            eprintln!("usage: cargo xtask test | lint");
            return ExitCode::from(2);
        }
    };
    if done { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
