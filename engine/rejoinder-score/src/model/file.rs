//! The model file, `.rjm`: magic, format, provenance, quality, profiles and cuts as JSON, numbers, a checksum. Nothing in it is text of the
//! training data: words are there as hashes of 16 bits at most, conversations as hashes of 64.

use std::fmt;

use super::bytes::{Reader, Writer};
use super::forest::{DEPTH, Forest, LEAVES, Questions};
use super::linear::{BUCKETS, Linear};
use super::{Model, Part, Parts, Provenance, Quality};
use crate::cuts::MeasuredCuts;
use crate::features::{DENSE, Idf, VERSION, VOTES};
use crate::heads::{HEADS, PerHead};
use crate::profile::{ComparisonBasis, Profile, Reference};

const MAGIC: &[u8; 4] = b"RJM\x1a";
/// Number of the format.
const FORMAT: u32 = 3;
/// The format before there were cuts, which is read as a model without any.
const WITHOUT_CUTS: u32 = 2;
const CHECKSUM: usize = 32;
/// A tree as bytes.
const TREE: usize = DEPTH * (2 + 4) + LEAVES * HEADS * 2;

/// Why a file is no model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileError {
    /// It does not begin as one.
    NoModel,
    /// It has a format that this engine does not read.
    Format(u32),
    /// It was trained on other features than this engine measures.
    Features {
        /// The version that the model was trained on.
        model: u32,
    },
    /// It asks for votes of plugins on a turn, which this engine no longer measures.
    Votes,
    /// It ends too early.
    Short,
    /// It is damaged: its checksum does not fit.
    Checksum,
    /// Something in it cannot be.
    Invalid(&'static str),
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoModel => f.write_str("not a model file: it does not begin with `RJM`"),
            Self::Format(number) => {
                write!(
                    f,
                    "the model file has format {number}, and this engine reads format {FORMAT}; train it anew"
                )
            }
            Self::Features { model } => write!(
                f,
                "the model was trained on features of version {model}, and this engine measures version {VERSION}; train it anew"
            ),
            Self::Votes => f.write_str(
                "the model asks for votes of plugins on a turn, and this engine measures none; train it anew",
            ),
            Self::Short => f.write_str("the model file ends too early"),
            Self::Checksum => f.write_str("the model file is damaged: its checksum does not fit"),
            Self::Invalid(what) => write!(f, "the model file is invalid: {what}"),
        }
    }
}

impl std::error::Error for FileError {}

impl Model {
    /// The model as a file; the same model gives the same bytes.
    ///
    /// # Panics
    /// If its provenance cannot be written as JSON, that is, never.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer(MAGIC.to_vec());
        out.u32(FORMAT);
        out.u32(VERSION);
        out.text(&serde_json::to_string(&self.provenance).expect("plain data"));
        out.text(&serde_json::to_string(&self.quality).expect("plain data"));
        out.text(&serde_json::to_string(&self.measured_on).expect("plain data"));
        out.text(&serde_json::to_string(&self.cuts).expect("plain data"));
        out.u32(self.trained_on.len() as u32);
        self.trained_on.iter().for_each(|&hash| out.u64(hash));
        for &(slope, intercept) in &self.calibration {
            out.f32(slope);
            out.f32(intercept);
        }
        out.0.extend_from_slice(self.idf.as_bytes());
        for part in [&self.parts.blind, &self.parts.informed] {
            write_linear(&mut out, &part.linear);
            write_forest(&mut out, &part.forest);
        }
        let checksum = blake3::hash(&out.0);
        out.0.extend_from_slice(checksum.as_bytes());
        out.0
    }

    /// Reads a model file.
    ///
    /// # Errors
    /// If it is none, is damaged, or comes from an engine with other features.
    pub fn from_bytes(file: &[u8]) -> Result<Self, FileError> {
        let (head, format) = behind_head(file)?;
        let body = file.len().checked_sub(CHECKSUM).ok_or(FileError::Short)?;
        if blake3::hash(&file[..body]).as_bytes() != &file[body..] {
            return Err(FileError::Checksum);
        }
        let start = file.len() - head.0.len();
        Self::read_body(&mut Reader(file.get(start..body).ok_or(FileError::Short)?), format)
    }

    fn read_body(body: &mut Reader<'_>, format: u32) -> Result<Self, FileError> {
        let provenance = provenance(body)?;
        let quality: Quality =
            serde_json::from_str(body.text()?).map_err(|_| FileError::Invalid("its measured quality"))?;
        let measured_on = measured_on(body)?;
        let cuts = cuts(body, format)?;
        let n = body.count(8)?;
        let trained_on = (0..n).map(|_| body.u64()).collect::<Result<Vec<_>, _>>()?;
        if !trained_on.is_sorted() {
            return Err(FileError::Invalid("the hashes of conversations are not sorted"));
        }
        let mut calibration = [(0.0, 0.0); HEADS];
        for (slope, intercept) in &mut calibration {
            *slope = body.f32("a slope of the calibration")?;
            *intercept = body.f32("an intercept of the calibration")?;
        }
        let idf = Idf::from_bytes(body.bytes(Idf::LEN)?);
        let mut part = || Ok(Part { linear: read_linear(body)?, forest: read_forest(body)? });
        let (blind, informed) = (part()?, part()?);
        if !body.0.is_empty() {
            return Err(FileError::Invalid("there is more behind its end"));
        }
        Ok(Self {
            idf,
            parts: Parts { blind, informed },
            calibration,
            trained_on,
            provenance,
            quality,
            measured_on,
            cuts,
        })
    }
}

