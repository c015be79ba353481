# SPDX-License-Identifier: GPL-2.0-or-later
"""A raw netlink client for the tests: sockets, attributes and reasons, no library.

Numbers come from uapi/linux/broker_netlink.h, so a test says A.QUEUE_NAME and
CMD.QUEUE_NEW.
"""

import pathlib
import re
import socket
import struct

HEADER = pathlib.Path(__file__).resolve().parents[2] / "uapi/linux/broker_netlink.h"

NETLINK_GENERIC = 16
SOL_NETLINK = 270
NETLINK_ADD_MEMBERSHIP, NETLINK_CAP_ACK, NETLINK_EXT_ACK = 1, 10, 11
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLM_F_REQUEST, NLM_F_MULTI, NLM_F_ACK, NLM_F_DUMP_INTR = 1, 2, 4, 0x10
NLM_F_DUMP, NLM_F_CAPPED, NLM_F_ACK_TLVS = 0x300, 0x100, 0x200
NLA_F_NESTED, NLA_TYPE_MASK = 0x8000, 0x3fff
NLMSGERR_ATTR_MSG, NLMSGERR_ATTR_OFFS, NLMSGERR_ATTR_MISS_TYPE = 1, 2, 5
GENL_ID_CTRL, CTRL_CMD_GETFAMILY = 16, 3
CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME, CTRL_ATTR_MCAST_GROUPS = 1, 2, 7
HEAD = 20   # of netlink and generic netlink together


class Names:
    """Enumerators that begin with a prefix, as attributes without it."""

    def __init__(self, enumerators, prefix):
        for name, value in enumerators.items():
            if name.startswith(prefix):
                setattr(self, name[len(prefix):], value)


def enumerators():
    found = {}
    text = re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.S)
    for body in re.findall(r"enum\s*\w*\s*\{(.*?)\}", text, re.S):
        value = 0
        for entry in body.split(","):
            match = re.match(r"(\w+)(?:\s*=\s*(\d+))?$", entry.strip())
            if match:
                value = int(match[2]) if match[2] else value
                found[match[1]] = value
                value += 1
    return found


ENUM = enumerators()
A = Names(ENUM, "BROKER_A_")
CMD = Names(ENUM, "BROKER_CMD_")
CMD_NAME = {v: k[len("BROKER_CMD_"):] for k, v in ENUM.items() if k.startswith("BROKER_CMD_")}
TYPE = Names(ENUM, "BROKER_EXCHANGE_TYPE_")
OVERFLOW = Names(ENUM, "BROKER_OVERFLOW_")
QUEUE_END = Names(ENUM, "BROKER_QUEUE_END_")
ADVISORY = Names(ENUM, "BROKER_ADVISORY_KIND_")
MATCH = Names(ENUM, "BROKER_MATCH_")
BINDING_FLAGS = Names(ENUM, "BROKER_BINDING_FLAGS_")
SWITCH = Names(ENUM, "BROKER_SWITCH_")
QUEUE_FLAGS = Names(ENUM, "BROKER_QUEUE_FLAGS_")
SETTING = Names(ENUM, "BROKER_SETTING_")
EXCHANGE_FLAGS = Names(ENUM, "BROKER_EXCHANGE_FLAGS_")

# Attributes that are text; what is neither that nor nested is an integer.
TEXT = re.compile(r"_(NAME|ALTERNATE|QUEUE|EXCHANGE|TO_EXCHANGE|KEY|COMM|VERSION|VIA|PATTERN"
                  r"|STRING|TO|REASON|HASH_HEADER|FILTER_TEXT|FROM|CRON|TIMEZONE)$")


def attribute_set(command):
    """The set whose attributes a command's messages carry."""
    noun = CMD_NAME[command].split("_")[0]
    return {"BROKER": "STATUS", "POLICY": "QUEUE"}.get(noun, noun)


def attr(kind, payload=b""):
    data = struct.pack("=HH", 4 + len(payload), kind) + payload
    return data + bytes(-len(data) % 4)


def text(kind, value):
    return attr(kind, value.encode() + b"\0")


def u32(kind, value):
    return attr(kind, struct.pack("=I", value))


def u64(kind, value):
    return attr(kind, struct.pack("=Q", value))


def nest(kind, *attrs):
    return attr(kind | NLA_F_NESTED, b"".join(attrs))


def parse(data):
    """(type, payload) of each attribute."""
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        yield kind & NLA_TYPE_MASK, data[4:length]
        data = data[(length + 3) & ~3:]


def decode(prefix, data):
    """Attributes by name; those that may stand several times, in a list."""
    names = {v: k[len(prefix):] for k, v in ENUM.items()
             if k.startswith(prefix) and k != prefix + "MAX"}
    found = {}
    for kind, payload in parse(data):
        name = names[kind]
        if name == "PAD":
            continue
        if prefix == "BROKER_A_BINDING_" and name == "HEADER":
            found.setdefault(name, []).append(decode("BROKER_A_HEADER_", payload))
        elif prefix == "BROKER_A_STATE_" and name in ("KEY", "DATA"):
            found[name] = payload
        elif TEXT.search("_" + name):
            found[name] = payload.rstrip(b"\0").decode()
        else:
            found[name] = int.from_bytes(payload, "little")
    return found


