//! Files and folders as bytes, and the way to a real disk.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;

/// All files and folders under a root, by their paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Image {
    pub(crate) folders: BTreeSet<String>,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

impl Image {
    /// Writes everything into an empty folder. What the process would not have written is a hole, which costs neither time nor room.
    pub(crate) fn write_to(&self, root: &Path) {
        for folder in &self.folders {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        for (path, content) in &self.files {
            let path = root.join(path);
            let file = File::create(&path).unwrap();
            // Secrets, which are refused if others may read them.
            if path.ends_with("log.key") || path.ends_with("dedupe.key") {
                file.set_permissions(fs::Permissions::from_mode(0o600)).unwrap();
            }
            file.set_len(content.len() as u64).unwrap();
            for (piece, offset) in content.chunks(ZEROS.len()).zip((0..).step_by(ZEROS.len())) {
                if *piece != ZEROS[..piece.len()] {
                    file.write_all_at(piece, offset).unwrap();
                }
            }
        }
    }

    /// Reads what lies in a folder, but for the files that are `left_out`.
    pub(crate) fn read_from(root: &Path, left_out: fn(&str) -> bool) -> Image {
        let mut image = Image::default();
        image.read_folder(root, "", left_out);
        image
    }

    /// The first path at which two images differ.
    pub(crate) fn difference(&self, other: &Image) -> Option<String> {
        let folder = self.folders.symmetric_difference(&other.folders).next();
        let paths: BTreeSet<&String> = self.files.keys().chain(other.files.keys()).collect();
        let file = || {
            paths
                .into_iter()
                .find(|path| self.files.get(*path) != other.files.get(*path))
        };
        folder.or_else(file).cloned()
    }

    fn read_folder(&mut self, root: &Path, folder: &str, left_out: fn(&str) -> bool) {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let path = if folder.is_empty() {
                name
            } else {
                format!("{folder}/{name}")
            };
            if entry.file_type().unwrap().is_dir() {
                self.read_folder(root, &path, left_out);
                self.folders.insert(path);
            } else if !left_out(&path) {
                self.files.insert(path, fs::read(entry.path()).unwrap());
            }
        }
    }
}

static ZEROS: [u8; 64 << 10] = [0; 64 << 10];
