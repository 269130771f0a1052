//! Texts that are not UTF-8: tells the encoding of a file, and reads the content as UTF-8.

use std::io::{self, Read};
use std::ops::Range;

use encoding_rs::{CoderResult, Decoder, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use serde::{Deserialize, Serialize};

/// How many bytes are read, and how many are decoded, at a time.
const BUFFER_LEN: usize = 16 * 1024;

/// The encoding of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-16, the low byte first.
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// UTF-16, the high byte first.
    #[serde(rename = "utf-16be")]
    Utf16Be,
    /// The encoding of old Windows programs in western Europe and America, which has all letters of Latin-1.
    #[serde(rename = "windows-1252")]
    Windows1252,
}

impl Encoding {
    /// The encoding of a text that begins with `head`, which may end within a character.
    pub(crate) fn of(head: &[u8]) -> Self {
        match head {
            [0xEF, 0xBB, 0xBF, ..] => Self::Utf8,
            [0xFF, 0xFE, ..] => Self::Utf16Le,
            [0xFE, 0xFF, ..] => Self::Utf16Be,
            // A text of JSON or CSV begins with a bracket, a quote or the name of a column.
            [1..=255, 0] | [1..=255, 0, 1..=255, 0, ..] => Self::Utf16Le,
            [0, 1..=255] | [0, 1..=255, 0, 1..=255, ..] => Self::Utf16Be,
            _ if simdutf8::basic::from_utf8(head).is_ok() => Self::Utf8,
            _ => Self::by_bad_bytes(head),
        }
    }

    fn by_bad_bytes(head: &[u8]) -> Self {
        let (mut good, mut bad) = (0_usize, 0_usize);
        let mut chunks = head.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
            let is_cut = chunks.peek().is_none()
                && std::str::from_utf8(chunk.invalid()).is_err_and(|e| e.error_len().is_none());
            bad += usize::from(!chunk.invalid().is_empty() && !is_cut);
        }
        if bad == 0 {
            return Self::Utf8;
        }
        // Spaces and the ends of lines are ASCII in any language.
        let zeros = |at: usize| head.chunks_exact(2).filter(|pair| pair[at] == 0).count();
        let (even, odd) = (zeros(0), zeros(1));
        let enough = head.len() / 2 / 64;
        if odd > enough.max(8 * even) {
            Self::Utf16Le
        } else if even > enough.max(8 * odd) {
            Self::Utf16Be
        } else if good > bad {
            Self::Utf8
        } else {
            Self::Windows1252
        }
    }

    fn decoder(self) -> Decoder {
        let encoding = match self {
            Self::Utf8 => UTF_8,
            Self::Utf16Le => UTF_16LE,
            Self::Utf16Be => UTF_16BE,
            Self::Windows1252 => WINDOWS_1252,
        };
        encoding.new_decoder_with_bom_removal()
    }
}

/// A reader of UTF-8 without a byte order mark, whatever the encoding of the source. Bytes that are not valid in the source become
/// U+FFFD.
pub(crate) struct Utf8Reader<R> {
    source: R,
    decoder: Decoder,
    encoded: Box<[u8]>,
    /// The bytes of `encoded` that were read and not yet decoded.
    read: Range<usize>,
    text: Box<[u8]>,
    /// The bytes of `text` that were decoded and not yet given away.
    decoded: Range<usize>,
    state: DecodingState,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum DecodingState {
    Reading,
    /// The source has ended.
    Ending,
    /// All of the source is decoded.
    Done,
}

impl<R: Read> Utf8Reader<R> {
    pub(crate) fn new(source: R, encoding: Encoding) -> Self {
        Self {
            source,
            decoder: encoding.decoder(),
            encoded: vec![0; BUFFER_LEN].into(),
            read: 0..0,
            text: vec![0; BUFFER_LEN].into(),
            decoded: 0..0,
            state: DecodingState::Reading,
        }
    }

    /// Decodes the next bytes, which are read from the source if none are left.
    fn fill(&mut self) -> io::Result<()> {
        if self.state == DecodingState::Reading && self.read.is_empty() {
            let len = self.source.read(&mut self.encoded)?;
            self.read = 0..len;
            if len == 0 {
                self.state = DecodingState::Ending;
            }
        }
        let is_last = self.state == DecodingState::Ending;
        let encoded = &self.encoded[self.read.clone()];
        let (result, read, len, _) = self.decoder.decode_to_utf8(encoded, &mut self.text, is_last);
        self.read.start += read;
        self.decoded = 0..len;
        if is_last && result == CoderResult::InputEmpty {
            self.state = DecodingState::Done;
        }
        Ok(())
    }
}

impl<R: Read> Read for Utf8Reader<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.decoded.is_empty() && self.state != DecodingState::Done && !into.is_empty() {
            self.fill()?;
        }
        let rest = &self.text[self.decoded.clone()];
        let len = rest.len().min(into.len());
        into[..len].copy_from_slice(&rest[..len]);
        self.decoded.start += len;
        Ok(len)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const ALL: [Encoding; 4] = [Encoding::Utf8, Encoding::Utf16Le, Encoding::Utf16Be, Encoding::Windows1252];

