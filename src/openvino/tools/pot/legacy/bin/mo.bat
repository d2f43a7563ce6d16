@setlocal
@set PYTHONSAFEPATH=1
@"%OPENVINO_POT_PYTHON%" -m openvino.tools.pot.legacy.mo %*
