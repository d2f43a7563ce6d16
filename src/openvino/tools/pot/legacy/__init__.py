"""Old scripts on today's OpenVINO: the modules that it dropped, and the running of a script that needs them."""
