"""Messages survive the way; what is not a message is refused."""

import json
import socket
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from indexer.wire import MAGIC, PREFIX, MessageReader, WireError, decode, encode


def message(meta: dict[str, object], named: dict[str, NDArray[np.generic]]) -> bytearray:
    return bytearray(b"".join(encode(meta, named)))


def forged(table: object, body: bytes = b"", meta: object = None) -> bytes:
    header = json.dumps({"meta": {} if meta is None else meta, "arrays": table}).encode()
    header += b" " * (-len(header) % 16)
    return PREFIX.pack(MAGIC, len(header), len(header) + len(body)) + header + body


@settings(deadline=None)
@given(
    arrays(
        st.sampled_from(["u1", "i1", "<u2", ">i2", "<i4", "<i8", "<f2", "<f4", ">f8", "?"]),
        array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5),
    )
)
def test_an_array_comes_back_as_it_was(array: NDArray[np.generic]) -> None:
    meta, named = decode(message({"a": 1}, {"x": array, "y": array.T}))
    assert meta == {"a": 1}
    assert list(named) == ["x", "y"]
    assert named["x"].dtype == array.dtype.newbyteorder("<")
    assert named["x"].shape == array.shape
    np.testing.assert_array_equal(named["x"], array)
    np.testing.assert_array_equal(named["y"], array.T)


def test_the_header_is_json_and_paths_that_are_no_text_pass() -> None:
    meta: dict[str, object] = {"path": "scan\udce9.dcm", "nested": {"list": [1, 2.5, None, True]}}
    assert decode(message(meta, {})) == (meta, {})


def test_arrays_are_not_copied() -> None:
    volume = np.zeros((64, 256, 256), np.float32)  # 16 MiB
    tracemalloc.start()
    buffers = encode({}, {"pixels": volume})
    encoded = tracemalloc.get_traced_memory()[1]
    whole = bytearray(b"".join(buffers))
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    pixels = decode(whole)[1]["pixels"]
    decoded = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    assert encoded < 100_000
    assert decoded < 100_000
    assert pixels.flags.aligned
    assert pixels.flags.writeable


def test_boolean_bytes_become_zero_and_one() -> None:
    named = decode(forged([["m", "|b1", [4]]], bytes([0, 1, 2, 255]) + bytes(12)))[1]
    assert named["m"].view(np.uint8).tolist() == [0, 1, 1, 1]


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"cbw1",
        b"nope" + bytes(12),
        PREFIX.pack(MAGIC, 0, 0),
        PREFIX.pack(MAGIC, 16, 2**63),
        PREFIX.pack(MAGIC, 16, 16) + b"{" * 16,
        PREFIX.pack(MAGIC, 160_000, 160_000) + b"[" * 160_000,
        PREFIX.pack(MAGIC, 16, 16) + b"[]              ",
        forged([], meta=[]),
        forged({}),
        forged([["x", "|O", [1]]], bytes(16)),
        forged([["x", "<U4", [1]]], bytes(16)),
        forged([["x", "|u1", [-1]]], bytes(16)),
        forged([["x", "|u1", [True]]], bytes(16)),
        forged([["x", "|u1", [1.0]]], bytes(16)),
        forged([["x", "|u1", [2**62, 2**62]]], bytes(16)),
        forged([["x", "|u1", [1] * 9]], bytes(16)),
        forged([["x", "|u1", [17]]], bytes(16)),
        forged([["x", "|u1", [1]]], bytes(32)),
        forged([["x", "|u1", [1]], ["x", "|u1", [1]]], bytes(32)),
        forged([["x", "|u1"]], bytes(16)),
        forged([[1, "|u1", [1]]], bytes(16)),
        forged([["x", "|u1", [0]]] * 1001),
        forged([])[:-1],
        forged([]) + b" ",
    ],
)
def test_what_is_no_message_is_refused(bad: bytes) -> None:
    with pytest.raises(WireError):
        decode(bad)


@settings(deadline=None)
@given(st.binary(max_size=80), st.integers(0, 79))
def test_damage_is_refused_or_harmless(noise: bytes, at: int) -> None:
    whole = message({"kind": "done"}, {"x": np.arange(6, dtype=np.uint8)})
    whole[at : at + len(noise)] = noise
    try:
        _, named = decode(whole)
    except WireError:
        return
    assert sum(array.nbytes for array in named.values()) <= len(whole)


def test_objects_do_not_go_by_wire() -> None:
    with pytest.raises(WireError, match="dtype object"):
        encode({}, {"x": np.array([{}])})
    with pytest.raises(TypeError):
        encode({"x": object()}, {})


def test_messages_are_collected_from_pieces() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        reader = MessageReader()
        whole = message({"n": 1}, {"x": np.arange(5, dtype=np.uint8)})
        got = []
        for byte in bytes(whole) * 2:
            theirs.send(bytes([byte]))
            if (one := reader.read(ours)) is not None:
                got.append(one)
        assert got == [whole, whole]
        with pytest.raises(BlockingIOError):
            reader.read(ours)
        theirs.close()
        with pytest.raises(EOFError):
            reader.read(ours)


def test_a_message_above_the_limit_is_refused_before_it_is_read() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.send(PREFIX.pack(MAGIC, 16, 1_000_001))
        with pytest.raises(WireError, match="1000001 bytes"):
            MessageReader(1_000_000).read(ours)
