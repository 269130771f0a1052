"""Training by TRL: SFT on praised (or random) answers, then KTO on praised and blamed ones."""
