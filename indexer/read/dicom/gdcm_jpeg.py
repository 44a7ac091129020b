"""JPEG frames of more than 8 bits by GDCM's own decoder.

pydicom refuses these (it says that GDCM cannot do them); the tests compare every one with DCMTK.
"""

import gdcm
import numpy as np
from numpy.typing import NDArray

from indexer.read.dicom.shape import Shape

_EXTENDED = "1.2.840.10008.1.2.4.51"  # GDCM goes by the stream itself: also progressive ones


def decode(frame: bytes, shape: Shape) -> NDArray[np.uint16] | NDArray[np.int16]:
    """One grey frame, (rows, columns), as stored. Raises ValueError if GDCM gives another size."""
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(frame)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((shape.columns, shape.rows, 1))
    image.SetDataElement(element)
    kind = gdcm.PhotometricInterpretation.GetPIType(shape.photometric)
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(kind))
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(_EXTENDED)))
    image.SetPixelFormat(
        gdcm.PixelFormat(
            1, shape.bits_allocated, shape.bits_stored, shape.high_bit, int(shape.signed)
        )
    )
    # GDCM hands its char* over as str
    raw = image.GetBuffer().encode("utf-8", "surrogateescape")
    return np.frombuffer(raw, "<i2" if shape.signed else "<u2").reshape(shape.rows, shape.columns)
