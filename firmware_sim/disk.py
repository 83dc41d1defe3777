"""EDGE: flash as a directory.  Every write is a new file, synced, then renamed: kill -9 leaves old or new.

state/<part>.json    the parts of the memory
assets/<digest>      complete audio; what does not match its name any more is removed at power-up
parts/<digest>/<n>   chunks of audio that is not complete
"""

import errno
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from devices.protocol.chunks import digest_of
from devices.protocol.errors import MessageRefused
from devices.protocol.ids import AssetDigest, parse_digest
from firmware_sim.durable import NAMES, Memory, part_bytes, read_memory
from firmware_sim.events import DropAsset, Effect, Persist, Shelf, StoreAsset, StoreChunk, StoreFailed

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
Stored = Persist | StoreChunk | StoreAsset | DropAsset
STORED = (Persist, StoreChunk, StoreAsset, DropAsset)


class Disk:
    """One device's flash.  All methods block: call them in a thread."""

    def __init__(self, directory: Path, *, sync: bool = True) -> None:
        """`sync` False: a power cut of this machine, not only of the device, may lose what was written last."""
        self.directory = directory
        self.full = False  # a fault: no room for audio
        self._sync = sync
        self._state, self._assets, self._parts = (directory / name for name in ("state", "assets", "parts"))

    def power_up(self) -> tuple[Memory, Shelf]:
        """Return what survived."""
        for folder in (self._state, self._assets, self._parts):
            folder.mkdir(parents=True, exist_ok=True)
            for left in folder.glob("*.new"):  # a write that was cut off
                left.unlink()
        return read_memory(self._read_part), Shelf(complete=dict(self._complete()), parts=dict(self._incomplete()))

    def store(self, effects: Iterable[Effect]) -> list[StoreFailed]:
        """Do the storing effects in their order; return the assets for which there was no room."""
        failed: list[StoreFailed] = []
        for effect in effects:
            try:
                _STORING[type(effect)](self, effect)
            except OSError as exc:
                if exc.errno not in FULL or not isinstance(effect, StoreAsset | StoreChunk):
                    raise
                if isinstance(effect, StoreAsset):  # a chunk that is not stored is still in memory
                    failed.append(StoreFailed(effect.digest))
        return failed

    def read_asset(self, digest: AssetDigest) -> bytes:
        """Return the bytes of a complete asset."""
        return (self._assets / digest).read_bytes()

    def _read_part(self, name: str) -> bytes | None:
        path = self._state / f"{name}.json"
        return path.read_bytes() if path.exists() else None

    def _complete(self) -> Iterable[tuple[AssetDigest, int]]:
        for path in sorted(self._assets.iterdir()):
            data = path.read_bytes()
            if digest_of(data) == path.name:
                yield AssetDigest(path.name), len(data)
            else:
                path.unlink()

    def _incomplete(self) -> Iterable[tuple[AssetDigest, Mapping[int, bytes]]]:
        for folder in sorted(self._parts.iterdir()):
            try:
                digest = parse_digest(folder.name)
            except MessageRefused:
                continue
            yield digest, {int(path.name): path.read_bytes() for path in folder.iterdir() if path.name.isdigit()}

    def _persist(self, effect: Persist) -> None:
        self._replace(self._state / f"{NAMES[type(effect.part)]}.json", part_bytes(effect.part))

    def _store_chunk(self, effect: StoreChunk) -> None:
        self._need_room()
        folder = self._parts / effect.digest
        folder.mkdir(exist_ok=True)
        self._replace(folder / str(effect.n), effect.data)

    def _need_room(self) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _store_asset(self, effect: StoreAsset) -> None:
        self._need_room()
        self._replace(self._assets / effect.digest, effect.data)
        shutil.rmtree(self._parts / effect.digest, ignore_errors=True)

    def _drop_asset(self, effect: DropAsset) -> None:
        (self._assets / effect.digest).unlink(missing_ok=True)
        shutil.rmtree(self._parts / effect.digest, ignore_errors=True)

    def _replace(self, path: Path, data: bytes) -> None:
        new = path.with_name(path.name + ".new")
        with new.open("wb") as file:
            file.write(data)
            if self._sync:
                file.flush()
                os.fsync(file.fileno())
        new.replace(path)
        if self._sync:
            _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


_STORING: Mapping[type[Effect], Callable[..., None]] = {
    Persist: Disk._persist,
    StoreChunk: Disk._store_chunk,
    StoreAsset: Disk._store_asset,
    DropAsset: Disk._drop_asset,
}
