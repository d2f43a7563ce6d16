"""Train a small 3D U-Net to find grey and white matter in MNI's template of the brain, and export it to OpenVINO IR.

Writes tissue.xml and tissue.bin into examples/segmentation_3d. Pieces to train on are made as they are asked for, by
the module that makes the sample's data, and lie in other layers of the brain than those to evaluate on. The script
is run only to recreate these files, so what it needs is not among the project's dependencies:

    python3.11 -m venv /tmp/train
    /tmp/train/bin/pip install torch==2.13.0 ".[samples]"
    /tmp/train/bin/python scripts/train_tissue_network.py
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import openvino as ov
import torch
from torch import Tensor, nn
from torch.nn import functional

from openvino.tools.pot import create_pipeline, load_model
from openvino.tools.pot.api.samples.segmentation_3d import BRATSDataLoader, DiceIndex, SegmentationEngine
from openvino.tools.pot.api.samples.segmentation_3d.volumes import normalised

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))  # where common is
from common.brain import SIZE, piece, write_pieces

MODEL = Path(__file__).resolve().parents[1] / "examples/segmentation_3d/tissue.xml"
SEED = 7
WIDTHS = (8, 16, 32)
STEPS = 900
BATCH_SIZE = 2
PEAK_LEARNING_RATE = 0.005
WEIGHT_DECAY = 0.01


class UNet(nn.Module):
    """Two convolutions at each of three resolutions, going down and up again, with shortcuts across."""

    def __init__(self) -> None:
        super().__init__()
        down = zip((1, *WIDTHS[:-1]), WIDTHS, strict=True)
        self.down = nn.ModuleList(convolutions(inputs, outputs) for inputs, outputs in down)
        self.larger = nn.ModuleList()
        self.up = nn.ModuleList()
        for inner, outer in zip(WIDTHS[:0:-1], WIDTHS[-2::-1], strict=True):
            self.larger.append(nn.ConvTranspose3d(inner, outer, 2, 2))
            self.up.append(convolutions(2 * outer, outer))
        self.head = nn.Conv3d(WIDTHS[0], 2, 1)

    def forward(self, volume: Tensor) -> Tensor:
        """How sure it is of tissue, and of white matter: [n, 2, *SIZE] for volumes [n, 1, *SIZE]."""
        shortcuts: list[Tensor] = []
        features = volume
        for level, block in enumerate(self.down):
            if level:
                shortcuts.append(features)
                features = functional.max_pool3d(features, 2)
            features = block(features)
        for larger, block in zip(self.larger, self.up, strict=True):
            features = block(torch.cat([larger(features), shortcuts.pop()], 1))
        return torch.sigmoid(self.head(features))


def convolutions(inputs: int, outputs: int) -> nn.Sequential:
    """Two 3x3x3 convolutions with batch norm, which the conversion to IR folds into the weights."""
    layers: list[nn.Module] = []
    for channels in (inputs, outputs):
        layers += [
            nn.Conv3d(channels, outputs, 3, padding=1, bias=False),
            nn.BatchNorm3d(outputs),
            nn.ReLU(),
        ]
    return nn.Sequential(*layers)


def batch(random: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Volumes and what to answer. Unlike in the loader, they are not cut to what is not zero."""
    made = [piece("training", random) for _ in range(BATCH_SIZE)]
    volumes = np.stack([normalised(each.image[None]) for each in made])
    answers = np.stack([np.stack([each.mask > 0, each.mask > 1]) for each in made])
    return faster(torch.from_numpy(volumes)), torch.from_numpy(answers.astype(np.float32))


def faster(tensor: Tensor) -> Tensor:
    """With the channels last, which the processor's convolutions like better."""
    return tensor.contiguous(memory_format=torch.channels_last_3d)


def loss_of(scores: Tensor, answers: Tensor) -> Tensor:
    """Cross entropy, and what Dice's index lacks to 1."""
    axes = (0, 2, 3, 4)
    overlap = 2 * (scores * answers).sum(axes) / (scores.sum(axes) + answers.sum(axes) + 1)
    return functional.binary_cross_entropy(scores, answers) + (1 - overlap).mean()


def train() -> nn.Module:
    """Train for a fixed number of steps and keep the last weights: no set is used to choose among them."""
    network = UNet().to(memory_format=torch.channels_last_3d)
    random = np.random.default_rng(SEED)
    optimizer = torch.optim.AdamW(network.parameters(), lr=PEAK_LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_LEARNING_RATE, total_steps=STEPS)
    started, total = time.perf_counter(), 0.0
    for step in range(1, STEPS + 1):
        volumes, answers = batch(random)
        loss = loss_of(network(volumes), answers)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        total += loss.item()
        if step % 50 == 0:
            print(
                f"step {step}: mean loss {total / 50:.4f}, {time.perf_counter() - started:.0f} s", flush=True
            )
            total = 0.0
    return network.eval()


def export(network: nn.Module) -> ov.Model:
    """Convert the network to an OpenVINO model with a static shape and stable input and output names."""
    shape = [1, 1, *SIZE]
    model = ov.convert_model(network, example_input=torch.zeros(shape), input=[shape])
    for port, name in ((model.input(0), "volume"), (model.output(0), "tissue")):
        port.get_tensor().set_names({name})
        port.get_node().set_friendly_name(name)
    model.set_friendly_name("tissue")
    # How the conversion was called says nothing about the network and could hold a path of this machine.
    del model.get_rt_info()["conversion_parameters"]
    return model


def evaluate(model: Path) -> float:
    """Dice's index of the saved model, measured through OpenVINO on layers that it has not seen."""
    with tempfile.TemporaryDirectory() as folder:
        loader = BRATSDataLoader(write_pieces(folder, "evaluation", 30, seed=1))
        engine = SegmentationEngine({"device": "CPU"}, loader, DiceIndex(num_classes=3))
        return float(create_pipeline([], engine).evaluate(load_model(model))["dice_index"])


def main() -> None:
    """Train, export, and print the saved model's index."""
    torch.manual_seed(SEED)
    network = train()
    MODEL.parent.mkdir(parents=True, exist_ok=True)
    # FP32 weights stay uncompressed: the sample compares INT8 with the full-precision original.
    ov.save_model(export(network), MODEL, compress_to_fp16=False)
    print(f"parameters: {sum(each.numel() for each in network.parameters())}")
    print(f"Dice's index on 30 pieces that it has not seen: {evaluate(MODEL):.4f}")


if __name__ == "__main__":
    main()
