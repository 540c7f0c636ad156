"""The built-in inventory: which packages an image's layers hold."""

from __future__ import annotations

from repositories.scanning.inventory.contents import (
    INVENTORY_VERSION,
    LayerContents,
    OutdatedInventory,
)
from repositories.scanning.inventory.coverage import SkippedLayer
from repositories.scanning.inventory.image import assemble
from repositories.scanning.inventory.layer import read_layer
from repositories.scanning.inventory.limits import Limits, UnreadableLayer

__all__ = [
    "INVENTORY_VERSION",
    "LayerContents",
    "Limits",
    "OutdatedInventory",
    "SkippedLayer",
    "UnreadableLayer",
    "assemble",
    "read_layer",
]
