"""What the verbs of the command do with their flags."""
