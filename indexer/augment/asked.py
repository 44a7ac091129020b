"""What an enlarged archive is asked to be."""

from dataclasses import dataclass, field
from typing import Any

from indexer.config import Config, check_steps
from indexer.learn.findings import NORMAL
from models.augmenting import PAIRED, TABLE
from models.errors import UsageError

HEALTHY = tuple(sorted(NORMAL))
MOST = 30  # made films a film: beyond, they say nothing new


@dataclass(frozen=True, slots=True)
class Asked:
    """How an archive is enlarged.

    `times`: films made of each. `ways`: of `models.augmenting.TABLE`, in turn. `balance`: every
    class as large as the largest becomes. `healthy`: labels without lesions, in small letters.
    `config`: its segmentation finds the lungs where the archive has no mask. `workers`: processes;
    None: one a core. `label_from`: as of `indexer.archive.walk`.
    """

    times: int = 3
    ways: tuple[str, ...] = tuple(TABLE)
    balance: bool = False
    healthy: tuple[str, ...] = HEALTHY
    seed: int = 0
    config: Config = field(default_factory=Config)
    label_from: str = "auto"
    workers: int | None = None

    def check(self) -> None:
        """Raises `UsageError` naming what does not exist or does not fit."""
        for way in self.ways:
            if way not in TABLE:
                raise UsageError(
                    f"there is no way {way!r} to make films; there are: {', '.join(TABLE)}"
                )
        if not self.ways:
            raise UsageError(f"no way to make films is named; there are: {', '.join(TABLE)}")
        if len(set(self.ways)) < len(self.ways):
            raise UsageError(f"a way is named twice: {', '.join(self.ways)}")
        if not 1 <= self.times <= MOST:
            raise UsageError(f"{self.times} times: it is a whole number from 1 to {MOST}")
        check_steps(self.config)

    @property
    def paired(self) -> bool:
        """Whether films of two patients are put together at all."""
        return bool(PAIRED & set(self.ways))

    def to_json(self) -> dict[str, Any]:
        """All that decides the outcome."""
        return {
            "times": self.times,
            "ways": list(self.ways),
            "balance": self.balance,
            "healthy": list(self.healthy),
            "seed": self.seed,
            "label_from": self.label_from,
            "segment": dict(self.config.segment),
        }
