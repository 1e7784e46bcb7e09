#!/usr/bin/env python3
"""Asks a driver, converts a WAV and decodes an AVI, with the drivers that are installed.

    convert.py ask FILE
    convert.py convert IN.wav OUT.wav TAG
    convert.py frames IN.avi OUT.raw [BITS]
"""

import struct
import sys
from ctypes import (CDLL, POINTER, Structure, addressof, byref, c_char_p, c_int32, c_size_t, c_ssize_t, c_uint,
                    c_uint16, c_uint32, c_void_p, create_string_buffer, sizeof)

library = CDLL("libopendriver.so.0")
library.opendriver_last_error.restype = c_char_p


def declare(name, restype, *argtypes):
    function = getattr(library, name)
    function.restype = restype
    function.argtypes = argtypes
    return function


# A handle is as wide as a pointer, and so is what a driver answers.
OpenDriver = declare("OpenDriverA", c_void_p, c_char_p, c_char_p, c_ssize_t)
SendDriverMessage = declare("SendDriverMessage", c_ssize_t, c_void_p, c_uint, c_void_p, c_void_p)
CloseDriver = declare("CloseDriver", c_ssize_t, c_void_p, c_ssize_t, c_ssize_t)
opendriver_alloc = declare("opendriver_alloc", c_void_p, c_void_p, c_size_t)
opendriver_free = declare("opendriver_free", c_int32, c_void_p)


class WAVEFORMATEX(Structure):
    _pack_ = 1
    _fields_ = [("tag", c_uint16), ("channels", c_uint16), ("rate", c_uint32), ("bytes_per_second", c_uint32),
                ("block", c_uint16), ("bits", c_uint16), ("extra", c_uint16)]


class ACMFORMATTAGDETAILSW(Structure):
    _pack_ = 1
    _fields_ = [("size", c_uint32), ("index", c_uint32), ("tag", c_uint32), ("format_size", c_uint32),
                ("support", c_uint32), ("formats", c_uint32), ("name", c_uint16 * 48)]


class ACMSTREAMHEADER(Structure):
    _pack_ = 1
    _fields_ = [("size", c_uint32), ("status", c_uint32), ("user", c_size_t), ("source", c_void_p),
                ("source_length", c_uint32), ("source_used", c_uint32), ("source_user", c_size_t),
                ("target", c_void_p), ("target_length", c_uint32), ("target_used", c_uint32),
                ("target_user", c_size_t), ("reserved", c_uint32 * 15)]


class BITMAPINFOHEADER(Structure):
    _fields_ = [("size", c_uint32), ("width", c_int32), ("height", c_int32), ("planes", c_uint16),
                ("bits", c_uint16), ("compression", c_uint32), ("image_size", c_uint32), ("x", c_int32),
                ("y", c_int32), ("colours", c_uint32), ("important", c_uint32)]


acmMetrics = declare("acmMetrics", c_uint, c_void_p, c_uint, POINTER(c_uint32))
acmFormatSuggest = declare("acmFormatSuggest", c_uint, c_void_p, c_void_p, c_void_p, c_uint32, c_uint32)
acmStreamOpen = declare("acmStreamOpen", c_uint, POINTER(c_void_p), c_void_p, c_void_p, c_void_p, c_void_p, c_size_t,
                        c_size_t, c_uint32)
acmStreamSize = declare("acmStreamSize", c_uint, c_void_p, c_uint32, POINTER(c_uint32), c_uint32)
acmStreamPrepareHeader = declare("acmStreamPrepareHeader", c_uint, c_void_p, POINTER(ACMSTREAMHEADER), c_uint32)
acmStreamConvert = declare("acmStreamConvert", c_uint, c_void_p, POINTER(ACMSTREAMHEADER), c_uint32)
acmStreamUnprepareHeader = declare("acmStreamUnprepareHeader", c_uint, c_void_p, POINTER(ACMSTREAMHEADER), c_uint32)
acmStreamClose = declare("acmStreamClose", c_uint, c_void_p, c_uint32)

ICLocate = declare("ICLocate", c_void_p, c_uint32, c_uint32, c_void_p, c_void_p, c_uint16)
ICSendMessage = declare("ICSendMessage", c_ssize_t, c_void_p, c_uint, c_void_p, c_void_p)
ICDecompress = declare("ICDecompress", c_uint32, c_void_p, c_uint32, c_void_p, c_void_p, c_void_p, c_void_p)
ICClose = declare("ICClose", c_ssize_t, c_void_p)

ACM_METRIC_MAX_SIZE_FORMAT = 50
ACM_FORMATSUGGESTF_WFORMATTAG = 0x10000
ACM_FORMATSUGGESTF_WBITSPERSAMPLE = 0x80000
ACM_STREAMOPENF_NONREALTIME = 4
ACM_STREAMCONVERTF_START = 0x10
ACM_STREAMCONVERTF_END = 0x20
ACMDM_FORMATTAG_DETAILS = 0x4000 + 0x2000 + 25

ICTYPE_VIDEO = struct.unpack("<I", b"vidc")[0]
ICMODE_DECOMPRESS = 2
ICDECOMPRESS_NOTKEYFRAME = 0x08000000
ICM_DECOMPRESS_GET_FORMAT = 0x4000 + 10
ICM_DECOMPRESS_BEGIN = 0x4000 + 12
ICM_DECOMPRESS_END = 0x4000 + 14


def succeed(result, what):
    if result != 0:
        raise OSError(f"{what} answers {result}: {(library.opendriver_last_error() or b'').decode()}")


def chunks(file):
    """Each chunk of a RIFF file, of lists what is in them."""
    at = 0
    while at + 8 <= len(file):
        name, size = struct.unpack_from("<4sI", file, at)
        if name in (b"RIFF", b"LIST"):
            at += 12
            continue
        yield name, file[at + 8:at + 8 + size]
        at += 8 + size + (size & 1)


