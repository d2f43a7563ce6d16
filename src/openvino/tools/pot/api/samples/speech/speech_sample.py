"""The command line of ``gna_sample`` under the name that other samples have."""

from openvino.tools.pot.api.samples.speech.gna_sample import ArkDataLoader, ArkEngine, ScoreError, main
from openvino.tools.pot.api.samples.utils.command_line import run

__all__ = ["ArkDataLoader", "ArkEngine", "ScoreError", "main"]

if __name__ == "__main__":
    run(main)
