//! From tokens to money and GPU-seconds.

use rejoinder_ledger::{Spending, TokenUsage};

/// What a million tokens cost; by default, nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Price {
    /// The money for input.
    pub input: f64,
    /// The money for input that the server had computed before; `None` means the same as for other input.
    pub cached_input: Option<f64>,
    /// The money for output.
    pub output: f64,
    /// The GPU-seconds for input: a million, divided by the input tokens that the server takes in a second, times its GPUs.
    pub gpu_input: f64,
    /// The GPU-seconds for output.
    pub gpu_output: f64,
}

/// The number of billionths in a unit of money or in a GPU-second.
pub const NANOS_PER_UNIT: f64 = 1e9;
const MILLION: f64 = 1e6;

impl Price {
    /// Whether the server costs money.
    pub fn has_money(&self) -> bool {
        self.input > 0.0 || self.output > 0.0
    }

    /// Whether the GPU-seconds are known.
    pub fn has_gpu(&self) -> bool {
        self.gpu_input > 0.0 || self.gpu_output > 0.0
    }

    /// The price of one request, rounded up.
    pub fn of(&self, usage: TokenUsage) -> Spending {
        let TokenUsage { prompt_tokens, cached_tokens, completion_tokens } = usage;
        let cached = cached_tokens.min(prompt_tokens);
        let rated = |amount: f64| (amount / MILLION * NANOS_PER_UNIT).ceil() as u64;
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
        let usage = TokenUsage { prompt_tokens: 1_000, cached_tokens: 800, completion_tokens: 1 };
        let spent = price.of(usage);
        // 200 · 0.5 + 800 · 0.05 + 1 · 1.5 = 141.5 millionths.
        assert_eq!((spent.calls, spent.tokens, spent.money), (1, 1_001, 141_500));
        assert_eq!(spent.gpu, (200 * 40 + 900) * 1_000);
        let all_new = Price { cached_input: None, ..price }.of(usage);
        assert_eq!(all_new.money, 501_500);
        let tiny = Price { input: 1e-7, ..Price::default() };
        assert_eq!(tiny.of(TokenUsage { prompt_tokens: 1, ..TokenUsage::default() }).money, 1);
    }
}
