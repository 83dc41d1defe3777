"""Written Vietnamese → spoken words.  PURE; never raises on any str; time grows with the length and no faster.

The text is read once from left to right.  At each token the rules for its kind are tried in order, every pattern
anchored and bounded; then the lexicon; then the token is said as a word.  Whatever is not sure is listed in `unread`.
What a person has written by hand for a piece of the text goes before all of it.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

from content.text import addresses, dates, documents, letters, phones, roads, roman, slashes, units
from content.text.cleaning import Clean, clean
from content.text.context import LEFT_CHARS, Left
from content.text.layers import NATION, Entry, Lexicon
from content.text.numerals import spell_digits
from content.text.rules import CAPITAL, Rule, Said, Start
from content.text.spoken import ByHand, Phrase, Reading, SpokenText, Unread
from content.text.syllables import LETTERS, spoken_word

RULES: tuple[Rule, ...] = (
    *addresses.RULES,
    *documents.RULES,
    *roads.RULES,
    *phones.RULES,
    *slashes.RULES,
    *dates.RULES,
    *units.RULES,
    *roman.RULES,
    *letters.RULES,
    *units.RATES,
    *dates.LATE_RULES,
    *slashes.LATE_RULES,
    *units.LATE_RULES,
)

# A pause after a sign, in milliseconds at the normal rate; an engine scales them.
PAUSES_MS = MappingProxyType(
    {
        ",": 200,
        ";": 300,
        ":": 300,
        "-": 250,
        "(": 200,
        ")": 200,
        '"': 0,
        ".": 500,
        "!": 500,
        "?": 500,
        "…": 500,
        "\n": 700,
        "•": 300,
        "·": 200,
    }
)
# Signs that are said.  A hyphen, a quote, a slash between words are not.
_SIGN_WORDS = MappingProxyType(
    {
        "&": "và",
        "%": "phần trăm",
        "‰": "phần nghìn",
        "@": "a còng",
        "≥": "lớn hơn hoặc bằng",
        "≤": "nhỏ hơn hoặc bằng",
        ">": "lớn hơn",
        "<": "nhỏ hơn",
        "=": "bằng",
        "≈": "khoảng",
        "~": "khoảng",
        "±": "cộng trừ",
        "°": "độ",
        "$": "đô la",
        "½": "một phần hai",
        "¼": "một phần tư",
        "¾": "ba phần tư",
        "₫": "đồng",
        "€": "ơ rô",
        "²": "bình phương",
        "³": "lập phương",
    }
)
_PLUS_BETWEEN_NUMBERS = re.compile(r"[0-9]\s?$")
# A word, a run of digits, blanks, or any one sign.
_TOKEN = re.compile(r"(?P<word>[^\W\d_]+)|(?P<digit>[0-9]+)|(?P<space>[ ]+)|(?P<sign>[\s\S])")
# After such a sign a word may be the head of something longer: TP., v/v, PCTT&TKCN, a@b, QL1A.
_JOINERS = frozenset(".&/-@_0123456789:+,²³")
_HEADING = re.compile(rf"^[\s,:;–-]{{1,3}}[{CAPITAL}]{{2,}}(?!\w)")
_HEADING_BEFORE = re.compile(rf"(?<!\w)[{CAPITAL}]{{2,}}[\s,:;–-]{{1,3}}$")
_WORD_CHARS_MAX = 40  # a longer run is no word; it is said as it stands and shown to the editor
_SPELL_MAX = 5  # capitals up to this length are spelled; longer ones are a name in capitals
# A whole 45-minute session has about 60 000 characters.  What is beyond is not said: it is shown to the editor.
TEXT_CHARS_MAX = 100_000
_CONSONANTS = frozenset("bcdđfghjklmnpqrstvwxz")
_FOREIGN_CHARS = re.compile(f"[^{LETTERS}]")


@dataclass(slots=True)
class _Draft:
    """What has been said so far: words, and pauses as numbers between them."""

    source: str
    cleaned: Clean
    said: list[str | int] = field(default_factory=list)
    spans: list[Reading] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)

    def replace(self, start: int, end: int, said: Said, rule: str) -> None:
        """Say something else than what is written, and keep an account of it."""
        words = said.words.replace(",", "")
        first, last = self.cleaned.offset(start), self.cleaned.offset(end)
        piece = self.source[first:last]
        others = tuple(o.replace(",", "") for o in said.others)
        self.spans.append(Reading(start=first, end=last, source=piece, spoken=words, rule=rule, alternatives=others))
        if said.doubt:
            self.unread.append(
                Unread(start=first, end=last, source=piece, proposed=words, rule=rule, alternatives=others)
            )
        for i, breath in enumerate(said.words.split(",")):
            if i:
                self.said.append(PAUSES_MS[","])
            self.said.extend(breath.split())

    def doubt(self, start: int, end: int, proposed: str, rule: str) -> None:
        """List a piece that is said as it stands but is not sure."""
        first, last = self.cleaned.offset(start), self.cleaned.offset(end)
        self.unread.append(Unread(start=first, end=last, source=self.source[first:last], proposed=proposed, rule=rule))


def _character(c: str) -> str:
    """Return a character's class in `Rule.tails`."""
    if not c:
        return "$"
    if c in "0123456789":
        return "0"
    return "a" if c.isalpha() else "_" if c == " " else c


