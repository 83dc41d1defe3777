"""Keys on disk: made once, readable by their owner alone, rotated with an overlap, and never made over."""

import base64
import json
from pathlib import Path

import pytest

from devices.protocol.codec import decode_as, encode
from devices.protocol.ids import KeyId
from devices.protocol.limits import KEYS_BYTES_MAX, KEYS_MAX
from devices.protocol.messages import KeySet
from devices.protocol.signing import KeyRing
from hub.keys import ANNOUNCED_MS, DAY_MS, LIFE_MS, OVERLAP_MS, Keys, KeyTrouble, open_keys, write_private

NOW = 1_790_000_000_000


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return open_keys(tmp_path / "keys", NOW)


def modes(keys: Keys) -> set[str]:
    return {f"{path.stat().st_mode & 0o777:o}" for path in keys.folder.iterdir()}


def test_the_first_start_makes_keys_that_only_their_owner_reads(keys: Keys) -> None:
    names = sorted(path.name for path in keys.folder.iterdir())
    (working,) = keys.working
    assert names == sorted([f"{working.key_id}.seed", "root.pub", "root.seed", "working.json"])
    assert modes(keys) == {"600"}
    assert keys.folder.stat().st_mode & 0o777 == 0o700
    assert keys.root().public_key == keys.root_public != keys.signer(NOW).public_key


def test_the_next_start_finds_the_same_keys(keys: Keys) -> None:
    again = open_keys(keys.folder, NOW + DAY_MS)
    assert (again.working, again.root_public) == (keys.working, keys.root_public)
    assert again.signer(NOW).key_id == keys.signer(NOW).key_id


@pytest.mark.parametrize("name", ["root.seed", "working.json", "working key"])
def test_a_file_that_others_may_read_is_refused_with_what_to_do(keys: Keys, name: str) -> None:
    path = keys.folder / (f"{keys.working[0].key_id}.seed" if name == "working key" else name)
    path.chmod(0o640)
    with pytest.raises(KeyTrouble, match="chmod 600"):
        open_keys(keys.folder, NOW).root()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'[{"a": 1}]', b"null", b'["x"]'])
def test_a_broken_list_is_refused_and_nothing_is_made_over(keys: Keys, content: bytes) -> None:
    write_private(keys.folder / "working.json", content)
    root = (keys.folder / "root.seed").read_bytes()
    with pytest.raises(KeyTrouble, match="bản sao lưu"):
        open_keys(keys.folder, NOW)
    assert (keys.folder / "root.seed").read_bytes() == root


@pytest.mark.parametrize("content", [b"", b"!", base64.b64encode(b"x" * 31)])
def test_a_broken_key_is_refused(keys: Keys, content: bytes) -> None:
    write_private(keys.folder / f"{keys.working[0].key_id}.seed", content)
    with pytest.raises(KeyTrouble):
        open_keys(keys.folder, NOW)


def test_a_key_under_the_name_of_another_is_refused(keys: Keys) -> None:
    write_private(keys.folder / f"{keys.working[0].key_id}.seed", base64.b64encode(b"x" * 32))
    with pytest.raises(KeyTrouble, match="không phải là khóa"):
        open_keys(keys.folder, NOW)


@pytest.mark.parametrize("content", [None, b"", b"!", base64.b64encode(b"x" * 31)])
def test_a_lost_public_root_is_said_at_the_start(keys: Keys, content: bytes | None) -> None:
    path = keys.folder / "root.pub"
    path.unlink()
    if content is not None:
        write_private(path, content)
    with pytest.raises(KeyTrouble, match=r"root\.pub"):
        open_keys(keys.folder, NOW)


def test_a_root_key_is_never_made_over(keys: Keys) -> None:
    root = keys.root_public
    (keys.folder / "working.json").unlink()  # lost, or power was cut in the middle of the first start
    again = open_keys(keys.folder, NOW)
    assert again.root_public == root
    assert again.signer(NOW).key_id != keys.signer(NOW).key_id  # and it is announced by the root key that all know


