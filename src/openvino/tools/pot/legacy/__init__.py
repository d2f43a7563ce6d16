"""Old scripts on today's OpenVINO: the modules that it dropped, and the running of a script that needs them."""


def install() -> None:
    """Give this process, and programs that it starts, what ``pot run-script`` gives a script; for notebooks.

    Modules and programs that exist are never replaced, and a second call changes nothing.
    """
    from openvino.tools.pot.legacy import finder, programs

    finder.install()
    programs.offer()
