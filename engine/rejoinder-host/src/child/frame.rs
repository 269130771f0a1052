//! What goes over the socket: a header of fixed size, then text (JSON) or columns as they lie in memory. Both ends are the
//! same program on the same machine, so numbers need no conversion.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};

use bytemuck::{Pod, Zeroable};

const MAGIC: u32 = u32::from_ne_bytes(*b"rjn1");

/// The longest text that either side takes, in bytes.
const LONGEST_TEXT: u32 = 1 << 30;

/// What a frame is.
pub mod kind {
    /// To the child: a [`Greeting`](super::super::greeting::Greeting).
    pub const HELLO: u32 = 1;
    /// To the child: the configuration to start with.
    pub const START: u32 = 2;
    /// To the child: a batch.
    pub const BATCH: u32 = 3;
    /// To the child: its plugin's own model is wanted.
    pub const MODEL: u32 = 8;
    /// From the child: a description, a model, or nothing, as was asked.
    pub const DONE: u32 = 4;
    /// From the child: the plugin, or its library, failed; the text says how.
    pub const FAILED: u32 = 5;
    /// From the child: after a failure the plugin did not start again.
    pub const STUCK: u32 = 6;
    /// From the child: answers.
    pub const ANSWERS: u32 = 7;
    /// To the child: a batch, as [`BATCH`], whose facts are wanted.
    pub const FACTS: u32 = 9;
    /// From the child: the values of facts, a row of doubles a candidate.
    pub const FACT_VALUES: u32 = 10;
}

/// The head of every frame; what a kind has no use for is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Header {
    pub magic: u32,
    pub kind: u32,
    /// Bytes of text: JSON, a message, or the batch's messages.
    pub text: u32,
    /// Candidates of the batch or answers.
    pub n: u32,
    pub n_messages: u32,
    pub n_conversations: u32,
    pub n_columns: u32,
    /// Bytes of the columns' text.
    pub column_text: u32,
    pub n_hits: u32,
    pub n_earlier: u32,
    /// The candidates to classify: `start..end`.
    pub start: u32,
    pub end: u32,
    /// In a batch: whether notes are wanted. In answers: whether there are probabilities.
    pub flag: u32,
}

impl Header {
    /// A header of one kind.
    pub fn new(kind: u32) -> Self {
        Self { magic: MAGIC, kind, ..Self::default() }
    }

    /// Reads a header.
    ///
    /// # Errors
    /// Of reading; or what comes is no header, or of a text that is too long.
    pub fn read(from: &mut impl Read) -> io::Result<Self> {
        let mut header = Self::default();
        from.read_exact(bytemuck::bytes_of_mut(&mut header))?;
        if header.magic != MAGIC || header.text.max(header.column_text) > LONGEST_TEXT {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it sent what is no answer"));
        }
        Ok(header)
    }
}

/// Sends a frame of text.
///
/// # Errors
/// Of writing.
pub fn send_text(to: &mut impl Write, kind: u32, text: &str) -> io::Result<()> {
    send_bytes(to, kind, text.as_bytes())
}

/// Sends a frame of bytes, in the place of text.
///
/// # Errors
/// Of writing.
pub fn send_bytes(to: &mut impl Write, kind: u32, bytes: &[u8]) -> io::Result<()> {
    let header = Header { text: u32::try_from(bytes.len()).unwrap_or(u32::MAX), ..Header::new(kind) };
    send(to, &header, &[bytes])
}

/// Reads the text that belongs to a header.
///
/// # Errors
/// Of reading; or it is not UTF-8.
pub fn read_text(from: &mut impl Read, len: u32) -> io::Result<String> {
    String::from_utf8(read_bytes(from, len)?).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))
}

/// Reads the bytes that belong to a header, in the place of text.
///
/// # Errors
/// Of reading.
pub fn read_bytes(from: &mut impl Read, len: u32) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; len as usize];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Sends a header and what follows it, in as few calls as the system allows.
///
/// # Errors
/// Of writing.
pub fn send(to: &mut impl Write, header: &Header, parts: &[&[u8]]) -> io::Result<()> {
    let mut slices = vec![IoSlice::new(bytemuck::bytes_of(header))];
    slices.extend(parts.iter().map(|part| IoSlice::new(part)));
    let mut rest = slices.as_mut_slice();
    // Empty slices at the front would make a write of nothing look like a closed end.
    IoSlice::advance_slices(&mut rest, 0);
    while !rest.is_empty() {
        match to.write_vectored(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => IoSlice::advance_slices(&mut rest, n),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// Fills all of `parts`, in as few calls as the system allows.
///
/// # Errors
/// Of reading, or the stream ends before.
pub fn read_parts<'p>(from: &mut impl Read, parts: impl IntoIterator<Item = &'p mut [u8]>) -> io::Result<()> {
    let mut slices: Vec<IoSliceMut<'_>> = parts.into_iter().map(IoSliceMut::new).collect();
    let mut rest = slices.as_mut_slice();
    IoSliceMut::advance_slices(&mut rest, 0);
    while !rest.is_empty() {
        match from.read_vectored(rest) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(n) => IoSliceMut::advance_slices(&mut rest, n),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Takes and gives at most so many bytes a call, as sockets may.
    struct Narrow(Vec<u8>, usize);

    impl Write for Narrow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let n = bytes.len().min(self.1);
            self.0.extend_from_slice(&bytes[..n]);
            Ok(n)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Read for Narrow {
        fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
            let n = bytes.len().min(self.1).min(self.0.len());
            bytes[..n].copy_from_slice(&self.0[..n]);
            self.0.drain(..n);
            Ok(n)
        }
    }

    proptest! {
        #[test]
        fn what_is_sent_arrives(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..8), narrow in 1..50_usize) {
            let mut line = Narrow(Vec::new(), narrow);
            let header = Header { n: 7, ..Header::new(kind::BATCH) };
            let sent: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            send(&mut line, &header, &sent).unwrap();
            prop_assert_eq!(Header::read(&mut line).unwrap(), header);
            let mut received: Vec<Vec<u8>> = parts.iter().map(|p| vec![0; p.len()]).collect();
            read_parts(&mut line, received.iter_mut().map(Vec::as_mut_slice)).unwrap();
            prop_assert_eq!(received, parts);
            prop_assert!(line.0.is_empty());
        }

        #[test]
        fn any_bytes_are_a_header_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = Header::read(&mut bytes.as_slice());
        }
    }

    #[test]
    fn a_text_longer_than_allowed_is_not_waited_for() {
        let header = Header { text: u32::MAX, ..Header::new(kind::FAILED) };
        assert!(Header::read(&mut bytemuck::bytes_of(&header)).is_err());
    }
}
