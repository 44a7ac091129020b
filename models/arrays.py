"""The array types that signatures speak of; shapes, ranges and units stand in each docstring."""

import numpy as np
from numpy.typing import NDArray

FloatImage = NDArray[np.float32]
"""Picture, volume, vector or batch in float32."""

ByteImage = NDArray[np.uint8]
"""The same in 8 bits, 0..255: what an encoder takes and what a preview is made of."""

Mask = NDArray[np.bool_]
"""True inside the region."""
