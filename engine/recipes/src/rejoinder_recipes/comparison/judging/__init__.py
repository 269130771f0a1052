"""Figures by a judge: pairs of answers as requests in both orders, the verdicts that come back, and win rates."""
