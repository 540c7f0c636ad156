"""Which promotions of a history are wanted, as the API and the portal are asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_date, parse_datetime

from promotions.models.promotion import State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_TEXT = 128


@dataclass(frozen=True, slots=True)
class PromotionFilter:
    """What a promotion has to be like; what is empty asks for nothing.

    `since` is the first moment of its creation that counts, `until` the first that
    does not any more. `tag` is a part of the source's tag.
    """

    states: tuple[State, ...] = ()
    error_code: str = ""
    policy: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    tag: str = ""

    @classmethod
    def parse(cls, sent: Mapping[str, Any]) -> Self:
        """Read what was sent under the names of the fields, and under `state`.

        A value may be a list of texts, of which all states and otherwise the last one
        count. Raises ValidationError with a sentence for each field.
        """
        errors: dict[str, ValidationError] = {}
        read: dict[str, Any] = {}
        for name, (field, reader) in READERS.items():
            try:
                texts = _texts(sent.get(name))
                if texts:
                    read[field] = reader(texts)
            except ValidationError as error:
                errors[name] = error
        if errors:
            raise ValidationError(errors)
        return cls(**read)


def _texts(value: Any) -> list[str]:
    """Return the texts sent, without the empty ones: a form sends all its fields."""
    values = value if isinstance(value, list) else [value]
    texts = [one for one in values if one is not None]
    if not all(isinstance(one, str) and "\0" not in one for one in texts):
        message = "Write text."
        raise ValidationError(message)
    return [text for one in texts if (text := one.strip())]


def _states(texts: list[str]) -> tuple[State, ...]:
    names = [name.strip() for text in texts for name in text.split(",")]
    unknown = [name for name in names if name not in State]
    if unknown:
        message = f"“{unknown[0]}” is no state; choose of {', '.join(State.values)}."
        raise ValidationError(message)
    return tuple(State(name) for name in dict.fromkeys(names))


def _text(texts: list[str]) -> str:
    if len(texts[-1]) > MAX_TEXT:
        message = f"Write at most {MAX_TEXT} characters."
        raise ValidationError(message)
    return texts[-1]


def _uuid(texts: list[str]) -> UUID:
    try:
        return UUID(texts[-1])
    except ValueError:
        message = f"“{texts[-1]}” is not the id of a policy."
        raise ValidationError(message) from None


def _since(texts: list[str]) -> datetime:
    return _moment(texts[-1], day_ends=False)


def _until(texts: list[str]) -> datetime:
    return _moment(texts[-1], day_ends=True)


def _moment(text: str, *, day_ends: bool) -> datetime:
    """Return a moment; of a day without a time, its start or its end in UTC."""
    try:
        day = parse_date(text)
        found = parse_datetime(text)
        if found is not None and day is not None and day_ends:
            found += timedelta(days=1)
        if found is not None:
            return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (OverflowError, ValueError):
        pass  # the pattern of a moment, but no such day: said below
    message = (
        f"“{text}” is no moment; write one such as 2026-01-31 or 2026-01-31T12:00:00Z."
    )
    raise ValidationError(message)


READERS: dict[str, tuple[str, Callable[[list[str]], Any]]] = {
    "state": ("states", _states),
    "error_code": ("error_code", _text),
    "policy": ("policy", _uuid),
    "since": ("since", _since),
    "until": ("until", _until),
    "tag": ("tag", _text),
}
