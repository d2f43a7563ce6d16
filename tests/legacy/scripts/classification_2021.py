"""Quantizes a classifier with the imports of 2021, evaluates it and saves it. Written for OpenVINO 2021.4."""

import argparse
import json
from pathlib import Path

import numpy as np
from addict import Dict
from openvino.inference_engine import IECore

from compression.api import DataLoader, Metric
from compression.engines.ie_engine import IEEngine
from compression.graph import load_model, save_model
from compression.graph.model_utils import compress_model_weights, get_nodes_by_type
from compression.pipeline.initializer import create_pipeline
from compression.utils.logger import get_logger, init_logger

init_logger(level="ERROR")
logger = get_logger(__name__)


class ImageLoader(DataLoader):
    def __init__(self, config):
        if not isinstance(config, Dict):
            config = Dict(config)
        super().__init__(config)
        data = np.load(config.data_source)
        self.images = data["images"]
        self.labels = data["labels"]

    def __len__(self):
        return self.images.shape[0]

    def __getitem__(self, index):
        if index >= len(self):
            raise IndexError
        return (index, self.labels[index]), self.images[index]


class Accuracy(Metric):
    def __init__(self, top_k=1):
        super().__init__()
        self._top_k = top_k
        self._name = f"accuracy@top{self._top_k}"
        self._matches = []

    @property
    def value(self):
        return {self._name: self._matches[-1]}

    @property
    def avg_value(self):
        return {self._name: np.ravel(self._matches).mean()}

    def update(self, output, target):
        if len(output) > 1:
            raise Exception("The accuracy metric cannot be calculated for a model with multiple outputs")
        if isinstance(target, dict):
            target = list(target.values())
        predictions = np.argsort(output[0], axis=1)[:, -self._top_k :]
        match = [float(t in predictions[i]) for i, t in enumerate(target)]
        self._matches.append(match)

    def reset(self):
        self._matches = []

    def get_attributes(self):
        return {self._name: {"direction": "higher-better", "type": "accuracy"}}


def optimize(args):
    model_config = Dict({"model_name": "digits", "model": args.model, "weights": args.weights})
    engine_config = Dict({"device": "CPU", "stat_requests_number": 2, "eval_requests_number": 2})
    dataset_config = {"data_source": args.dataset}
    algorithms = [
        {
            "name": "DefaultQuantization",
            "params": {"target_device": "CPU", "preset": "performance", "stat_subset_size": 40},
        }
    ]
    model = load_model(model_config)
    if get_nodes_by_type(model, ["FakeQuantize"]):
        raise RuntimeError("The model is already optimized")
    data_loader = ImageLoader(dataset_config)
    metric = Accuracy(top_k=1)
    engine = IEEngine(engine_config, data_loader, metric)
    pipeline = create_pipeline(algorithms, engine)
    before = pipeline.evaluate(model)
    compressed_model = pipeline.run(model)
    compress_model_weights(compressed_model)
    paths = save_model(compressed_model, args.output + "/optimized", model_name="digits_int8")
    after = pipeline.evaluate(compressed_model)
    return paths, before, after


def check(paths, dataset):
    ie = IECore()
    net = ie.read_network(model=paths[0]["model"], weights=paths[0]["weights"])
    exec_net = ie.load_network(network=net, device_name="CPU")
    input_blob = next(iter(net.input_info))
    out_blob = next(iter(net.outputs))
    images = np.load(dataset)["images"]
    return np.concatenate([exec_net.infer(inputs={input_blob: image})[out_blob] for image in images])


def main():
    parser = argparse.ArgumentParser(description="Post-training quantization", allow_abbrev=False)
    parser.add_argument("-m", "--model", required=True)
    parser.add_argument("-w", "--weights", required=True)
    parser.add_argument("-d", "--dataset", required=True)
    parser.add_argument("-o", "--output", default="./results")
    args = parser.parse_args()
    paths, before, after = optimize(args)
    results = {"before": before, "after": after, "paths": paths}
    Path(args.output, "metrics.json").write_text(json.dumps(results))
    np.save(args.output + "/outputs.npy", check(paths, args.dataset))
    for name, value in after.items():
        print(f"{name: <27s}: {value}")


if __name__ == "__main__":
    main()
