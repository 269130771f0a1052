//! The schema of a Parquet file.

use std::fs::File;
use std::io;
use std::sync::Arc;

use parquet::basic::{Compression, ConvertedType, Type as Physical};
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData};
use parquet::schema::printer::print_schema;
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};
use rejoinder_core::FULL_BUILD;

use super::guard::guarded;

/// The metadata of a file, shared by all readers of the file.
#[derive(Clone, Debug)]
pub(crate) struct Schema {
    pub metadata: Arc<ParquetMetaData>,
}

impl Schema {
    /// Reads the end of the file.
    ///
    /// # Errors
    /// If it cannot be read, is not what a Parquet file ends with, or speaks of a compression that this build lacks.
    pub(crate) fn read(file: &File) -> io::Result<Self> {
        let metadata = guarded(|| ParquetMetaDataReader::new().parse_and_finish(file))
            .map_err(|e| io::Error::new(e.kind(), format!("no whole Parquet file: {e}")))?;
        let mut columns = metadata.row_groups().iter().flat_map(RowGroupMetaData::columns);
        let is_brotli = |compression| matches!(compression, Compression::BROTLI(_));
        if !cfg!(feature = "brotli") && columns.any(|column| is_brotli(column.compression())) {
            return Err(io::Error::other(format!(
                "it is compressed with Brotli, which this build does not read: {FULL_BUILD} makes one that does"
            )));
        }
        Ok(Self { metadata: Arc::new(metadata) })
    }

    pub(crate) fn columns(&self) -> &SchemaDescriptor {
        self.metadata.file_metadata().schema_descr()
    }

    /// Names of the columns, without what is nested in them.
    pub(crate) fn names(&self) -> Vec<String> {
        self.columns().root_schema().get_fields().iter().map(|field| field.name().to_owned()).collect()
    }

    /// The schema, as Parquet tools write it.
    pub(crate) fn text(&self) -> String {
        let mut text = Vec::new();
        print_schema(&mut text, self.columns().root_schema());
        String::from_utf8_lossy(&text).trim_end().to_owned()
    }

    /// How many rows it has.
    pub(crate) fn rows(&self) -> u64 {
        (0..self.metadata.num_row_groups()).map(|group| self.group_rows(group)).sum()
    }

    /// How many rows a row group has.
    pub(crate) fn group_rows(&self, group: usize) -> u64 {
        u64::try_from(self.metadata.row_group(group).num_rows()).unwrap_or_default()
    }
}

/// Whether the library can turn values of a column into JSON.
pub(super) fn is_readable(column: &ColumnDescriptor) -> bool {
    use ConvertedType as C;
    match (column.physical_type(), column.converted_type()) {
        (Physical::BOOLEAN | Physical::FLOAT | Physical::DOUBLE, _) => true,
        (Physical::INT32, of) => matches!(
            of,
            C::NONE | C::INT_8 | C::INT_16 | C::INT_32 | C::UINT_8 | C::UINT_16 | C::UINT_32 | C::DATE
        ),
        (Physical::INT64, of) => {
            matches!(of, C::NONE | C::INT_64 | C::UINT_64 | C::TIMESTAMP_MILLIS | C::TIMESTAMP_MICROS)
        }
        (Physical::BYTE_ARRAY, of) => matches!(of, C::NONE | C::UTF8 | C::ENUM | C::JSON),
        (Physical::INT96 | Physical::FIXED_LEN_BYTE_ARRAY, _) => false,
    }
}
