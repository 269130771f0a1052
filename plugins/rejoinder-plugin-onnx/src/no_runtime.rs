//! The build without a runtime: a model is refused with the command that makes the other build.

use std::path::Path;

/// A model and its tokenizer. There is none in this build.
#[derive(Debug)]
pub enum Network {}

impl Network {
    /// # Errors
    /// Always: this build runs no models.
    pub fn load(_: &Path, _: &Path, _: Option<&str>, _: usize) -> Result<Self, String> {
        Err("this build of the plugin runs no models: `cargo build --release -p rejoinder-plugin-onnx --features runtime` \
             makes one that does"
            .into())
    }

    /// The values of the model's output for a text.
    pub fn run(&self, _: &str, _: Option<&str>) -> Result<Vec<f32>, String> {
        match *self {}
    }
}
