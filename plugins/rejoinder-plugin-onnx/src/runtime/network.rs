//! The network: an ONNX graph, made ready for texts of any length.

use std::path::Path;
use std::sync::Arc;

use tokenizers::Encoding;
use tract_onnx::prelude::*;
use tract_onnx::tract_hir::internal::{DimLike, Factoid};

use super::tokens::Tokens;

/// What a model may want to know of a text, one number a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Input {
    TokenIds,
    Mask,
    Segments,
}

impl Input {
    /// The input of a name, as exporters give it.
    fn of(name: &str) -> Option<Self> {
        match name {
            "input_ids" => Some(Self::TokenIds),
            "attention_mask" => Some(Self::Mask),
            "token_type_ids" => Some(Self::Segments),
            _ => None,
        }
    }

    fn values(self, tokens: &Encoding) -> &[u32] {
        match self {
            Self::TokenIds => tokens.get_ids(),
            Self::Mask => tokens.get_attention_mask(),
            Self::Segments => tokens.get_type_ids(),
        }
    }
}

/// A model and its tokenizer.
#[derive(Debug)]
pub struct Network {
    tokens: Tokens,
    plan: Arc<TypedRunnableModel>,
    inputs: Vec<(Input, DatumType)>,
    /// How many tokens the graph wants, where it does not take as many as there are.
    length: Option<usize>,
}

impl Network {
    /// Reads a model of one file and its tokenizer; `output` names the output that counts, where there are several.
    ///
    /// # Errors
    /// If a file cannot be read, or the graph is none that gives one row of values for a text.
    pub fn load(
        model: &Path,
        tokenizer: &Path,
        output: Option<&str>,
        max_tokens: usize,
    ) -> Result<Self, String> {
        let tokens = Tokens::load(tokenizer, max_tokens)?;
        let shown = model.display();
        let bytes = std::fs::read(model).map_err(|e| format!("cannot read the model `{shown}`: {e}"))?;
        let (inputs, length, plan) =
            prepared(&bytes, output, max_tokens).map_err(|why| format!("the model `{shown}`: {why}"))?;
        Ok(Self { tokens, plan, inputs, length })
    }

    /// The values of the output for a text, or for two.
    ///
    /// # Errors
    /// The tokenizer or the network fails on the text.
    pub fn run(&self, text: &str, pair: Option<&str>) -> Result<Vec<f32>, String> {
        let tokens = self.tokens.of(text, pair)?;
        let inputs = self.inputs.iter().map(|&(input, kind)| self.tensor(input.values(&tokens), kind));
        let failed = |why: TractError| format!("the model fails on the text: {}", one_line(&why));
        let inputs = inputs.collect::<TractResult<TVec<TValue>>>().map_err(failed)?;
        let outputs = self.plan.run(inputs).map_err(failed)?;
        let values = outputs[0].cast_to::<f32>().map_err(failed)?;
        let shape = values.shape();
        if shape.iter().rev().skip(1).any(|&size| size != 1) {
            return Err(format!(
                "the model's output has the shape {shape:?} for one text, and is to have one row: an encoder needs a head that \
                 classifies"
            ));
        }
        Ok(values.to_plain_array_view::<f32>().map_err(failed)?.iter().copied().collect())
    }

    /// One row of numbers; where the graph wants more than there are, the rest is zero, which the mask says, too.
    fn tensor(&self, values: &[u32], kind: DatumType) -> TractResult<TValue> {
        let mut row: Vec<i64> = values.iter().map(|&value| i64::from(value)).collect();
        if let Some(length) = self.length {
            row.resize(length, 0);
        }
        let tensor = Tensor::from_shape(&[1, row.len()], &row)?;
        Ok(tensor.cast_to_dt(kind)?.into_owned().into_tvalue())
    }
}

/// A graph's inputs in their order, how many tokens it wants where that is fixed, and the graph, optimised.
type Prepared = (Vec<(Input, DatumType)>, Option<usize>, Arc<TypedRunnableModel>);

fn prepared(mut bytes: &[u8], output: Option<&str>, max_tokens: usize) -> Result<Prepared, String> {
    let unusable = |why: TractError| format!("it cannot be run: {}", one_line(&why));
    // Sizes in the file have names of its exporter, which cannot be told to be one text and its tokens.
    let reader = onnx().with_ignore_value_info(true).with_ignore_output_shapes(true);
    let mut graph = reader.model_for_read(&mut bytes).map_err(unusable)?;
    let outputs = graph.output_outlets().map_err(unusable)?.to_vec();
    let name = |outlet: &OutletId| plain(graph.outlet_label(*outlet).unwrap_or_default());
    let names: Vec<String> = outputs.iter().map(name).collect();
    let chosen = match output {
        None if outputs.len() == 1 => 0,
        None => {
            return Err(format!("it has the outputs {}: say which by the key `output`", names.join(", ")));
        }
        Some(output) => names
            .iter()
            .position(|name| name == output)
            .ok_or_else(|| format!("it has no output `{output}`; what it has: {}", names.join(", ")))?,
    };
    graph.select_output_outlets(&[outputs[chosen]]).map_err(unusable)?;
    let tokens = graph.sym("TOKENS");
    let (mut inputs, mut length) = (Vec::new(), None);
    for (index, outlet) in graph.input_outlets().map_err(unusable)?.to_vec().into_iter().enumerate() {
        let name = plain(&graph.node(outlet.node).name);
        let input = Input::of(&name).ok_or_else(|| {
            format!("it has an input `{name}`; the inputs that it may have are input_ids, attention_mask and token_type_ids")
        })?;
        let fact = graph.outlet_fact(outlet).map_err(unusable)?;
        let kind = fact.datum_type.concretize().unwrap_or(DatumType::I64);
        let fixed = fact.shape.dim(1).and_then(|dim| dim.concretize()).and_then(|dim| dim.to_usize().ok());
        if let Some(fixed) = fixed {
            if fixed < max_tokens {
                return Err(format!("it takes {fixed} tokens, fewer than the key `max-tokens` allows"));
            }
            length = Some(fixed);
        }
        let size = fixed.map_or_else(|| tokens.clone().to_dim(), |fixed| fixed.to_dim());
        let shape = tvec![1.to_dim(), size];
        graph.set_input_fact(index, InferenceFact::dt_shape(kind, shape)).map_err(unusable)?;
        inputs.push((input, kind));
    }
    if !inputs.iter().any(|&(input, _)| input == Input::TokenIds) {
        return Err("it has no input `input_ids`, so it is no model of texts".into());
    }
    let plan = graph.into_optimized().and_then(IntoRunnable::into_runnable).map_err(unusable)?;
    Ok((inputs, length, plan))
}

/// An error and its causes, in one line.
fn one_line(error: &TractError) -> String {
    plain(&format!("{error:#}").split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A text of a model's file, without what a terminal would take for commands.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}
