import pytest

from assay.sandbox.output import OutputBuffer


def test_short_output_is_kept_whole() -> None:
    buffer = OutputBuffer(100)
    for part in (b"one\n", b"two\n"):
        buffer.add(part)
    assert buffer.content() == b"one\ntwo\n"
    assert buffer.tail(3) == "wo\n"
    assert buffer.tail(0) == ""
    assert buffer.total == 8


@pytest.mark.parametrize("chunk", [1, 7, 64, 1000])
def test_long_output_keeps_head_and_tail_and_says_what_was_cut(chunk: int) -> None:
    printed = b"".join(b"%06d\n" % number for number in range(10_000))
    buffer = OutputBuffer(400)
    for start in range(0, len(printed), chunk):
        buffer.add(printed[start : start + chunk])
    content = buffer.content()
    assert content.startswith(printed[:100])
    assert content.endswith(printed[-300:])
    assert content == printed[:100] + b"\n[... 69600 bytes of output cut ...]\n" + printed[-300:]
    assert buffer.tail(20) == printed[-20:].decode()
    assert buffer.total == 70_000


def test_since_returns_what_came_after_a_position() -> None:
    buffer = OutputBuffer(100)
    buffer.add(b"before")
    position = buffer.total
    buffer.add(b"after")
    assert buffer.since(position) == b"after"
    assert buffer.since(buffer.total) == b""


def test_the_tail_spans_head_and_tail_and_survives_bytes_that_are_not_text() -> None:
    buffer = OutputBuffer(8)
    buffer.add(b"ab\xffcdef")
    assert buffer.tail(100) == "ab�cdef"
