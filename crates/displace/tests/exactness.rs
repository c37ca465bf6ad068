//! `displacement` against exact rational arithmetic: every value is the real number that the stored grid value stands
//! for, rounded once, half to even.

mod common;

mod exactness {
    mod adversarial;
    mod axes;
    mod far;
    mod rational;
    mod sweep;
}
