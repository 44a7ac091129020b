"""Mending: what the checks of `indexer.quality` found, undone by the steps that they name.

The same for a scan of the archive and for a query. Which findings are mended is part of an index's
identity.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from indexer.preprocess import Step, apply, follows_window, parse_chain, parted
from indexer.quality import MENDS, Finding
from indexer.scan import Scan

_BEHIND_A_WINDOW = frozenset({"blank", "few_levels"})
"""What is true only as long as the file's own window is looked through."""


@dataclass(frozen=True, slots=True)
class Mended:
    """A scan after its mends, still of measured values.

    `findings`: those that were found, with what was done. `cuts`: the steps among what was done
    that changed its shape, for a mask that came with it.
    """

    scan: Scan
    findings: tuple[Finding, ...]
    cuts: tuple[Step, ...] = ()


def mend(
    scan: Scan, found: Sequence[Finding], codes: Sequence[str], chain: tuple[Step, ...]
) -> Mended:
    """The scan with those of its findings mended whose code is among `codes`.

    `chain`: what the scan will go through. A window is not chosen anew for a chain that does not
    look at it. A scan that is blank only behind its window is not called blank once that window is
    not looked through.
    """
    done: list[Finding] = []
    cuts: list[Step] = []
    windowed = follows_window(chain, scan.unit)
    for finding in found:
        steps = _steps(finding, codes, windowed)
        if steps:
            scan = apply(scan, steps)
            cuts += parted(steps)[0]
        done.append(replace(finding, mended=bool(steps)))
    if any(one.code == "wrong_window" and (one.mended or not windowed) for one in done):
        done = [one for one in done if one.code not in _BEHIND_A_WINDOW]
    return Mended(scan, tuple(done), tuple(cuts))


def _steps(finding: Finding, codes: Sequence[str], windowed: bool) -> tuple[Step, ...]:
    if not finding.mend or finding.code not in codes:
        return ()
    if finding.code == "wrong_window" and not windowed:
        return ()
    return tuple(step for step in parse_chain(finding.mend) if step.name == MENDS[finding.code])
