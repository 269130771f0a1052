//! Text and bytes across the border: borrowed strings, and the host's slot for error messages.

use crate::{Bytes, Error, Str};

impl Str {
    /// A string that lives until the process ends.
    pub const fn from_static(text: &'static str) -> Self {
        Self { ptr: text.as_ptr(), len: text.len() }
    }

    /// A string borrowed for the duration of one call.
    pub const fn borrowed(text: &str) -> Self {
        Self { ptr: text.as_ptr(), len: text.len() }
    }

    /// The text, or `None` where it is not UTF-8. A null pointer is the empty string.
    ///
    /// # Safety
    /// `ptr` is null, or points to `len` bytes that nobody changes during `'a`.
    pub unsafe fn get<'a>(self) -> Option<&'a str> {
        if self.ptr.is_null() {
            return Some("");
        }
        // SAFETY: the caller promises that the bytes are there and stay.
        std::str::from_utf8(unsafe { std::slice::from_raw_parts(self.ptr, self.len) }).ok()
    }
}

impl Bytes {
    /// Bytes that live until the process ends.
    pub const fn from_static(bytes: &'static [u8]) -> Self {
        Self { ptr: bytes.as_ptr(), len: bytes.len() }
    }

    /// The bytes; none where the pointer is null.
    ///
    /// # Safety
    /// `ptr` is null, or points to `len` bytes that nobody changes during `'a`.
    pub unsafe fn get<'a>(self) -> &'a [u8] {
        if self.ptr.is_null() {
            return &[];
        }
        // SAFETY: the caller promises that the bytes are there and stay.
        unsafe { std::slice::from_raw_parts(self.ptr, self.len) }
    }
}

impl Error {
    /// A slot over the host's buffer.
    pub fn over(buffer: &mut [u8]) -> Self {
        Self {
            struct_size: size_of::<Self>() as u32,
            cap: u32::try_from(buffer.len()).unwrap_or(u32::MAX),
            len: 0,
            reserved: 0,
            buf: buffer.as_mut_ptr(),
        }
    }

    /// Writes `message` into the slot, cut at a character boundary where it does not fit. A null slot is ignored.
    ///
    /// # Safety
    /// `slot` is null, or points to a slot whose `buf` has `cap` writable bytes.
    pub unsafe fn write(slot: *mut Self, message: &str) {
        // SAFETY: the caller promises a slot that may be written to.
        let Some(slot) = (unsafe { slot.as_mut() }) else { return };
        if slot.buf.is_null() {
            return;
        }
        let len = message.floor_char_boundary(slot.cap as usize);
        // SAFETY: `len` is at most `cap`, and the slot's buffer is the host's, so it does not overlap `message`.
        unsafe { std::ptr::copy_nonoverlapping(message.as_ptr(), slot.buf, len) };
        slot.len = len as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_does_not_fit_is_cut_between_characters() {
        let mut buffer = [0; 4];
        let mut slot = Error::over(&mut buffer);
        // SAFETY: the slot is over a live buffer.
        unsafe { Error::write(&mut slot, "abcé") };
        let len = slot.len as usize;
        assert_eq!(&buffer[..len], b"abc");
    }

    #[test]
    fn null_is_empty_and_broken_bytes_are_no_text() {
        let bytes = [0xff_u8];
        // SAFETY: null is allowed, and `bytes` outlives the use.
        unsafe {
            assert_eq!(Str { ptr: std::ptr::null(), len: 0 }.get(), Some(""));
            assert_eq!(Str { ptr: bytes.as_ptr(), len: 1 }.get(), None);
        }
    }
}
