//! The `displace` command: parse, match, report.

mod args;
mod cmd;
mod failure;
mod figure;
mod input;
mod lattices;
mod output;
mod progress;
mod report;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// The exact displacement of every pixel under a sampling grid: compute it, apply it, look at it.
///
/// Fields are displacements in source pixels, x first, pixel centres at integers, pull direction: the arrow at a
/// destination pixel points to where that pixel is read from.
#[derive(Parser)]
#[command(name = "displace", version, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(cmd::demo::Args),
    Field(cmd::field::Args),
    Warp(cmd::warp::Args),
    Invert(cmd::invert::Args),
    Convert(cmd::convert::Args),
    Make(cmd::make::Args),
    Compose(cmd::compose::Args),
    Exp(cmd::exp::Args),
    Jacobian(cmd::jacobian::Args),
    Points(cmd::points::Args),
    Guess(cmd::guess::Args),
    Info(cmd::info::Args),
    Plot(cmd::plot::Args),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Demo(args) => cmd::demo::run(&args),
        Command::Field(args) => cmd::field::run(&args),
        Command::Warp(args) => cmd::warp::run(&args),
        Command::Invert(args) => cmd::invert::run(&args),
        Command::Convert(args) => cmd::convert::run(&args),
        Command::Make(args) => cmd::make::run(&args),
        Command::Compose(args) => cmd::compose::run(&args),
        Command::Exp(args) => cmd::exp::run(&args),
        Command::Jacobian(args) => cmd::jacobian::run(&args),
        Command::Points(args) => cmd::points::run(&args),
        Command::Guess(args) => cmd::guess::run(&args),
        Command::Info(args) => cmd::info::run(&args),
        Command::Plot(args) => cmd::plot::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}
