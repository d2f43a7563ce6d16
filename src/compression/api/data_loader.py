"""Old name of openvino.tools.pot.api.data_loader."""

from openvino.tools.pot.api.data_loader import DataLoader as DataLoader
