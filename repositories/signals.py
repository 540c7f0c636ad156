"""What other apps may hear about the content of the registry.

Receivers only enqueue, on commit.
"""

from __future__ import annotations

from django.dispatch import Signal

# A tag moved: `move_id`, the key of the TagMove. Sent inside the transaction.
tag_pushed = Signal()

# A scan was asked for: `scan_id`. Sent inside the transaction.
scan_requested = Signal()

# A scan ended: `manifest_id`, the key of its image. Sent inside the transaction.
scan_completed = Signal()

# A vulnerability was hidden, or is not any more: `exception_id`. Sent likewise.
exception_changed = Signal()

# Something attached to an image came or went: `notice_id`, the key of the
# AttachmentNotice. Sent likewise.
attachment_changed = Signal()

# A key was made or retired: `key_id`, the key of the SigningKey. Sent likewise.
signing_key_changed = Signal()

# Something is to be sent to a webhook: `webhook_id`. Sent likewise.
delivery_wanted = Signal()
