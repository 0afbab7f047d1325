"""What came over, what was there, and what did not come over and why."""

from __future__ import annotations

from collections import Counter
from typing import Any

from headrace.moving.port import Lost

EVENT = "registry event"
#: The kinds of thing that are counted, in the order in which they are told.
KINDS = (
    "experiment",
    "run",
    "point",
    "logged model",
    EVENT,
    "registered model",
    "model version",
    "evaluation dataset",
    "artifact",
)


class Report:
    """The count of an import, kept while it runs."""

    def __init__(self) -> None:
        self.new: Counter[str] = Counter()
        self.added: Counter[str] = Counter()
        self.there: Counter[str] = Counter()
        self.lost: list[Lost] = []
        #: What a reader should know, such as ids that are others here.
        self.notes: list[str] = []
        #: Bytes of new artifacts.
        self.bytes = 0

    @property
    def is_whole(self) -> bool:
        """Whether everything came over."""
        return not self.lost

    def lose(self, kind: str, id: str, why: str, count: int = 1) -> None:
        """Note what does not come over. Events of one history that share a reason are told as one."""
        last = self.lost[-1] if self.lost else None
        if kind == EVENT and last and (last.kind, last.why) == (kind, why) and _history(last.id) == _history(id):
            self.lost[-1] = Lost(kind, last.id, why, last.count + count)
            return
        self.lost.append(Lost(kind, id, why, count))

    def lost_of(self, kind: str) -> int:
        """How many of a kind did not come over."""
        return sum(each.count for each in self.lost if each.kind == kind)

    def as_json(self) -> dict[str, Any]:
        """The report as plain values."""
        kinds = [*KINDS, *sorted({each.kind for each in self.lost} - set(KINDS))]
        return {
            "counts": {
                kind: {
                    "new": self.new[kind],
                    "added_to": self.added[kind],
                    "already_there": self.there[kind],
                    "not_come_over": self.lost_of(kind),
                }
                for kind in kinds
            },
            "bytes": self.bytes,
            "not_come_over": [
                {"kind": each.kind, "id": each.id, "why": each.why, "count": each.count} for each in self.lost
            ],
            "notes": self.notes,
        }


def _history(event: str) -> str:
    return event.partition("/")[0]
