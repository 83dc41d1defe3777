"""The hub's keys on disk: a root key that signs key sets, and working keys that sign everything else.

The root key is needed only to change the key set.  A province takes `root.seed` off line and brings it back to rotate;
a commune may leave it where it is.  Every file is readable by its owner alone.
"""

import base64
import contextlib
import json
import os
import secrets
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from devices.protocol.limits import KEYS_MAX
from devices.protocol.messages import KeyEntry, KeySet
from devices.protocol.signing import Signer

DAY_MS = 86_400_000
LIFE_MS = 400 * DAY_MS  # a year, and a month in which somebody notices
OVERLAP_MS = 30 * DAY_MS  # an old key stays good so long: a loudspeaker may have been off for a month
ANNOUNCED_MS = DAY_MS  # a new key is announced so long before anything is signed with it
SET_LIFE_MS = LIFE_MS
PRIVATE = 0o600
PUBLIC_KEY_BYTES = 32  # Ed25519


class KeyTrouble(Exception):
    """A key file is missing, open to others, or broken; the message says which and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingKey:
    """When a working key may sign (`not_…`), and from when the hub signs with it."""

    key_id: str
    not_before_ms: int
    not_after_ms: int
    signs_from_ms: int


class Keys:
    """All keys of a hub.  `open_keys` makes them at the first start."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._signers: dict[str, Signer] = {}
        self.working: tuple[WorkingKey, ...] = ()

    @property
    def root_public(self) -> bytes:
        """The 32 raw bytes that a loudspeaker is given when it is enrolled.  Raises KeyTrouble."""
        path = self.folder / "root.pub"
        try:
            key = base64.b64decode(path.read_bytes(), validate=True)
        except (OSError, ValueError) as exc:
            raise KeyTrouble(f"Không đọc được {path}: lấy lại từ bản sao lưu") from exc
        if len(key) != PUBLIC_KEY_BYTES:
            raise KeyTrouble(f"{path} hỏng: lấy lại từ bản sao lưu")
        return key

    def root(self) -> Signer:
        """Return the root signer.  Raises KeyTrouble when it is kept elsewhere."""
        return _signer(self.folder / "root.seed")

    def signer(self, now_ms: int) -> Signer:
        """Return the working key to sign with: the newest that has been announced long enough."""
        usable = [key for key in self.working if key.signs_from_ms <= now_ms <= key.not_after_ms]
        if not usable:
            raise KeyTrouble("Không còn khóa ký nào còn hiệu lực: chạy ./loa keys rotate --now")
        newest = max(reversed(usable), key=lambda key: key.signs_from_ms)  # of two made at once the later
        return self._load(newest.key_id)

    def key_set(self, sequence: int, now_ms: int) -> KeySet:
        """Return the keys now valid and next."""
        entries = tuple(self._entry(key) for key in self.working if key.not_after_ms > now_ms)
        return KeySet(sequence=sequence, issued_at_ms=now_ms, expires_at_ms=now_ms + SET_LIFE_MS, keys=entries)

    def reload(self) -> None:
        """Take what stands in the folder now: another process may have rotated.  Raises KeyTrouble."""
        listing = self.folder / "working.json"
        _check_private(listing)
        try:
            working = tuple(WorkingKey(**entry) for entry in json.loads(listing.read_bytes()))
        except (ValueError, TypeError) as exc:
            raise KeyTrouble(f"{listing} hỏng: lấy lại từ bản sao lưu") from exc
        if not working:
            raise KeyTrouble(f"{listing} không có khóa nào: lấy lại từ bản sao lưu")
        for key in working:
            self._load(key.key_id)  # now, so that signing never reads a file
        self.working = working

    def rotate(self, now_ms: int, *, at_once: bool = False) -> WorkingKey:
        """Add a working key; the old ones end after the overlap, or now when one has leaked (`at_once`).

        The key set must then be published, and what stands at the broker sealed anew.
        Raises KeyTrouble when there are as many as a key set holds.
        """
        if sum(key.not_after_ms > now_ms for key in self.working) >= KEYS_MAX:
            raise KeyTrouble(f"Đã có {KEYS_MAX} khóa ký còn hiệu lực: đợi khóa cũ hết hạn rồi luân chuyển tiếp")
        signs_from_ms = now_ms if at_once else now_ms + ANNOUNCED_MS
        end_ms = now_ms if at_once else signs_from_ms + OVERLAP_MS
        old = tuple(replace(key, not_after_ms=min(key.not_after_ms, end_ms)) for key in self.working)
        new = self._make(now_ms, signs_from_ms)
        over = [key for key in old if key.not_after_ms <= now_ms]
        self.working = (*(key for key in old if key.not_after_ms > now_ms), new)
        self._save()
        for key in over:  # what nobody believes any more nobody should find
            (self.folder / f"{key.key_id}.seed").unlink(missing_ok=True)
        return new

    def _make(self, now_ms: int, signs_from_ms: int) -> WorkingKey:
        seed = secrets.token_bytes(32)
        signer = Signer.from_seed(seed)
        write_private(self.folder / f"{signer.key_id}.seed", base64.b64encode(seed))
        self._signers[signer.key_id] = signer
        return WorkingKey(
            key_id=signer.key_id, not_before_ms=now_ms, not_after_ms=now_ms + LIFE_MS, signs_from_ms=signs_from_ms
        )

    def _load(self, key_id: str) -> Signer:
        if key_id not in self._signers:
            path = self.folder / f"{key_id}.seed"
            signer = _signer(path)
            if signer.key_id != key_id:
                raise KeyTrouble(f"Khóa {path} không phải là khóa {key_id}: lấy lại từ bản sao lưu")
            self._signers[key_id] = signer
        return self._signers[key_id]

    def _entry(self, key: WorkingKey) -> KeyEntry:
        signer = self._load(key.key_id)
        return KeyEntry(
            key_id=signer.key_id,
            public_key=base64.b64encode(signer.public_key).decode(),
            not_before_ms=key.not_before_ms,
            not_after_ms=key.not_after_ms,
        )

    def _save(self) -> None:
        write_private(
            self.folder / "working.json", json.dumps([asdict(key) for key in self.working], indent=1).encode()
        )


