//! The library as its users see it.

mod common;

mod api {
    mod empty;
    mod errors;
    mod sizes;
}
