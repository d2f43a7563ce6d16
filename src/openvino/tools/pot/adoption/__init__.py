"""Folders as other tools export them: which is which, what belongs to it, and the same folder in INT8.

What a folder is, is told by the files that its own loader needs, in the order of ``families.FAMILIES``; nothing of
those tools is imported.
"""