impl ComparisonBasis {
    /// What the model in a file was measured on: reads the beginning of the file, and checks no more.
    ///
    /// # Errors
    /// If the file is no model, or ends too early.
    pub fn of_model(file: &[u8]) -> Result<Self, FileError> {
        let (mut body, format) = behind_head(file)?;
        let Provenance { rules, .. } = provenance(&mut body)?;
        body.text()?;
        let on = measured_on(&mut body)?;
        cuts(&mut body, format)?;
        let trained_on = body.count(8)? * 8;
        body.bytes(trained_on + 2 * 4 * HEADS)?;
        Ok(Self { on, rules, idf: Idf::from_bytes(body.bytes(Idf::LEN)?) })
    }
}

impl MeasuredCuts {
    /// The cuts of the model in a file: reads the beginning of the file, and checks no more.
    ///
    /// # Errors
    /// If the file is no model, or ends too early.
    pub fn of_model(file: &[u8]) -> Result<Self, FileError> {
        let (mut body, format) = behind_head(file)?;
        // Provenance, quality, and what the model was measured on.
        for _ in 0..3 {
            body.text()?;
        }
        cuts(&mut body, format)
    }
}

/// What follows magic, format and version, and the number of the format.
fn behind_head(file: &[u8]) -> Result<(Reader<'_>, u32), FileError> {
    let mut head = Reader(file);
    if head.bytes(MAGIC.len()).map_or(true, |magic| magic != MAGIC) {
        return Err(FileError::NoModel);
    }
    let format = head.u32()?;
    if !matches!(format, FORMAT | WITHOUT_CUTS) {
        return Err(FileError::Format(format));
    }
    match head.u32()? {
        VERSION => Ok((head, format)),
        model => Err(FileError::Features { model }),
    }
}

fn provenance(body: &mut Reader<'_>) -> Result<Provenance, FileError> {
    serde_json::from_str(body.text()?).map_err(|_| FileError::Invalid("its provenance"))
}

fn measured_on(body: &mut Reader<'_>) -> Result<Reference, FileError> {
    let invalid = FileError::Invalid("what it was measured on");
    let found: Reference = serde_json::from_str(body.text()?).map_err(|_| invalid.clone())?;
    if found.kinds.values().all(Profile::is_sound) { Ok(found) } else { Err(invalid) }
}

fn cuts(body: &mut Reader<'_>, format: u32) -> Result<MeasuredCuts, FileError> {
    if format == WITHOUT_CUTS {
        return Ok(MeasuredCuts::default());
    }
    let invalid = FileError::Invalid("its cuts");
    let found: MeasuredCuts = serde_json::from_str(body.text()?).map_err(|_| invalid.clone())?;
    if found.is_sound() { Ok(found) } else { Err(invalid) }
}

fn write_linear(out: &mut Writer, linear: &Linear) {
    linear.scale.iter().chain(&linear.bias).for_each(|&value| out.f32(value));
    out.0.extend(linear.weights.iter().flatten().map(|&weight| weight as u8));
}

fn read_linear(body: &mut Reader<'_>) -> Result<Linear, FileError> {
    let scale = per_head(body, "a scale of the linear model")?;
    let bias = per_head(body, "a bias of the linear model")?;
    let bytes = body.bytes(BUCKETS * HEADS)?;
    let mut weights = vec![[0; HEADS]; BUCKETS];
    weights.as_flattened_mut().iter_mut().zip(bytes).for_each(|(weight, &byte)| *weight = byte as i8);
    Ok(Linear { weights, scale, bias })
}

fn write_forest(out: &mut Writer, forest: &Forest) {
    out.f32(forest.scale);
    forest.bias.iter().for_each(|&value| out.f32(value));
    out.u32(forest.trees().len() as u32);
    for (questions, leaves) in forest.trees() {
        questions.features.iter().for_each(|&feature| out.u16(feature));
        questions.thresholds.iter().for_each(|&threshold| out.f32(threshold));
        leaves.iter().flatten().for_each(|&value| out.u16(value as u16));
    }
}

fn read_forest(body: &mut Reader<'_>) -> Result<Forest, FileError> {
    let scale = body.f32("a forest's scale")?;
    let bias = per_head(body, "a forest's bias")?;
    let n = body.count(TREE)?;
    let mut trees = Vec::with_capacity(n);
    for _ in 0..n {
        let (mut questions, mut leaves) = (Questions::default(), [[0; HEADS]; LEAVES]);
        for feature in &mut questions.features {
            *feature = body.u16()?;
            if (DENSE..DENSE + VOTES).contains(&usize::from(*feature)) {
                return Err(FileError::Votes);
            }
            if usize::from(*feature) >= DENSE {
                return Err(FileError::Invalid("a tree asks for a feature that is not there"));
            }
        }
        for threshold in &mut questions.thresholds {
            *threshold = body.f32("a threshold")?;
        }
        let (values, _) = body.bytes(LEAVES * HEADS * 2)?.as_chunks();
        for (leaf, &value) in leaves.as_flattened_mut().iter_mut().zip(values) {
            *leaf = i16::from_le_bytes(value);
        }
        trees.push((questions, leaves));
    }
    Ok(Forest::new(trees.into_iter(), scale, bias))
}

