//! How surely a rule is right, by conversations that its search has not seen.

use rejoinder_cascade::binomial;
use rejoinder_core::Verdict;
use rejoinder_core::random::splitmix::first;

use super::bits::Bits;
use super::corpus::{Corpus, Turn};
use super::effect::RightAndWrong;

/// Hits in a half, in two strata: a hit of each conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Hits {
    /// Where all hits have answers.
    pub(super) judged: RightAndWrong,
    /// Among hits that nobody judged otherwise: those that were drawn uniformly.
    pub(super) drawn: RightAndWrong,
    /// Conversations with hits that nobody judged and that would be decided otherwise, or that were drawn.
    pub(super) unjudged: u64,
}

impl Hits {
    /// Counts the hits of a rule among the turns of `half`.
    pub(super) fn count(corpus: &Corpus, hits: &Bits, half: &Bits, verdict: Verdict, seed: u64) -> Self {
        let mut counted = Self::default();
        let mut numbers = hits.and(half).iter().collect::<Vec<_>>().into_iter().peekable();
        let mut here: Vec<usize> = Vec::new();
        while let Some(number) = numbers.next() {
            here.push(number);
            let conversation = corpus.turns[number].conversation;
            if numbers.peek().is_none_or(|&next| corpus.turns[next].conversation != conversation) {
                counted.add(corpus, &here, verdict, seed);
                here.clear();
            }
        }
        counted
    }

    /// Adds the hits in one conversation.
    fn add(&mut self, corpus: &Corpus, hits: &[usize], verdict: Verdict, seed: u64) {
        let draw = |wanted: &dyn Fn(&Turn) -> bool| {
            let of = hits.iter().filter(|&&number| wanted(&corpus.turns[number]));
            of.min_by_key(|&&number| first(seed ^ first(number as u64 + 1)))
                .map(|&number| &corpus.turns[number])
        };
        let tally = |of: &mut RightAndWrong, turn: &Turn| match turn.is_right(verdict) {
            true => of.right += 1,
            false => of.wrong += 1,
        };
        if let Some(turn) = draw(&|turn| turn.answer.is_known() && !turn.is_drawn) {
            tally(&mut self.judged, turn);
        }
        if let Some(turn) = draw(&|turn| turn.is_drawn && turn.answer.is_known()) {
            tally(&mut self.drawn, turn);
        }
        let is_open = |turn: &Turn| {
            turn.is_drawn || (!turn.answer.is_known() && turn.state.decision != turn.state.with(verdict))
        };
        self.unjudged += u64::from(draw(&is_open).is_some());
    }

    /// The measured share that is right, over both strata: of hits that nobody judged and no audit drew, none is.
    pub(super) fn share(&self) -> f64 {
        let (judged, unjudged) = (self.judged.all() as f64, self.unjudged as f64);
        (judged * self.judged.share() + unjudged * self.drawn.share()) / (judged + unjudged).max(1.0)
    }

    /// The lower bound of the share that is right, over both strata, with error `delta`.
    pub(super) fn bound(&self, delta: f64) -> f64 {
        if self.judged.all() + self.unjudged == 0 {
            return 0.0;
        }
        let strata = u64::from(self.judged.all() > 0) + u64::from(self.unjudged > 0 && self.drawn.all() > 0);
        let delta = delta / strata.max(1) as f64;
        let lower = |of: RightAndWrong| match of.all() {
            0 => 0.0,
            all => binomial::lower(of.right, all, delta),
        };
        let (judged, unjudged) = (self.judged.all() as f64, self.unjudged as f64);
        (judged * lower(self.judged) + unjudged * lower(self.drawn)) / (judged + unjudged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_that_nobody_judged_are_taken_for_wrong() {
        let judged = RightAndWrong { right: 100, wrong: 0 };
        let seen = Hits { judged, ..Hits::default() };
        let half_seen = Hits { unjudged: 100, ..seen };
        assert!(seen.bound(0.05) > 0.97);
        assert_eq!((seen.share(), half_seen.share()), (1.0, 0.5));
        assert!((half_seen.bound(0.05) - seen.bound(0.05) / 2.0).abs() < 1e-12);
        let audited = Hits { drawn: RightAndWrong { right: 50, wrong: 0 }, ..half_seen };
        assert!(audited.bound(0.05) > 0.9);
        assert_eq!(Hits::default().bound(0.05), 0.0);
    }
}
