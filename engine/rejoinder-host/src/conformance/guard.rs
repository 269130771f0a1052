//! Memory with pages that are forbidden in part.

use std::ffi::c_void;

use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};

use super::outcome::Breach;

/// A copy of some bytes on pages of its own.
#[derive(Debug)]
pub struct GuardedCopy {
    base: *mut c_void,
    mapped: usize,
    start: *const u8,
}

impl GuardedCopy {
    /// Copies `bytes` before a page that nobody may touch: their last byte is the last of its page.
    ///
    /// # Errors
    /// The system gives no such memory.
    pub fn new(bytes: &[u8]) -> Result<Self, Breach> {
        let page = rustix::param::page_size();
        let usable = bytes.len().div_ceil(page).max(1) * page;
        let copy = Self::map(usable + page, usable - bytes.len(), bytes)?;
        copy.protect(usable, page, MprotectFlags::empty())?;
        Ok(copy)
    }

    /// Copies `bytes` to pages that may only be read, with room behind that may be read, too.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn read_only(bytes: &[u8]) -> Result<Self, Breach> {
        let page = rustix::param::page_size();
        let mapped = bytes.len().div_ceil(page).max(1) * page + page;
        let copy = Self::map(mapped, 0, bytes)?;
        copy.protect(0, mapped, MprotectFlags::READ)?;
        Ok(copy)
    }

    /// Maps fresh memory and copies `bytes` to `offset` in it.
    fn map(mapped: usize, offset: usize, bytes: &[u8]) -> Result<Self, Breach> {
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a fresh mapping of its own.
        let base = unsafe { mmap_anonymous(std::ptr::null_mut(), mapped, protection, MapFlags::PRIVATE) }
            .map_err(|e| Breach(format!("no memory of its own: {e}")))?;
        // SAFETY: `offset` and the bytes after it lie in the mapping, to which nobody else has a pointer.
        let start = unsafe {
            let start = base.cast::<u8>().add(offset);
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), start, bytes.len());
            start
        };
        Ok(Self { base, mapped, start })
    }

    fn protect(&self, offset: usize, len: usize, flags: MprotectFlags) -> Result<(), Breach> {
        // SAFETY: whole pages of this mapping, to which nobody has a pointer yet.
        unsafe { mprotect(self.base.cast::<u8>().add(offset).cast(), len, flags) }
            .map_err(|e| Breach(format!("no guarded memory: {e}")))
    }

    /// Where the bytes begin.
    pub const fn start(&self) -> *const u8 {
        self.start
    }
}

impl Drop for GuardedCopy {
    fn drop(&mut self) {
        // SAFETY: the mapping of `map`, which nobody uses any more. That it stays where this fails harms nobody.
        let _ = unsafe { munmap(self.base, self.mapped) };
    }
}
