"""A writer of Prometheus' remote write, version 1, as bytes: for what no real one would send."""
import struct

HEADERS = {"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf",
           "X-Prometheus-Remote-Write-Version": "0.1.0"}
END = struct.pack("<Q", 0x7FF0000000000002)  # the NaN by which a series ends


def varint(n):
    out = bytearray()
    n &= (1 << 64) - 1
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def field(number, payload):
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def label(name, value):
    return field(1, field(1, name.encode()) + field(2, value.encode()))


def sample(t_ms, value):
    bits = value if isinstance(value, bytes) else struct.pack("<d", value)
    return field(2, b"\x09" + bits + b"\x10" + varint(t_ms))


def series(labels, samples, *more):
    return field(1, b"".join(label(*l) for l in sorted(labels.items())) +
                 b"".join(sample(*s) for s in samples) + b"".join(more))


def snappy(plain):
    """The block format without a single match: literals of 64 KiB."""
    out = varint(len(plain))
    for at in range(0, len(plain), 65536):
        piece = plain[at:at + 65536]
        out += b"\xf4" + struct.pack("<H", len(piece) - 1) + piece
    return out


def write(d, message, headers=HEADERS, packed=None):
    """(status, body)"""
    status, _, body = d.get("/api/v1/write", method="POST", headers=headers,
                            data=snappy(message) if packed is None else packed)
    return status, body