@lru_cache(maxsize=4096)
def _candidates(start: Start, head: str, tail: str) -> tuple[Rule, ...]:
    """Return the rules that can begin with this character and go on with that class after its first run."""
    return tuple(
        r for r in RULES if r.start is start and (not r.heads or head in r.heads) and (not r.tails or tail in r.tails)
    )


def _rule_at(text: str, pos: int, stop: int, rules: Iterable[Rule], lexicon: Lexicon) -> tuple[Rule, int, Said] | None:
    """Return the first rule that reads something here, where it ends (not after `stop`) and what it says."""
    left: Left | None = None
    for rule in rules:
        hit = rule.pattern.match(text, pos, stop)
        if hit is None or hit.end() == pos:
            continue
        if rule.before or rule.unless:
            left = left or Left(text, pos)
            if (rule.before and not rule.before.holds(left)) or (rule.unless and rule.unless.holds(left)):
                continue
        said = rule.read(hit, lexicon)
        if said:
            return rule, hit.end(), said if isinstance(said, Said) else Said(words=said)
    return None


def _entry_fits(text: str, pos: int, stop: int, entry: Entry) -> bool:
    """Say whether an entry stands at this place, whole and in its context."""
    end = pos + len(entry.written)
    if not text.startswith(entry.written, pos, stop):
        return False
    if entry.written[-1].isalnum() and text[end : end + 1].isalnum():
        return False
    if entry.after and not entry.after.holds(Left(text, pos)):
        return False
    return not entry.before or entry.before.match(text, end) is not None


def _in_heading(text: str, start: int, end: int) -> bool:
    """Say whether the words beside are capitals too, so that capitals do not mean an abbreviation."""
    after = _HEADING.match(text[end : end + LEFT_CHARS])
    return after is not None or _HEADING_BEFORE.search(text[max(0, start - LEFT_CHARS) : start]) is not None


def _lower_entry(head: str, lexicon: Lexicon) -> Entry | None:
    """Return the entry of a word that the lexicon has in small letters: WEBSITE, Camera."""
    lower = head.lower()
    found = [e for e in lexicon.heads.get(lower, ()) if e.written == lower and not (e.after or e.before)]
    return found[0] if found and lower != head else None


