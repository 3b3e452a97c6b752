use std::io;
use std::sync::{Mutex, MutexGuard};

use super::{HeadStore, Swap};

/// A head that is forgotten with the process: for tests, and for those who begin by a head that they load themselves.
#[derive(Debug, Default)]
pub struct MemoryHeads {
    note: Mutex<Option<Vec<u8>>>,
}

impl MemoryHeads {
    /// A store that holds nothing yet.
    pub fn new() -> MemoryHeads {
        MemoryHeads::default()
    }

    fn note(&self) -> MutexGuard<'_, Option<Vec<u8>>> {
        self.note.lock().expect("nobody panics while holding this lock")
    }
}

impl HeadStore for MemoryHeads {
    fn load(&self) -> io::Result<Option<Vec<u8>>> {
        Ok(self.note().clone())
    }

    fn compare_and_swap(&self, old: Option<&[u8]>, new: &[u8]) -> io::Result<Swap> {
        let mut note = self.note();
        if note.as_deref() != old {
            return Ok(Swap::Lost { current: note.clone() });
        }
        *note = Some(new.to_vec());
        Ok(Swap::Stored)
    }
}
