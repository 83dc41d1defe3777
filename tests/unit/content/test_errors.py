import string

import pytest

from content import errors
from content.errors import ContentError, NobodySpoke

EVERY: list[ContentError] = [
    errors.IllegalTransition("draft", "air"),
    errors.Forbidden(["no_right"], "Bạn không có quyền này."),
    errors.UnknownBulletin("bt-1"),
    errors.StaleBulletin("bt-1", 3),
    errors.UnknownAsset("ab" * 32),
    errors.UnknownUpload("u-1"),
    errors.StaleUpload("u-1", 3),
    errors.OutOfPlace("u-1", 65_536),
    errors.BadEntry("chữ viết có ký tự không dùng được", "written"),
    errors.Answered("p-1"),
    errors.NotFilled({"place": "Hãy ghi địa điểm."}),
    errors.TextRefused("espeak", "no words"),
    errors.EngineTimeout("espeak", 5.0),
    errors.EngineRefused("gtts", "status 429"),
    errors.VoiceNotOffered("gtts", "has no south voice"),
    errors.VoiceRefused("tệp bị thay đổi", "digest"),
    errors.EngineSilent("gtts"),
    errors.EngineCrashed("espeak", -11),
    errors.EngineResting("gtts", 12.0),
    NobodySpoke([errors.EngineSilent("gtts")]),
    errors.NotAudio("GIF"),
    errors.NothingHeard("3000 ms of nothing"),
    errors.OverLimit(1800, "s"),
    errors.ToolFailed("exit code 1"),
    errors.OutOfTolerance(lufs=-20.0, peak_dbtp=-0.3, lufs_wanted=-16.0, tolerance_lu=0.5, peak_max_dbtp=-1.5),
]


def leaves(kind: type[ContentError]) -> set[type[ContentError]]:
    below = kind.__subclasses__()
    return set().union(*map(leaves, below)) if below else {kind}


def test_every_error_of_the_tree_is_tried_here() -> None:
    assert {type(error) for error in EVERY} == leaves(ContentError)


@pytest.mark.parametrize("error", EVERY, ids=lambda error: type(error).__name__)
def test_an_error_speaks_english_to_logs_and_vietnamese_to_people(error: ContentError) -> None:
    assert set(str(error).replace("±", "")) <= set(string.printable)
    told = error.in_vietnamese()
    assert told.endswith((".", ")."))
    assert not set(told) <= set(string.printable)  # it has Vietnamese letters
    assert "{" not in told
