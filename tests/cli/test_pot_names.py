"""The command's parts under the names that scripts of POT's time import."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from addict import Dict
from commands import logger_as_before, write_images
from PIL import Image

import builders
from openvino.tools.pot import create_pipeline, load_model
from openvino.tools.pot.app import run
from openvino.tools.pot.configs.config import Config
from openvino.tools.pot.engines.simplified_engine import SimplifiedEngine
from openvino.tools.pot.graph.model_utils import get_nodes_by_type
from openvino.tools.pot.utils.errors import ConfigError


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    ov.save_model(builders.network(), "net.xml", compress_to_fp16=False)
    write_images(Path("images"), 6)
    config = {
        "model": {"model": "net.xml", "weights": "net.bin"},
        "engine": {"type": "simplified", "data_source": "images"},
        "compression": {
            "target_device": "CPU",
            "model_type": "None",
            "algorithms": [{"name": "DefaultQuantization", "params": {"preset": "mixed"}}],
        },
    }
    Path("config.json").write_text("// as it was\n" + json.dumps(config), encoding="utf-8")
    return Path("config.json")


@pytest.mark.long
def test_a_configuration_in_a_script(file: Path) -> None:
    config = Config.read_config(str(file))
    assert config.compression.algorithms[0].params.preset == "mixed"
    config.engine = {"type": "simplified", "data_source": Path("images")}
    config.configure_params()
    assert config["compression"]["algorithms"][0]["params"]["target_device"] == "CPU"
    assert config.model.model_name == "net"
    assert config.model.log_algo_name == "net_DefaultQuantization"
    assert config.engine.type == "simplified"
    config.add_log_dir("out", "out/now")
    assert run.optimize(config) is None
    assert Path("out/now/optimized/net.xml").is_file()
    config.engine.evaluate = True
    config.model.keep_uncompressed_weights = True
    metrics = run.optimize(config)
    assert metrics is not None
    assert metrics["y, dB over noise"] > 20
    types = [node.get_element_type() for node in ov.Core().read_model("out/now/optimized/net.xml").get_ops()
             if node.get_type_name() == "Constant"]  # fmt: skip
    assert ov.Type.i8 not in types


def test_a_device_is_any_where_none_is_named(file: Path) -> None:
    config = Config.read_config(file)
    del config["compression"]["target_device"]
    config.configure_params()
    assert config.compression.algorithms[0].params.target_device == "ANY"


@pytest.mark.long
def test_made_images_for_the_models_of_a_cascade(file: Path) -> None:
    config = Config.read_config(file)
    x = builders.parameter([1, 1, 4, 6])
    ov.save_model(builders.model(builders.conv(x, 4, "conv"), x), "other.xml")
    config.model = {"cascade": [{"name": "a", "model": "net.xml"}, {"name": "b", "model": "other.xml"}]}
    config.engine = {"type": "data_free", "data_source": "made"}
    config.compression.algorithms[0].params.stat_subset_size = 3
    run.optimize(config)
    sizes = (
        {Image.open(path).size for path in Path("made/a").iterdir()},
        {Image.open(path).size for path in Path("made/b").iterdir()},
    )
    assert sizes == ({(8, 8)}, {(6, 4)})
    assert {path.name for path in Path("results/optimized").glob("*.xml")} == {"a.xml", "b.xml"}


def test_a_plain_mapping_is_optimized_too(file: Path) -> None:
    run.optimize(Config.read_config(file).to_dict())
    assert Path("results/optimized/net.xml").is_file()


def test_a_wrong_configuration_in_a_script(file: Path) -> None:
    config = Config.read_config(file)
    config.compression.algorithms[0].parms = {}
    with pytest.raises(ConfigError, match=r"compression\.algorithms\[0\]: unknown parameter 'parms'"):
        config.configure_params()


def test_the_program_in_a_script(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with logger_as_before():
        assert run.app(["-c", str(file), "-d", "--output-dir", "out"]) == 0
    assert capsys.readouterr().out == "out/optimized/net.xml\n"


class Ark(SimplifiedEngine):
    """As POT's sample for speech has it."""

    def _fill_input(self, model: Any, image_batch: Any) -> Any:
        model_inputs = {n.get_node().friendly_name: n for n in model.inputs}
        feed = {}
        for name in self.data_loader.config["input_names"]:
            port = model_inputs[name]
            feed[self._get_input_any_name(port)] = np.reshape(image_batch[0][name], list(port.shape))
        return feed


class Loader(builders.Items):
    def __init__(self) -> None:
        super().__init__([{"x": image.reshape(-1)} for image in builders.images()])
        self.config = Dict({"input_names": ["x"]})


@pytest.mark.long
@pytest.mark.parametrize(
    "config", [Dict({"device": "CPU", "stat_requests_number": 1}), {"type": "simplified"}, None]
)
def test_an_engine_that_gets_data_alone(config: Any) -> None:
    engine = Ark(config=config, data_loader=Loader())
    quantized = create_pipeline([{"name": "DefaultQuantization", "params": {}}], engine).run(
        load_model(builders.network())
    )
    plain = builders.quantized(builders.network(), builders.labelled(builders.images()), checked=True)
    assert builders.stored(quantized) == builders.stored(plain)


def test_an_engine_that_finds_its_data(file: Path) -> None:
    engine = SimplifiedEngine({"device": "CPU", "data_source": "images", "layout": "NCHW"})
    model = create_pipeline([{"name": "DefaultQuantization", "params": {}}], engine).run(
        load_model("net.xml")
    )
    assert len(get_nodes_by_type(model, ["FakeQuantize"])) == 4
    assert len(engine.data_loader) == 6


def test_an_engine_with_a_wrong_key() -> None:
    with pytest.raises(ConfigError, match=r"unknown parameter 'data_sorce'; did you mean 'data_source'\?"):
        SimplifiedEngine({"data_sorce": "images"})
    with pytest.raises(ConfigError, match="type: input should be 'simplified', found 'accuracy_checker'"):
        SimplifiedEngine({"type": "accuracy_checker"})
    with pytest.raises(ConfigError, match="layout"):
        SimplifiedEngine({"layout": 5}, builders.labelled(builders.images()))
    assert SimplifiedEngine({"recurrent_out_in_map": {"y": "x"}}).config["recurrent_out_in_map"] == {"y": "x"}
    with pytest.raises(ConfigError, match="central_fraction"):
        SimplifiedEngine({"data_source": "images", "central_fraction": 7})
