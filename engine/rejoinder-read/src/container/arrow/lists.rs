//! Where the elements of a row's list stand, in whichever of Arrow's kinds of lists.

use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, OffsetSizeTrait};
use arrow_schema::{DataType, FieldRef};

/// The type of a list's elements; `None` for what is no list.
pub(super) fn element_type(of: &DataType) -> Option<&FieldRef> {
    match of {
        DataType::List(element)
        | DataType::LargeList(element)
        | DataType::ListView(element)
        | DataType::LargeListView(element)
        | DataType::FixedSizeList(element, _) => Some(element),
        _ => None,
    }
}

/// A column of lists: all elements, and which of them belong to each row.
pub(super) struct Lists {
    /// The elements of all rows.
    pub elements: ArrayRef,
    rows: Vec<Range<usize>>,
}

impl Lists {
    /// The lists of a column; `None` for what is no list. The list of a null row is empty.
    pub(super) fn of(column: &dyn Array) -> Option<Self> {
        fn between<O: OffsetSizeTrait>(offsets: &[O]) -> Vec<Range<usize>> {
            offsets.windows(2).map(|pair| pair[0].as_usize()..pair[1].as_usize()).collect()
        }
        fn sized<O: OffsetSizeTrait>(offsets: &[O], sizes: &[O]) -> Vec<Range<usize>> {
            let ranges = offsets.iter().zip(sizes);
            ranges.map(|(start, size)| start.as_usize()..start.as_usize() + size.as_usize()).collect()
        }
        let (elements, mut rows) = match column.data_type() {
            DataType::List(_) => {
                let lists = column.as_list::<i32>();
                (lists.values().clone(), between(lists.value_offsets()))
            }
            DataType::LargeList(_) => {
                let lists = column.as_list::<i64>();
                (lists.values().clone(), between(lists.value_offsets()))
            }
            DataType::ListView(_) => {
                let lists = column.as_list_view::<i32>();
                (lists.values().clone(), sized(lists.value_offsets(), lists.value_sizes()))
            }
            DataType::LargeListView(_) => {
                let lists = column.as_list_view::<i64>();
                (lists.values().clone(), sized(lists.value_offsets(), lists.value_sizes()))
            }
            DataType::FixedSizeList(_, size) => {
                let lists = column.as_fixed_size_list();
                let size = usize::try_from(*size).unwrap_or_default();
                (lists.values().clone(), (0..lists.len()).map(|row| row * size..(row + 1) * size).collect())
            }
            _ => return None,
        };
        for (row, range) in rows.iter_mut().enumerate() {
            if column.is_null(row) {
                *range = 0..0;
            }
        }
        Some(Self { elements, rows })
    }

    /// The places of a row's elements.
    pub(super) fn of_row(&self, row: usize) -> Range<usize> {
        self.rows[row].clone()
    }
}