def _entry_at(text: str, pos: int, stop: int, head: str, lexicon: Lexicon) -> Entry | None:
    """Return the lexicon's entry for what stands here, or None."""
    entries = lexicon.heads.get(head)
    if entries is None:
        return _lower_entry(head, lexicon)
    word_like = head.isupper() and spoken_word(head)[1]
    for entry in entries:
        if _entry_fits(text, pos, stop, entry):
            only_head = len(entry.written) == len(head)
            if word_like and only_head and _in_heading(text, pos, pos + len(head)):
                return None
            return entry
    return None


def _say_capitals(draft: _Draft, word: str, pos: int, lexicon: Lexicon) -> None:
    """Say a run of capitals that the lexicon does not know: a word of a heading, or letter by letter, in doubt."""
    plain, known = spoken_word(word)
    if known or len(word) == 1:
        draft.said.append(plain)
        return
    lower = _FOREIGN_CHARS.sub("", plain)
    spelled = lexicon.spell(word) if len(word) <= _SPELL_MAX or not re.search("[aeiouy]", lower) else ""
    draft.replace(pos, pos + len(word), Said(words=spelled or lower, others=(lower,), doubt=True), "capitals.unknown")


def _say_word(draft: _Draft, word: str, pos: int, lexicon: Lexicon) -> None:
    """Say a word as it stands, its tone mark in the traditional place."""
    if len(word) > 1 and word.isupper() and len(word) <= _WORD_CHARS_MAX:
        _say_capitals(draft, word, pos, lexicon)
        return
    plain, known = spoken_word(word)
    if len(plain) == 1 and plain in _CONSONANTS:
        draft.replace(pos, pos + len(word), Said(words=lexicon.spell(plain), doubt=True), "letter.unknown")
        return
    if plain and plain != word and plain != word.lower():
        draft.replace(pos, pos + len(word), Said(words=plain), "spelling.tone_mark")
    elif plain:
        draft.said.append(plain)
    if not known:
        draft.doubt(pos, pos + len(word), plain, "word.unknown")


def _say_sign(draft: _Draft, sign: str, pos: int, text: str) -> None:
    """Say a sign, or rest after it."""
    pause = PAUSES_MS.get(sign)
    if sign == "-" and text[pos - 1 : pos].isalnum() and text[pos + 1 : pos + 2].isalnum():
        return
    if sign == "." and text[pos + 1 : pos + 2].isalnum():
        pause = PAUSES_MS[","]
    if sign == "-" and text[pos + 1 : pos + 2].isdigit() and not text[pos - 1 : pos].strip():
        draft.doubt(pos, pos + 1, "", "sign.dash_or_minus")
    if pause is not None:
        draft.said.append(pause)
    elif sign in _SIGN_WORDS:
        draft.replace(pos, pos + 1, Said(words=_SIGN_WORDS[sign]), "sign")
    elif sign == "+" and _PLUS_BETWEEN_NUMBERS.search(text[max(0, pos - 2) : pos]):
        draft.replace(pos, pos + 1, Said(words="cộng"), "sign")
    elif not sign.isascii():
        draft.doubt(pos, pos + 1, "", "sign.unknown")


def _scan(draft: _Draft, lexicon: Lexicon, pos: int, stop: int) -> None:
    """Read a stretch of the cleaned text from left to right."""
    text = draft.cleaned.text
    while hit := _TOKEN.match(text, pos, stop):
        kind, token, end = hit.lastgroup, hit[0], hit.end()
        if kind == "space":
            pos = end
            continue
        if kind == "word" and not _in_lexicon(token, lexicon) and len(token) > 1 and not _may_be_head(text, token, end):
            _say_word(draft, token, pos, lexicon)
            pos = end
            continue
        pos = _read_token(draft, Start(kind or "sign"), token, pos, stop, lexicon)


def _in_lexicon(word: str, lexicon: Lexicon) -> bool:
    """Say whether the lexicon has entries that begin with this word, as written or in small letters."""
    return word in lexicon.heads or (not word.islower() and word.lower() in lexicon.heads)