def ask(file):
    driver = OpenDriver(file.encode(), None, 0)
    if not driver:
        succeed(1, "OpenDriver")
    # A driver of 32 bits reaches memory that is made for it only; one of 64 bits reaches that, too.
    memory = opendriver_alloc(driver, sizeof(ACMFORMATTAGDETAILSW))
    details = ACMFORMATTAGDETAILSW.from_address(memory)
    details.size, details.index = sizeof(ACMFORMATTAGDETAILSW), 1
    succeed(SendDriverMessage(driver, ACMDM_FORMATTAG_DETAILS, memory, None), "the driver")
    print(bytes(details.name).decode("utf-16-le").split("\0")[0])
    opendriver_free(memory)
    CloseDriver(driver, 0, 0)


def convert(source, target, tag):
    parts = dict(chunks(open(source, "rb").read()))
    data = parts[b"data"]
    before = create_string_buffer(parts[b"fmt "], max(len(parts[b"fmt "]), sizeof(WAVEFORMATEX)))
    most = c_uint32()
    succeed(acmMetrics(None, ACM_METRIC_MAX_SIZE_FORMAT, byref(most)), "acmMetrics")
    after = create_string_buffer(most.value)
    to = WAVEFORMATEX.from_buffer(after)
    to.tag, to.bits = tag, 16
    wish = ACM_FORMATSUGGESTF_WFORMATTAG | (ACM_FORMATSUGGESTF_WBITSPERSAMPLE if tag == 1 else 0)
    succeed(acmFormatSuggest(None, before, after, most.value, wish), "acmFormatSuggest")

    stream, room = c_void_p(), c_uint32()
    succeed(acmStreamOpen(byref(stream), None, before, after, None, 0, 0, ACM_STREAMOPENF_NONREALTIME), "acmStreamOpen")
    succeed(acmStreamSize(stream, len(data), byref(room), 0), "acmStreamSize")
    # The header holds addresses only: what is there has to live as long as the header does.
    given, made = create_string_buffer(data, len(data)), create_string_buffer(room.value)
    header = ACMSTREAMHEADER(size=sizeof(ACMSTREAMHEADER), source=addressof(given), source_length=len(data),
                             target=addressof(made), target_length=room.value)
    succeed(acmStreamPrepareHeader(stream, byref(header), 0), "acmStreamPrepareHeader")
    succeed(acmStreamConvert(stream, byref(header), ACM_STREAMCONVERTF_START | ACM_STREAMCONVERTF_END), "acmStreamConvert")
    succeed(acmStreamUnprepareHeader(stream, byref(header), 0), "acmStreamUnprepareHeader")
    succeed(acmStreamClose(stream, 0), "acmStreamClose")

    made = made.raw[:header.target_used]
    print(f"{len(data)} bytes became {len(made)}")
    size = 16 if tag == 1 else sizeof(WAVEFORMATEX) + to.extra
    body = b"WAVE" + b"".join(
        struct.pack("<4sI", name, len(part)) + part + b"\0" * (len(part) & 1)
        for name, part in ((b"fmt ", after.raw[:size]), (b"data", made)))
    with open(target, "wb") as file:
        file.write(struct.pack("<4sI", b"RIFF", len(body)) + body)


def frames(source, target, bits=0):
    handler, codec, count = 0, None, 0
    with open(target, "wb") as file:
        for name, part in chunks(open(source, "rb").read()):
            if name == b"strh":
                handler = struct.unpack_from("<I", part, 4)[0]
            elif name == b"strf" and not codec:
                before = create_string_buffer(part, len(part) + 1024)
                codec = ICLocate(ICTYPE_VIDEO, handler, before, None, ICMODE_DECOMPRESS)
                if not codec:
                    succeed(1, "ICLocate")
                size = ICSendMessage(codec, ICM_DECOMPRESS_GET_FORMAT, before, None)
                after = create_string_buffer(max(size, 0) + 1024)
                succeed(ICSendMessage(codec, ICM_DECOMPRESS_GET_FORMAT, before, after), "the codec")
                to = BITMAPINFOHEADER.from_buffer(after)
                if bits:
                    to.bits, to.compression = bits, 0
                stride, lines = (to.width * to.bits + 31) // 32 * 4, abs(to.height)
                to.image_size = stride * lines
                succeed(ICSendMessage(codec, ICM_DECOMPRESS_BEGIN, before, after), "the codec")
                picture = create_string_buffer(to.image_size)
            elif codec and name[2:] in (b"dc", b"db"):
                BITMAPINFOHEADER.from_buffer(before).image_size = len(part)
                if part:
                    flags = ICDECOMPRESS_NOTKEYFRAME if count else 0
                    succeed(ICDecompress(codec, flags, before, part, after, picture), "ICDecompress")
                count += 1
                stored = range(lines - 1, -1, -1) if to.height > 0 else range(lines)
                for line in stored:
                    file.write(picture.raw[line * stride:line * stride + to.width * to.bits // 8])
    if codec:
        succeed(ICSendMessage(codec, ICM_DECOMPRESS_END, None, None), "the codec")
        ICClose(codec)
    print(f"{count} frames")


if __name__ == "__main__":
    try:
        verb, *words = sys.argv[1:]
        if verb == "ask":
            ask(*words)
        elif verb == "convert":
            convert(words[0], words[1], int(words[2]))
        elif verb == "frames":
            frames(words[0], words[1], *map(int, words[2:]))
        else:
            raise ValueError
    except (ValueError, IndexError):
        sys.exit(__doc__)
    except OSError as error:
        sys.exit(f"error: {error}")