def test_a_root_key_that_is_kept_elsewhere_is_not_replaced_by_a_new_one(keys: Keys) -> None:
    (keys.folder / "working.json").unlink()
    (keys.folder / "root.seed").unlink()
    with pytest.raises(KeyTrouble, match="bản sao lưu"):
        open_keys(keys.folder, NOW)


def test_the_hub_runs_without_the_root_key_and_cannot_rotate(keys: Keys) -> None:
    (keys.folder / "root.seed").unlink()
    again = open_keys(keys.folder, NOW)
    assert again.signer(NOW).seal(b"{}")
    with pytest.raises(KeyTrouble, match="khóa gốc"):
        again.root()


def test_a_new_key_is_announced_before_it_signs_and_the_old_one_stays_good_after(keys: Keys) -> None:
    old = keys.signer(NOW)
    new = keys.rotate(NOW)
    assert {entry.key_id for entry in keys.key_set(1, NOW).keys} == {old.key_id, new.key_id}
    assert keys.signer(NOW).key_id == keys.signer(NOW + ANNOUNCED_MS - 1).key_id == old.key_id
    assert keys.signer(NOW + ANNOUNCED_MS).key_id == new.key_id
    ends = {entry.key_id: entry.not_after_ms for entry in keys.key_set(1, NOW).keys}
    assert ends == {old.key_id: NOW + ANNOUNCED_MS + OVERLAP_MS, new.key_id: NOW + LIFE_MS}
    gone = NOW + ANNOUNCED_MS + OVERLAP_MS
    assert {entry.key_id for entry in keys.key_set(2, gone).keys} == {new.key_id}
    assert open_keys(keys.folder, NOW).working == keys.working


def test_in_a_hurry_the_new_key_signs_at_once(keys: Keys) -> None:
    new = keys.rotate(NOW, at_once=True)
    assert keys.signer(NOW).key_id == new.key_id
    assert {entry.key_id for entry in keys.key_set(1, NOW).keys} == {new.key_id}, "a leaked key"


def test_a_rotation_beside_the_running_hub_is_taken_over(keys: Keys) -> None:
    other = open_keys(keys.folder, NOW)
    new = other.rotate(NOW, at_once=True)
    keys.reload()
    assert keys.signer(NOW).key_id == new.key_id


def test_an_ended_key_leaves_the_disk_with_the_next_rotation(keys: Keys) -> None:
    old = keys.working[0].key_id
    keys.rotate(NOW)
    later = NOW + ANNOUNCED_MS + OVERLAP_MS
    keys.rotate(later)
    assert old not in {key.key_id for key in keys.working}
    assert not (keys.folder / f"{old}.seed").exists()


def test_no_more_keys_are_made_than_a_key_set_holds(keys: Keys) -> None:
    for _ in range(KEYS_MAX - 1):
        keys.rotate(NOW)
    with pytest.raises(KeyTrouble, match=str(KEYS_MAX)):
        keys.rotate(NOW)
    payload = keys.root().seal(encode(keys.key_set(1, NOW)))
    ring = KeyRing.of(keys.root_public)
    found = decode_as(KeySet, ring.open(payload, now_ms=None, bytes_max=KEYS_BYTES_MAX))
    assert len(found.keys) == KEYS_MAX
    assert modes(keys) == {"600"}


def test_after_the_last_key_has_ended_it_is_said_what_to_do(keys: Keys) -> None:
    with pytest.raises(KeyTrouble, match="rotate --now"):
        keys.signer(NOW + LIFE_MS + 1)


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "working.json"
    write_private(path, b"old")
    (tmp_path / "working.json.part").write_bytes(b"left by a power cut")

    def power_cut(_handle: int) -> None:
        raise OSError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", power_cut)
        with pytest.raises(OSError, match="power cut"):
            write_private(path, b"new")
    assert path.read_bytes() == b"old"
    write_private(path, b"new")
    assert path.read_bytes() == b"new"


def test_the_list_of_keys_holds_no_secret(keys: Keys) -> None:
    listed = json.loads((keys.folder / "working.json").read_bytes())
    assert [sorted(entry) for entry in listed] == [["key_id", "not_after_ms", "not_before_ms", "signs_from_ms"]]
    assert KeyId(listed[0]["key_id"]) == keys.working[0].key_id