def _may_be_head(text: str, word: str, end: int) -> bool:
    """Say whether a word could begin something that a rule reads."""
    return text[end : end + 1] in _JOINERS or word.isupper() or word == "Km"


def _read_token(draft: _Draft, kind: Start, token: str, pos: int, stop: int, lexicon: Lexicon) -> int:
    """Read what begins with this token; return where it ends."""
    text = draft.cleaned.text
    entry = _entry_at(text, pos, stop, token, lexicon) if kind is not Start.SIGN else None
    if entry and kind is Start.WORD and len(entry.written) == len(token):
        entry = None  # rules know more about a bare head: QL1A, BĐ3; the longer written form is surer than they
    after = pos + len(token)
    rules = _candidates(kind, token[0], _character(text[after : after + 1]))
    found = None if entry else _rule_at(text, pos, stop, rules, lexicon)
    if found:
        rule, end, said = found
        draft.replace(pos, end, said, rule.id)
        return end
    entry = entry or _entry_at(text, pos, stop, token, lexicon)
    if entry:
        end = pos + len(entry.written)
        said = Said(words=entry.spoken, others=entry.others, doubt=entry.doubt)
        draft.replace(pos, end, said, "lexicon")
        return end
    if kind is Start.WORD:
        _say_word(draft, token, pos, lexicon)
    elif kind is Start.DIGIT:
        draft.replace(pos, pos + len(token), Said(words=spell_digits(token), doubt=True), "number.unknown")
    else:
        _say_sign(draft, token, pos, text)
    return pos + len(token)


def _phrases(said: Iterable[str | int]) -> tuple[Phrase, ...]:
    """Return the words cut at the pauses; of several pauses in a row the longest holds."""
    phrases: list[Phrase] = []
    words: list[str] = []
    pause = 0
    for item in said:
        if isinstance(item, int):
            pause = max(pause, item)
            continue
        if pause:
            if words:
                phrases.append(Phrase(words=" ".join(words), pause_ms=pause))
                words = []
            pause = 0
        words.append(item)
    return (*phrases, Phrase(words=" ".join(words), pause_ms=pause)) if words else tuple(phrases)


def _place(cleaned: Clean, offset: int) -> int:
    """Return the first place in the cleaned text that stands at `offset` of the source or after it."""
    return min(offset, len(cleaned.text)) if cleaned.offsets is None else bisect_left(cleaned.offsets, offset)


def _scan_around(draft: _Draft, lexicon: Lexicon, by_hand: Sequence[ByHand]) -> None:
    """Read the cleaned text; what was written by hand is said instead of what stands there."""
    text, pos = draft.cleaned.text, 0
    for fixed in sorted(by_hand, key=lambda one: one.start):
        start, end = _place(draft.cleaned, fixed.start), _place(draft.cleaned, fixed.end)
        if start < pos or start == end:
            continue  # it overlaps another, or is of a longer text than this one
        _scan(draft, lexicon, pos, start)
        draft.replace(start, end, Said(words=fixed.spoken), "by_hand")
        draft.said.append(PAUSES_MS.get(text[end - 1], 0))
        pos = end
    _scan(draft, lexicon, pos, len(text))


def normalise(text: str, lexicon: Lexicon = NATION, by_hand: Sequence[ByHand] = ()) -> SpokenText:
    """Return a written text in spoken words, with every replacement and every doubt listed."""
    head = text if len(text) <= TEXT_CHARS_MAX else text[:TEXT_CHARS_MAX]
    draft = _Draft(source=head, cleaned=clean(head))
    _scan_around(draft, lexicon, by_hand)
    if len(head) < len(text):
        rest = Unread(start=len(head), end=len(text), source=text[len(head) :], proposed="", rule="text.too_long")
        draft.unread.append(rest)
    return SpokenText(
        spoken=" ".join(w for w in draft.said if isinstance(w, str)),
        phrases=_phrases(draft.said),
        spans=tuple(draft.spans),
        unread=tuple(draft.unread),
    )
