"""Mending: what the checks of `indexer.quality` found, undone by the steps that they name.

The same for a scan of the archive and for a query. Which findings are mended is part of an index's
identity.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from indexer.preprocess import Step, apply, follows_window, parse_chain, parted
from indexer.quality import MENDS, Finding
from indexer.scan import Scan

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
    look at it.
    """
    done, cuts = [], []
    for finding in found:
        steps = _steps(finding, scan, codes, chain)
        if steps:
            scan = apply(scan, steps)
            cuts += parted(steps)[0]
        done.append(replace(finding, mended=bool(steps)))
    return Mended(scan, tuple(done), tuple(cuts))


def _steps(
    finding: Finding, scan: Scan, codes: Sequence[str], chain: tuple[Step, ...]
) -> tuple[Step, ...]:
    if not finding.mend or finding.code not in codes:
        return ()
    if finding.code == "wrong_window" and not follows_window(chain, scan.unit):
        return ()
    return tuple(step for step in parse_chain(finding.mend) if step.name == MENDS[finding.code])
