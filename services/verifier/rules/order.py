"""The order of one conversation, which is that of intake: whether the customer wrote before the request came.

Source: DESIGN, "Decide in stages". What is in both topics is met in whatever order it is read; only the
furthest place met so far is remembered.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class ScreenedOrder:
    """How far the records of a conversation have been met. Offsets are counted from 1; 0 is none."""

    intake: int = 0
    screened: int = 0

    def meet(self, intake_offset: int, screened_offset: int) -> int | None:
        """The same thing lies at these offsets.

        Returns the offset of the record in screened that lies behind one which intake has later, else None.
        """
        before = (intake_offset + 1 < self.intake, screened_offset + 1 < self.screened)
        if before[0] != before[1]:
            return max(screened_offset, self.screened - 1)
        if not before[0]:
            self.intake, self.screened = intake_offset + 1, screened_offset + 1
        return None
