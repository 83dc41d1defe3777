"""EDGE: the one module that names pydub: phrases strung with pauses, WAV files written.

pydub works in 16 bits on whole segments: right for the ends of phrases and for WAV files, wrong for mastering, which
needs float samples; it is never let near a decoder.
"""

import io
import warnings
from collections.abc import Iterable

from content.audio.pcm import Pcm, from_int16, joined, to_int16

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # on import it looks for a decoder on PATH and warns; it is not asked to decode
    from pydub import AudioSegment
    from pydub.silence import detect_leading_silence

SILENT_BELOW_DBFS = -50.0  # an engine's own pause, not the end of a soft consonant
EDGE_MS = 20  # of that pause is kept: a phrase must not begin with a click


def _segment(sound: Pcm) -> AudioSegment:
    return AudioSegment(data=to_int16(sound), sample_width=2, frame_rate=sound.rate, channels=sound.channels)


def _sound(segment: AudioSegment) -> Pcm:
    return from_int16(segment.set_sample_width(2).raw_data, segment.frame_rate, segment.channels)


def _snug(segment: AudioSegment) -> AudioSegment:
    """Return `segment` without the silence an engine leaves around a phrase."""
    lead = detect_leading_silence(segment, silence_threshold=SILENT_BELOW_DBFS)
    tail = detect_leading_silence(segment.reverse(), silence_threshold=SILENT_BELOW_DBFS)
    return segment[max(0, lead - EDGE_MS) : len(segment) - max(0, tail - EDGE_MS)]


def strung(parts: Iterable[tuple[Pcm, int]]) -> Pcm:
    """Return phrases one after another, each followed by exactly its pause in milliseconds."""
    pieces: list[Pcm] = []
    for sound, pause_ms in parts:
        if sound.frames:
            pause = AudioSegment.silent(duration=pause_ms, frame_rate=sound.rate)
            pieces.append(_sound(_snug(_segment(sound)) + pause))
    return joined(pieces)  # in one go: adding segments one by one copies all that came before, each time


def write_wav(sound: Pcm) -> bytes:
    """Return `sound` as a 16-bit WAV file."""
    out = io.BytesIO()
    _segment(sound).export(out, format="wav")
    return out.getvalue()
