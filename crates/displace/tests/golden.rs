//! Against torch 2.15's own numbers, tests/golden/*.npz (MANIFEST.json there says what each array is).

mod common;

mod golden {
    mod affine;
    mod archive;
    mod bounds;
    mod cell;
    mod location;
    mod nearest;
    mod not_finite;
    mod samples;
    mod strange_images;
    mod walk;
}