class Refused(Exception):
    """What the kernel refused: errno, its words, and the attribute at fault."""

    def __init__(self, errno, why="", offset=None, missing=None):
        super().__init__(f"errno {errno}: {why}")
        self.errno, self.why, self.offset, self.missing = errno, why, offset, missing


class Message:
    """One netlink message that was received."""

    def __init__(self, data):
        length, self.type, self.flags, self.seq, _ = struct.unpack_from("=IHHII", data)
        self.payload = data[16:length]
        self.length = length

    @property
    def command(self):
        return self.payload[0]

    def attributes(self):
        return decode(f"BROKER_A_{attribute_set(self.command)}_", self.payload[4:])

    def error(self, skip=None):
        """@skip: where a reason may stand; otherwise behind the request's head, or all of it."""
        errno, = struct.unpack_from("=i", self.payload)
        if not errno:
            return None
        if skip is None:
            length, = struct.unpack_from("=I", self.payload, 4)
            skip = 20 + (0 if self.flags & NLM_F_CAPPED else length - 16)
        tlvs = dict(parse(self.payload[skip:])) if self.flags & NLM_F_ACK_TLVS else {}
        number = {k: struct.unpack("=I", v)[0] for k, v in tlvs.items()
                  if k in (NLMSGERR_ATTR_OFFS, NLMSGERR_ATTR_MISS_TYPE)}
        return Refused(-errno, tlvs.get(NLMSGERR_ATTR_MSG, b"").rstrip(b"\0").decode(),
                       number.get(NLMSGERR_ATTR_OFFS), number.get(NLMSGERR_ATTR_MISS_TYPE))


class Client:
    """A netlink socket in the namespace of the moment.

    The kernel makes the parts of a dump as long as the longest read so far, so
    a small @size makes many parts.
    """

    def __init__(self, buffer=1 << 22, size=1 << 16):
        self.size = size
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
        self.socket.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
        self.socket.setsockopt(SOL_NETLINK, NETLINK_CAP_ACK, 1)
        try:
            self.socket.setsockopt(socket.SOL_SOCKET, 33, buffer)   # SO_RCVBUFFORCE
        except PermissionError:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.socket.settimeout(20)
        self.sequence = 0
        self.family, self.groups = GENL_ID_CTRL, {}
        self.find_family()

    def find_family(self):
        self.send(CTRL_CMD_GETFAMILY, [text(CTRL_ATTR_FAMILY_NAME, "broker")], NLM_F_ACK)
        for message in self.answers():
            attrs = dict(parse(message.payload[4:]))
            self.family, = struct.unpack("=H", attrs[CTRL_ATTR_FAMILY_ID])
            for _, group in parse(attrs[CTRL_ATTR_MCAST_GROUPS]):
                fields = dict(parse(group))
                self.groups[fields[1].rstrip(b"\0").decode()], = struct.unpack("=I", fields[2])

    def message(self, command, attrs, flags=NLM_F_ACK):
        self.sequence += 1
        body = struct.pack("=BBH", command, 1, 0) + b"".join(attrs)
        return struct.pack("=IHHII", 16 + len(body), self.family, NLM_F_REQUEST | flags,
                           self.sequence, 0) + body

    def send(self, command, attrs, flags):
        self.socket.send(self.message(command, attrs, flags))

    def received(self):
        data = self.socket.recv(self.size)
        while data:
            message = Message(data)
            yield message
            data = data[(message.length + 3) & ~3:]

    def answers(self):
        """What comes until the end; raises Refused."""
        while True:
            for message in self.received():
                if message.type == NLMSG_DONE:
                    self.flags = message.flags
                    if any(message.payload[:4]):
                        raise message.error(4)
                    return
                if message.type == NLMSG_ERROR:
                    error = message.error()
                    if error:
                        raise error
                    return
                yield message

    def do(self, command, *attrs):
        """The answer's attributes, if there is an answer."""
        self.send(command, attrs, NLM_F_ACK)
        found = [message.attributes() for message in self.answers()]
        return found[0] if found else None

    def dump(self, command, *attrs):
        """All objects; self.interrupted: something changed meanwhile."""
        self.send(command, attrs, NLM_F_DUMP)
        self.flags, flags, found = 0, 0, []
        for message in self.answers():
            flags |= message.flags
            found.append(message.attributes())
        self.interrupted = bool((flags | self.flags) & NLM_F_DUMP_INTR)
        return found

    def batch(self, command, each):
        """Many requests of one kind, a few dozen at a time; all must succeed."""
        each = list(each)
        for start in range(0, len(each), 64):
            part = each[start:start + 64]
            self.socket.send(b"".join(self.message(command, attrs) for attrs in part))
            done = 0
            while done < len(part):
                for message in self.received():
                    if message.type == NLMSG_ERROR:
                        error = message.error()
                        if error:
                            raise error
                        done += 1

    def join(self, *groups):
        for group in groups:
            self.socket.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, self.groups[group])
        return self

    def events(self, count, wait=10):
        """The next events as (command, attributes), in order; fewer if none come."""
        found = []
        self.socket.settimeout(wait)
        try:
            while len(found) < count:
                found += [(CMD_NAME[m.command], m.attributes()) for m in self.received()]
        except TimeoutError:
            pass
        return found

    def close(self):
        self.socket.close()
