//! Fields after one another: composition, flows, resolutions, and single places on their way.

mod common;

#[path = "flows/compose.rs"]
mod compose;
#[path = "flows/exp.rs"]
mod exp;
#[path = "inverse/make.rs"]
#[allow(dead_code)]
mod make;
#[path = "flows/points.rs"]
mod points;
#[path = "flows/resize.rs"]
mod resize;
#[path = "flows/splat.rs"]
mod splat;
