"""What kind of file this is, by its first bytes; the name's extension is never asked."""

import struct

from indexer.read.contract import Kind

HEAD_BYTES = 4096
"""How much of a file `kind_of` has to see."""

_PICTURES = (
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"II*\x00",
    b"MM\x00*",
    b"II+\x00\x08\x00",
    b"MM\x00+\x00\x08",
)
_VR = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR "
    b"US UT UV".split()
)


def kind_of(head: bytes, inflated: bytes = b"") -> Kind | None:
    """The kind of file that begins with `head`, or None.

    `inflated`: the first bytes after decompression, if `head` is gzip.
    """
    if head[128:132] == b"DICM":  # first: the preamble may be the header of a TIFF (PS3.10 7.1)
        return "dicom"
    if head.startswith(_PICTURES) or _is_bmp(head):
        return "picture"
    if _is_nifti(inflated or head):
        return "nifti"
    return "dicom" if _is_bare_dicom(head) else None


def _is_bmp(head: bytes) -> bool:
    """BITMAPFILEHEADER followed by an info header of one of the sizes that exist."""
    if len(head) < 26 or not head.startswith(b"BM"):
        return False
    return struct.unpack_from("<I", head, 14)[0] in (12, 40, 52, 56, 64, 108, 124)


def _is_nifti(head: bytes) -> bool:
    """NIfTI-1 has its magic at 344, NIfTI-2 at 4; Analyze 7.5 has none and is not taken."""
    return head[344:348] in (b"n+1\0", b"ni1\0") or head[4:8] in (b"n+2\0", b"ni2\0")


def _is_bare_dicom(head: bytes) -> bool:
    """Whether a data set begins at once, without preamble and "DICM" (ACR-NEMA, old exports).

    PS3.5 section 7.1: group, element, then a VR of two letters or a 32-bit length. The first group
    is 0002, 0004 or 0008, in either byte order.
    """
    if len(head) < 16:
        return False
    group, element = struct.unpack_from("<HH", head)
    if group in (0x0002, 0x0004, 0x0008) and element < 0x0100:
        return head[4:6] in _VR or struct.unpack_from("<I", head, 4)[0] <= 256
    group, element = struct.unpack_from(">HH", head)
    return group in (0x0002, 0x0004, 0x0008) and element < 0x0100 and head[4:6] in _VR
