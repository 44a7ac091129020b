"""Why a file was not taken: every reason code of the build record, and its sentence.

The codes are stable; people filter `rejects.parquet` by them. A sentence names no path and no value
of a header (file names and headers hold names of patients): whoever asked knows which file it was.
"""

from models.errors import UnreadableScan

REASONS = {
    "missing": "there is no such file",
    "not_a_file": "this is a folder or a device, not a file",
    "permission": "the file may not be opened by this user",
    "unreadable": "the disk or the network returned an error while the file was read",
    "empty": "the file has no bytes",
    "unknown_format": "the content is not DICOM, NIfTI, PNG, JPEG, TIFF or BMP",
    "truncated": "the file ends before its pixels do; copy it again from where it came",
    "bad_header": "the header contradicts itself or breaks the format",
    "too_large": "the scan is larger than the limit for one scan",
    "not_an_image": "a DICOM object of another kind (report, plan, waveform, directory)",
    "slide_label": "the photograph of a slide's label, which shows who the patient is",
    "no_pixels": "the header describes an image but no pixels follow",
    "unsupported_transfer_syntax": "the pixels are compressed in a way that has no decoder here",
    "unsupported_pixels": "the pixels are stored in a form that is not read",
    "damaged_pixels": "the decoder rejected the pixels",
    "inconsistent_series": "the files are not slices of one volume",
    "timed_out": "reading took longer than the limit",
    "out_of_memory": "reading needed more memory than the limit",
    "worker_died": "the decoder crashed",
}
"""Code -> what it means. The last three are for whoever runs `read` in a sandbox."""


def unreadable(code: str, detail: str = "") -> UnreadableScan:
    """The error to raise for `code`; `detail` adds numbers or rules, never a value of a header."""
    return UnreadableScan(code, REASONS[code] + (f" ({detail})" if detail else ""))
