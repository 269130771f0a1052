//! Memory that ends where a column ends: the byte after it belongs to a page that nobody may touch.

use super::outcome::Breach;

/// A copy of some bytes, whose last byte is the last of its page.
#[derive(Debug)]
pub struct GuardedCopy {
    base: *mut std::ffi::c_void,
    mapped: usize,
    start: *const u8,
}

impl GuardedCopy {
    /// Copies `bytes` before a page that nobody may touch.
    ///
    /// # Errors
    /// The system gives no such memory.
    pub fn new(bytes: &[u8]) -> Result<Self, Breach> {
        use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect};
        let page = rustix::param::page_size();
        let usable = bytes.len().div_ceil(page).max(1) * page;
        let mapped = usable + page;
        let failed = |e: rustix::io::Errno| Breach(format!("no guarded memory: {e}"));
        // SAFETY: a fresh mapping of its own, whose last page is taken away before anybody has a pointer to it;
        // the bytes fit before that page.
        unsafe {
            let protection = ProtFlags::READ | ProtFlags::WRITE;
            let base = mmap_anonymous(std::ptr::null_mut(), mapped, protection, MapFlags::PRIVATE)
                .map_err(failed)?;
            let guarded = Self { base, mapped, start: base.cast::<u8>().add(usable - bytes.len()) };
            mprotect(base.cast::<u8>().add(usable).cast(), page, MprotectFlags::empty()).map_err(failed)?;
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), guarded.start.cast_mut(), bytes.len());
            Ok(guarded)
        }
    }

    /// Where the bytes begin.
    pub const fn start(&self) -> *const u8 {
        self.start
    }
}

impl Drop for GuardedCopy {
    fn drop(&mut self) {
        // SAFETY: the mapping of `new`, which nobody uses any more. That it stays where this fails harms nobody.
        let _ = unsafe { rustix::mm::munmap(self.base, self.mapped) };
    }
}
