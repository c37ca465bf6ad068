//! What must hold for every input: laws of the core, on made and random cases.

mod common;

mod laws {
    mod axes;
    mod batches;
    mod constants;
    mod effective;
    mod kernels;
    mod precision;
    mod rests;
    mod round_trip;
    mod strides;
    mod threads;
    mod zero_field;
}
