"""What all tests share: how long an example of a property takes says nothing on a machine that does other things, too."""

import hypothesis

hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")
