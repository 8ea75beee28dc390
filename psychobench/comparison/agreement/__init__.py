"""Agreement: who errs on the same stimuli, confuses the same categories, uses the same cues."""
