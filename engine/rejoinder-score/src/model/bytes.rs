//! Reading and writing of numbers, little-endian; a reader that never runs past the end.

use super::FileError;

#[derive(Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    pub(super) fn u16(&mut self, value: u16) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn f32(&mut self, value: f32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn text(&mut self, text: &str) {
        self.u32(text.len() as u32);
        self.0.extend_from_slice(text.as_bytes());
    }
}

pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn bytes(&mut self, n: usize) -> Result<&'a [u8], FileError> {
        let (taken, rest) = self.0.split_at_checked(n).ok_or(FileError::Short)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], FileError> {
        Ok(self.bytes(N)?.try_into().expect("as many as asked for"))
    }

    pub(super) fn u16(&mut self) -> Result<u16, FileError> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(super) fn u32(&mut self) -> Result<u32, FileError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64, FileError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// A finite number.
    pub(super) fn f32(&mut self, what: &'static str) -> Result<f32, FileError> {
        let value = f32::from_le_bytes(self.array()?);
        if value.is_finite() { Ok(value) } else { Err(FileError::Invalid(what)) }
    }

    pub(super) fn text(&mut self) -> Result<&'a str, FileError> {
        let len = self.u32()?;
        std::str::from_utf8(self.bytes(len as usize)?)
            .map_err(|_| FileError::Invalid("a text that is not UTF-8"))
    }

    /// A count of things that take at least `size` bytes each.
    pub(super) fn count(&mut self, size: usize) -> Result<usize, FileError> {
        let n = self.u32()? as usize;
        if n.saturating_mul(size) > self.0.len() { Err(FileError::Short) } else { Ok(n) }
    }
}
