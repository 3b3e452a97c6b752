//! A disk that loses its power, as a value.
//!
//! A write reaches the page cache at once; it is on the platter when a sync of its file that began after it has ended, and until
//! then each of its sectors may be there or not, whatever became of the others. A name (made, replaced, removed) belongs to its
//! folder in the same way. `sync_file_range` promises nothing: it writes neither the file's length nor the disk's own cache.
//!
//! A sector that was written twice since the last sync may also show what it had in between. Nothing here touches a real disk.

mod file;
mod folder;

use std::collections::{BTreeMap, BTreeSet};

use self::file::File;
use self::folder::{Folder, Naming};
use crate::image::Image;

/// Files and folders under one root. Paths are relative to it, with `/` between names.
#[derive(Clone, Debug)]
pub(crate) struct Disk {
    nodes: Vec<Node>,
    /// Counts what can be lost; each has its own number, in the order in which it was written.
    written: u64,
}

/// What a lost sector or name belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Area {
    /// The journal.
    Journal,
    /// The object store.
    Tree,
    /// All other files: the leaf index, the lock, the head that is remembered outside.
    Other,
}

/// What a power loss may take: one sector as one write left it, or one change of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    /// Its number.
    pub(crate) number: u64,
    pub(crate) area: Area,
    pub(crate) part: Part,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Sector,
    Name,
}

/// A sync that has begun: what was written before is durable when it has ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sync {
    node: usize,
    upto: u64,
}

#[derive(Clone, Debug)]
enum Node {
    File(File),
    Folder(Folder),
}

#[derive(Clone, Debug)]
struct Pending<T> {
    number: u64,
    change: T,
}

impl Area {
    /// Where a path belongs.
    pub(crate) fn of(path: &str) -> Area {
        let path = format!("/{path}/");
        if path.contains("/journal/") {
            Area::Journal
        } else if path.contains("/tree.sled/") {
            Area::Tree
        } else {
            Area::Other
        }
    }

    /// Disks write 512 bytes at once or none of them; the journal counts on no more. sled's pages go to the disk as pages of the
    /// cache.
    fn sector_bytes(self) -> usize {
        match self {
            Area::Journal => 512,
            Area::Tree | Area::Other => 4096,
        }
    }
}

impl Disk {
    /// An empty folder.
    pub(crate) fn new() -> Disk {
        Disk {
            nodes: vec![Node::Folder(Folder::new(Area::Other))],
            written: 0,
        }
    }

    /// A disk that holds an image, all of it durable.
    pub(crate) fn holding(image: &Image) -> Disk {
        let mut disk = Disk::new();
        for folder in &image.folders {
            disk.make_folder(folder);
        }
        for (path, content) in &image.files {
            disk.open(path, true, false);
            disk.write(path, 0, content);
        }
        for node in 0..disk.nodes.len() {
            disk.end_sync(Sync {
                node,
                upto: disk.written,
            });
        }
        disk
    }

    pub(crate) fn make_folder(&mut self, path: &str) {
        self.make(path, Node::Folder(Folder::new(Area::of(path))));
    }

    /// Makes an empty file if there is none, and empties one that is there if `emptied`.
    pub(crate) fn open(&mut self, path: &str, made: bool, emptied: bool) {
        match self.find(path) {
            Some(_) if emptied => self.cut(path, 0),
            None if made => self.make(path, Node::File(File::new(Area::of(path)))),
            _ => {}
        }
    }

    pub(crate) fn write(&mut self, path: &str, offset: usize, bytes: &[u8]) {
        let (file, written) = self.file(path);
        file.write(offset, bytes, written);
    }

