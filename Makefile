# Aliases only: ./danshu does the work.
.PHONY: setup demo up test check bench constraints

setup demo up test check:
	./danshu $@

bench:
	./danshu bench $(NAME)

constraints: setup
	PATH="$(CURDIR)/.danshu/tools/bin:$$PATH" uv export --quiet --frozen --all-extras --no-hashes --no-emit-project --no-annotate -o constraints.txt
