# Aliases only: ./danshu does the work.
.PHONY: setup demo up test check bench pictures constraints

setup demo up test check:
	./danshu $@

bench:
	./danshu bench $(NAME)

pictures: setup
	.venv/bin/python -m tests.console.pictures

constraints: setup
	PATH="$(CURDIR)/.danshu/tools/bin:$$PATH" uv export --quiet --frozen --all-extras --no-hashes --no-emit-project --no-annotate -o constraints.txt