    pub(crate) fn cut(&mut self, path: &str, length: usize) {
        let (file, written) = self.file(path);
        file.cut(length, written);
    }

    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        let (folder, name) = split(from);
        let (same, new_name) = split(to);
        assert_eq!(folder, same, "a rename within one folder is all that is modelled");
        let node = self.find(from).expect("what is renamed exists");
        self.name(folder, Some(name), Some((new_name, node)));
    }

    pub(crate) fn remove(&mut self, path: &str) {
        let (folder, name) = split(path);
        self.name(folder, Some(name), None);
    }

    pub(crate) fn begin_sync(&self, path: &str) -> Sync {
        Sync {
            node: self
                .find(path)
                .unwrap_or_else(|| panic!("{path} is synced, but unknown")),
            upto: self.written,
        }
    }

    pub(crate) fn end_sync(&mut self, sync: Sync) {
        match &mut self.nodes[sync.node] {
            Node::File(file) => file.sync(sync.upto),
            Node::Folder(folder) => folder.sync(sync.upto),
        }
    }

    /// All that the power may take at this moment, in the order in which it was written.
    pub(crate) fn pending(&self) -> Vec<Unit> {
        let mut units = Vec::new();
        for node in &self.nodes {
            match node {
                Node::File(file) => units.extend(file.pending()),
                Node::Folder(folder) => units.extend(folder.pending()),
            }
        }
        units.sort_unstable_by_key(|unit| unit.number);
        units
    }

    /// What the next start finds if the power takes `lost`.
    pub(crate) fn image(&self, lost: &BTreeSet<u64>, short: bool) -> Image {
        let mut image = Image::default();
        let left = |folder: &Folder| folder.left(lost);
        self.collect(0, "", &mut image, &left, &|file| file.left(lost, short));
        image
    }

    /// What a process sees.
    pub(crate) fn cached(&self) -> Image {
        let mut image = Image::default();
        self.collect(0, "", &mut image, &|folder| folder.cached.clone(), &|file| {
            file.cached.clone()
        });
        image
    }

    fn collect(
        &self,
        node: usize,
        path: &str,
        image: &mut Image,
        names: &dyn Fn(&Folder) -> BTreeMap<String, usize>,
        content: &dyn Fn(&File) -> Vec<u8>,
    ) {
        match &self.nodes[node] {
            Node::File(file) => {
                image.files.insert(path.to_owned(), content(file));
            }
            Node::Folder(folder) => {
                if !path.is_empty() {
                    image.folders.insert(path.to_owned());
                }
                for (name, node) in names(folder) {
                    let path = if path.is_empty() {
                        name
                    } else {
                        format!("{path}/{name}")
                    };
                    self.collect(node, &path, image, names, content);
                }
            }
        }
    }

    fn make(&mut self, path: &str, node: Node) {
        let (folder, name) = split(path);
        self.nodes.push(node);
        self.name(folder, None, Some((name, self.nodes.len() - 1)));
    }

    fn name(&mut self, folder: &str, removed: Option<&str>, made: Option<(&str, usize)>) {
        self.written += 1;
        let number = self.written;
        let node = self
            .find(folder)
            .unwrap_or_else(|| panic!("the folder {folder:?} is unknown"));
        let Node::Folder(folder) = &mut self.nodes[node] else {
            panic!("{folder} is no folder");
        };
        let change = Naming {
            removed: removed.map(str::to_owned),
            made: made.map(|(name, node)| (name.to_owned(), node)),
        };
        folder.change(number, change);
    }

    fn file(&mut self, path: &str) -> (&mut File, &mut u64) {
        let node = self
            .find(path)
            .unwrap_or_else(|| panic!("{path} is written to, but unknown"));
        match &mut self.nodes[node] {
            Node::File(file) => (file, &mut self.written),
            Node::Folder(_) => panic!("{path} is a folder"),
        }
    }

    fn find(&self, path: &str) -> Option<usize> {
        path.split('/')
            .filter(|name| !name.is_empty())
            .try_fold(0, |node, name| match &self.nodes[node] {
                Node::Folder(folder) => folder.cached.get(name).copied(),
                Node::File(_) => None,
            })
    }
}

/// Takes out what was written up to the number `upto`.
fn take<T>(pending: &mut Vec<Pending<T>>, upto: u64) -> Vec<Pending<T>> {
    let end = pending.partition_point(|pending| pending.number <= upto);
    pending.drain(..end).collect()
}

