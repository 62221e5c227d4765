"""`python -m danshu` is the `danshu` command."""

from danshu.faces.cli.main import run

run()
