//! Each kind of line has one room (ARCHITECTURE.md): this reads the sources and says when one has strayed.

use std::path::{Path, PathBuf};

/// A word of code, and the files and folders of the core that may hold it.
const ROOMS: &[(&str, &[&str])] = &[
    ("rayon", &["rows.rs"]),
    ("fearless_simd", &["kernel/"]),
    ("displace_reads", &["kernel/", "dtype.rs", "op/sample.rs", "op/sample_grad.rs"]),
    ("unsafe", &[]),
    ("std::fs", &[]),
    ("std::path", &[]),
    ("std::env", &["kernel/level.rs"]),
    ("println!", &[]),
    ("align_corners", &["axis.rs"]),
    ("rem_euclid", &["padding.rs", "kernel/locate.rs", "kernel/cubic.rs", "interp.rs", "exact.rs", "op/effective.rs"]),
    (
        ".floor()",
        &["padding.rs", "kernel/locate.rs", "kernel/parts.rs", "kernel/number.rs", "kernel/deform.rs", "dtype.rs", "make/ffd.rs"],
    ),
    ("spade", &["make/scattered"]),
    ("rstar", &["make/scattered"]),
    ("robust", &["make/scattered"]),
    ("bf16", &["dtype.rs", "any.rs", "lib.rs"]),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the source folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn every_word_is_in_its_room() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 20, "the sources are where they were");
    let mut strays = Vec::new();
    for path in files.into_iter().filter(|path| !path.ends_with("tests.rs")) {
        let name = path.strip_prefix(&root).expect("below the root").to_string_lossy().replace('\\', "/");
        let text = std::fs::read_to_string(&path).expect("readable source");
        // Tests, in files or at their ends, may say anything.
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in code.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            for (word, rooms) in ROOMS {
                let stray = line.contains(word) && !rooms.iter().any(|room| name.starts_with(room));
                // Modules are named once in lib.rs; prose inside strings of errors is not code.
                if stray && !line.contains('"') {
                    strays.push(format!("{name}:{}: {word}", number + 1));
                }
            }
        }
    }
    assert!(strays.is_empty(), "{strays:#?}");
}
