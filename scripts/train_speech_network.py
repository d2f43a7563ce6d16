"""Train a small network to tell in which frames of a sound somebody speaks, and export it to OpenVINO IR.

Writes speech.xml and speech.bin into examples/speech, with the features to calibrate with and to evaluate on. Sounds
to train on are made as they are asked for, by the module that makes the sample's data, with voices and words that
those to evaluate on don't have. The network takes a frame at a time; the six before it, and what the recurrent layer
remembers, are its states. The script is run only to recreate these files, so what it needs is not among the project's
dependencies:

    apt-get install espeak-ng
    python3.11 -m venv /tmp/train
    /tmp/train/bin/pip install torch==2.14.1 ".[samples]"
    /tmp/train/bin/python scripts/train_speech_network.py
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import openvino as ov
import torch
from openvino._offline_transformations import apply_make_stateful_transformation
from torch import Tensor, nn
from torch.nn import functional

from openvino.tools.pot import create_pipeline, load_model
from openvino.tools.pot.api.samples.speech import ArkDataLoader, ArkEngine, FrameDecisions

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))  # where common is
from common.features import BANDS, log_mel
from common.speech import clip, write_clips

MODEL = Path(__file__).resolve().parents[1] / "examples/speech/speech.xml"
DATA = MODEL.parent / "data"
SEED = 7
CONTEXT = 7  # frames that the convolutions see: the last is the newest
WIDTH, HIDDEN, MEMORY = 32, 48, 32
STEPS = 600
BATCH_SIZE, SECONDS = 16, 2.0
POOL = 1500  # sounds to train on
PEAK_LEARNING_RATE = 0.005
WEIGHT_DECAY = 0.01


class Detector(nn.Module):
    """Two convolutions along time, a layer, a recurrent one with gates, and a score.

    Only what GNA runs: the recurrent layer is made of products, sums, sigmoid and tanh.
    """

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(BANDS, WIDTH, 3)
        self.second = nn.Conv1d(WIDTH, WIDTH, 3, stride=2)
        self.hidden = nn.Linear(2 * WIDTH, HIDDEN)
        self.update, self.reset, self.new = (nn.Linear(HIDDEN, MEMORY) for _ in range(3))
        self.update_own, self.reset_own, self.new_own = (nn.Linear(MEMORY, MEMORY) for _ in range(3))
        self.head = nn.Linear(MEMORY, 1)

    def encoded(self, frames: Tensor) -> Tensor:
        """[n, HIDDEN] for frames [n, BANDS, CONTEXT]."""
        features = functional.relu(self.second(functional.relu(self.first(frames))))
        return functional.relu(self.hidden(features.flatten(1)))

    def remembered(self, features: Tensor, memory: Tensor) -> Tensor:
        """The memory after another frame, [n, MEMORY]."""
        keep = torch.sigmoid(self.update(features) + self.update_own(memory))
        reset = torch.sigmoid(self.reset(features) + self.reset_own(memory))
        new = torch.tanh(self.new(features) + reset * self.new_own(memory))
        return new + keep * (memory - new)

    def forward(self, frame: Tensor, past: Tensor, memory: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """How sure it is of speech, [1, 1], and both states, for a frame [1, BANDS]."""
        frames = torch.cat([past, frame.unsqueeze(2)], 2)
        memory = self.remembered(self.encoded(frames), memory)
        return torch.sigmoid(self.head(memory)), frames[:, :, 1:], memory

    def logits(self, sounds: Tensor) -> Tensor:
        """[n, frames] for whole sounds [n, frames, BANDS]."""
        count, frames, _ = sounds.shape
        padded = functional.pad(sounds, (0, 0, CONTEXT - 1, 0))
        windows = padded.unfold(1, CONTEXT, 1).reshape(count * frames, BANDS, CONTEXT)
        features = self.encoded(windows).reshape(count, frames, HIDDEN)
        memory, found = torch.zeros(count, MEMORY), []
        for step in features.unbind(1):
            memory = self.remembered(step, memory)
            found.append(memory)
        return self.head(torch.stack(found, 1))[..., 0]


def pool() -> tuple[Tensor, Tensor]:
    """Features of all sounds to train on, [POOL, frames, BANDS], and the truth, [POOL, frames]."""
    random = np.random.default_rng(SEED)
    made = [clip("training", random, SECONDS) for _ in range(POOL)]
    features = np.stack([log_mel(each.sound) for each in made])
    return torch.from_numpy(features), torch.from_numpy(np.stack([each.truth for each in made]))


def train() -> Detector:
    """Train for a fixed number of steps and keep the last weights: no set is used to choose among them."""
    network, (sounds, truth) = Detector(), pool()
    optimizer = torch.optim.AdamW(network.parameters(), lr=PEAK_LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_LEARNING_RATE, total_steps=STEPS)
    started, total = time.perf_counter(), 0.0
    for step in range(1, STEPS + 1):
        chosen = torch.randint(POOL, (BATCH_SIZE,))
        loss = functional.binary_cross_entropy_with_logits(network.logits(sounds[chosen]), truth[chosen])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        total += loss.item()
        if step % 50 == 0:
            print(
                f"step {step}: mean loss {total / 50:.4f}, {time.perf_counter() - started:.0f} s", flush=True
            )
            total = 0.0
    return network.eval()


def export(network: Detector) -> ov.Model:
    """Convert the network to an OpenVINO model whose states are its own, with stable names."""
    example = (torch.zeros(1, BANDS), torch.zeros(1, BANDS, CONTEXT - 1), torch.zeros(1, MEMORY))
    shapes = [list(each.shape) for each in example]
    model = ov.convert_model(network, example_input=example, input=shapes)
    names = ("frame", "past", "memory", "speech", "past_next", "memory_next")
    for port, name in zip([*model.inputs, *model.outputs], names, strict=True):
        port.get_tensor().set_names({name})
        port.get_node().set_friendly_name(name)
    model.validate_nodes_and_infer_types()
    apply_make_stateful_transformation(model, {"past": "past_next", "memory": "memory_next"})
    model.set_friendly_name("speech")
    # How the conversion was called says nothing about the network and could hold a path of this machine.
    del model.get_rt_info()["conversion_parameters"]
    return model


def evaluate(model: Path) -> float:
    """The share of frames about which the saved model is right, of sounds that it has not heard."""
    config = {"data_source": str(DATA), "input_names": ["frame"], "input_files": ["evaluation"]}
    loader = ArkDataLoader({**config, "input_shapes": [[1, BANDS]], "targets": DATA / "evaluation_truth.ark"})
    engine = ArkEngine({"device": "CPU"}, loader, FrameDecisions())
    return float(create_pipeline([], engine).evaluate(load_model(model))["frame_decisions"])


def main() -> None:
    """Write the data, train, export, and print how often the saved model is right."""
    write_clips(DATA / "calibration.ark", "training", count=16, seconds=2.0, seed=2)
    write_clips(DATA / "evaluation.ark", "evaluation", count=20, seconds=2.5, seed=1)
    torch.manual_seed(SEED)
    network = train()
    # FP32 weights stay uncompressed: the sample compares integers with the full-precision original.
    ov.save_model(export(network), MODEL, compress_to_fp16=False)
    print(f"parameters: {sum(each.numel() for each in network.parameters())}")
    print(f"right about frames of sounds that it has not heard: {evaluate(MODEL):.4f}")


if __name__ == "__main__":
    main()
