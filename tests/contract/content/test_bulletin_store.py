"""What every BulletinStore must do."""

from datetime import UTC, datetime, timedelta

import pytest

from content.errors import StaleBulletin, UnknownBulletin
from content.model import Bulletin, Stage, Subject, approved, drafted, edited, submitted
from content.speech.voice import Region, Voice
from devices.protocol.ids import AreaCode, AssetDigest, ContentId
from devices.protocol.manifest import ServiceClass
from tests.contract.content.factories import Stores

NOW = datetime(2026, 9, 5, 10, 0, tzinfo=UTC)
HERE, THERE = AreaCode("20669"), AreaCode("20672")


def bulletin(name: str, *, unit: AreaCode = HERE, minutes: int = 0) -> Bulletin:
    return drafted(
        id=ContentId(name),
        unit=unit,
        title="Lịch cắt điện",
        text="Ngày 12/9 cắt điện từ 7h30 đến 11h tại thôn Bản Khiển.",
        author="an",
        now=NOW + timedelta(minutes=minutes),
        service_class=ServiceClass.PRIORITY,
        subject=Subject.UTILITIES,
        voice=Voice(region=Region.CENTRAL, rate_percent=90),
        recording=AssetDigest("ab" * 32),
        document="12/TB-UBND",
        source="Điện lực Bắc Trà My",
        note="đọc hai lần",
        valid_until=NOW + timedelta(days=7),
    )


async def test_what_is_added_is_read_back_unchanged(stores: Stores) -> None:
    made = bulletin("cat-dien")
    await stores.bulletins.add(made)
    assert await stores.bulletins.get(made.id) == made


async def test_every_field_of_an_approved_bulletin_is_read_back(stores: Stores) -> None:
    made = bulletin("cat-dien")
    await stores.bulletins.add(made)
    waiting = submitted(made, now=NOW)
    await stores.bulletins.save(waiting)
    said = approved(waiting, by="binh", version=1, now=NOW + timedelta(minutes=3))
    await stores.bulletins.save(said)
    assert await stores.bulletins.get(made.id) == said


async def test_an_unknown_id_is_an_error_that_names_it(stores: Stores) -> None:
    with pytest.raises(UnknownBulletin, match="khong-co"):
        await stores.bulletins.get(ContentId("khong-co"))


async def test_an_id_is_given_once(stores: Stores) -> None:
    await stores.bulletins.add(bulletin("cat-dien"))
    with pytest.raises(StaleBulletin):
        await stores.bulletins.add(bulletin("cat-dien", unit=THERE))
    assert (await stores.bulletins.get(ContentId("cat-dien"))).unit == HERE


async def test_of_two_who_changed_the_same_revision_the_second_is_told(stores: Stores) -> None:
    made = bulletin("cat-dien")
    await stores.bulletins.add(made)
    await stores.bulletins.save(edited(made, by="an", now=NOW, text="một"))
    with pytest.raises(StaleBulletin):
        await stores.bulletins.save(edited(made, by="binh", now=NOW, text="hai"))
    assert (await stores.bulletins.get(made.id)).text == "một"


async def test_what_was_never_added_cannot_be_saved(stores: Stores) -> None:
    with pytest.raises(UnknownBulletin):
        await stores.bulletins.save(submitted(bulletin("cat-dien"), now=NOW))


async def test_bulletins_are_found_by_unit_and_stage_last_changed_first(stores: Stores) -> None:
    old, new, other = bulletin("cu"), bulletin("moi", minutes=5), bulletin("noi-khac", unit=THERE, minutes=9)
    for made in (old, new, other):
        await stores.bulletins.add(made)
    await stores.bulletins.save(submitted(old, now=NOW + timedelta(hours=1)))

    async def found(**wanted: object) -> list[str]:
        return [held.id for held in await stores.bulletins.find(**wanted)]  # type: ignore[arg-type]

    assert await found() == ["cu", "noi-khac", "moi"]
    assert await found(units={HERE}) == ["cu", "moi"]
    assert await found(units=[HERE, THERE], stages={Stage.DRAFT}) == ["noi-khac", "moi"]
    assert await found(limit=1) == ["cu"]
    assert await found(units=()) == []
    assert await found(stages=()) == []


async def test_changes_of_the_same_moment_are_in_order_of_id(stores: Stores) -> None:
    for name in ("b", "c", "a"):
        await stores.bulletins.add(bulletin(name))
    assert [held.id for held in await stores.bulletins.find()] == ["a", "b", "c"]


async def test_every_version_of_the_words_is_kept_as_it_was_last(stores: Stores) -> None:
    made = bulletin("cat-dien")
    await stores.bulletins.add(made)
    asked = submitted(made, now=NOW)
    said = approved(asked, by="binh", version=1, now=NOW)
    second = edited(said, by="an", now=NOW, text="Hoãn cắt điện.")
    for one in (asked, said, second):
        await stores.bulletins.save(one)
    await stores.bulletins.add(bulletin("khac"))
    assert await stores.bulletins.versions(made.id) == (said, second)
    assert await stores.bulletins.versions(ContentId("khong-co")) == ()


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"terms": ("cat dien",)}, ["b", "a"]),
        ({"terms": ("12/tb-ubnd", "ban khien")}, ["b", "a"]),
        ({"terms": ("cat dien", "hop thon")}, []),
        ({"terms": ("%",)}, []),
        ({"terms": ("_",)}, []),
        ({"subjects": (Subject.UTILITIES,)}, ["b", "a"]),
        ({"subjects": (Subject.HEALTH,)}, []),
        ({"since": NOW + timedelta(minutes=1)}, ["b"]),
        ({"until": NOW + timedelta(minutes=1)}, ["a"]),
        ({"terms": ("dien",), "stages": (Stage.DRAFT,), "units": (HERE,), "limit": 1}, ["b"]),
    ],
)
async def test_bulletins_are_found_by_words_subject_and_date(
    stores: Stores, wanted: dict[str, object], found: list[str]
) -> None:
    await stores.bulletins.add(bulletin("a"))
    await stores.bulletins.add(bulletin("b", minutes=1))
    assert [one.id for one in await stores.bulletins.find(**wanted)] == found  # type: ignore[arg-type]
