"""`loa bench speech` measures what it says: finished assets, within their profile, while an alert is spoken beside."""

import json

import pytest

from content.text.normalise import normalise
from hub.bench import speech
from hub.commands import bench


def test_the_bulletins_of_the_bench_have_some_sixty_words_and_no_two_are_equal() -> None:
    recipes = [speech.bulletin(n, "espeak") for n in range(30)]
    assert len({recipe.digest() for recipe in recipes}) == 30
    for recipe in recipes:
        assert 55 <= sum(len(phrase.words.split()) for phrase in recipe.phrases) <= 90
    assert all(normalise(text.format(n=1)).unread == () for text in speech.TEXTS)


@pytest.mark.slow
def test_the_command_prints_one_object_with_every_figure(capsys: pytest.CaptureFixture[str]) -> None:
    parser = bench.argparse.ArgumentParser()
    bench.add_arguments(parser)
    assert bench.run(parser.parse_args(["speech", "--bulletins", "3", "--workers", "2", "--json"])) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["bulletins"] == 3
    assert figures["sounding_s"] > 45
    assert figures["one_s"] < 10  # two on a machine that does nothing else: `./loa bench speech` says it
    assert figures["times_real_time"] == pytest.approx(figures["sounding_s"] / figures["wall_s"], rel=0.05)
