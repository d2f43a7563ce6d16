"""What child processes of a script run in its place: the script itself, with the old modules at hand."""

from openvino.tools.pot.legacy.script import define_in_child

if __name__ == "__mp_main__":
    define_in_child(globals())