fn per_head(body: &mut Reader<'_>, what: &'static str) -> Result<PerHead, FileError> {
    let mut values = PerHead::default();
    for value in &mut values {
        *value = body.f32(what)?;
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use rejoinder_core::Purpose;

    use super::*;

    /// Trained when votes of plugins were features that nobody gave.
    const SHIPPED: &[u8] = include_bytes!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../plugins/rejoinder-plugin-scorer/model/default.rjm"
    ));

    /// The shipped model with one more tree, which asks for this feature.
    fn asking_for(feature: usize) -> Result<Model, FileError> {
        let mut model = Model::from_bytes(SHIPPED).unwrap();
        let forest = &mut model.parts.informed.forest;
        let mut asks = Questions::default();
        asks.features[2] = feature as u16;
        let trees = forest.trees().map(|(questions, leaves)| (*questions, *leaves));
        let trees: Vec<_> = trees.chain([(asks, [[0; HEADS]; LEAVES])]).collect();
        *forest = Forest::new(trees.into_iter(), forest.scale, forest.bias);
        Model::from_bytes(&model.to_bytes())
    }

    /// The shipped model as a file of the format before there were cuts.
    fn without_cuts() -> Vec<u8> {
        let mut from = 12;
        for _ in 0..3 {
            from += 4 + u32::from_le_bytes(SHIPPED[from..from + 4].try_into().unwrap()) as usize;
        }
        let to = from + 4 + u32::from_le_bytes(SHIPPED[from..from + 4].try_into().unwrap()) as usize;
        let mut file = [&SHIPPED[..from], &SHIPPED[to..SHIPPED.len() - CHECKSUM]].concat();
        file[4..8].copy_from_slice(&WITHOUT_CUTS.to_le_bytes());
        let checksum = blake3::hash(&file);
        file.extend_from_slice(checksum.as_bytes());
        file
    }

    #[test]
    fn a_model_of_the_format_before_is_the_same_model_without_cuts() {
        let (shipped, old) = (Model::from_bytes(SHIPPED).unwrap(), without_cuts());
        let read = Model::from_bytes(&old).unwrap();
        assert_eq!(read.cuts(), &MeasuredCuts::default());
        assert_eq!(MeasuredCuts::of_model(&old), Ok(MeasuredCuts::default()));
        assert_eq!(ComparisonBasis::of_model(&old), ComparisonBasis::of_model(SHIPPED));
        let mut again = read;
        again.set_cuts(shipped.cuts().clone());
        assert!(again == shipped && again.to_bytes() == SHIPPED);
    }

    #[test]
    fn the_shipped_model_has_cuts_for_what_the_config_offers() {
        let cuts = MeasuredCuts::of_model(SHIPPED).unwrap();
        assert_eq!(&cuts, Model::from_bytes(SHIPPED).unwrap().cuts());
        for purpose in [Purpose::ALL, Purpose::KTO, Purpose::SFT] {
            let of = |recall| cuts.rejecting(purpose, recall).unwrap();
            assert!(of(0.8).score > of(0.9).score && of(0.9).score > of(0.95).score, "{purpose}");
            assert!(
                [0.8, 0.9, 0.95].iter().all(|recall| f64::from(of(*recall).found) >= *recall),
                "{purpose}"
            );
            assert_eq!(cuts.rejecting(purpose, 0.85), None);
        }
        for precision in [0.8, 0.85, 0.9, 0.95] {
            assert!(f64::from(cuts.accepting(Purpose::ALL, precision).unwrap().right) > precision);
        }
    }

    #[test]
    fn cuts_that_are_no_shares_are_refused() {
        let mut model = Model::from_bytes(SHIPPED).unwrap();
        let mut cuts = model.cuts().clone();
        cuts.rejecting[0].score = 1.5;
        model.set_cuts(cuts);
        assert_eq!(Model::from_bytes(&model.to_bytes()), Err(FileError::Invalid("its cuts")));
    }

    #[test]
    fn a_model_of_the_time_when_votes_were_features_is_read_unless_it_asks_for_them() {
        assert!(Model::from_bytes(SHIPPED).unwrap().to_bytes() == SHIPPED);
        assert!(asking_for(DENSE - 1).is_ok());
        for vote in DENSE..DENSE + VOTES {
            let why = asking_for(vote).unwrap_err();
            assert_eq!(why, FileError::Votes);
            assert!(why.to_string().contains("asks for votes of plugins"));
        }
        let nowhere = FileError::Invalid("a tree asks for a feature that is not there");
        assert_eq!(asking_for(DENSE + VOTES).unwrap_err(), nowhere);
    }
}
