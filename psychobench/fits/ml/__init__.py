"""Maximum likelihood: Fisher scoring from several starts, profile and bootstrap intervals."""
