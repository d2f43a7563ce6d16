"""Where others are better than we are, in sentences made from the tables, so that none can be forgotten."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence

Row = Mapping[str, str]
Tables = Mapping[str, Sequence[Row]]

_WIDTH = 118
_UNIT = re.compile(r"(?<=\d) (?=%|s\b)")
"""Between a number and what it counts, where no line may end."""

_NO_MATTER = 0.005
"""Ratios nearer to 1 than this are taken for equal; the tables show two digits."""


def losses(tables: Tables) -> str:
    """A list in Markdown: metrics, time, size, beside float, weights only, and what is not there at all."""
    sentences = (_metric, _request, _size, _float, _weights)
    told = [f"- {sentence(tables)}" for sentence in sentences]
    told.append(
        "- **Not there.** Training after quantization, and PyTorch models as they are; NNCF has both."
    )
    wrapped = (
        textwrap.fill(
            _UNIT.sub("\N{NO-BREAK SPACE}", each), _WIDTH, subsequent_indent="  ", break_on_hyphens=False
        )
        for each in told
    )
    return "\n".join(wrapped).replace("\N{NO-BREAK SPACE}", " ")


def _beside(tables: Tables) -> list[Row]:
    return [*tables["accuracy"], *tables["others-accuracy"]]


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _metric(tables: Tables) -> str:
    rows = _beside(tables)
    worse = [
        f"`{row['network']}` ({row['INT8']}, NNCF {row['NNCF: INT8']}, float {row['float']})"
        for row in rows
        if float(row["NNCF: INT8"]) > float(row["INT8"])
    ]
    return f"**Metric.** Below NNCF's on {len(worse)} of {len(rows)} networks: {_listed(worse)}."


def _request(tables: Tables) -> str:
    return "**Time of a request.** " + _times(
        [(row["network"], float(row["time, ours / NNCF"])) for row in _beside(tables)], "Longer than NNCF's"
    )


def _size(tables: Tables) -> str:
    return "**Size.** " + _times(
        [(row["network"], float(row["size"]) / float(row["NNCF: size"])) for row in _beside(tables)],
        "Larger than NNCF's",
    )


def _times(ratios: Sequence[tuple[str, float]], than: str) -> str:
    """How many are beyond 1, which the farthest, and how far the others are."""
    beyond = sorted((pair for pair in ratios if pair[1] > 1 + _NO_MATTER), key=lambda pair: -pair[1])
    if not beyond:
        return f"{than} on none of {len(ratios)} networks."
    (name, most), *others = beyond
    head = f"{than} on {len(beyond)} of {len(ratios)} networks"
    if not others:
        return f"{head}: {100 * (most - 1):.0f} % on `{name}`."
    return f"{head}: {100 * (most - 1):.0f} % on `{name}`, at most {100 * (others[0][1] - 1):.0f} % on the others."


def _float(tables: Tables) -> str:
    slow = [
        f"`{row['network']}` ({row['speed-up']}x)"
        for row in tables["benchmark"]
        if float(row["speed-up"]) < 1
    ]
    amx = tables["own settings, AMX"]
    beaten = [row for row in amx if float(row["INT8, of that"]) > 1 + _NO_MATTER]
    than_float = f"slower than float32 on {_listed(slow)}, and " if slow else ""
    return (
        f"**Float.** INT8 is {than_float}slower than bf16, which float models run in on processors with AMX, on "
        f"{len(beaten)} of {len(amx)} networks."
    )


def _weights(tables: Tables) -> str:
    rows = tables["weights"]
    lower = [row for row in rows if float(row["NNCF: fidelity, dB"]) > float(row["fidelity, dB"])]
    seconds = "seconds of all processors"
    slow = [row for row in rows if float(row[seconds]) > float(row[f"NNCF: {seconds}"])]
    told = [f"{row[seconds]} s, NNCF {row[f'NNCF: {seconds}']} s" for row in slow]
    longer = f", and {len(slow)} take longer ({'; '.join(told)})" if told else ""
    return f"**Weights only.** Fidelity is below NNCF's in {len(lower)} of {len(rows)} cases{longer}."
