"""A section of the page: what it needs is what it is made with; it gives a title, words and figures."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from seqmem.report.page.blocks import Block


class Section(ABC):
    """A part of the page, under a title of its own.

    Class attributes:
        title: above it, and in the list of contents.
        place: where it stands among the others: the lowest first, those of one place as they come.
    """

    title: ClassVar[str]
    place: ClassVar[int]

    @abstractmethod
    def blocks(self) -> Sequence[Block]:
        """Words first, then tables and figures; none: there is nothing to say, and no section."""
