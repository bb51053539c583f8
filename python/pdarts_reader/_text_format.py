"""A parser for the part of the text format of protocol buffers that pdarts writes."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional, Set, Union

from pdarts_reader._fields import FIELDS

Message = Dict[str, Any]

_TOKEN = re.compile(
    r"""
    (?P<space>(?:\s+|\#[^\n]*)+)
  | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
  | (?P<number>-?\s*(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fF]?)(?![\w.]))
  | (?P<word>-?[A-Za-z_]\w*)
  | (?P<mark>[\[\]{}<>:;,./])
    """,
    re.VERBOSE,
)
_ESCAPE = re.compile(rb"\\(?:x([0-9a-fA-F]{1,2})|([0-7]{1,3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_LETTERS = {
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"a": b"\a",
    b"b": b"\b",
    b"f": b"\f",
    b"v": b"\v",
}
_CLOSING = {"{": "}", "<": ">"}


class TextFormatError(ValueError):
    """A file is not of the text format. The message begins with the file and the line."""


def _unescape(match: "re.Match[bytes]") -> bytes:
    hexadecimal, octal, short, long, letter = match.groups()
    if hexadecimal is not None:
        return bytes([int(hexadecimal, 16)])
    if octal is not None:
        return bytes([int(octal, 8) & 0xFF])
    if short is not None or long is not None:
        return chr(int(short or long, 16)).encode("utf-8", "surrogatepass")
    return _LETTERS.get(letter, letter)


class _Parser:
    def __init__(self, text: str, origin: str) -> None:
        self._text = text
        self._origin = origin
        self._at = 0
        self._kind = ""
        self._token = ""
        self._start = 0
        self._advance()

    def message(self, type_name: str, end: str) -> Message:
        """Reads fields up to `end`, which is "" for the end of the text."""
        fields = FIELDS.get(type_name, {})
        values: Dict[str, List[Any]] = {}
        lists: Set[str] = set()
        any_type: Optional[str] = None
        content: Message = {}
        while self._token != end:
            if self._kind == "":
                raise self._error(f"the text ends where {end!r} is missing")
            name = self._name()
            if "/" in name:  # the content of a google.protobuf.Any
                any_type = name[1:-1]
                content = self._values(any_type.rsplit("/", 1)[-1])[0]
            else:
                is_list, field_type = fields.get(name, (False, ""))
                values.setdefault(name, []).extend(self._values(field_type))
                if is_list:
                    lists.add(name)
            while self._is_mark(",") or self._is_mark(";"):
                self._advance()
        self._advance()
        result: Message = {} if any_type is None else {"@type": any_type, **content}
        for name, all_values in values.items():
            result[name] = all_values if name in lists or len(all_values) != 1 else all_values[0]
        return result

    def _name(self) -> str:
        if self._is_mark("["):
            begin = self._start
            while not self._is_mark("]"):
                if self._kind == "":
                    raise self._error("the text ends where ']' is missing")
                self._advance()
            name = re.sub(r"\s", "", self._text[begin : self._at])
            self._advance()
            return name
        if self._kind != "word":
            raise self._error(f"{self._token!r} stands where a field's name is expected")
        name = self._token
        self._advance()
        return name

    def _values(self, type_name: str) -> List[Any]:
        """The values after a field's name: one value, or the values between brackets."""
        has_colon = self._is_mark(":")
        if has_colon:
            self._advance()
        if self._is_mark("["):
            self._advance()
            values: List[Any] = []
            while not self._is_mark("]"):
                values.append(self._value(type_name, has_colon))
                if self._is_mark(","):
                    self._advance()
                elif not self._is_mark("]"):
                    raise self._error(f"{self._token!r} stands where ',' or ']' is expected")
            self._advance()
            return values
        return [self._value(type_name, has_colon)]

    def _value(self, type_name: str, has_colon: bool) -> Any:
        if self._kind == "mark" and self._token in _CLOSING:
            end = _CLOSING[self._token]
            self._advance()
            return self.message(type_name, end)
        if not has_colon:
            raise self._error(f"{self._token!r} stands where ':' or '{{' is expected")
        if self._kind == "string":
            parts = []
            while self._kind == "string":
                parts.append(_ESCAPE.sub(_unescape, self._token[1:-1].encode("utf-8", "surrogateescape")))
                self._advance()
            return b"".join(parts).decode("utf-8", "backslashreplace")
        if self._kind not in ("number", "word"):
            raise self._error(f"{self._token!r} stands where a value is expected")
        token = re.sub(r"\s", "", self._token)
        kind = self._kind
        self._advance()
        return _number(token) if kind == "number" else _word(token)

    def _is_mark(self, mark: str) -> bool:
        return self._kind == "mark" and self._token == mark

    def _advance(self) -> None:
        while True:
            self._start = self._at
            if self._at == len(self._text):
                self._kind, self._token = "", ""
                return
            match = _TOKEN.match(self._text, self._at)
            if match is None:
                raise self._error(f"{self._text[self._at]!r} begins no value and no name")
            self._at = match.end()
            if match.lastgroup != "space":
                self._kind, self._token = str(match.lastgroup), match.group()
                return

    def _error(self, message: str) -> TextFormatError:
        line = self._text.count("\n", 0, self._start) + 1
        return TextFormatError(f"{self._origin}:{line}: {message}")


def _number(token: str) -> Union[int, float]:
    if re.fullmatch(r"-?0[xX][0-9a-fA-F]+", token):
        return int(token, 16)
    if re.fullmatch(r"-?\d+", token):
        has_octal = re.fullmatch(r"-?0[0-7]+", token)
        return int(token, 8 if has_octal else 10)
    return float(token.rstrip("fF"))


def _word(token: str) -> Union[bool, float, str]:
    constants: Dict[str, Union[bool, float]] = {"true": True, "false": False}
    if token in constants:
        return constants[token]
    if token.lower() in ("inf", "-inf", "infinity", "-infinity", "nan", "-nan"):
        return float(token)
    return token


def parse(text: str, type_name: str, origin: str) -> Message:
    """Reads a message of the type `type_name`, such as "pdarts.TrainSpec".

    A repeated field is a list, also where it has one value, and a message is a dictionary. An enumeration's value is
    its name. A google.protobuf.Any is the dictionary of its content with the entry "@type", as in the JSON format of
    protocol buffers. A field that this version of the package does not know is a list where it occurs several times.
    `origin` stands before the message of a TextFormatError.
    """
    return _Parser(text, origin).message(type_name, "")