    /// The text in an encoding that has all of its characters.
    fn encoded(text: &str, encoding: Encoding) -> Vec<u8> {
        match encoding {
            Encoding::Utf8 => text.as_bytes().to_vec(),
            Encoding::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Encoding::Utf16Be => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            Encoding::Windows1252 => {
                let (bytes, _, failed) = WINDOWS_1252.encode(text);
                assert!(!failed, "{text}");
                bytes.into_owned()
            }
        }
    }

    /// A source that gives pieces of these lengths, and is interrupted where one is 0.
    struct Pieces<'a> {
        rest: &'a [u8],
        lengths: std::iter::Cycle<std::slice::Iter<'a, usize>>,
    }

    impl Read for Pieces<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let len = *self.lengths.next().unwrap_or(&1);
            if len == 0 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let len = len.min(self.rest.len()).min(into.len());
            let (piece, rest) = self.rest.split_at(len);
            into[..len].copy_from_slice(piece);
            self.rest = rest;
            Ok(len)
        }
    }

    /// All that is read, in reads of these lengths.
    fn decoded(bytes: &[u8], encoding: Encoding, pieces: &[usize], reads: &[usize]) -> String {
        let mut decoding = Utf8Reader::new(Pieces { rest: bytes, lengths: pieces.iter().cycle() }, encoding);
        let mut all = Vec::new();
        for &len in reads.iter().cycle() {
            let mut piece = vec![0; len];
            match decoding.read(&mut piece) {
                Ok(0) if len > 0 => break,
                Ok(len) => all.extend(&piece[..len]),
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::Interrupted),
            }
        }
        assert_eq!(decoding.read(&mut [0; 8]).unwrap(), 0);
        String::from_utf8(all).unwrap()
    }

    #[test]
    fn the_names_are_those_of_the_encodings() {
        let names = json!(["utf-8", "utf-16le", "utf-16be", "windows-1252"]);
        assert_eq!(json!(ALL), names);
        assert_eq!(serde_json::from_value::<[Encoding; 4]>(names).unwrap(), ALL);
        assert_eq!(Encoding::default(), Encoding::Utf8);
    }

    #[test]
    fn an_encoding_is_told_by_its_head() {
        let cases: [(&[u8], Encoding); 20] = [
            (b"", Encoding::Utf8),
            (b"{", Encoding::Utf8),
            (b"{\"a\":1}", Encoding::Utf8),
            (b"\xEF\xBB\xBF\xFF", Encoding::Utf8),
            (b"\xFF\xFE{\0", Encoding::Utf16Le),
            (b"\xFE\xFF\0{", Encoding::Utf16Be),
            (b"{\0", Encoding::Utf16Le),
            (b"{\0}\0", Encoding::Utf16Le),
            (b"\0{", Encoding::Utf16Be),
            (b"\0{\0}", Encoding::Utf16Be),
            (b"\0\0\0\0", Encoding::Utf8),
            ("{\"a\":\"é".as_bytes(), Encoding::Utf8),
            (b"{\"a\":\"\xC3", Encoding::Utf8),
            (b"{\"a\":\"\xF0\x9F\x98", Encoding::Utf8),
            (b"{\"a\":\"\xF0\x9F\x98\"", Encoding::Windows1252),
            (b"{\"a\":\"caf\xE9\"}", Encoding::Windows1252),
            (b"\xE9t\xE9,a", Encoding::Windows1252),
            (b"na\xC3\xAFve caf\xC3\xA9 \xFF", Encoding::Utf8),
            // Where as much speaks for either, a text in Windows-1252 may quote after an umlaut.
            (b"\x84Spa\xDF\x93", Encoding::Windows1252),
            (b"\xE9\xE8 \xC3\xA9 \xE9", Encoding::Windows1252),
        ];
        for (head, encoding) in cases {
            assert_eq!(Encoding::of(head), encoding, "{head:x?}");
        }
    }

    #[test]
    fn utf_16_that_begins_in_chinese_is_told_by_its_ascii() {
        let text = "会话,内容\r\n1,澳大利亚的首都是悉尼。\r\n2,不对，是堪培拉。\r\n";
        assert_eq!(Encoding::of(&encoded(text, Encoding::Utf16Le)), Encoding::Utf16Le);
        assert_eq!(Encoding::of(&encoded(text, Encoding::Utf16Be)), Encoding::Utf16Be);
    }

    #[test]
    fn what_cannot_be_decoded_is_replaced() {
        let all = |bytes, encoding| decoded(bytes, encoding, &[1], &[1]);
        assert_eq!(all(b"a\xFFb\xC3", Encoding::Utf8), "a\u{fffd}b\u{fffd}");
        assert_eq!(all(b"\x00\xD8a\0b", Encoding::Utf16Le), "\u{fffd}a\u{fffd}");
        assert_eq!(all(b"\0a\xDC\x00", Encoding::Utf16Be), "a\u{fffd}");
        assert_eq!(all(b"\x80\x81", Encoding::Windows1252), "€\u{81}");
        assert_eq!(all(b"\xEF\xBB\xBF", Encoding::Windows1252), "ï»¿");
    }

    #[test]
    fn an_error_of_the_source_comes_through() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
        }
        let mut decoding = Utf8Reader::new(b"ab".chain(Broken), Encoding::Utf8);
        let mut all = Vec::new();
        assert_eq!(decoding.read_to_end(&mut all).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(all, b"ab");
        assert_eq!(decoding.read(&mut [0; 8]).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn long_texts_outgrow_the_buffers() {
        for (text, encodings) in [("aé€", &ALL[..]), ("漢字🙂a", &ALL[..3])] {
            let text = text.repeat(50_000);
            for &encoding in encodings {
                let bytes = encoded(&text, encoding);
                assert!(decoded(&bytes, encoding, &[40_000, 7], &[100_000, 3]) == text);
            }
        }
        let bad = vec![0xFF; 100_000];
        assert!(decoded(&bad, Encoding::Utf8, &[100_000], &[100_000]) == "\u{fffd}".repeat(100_000));
    }

    fn western() -> impl Strategy<Value = String> {
        "[a-z \"\\\\\n,À-ÿ€„“”–]{0,60}"
    }

    /// Lines of JSON that hold a letter that is not ASCII. Letters stand before letters, as they mostly do.
    fn lines(word: &'static str) -> impl Strategy<Value = String> {
        prop::collection::vec((word, "[a-z ]{0,20}"), 1..20).prop_map(|words| {
            words
                .into_iter()
                .map(|(word, rest)| json!({"role": "user", "content": format!("{rest}{word}")}))
                .fold(String::new(), |lines, line| lines + &line.to_string() + "\n")
        })
    }

    proptest! {
        #[test]
        fn texts_come_back_from_each_encoding(
            text in any::<String>(), western in western(), mark in any::<bool>(),
            pieces in prop::collection::vec(0..7_usize, 1..5).prop_filter("ends", |p| p.iter().any(|&len| len > 0)),
            reads in prop::collection::vec(0..7_usize, 1..5).prop_filter("ends", |r| r.iter().any(|&len| len > 0)),
        ) {
            let text = text.trim_start_matches('\u{feff}');
            for encoding in ALL {
                let is_unicode = encoding != Encoding::Windows1252;
                let text = if is_unicode { text } else { &western };
                let mark = if mark && is_unicode { "\u{feff}" } else { "" };
                let bytes = encoded(&format!("{mark}{text}"), encoding);
                prop_assert_eq!(decoded(&bytes, encoding, &pieces, &reads), text);
            }
        }

        #[test]
        fn each_encoding_is_told(
            western in lines("([a-z]{0,5}[à-öø-ÿ]s[à-öø-ÿ]?[a-z ]){1,5}"), text in lines("(\\PC{0,5}[éßжあ漢한ع🙂]\\PC{0,5}){1,5}"),
            mark in any::<bool>(), cut in any::<prop::sample::Index>(),
        ) {
            for encoding in ALL {
                let is_unicode = encoding != Encoding::Windows1252;
                let text = if is_unicode { &text } else { &western };
                let mark = if mark && is_unicode { "\u{feff}" } else { "" };
                let bytes = encoded(&format!("{mark}{text}"), encoding);
                prop_assert_eq!(Encoding::of(&bytes), encoding);
                if is_unicode && bytes.len() > 4 {
                    let cut = 4 + cut.index(bytes.len() - 4);
                    prop_assert_eq!(Encoding::of(&bytes[..cut]), encoding);
                }
            }
        }

        #[test]
        fn a_few_bad_bytes_leave_utf_8_what_it_is(text in lines("[à-öø-ÿжあ漢]{8,12}"), at in any::<prop::sample::Index>()) {
            let mut bytes = text.into_bytes();
            bytes.insert(at.index(bytes.len()), 0xFF);
            prop_assert_eq!(Encoding::of(&bytes), Encoding::Utf8);
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = Encoding::of(&bytes);
            for encoding in ALL {
                let whole = decoded(&bytes, encoding, &[100], &[400]);
                prop_assert_eq!(decoded(&bytes, encoding, &[1], &[1]), whole);
            }
        }
    }
}
