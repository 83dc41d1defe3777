"""The MQTT 3.1.1 packets of a lean subscriber and a bare publisher, as bytes.  OASIS MQTT 3.1.1, chapters 2 and 3."""

import struct

CONNECT, CONNACK, PUBLISH, PUBACK, SUBACK = 0x10, 0x20, 0x30, 0x40, 0x90
SUBSCRIBE = 0x82  # its flags are fixed by the standard
QOS_1 = 0x02
CLEAN_SESSION = 0x02
FAILURE = 0x80  # in a SUBACK: the subscription was refused


def connect(client_id: str) -> bytes:
    """Return a CONNECT without keep-alive: a bench ends before a silent line would matter."""
    return _packet(CONNECT, _string("MQTT") + bytes([4, CLEAN_SESSION, 0, 0]) + _string(client_id))


def subscribe(topic: str) -> bytes:
    """Return a SUBSCRIBE at QoS 1 with packet id 1."""
    return _packet(SUBSCRIBE, b"\x00\x01" + _string(topic) + b"\x01")


def publish(topic: str, payload: bytes, packet_id: int) -> bytes:
    """Return a PUBLISH at QoS 1, not retained."""
    return _packet(PUBLISH | QOS_1, _string(topic) + struct.pack("!H", packet_id) + payload)


def puback(packet_id: bytes) -> bytes:
    """Return the PUBACK for the two bytes of a packet id."""
    return b"\x40\x02" + packet_id


def frame(data: bytes | bytearray, start: int = 0) -> tuple[int, int] | None:
    """Return where the body of the packet at `start` begins and where the packet ends; None when that is not known yet.

    The end can lie behind the data.  A length of more than four bytes is not looked for: no broker sends one.
    """
    length = shift = 0
    for position in range(start + 1, min(start + 5, len(data))):
        length |= (data[position] & 0x7F) << shift
        if data[position] < 0x80:
            return position + 1, position + 1 + length
        shift += 7
    return None


def _string(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack("!H", len(encoded)) + encoded


def _packet(first: int, body: bytes) -> bytes:
    length, head = len(body), bytearray([first])
    while True:
        length, low = divmod(length, 0x80)
        head.append(low | (0x80 if length else 0))
        if not length:
            return bytes(head) + body
