//! `cargo xtask test` passes all tests; `cargo xtask lint` formats, lints and documents with warnings denied; `cargo xtask sanitize`
//! runs the kernels under AddressSanitizer, with a nightly toolchain.
//!
//! Python's part runs in a virtual environment of its own, `target/venv`, made on first use from `tests/python/requirements.txt`.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Runs a program with some arguments and says so first.
fn run(program: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> bool {
    let name = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy();
    println!("$ {name} {}", arguments.join(" "));
    match Command::new(program).args(arguments).envs(environment.iter().copied()).status() {
        Ok(status) => status.success(),
        Err(error) => {
            eprintln!("error: cannot run {name}: {error}");
            false
        }
    }
}

fn cargo(arguments: &[&str], environment: &[(&str, &str)]) -> bool {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    run(Path::new(&cargo), arguments, environment)
}

/// The environment's Python, with everything that the tests need; `None` if that could not be installed.
fn python() -> Option<PathBuf> {
    let (folder, system) = if cfg!(windows) { ("Scripts", "python") } else { ("bin", "python3") };
    let venv = Path::new("target").join("venv");
    let python = venv.join(folder).join(if cfg!(windows) { "python.exe" } else { "python" });
    if !python.exists() && !run(Path::new(system), &["-m", "venv", "target/venv"], &[]) {
        return None;
    }
    // A Python in a relative folder would be looked for from wherever it runs.
    let python = std::path::absolute(python).ok()?;
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "tests/python/requirements.txt"];
    run(&python, &install, &[]).then_some(python)
}

fn test() -> bool {
    cargo(&["test", "--workspace", "--exclude", "displace-py"], &[])
        && test_baseline()
        && python().is_some_and(|python| test_python(&python))
}

/// What the kernels compute, on the instruction set that every machine has.
fn test_baseline() -> bool {
    let tests = ["--test", "laws", "--test", "golden", "--test", "gradients", "--test", "inverse", "--test", "jacobian"];
    let arguments = [&["test", "-p", "displace", "--lib"][..], &tests].concat();
    cargo(&arguments, &[("DISPLACE_SIMD", "baseline")])
}

/// The package as a user gets it, its tests (types among them), and its site.
fn test_python(python: &Path) -> bool {
    run(python, &["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "."], &[])
        && run(python, &["-m", "pytest"], &[])
        && run(python, &["-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", "target/site"], &[])
}

/// The kernels, whose reads are not checked one by one, with each read checked after all.
fn sanitize() -> bool {
    let host = Command::new("rustc").arg("-vV").output().ok().and_then(|output| String::from_utf8(output.stdout).ok());
    let Some(host) = host.as_deref().and_then(|text| text.lines().find_map(|line| line.strip_prefix("host: "))) else {
        eprintln!("error: rustc -vV names no host");
        return false;
    };
    let packages = ["-p", "displace-reads", "-p", "displace", "--lib", "--test", "laws", "--test", "gradients"];
    let arguments =
        [&["run", "nightly", "cargo", "test", "--target", host, "--target-dir", "target/sanitize"][..], &packages].concat();
    run(Path::new("rustup"), &arguments, &[("RUSTFLAGS", "-Zsanitizer=address")])
}

fn lint() -> bool {
    cargo(&["fmt", "--all", "--check"], &[])
        && cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"], &[])
        && cargo(&["doc", "--workspace", "--no-deps"], &[("RUSTDOCFLAGS", "-D warnings")])
        && python().is_some_and(|python| {
            run(&python, &["-m", "ruff", "check"], &[]) && run(&python, &["-m", "ruff", "format", "--check"], &[])
        })
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["test"] => test(),
        ["test-python"] => python().is_some_and(|python| test_python(&python)),
        ["lint"] => lint(),
        ["sanitize"] => sanitize(),
        _ => {
            eprintln!("usage: cargo xtask test | test-python | lint | sanitize");
            return ExitCode::from(2);
        }
    };
    if done { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
