# Shortcuts for those who change the code; nothing here is needed to run or to test the studio.
.PHONY: run test check lock

run:
	python3 manage.py studio

test:
	python3 manage.py test

# The settings are loaded by the type checker, so they need values; nothing connects to them.
check: export STUDIO_SECRET_KEY = only-to-load-the-settings-nothing-is-signed-with-this
check: export DATABASE_URL = postgres://studio@127.0.0.1:9/imagestudio
check: .venv-dev/stamp
	.venv-dev/bin/ruff format --check .
	.venv-dev/bin/ruff check .
	.venv-dev/bin/mypy .
	.venv-dev/bin/lint-imports --no-cache
	.venv-dev/bin/djlint --lint --quiet --profile=django templates
	python3 static/vendor/vendor.py check

.venv-dev/stamp: requirements-dev.txt
	python3 -m venv --clear .venv-dev
	.venv-dev/bin/python -m pip install --quiet --require-hashes --only-binary :all: -r requirements-dev.txt
	touch .venv-dev/stamp

# Pins every package by hash from pyproject.toml; layer on layer, so that shared pins are the same.
LOCK = uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
	--no-annotate --only-binary :all: pyproject.toml --extra embedded

lock:
	$(LOCK) -o requirements.txt
	$(LOCK) -c requirements.txt --group test -o requirements-test.txt
	$(LOCK) -c requirements-test.txt --group dev -o requirements-dev.txt
