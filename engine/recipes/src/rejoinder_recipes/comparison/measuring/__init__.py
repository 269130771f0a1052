"""What models make of held-out conversations: the only part of a comparison that runs models."""
