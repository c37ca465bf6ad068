//! Derivatives of fields, and folds.

mod common;

#[path = "jacobian/derivatives.rs"]
mod derivatives;
#[path = "jacobian/folds.rs"]
mod folds;
#[path = "inverse/make.rs"]
#[allow(dead_code)]
mod make;
