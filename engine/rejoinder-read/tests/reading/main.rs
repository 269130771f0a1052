//! Files of every kind are read as what they say. One program holds the tests, so that it is linked once.

mod any_input;
mod formats;
mod parquet;
mod shapes;
mod tables;
