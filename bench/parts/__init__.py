"""The parts of the comparison. Each has

TITLE          what its section is called
PACKAGES       Debian packages that it needs, of those in common/install.py
PYTHON         whether it needs what bench/requirements.txt names
GOALS          what is aimed at, by key: figures.Goal
measure(setting)  what was found; it becomes JSON, for whoever wants to look closer
table(found)   the section in Markdown
"""
