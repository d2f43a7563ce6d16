"""What an examination of a machine finds, as plain data."""

from __future__ import annotations

from typing import Literal

from openvino.tools.pot.utils.form import SCHEMA, Facts


class Package(Facts):
    """A package that this one needs, or can use.

    Attributes:
        name: of its distribution.
        version: that is installed; empty where it is absent.
        extras: of this package that bring it; none where it is always needed.
    """

    name: str
    version: str
    extras: tuple[str, ...] = ()


class Processor(Facts):
    """What computes.

    Attributes:
        name: what it calls itself; empty where the system does not say.
        architecture: such as ``x86_64``.
        instructions: instruction sets that matter to INT8 and to half precision.
        cores: that the machine has.
        usable: of them by this process.
        memory: bytes that the machine, or its container, has; null where the system does not say.
        free: of these bytes; null where the system does not say.
    """

    name: str
    architecture: str
    instructions: tuple[str, ...]
    cores: int
    usable: int
    memory: int | None
    free: int | None


class Device(Facts):
    """A device that OpenVINO finds.

    Attributes:
        name: OpenVINO's.
        full_name: what it calls itself.
        capabilities: what OpenVINO says of its precisions.
        known: what plans for it go by: tables made ``here`` by ``pot probe``, ``shipped`` ones for this OpenVINO, or
            ``none`` but what is written about it.
    """

    name: str
    full_name: str
    capabilities: tuple[str, ...]
    known: Literal["here", "shipped", "none"]


class Place(Facts):
    """A folder that counts.

    Attributes:
        what: it holds.
        path: with ``~`` for the user's own folder.
        bytes: of the files in it; null where they are not counted.
        files: how many; null where they are not counted.
    """

    what: str
    path: str
    bytes: int | None = None
    files: int | None = None


class Variable(Facts):
    """A variable of the environment that changes what this package or OpenVINO does.

    Attributes:
        name: of it.
        value: that it has; of lists of folders only how many there are.
        effect: what it changes.
    """

    name: str
    value: str
    effect: str


class Trial(Facts):
    """The embedded network, in float and in INT8, on one device.

    Attributes:
        device: where it ran.
        float_accuracy, int8_accuracy: share of images that are told right; null where it did not run.
        decibels: how closely INT8 follows float32; null where it did not run.
        layers: that INT8 is for.
        int8_layers: of them that ran in 8 bits.
        float_seconds: of a request of the float model in float32.
        int8_seconds: of one of the INT8 model.
        own_seconds: of one of the float model with the device's own settings, which may be bf16 or f16.
        failure: what the device said; empty where it ran.
    """

    device: str
    float_accuracy: float | None = None
    int8_accuracy: float | None = None
    decibels: float | None = None
    layers: int = 0
    int8_layers: int = 0
    float_seconds: float | None = None
    int8_seconds: float | None = None
    own_seconds: float | None = None
    failure: str = ""


class SelfTest(Facts):
    """The embedded network, quantized here.

    Attributes:
        samples: that it was calibrated with.
        images: that accuracy was measured on.
        seconds: that quantizing it took.
        trials: on each device.
        failure: why it can't be quantized; empty where it can.
    """

    samples: int
    images: int
    seconds: float = 0.0
    trials: tuple[Trial, ...] = ()
    failure: str = ""


class Trouble(Facts):
    """Something that is not as it should be, or that is good to know.

    Attributes:
        name: a word for it, which stays the same.
        weight: ``problem``: results can't be had or trusted; ``note``: they can, and this changes speed or figures.
        finding: what was found.
        remedy: what to do; empty where there is nothing to do.
    """

    name: str
    weight: Literal["problem", "note"]
    finding: str
    remedy: str = ""


class Examination(Facts):
    """What was found of a machine: what ``pot doctor`` prints.

    Attributes:
        schema_version: of this form.
        versions: of openvino-pot, OpenVINO, NumPy, Python and the system.
        packages: that are needed, or bring something where they are there.
        processor: what computes.
        devices: that OpenVINO finds.
        places: where this package, OpenVINO and caches are.
        environment: variables that are set and change something.
        self_test: null where it was not wanted, or OpenVINO does not work.
        troubles: problems first.
        verdict: ``fit``, or ``problems``, at which ``pot`` exits with 3.
        sentence: the same in words.
    """

    schema_version: int = SCHEMA
    versions: dict[str, str]
    packages: tuple[Package, ...]
    processor: Processor
    devices: tuple[Device, ...]
    places: tuple[Place, ...]
    environment: tuple[Variable, ...]
    self_test: SelfTest | None
    troubles: tuple[Trouble, ...]
    verdict: Literal["fit", "problems"]
    sentence: str
