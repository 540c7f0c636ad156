"""Signing in, in every way, and what keeps accounts safe."""
