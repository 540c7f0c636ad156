"""The portal in a real browser: what only shows there."""
