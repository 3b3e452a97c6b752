//! Both homes pass the suite.

use indelible_store::objects::conformance::{Home, VOLUME_ENTRIES, check_all};
use indelible_store::objects::{MemoryObjects, SledObjects};
use tempfile::TempDir;

use crate::support::{create, open, small};

struct InMemory(MemoryObjects);

impl Home for InMemory {
    type Objects = MemoryObjects;

    fn open(&self) -> MemoryObjects {
        self.0.clone()
    }
}

struct InSled(TempDir);

impl Home for InSled {
    type Objects = SledObjects;

    fn open(&self) -> SledObjects {
        let options = small(VOLUME_ENTRIES, 2);
        if self.0.path().join("tree.sled").exists() {
            open(self.0.path(), &options)
        } else {
            create(self.0.path(), &options)
        }
    }
}

#[test]
fn memory_conforms() {
    check_all(|| InMemory(MemoryObjects::with_volume_entries(VOLUME_ENTRIES).unwrap()));
}

#[test]
fn sled_conforms() {
    check_all(|| InSled(TempDir::new().unwrap()));
}
