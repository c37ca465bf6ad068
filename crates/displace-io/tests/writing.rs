//! Writes: whole or not at all.

mod common;

use common::{counted, folder, line, names};
use displace::DType;
use displace_io::{WriteError, write_bytes, write_image, write_npy, write_npz};
use std::fs;
use std::path::Path;

type Writer = fn(&Path) -> Result<(), WriteError>;

/// Every writer, with a name it accepts.
const WRITERS: [(&str, Writer); 5] = [
    ("a.npy", |path| write_npy(path, &counted(DType::U8, &[2, 2]))),
    ("a.npz", |path| write_npz(path, &[("x", &counted(DType::U8, &[2, 2]))])),
    ("a.png", |path| write_image(path, &counted(DType::U8, &[2, 2]))),
    ("a.tif", |path| write_image(path, &counted(DType::U8, &[2, 2]))),
    ("a.txt", |path| write_bytes(path, b"text")),
];

#[test]
fn only_the_file_is_left() {
    for (name, write) in WRITERS {
        let folder = folder();
        let path = folder.path().join(name);
        write(&path).unwrap();
        let first = fs::read(&path).unwrap();
        write(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), first);
        assert_eq!(names(folder.path()), [name]);
    }
}

#[test]
fn unwritable_targets_are_named() {
    for (name, write) in WRITERS {
        let folder = folder();
        let missing = folder.path().join("no/such");
        let path = missing.join(name);
        assert_eq!(line(write(&path), &path), format!("cannot be written: the folder \"{}\" does not exist", missing.display()));
        let path = folder.path().join(name);
        fs::create_dir(&path).unwrap();
        assert_eq!(line(write(&path), &path), "cannot be written: it is a folder");
        let path = path.join(name);
        fs::write(&path, "a file").unwrap();
        let below = path.join(name);
        assert!(line(write(&below), &below).contains("does not exist"));
        assert_eq!(fs::read(&path).unwrap(), b"a file");
    }
}

#[test]
fn a_failed_write_keeps_what_was_there() {
    let folder = folder();
    let path = folder.path().join("a.png");
    fs::write(&path, "before").unwrap();
    let refused = write_image(&path, &counted(DType::F32, &[2, 2]));
    assert!(line(refused, &path).contains(".png"));
    assert_eq!((fs::read(&path).unwrap().as_slice(), names(folder.path())), (&b"before"[..], vec!["a.png".to_string()]));
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn new_files_have_the_usual_permissions_and_old_ones_keep_theirs() {
        let folder = folder();
        let usual = folder.path().join("usual");
        fs::write(&usual, "").unwrap();
        let path = folder.path().join("a.npy");
        let write = WRITERS[0].1;
        write(&path).unwrap();
        assert_eq!(mode(&path), mode(&usual));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        write(&path).unwrap();
        assert_eq!(mode(&path), 0o640);
    }

    #[test]
    fn what_may_not_be_written_is_not_replaced() {
        let folder = folder();
        let path = folder.path().join("a.npy");
        fs::write(&path, "before").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
        // Some users may write everything: nothing is refused to them.
        if fs::File::options().append(true).open(&path).is_err() {
            assert_eq!(line(WRITERS[0].1(&path), &path), "cannot be written: permission denied");
            assert_eq!(fs::read(&path).unwrap(), b"before");
        }
        let closed = folder.path().join("closed");
        fs::create_dir(&closed).unwrap();
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o555)).unwrap();
        if fs::write(closed.join("probe"), "").is_err() {
            let path = closed.join("a.npy");
            let expected = format!("cannot be written: the folder \"{}\" takes no new file: permission denied", closed.display());
            assert_eq!(line(WRITERS[0].1(&path), &path), expected);
        }
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[test]
    fn links_are_followed() {
        let folder = folder();
        let (target, link) = (folder.path().join("target.npy"), folder.path().join("link.npy"));
        fs::write(&target, "before").unwrap();
        symlink(&target, &link).unwrap();
        WRITERS[0].1(&link).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert!(fs::read(&target).unwrap().starts_with(b"\x93NUMPY"));
    }

    #[test]
    fn devices_are_written_to_not_replaced() {
        for (_, write) in &WRITERS[..2] {
            write(Path::new("/dev/null")).unwrap();
        }
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
        if Path::new("/dev/full").exists() {
            assert!(line(write_bytes(Path::new("/dev/full"), b"text"), Path::new("/dev/full")).starts_with("cannot be written: "));
        }
    }
}
