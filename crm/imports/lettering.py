"""Bytes as text: the one place that tells in which letters somebody's program wrote a file.

UTF-8 and UTF-16 are told for certain. What is neither was written in the letters of some country's Windows, Mac or
mail: of those that can read it the likeliest is taken, the one in which its words look most like words.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

LIKELY = (
    "cp1252", "mac-roman", "cp1250", "cp1251", "koi8-r", "cp1253", "cp1255", "cp1256", "cp932", "euc-kr", "gb18030", "big5"
)  # fmt: skip
"""Codecs of old files. Of two in which a file reads equally well the first is right."""
_SAMPLE = 16 * 1024
_COMMON = {
    "CYRILLIC": "оеаинтсрвлкм",
    "GREEK": "αοιετσνηυρπκςάόίέή",
    "HEBREW": "יוהלאמתרבנשעם",
    "ARABIC": "اليمونترهبدة",
}
"""The letters that most of a text consists of, where a language does not write with Latin ones."""
_COMMON_BYTES = {"cp932": (0x88, 0x97), "gb18030": (0xB0, 0xD7), "big5": (0xA4, 0xC6), "euc-kr": (0xB0, 0xC8)}
"""Where each codec has the signs that most of a text consists of, by their first byte."""
_QUIET = frozenset("“”„‘’‚‹›«»–—…•·°§€£©®™´`¿¡\u00a0\u3000。、・「」（），：")


def text_of(data: bytes) -> str:
    """The text of a file, whatever wrote it, without a byte order mark; what cannot be read becomes �."""
    return data.decode(codec_of(data), "replace").removeprefix("\ufeff")


def codec_of(data: bytes) -> str:
    """The codec in which a file is written."""
    return wide_codec(data) or ("utf-8" if _is_utf8(data) else likeliest(data))


def wide_codec(data: bytes) -> str:
    """The codec of a file whose letters have two bytes each; nothing for every other."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if data[1:2] == b"\0" and data[3:4] == b"\0":
        return "utf-16-le"
    return "utf-16-be" if data[0:1] == b"\0" and data[2:3] == b"\0" else ""


def _is_utf8(data: bytes) -> bool:
    """Whether it is UTF-8, though the last sign may be cut: mostly this is only the beginning of a file."""
    try:
        data.decode()
    except UnicodeDecodeError as fault:
        return fault.reason == "unexpected end of data" and not data[: fault.start].isascii()
    return True


def likeliest(data: bytes) -> str:
    """Of the codecs of old files the one in which these bytes look most like words."""
    sample = _sample(data)
    rated = [(_oddness(sample, codec), place, codec) for place, codec in enumerate(LIKELY)]
    return min(rated)[2]


def _sample(data: bytes) -> bytes:
    """The first lines that are not plain, which is all that tells one codec from another."""
    found, size = [], 0
    for line in re.finditer(rb"[^\r\n]+", data):
        if line.group().isascii():
            continue
        found.append(line.group()[:_SAMPLE])
        size += len(found[-1])
        if size >= _SAMPLE:
            break
    return b"\n".join(found)


def _oddness(sample: bytes, codec: str) -> float:
    """How little a text looks like one, read so; the fewer odd things the better."""
    try:
        text = sample.decode(codec)
    except UnicodeDecodeError:
        text = sample.decode(codec, "replace")
    odd = 20.0 * text.count("\ufffd")
    odd += sum(_rare(sign, codec) for sign in text if not sign.isascii())
    return odd + sum(map(_odd_word, re.findall(r"[^\s,;:.<>@\"()]+", text)))


@lru_cache(maxsize=4_000)
def _script(sign: str) -> str:
    """LATIN, CYRILLIC …; nothing for what is no letter."""
    return unicodedata.name(sign, "").partition(" ")[0] if sign.isalpha() else ""


@lru_cache(maxsize=20_000)
def _rare(sign: str, codec: str) -> float:
    """How unusual a sign is, by itself."""
    category = unicodedata.category(sign)
    if category in ("Cc", "Co", "Cn"):
        return 5.0
    if not sign.isalpha():
        return 0.0 if sign in _QUIET or category in ("Mn", "Mc", "Cf") else 0.5
    if codec in _COMMON_BYTES:
        low, high = _COMMON_BYTES[codec]
        kana = codec == "cp932" and "\u3040" <= sign <= "\u30ff"
        return 0.0 if kana or low <= sign.encode(codec, "replace")[0] <= high else 1.5
    common = _COMMON.get(_script(sign))
    return 0.5 if common is not None and sign.lower() not in common else 0.0


def _odd_word(word: str) -> float:
    """How unlike a word this is: letters of two scripts, capitals in the middle, signs between letters."""
    return 0.0 if word.isascii() else sum(_odd_pairs(word)) + 3.0 * _foreign_run(word)


def _odd_pairs(word: str) -> Iterator[float]:
    for one, other in pairwise(word):
        if one.isascii() and other.isascii():
            continue
        scripts = {_script(one), _script(other)} - {""}
        if len(scripts) > 1 and not scripts <= {"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"}:
            yield 3.0
        elif one.islower() and other.isupper():
            yield 2.0
        elif len(scripts) == 1 and any(_is_odd_sign(sign) for sign in (one, other)):
            yield 3.0


def _is_odd_sign(sign: str) -> bool:
    if sign.isascii() or sign.isalpha() or sign in "’‘´–·“”„«»…\u00ad":
        return False
    return unicodedata.category(sign) not in ("Mn", "Mc", "Cf", "Zs")


def _foreign_run(word: str) -> bool:
    """Whether three accented Latin letters stand together, as they do in no language."""
    return any(
        all(not sign.isascii() and _script(sign) == "LATIN" for sign in word[at : at + 3])
        for at in range(len(word) - 2)
    )
