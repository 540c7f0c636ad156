"""What other apps may hear about the content of the registry.

Receivers only enqueue, on commit.
"""

from __future__ import annotations

from django.dispatch import Signal

# A tag moved: `move_id`, the key of the TagMove. Sent inside the transaction.
tag_pushed = Signal()

# A scan ended: `manifest_id`, the key of its image. Sent inside the transaction.
scan_completed = Signal()

# A vulnerability was hidden, or is not any more: `exception_id`. Sent likewise.
exception_changed = Signal()
