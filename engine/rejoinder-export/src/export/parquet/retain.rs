//! A Parquet file without some of its rows.

use std::fs::File;
use std::io::{self, Write};

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::printer::print_schema;
use serde_json::Value;

use super::file::{ParquetRows, of_parquet};

/// Whether a file is Parquet.
///
/// # Errors
/// If the file cannot be read.
pub fn is_parquet(mut file: &File) -> io::Result<bool> {
    use std::io::{Read, Seek};
    let mut head = Vec::new();
    file.rewind()?;
    file.take(4).read_to_end(&mut head)?;
    Ok(head == b"PAR1")
}

/// Writes the rows of a Parquet file for which `stays` holds, in their order, as a file of the same schema; returns the number of the
/// others. A row is given as an object with the columns as keys.
///
/// # Errors
/// If the file cannot be read, has a column of a type that no export writes, or `out` cannot be written.
pub fn retain_rows<W: Write + Send>(file: File, out: W, stays: impl Fn(&Value) -> bool) -> io::Result<u64> {
    let reader = SerializedFileReader::new(file).map_err(of_parquet)?;
    let mut schema = Vec::new();
    print_schema(&mut schema, reader.metadata().file_metadata().schema());
    let mut rows = ParquetRows::new(out, &String::from_utf8_lossy(&schema))?;
    let mut removed = 0;
    for row in reader {
        let row = row.map_err(of_parquet)?.to_json_value();
        match stays(&row) {
            true => rows.push(&row)?,
            false => removed += 1,
        }
    }
    rows.finish()?;
    Ok(removed)
}
