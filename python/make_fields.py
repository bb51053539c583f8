"""Writes _fields.py of pdarts_reader: which fields of pdarts' messages are lists, and which hold messages.

usage: make_fields.py DESCRIPTOR_SET OUTPUT

DESCRIPTOR_SET is a FileDescriptorSet in protobuf's binary format, as protoc writes it. This program
reads only the few fields that it needs, by their numbers (google/protobuf/descriptor.proto), so that the build needs no
Python package.
"""

import sys

REPEATED = 3  # FieldDescriptorProto.Label
MESSAGE = 11  # FieldDescriptorProto.Type
HEADER = '''"""The fields of pdarts' messages that are lists or hold messages: whether one is a list, and the type of message.

Written by make_fields.py.
"""

from typing import Dict, Tuple

FIELDS: Dict[str, Dict[str, Tuple[bool, str]]] = {
'''


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def fields(data):
    """The number and the value (int or bytes) of each field of a message."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        number, wire_type = key >> 3, key & 7
        if wire_type == 0:
            value, at = varint(data, at)
        elif wire_type == 2:
            size, at = varint(data, at)
            value, at = data[at : at + size], at + size
        elif wire_type in (1, 5):
            size = 8 if wire_type == 1 else 4
            value, at = data[at : at + size], at + size
        else:
            raise ValueError(f"wire type {wire_type} of field {number}")
        yield number, value


def add_message(data, scope, messages):
    content = list(fields(data))
    name = next(value.decode() for number, value in content if number == 1)
    full_name = f"{scope}.{name}" if scope else name
    known = {}
    for number, value in content:
        if number == 3:  # nested_type
            add_message(value, full_name, messages)
        if number != 2:  # field
            continue
        field = dict(fields(value))
        type_name = field.get(6, b"").decode().lstrip(".") if field.get(5) == MESSAGE else ""
        if field.get(4) == REPEATED or type_name:
            known[field[1].decode()] = (field.get(4) == REPEATED, type_name)
    if known:
        messages[full_name] = known


def main():
    source, output = sys.argv[1:]
    with open(source, "rb") as file:
        data = file.read()
    messages = {}
    for number, file_descriptor in fields(data):
        content = list(fields(file_descriptor))
        package = next((value.decode() for number, value in content if number == 2), "")
        if package != "pdarts" and not package.startswith("pdarts."):
            continue
        for number, value in content:
            if number == 4:  # message_type
                add_message(value, package, messages)
    with open(output, "w", encoding="utf-8") as file:
        file.write(HEADER)
        for name in sorted(messages):
            file.write(f'    "{name}": {{\n')
            for field, (is_list, type_name) in messages[name].items():
                file.write(f'        "{field}": ({is_list}, "{type_name}"),\n')
            file.write("    },\n")
        file.write("}\n")


if __name__ == "__main__":
    main()
