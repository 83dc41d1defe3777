"""Written Vietnamese → spoken words: `normalise("ngày 3/4").spoken == "ngày mùng ba tháng tư"`.  PURE.

What comes back (`SpokenText`): `spoken`, the words for people; `phrases`, the same words with pauses for an engine;
`spans`, every piece that was replaced, by which rule, and what else it could be; `unread`, what an editor should see.

The conventions are tables: rules with their examples in `dates`, `units`, `phones`, `documents`, `roads`, `roman`,
`slashes`, `letters`, `addresses`; words in `lexicon/*.tsv`.  A province or a commune adds its own words in a layer on
top (`layers`).
"""

from content.text.errors import LexiconError, TextError
from content.text.layers import NATION, Entry, Lexicon, parse_entries
from content.text.normalise import RULES, normalise
from content.text.numerals import NORTHERN, SOUTHERN, NumeralStyle
from content.text.spoken import ByHand, Phrase, Reading, SpokenText, Unread

__all__ = [
    "NATION",
    "NORTHERN",
    "RULES",
    "SOUTHERN",
    "ByHand",
    "Entry",
    "Lexicon",
    "LexiconError",
    "NumeralStyle",
    "Phrase",
    "Reading",
    "SpokenText",
    "TextError",
    "Unread",
    "normalise",
    "parse_entries",
]
