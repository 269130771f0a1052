//! What is read or written, hashed on the way.

use std::fmt::Write as _;
use std::io::{self, Read, Write};

use ring::digest::{Context, SHA256};

/// A reader or a writer whose bytes are hashed by SHA-256.
pub(super) struct Hashed<T> {
    inner: T,
    context: Context,
}

impl<T> Hashed<T> {
    pub(super) fn new(inner: T) -> Self {
        Self { inner, context: Context::new(&SHA256) }
    }

    /// The hash of all bytes so far, in hex.
    pub(super) fn sha256(self) -> String {
        self.context.finish().as_ref().iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(bytes)?;
        self.context.update(&bytes[..length]);
        Ok(length)
    }
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = self.inner.write(bytes)?;
        self.context.update(&bytes[..length]);
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_and_what_is_written_have_the_published_hash() {
        // FIPS 180-2, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let mut read = Hashed::new(&b"abc"[..]);
        let mut copy = Hashed::new(Vec::new());
        io::copy(&mut read, &mut copy).unwrap();
        assert_eq!([read.sha256(), copy.sha256()], [expected; 2]);
    }
}
