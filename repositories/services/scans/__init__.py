"""The life of a scan: asked for, run, recorded, and done again."""
