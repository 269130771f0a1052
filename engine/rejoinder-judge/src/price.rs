//! From tokens to money and GPU-seconds.

use rejoinder_ledger::{Spending, Usage};

/// What a million tokens cost. Nothing, where nobody says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Price {
    /// Money for input.
    pub input: f64,
    /// Money for input that the server had computed before; the same as other input where nobody says otherwise.
    pub cached_input: Option<f64>,
    /// Money for output.
    pub output: f64,
    /// GPU-seconds for input: a million, divided by the input tokens that the server takes in a second, times its GPUs.
    pub gpu_input: f64,
    /// GPU-seconds for output.
    pub gpu_output: f64,
}

/// Billionths in a unit of money or a GPU-second.
pub const NANO: f64 = 1e9;
const MILLION: f64 = 1e6;

impl Price {
    /// Whether money is asked for.
    pub fn has_money(&self) -> bool {
        self.input > 0.0 || self.output > 0.0
    }

    /// Whether GPU-seconds are known.
    pub fn has_gpu(&self) -> bool {
        self.gpu_input > 0.0 || self.gpu_output > 0.0
    }

    /// What one request takes, rounded up.
    pub fn of(&self, usage: Usage) -> Spending {
        let Usage { prompt_tokens, cached_tokens, completion_tokens } = usage;
        let cached = cached_tokens.min(prompt_tokens);
        let rated = |amount: f64| (amount / MILLION * NANO).ceil() as u64;
        let [new, cached, output] = [prompt_tokens - cached, cached, completion_tokens].map(|n| n as f64);
        Spending {
            calls: 1,
            tokens: prompt_tokens + completion_tokens,
            money: rated(
                new * self.input + cached * self.cached_input.unwrap_or(self.input) + output * self.output,
            ),
            gpu: rated(new * self.gpu_input + output * self.gpu_output),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cached_input_is_charged_at_its_own_price_and_fractions_are_rounded_up() {
        let price =
            Price { input: 0.5, cached_input: Some(0.05), output: 1.5, gpu_input: 40.0, gpu_output: 900.0 };
        let usage = Usage { prompt_tokens: 1_000, cached_tokens: 800, completion_tokens: 1 };
        let spent = price.of(usage);
        // 200 · 0.5 + 800 · 0.05 + 1 · 1.5 = 141.5 millionths.
        assert_eq!((spent.calls, spent.tokens, spent.money), (1, 1_001, 141_500));
        assert_eq!(spent.gpu, (200 * 40 + 900) * 1_000);
        let all_new = Price { cached_input: None, ..price }.of(usage);
        assert_eq!(all_new.money, 501_500);
        let tiny = Price { input: 1e-7, ..Price::default() };
        assert_eq!(tiny.of(Usage { prompt_tokens: 1, ..Usage::default() }).money, 1);
    }
}
