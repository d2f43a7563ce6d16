"""The check of every model: does it do on its device what the float one does, and if not, what mends it."""

from openvino.tools.pot.algorithms.checking.bench import Before as Before
from openvino.tools.pot.algorithms.checking.check import check as check
from openvino.tools.pot.algorithms.checking.check import checked as checked
from openvino.tools.pot.algorithms.checking.check import tell_of_change as tell_of_change
from openvino.tools.pot.algorithms.checking.report import CheckReport as CheckReport
from openvino.tools.pot.algorithms.checking.running import Given as Given
