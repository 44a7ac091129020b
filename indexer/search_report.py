"""What a manifest says of how an index is searched, for a person and for a program."""

from collections.abc import Mapping
from typing import Any

from indexer.search_plan import FLOAT32


def search_facts(told: Mapping[str, Any] | None) -> dict[str, Any]:
    """Kind, recall as measured, by weighting, and what was asked for and estimated."""
    if told is None:  # of before there was a choice
        return {"kind": FLOAT32, "recall": 1.0}
    recipes = told.get("recipes", [])
    plan = told["plan"]
    return {
        "kind": told["kind"],
        "recall": told["recall"],
        "recall_by_weights": {one["name"]: one["recall"] for one in recipes},
        "compared_with_everything": [one["name"] for one in recipes if not one["looks"]],
        "parts": sorted(told.get("parts", {})),
        "fitted_on": told.get("fitted_on"),
        "asked": told["asked"],
        "estimated": {
            name: plan[name] for name in ("memory", "disk", "build_cpu_s", "query_ms", "fits")
        },
    }


def search_text(facts: Mapping[str, Any]) -> str:
    """A line."""
    if not facts.get("recall_by_weights"):
        return str(facts["kind"])
    lowest = min(facts["recall_by_weights"].values())
    exact = ", ".join(facts["compared_with_everything"]) or "none"
    return (
        f"{facts['kind']}, recall@10 {facts['recall']:.3f} as measured (at other weights at least "
        f"{lowest:.3f}; compared with everything: {exact})"
    )
