"""Cut a source into tokens, at the speed of one compiled regular expression.

Tokens are plain strings; their first character tells their kind. Positions are not kept:
they are found again by counting, only when there is an error to point at.
"""

from __future__ import annotations

import re

# Quantifiers are possessive so that no input can make the expression backtrack, and an
# unterminated comment takes the whole rest of the source so that it is looked for once.
_LINE_COMMENT = r"[ \t\r\n]++|//[^\r\n]*+"
_BLOCK_COMMENT = r"|/\*(?:[^*]|\*(?!/))*+\*/"
_TOKEN = r"""
    [^\W\d]\w*+                                      # name or keyword
  | 0[xX]\w*+                                        # hexadecimal number
  | \.?[0-9](?:[eE][+-](?=[0-9])|[\w.])*+            # any other number, units included
  | [\[\](),;{}]
  | \$[0-9]++                                        # physical qubit
  | "[^"\r\n]*+"? | '[^'\r\n]*+'?                    # string, closed or not
  | \#[ \t]*+pragma\b[^\r\n]*+
  | ->|\+\+|\*\*=|\*\*|&&|\|\||<<=|>>=|<<|>>|[-+*/%&|^<>=!~]=
  | /\*(?s:.*+)                                      # block comment without an end
  | \Z
  | .
"""
_PRAGMA = r"pragma[ \t][^\r\n]*+ |"

_SCAN_2 = re.compile(rf"(?:{_LINE_COMMENT})*+({_TOKEN})", re.VERBOSE)
_SCAN_3 = re.compile(rf"(?:{_LINE_COMMENT}{_BLOCK_COMMENT})*+({_PRAGMA}{_TOKEN})", re.VERBOSE)
_VERSION = re.compile(
    rf"(?:{_LINE_COMMENT}{_BLOCK_COMMENT})*+OPENQASM[ \t\r\n]++([0-9][\w.]*+)",
    re.VERBOSE,
)
_LINE_END = re.compile(r"\r\n?|\n")
_UNREADABLE = re.compile("[\0\ud800-\udfff\ufeff]")

# A reader looks at most this many tokens ahead; that many empty ones stand at the end.
LOOKAHEAD = 4


def version_of(source: str) -> tuple[str, int] | None:
    """Return the version that the first statement names and its offset, None without one."""
    match = _VERSION.match(source)
    return (match.group(1), match.start(1)) if match else None


def tokens_of(source: str, *, openqasm2: bool) -> list[str]:
    """Cut a source into tokens; empty tokens mark the end.

    A character that belongs to no token is one by itself, an unterminated string or
    comment is one without its end: what to say about them is up to the reader.
    OpenQASM 2 has no block comments and no pragmas.
    """
    tokens: list[str] = (_SCAN_2 if openqasm2 else _SCAN_3).findall(source)
    tokens.extend([""] * LOOKAHEAD)
    return tokens


def offset_of_token(source: str, index: int, *, openqasm2: bool) -> int:
    """Return where in the source the token with this index starts."""
    pattern = _SCAN_2 if openqasm2 else _SCAN_3
    for i, match in enumerate(pattern.finditer(source)):
        if i == index:
            return match.start(1)
    return len(source)


def line_and_column(source: str, offset: int) -> tuple[int, int]:
    """Turn an offset into a line and a column, both counted from 1."""
    line, start = 1, 0
    for match in _LINE_END.finditer(source, 0, offset):
        line, start = line + 1, match.end()
    return line, offset - start + 1


def offset_of_unreadable(source: str) -> int | None:
    """Return where the first NUL, lone surrogate or byte-order mark is, None if nowhere."""
    match = _UNREADABLE.search(source)
    return match.start() if match else None
