"""How a search goes about it follows from how common its words are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inbox.search_ways import Size, Way, choose, choose_listed

MILLION = Size(words=(), visitors=0, rest=1_000_000, conversations=1_000_000, all_messages=3_100_000)


@pytest.mark.parametrize(
    ("messages", "visitors", "way"),
    [
        (0, 0, Way(walks=False)),
        (300, 0, Way(walks=False)),
        (300_000, 0, Way(walks=True)),
        (2_000, 50_000, Way(walks=True, by_name=True)),
        (70_000, 50_000, Way(walks=True)),
        (0, 20, Way(walks=False)),
    ],
)
def test_words_of_few_and_of_many(messages: int, visitors: int, way: Way) -> None:
    assert choose(replace(MILLION, words=(messages,), visitors=visitors), 51, 200) == way


def test_words_in_between_are_looked_for_from_the_newest_on() -> None:
    assert not choose(replace(MILLION, words=(12_000,)), 51, 200).walks


def test_of_a_rare_word_and_a_usual_one_the_index_is_asked_for_the_rare_one() -> None:
    assert choose(replace(MILLION, words=(300_000, 2_000, 100_000)), 51, 200) == Way(walks=False, asked=(1,))
    assert choose(replace(MILLION, words=(12_000, 12_500)), 51, 200) == Way(walks=False)


def test_of_usual_words_the_index_is_asked_for_the_rarest_of_which_few_messages_hold_all() -> None:
    assert choose(replace(MILLION, words=(430_000, 28_000, 148_000)), 51, 200) == Way(walks=False, asked=(1, 2))


def test_words_that_are_said_together_are_more_than_chance() -> None:
    assert 1_000 < replace(MILLION, words=(70_000, 45_000)).messages < 45_000


def test_few_that_fulfil_the_rest_are_looked_at_one_by_one() -> None:
    assert choose(replace(MILLION, words=(12_000,), rest=30), 51, 200).walks


def test_what_is_found_and_then_looked_up_is_counted() -> None:
    """Of a word's conversations few are spam: so many are looked up in vain."""
    assert not choose(replace(MILLION, words=(19_000,)), 51, 200).walks
    assert choose(replace(MILLION, words=(19_000,), rest=14_000), 51, 200).walks


def test_the_words_of_few_visitors_are_looked_for_in_theirs() -> None:
    usual = replace(MILLION, words=(244_000,), visitors=100)
    assert choose(replace(usual, senders=3_000), 51, 200) == Way(walks=False, by_sender=True)
    assert choose(replace(usual, senders=50_000), 51, 200) == Way(walks=True)


def test_a_label_of_few_and_of_many() -> None:
    every = replace(MILLION, listed=1_000_000)
    assert choose_listed(replace(every, rest=70_000), 51).walks
    assert not choose_listed(replace(every, rest=500), 51).walks
    assert choose_listed(replace(every, listed=20_000, rest=900), 51).walks, "an index has the others"
