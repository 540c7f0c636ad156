"""The product's own management commands."""
