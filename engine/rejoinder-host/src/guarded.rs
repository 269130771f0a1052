//! Columns that a plugin writes to: the bytes behind the last element belong to a page that nobody may touch, and so do those of the
//! page before the first. A plugin that writes beyond ends itself, in place of memory of the host.

use std::ops::{Deref, DerefMut};

use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};

/// Elements of plain data. `T` has no padding, needs no drop, and its size divides that of a page.
#[derive(Debug)]
pub struct GuardedColumn<T: Copy> {
    /// The mapping, with a forbidden page at either end; null while there is none.
    base: *mut u8,
    mapped: usize,
    /// The first element; dangling while there is none.
    start: *mut T,
    len: usize,
}

// SAFETY: it owns its mapping, as a vector owns its memory.
unsafe impl<T: Copy + Send> Send for GuardedColumn<T> {}
// SAFETY: as above.
unsafe impl<T: Copy + Sync> Sync for GuardedColumn<T> {}

impl<T: Copy> Default for GuardedColumn<T> {
    fn default() -> Self {
        Self { base: std::ptr::null_mut(), mapped: 0, start: std::ptr::dangling_mut(), len: 0 }
    }
}

impl<T: Copy> GuardedColumn<T> {
    /// Makes the column so long; where that is another length, all its elements are `value` then.
    ///
    /// # Panics
    /// The system has no memory left.
    pub fn resize(&mut self, len: usize, value: T) {
        if len == self.len {
            return;
        }
        let (page, bytes) = (rustix::param::page_size(), len * size_of::<T>());
        if bytes + 2 * page > self.mapped {
            *self = Self::mapping(bytes.next_multiple_of(page), page);
        }
        if len > 0 {
            // SAFETY: so many bytes lie between the two forbidden pages, and the end of a page is aligned for `T`.
            self.start = unsafe { self.base.add(self.mapped - page - bytes).cast::<T>() };
        }
        self.len = len;
        // SAFETY: as above; the memory is its own.
        (0..len).for_each(|index| unsafe { self.start.add(index).write(value) });
    }

    fn mapping(usable: usize, page: usize) -> Self {
        let mapped = usable + 2 * page;
        // SAFETY: a fresh mapping of its own, whose outer pages are taken away before anybody has a pointer to them.
        let base = unsafe {
            let protection = ProtFlags::READ | ProtFlags::WRITE;
            mmap_anonymous(std::ptr::null_mut(), mapped, protection, MapFlags::PRIVATE).and_then(|base| {
                mprotect(base, page, MprotectFlags::empty())?;
                mprotect(base.cast::<u8>().add(mapped - page).cast(), page, MprotectFlags::empty())?;
                Ok(base.cast::<u8>())
            })
        };
        let base = base.unwrap_or_else(|e| panic!("no memory for the answers of plugins: {e}"));
        Self { base, mapped, ..Self::default() }
    }
}

impl<T: Copy> Deref for GuardedColumn<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: `resize` has written so many elements there.
        unsafe { std::slice::from_raw_parts(self.start, self.len) }
    }
}

impl<T: Copy> DerefMut for GuardedColumn<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(self.start, self.len) }
    }
}

impl<T: Copy> Drop for GuardedColumn<T> {
    fn drop(&mut self) {
        if !self.base.is_null() {
            // SAFETY: the mapping of `mapping`, which nobody uses any more. That it stays where this fails harms nobody.
            let _ = unsafe { munmap(self.base.cast(), self.mapped) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_ends_where_nobody_may_write_whatever_its_length() {
        let page = rustix::param::page_size();
        let mut column = GuardedColumn::<f32>::default();
        assert!(column.is_empty());
        for len in [0, 1, 3, 256, 2000, 5, 0, 4096] {
            column.resize(len, 0.5);
            assert_eq!(*column, vec![0.5; len]);
            if len > 0 {
                let end = column.as_ptr_range().end.addr();
                assert_eq!((end % page, end), (0, column.base.addr() + column.mapped - page), "{len}");
            }
        }
        column[4095] = 1.0;
        assert_eq!(column[4095].to_bits(), 1.0_f32.to_bits());
    }
}
