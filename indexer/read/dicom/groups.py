"""Functional groups of enhanced multi-frame objects (PS3.3 C.7.6.16): per frame, then shared."""

from pydicom.dataset import Dataset

from indexer.read.dicom.values import items


class Groups:
    """Looks a macro up for one frame; an object without functional groups answers with itself."""

    def __init__(self, dataset: Dataset) -> None:
        """`dataset`: the whole object."""
        self._root = dataset
        shared = items(dataset, "SharedFunctionalGroupsSequence")
        self._shared = shared[0] if shared else None
        self._frames = items(dataset, "PerFrameFunctionalGroupsSequence")

    def find(self, frame: int, macro: str) -> Dataset | None:
        """The first item of the sequence `macro` for that frame, or None."""
        own = items(self._frames[frame], macro) if frame < len(self._frames) else []
        found = own or items(self._shared, macro)
        return found[0] if found else None

    def holder(self, frame: int, macro: str) -> Dataset:
        """Where the elements of `macro` stand: in the functional group, or in the object itself."""
        return self.find(frame, macro) or self._root

    @property
    def per_frame(self) -> bool:
        """Whether frames may differ from each other."""
        return len(self._frames) > 1
