"""Old home of DataLoader, now in openvino.tools.pot.api.data_loader."""

from openvino.tools.pot.api.data_loader import DataLoader as DataLoader
