//! Derivatives of sampling: against the specification, finite differences, the adjoint identity, and by hand.

mod common;

mod gradients {
    mod affine;
    mod by_hand;
    mod case;
    mod differences;
    mod errors;
    mod kernels;
    mod threads;
}
