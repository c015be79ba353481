# SPDX-License-Identifier: GPL-2.0-or-later
"""As much of /dev/broker as the netlink tests need: sessions that hold messages."""

import ctypes
import fcntl
import os
import struct

IOC = {"INFO": 0xbb00, "SUBMIT": 0xbb01, "RECEIVE": 0xbb02, "CONSUME": 0xbb03, "CANCEL": 0xbb04}


# enum broker_opcode
ACCEPT, RELEASE, FAIL, REJECT = 2, 3, 4, 5
STATE = 13
PUBLISH_WILL, PUBLISH_TRACE = 1 << 4, 1 << 7


def address(buffer):
    return ctypes.addressof(buffer)


def properties(data):
    """(id, name, value) of each; integers as such, the rest as bytes."""
    while data:
        number, kind, name_len, value_len = struct.unpack_from("=HBBI", data)
        name, value = data[8:8 + name_len], data[8 + name_len:8 + name_len + value_len]
        yield number, name.decode(), struct.unpack("=q", value)[0] if kind == 3 else value
        data = data[8 + name_len + value_len:]


class Delivery:
    """One message as RECEIVE writes it."""

    def __init__(self, record):
        at, = struct.unpack_from("=H", record, 4)
        self.tag, self.sequence = struct.unpack_from("=QQ", record, 16)
        self.uid, self.gid, self.pid = struct.unpack_from("=III", record, 64)
        self.start_time, self.cgroup = struct.unpack_from("=QQ", record, 80)
        lengths = struct.unpack_from("=BBHII", record, 96)
        parts = []
        for length in (lengths[0], lengths[1], lengths[3], lengths[4]):
            parts.append(record[at:at + length])
            at += length
        self.exchange, self.key, self.body = parts[0].decode(), parts[1].decode(), parts[3]
        self.props = list(properties(parts[2]))
        self.headers = {name: value for number, name, value in self.props if not number}


class Session:
    def __init__(self):
        self.fd = os.open("/dev/broker", os.O_RDWR | os.O_CLOEXEC)

    def call(self, name, data):
        data = bytearray(data)
        fcntl.ioctl(self.fd, IOC[name], data)
        return data

    @property
    def number(self):
        return struct.unpack_from("=Q", self.call("INFO", struct.pack("=I68x", 72)), 32)[0]

    def publish(self, exchange, key, body=b"m", timeout=0, props=b"", flags=0):
        """0 or an errno."""
        exchange, key = exchange.encode(), key.encode()
        head = ctypes.create_string_buffer(exchange + key + props + body)
        op = struct.pack("=HHIQQQIIBBBBIQQ", 1, flags, 0, 0, address(head),
                         address(head) + len(exchange + key + props), len(body), len(props),
                         len(exchange), len(key), 0, 0, 0, 0, 0)
        ops, result = ctypes.create_string_buffer(op), ctypes.create_string_buffer(24)
        self.call("SUBMIT", struct.pack("=IIQQQIIIIQ", 56, 0, address(ops), address(result), 0,
                                        1, 64, 0, 0, timeout))
        return -struct.unpack_from("=i", result)[0]

    def consume(self, queue, credit=0, flags=0, lease=0, priority=0):
        """Number of the consumer."""
        name = ctypes.create_string_buffer(queue.encode())
        data = self.call("CONSUME", struct.pack("=IIQIIQQIIQQIIQII", 88, flags, address(name),
                                                len(queue), credit, 1 << 20 if credit else 0, 0,
                                                0, 0, 0, 0, 0, 0, lease, priority, 0))
        return struct.unpack_from("=I", data, 40)[0]

    def receive(self, consumer, timeout=0):
        """The message: a Delivery."""
        buffer = (ctypes.c_uint64 * 512)()
        self.call("RECEIVE", struct.pack("=IIIIQIIIIQ", 48, 0, consumer, 1, address(buffer),
                                         4096, 0, 0, 0, timeout))
        return Delivery(bytes(buffer))

    def settle(self, opcode, consumer, tag):
        """0 or an errno."""
        op = struct.pack("=HHIQQIIQQQQ", opcode, 0, 0, 0, tag, consumer, 0, 0, 0, 0, 0)
        ops, result = ctypes.create_string_buffer(op), ctypes.create_string_buffer(24)
        self.call("SUBMIT", struct.pack("=IIQQQIIIIQ", 56, 0, address(ops), address(result), 0,
                                        1, 64, 0, 0, 0))
        return -struct.unpack_from("=i", result)[0]

    def state(self, consumer, tag, data):
        """0 or an errno."""
        state = ctypes.create_string_buffer(data)
        op = struct.pack("=HHIQQIIQQQQ", STATE, 0, 0, 0, tag, consumer, len(data),
                         address(state), 0, 0, 0)
        ops, result = ctypes.create_string_buffer(op), ctypes.create_string_buffer(24)
        self.call("SUBMIT", struct.pack("=IIQQQIIIIQ", 56, 0, address(ops), address(result), 0,
                                        1, 64, 0, 0, 0))
        return -struct.unpack_from("=i", result)[0]

    def cancel(self, consumer):
        self.call("CANCEL", struct.pack("=IIII", 16, 0, consumer, 0))

    def close(self):
        os.close(self.fd)
