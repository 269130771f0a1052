//! Texts of a column, as views of the memory in which Arrow holds them.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowDictionaryKeyType, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};
use arrow_array::{Array, ArrayRef, OffsetSizeTrait};
use arrow_buffer::{Buffer, NullBuffer};
use arrow_schema::DataType;
use bytes::Bytes;
use parquet::data_type::ByteArray;

/// A text of at most so many bytes stands in the view itself.
const INLINE: u32 = 12;

/// Whether a column holds texts.
pub(super) fn is_text(of: &DataType) -> bool {
    match of {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

/// The texts of a column, in whichever of Arrow's kinds of texts. A text is not copied, and not yet checked to be UTF-8.
pub(super) struct Texts {
    nulls: Option<NullBuffer>,
    places: Places,
}

enum Places {
    /// All texts one after another, and where each begins.
    Offsets(Bytes, Vec<usize>),
    /// The views, and the memory of long texts.
    Views(Bytes, Vec<u128>, Vec<Bytes>),
    /// For each text its place among the values.
    Dictionary(Vec<usize>, Box<Texts>),
}

impl Texts {
    /// The texts of a column; `None` for a column of another type.
    pub(super) fn of(column: &ArrayRef) -> Option<Self> {
        let places = match column.data_type() {
            DataType::Utf8 => {
                let texts = column.as_string::<i32>();
                offsets(texts.values(), texts.value_offsets())
            }
            DataType::LargeUtf8 => {
                let texts = column.as_string::<i64>();
                offsets(texts.values(), texts.value_offsets())
            }
            DataType::Binary => {
                let texts = column.as_binary::<i32>();
                offsets(texts.values(), texts.value_offsets())
            }
            DataType::LargeBinary => {
                let texts = column.as_binary::<i64>();
                offsets(texts.values(), texts.value_offsets())
            }
            DataType::Utf8View => {
                let texts = column.as_string_view();
                views(texts.views().inner(), texts.views(), texts.data_buffers())
            }
            DataType::BinaryView => {
                let texts = column.as_binary_view();
                views(texts.views().inner(), texts.views(), texts.data_buffers())
            }
            DataType::Dictionary(key, _) => match **key {
                DataType::Int8 => dictionary::<Int8Type>(column)?,
                DataType::Int16 => dictionary::<Int16Type>(column)?,
                DataType::Int32 => dictionary::<Int32Type>(column)?,
                DataType::Int64 => dictionary::<Int64Type>(column)?,
                DataType::UInt8 => dictionary::<UInt8Type>(column)?,
                DataType::UInt16 => dictionary::<UInt16Type>(column)?,
                DataType::UInt32 => dictionary::<UInt32Type>(column)?,
                DataType::UInt64 => dictionary::<UInt64Type>(column)?,
                _ => return None,
            },
            _ => return None,
        };
        Some(Self { nulls: column.nulls().cloned(), places })
    }

    /// The text at a place of the column; `None` for a null.
    pub(super) fn get(&self, at: usize) -> Option<ByteArray> {
        self.view(at).map(ByteArray::from)
    }

    fn view(&self, at: usize) -> Option<Bytes> {
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(at)) {
            return None;
        }
        match &self.places {
            Places::Offsets(all, offsets) => Some(all.slice(offsets[at]..offsets[at + 1])),
            Places::Views(inline, views, buffers) => {
                let view = views[at];
                let length = view as u32;
                // The layout of a view: length, then the text itself, or four bytes of the text, the buffer and the place.
                if length <= INLINE {
                    let start = at * size_of::<u128>() + size_of::<u32>();
                    return Some(inline.slice(start..start + length as usize));
                }
                let (buffer, start) = ((view >> 64) as u32 as usize, (view >> 96) as usize);
                Some(buffers[buffer].slice(start..start + length as usize))
            }
            Places::Dictionary(keys, values) => values.view(keys[at]),
        }
    }

    /// The length in bytes of the text at a place.
    pub(super) fn length(&self, at: usize) -> usize {
        self.view(at).map_or(0, |text| text.len())
    }
}

/// Memory of Arrow's, shared and not copied.
fn shared(buffer: &Buffer) -> Bytes {
    struct Memory(Buffer);
    impl AsRef<[u8]> for Memory {
        fn as_ref(&self) -> &[u8] {
            self.0.as_slice()
        }
    }
    Bytes::from_owner(Memory(buffer.clone()))
}

fn offsets<O: OffsetSizeTrait>(values: &Buffer, offsets: &[O]) -> Places {
    Places::Offsets(shared(values), offsets.iter().map(|offset| offset.as_usize()).collect())
}

fn views(memory: &Buffer, views: &[u128], buffers: &[Buffer]) -> Places {
    Places::Views(shared(memory), views.to_vec(), buffers.iter().map(shared).collect())
}

fn dictionary<K: ArrowDictionaryKeyType>(column: &ArrayRef) -> Option<Places> {
    let column = column.as_dictionary_opt::<K>()?;
    let values = Texts::of(column.values())?;
    Some(Places::Dictionary(column.keys_iter().map(Option::unwrap_or_default).collect(), Box::new(values)))
}
