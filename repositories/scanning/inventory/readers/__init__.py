"""Readers of the files that say which packages are installed."""
