//! The literals of which one must stand in a turn before a rule is tried on it.

use rejoinder_core::automaton::{Automaton, LineFeed};

/// What a match of one literal leads to.
pub(crate) struct Targets<'l> {
    /// Rules and selectors with this phrase: a match, once its word boundaries are checked.
    pub(crate) phrases: &'l [u32],
    /// Numbers of the regexes that require this literal, or another one.
    pub(crate) gates: &'l [u32],
}

/// The literals of one automaton, and where they lead.
#[derive(Debug)]
pub(crate) struct Literals {
    pub(crate) automaton: Automaton,
    /// The targets of all literals, one behind the other: of each literal rules, then regexes.
    numbers: Vec<u32>,
    /// By literal.
    places: Vec<TargetPlace>,
}

/// Where the targets of a literal stand.
#[derive(Clone, Copy, Debug)]
struct TargetPlace {
    phrases: u32,
    gates: u32,
    end: u32,
}

impl Literals {
    /// The literals in some uses of them: those in ASCII, and the others.
    pub(crate) fn split(mut uses: Vec<LiteralUse<'_>>) -> [Self; 2] {
        uses.sort_by(|one, other| {
            one.beginning.cmp(&other.beginning).then_with(|| one.literal.cmp(other.literal))
        });
        let (ascii, beyond): (Vec<_>, Vec<_>) = uses.into_iter().partition(|used| used.literal.is_ascii());
        [Self::of(&ascii), Self::of(&beyond)]
    }

    /// The literals in some uses of them, which are sorted by the literal.
    fn of(uses: &[LiteralUse<'_>]) -> Self {
        let (mut literals, mut places) = (Vec::new(), Vec::new());
        let mut numbers = Vec::with_capacity(uses.len());
        for same in uses.chunk_by(|one, other| one.literal == other.literal) {
            let phrases = numbers.len() as u32;
            numbers.extend(same.iter().filter_map(|used| used.phrase_of));
            let gates = numbers.len() as u32;
            numbers.extend(same.iter().filter_map(|used| used.gate));
            places.push(TargetPlace { phrases, gates, end: numbers.len() as u32 });
            literals.push(same[0].literal);
        }
        Self { automaton: Automaton::new(&literals, LineFeed::Space), numbers, places }
    }

    /// How many literals there are.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// What a match of a literal leads to.
    pub(crate) fn targets(&self, literal: u32) -> Targets<'_> {
        let TargetPlace { phrases, gates, end } = self.places[literal as usize];
        let numbers = |from: u32, to: u32| &self.numbers[from as usize..to as usize];
        Targets { phrases: numbers(phrases, gates), gates: numbers(gates, end) }
    }
}

/// A use of a literal.
pub(crate) struct LiteralUse<'r> {
    /// The first eight bytes as a number, by which most literals are told apart.
    beginning: u64,
    literal: &'r str,
    /// The rule or selector whose phrase the literal is.
    phrase_of: Option<u32>,
    /// The number of the regex that requires the literal.
    gate: Option<u32>,
}

impl<'r> LiteralUse<'r> {
    pub(crate) fn new(literal: &'r str, phrase_of: Option<u32>, gate: Option<u32>) -> Self {
        let mut bytes = [0; 8];
        let length = literal.len().min(8);
        bytes[..length].copy_from_slice(&literal.as_bytes()[..length]);
        Self { beginning: u64::from_be_bytes(bytes), literal, phrase_of, gate }
    }
}
