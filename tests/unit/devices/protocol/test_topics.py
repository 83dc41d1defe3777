"""Topic names: what is built is matched, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocol import topics
from devices.protocol.spec.vectors import material as m
from devices.protocol.topics import Leaf, TopicName
from tests.conformance.asserting import asserts
from tests.unit.devices.protocol.strategies import areas, digests, ids


@asserts("TP-NAME-01", "TP-NAME-02", "TP-NAME-03", "TP-CHUNK-01")
@given(ids, areas, digests, st.integers(0, 1023))
def test_what_is_built_is_matched(device: str, area: str, digest: str, n: int) -> None:
    assert topics.match(topics.override(area)) == TopicName(leaf=Leaf.OVERRIDE, area=area)
    assert topics.match(topics.chunk(digest, n)) == TopicName(leaf=Leaf.ASSET, digest=digest, chunk=n)
    pushed = TopicName(leaf=Leaf.AREA_ASSET, area=area, digest=digest, chunk=n)
    assert topics.match(topics.area_chunk(area, digest, n)) == pushed
    for leaf in (*topics.FROM_DEVICE, *topics.TO_DEVICE):
        assert topics.match(topics.of_device(device, leaf)) == TopicName(leaf=leaf, device=device)


@given(
    st.text(max_size=100) | st.lists(st.sampled_from(["loa", "1", "dev", "area", "asset", "a", "0", ""])).map("/".join)
)
def test_no_topic_crashes_the_matcher(topic: str) -> None:
    found = topics.match(topic)
    assert found is None or topic.startswith("loa/1/")


@asserts("TP-ROOT-01", "TP-OTHER-01")
@pytest.mark.parametrize(
    "topic",
    [
        "",
        "loa/1",
        "loa/1/",
        "loa/2/keys",
        "/loa/1/keys",
        "loa/1/keys/",
        "loa/1/hub/state",
        "loa/1/dev/a/telemetry",
        "loa/1/dev/A/cmd",
        "loa/1/dev/-a/cmd",
        "loa/1/dev/a\n/cmd",
        "loa/1/area/vn/override/1",
        f"loa/1/asset/{m.AUDIO_DIGEST}/01",
        f"loa/1/asset/{m.AUDIO_DIGEST}/1024",
        f"loa/1/asset/{m.AUDIO_DIGEST}/-1",
        f"loa/1/asset/{m.AUDIO_DIGEST}/¹",
        f"loa/1/asset/{m.AUDIO_DIGEST[1:]}/1",
        "loa/1/live/mic-1/0",
    ],
)
def test_other_topics_mean_nothing(topic: str) -> None:
    assert topics.match(topic) is None


@asserts("TP-QOS-01")
def test_desired_and_reported_states_are_retained_and_nothing_else() -> None:
    assert {Leaf.TIME, Leaf.KEYS, Leaf.MANIFEST, Leaf.OVERRIDE, Leaf.STATE} == topics.RETAINED


def test_a_device_listens_to_the_hub_to_itself_and_to_its_areas() -> None:
    assert topics.device_filters("loa-1", ("vn", "79")) == (
        "loa/1/hub/time",
        "loa/1/keys",
        "loa/1/dev/loa-1/manifest",
        "loa/1/dev/loa-1/cmd",
        "loa/1/area/vn/#",
        "loa/1/area/79/#",
    )
    assert topics.asset_filter(m.AUDIO_DIGEST) == f"loa/1/asset/{m.AUDIO_DIGEST}/+"
    assert topics.HUB_FILTERS == ("loa/1/dev/+/ack", "loa/1/dev/+/need", "loa/1/dev/+/asrun")
    assert topics.HUB_FILTERS_AT_MOST_ONCE == ("loa/1/dev/+/state",)
