"""Numbers in words: cardinals, decimals, digit by digit.  Pure arithmetic, no pattern matching of sentences."""

from dataclasses import dataclass

DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")

# A written number.  Every repetition is bounded, so a match costs the same however long the text is.
# Dots group thousands and the comma is the decimal sign; an English-style number needs two comma groups to be sure.
NUMBER = (
    r"(?:[0-9]{1,3}(?:\.[0-9]{3}){1,5}(?:,[0-9]{1,6})?"
    r"|[0-9]{1,3}(?:,[0-9]{3}){2,5}(?:\.[0-9]{1,4})?"
    r"|[0-9]{1,12}(?:[.,][0-9]{1,6})?)(?![0-9]|[.,][0-9])"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NumeralStyle:
    """The words a region prefers inside a number."""

    thousand: str = "nghìn"
    zero_ten: str = "linh"


NORTHERN = NumeralStyle()
SOUTHERN = NumeralStyle(thousand="ngàn", zero_ten="lẻ")


def spell_digits(written: str) -> str:
    """Return the decimal digits of `written` one by one; everything else is skipped."""
    return " ".join(DIGITS[int(c)] for c in written if c in "0123456789")


def _tens(n: int) -> list[str]:
    """Return 10 to 99 in words."""
    ten, one = divmod(n, 10)
    words = ["mười"] if ten == 1 else [DIGITS[ten], "mươi"]
    if one == 1 and ten > 1:
        words.append("mốt")
    elif one == 4 and ten > 1:
        words.append("tư")
    elif one == 5:
        words.append("lăm")
    elif one:
        words.append(DIGITS[one])
    return words


def _group(n: int, style: NumeralStyle, *, inside: bool) -> list[str]:
    """Return 1 to 999 in words; `inside` a longer number the hundreds are always said."""
    hundred, rest = divmod(n, 100)
    words = [DIGITS[hundred], "trăm"] if hundred or inside else []
    if 0 < rest < 10:
        return [*words, style.zero_ten, DIGITS[rest]] if words else [DIGITS[rest]]
    return words + (_tens(rest) if rest else [])


def cardinal(n: int, style: NumeralStyle = NORTHERN) -> str:
    """Return a whole number in words: 3021 → ba nghìn không trăm hai mươi mốt."""
    if n < 0:
        return "âm " + cardinal(-n, style)
    if n == 0:
        return DIGITS[0]
    words: list[str] = []
    billions, below = divmod(n, 10**9)
    if billions:
        words += [cardinal(billions, style), "tỷ"]
    for value, name in ((below // 10**6, "triệu"), (below // 1000 % 1000, style.thousand), (below % 1000, "")):
        if value:
            words += _group(value, style, inside=bool(words))
            words += [name] if name else []
    return " ".join(words)


def fraction_digits(written: str, style: NumeralStyle = NORTHERN) -> str:
    """Return the words after *phẩy*: two digits without a leading zero as a number, otherwise digit by digit."""
    if len(written) == 2 and written[0] != "0":
        return cardinal(int(written), style)
    return spell_digits(written)


def split_number(written: str) -> tuple[str, str]:
    """Return (whole digits, decimal digits) of a written number: 1.250,5 → ("1250", "5")."""
    dots, commas = written.count("."), written.count(",")
    if commas > 1 or (commas == 1 and dots == 1 and written.index(",") < written.index(".")):
        whole, _, part = written.replace(",", "").partition(".")
        return whole, part
    if commas:
        whole, _, part = written.partition(",")
        return whole.replace(".", ""), part
    if dots == 1 and (len(written.rpartition(".")[2]) != 3 or written.startswith("0.")):
        whole, _, part = written.partition(".")
        return whole, part
    return written.replace(".", ""), ""


def say_number(written: str, style: NumeralStyle = NORTHERN) -> str:
    """Return a written number (`NUMBER`) in words; leading zeros and a decimal part of zeros are dropped."""
    whole, part = split_number(written.replace(" ", ""))
    words = cardinal(int(whole or "0"), style)
    return f"{words} phẩy {fraction_digits(part, style)}" if part.strip("0") else words


def say_identifier(written: str, style: NumeralStyle = NORTHERN) -> str:
    """Return a document's or a form's number: as a number, but digit by digit when it has a leading zero."""
    if len(written) > 1 and (written.startswith("0") or len(written) > 6):
        return spell_digits(written)
    return cardinal(int(written), style)


def say_road(written: str, style: NumeralStyle = NORTHERN) -> str:
    """Return a road's number: as a number up to two digits, else digit by digit."""
    if len(written) > 2 or written.startswith("0"):
        return spell_digits(written)
    return cardinal(int(written), style)


def looks_ambiguous(written: str) -> bool:
    """Say whether a comma number could be thousands in an English hand: 1,250."""
    whole, comma, part = written.partition(",")
    return bool(comma) and "." not in written and len(part) == 3 and whole != "0" and "," not in part
