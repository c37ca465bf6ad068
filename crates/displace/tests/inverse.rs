//! The inverse of a map against closed forms, against a slow search of every cell, and against itself.

mod common;

#[path = "inverse/brute.rs"]
mod brute;
#[path = "inverse/closed_forms.rs"]
mod closed_forms;
#[path = "inverse/defined.rs"]
mod defined;
#[path = "inverse/degenerate.rs"]
mod degenerate;
#[path = "inverse/iterations.rs"]
mod iterations;
#[path = "inverse/make.rs"]
mod make;
#[path = "inverse/threads.rs"]
mod threads;
