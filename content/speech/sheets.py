"""A long text is said sheet by sheet, each by a process of its own, and strung again.  PURE.

Where a sheet ends depends on the text alone, never on how many processes there are: the same text stays the same sound.
"""

from collections.abc import Sequence

from content.text.spoken import Phrase

SHEET_CHARS = 600  # half a minute of speech: a new process for less would cost more than it saves
SENTENCE_PAUSE_MS = 450  # what ends with a shorter pause goes on in the next phrase


def sheets(phrases: Sequence[Phrase], chars: int = SHEET_CHARS) -> tuple[tuple[Phrase, ...], ...]:
    """Return `phrases` in runs of at least `chars` characters that end where a sentence does; the last may be short."""
    runs: list[tuple[Phrase, ...]] = []
    run: list[Phrase] = []
    size = 0
    for phrase in phrases:
        run.append(phrase)
        size += len(phrase.words)
        long_enough = size >= chars and phrase.pause_ms >= SENTENCE_PAUSE_MS
        if long_enough or size >= 2 * chars:  # a sentence without an end: cut it at a phrase
            runs.append(tuple(run))
            run, size = [], 0
    return (*runs, *([tuple(run)] if run else []))