def open_keys(folder: Path, now_ms: int) -> Keys:
    """Return the keys in `folder`, made there at the first start.  Raises KeyTrouble."""
    keys = Keys(folder)
    if not (folder / "working.json").exists():
        _first(keys, now_ms)
    else:
        keys.reload()
    _ = keys.root_public  # without it no loudspeaker could be enrolled: said now, not then
    return keys


def _first(keys: Keys, now_ms: int) -> None:
    """Make what is not there.  A root key that is there stays: every loudspeaker believes it, and no other."""
    keys.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    root, public = keys.folder / "root.seed", keys.folder / "root.pub"
    if not root.exists():
        if public.exists():
            raise KeyTrouble(f"Có {public} mà không có working.json và root.seed: lấy lại từ bản sao lưu")
        write_private(root, base64.b64encode(secrets.token_bytes(32)))
    write_private(public, base64.b64encode(keys.root().public_key))
    keys.working = (keys._make(now_ms, now_ms),)
    keys._save()


def _signer(path: Path) -> Signer:
    try:
        _check_private(path)
        return Signer.from_seed(base64.b64decode(path.read_bytes(), validate=True))
    except FileNotFoundError as exc:
        raise KeyTrouble(f"Không có khóa {path}: nếu khóa gốc được cất nơi khác, chép về đúng chỗ này") from exc
    except ValueError as exc:
        raise KeyTrouble(f"Khóa {path} hỏng: lấy lại từ bản sao lưu") from exc


def _check_private(path: Path) -> None:
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise KeyTrouble(f"{path} mở cho người khác đọc (quyền {mode:o}): chạy chmod 600 {path}")


def write_private(path: Path, data: bytes) -> None:
    """Write `data` so that a power cut leaves the old file or the new one, and only the owner reads it."""
    part = path.with_suffix(path.suffix + ".part")
    with contextlib.suppress(FileNotFoundError):
        part.unlink()
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
