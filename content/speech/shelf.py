"""EDGE: installed voices, each in a folder named by its digest; what is not as it was kept is not used.

<folder>/<digest>/{model.onnx, tokens.txt, voice.json}.  A voice is written beside its place and moved there whole.
"""

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from content.errors import VoiceRefused
from content.speech.voice import Region
from content.speech.voice_files import MODEL_FILE, NOTE_FILE, TOKENS_FILE, VoiceFiles, VoiceNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A voice on the shelf."""

    note: VoiceNote
    folder: Path


class Shelf:
    """The voices in one folder; blocking, so call it in a thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def voices(self) -> tuple[Kept, ...]:
        """Return every voice that says what it is, by region and name; their files are not looked into."""
        found = []
        for note_file in sorted(self._folder.glob(f"*/{NOTE_FILE}")):
            try:
                note = _note(note_file.read_text("utf-8"))
            except (OSError, ValueError, TypeError, LookupError):
                continue
            if note.digest == note_file.parent.name:
                found.append(Kept(note=note, folder=note_file.parent))
        return tuple(sorted(found, key=lambda one: (one.note.region, one.note.name, one.note.digest)))

    def check(self, kept: Kept) -> None:
        """Raise VoiceRefused unless both files are what was installed."""
        for name, wanted in ((MODEL_FILE, kept.note.model_sha256), (TOKENS_FILE, kept.note.tokens_sha256)):
            try:
                found = _digest(kept.folder / name)
            except OSError as exc:
                raise VoiceRefused(f"thiếu tệp {name}", f"{name}: {exc.strerror}") from exc
            if found != wanted:
                raise VoiceRefused(f"tệp {name} đã bị thay đổi", f"{name} has digest {found}")

    def keep(self, voice: VoiceFiles) -> Kept:
        """Keep a voice; again is harmless."""
        place = self._folder / voice.note.digest
        part = self._folder / f"{voice.note.digest}.{os.getpid()}.part"
        part.mkdir(parents=True)
        try:
            (part / MODEL_FILE).write_bytes(voice.model)
            (part / TOKENS_FILE).write_bytes(voice.tokens)
            _write_note(part, voice.note)
            if place.exists():
                shutil.rmtree(place)
            part.rename(place)
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return Kept(note=voice.note, folder=place)

    def paced(self, kept: Kept, pace: float) -> Kept:
        """Note how fast a voice speaks by itself."""
        note = replace(kept.note, pace=round(pace, 3))
        _write_note(kept.folder, note)
        return replace(kept, note=note)

    def remove(self, kept: Kept) -> None:
        """Take a voice from the shelf."""
        shutil.rmtree(kept.folder)


def _write_note(folder: Path, note: VoiceNote) -> None:
    part = folder / f"{NOTE_FILE}.part"
    part.write_text(json.dumps(asdict(note), ensure_ascii=False, indent=1), "utf-8")
    part.replace(folder / NOTE_FILE)


def _note(text: str) -> VoiceNote:
    """Return a note.  Raises ValueError, TypeError or LookupError for anything else."""
    fields = json.loads(text)
    return VoiceNote(**{**fields, "region": Region(fields["region"])})


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