/// A path as its folder and its name in it.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEGMENT: &str = "journal/0.seg";

    /// A journal file of four sectors `a`, synced with its name, and then `b` in the second, and `c` in the two behind the end.
    fn disk() -> Disk {
        let mut disk = Disk::new();
        disk.make_folder("journal");
        disk.open(SEGMENT, true, false);
        disk.write(SEGMENT, 0, &[b'a'; 2048]);
        for path in ["", "journal", SEGMENT] {
            disk.end_sync(disk.begin_sync(path));
        }
        assert!(disk.pending().is_empty());
        disk.write(SEGMENT, 512, &[b'b'; 512]);
        disk.write(SEGMENT, 2048, &[b'c'; 1024]);
        disk
    }

    /// The first byte of each sector.
    fn sectors(disk: &Disk, lost: &[usize], short: bool) -> String {
        let pending = disk.pending();
        let lost = lost.iter().map(|&place| pending[place].number).collect();
        let image = disk.image(&lost, short);
        image.files[SEGMENT]
            .chunks(512)
            .map(|sector| char::from(sector[0].max(b'0')))
            .collect()
    }

    #[test]
    fn a_lost_sector_shows_what_was_synced_or_zeros_or_the_file_ends_before_it() {
        let disk = disk();
        for (lost, zeros, short) in [
            (&[][..], "abaacc", "abaacc"),
            (&[0], "aaaacc", "aaaacc"),
            (&[1], "abaa0c", "abaa0c"),
            (&[2], "abaac0", "abaac"),
            (&[1, 2], "abaa00", "abaa"),
            (&[0, 1, 2], "aaaa00", "aaaa"),
        ] {
            assert_eq!(sectors(&disk, lost, false), zeros, "{lost:?}");
            assert_eq!(sectors(&disk, lost, true), short, "{lost:?}");
        }
    }

    #[test]
    fn a_sync_makes_durable_what_was_written_before_it_began() {
        let mut disk = disk();
        let sync = disk.begin_sync(SEGMENT);
        disk.write(SEGMENT, 1024, &[b'd'; 512]);
        disk.end_sync(sync);
        assert_eq!(disk.pending().len(), 1, "what was written while it ran");
        assert_eq!(sectors(&disk, &[0], true), "abaacc");
        assert_eq!(sectors(&disk, &[], true), "abdacc");
    }

    #[test]
    fn a_sector_written_twice_may_show_what_it_had_in_between() {
        let mut disk = disk();
        disk.write(SEGMENT, 512, b"B");
        assert_eq!(sectors(&disk, &[3], true), "abaacc");
        assert_eq!(
            sectors(&disk, &[0], true),
            "aBaacc",
            "it was the whole sector that was written again"
        );
        assert_eq!(sectors(&disk, &[0, 3], true), "aaaacc");
    }

    #[test]
    fn a_file_that_was_cut_may_still_be_long() {
        let mut disk = disk();
        disk.cut(SEGMENT, 600);
        assert_eq!(disk.image(&BTreeSet::new(), false).files[SEGMENT].len(), 600);
        let all: Vec<usize> = (0..disk.pending().len()).collect();
        assert_eq!(sectors(&disk, &all, false), "aaaa");
        disk.end_sync(disk.begin_sync(SEGMENT));
        assert_eq!(sectors(&disk, &[], false), "ab");
    }

    #[test]
    fn a_name_is_its_folders_and_a_file_without_one_is_gone() {
        let mut disk = Disk::new();
        disk.make_folder("journal");
        disk.open("journal/1.seg.new", true, false);
        disk.write("journal/1.seg.new", 0, &[b'a'; 512]);
        disk.end_sync(disk.begin_sync("journal/1.seg.new"));
        disk.rename("journal/1.seg.new", "journal/1.seg");
        disk.end_sync(disk.begin_sync(""));
        let names = |disk: &Disk, lost: &[usize]| {
            let pending = disk.pending();
            let lost = lost.iter().map(|&place| pending[place].number).collect();
            disk.image(&lost, false).files.into_keys().collect::<Vec<_>>()
        };
        assert_eq!(names(&disk, &[]), ["journal/1.seg"]);
        assert_eq!(
            names(&disk, &[0]),
            ["journal/1.seg"],
            "the later change names it all the same"
        );
        assert_eq!(names(&disk, &[1]), ["journal/1.seg.new"]);
        assert_eq!(names(&disk, &[0, 1]), [""; 0]);
        disk.end_sync(disk.begin_sync("journal"));
        disk.remove("journal/1.seg");
        assert_eq!(names(&disk, &[]), [""; 0]);
        assert_eq!(names(&disk, &[0]), ["journal/1.seg"]);
        assert_eq!(
            disk.image(&BTreeSet::from([disk.pending()[0].number]), false).files["journal/1.seg"].len(),
            512
        );
    }
}
