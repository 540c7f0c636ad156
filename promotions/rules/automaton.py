"""Sets of texts as small automata: enough to tell whether some have a text in common.

A set is written as pieces, one after the other, such as a letter, then any number of
digits. Nothing is ever guessed: the answers are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


class Piece(NamedTuple):
    """One character out of `characters`, or any number of them, none included."""

    characters: frozenset[str]
    repeated: bool = False


class Edge(NamedTuple):
    """A step that reads one of `characters` and leads to the state `to`."""

    characters: frozenset[str]
    to: int


@dataclass(frozen=True, slots=True)
class Automaton:
    """The edges that leave each state; the texts begin in state 0."""

    edges: tuple[tuple[Edge, ...], ...]
    accepting: frozenset[int]

    @classmethod
    def of(cls, pieces: Sequence[Piece]) -> Self:
        """Return the automaton of the texts that the pieces make."""
        states = range(len(pieces) + 1)
        return cls(
            tuple(tuple(_leaving(pieces, state)) for state in states),
            frozenset(s for s in states if all(piece.repeated for piece in pieces[s:])),
        )

    def accepts(self, text: str) -> bool:
        """Tell whether the text belongs to the set."""
        states = {0}
        for char in text:
            states = {
                edge.to
                for state in states
                for edge in self.edges[state]
                if char in edge.characters
            }
        return not states.isdisjoint(self.accepting)


def literal(text: str) -> tuple[Piece, ...]:
    """Return the pieces of this one text."""
    return tuple(Piece(frozenset(char)) for char in text)


def any_of(characters: Iterable[str]) -> tuple[Piece, ...]:
    """Return the piece of any number of these characters, none included."""
    return (Piece(frozenset(characters), repeated=True),)


def share_a_text(*automata: Automaton, limit: int) -> bool:
    """Tell whether a text of at most `limit` characters belongs to all the sets."""
    reached = {(0,) * len(automata)}
    seen = set(reached)
    for _length in range(limit + 1):
        if any(_all_accept(automata, states) for states in reached):
            return True
        reached = {step for states in reached for step in _steps(automata, states)}
        reached -= seen
        seen |= reached
    return False


def _leaving(pieces: Sequence[Piece], state: int) -> Iterator[Edge]:
    for index, piece in enumerate(pieces[state:], start=state):
        yield Edge(piece.characters, index if piece.repeated else index + 1)
        if not piece.repeated:
            break


def _all_accept(automata: Sequence[Automaton], states: Sequence[int]) -> bool:
    return all(
        state in automaton.accepting
        for automaton, state in zip(automata, states, strict=True)
    )


def _steps(
    automata: Sequence[Automaton], states: Sequence[int]
) -> Iterator[tuple[int, ...]]:
    leaving = (
        automaton.edges[state]
        for automaton, state in zip(automata, states, strict=True)
    )
    for edges in product(*leaving):
        if frozenset.intersection(*(edge.characters for edge in edges)):
            yield tuple(edge.to for edge in edges)
