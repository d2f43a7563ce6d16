"""Train the demo network on scikit-learn's handwritten digits and export it to OpenVINO IR.

Writes digits.xml, digits.bin and digits.npz into src/openvino/tools/pot/demo. The script is run only to
recreate these files, so what it needs is not among the project's dependencies:

    python3.11 -m venv /tmp/train
    /tmp/train/bin/pip install torch==2.13.0 scikit-learn -e .
    /tmp/train/bin/python scripts/train_demo_network.py
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import openvino as ov
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn
from torch.nn import functional

from openvino.tools.pot.demo import digits as demo

SEED = 7
CALIBRATION_SIZE = 300
EVALUATION_SIZE = 600
EPOCHS = 20
BATCH_SIZE = 32
PEAK_LEARNING_RATE = 0.004
WEIGHT_DECAY = 0.01
LABEL_SMOOTHING = 0.05
MAX_SHIFT = 3


class Split(NamedTuple):
    """The uint8 8x8 images of one part of the data with their labels."""

    images: np.ndarray
    labels: np.ndarray


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut, projected by a 1x1 convolution if the shape changes."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.first = convolution(inputs, outputs, 3, stride)
        self.second = convolution(outputs, outputs, 3)
        same_shape = inputs == outputs and stride == 1
        self.shortcut = nn.Identity() if same_shape else convolution(inputs, outputs, 1, stride)

    def forward(self, features: Tensor) -> Tensor:
        """Add what the convolutions found to the shortcut."""
        inner = self.second(functional.relu(self.first(features)))
        return functional.relu(inner + self.shortcut(features))


class DigitsNetwork(nn.Module):
    """Four residual blocks: two of width 32 at 32x32, two of width 64 at 16x16."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = convolution(1, 32, 3)
        self.blocks = nn.Sequential(
            ResidualBlock(32, 32),
            ResidualBlock(32, 32),
            ResidualBlock(32, 64, stride=2),
            ResidualBlock(64, 64),
        )
        self.classifier = nn.Linear(64, 10)

    def forward(self, image: Tensor) -> Tensor:
        """Return the logits [n, 10] of the images [n, 1, 32, 32]."""
        features = self.blocks(functional.relu(self.stem(image)))
        return self.classifier(features.mean(dim=(2, 3)))


def convolution(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """Build a convolution with batch norm, which the conversion to IR folds into the weights."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
    )


def split_data() -> tuple[Split, Split, Split]:
    """Split the 1797 images into disjoint training, calibration and evaluation parts."""
    digits = load_digits()
    images, labels = digits.images.astype(np.uint8), digits.target.astype(np.uint8)
    images, evaluation_images, labels, evaluation_labels = train_test_split(
        images, labels, test_size=EVALUATION_SIZE, random_state=SEED, stratify=labels
    )
    images, calibration_images, labels, calibration_labels = train_test_split(
        images, labels, test_size=CALIBRATION_SIZE, random_state=SEED, stratify=labels
    )
    return (
        Split(images, labels),
        Split(calibration_images, calibration_labels),
        Split(evaluation_images, evaluation_labels),
    )


def shift(images: Tensor) -> Tensor:
    """Move each image by up to MAX_SHIFT pixels, a stand-in for the few training images' missing variety."""
    padded = functional.pad(images, [MAX_SHIFT] * 4)
    offsets = torch.randint(0, 2 * MAX_SHIFT + 1, (len(images), 2)).tolist()
    size = images.shape[-1]
    return torch.stack([p[:, y : y + size, x : x + size] for p, (y, x) in zip(padded, offsets, strict=True)])


def train(images: Tensor, labels: Tensor) -> nn.Module:
    """Train for a fixed number of epochs and keep the last weights: no set is used to choose among them."""
    network = DigitsNetwork()
    # A smaller last batch is left out: batch norm would learn from the statistics of too few images.
    batches = len(images) // BATCH_SIZE
    optimizer = torch.optim.AdamW(network.parameters(), lr=PEAK_LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, PEAK_LEARNING_RATE, total_steps=EPOCHS * batches
    )
    for epoch in range(EPOCHS):
        started, total_loss = time.perf_counter(), 0.0
        for batch in torch.randperm(len(images)).split(BATCH_SIZE)[:batches]:
            loss = functional.cross_entropy(
                network(shift(images[batch])), labels[batch], label_smoothing=LABEL_SMOOTHING
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            total_loss += loss.item()
        seconds = time.perf_counter() - started
        print(f"epoch {epoch + 1}: mean loss {total_loss / batches:.4f}, {seconds:.1f} s", flush=True)
    return network.eval()


def export(network: nn.Module, image_shape: list[int]) -> ov.Model:
    """Convert the network to an OpenVINO model with a static shape and stable input and output names."""
    model = ov.convert_model(network, example_input=torch.zeros(image_shape), input=[image_shape])
    for port, name in ((model.input(0), "image"), (model.output(0), "logits")):
        port.get_tensor().set_names({name})
        port.get_node().set_friendly_name(name)
    model.set_friendly_name("digits")
    # How the conversion was called says nothing about the network and could hold a path of this machine.
    del model.get_rt_info()["conversion_parameters"]
    return model


def evaluate(model_path: Path, images: np.ndarray, labels: np.ndarray) -> float:
    """Return the FP32 top-1 accuracy of the saved model, measured through OpenVINO."""
    compiled = ov.Core().compile_model(model_path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    predicted = [int(compiled(image[np.newaxis])["logits"].argmax()) for image in images]
    return float(np.mean(predicted == labels))


def main() -> None:
    """Train, export, store the data and print the saved model's accuracy."""
    torch.manual_seed(SEED)
    torch.use_deterministic_algorithms(True)
    training, calibration, evaluation = split_data()

    network = train(
        torch.from_numpy(demo.enlarge(training.images)), torch.from_numpy(training.labels.astype(np.int64))
    )
    model = export(network, [1, 1, demo.IMAGE_SIZE, demo.IMAGE_SIZE])
    # FP32 weights stay uncompressed: the demo compares INT8 with the full-precision original.
    ov.save_model(model, demo.MODEL_PATH, compress_to_fp16=False)
    np.savez_compressed(
        demo.DATA_PATH,
        calib_images=calibration.images,
        calib_labels=calibration.labels,
        eval_images=evaluation.images,
        eval_labels=evaluation.labels,
    )
    accuracy = evaluate(demo.MODEL_PATH, demo.enlarge(evaluation.images), evaluation.labels)
    print(f"parameters: {sum(p.numel() for p in network.parameters())}")
    print(f"top-1 accuracy on {len(evaluation.labels)} evaluation images: {accuracy:.4f}")


if __name__ == "__main__":
    main()
