"""What every store of the desk must do."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from content.desk.delegation import Delegation
from content.desk.lexicon import Change, Proposal, Status, Word, answered
from content.desk.ports import Comment, Notice
from content.desk.watchwords import Watch, WatchWord
from devices.protocol.ids import AreaCode, ContentId
from tests.contract.content.factories import Stores

NOW = datetime(2026, 9, 5, 10, 0, tzinfo=UTC)
HERE, PROVINCE = AreaCode("20669"), AreaCode("48")
ONE, TWO = ContentId("b-1"), ContentId("b-2")


@pytest.fixture(autouse=True)
async def ready(stores: Stores) -> None:
    await stores.ready()


async def test_comments_are_kept_in_the_order_they_were_made(stores: Stores) -> None:
    said = [
        Comment(bulletin=b, version=1, account="an", at=NOW, text=t) for b, t in ((ONE, "a"), (TWO, "b"), (ONE, "c"))
    ]
    kept = [await stores.comments.add(one) for one in said]
    assert [one.n for one in kept] == [1, 2, 3]
    assert await stores.comments.of(ONE) == (kept[0], kept[2])
    assert [replace(one, n=0) for one in kept] == said
    assert await stores.comments.of(ContentId("none")) == ()


def change(unit: AreaCode, written: str, spoken: str) -> Change:
    word = Word(written=written, spoken=spoken, after="xã|tỉnh", before="")
    return Change(n=0, unit=unit, word=word, account="an", at=NOW, why="địa danh của xã")


async def test_changes_of_the_lexicon_are_numbered_over_all_layers(stores: Stores) -> None:
    assert await stores.lexicon.last() == 0
    kept = [await stores.lexicon.add(change(u, "BCH", s)) for u, s in ((HERE, "a"), (PROVINCE, "b"), (HERE, ""))]
    assert [one.n for one in kept] == [1, 2, 3]
    assert await stores.lexicon.last() == 3
    assert await stores.lexicon.of([HERE]) == (kept[0], kept[2])
    assert await stores.lexicon.of([PROVINCE, HERE]) == tuple(kept)
    assert await stores.lexicon.of([]) == ()


async def test_a_proposal_is_found_by_what_became_of_it(stores: Stores) -> None:
    word = Word(written="NVH", spoken="nhà văn hóa")
    first = Proposal(id="p-1", unit=HERE, to=PROVINCE, word=word, account="an", at=NOW, why="ai cũng viết thế")
    later = replace(first, id="p-2", at=NOW + timedelta(hours=1))
    for one in (first, later):
        await stores.lexicon.put_proposal(one)
    done = answered(first, Status.ACCEPTED, by="binh", now=NOW, answer="đúng")
    await stores.lexicon.put_proposal(done)
    assert await stores.lexicon.proposal("p-1") == done
    assert await stores.lexicon.proposal("p-3") is None
    assert await stores.lexicon.proposals() == (later, done)
    assert await stores.lexicon.proposals(status=Status.OPEN) == (later,)


async def test_a_watched_word_is_watched_once_in_a_table(stores: Stores) -> None:
    word = WatchWord(unit=HERE, word="Đánh bạc", level=Watch.TELL, why="x", told=("an",))
    await stores.watch_words.put(word)
    harder = replace(word, word="đánh  bạc", level=Watch.STOP)
    await stores.watch_words.put(harder)
    await stores.watch_words.put(replace(word, unit=PROVINCE))
    assert await stores.watch_words.of([HERE]) == (harder,)
    assert await stores.watch_words.take(HERE, "ĐÁNH BẠC")
    assert not await stores.watch_words.take(HERE, "đánh bạc")
    assert [one.unit for one in await stores.watch_words.of([HERE, PROVINCE])] == [PROVINCE]


async def test_notices_are_seen_up_to_the_one_on_the_screen(stores: Stores) -> None:
    told = [
        await stores.notices.add(Notice(account=who, bulletin=ONE, version=1, words="x", at=NOW))
        for who in ("an", "binh", "an", "an")
    ]
    assert await stores.notices.see("an", told[2].n, NOW) == 2
    assert await stores.notices.of("an", unseen=True, limit=9) == (told[3],)
    assert [one.seen_at for one in await stores.notices.of("an", unseen=False, limit=9)] == [None, NOW, NOW]
    assert await stores.notices.of("binh", unseen=True, limit=9) == (told[1],)
    assert len(await stores.notices.of("an", unseen=False, limit=2)) == 2


async def test_who_stands_in_is_asked_for_a_moment(stores: Stores) -> None:
    made = Delegation(
        id="d-1",
        unit=HERE,
        leader="an",
        deputy="binh",
        since=NOW,
        until=NOW + timedelta(days=3),
        why="đi họp",
        made_at=NOW,
    )
    later = replace(made, id="d-2", since=NOW + timedelta(days=1), until=NOW + timedelta(days=2))
    for one in (later, made):
        await stores.delegations.put(one)
    assert await stores.delegations.to("binh", NOW) == (made,)
    assert await stores.delegations.to("binh", NOW + timedelta(days=1)) == (made, later)
    assert await stores.delegations.to("binh", NOW + timedelta(days=3)) == ()
    assert await stores.delegations.to("an", NOW) == ()
    await stores.delegations.put(replace(made, revoked_at=NOW + timedelta(hours=1)))
    assert await stores.delegations.to("binh", NOW) == (replace(made, revoked_at=NOW + timedelta(hours=1)),)
    assert await stores.delegations.to("binh", NOW + timedelta(hours=1)) == ()
    assert await stores.delegations.of([HERE]) == (later, await stores.delegations.get("d-1"))
    assert await stores.delegations.get("d-9") is None
