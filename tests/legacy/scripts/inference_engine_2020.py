"""Quantizes, then runs requests of the Inference Engine in turns. Written for OpenVINO 2020.4 to 2021.4."""

import logging as log
import sys
from argparse import ArgumentParser

import numpy as np
from openvino.inference_engine import Blob, IECore, StatusCode, TensorDesc

from compression.api import DataLoader
from compression.engines.ie_engine import IEEngine
from compression.graph import load_model, save_model
from compression.pipeline.initializer import create_pipeline


class Loader(DataLoader):
    def __init__(self, images):
        super().__init__({})
        self._images = images

    def __len__(self):
        return len(self._images)

    def __getitem__(self, index):
        return (index, None), self._images[index]


def main():
    log.basicConfig(format="[ %(levelname)s ] %(message)s", level=log.INFO, stream=sys.stderr)
    parser = ArgumentParser()
    parser.add_argument("-m", "--model", required=True, type=str)
    parser.add_argument("-i", "--input", required=True, type=str)
    parser.add_argument("-d", "--device", default="CPU", type=str)
    args = parser.parse_args()
    images = np.load(args.input)["images"]

    log.info("Quantizing")
    engine = IEEngine({"device": args.device}, Loader(images))
    pipeline = create_pipeline([{"name": "DefaultQuantization", "params": {"stat_subset_size": 30}}], engine)
    model = load_model(
        {"model_name": "net", "model": args.model, "weights": args.model.replace(".xml", ".bin")}
    )
    files = save_model(pipeline.run(model), "./int8")[0]

    log.info("Creating Inference Engine")
    ie = IECore()
    if args.device not in ie.available_devices:
        log.error("Device %s is not there", args.device)
        return 1
    log.info("Running on %s", ie.get_metric(metric_name="FULL_DEVICE_NAME", device_name=args.device))
    ie.set_config({"CPU_THREADS_NUM": "1"}, args.device)
    net = ie.read_network(files["model"], files["weights"])
    assert len(net.input_info) == 1, "Sample supports only single input topologies"
    input_blob = next(iter(net.input_info))
    out_blob = next(iter(net.outputs))
    net.batch_size = 1
    net.input_info[input_blob].precision = "U8"
    net.outputs[out_blob].precision = "FP32"
    n, c, h, w = net.input_info[input_blob].input_data.shape
    log.info("Batch size is %d, image is %d x %d, %d channels", n, h, w, c)
    exec_net = ie.load_network(net, args.device, {"PERF_COUNT": "YES"}, num_requests=2)

    pixels = np.rint(images * 255).astype(np.uint8)
    results = {}
    pending = {}
    for number, image in enumerate(pixels):
        request_id = exec_net.get_idle_request_id()
        if request_id < 0:
            exec_net.wait(num_requests=1)
            request_id = exec_net.get_idle_request_id()
        if request_id in pending:
            results[pending.pop(request_id)] = exec_net.requests[request_id].output_blobs[out_blob].buffer
        exec_net.start_async(request_id=request_id, inputs={input_blob: image})
        pending[request_id] = number
    for request_id, number in pending.items():
        if exec_net.requests[request_id].wait(-1) == StatusCode.OK:
            results[number] = exec_net.requests[request_id].output_blobs[out_blob].buffer

    request = exec_net.requests[0]
    request.set_blob(input_blob, Blob(TensorDesc("U8", (n, c, h, w), "NCHW"), pixels[:1].copy()))
    request.infer()
    assert np.array_equal(request.output_blobs[out_blob].buffer, results[0])
    for layer, stats in exec_net.requests[0].get_perf_counts().items():
        log.info("%s %s %s %d", layer, stats["layer_type"], stats["exec_type"], stats["real_time"])
    exec_net.export("net.blob")
    np.save("outputs.npy", np.concatenate([results[number] for number in range(len(pixels))]))
    log.info("This is the end")
    return 0


if __name__ == "__main__":
    sys.exit(main() or 0)
