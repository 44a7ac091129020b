"""The terms of an annotation text, English or Chinese.

Words and pairs of neighbouring words for scripts with spaces; characters and pairs of characters
for Chinese and Japanese, whose words nothing separates (Nie 2000: bigrams with unigrams do as well
as a dictionary). No word is left out as a stop word: "no effusion" must stay another thing than
"effusion", and the pair is what tells them apart. Pairs do not reach across punctuation.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

_HAN = "぀-ヿ㐀-䶿一-鿿豈-﫿"
_CLAUSE_END = re.compile(r"[;:!?,()\n。、]|\.(?!\d)")
_RUN = re.compile(rf"[{_HAN}]+|(?:(?![{_HAN}])[^\W_])+(?:\.\d+)?")
_IS_HAN = re.compile(rf"[{_HAN}]")


def terms(text: str) -> Iterator[str]:
    """Each term of `text` as often as it stands there, in lower case; a pair of words has a space.

    Full-width letters, digits and punctuation count as their ordinary forms (Unicode NFKC).
    """
    for clause in _CLAUSE_END.split(unicodedata.normalize("NFKC", text).lower()):
        before = ""
        for run in _RUN.findall(clause):
            if _IS_HAN.match(run):
                yield from run
                yield from (first + second for first, second in pairwise(run))
                before = ""
                continue
            yield run
            if before:
                yield f"{before} {run}"
            before = run
