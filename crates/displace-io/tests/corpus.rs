//! The fuzz targets' corpus again, without a fuzzer: every file, every cut of it and some thousand flips of bytes.

use displace_io::{Kind, ReadOptions, read_bytes_as};
use std::path::Path;

const KINDS: &[(&str, Kind)] = &[
    ("npy", Kind::Npy),
    ("npz", Kind::Zip),
    ("flo", Kind::Flo),
    ("pfm", Kind::Pfm),
    ("opencv", Kind::OpenCv),
    ("nifti", Kind::Nifti),
    ("gzip", Kind::Gzip),
    ("metaimage", Kind::MetaImage),
    ("nrrd", Kind::Nrrd),
    ("itk_text", Kind::ItkText),
    ("itk_mat", Kind::ItkMat),
    ("matrix", Kind::Matrix),
    ("torch", Kind::Torch),
    ("safetensors", Kind::Safetensors),
    ("hdf5", Kind::Hdf5),
    ("exr", Kind::Exr),
];

fn ask(kind: Kind, bytes: &[u8]) {
    let options = ReadOptions { memory: Some(1 << 28), ..ReadOptions::default() };
    if let Err(error) = read_bytes_as(kind, bytes, &options) {
        assert!(!error.to_string().contains('\n'), "{error}");
    }
}

#[test]
fn every_target_has_a_corpus_and_survives_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let mut targets: Vec<String> = std::fs::read_dir(root.join("fuzz_targets"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    targets.sort();
    let mut known: Vec<&str> = KINDS.iter().map(|(name, _)| *name).collect();
    known.sort_unstable();
    assert_eq!(targets, known);
    for (name, kind) in KINDS {
        let mut files = 0;
        for entry in std::fs::read_dir(root.join("corpus").join(name)).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            files += 1;
            ask(*kind, &bytes);
            let step = (bytes.len() / 200).max(1);
            for len in (0..bytes.len()).step_by(step) {
                ask(*kind, &bytes[..len]);
            }
            // A small generator of its own (Marsaglia's xorshift): the same flips on every run.
            let mut state = 0x9e37_79b9_7f4a_7c15u64;
            let mut next = || {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state as usize
            };
            for _ in 0..300 {
                let mut flipped = bytes.clone();
                for _ in 0..1 + next() % 4 {
                    if let Some(byte) = {
                        let at = next() % flipped.len().max(1);
                        flipped.get_mut(at)
                    } {
                        *byte = next() as u8;
                    }
                }
                ask(*kind, &flipped);
            }
        }
        assert!(files > 0, "{name} has no corpus");
    }
}
