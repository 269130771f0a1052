"""Figures without a judge, each with its interval: what the log-probabilities of held-out answers say."""
