"""Reading what is in images: layers, scanners' reports, advisories. No framework."""
